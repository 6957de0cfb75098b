"""Cursors of RFC 9865: a place in one list, signed, so that a client can neither read more into it nor forge it."""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from typing import Any, cast

import orjson

from vestibule.scim.errors import ExpiredCursor, InvalidCursor

CURSOR_TIMEOUT = 3_600
"""For how many seconds a cursor is good."""
_SIGNATURE = 16


@dataclass(frozen=True, slots=True)
class Position:
    """After which resource a page begins: its resource type, the value that it is sorted by, and its id.

    `before` turns it round: the page ends before that resource.
    """

    resource_type: str
    id: str
    value: str | int | float | None = None
    before: bool = False


def write_cursor(key: bytes, query: str, position: Position, now: int) -> str:
    """The cursor for a place in the list that `query` stands for (all of its parameters as one text).

    `now` is in microseconds. Only unreserved characters of RFC 3986 come out.
    """
    place = [position.resource_type, position.id, position.value, position.before, now // 1_000_000]
    body = orjson.dumps(place)
    return base64.urlsafe_b64encode(_signature(key, query, body) + body).rstrip(b"=").decode()


def read_cursor(key: bytes, query: str, text: str, now: int) -> Position:
    """The place that a cursor names. Raises InvalidCursor (forged, or of another query), ExpiredCursor."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != text:
        # Bits that decoding drops: one place has one cursor.
        raw = b""
    signature, body = raw[:_SIGNATURE], raw[_SIGNATURE:]
    if not body or not hmac.compare_digest(signature, _signature(key, query, body)):
        raise InvalidCursor(
            "The `cursor` is none of this query's: send the `nextCursor` of the last answer with the same parameters, "
            "or an empty `cursor` for the first page."
        )
    kind, id_, value, before, made = cast("list[Any]", orjson.loads(body))
    if now // 1_000_000 - made > CURSOR_TIMEOUT:
        raise ExpiredCursor(f"The `cursor` is older than {CURSOR_TIMEOUT} seconds. Begin again with an empty `cursor`.")
    return Position(kind, id_, value, before)


def _signature(key: bytes, query: str, body: bytes) -> bytes:
    return hmac.digest(key, hashlib.sha256(query.encode()).digest() + body, "sha256")[:_SIGNATURE]
