"""Times as SAML writes them (saml-core section 1.3.3), as integer microseconds since the epoch, UTC."""

import re
from datetime import UTC, datetime, timedelta

from vestibule.saml.errors import SamlError

SECOND = 1_000_000
_DATE_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,12})?(?:Z|[+-][0-9]{2}:[0-9]{2})\Z"
)
_DURATION = re.compile(
    r"P(?:([0-9]{1,6})D)?(?:T(?:([0-9]{1,6})H)?(?:([0-9]{1,6})M)?(?:([0-9]{1,9})(?:\.[0-9]+)?S)?)?\Z"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant_of(text: str, what: str) -> int:
    """An xs:dateTime with a time zone as microseconds. Raises bad_time; facts: `what`, `received`."""
    try:
        if not _DATE_TIME.match(text):
            raise ValueError
        return (datetime.fromisoformat(text) - _EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError):
        raise SamlError("bad_time", what=what, received=text[:100]) from None


def written(instant: int) -> str:
    """Microseconds as xs:dateTime in UTC with whole seconds, e.g. `2026-11-24T08:00:00Z`."""
    return f"{_EPOCH + timedelta(seconds=instant // SECOND):%Y-%m-%dT%H:%M:%SZ}"


def duration_of(text: str) -> int | None:
    """An xs:duration of days, hours, minutes and seconds as microseconds; None for any other."""
    match = _DURATION.match(text)
    if match is None or text.endswith(("P", "T")):
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * SECOND
