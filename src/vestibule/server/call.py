"""One SCIM request on its way through the server, and its answer, free of any framework."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from vestibule.model import JsonObject, Token
from vestibule.scim.dialects import Notes
from vestibule.scim.errors import InvalidSyntax, ScimError, UnsupportedMediaType
from vestibule.scim.profile import Profile

MEDIA_TYPE = "application/scim+json"
_DEFAULT_PROFILE = Profile()
_CHARSET = re.compile(r';\s*charset\s*=\s*"?([^";\s]*)', re.IGNORECASE)


@dataclass(slots=True)
class Call:
    """A request. What is learned on the way is written to the lower half, for the provisioning log."""

    id: str
    connection_id: str
    method: str
    path: str
    """The path below the connection's base URL, e.g. `/Groups/grp_…`."""
    parameters: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    base: str
    """The connection's SCIM base URL."""
    query: str = ""
    """The query string as it was sent."""
    refusal: ScimError | None = None
    """Why it cannot be acted on, by its parameters or its length, for who is let in."""
    client: str | None = None
    """The address that the call came from, as far as the proxies before us can be believed."""
    complete: "Callable[[Call, Callable[[Call], Awaitable[Answer]]], Awaitable[Answer]] | None" = None
    """Has a call within this one answered, and recorded whatever happens: for the operations of a bulk request."""

    profile: Profile = _DEFAULT_PROFILE
    token: Token | None = None
    token_id: str | None = None
    resource_type: str | None = None
    resource_id: str | None = None
    target: str | None = None
    notes: Notes = field(default_factory=Notes)
    facts: JsonObject = field(default_factory=dict[str, Any])

    def json(self) -> Any:
        """The body as JSON. Raises UnsupportedMediaType, InvalidSyntax with the position of the fault."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in ("", MEDIA_TYPE, "application/json"):
            raise UnsupportedMediaType(f"Send the body as {MEDIA_TYPE}, not as {kind[:80]!r}.")
        _check_coding(self.headers)
        # A byte order mark says nothing of UTF-8 (RFC 8259 section 8.1).
        body = self.body.removeprefix(b"\xef\xbb\xbf")
        if not body.strip():
            raise InvalidSyntax("The body is empty; a JSON object was expected.")
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise InvalidSyntax(
                f"The body is not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}."
            ) from error


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, a JSON body (empty for 204 and 304), and headers beside those that every answer has."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


def _check_coding(headers: Mapping[str, str]) -> None:
    """The body is plain UTF-8. Raises UnsupportedMediaType (RFC 9110 section 15.5.16)."""
    coding = headers.get("content-encoding", "").strip().lower()
    if coding not in ("", "identity"):
        raise UnsupportedMediaType(f"Send the body as it is: the Content-Encoding {coding[:40]!r} is not read.")
    charset = _CHARSET.search(headers.get("content-type", ""))
    if charset is not None and charset[1].lower() not in ("utf-8", "utf8", "us-ascii"):
        raise UnsupportedMediaType(f"Send the body in UTF-8, not in {charset[1][:40]} (RFC 8259 section 8.1).")
