"""The ASGI edge of SCIM: it reads a request, has it answered, and records the exchange whatever happens.

Every answer carries `Vestibule-Request-Id`; every refusal's `detail` is the explanation's own text.
"""

import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, cast

import orjson
import structlog

from vestibule import canary, ids
from vestibule.clock import Clock, monotonic_us
from vestibule.explain import detail_for, explain
from vestibule.model import Exchange
from vestibule.scim.errors import InsufficientScope, Internal, PayloadTooLarge, ScimError, Unavailable
from vestibule.scim.messages import read_query
from vestibule.scim.schema import ResourceType
from vestibule.server.call import MEDIA_TYPE, Answer, Call
from vestibule.server.redaction import KEPT_PATH, kept_answer, kept_body, kept_bulk_answer, kept_query, without_quotes
from vestibule.server.sparse import LIMITED, STRANGERS, Sparse
from vestibule.store import Store, Unreachable

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Handle: TypeAlias = Callable[[Call], Awaitable[Answer]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PREFIX = "/scim/v2/connections/"
_READ_FIELDS = {
    name.encode(): name
    for name in ("authorization", "content-type", "content-encoding", "if-match", "if-none-match", canary.HEADER)
}
"""The header fields that say something to us."""
_log = structlog.get_logger("vestibule.scim")


class _ClientLeft(Exception):
    """Nobody waits for the answer, and the request did not come whole."""


@dataclass(frozen=True, slots=True)
class Recorder:
    """The ASGI application under `/scim/v2/connections`."""

    handle: Handle
    store: Store
    clock: Clock
    base_url: str
    max_body: int
    strangers: Sparse = field(default_factory=lambda: Sparse(STRANGERS))
    limited: Sparse = field(default_factory=lambda: Sparse(LIMITED))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request."""
        call = self._open(scope, self.clock.now())

        async def handle(call: Call) -> Answer:
            try:
                call.body = await self._read(receive)
            except PayloadTooLarge as error:
                # Who calls is asked first: what a stranger sends belongs in no log of his choice.
                call.refusal = error
            return await self.handle(call)

        try:
            answer = await self.complete(call, handle)
        except _ClientLeft:
            return
        await _send(send, call, answer, bodiless=scope["method"] == "HEAD")

    async def complete(self, call: Call, handle: Handle) -> Answer:
        """Have a call answered, explain a refusal, and record the exchange whatever happens."""
        started, at = monotonic_us(), self.clock.now()
        answer, error = await self._answer(call, handle)
        exchange = exchange_of_call(call, answer, error, at, monotonic_us() - started)
        if error is not None:
            explanation = explain(exchange)
            detail = detail_for(explanation, f"{self.base_url}/e/{call.id}")
            answer = Answer(error.status, orjson.dumps(error.body(detail)), answer.headers)
            exchange = replace(exchange, response_body=kept_body(answer.body))
            exchange = without_quotes(exchange, call.profile.user.unreturned)
        if not _is_strangers(error):
            self._record(exchange)
        return answer

    def _record(self, exchange: Exchange) -> None:
        # Whoever is not let in may not push out the log: without a good token, or with one that was good once.
        kept: Exchange | None = exchange
        if exchange.status in (401, 429) or exchange.token_id is None:
            kept = (self.strangers if exchange.token_id is None else self.limited).thinned(exchange)
        if kept is not None:
            self.store.record(kept)

    def _open(self, scope: Scope, at: int) -> Call:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        below = path.removeprefix(PREFIX).lstrip("/") if path.startswith(PREFIX) else ""
        connection_id, _, rest = below.partition("/")
        headers: dict[str, str] = {}
        for name, value in scope["headers"]:
            key = _READ_FIELDS.get(name)
            if key is not None:
                text = value.decode("latin-1")
                # A field that is sent twice is one with both values (RFC 9110 section 5.3).
                headers[key] = f"{headers[key]}, {text}" if key in headers else text
        query = cast("bytes", scope.get("query_string", b"")).decode("latin-1")
        parameters, refusal = read_query(query)
        base = f"{self.base_url}/scim/v2/connections/{connection_id}"
        # HEAD is GET without the body (RFC 9110 section 9.3.2).
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        client: tuple[str, int] | None = scope.get("client")
        return Call(
            ids.request_id(at), connection_id[:64], method, f"/{rest}", parameters, headers, b"", base,
            query, refusal, client[0] if client else None, self.complete,
        )  # fmt: skip

    async def _answer(self, call: Call, handle: Handle) -> tuple[Answer, ScimError | None]:
        try:
            return await handle(call), None
        except ScimError as error:
            return Answer(error.status, headers=_error_headers(error)), error
        except Unreachable as error:
            _log.error("store unreachable", request_id=call.id, error=str(error))
            return Answer(503, headers=(("Retry-After", "5"),)), Unavailable("The database cannot be written just now.")
        except _ClientLeft:
            raise
        except Exception:  # noqa: BLE001 -- whatever happens is answered in SCIM's form and recorded
            # As a text: a renderer of tracebacks would show the values of locals, which are people's.
            told = traceback.format_exc()
            _log.error("scim request failed", request_id=call.id, method=call.method, path=call.path, traceback=told)
            return Answer(500), Internal("The server failed to handle this request.")

    async def _read(self, receive: Receive) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _ClientLeft
            chunk = cast("bytes", message.get("body", b""))
            size += len(chunk)
            if size > self.max_body:
                raise PayloadTooLarge(f"The body is larger than {self.max_body} bytes.", limit=self.max_body)
            chunks.append(chunk)
            if not message.get("more_body"):
                return b"".join(chunks)


def _error_headers(error: ScimError) -> tuple[tuple[str, str], ...]:
    if error.status == 401:
        wrong = "" if error.facts.get("reason") == "missing" else ', error="invalid_token"'
        return (("WWW-Authenticate", f'Bearer realm="SCIM"{wrong}'),)
    if isinstance(error, InsufficientScope):
        return (
            ("WWW-Authenticate", f'Bearer realm="SCIM", error="insufficient_scope", scope="{" ".join(error.need)}"'),
        )
    if error.status == 429:
        return (("Retry-After", str(error.facts["retry_after"])),)
    if error.status == 405:
        return (("Allow", str(error.facts.get("allow", "GET"))),)
    return ()


def _is_strangers(error: ScimError | None) -> bool:
    """A call for a connection that does not exist belongs in nobody's log."""
    return error is not None and error.facts.get("resource_type") == "Connection"


def exchange_of_call(call: Call, answer: Answer, error: ScimError | None, at: int, took: int) -> Exchange:
    """What the log keeps of a call: when it came and how long it took, in microseconds, and its answer."""
    facts = call.facts
    if error is not None:
        facts = {**facts, **error.facts, "detail": error.detail}
    if call.notes.seen:
        facts["tolerated"] = list(call.notes.seen)
        facts["tolerated_in"] = {quirk: shown for quirk, shown in call.notes.seen.items() if shown}
    user = call.profile.user
    # By position, as each request comes by here; the order is that of the fields.
    return Exchange(
        call.id, call.connection_id, at, took, call.method, call.path[:KEPT_PATH],
        kept_query(call.query, user.unreturned), answer.status, call.token_id, call.resource_type, call.resource_id,
        call.target or _sought(call),
        error.scim_type if error else None, error.kind if error else None, facts,
        # A stranger's body is nobody's business here, and not to be kept at will.
        None if answer.status == 401 else kept_body(call.body, user.unreturned),
        _kept(answer, call, user) if error is None else None,
    )  # fmt: skip


def _kept(answer: Answer, call: Call, user: ResourceType) -> str | None:
    if "operations" in call.facts:
        return kept_bulk_answer(answer.body, user.unreturned)
    return kept_answer(answer.body, user.returnable)


def _sought(call: Call) -> str | None:
    """The name in a filter that was refused before it was read, for the log and the roll call only."""
    text = call.parameters.get("filter", "")
    head, _, value = text.partition(" eq ")
    wanted = {"Group": "displayname", "User": "username"}.get(call.resource_type or "")
    if head.strip().lower() != wanted:
        return None
    return value.strip().strip('"')[:256] or None


async def _send(send: Send, call: Call, answer: Answer, *, bodiless: bool) -> None:
    headers = [(b"vestibule-request-id", call.id.encode())]
    if answer.status not in (204, 304):
        headers.append((b"content-type", MEDIA_TYPE.encode()))
        headers.append((b"content-length", str(len(answer.body)).encode()))
    headers += [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in answer.headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if bodiless else answer.body})
