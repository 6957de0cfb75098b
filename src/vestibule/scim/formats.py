"""What the texts of a dateTime, a binary and a reference look like (RFC 7643 sections 2.3.5 to 2.3.7)."""

import re
from datetime import datetime

# Python reads more of ISO 8601 than xsd:dateTime has, and other clients read no more than that.
_DATE_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})\Z"
)
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]+|[A-Za-z0-9_-]+)(={0,2})\Z")
_REFERENCE = re.compile(r"(?:[^\s\x00-\x20\x7f-\x9f<>\"{}|\\^`%]|%[0-9A-Fa-f]{2})+\Z")
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def instant_of(text: str) -> int | None:
    """A dateTime, which has a time zone, as microseconds since the epoch, UTC; None when it is none."""
    if not _DATE_TIME.match(text):
        return None
    try:
        delta = datetime.fromisoformat(text) - _EPOCH
    except ValueError:
        return None
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def is_base64(text: str) -> bool:
    """Whether a text is base64 in either alphabet of RFC 4648 (sections 4 and 5), padded or not."""
    match = _BASE64.match(text)
    if match is None:
        return False
    return len(text) % 4 == 0 if match[1] else len(text) % 4 != 1


def is_reference(text: str) -> bool:
    """Whether a text is a URI or a relative reference (RFC 3986), with letters of any script (RFC 3987)."""
    return _REFERENCE.match(text) is not None
