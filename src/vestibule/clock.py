"""The only reader of the time. Everything else takes an instant or a Clock."""

import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol


class Clock(Protocol):
    """Tells the time as integer microseconds since 1970-01-01T00:00:00Z."""

    def now(self) -> int:
        """The present instant in microseconds, UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> int:
        """The present instant in microseconds, UTC."""
        return time.time_ns() // 1_000


def monotonic_us() -> int:
    """Microseconds on a clock that never goes back; only differences mean anything."""
    return time.perf_counter_ns() // 1_000


def rfc3339(instant: int) -> str:
    """Microseconds since the epoch as RFC 3339 in UTC with milliseconds, e.g. `2026-11-24T08:00:00.000Z`."""
    return f"{_second(instant // 1_000_000)}.{instant // 1_000 % 1_000:03d}Z"


def to_the_minute(instant: int) -> str:
    """An instant as people read it, in UTC: `2026-11-24 08:00 UTC`."""
    return f"{rfc3339(instant)[:16].replace('T', ' ')} UTC"


def to_the_day(instant: int) -> str:
    """The day of an instant, in UTC: `2026-11-24`."""
    return rfc3339(instant)[:10]


@lru_cache(maxsize=4_096)
def _second(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"
