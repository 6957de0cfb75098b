"""One SCIM request on its way through the server, and its answer, free of any framework."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from vestibule.model import JsonObject, Token
from vestibule.scim.dialects import Notes
from vestibule.scim.errors import InvalidSyntax, UnsupportedMediaType
from vestibule.scim.profile import Profile

MEDIA_TYPE = "application/scim+json"


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
    complete: "Callable[[Call, Callable[[Call], Awaitable[Answer]]], Awaitable[Answer]] | None" = None
    """Has a call within this one answered, and recorded whatever happens: for the operations of a bulk request."""

    profile: Profile = field(default_factory=Profile)
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
            raise UnsupportedMediaType(f"Send the body as {MEDIA_TYPE}, not as {kind}.")
        if not self.body.strip():
            raise InvalidSyntax("The body is empty; a JSON object was expected.")
        try:
            return orjson.loads(self.body)
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
