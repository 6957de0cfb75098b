"""Find a SAML response in what somebody pasted: base64, XML, a form, a page's source, a browser's recording (HAR)."""

import base64
import binascii
import html
import re
from typing import Any, cast
from urllib.parse import unquote

import orjson

from vestibule.saml.bindings import inflated
from vestibule.saml.errors import SamlError

_FIELD = re.compile(r"SAMLResponse=([A-Za-z0-9%+/=_~\s-]+)")
_INPUT = re.compile(r"<input\b[^>]*\bname=[\"']SAMLResponse[\"'][^>]*>", re.IGNORECASE)
_VALUE = re.compile(r"\bvalue=[\"']([^\"']*)[\"']", re.IGNORECASE)
_XML = re.compile(r"<(?:\?xml|[\w.-]+:Response|Response)\b")
_BARE = re.compile(r"[A-Za-z0-9%+/=_\s-]+\Z")
_LEAST = 40


def response_in(data: bytes) -> str | None:
    """The response as the form field would have it, in base64; None when there is none. Nothing is verified."""
    text = data.decode("utf-8-sig", "replace").strip()
    if text.startswith(("{", "[")) and (found := _in_recording(text)) is not None:
        return _packed(found)
    if (tag := _INPUT.search(text)) and (value := _VALUE.search(tag[0])):
        return _packed(html.unescape(value[1]))
    if start := _XML.match(text):
        return base64.b64encode(text[start.start() :].encode()).decode()
    if field := _FIELD.search(text):
        return _packed(field[1])
    text = text.strip("\"'")
    return _packed(text) if len(text) >= _LEAST and _BARE.match(text) else None


def _in_recording(text: str) -> str | None:
    """The last one of a HAR or of other JSON: a parameter of the name, or a form as text."""
    try:
        document: Any = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    found: list[str] = []
    todo: list[Any] = [document]
    while todo:
        item = todo.pop()
        match item:
            case {"name": "SAMLResponse", "value": str(value)} | {"SAMLResponse": str(value)}:
                found.append(value)
            case dict():
                todo.extend(cast("dict[str, Any]", item).values())
            case list():
                todo.extend(cast("list[Any]", item))
            case str() as value if field := _FIELD.search(value):
                found.append(field[1])
            case _:
                continue
    # What is taken from the end is looked at last to first, so that the first found is the newest.
    return found[0] if found else None


def _packed(text: str) -> str:
    """Base64 without the escapes of a form, and without the DEFLATE of a query."""
    plain = "".join((unquote(text) if "%" in text else text).split()).replace("-", "+").replace("_", "/")
    padded = plain + "=" * (-len(plain) % 4)
    try:
        octets = base64.b64decode(padded, validate=True)
        if not octets.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
            return base64.b64encode(inflated(octets)).decode()
    except (binascii.Error, ValueError, SamlError):
        return plain
    return padded
