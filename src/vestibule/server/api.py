"""The management API `/v1`: how a connection speaks SCIM, what waits for an administrator, and setup tickets.

JSON in and out; a refusal is a problem document (RFC 9457). The key is `VESTIBULE_API_KEY`, sent as a bearer.
"""

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vestibule import connections, fixing, review
from vestibule.clock import Clock
from vestibule.connections import Refused
from vestibule.fixing import CannotFix, Doer, Preview, Tools
from vestibule.model import Connection, Exchange, JsonObject
from vestibule.outbound.fetch import Fetcher
from vestibule.review import CannotDecide, conflict_json, hold_json
from vestibule.scim.errors import InvalidValue
from vestibule.scim.profile import kept_profile
from vestibule.server.setup.acts import TicketActs
from vestibule.store import NotFound, Store
from vestibule.tickets import TicketRefused

Act: TypeAlias = Callable[[Request], Awaitable[Any]]
_ACTOR = "api"
_BY = Doer(_ACTOR, "operator")
"""Who has the one key of the API runs Vestibule."""
MAX_BODY = 256 * 1024
"""The largest request body, in bytes."""


class _Problem(Exception):
    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


@dataclass(frozen=True, slots=True)
class Api:
    """The endpoints below `/v1`."""

    store: Store
    clock: Clock
    key: str | None
    fetcher: Fetcher
    allow_http: bool
    tickets: TicketActs

    def routes(self) -> list[Route]:
        """The endpoints, to be mounted at the root."""
        one = "/v1/connections/{connection_id}"
        return [
            self._route(f"{one}/settings", self.settings, "GET"),
            self._route(f"{one}/settings", self.change_settings, "PATCH"),
            self._route(f"{one}/schemas", self.declare, "POST"),
            self._route(f"{one}/schemas/{{urn}}", self.withdraw, "DELETE"),
            self._route(f"{one}/conflicts", self.conflicts, "GET"),
            self._route(f"{one}/conflicts/{{conflict_id}}/{{decision}}", self.decide_conflict, "POST"),
            self._route(f"{one}/holds", self.holds, "GET"),
            self._route(f"{one}/holds/{{hold_id}}/{{decision}}", self.decide_hold, "POST"),
            self._route(f"{one}/users/{{user_id}}/protection", self.protect, "PUT"),
            self._route(f"{one}/users/{{user_id}}/protection", self.unprotect, "DELETE"),
            self._route("/v1/scim_requests/{request_id}", self.explanation, "GET"),
            self._route("/v1/scim_requests/{request_id}/fixes/{operation}", self.fix, "POST"),
            self._route(f"{one}/tickets", self.create_ticket, "POST"),
            self._route(f"{one}/tickets", lambda request: self.tickets.list(_of(request)), "GET"),
            self._route("/v1/tickets", lambda _: self.tickets.list(None), "GET"),
            self._route("/v1/tickets/{ticket_id}", lambda request: self.tickets.show(_ticket(request)), "GET"),
            self._route("/v1/tickets/{ticket_id}/extend", self.extend_ticket, "POST"),
            self._route("/v1/tickets/{ticket_id}/revoke", self.revoke_ticket, "POST"),
        ]

    def _route(self, path: str, act: Act, method: str) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                self._authorize(request)
                return _json(200, await act(request))
            except _Problem as problem:
                return _problem(problem.status, str(problem))
            except InvalidValue as error:
                return _problem(422, error.detail)
            except CannotFix as error:
                return _problem(_OF_FIX.get(error.code, 409), str(error))
            except TicketRefused as error:
                return _problem(_OF_TICKET.get(error.code, 422), str(error))
            except (Refused, CannotDecide) as error:
                # Nearly all that is refused names something that does not exist.
                return _problem(404 if "There is no" in str(error) else 409, str(error))

        return Route(path, endpoint, methods=[method])

    def _authorize(self, request: Request) -> None:
        if self.key is None:
            raise _Problem(401, "The management API has no key: set VESTIBULE_API_KEY and start the server again.")
        kind, _, text = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not hmac.compare_digest(text.strip().encode(), self.key.encode()):
            raise _Problem(401, "Send the key of the API as `Authorization: Bearer …`.")

    async def settings(self, request: Request) -> Any:
        """GET …/settings."""
        return _settings(await connections.the_connection(self.store, _of(request)))

    async def change_settings(self, request: Request) -> Any:
        """PATCH …/settings: only what is named changes; null takes a setting back to its default."""
        changes = await _body(request)
        if not isinstance(changes, dict):
            raise InvalidValue("The settings are a JSON object.")
        return _settings(
            await connections.change_settings(self.store, self.clock, _of(request), changes, actor=_ACTOR)  # pyright: ignore[reportUnknownArgumentType]
        )

    async def declare(self, request: Request) -> Any:
        """POST …/schemas: add an extension schema, or replace the one with the same URN."""
        declaration = await _body(request)
        return _settings(
            await connections.declare_extension(self.store, self.clock, _of(request), declaration, actor=_ACTOR)
        )

    async def withdraw(self, request: Request) -> Any:
        """DELETE …/schemas/{urn}."""
        urn = request.path_params["urn"]
        return _settings(await connections.withdraw_extension(self.store, self.clock, _of(request), urn, actor=_ACTOR))

    async def conflicts(self, request: Request) -> Any:
        """GET …/conflicts, open ones unless `?state=all`."""
        state = None if request.query_params.get("state") == "all" else "open"
        await connections.the_connection(self.store, _of(request))
        return {"conflicts": [conflict_json(each) for each in await self.store.conflicts(_of(request), state)]}

    async def decide_conflict(self, request: Request) -> Any:
        """POST …/conflicts/{id}/link or /dismiss."""
        decide = {"link": review.link, "dismiss": review.dismiss}.get(request.path_params["decision"])
        if decide is None:
            raise _Problem(404, "A conflict is decided by /link or /dismiss.")
        conflict_id = request.path_params["conflict_id"]
        return conflict_json(await decide(self.store, self.clock, _of(request), conflict_id, actor=_ACTOR))

    async def holds(self, request: Request) -> Any:
        """GET …/holds."""
        await connections.the_connection(self.store, _of(request))
        return {"holds": [hold_json(each) for each in await self.store.holds(_of(request))]}

    async def decide_hold(self, request: Request) -> Any:
        """POST …/holds/{id}/approve or /refuse."""
        decide = {"approve": review.approve, "refuse": review.refuse}.get(request.path_params["decision"])
        if decide is None:
            raise _Problem(404, "A hold is decided by /approve or /refuse.")
        return hold_json(
            await decide(self.store, self.clock, _of(request), request.path_params["hold_id"], actor=_ACTOR)
        )

    async def protect(self, request: Request) -> Any:
        """PUT …/users/{id}/protection."""
        return await self._protection(request, protected=True)

    async def unprotect(self, request: Request) -> Any:
        """DELETE …/users/{id}/protection."""
        return await self._protection(request, protected=False)

    async def explanation(self, request: Request) -> Any:
        """GET /v1/scim_requests/{id}: what happened, why, and each fix with what it would change now."""
        exchange = await self._recorded(request)
        return {"request_id": exchange.id, **(await fixing.offers(self._tools, exchange, _BY)).as_json()}

    async def fix(self, request: Request) -> Any:
        """POST …/fixes/{operation}: have it done.

        The body may hold `with`, arguments that the fix leaves open, and `shown`, the preview that was agreed to.
        """
        exchange = await self._recorded(request)
        given, shown = _asked(await _body(request, empty={}))
        operation = request.path_params["operation"]
        done = await fixing.do(self._tools, exchange, operation, _BY, given=given, shown=shown)
        return {"request_id": exchange.id, "operation": operation, "done": True, **done.as_json()}

    async def create_ticket(self, request: Request) -> Any:
        """POST …/tickets: the body may hold `label`, `mail` and `days`. The link is in this answer only."""
        return await self.tickets.create(_of(request), await _body(request, empty={}), _ACTOR)

    async def extend_ticket(self, request: Request) -> Any:
        """POST /v1/tickets/{id}/extend: the body may hold `days`, from now on."""
        return await self.tickets.extend(_ticket(request), await _body(request, empty={}), _ACTOR)

    async def revoke_ticket(self, request: Request) -> Any:
        """POST /v1/tickets/{id}/revoke."""
        return await self.tickets.revoke(_ticket(request), _ACTOR)

    @property
    def _tools(self) -> Tools:
        return Tools(self.store, self.clock, self.fetcher, self.allow_http)

    async def _recorded(self, request: Request) -> Exchange:
        request_id = request.path_params["request_id"]
        await self.store.flush()
        try:
            return await self.store.exchange(request_id)
        except NotFound as error:
            raise _Problem(404, f"No request {request_id} is recorded.") from error

    async def _protection(self, request: Request, *, protected: bool) -> Any:
        user_id = request.path_params["user_id"]
        user = await review.protect(self.store, self.clock, _of(request), user_id, protected=protected, actor=_ACTOR)
        return {"id": user.id, "user_name": user.user_name, "protected": user.protected}


def _of(request: Request) -> str:
    return request.path_params["connection_id"]


def _ticket(request: Request) -> str:
    return request.path_params["ticket_id"]


def _settings(connection: Connection) -> dict[str, Any]:
    return {"connection_id": connection.id, **kept_profile(connection.settings).as_json()}


def _asked(body: Any) -> tuple[JsonObject, Preview | None]:
    """What a fix is asked for with. Raises InvalidValue."""
    members: JsonObject = cast("JsonObject", body) if isinstance(body, dict) else {"with": None}
    given: Any = members.get("with", dict[str, Any]())
    shown: Any = members.get("shown")
    if not isinstance(given, dict) or not (shown is None or isinstance(shown, dict)):
        raise InvalidValue("The body is a JSON object, and so are `with` and `shown` in it.")
    if shown is None:
        return cast("JsonObject", given), None
    wanted = cast("JsonObject", shown)
    if wanted.keys() != {"sentence", "before", "after"}:
        raise InvalidValue("`shown` is the preview as it was told: `sentence`, `before` and `after`.")
    return cast("JsonObject", given), Preview(**wanted)


async def _body(request: Request, empty: Any = None) -> Any:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY:
            raise _Problem(413, f"The body is larger than {MAX_BODY} bytes.")
        chunks.append(chunk)
    if not size and empty is not None:
        return empty
    try:
        return orjson.loads(b"".join(chunks))
    except orjson.JSONDecodeError as error:
        raise _Problem(400, f"The body is not valid JSON: {error}.") from error


def _json(status: int, content: Any) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")


def _problem(status: int, detail: str) -> Response:
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    content = {"status": status, "title": _TITLES[status], "detail": detail}
    return Response(orjson.dumps(content), status, headers, "application/problem+json")


_OF_FIX = {"unknown": 404, "gone": 404, "argument": 422, "role": 403}
"""Why a fix is not done → status; else 409."""
_OF_TICKET = {"unknown_connection": 404, "unknown_ticket": 404, "too_many": 409, "revoked": 409, "ends_later": 409}
"""Why nothing is done about a ticket → status; else 422."""
_TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    413: "Content Too Large",
    422: "Unprocessable Content",
}
