"""What comes back, read once into typed answers."""

import json
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from vestibule.entra import paths
from vestibule.entra.wire import JsonObject, Request

INCOMPATIBLE = "SystemForCrossDomainIdentityManagementServiceIncompatible"
LONGEST_ID = 2_000
"""Characters of an id; a longer one stands in no address."""
MULTIPLE = "SystemForCrossDomainIdentityManagementMultipleEntriesInResponse"


@dataclass(frozen=True, slots=True)
class Response:
    """One answer. `fault` is set instead of a status when there was none: a lost line or a time-out."""

    status: int
    text: str = ""
    fault: str | None = None
    at: int = 0
    took_ms: int = 0


@dataclass(frozen=True, slots=True)
class Listed:
    """A list answer."""

    resources: tuple[JsonObject, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """One resource, with its id."""

    id: str
    resource: JsonObject


@dataclass(frozen=True, slots=True)
class Done:
    """Accepted, nothing to read."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A refusal, a fault of the line, or something that is not SCIM; `code` is one of Entra's words."""

    code: str
    status: int
    text: str
    request: Request

    @property
    def forbidden(self) -> bool:
        """The token was refused, or may not do this."""
        return self.status in (401, 403)

    @property
    def transport(self) -> bool:
        """There was no answer at all."""
        return self.status == 0


Answer: TypeAlias = Listed | Found | Done | Trouble

# Reference 2.10, from Microsoft's table of error codes. A 400 has no row of its own there.
CODES = {
    401: "Unauthorized",
    403: "InsufficientRights",
    405: "MethodNotAllowed",
    409: "EntryConflict",
    422: "UnprocessableEntity",
    429: "TooManyRequests",
    501: "NotImplemented",
}

WORDS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    409: "Conflict",
    413: "RequestEntityTooLarge",
    422: "UnprocessableEntity",
    429: "TooManyRequests",
    500: "InternalServerError",
    501: "NotImplemented",
    502: "BadGateway",
    503: "ServiceUnavailable",
    504: "GatewayTimeout",
}
"""How .NET, and so Entra's log, writes a status."""


def read(request: Request, response: Response) -> Answer:
    """The answer to a request; never raises."""
    if response.fault is not None:
        return Trouble(response.fault, 0, response.text, request)
    if not 200 <= response.status < 300:
        return Trouble(_code(request, response.status), response.status, response.text, request)
    if request.expects == "nothing":
        return Done()
    try:
        body: Any = json.loads(response.text)
    except (ValueError, RecursionError):
        body = None
    answer = _list(request, body) if request.expects == "list" else _resource(body)
    return answer or Trouble(INCOMPATIBLE, response.status, response.text, request)


def _code(request: Request, status: int) -> str:
    if status < 400:
        # A redirection, most often to a sign-in page: nobody speaks SCIM there.
        return INCOMPATIBLE
    if status == 404:
        # A list that is not there is no SCIM service; an object that is not there is a lost anchor.
        return INCOMPATIBLE if request.expects == "list" or request.method == "POST" else "InvalidAnchor"
    if status in CODES:
        return CODES[status]
    return "InternalServerError" if status >= 500 else "EntrySynchronizationError"


def _list(request: Request, body: Any) -> Answer | None:
    if not isinstance(body, dict):
        return None
    row = cast("JsonObject", body)
    found: Any = row.get("Resources")
    if found is None and row.get("totalResults") == 0:
        found = []
    if not isinstance(found, list) or not all(_has_id(each) for each in cast("list[Any]", found)):
        return None
    resources = tuple(cast("list[JsonObject]", found))
    if request.sought is not None and any(not _fits(request, each) for each in resources):
        return Trouble(MULTIPLE, 200, json.dumps(body, ensure_ascii=False), request)
    return Listed(resources)


def _fits(request: Request, resource: JsonObject) -> bool:
    """Only what was asked for came, and without members when they were to be left out (reference 0.8)."""
    attribute, value = request.sought or ("id", "")
    found: Any = paths.find(resource, attribute)
    if isinstance(found, str) and found.casefold() != value.casefold():
        return False
    return not ("excludedAttributes=members" in request.query and paths.find(resource, "members"))


def _resource(body: Any) -> Answer | None:
    if not _has_id(body):
        return None
    return Found(body["id"], cast("JsonObject", body))


def _has_id(body: Any) -> bool:
    if not isinstance(body, dict):
        return False
    ident: Any = cast("JsonObject", body).get("id")
    if not isinstance(ident, str) or not 0 < len(ident) <= LONGEST_ID:
        return False
    # Half of a surrogate pair is good JSON, and stands in no address.
    return not any("\ud800" <= each <= "\udfff" for each in ident)
