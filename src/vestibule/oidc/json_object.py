"""Read a JSON object that somebody else wrote, and its members by type."""

from typing import Any, cast

import orjson

from vestibule.model import JsonObject
from vestibule.oidc.errors import OidcError

LARGEST = 1_000_000
"""Bytes of a document that is read; larger ones are no answer to anything asked here."""


def read_object(document: bytes, code: str) -> JsonObject:
    """The JSON object in a document. Raises `OidcError` of the code."""
    if len(document) > LARGEST:
        raise OidcError(code, fault="too large", size=len(document), limit=LARGEST)
    try:
        found: Any = orjson.loads(document)
    except orjson.JSONDecodeError as error:
        raise OidcError(code, fault="not JSON", detail=error.msg, begins=_beginning(document)) from None
    if not isinstance(found, dict):
        raise OidcError(code, fault="not an object", begins=_beginning(document))
    return cast("JsonObject", found)


def _beginning(document: bytes) -> str:
    """Enough to tell an HTML page from JSON."""
    return document[:40].decode(errors="replace")


def texts(value: Any) -> tuple[str, ...] | None:
    """A list of texts as a tuple; None when it is none."""
    if isinstance(value, list) and all(isinstance(each, str) for each in cast("list[Any]", value)):
        return tuple(cast("list[str]", value))
    return None
