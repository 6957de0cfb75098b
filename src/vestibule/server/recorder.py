"""The ASGI edge of SCIM: it reads a request, has it answered, and records the exchange whatever happens.

Every answer carries `Vestibule-Request-Id`; every refusal's `detail` is the explanation's own text.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, cast
from urllib.parse import parse_qsl

import orjson
import structlog

from vestibule import ids
from vestibule.clock import Clock, monotonic_us
from vestibule.explain import detail_for, explain
from vestibule.model import Exchange
from vestibule.scim.errors import Internal, PayloadTooLarge, ScimError
from vestibule.server.call import MEDIA_TYPE, Answer, Call
from vestibule.store import Store

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Handle: TypeAlias = Callable[[Call], Awaitable[Answer]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

KEPT_BODY = 8_192
"""How many bytes of a body the log keeps; longer ones are cut."""
PARSED_BODY = 65_536
"""Bodies above this size are not parsed for redaction, so they are not kept at all."""
_SECRET_NAMES = frozenset({"password", "token", "secret", "authorization", "client_secret"})
_log = structlog.get_logger("vestibule.scim")


@dataclass(frozen=True, slots=True)
class Recorder:
    """An ASGI application under `/scim/v2/connections`."""

    handle: Handle
    store: Store
    clock: Clock
    base_url: str
    max_body: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request."""
        if scope["type"] != "http":
            return
        call = self._open(scope, self.clock.now())

        async def handle(call: Call) -> Answer:
            call.body = await self._read(receive)
            return await self.handle(call)

        await _send(send, call, await self.complete(call, handle), bodiless=scope["method"] == "HEAD")

    async def complete(self, call: Call, handle: Handle) -> Answer:
        """Have a call answered, explain a refusal, and record the exchange whatever happens."""
        started, at = monotonic_us(), self.clock.now()
        answer, error = await self._answer(call, handle)
        exchange = _exchange(call, answer, error, at, monotonic_us() - started)
        if error is not None:
            explanation = explain(exchange)
            detail = detail_for(explanation, f"{self.base_url}/e/{call.id}")
            answer = Answer(error.status, orjson.dumps(error.body(detail)), answer.headers)
        if not _is_strangers(error):
            self.store.record(_with_answer(exchange, answer))
        return answer

    def _open(self, scope: Scope, at: int) -> Call:
        below = scope["path"].removeprefix(scope.get("root_path", "")).lstrip("/")
        connection_id, _, rest = below.partition("/")
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        query = cast("bytes", scope.get("query_string", b"")).decode("latin-1")
        parameters = dict(parse_qsl(query, keep_blank_values=True, errors="replace"))
        base = f"{self.base_url}/scim/v2/connections/{connection_id}"
        # HEAD is GET without the body (RFC 9110 section 9.3.2).
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        return Call(
            ids.request_id(at), connection_id[:64], method, f"/{rest}", parameters, headers, b"", base,
            query, self.complete,
        )  # fmt: skip

    async def _answer(self, call: Call, handle: Handle) -> tuple[Answer, ScimError | None]:
        try:
            return await handle(call), None
        except ScimError as error:
            return Answer(error.status, headers=_error_headers(error)), error
        except Exception:  # noqa: BLE001 -- whatever happens is answered in SCIM's form and recorded
            _log.exception("scim request failed", request_id=call.id, method=call.method, path=call.path)
            return Answer(500), Internal("The server failed to handle this request.")

    async def _read(self, receive: Receive) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            chunk = cast("bytes", message.get("body", b""))
            size += len(chunk)
            if size > self.max_body:
                raise PayloadTooLarge(f"The body is larger than {self.max_body} bytes.", limit=self.max_body)
            chunks.append(chunk)
            if not message.get("more_body"):
                return b"".join(chunks)


def _error_headers(error: ScimError) -> tuple[tuple[str, str], ...]:
    if error.status == 401:
        return (("WWW-Authenticate", 'Bearer realm="SCIM"'),)
    if error.status == 405:
        return (("Allow", str(error.facts.get("allow", "GET"))),)
    return ()


def _is_strangers(error: ScimError | None) -> bool:
    """A call for a connection that does not exist belongs in nobody's log."""
    return error is not None and error.facts.get("resource_type") == "Connection"


def _exchange(call: Call, answer: Answer, error: ScimError | None, at: int, took: int) -> Exchange:
    facts = dict(call.facts)
    if error is not None:
        facts.update(error.facts, detail=error.detail)
    if call.notes.seen:
        facts["tolerated"] = list(call.notes.seen)
        facts["tolerated_in"] = {quirk: shown for quirk, shown in call.notes.seen.items() if shown}
    return Exchange(
        id=call.id,
        connection_id=call.connection_id,
        at=at,
        duration_us=took,
        method=call.method,
        path=call.path,
        query=call.query[:2_048],
        status=answer.status,
        token_id=call.token_id,
        resource_type=call.resource_type,
        resource_id=call.resource_id,
        target=call.target or _sought(call),
        scim_type=error.scim_type if error else None,
        error=error.kind if error else None,
        facts=facts,
        request_body=_kept(call.body),
    )


def _sought(call: Call) -> str | None:
    """The name in a filter that was refused before it was read, for the log and the roll call only."""
    text = call.parameters.get("filter", "")
    head, _, value = text.partition(" eq ")
    wanted = {"Group": "displayname", "User": "username"}.get(call.resource_type or "")
    if head.strip().lower() != wanted:
        return None
    return value.strip().strip('"')[:256] or None


def _with_answer(exchange: Exchange, answer: Answer) -> Exchange:
    return replace(exchange, response_body=_kept(answer.body))


def _kept(body: bytes) -> str | None:
    if not body:
        return None
    if len(body) > PARSED_BODY:
        return f"({len(body)} bytes, not kept)"
    try:
        content: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return f"({len(body)} bytes that are not JSON, not kept)"
    return orjson.dumps(_redacted(content)).decode()[:KEPT_BODY]


def _redacted(content: Any, depth: int = 0) -> Any:
    if depth > 32:
        return "…"
    if isinstance(content, dict):
        members = cast("dict[str, Any]", content)
        return {
            name: "[redacted]" if name.casefold() in _SECRET_NAMES else _redacted(value, depth + 1)
            for name, value in members.items()
        }
    if isinstance(content, list):
        return [_redacted(value, depth + 1) for value in cast("list[Any]", content)]
    return content


async def _send(send: Send, call: Call, answer: Answer, *, bodiless: bool) -> None:
    headers = [(b"vestibule-request-id", call.id.encode())]
    if answer.status not in (204, 304):
        headers.append((b"content-type", MEDIA_TYPE.encode()))
        headers.append((b"content-length", str(len(answer.body)).encode()))
    headers += [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in answer.headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if bodiless else answer.body})
