"""Token buckets: how many are let through at once, and how many a second after that. Pure: the time is an argument."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

SECONDS: Final = 30
"""A bucket that is full holds so many seconds of its rate: what comes at once is let through, what lasts is not."""
MOST: Final = 20_000
"""So many buckets are remembered at least, and twice as many at most; one that is forgotten is full."""
_SECOND: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Limit:
    """`burst` at once, and one each `interval` after that. `full` is how long all of it takes; both in microseconds."""

    burst: int
    interval: int
    full: int


@lru_cache(maxsize=256)
def limit_of(rate: int) -> Limit:
    """The limit for a rate, 1 to 1,000,000 a second."""
    interval, burst = _SECOND // rate, rate * SECONDS
    return Limit(burst, interval, burst * interval)


def one_each(interval: int, burst: int) -> Limit:
    """The limit for what comes more seldom than once a second; `interval` in microseconds."""
    return Limit(burst, interval, burst * interval)


def seconds(wait: int) -> int:
    """Microseconds as the header Retry-After says them (RFC 9110 section 10.2.3): whole seconds, one at least."""
    return max(1, -(-wait // _SECOND))


@dataclass(slots=True)
class Buckets:
    """The buckets of this process by a key. Each is one number: the instant from which on it is full.

    That is the generic cell rate algorithm (ITU-T I.371): to take one puts the instant off by an interval, and none is
    taken that would put it off beyond the burst.
    """

    most: int = MOST
    _young: dict[str, int] = field(default_factory=dict[str, int])
    _old: dict[str, int] = field(default_factory=dict[str, int])

    def take(self, key: str, limit: Limit, now: int) -> int:
        """Take one at an instant in microseconds: 0, or after how many microseconds there is one again."""
        full_from = self._full_from(key, limit, now) + limit.interval
        wait = full_from - now - limit.full
        if wait > 0:
            self._keep(key, full_from - limit.interval)
            return wait
        self._keep(key, full_from)
        return 0

    def wait(self, key: str, limit: Limit, now: int) -> int:
        """What `take` would answer, without taking one."""
        return max(0, self._full_from(key, limit, now) + limit.interval - now - limit.full)

    def take_more(self, key: str, limit: Limit, now: int, count: int) -> None:
        """Take so many more, of those that there are: what has begun is let through."""
        full_from = self._full_from(key, limit, now) + count * limit.interval
        self._keep(key, min(full_from, now + limit.full))

    def _full_from(self, key: str, limit: Limit, now: int) -> int:
        kept = self._young.get(key)
        if kept is None:
            kept = self._old.get(key, 0)
        if kept <= now:
            return now
        # Later than of an empty bucket: the clock was set back, or the limit is another one now.
        return min(kept, now + limit.full)

    def _keep(self, key: str, full_from: int) -> None:
        young = self._young
        young[key] = full_from
        if len(young) > self.most:
            # Whatever is in use comes back from the old ones; the rest is forgotten the next time.
            self._old, self._young = young, {}
