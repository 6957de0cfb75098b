"""HTTP-Redirect and HTTP-POST (saml-bindings sections 3.4 and 3.5): messages on the wire, ours and theirs."""

import base64
import binascii
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote_to_bytes, urlencode

from vestibule.saml.errors import SamlError
from vestibule.saml.names import RSA_SHA256
from vestibule.saml.signing import signature_over

MAX_INFLATED = 64 * 1024
"""Bytes that a message in a query may have when it is inflated."""
_KNOWN: Final = ("SAMLRequest", "SAMLResponse", "RelayState", "SigAlg", "Signature", "SAMLEncoding")
_DEFLATE_ENCODING: Final = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE"


@dataclass(frozen=True, slots=True)
class PostForm:
    """A form that the browser is to post: where, and its hidden fields. Whoever makes the page escapes them."""

    action: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Query:
    """A message that came by HTTP-Redirect. `signed`: the octets that `signature` is over, as they came."""

    parameter: str
    document: bytes
    relay_state: str | None
    algorithm: str | None
    signed: bytes
    signature: bytes | None


def redirect_url(location: str, parameter: str, document: bytes, relay_state: str | None, key: str | None) -> str:
    """The URL that carries a message: raw DEFLATE, base64, and with a `key` (PEM) signed with RSA-SHA256.

    `parameter` is SAMLRequest or SAMLResponse.
    """
    machine = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = machine.compress(document) + machine.flush()
    query = f"{parameter}={quote(base64.b64encode(packed), safe='')}"
    if relay_state is not None:
        query += f"&RelayState={quote(relay_state, safe='')}"
    if key is not None:
        query += f"&SigAlg={quote(RSA_SHA256, safe='')}"
        query += f"&Signature={quote(base64.b64encode(signature_over(query.encode(), key)), safe='')}"
    return with_query(location, query)


def post_form(location: str, parameter: str, document: bytes, relay_state: str | None) -> PostForm:
    """The form that carries a message, which is signed already where it is to be."""
    fields = {parameter: base64.b64encode(document).decode()}
    return PostForm(location, fields if relay_state is None else fields | {"RelayState": relay_state})


def with_query(location: str, query: str) -> str:
    """A URL with more parameters; those that it has stay."""
    bare, mark, fragment = location.partition("#")
    return f"{bare}{'&' if '?' in bare else '?'}{query}{mark}{fragment}"


def with_login_hint(location: str, login_hint: str | None) -> str:
    """A sign-on URL that names whom to sign in, as Entra and others read it."""
    return location if login_hint is None else with_query(location, urlencode({"login_hint": login_hint}))


def read_query(query: str) -> Query:
    """A message out of the raw query of a URL, as it came: the signature is over these very octets.

    Raises query, not_base64, not_deflate, too_large.
    """
    if not query.isascii():
        raise SamlError("query", reason="not ASCII")
    raw: dict[str, str] = {}
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if name in _KNOWN:
            if name in raw:
                raise SamlError("query", parameter=name, reason="twice")
            raw[name] = value
    present = [name for name in ("SAMLRequest", "SAMLResponse") if name in raw]
    if len(present) != 1:
        raise SamlError("query", expected="SAMLRequest or SAMLResponse", received=present)
    if _text(raw.get("SAMLEncoding", quote(_DEFLATE_ENCODING))) != _DEFLATE_ENCODING:
        raise SamlError("query", parameter="SAMLEncoding", expected=_DEFLATE_ENCODING)
    if ("Signature" in raw) != ("SigAlg" in raw):
        raise SamlError("query", expected="SigAlg and Signature", received=sorted(raw))
    covered = [f"{name}={raw[name]}" for name in (present[0], "RelayState", "SigAlg") if name in raw]
    return Query(
        parameter=present[0],
        document=inflated(_octets(raw[present[0]])),
        relay_state=_text(raw["RelayState"]) if "RelayState" in raw else None,
        algorithm=_text(raw["SigAlg"]) if "SigAlg" in raw else None,
        signed="&".join(covered).encode(),
        signature=_octets(raw["Signature"]) if "Signature" in raw else None,
    )


def inflated(packed: bytes) -> bytes:
    """Raw DEFLATE data undone, up to MAX_INFLATED bytes. Raises not_deflate, too_large."""
    machine = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        data = machine.decompress(packed, MAX_INFLATED + 1)
    except zlib.error:
        raise SamlError("not_deflate") from None
    if len(data) > MAX_INFLATED:
        raise SamlError("too_large", limit=MAX_INFLATED)
    if not machine.eof or machine.unused_data:
        raise SamlError("not_deflate", reason="cut off" if not machine.eof else "more follows")
    return data


def _text(value: str) -> str:
    try:
        return unquote_to_bytes(value.replace("+", " ")).decode()
    except UnicodeDecodeError:
        raise SamlError("query", reason="not UTF-8") from None


def _octets(value: str) -> bytes:
    if len(value) > 4 * MAX_INFLATED:
        raise SamlError("too_large", limit=MAX_INFLATED)
    try:
        # Some senders leave `+` unescaped, which a form would read as a space.
        return base64.b64decode("".join(_text(value.replace("+", "%2B")).split()), validate=True)
    except (binascii.Error, ValueError):
        raise SamlError("not_base64") from None
