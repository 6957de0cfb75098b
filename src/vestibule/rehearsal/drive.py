"""The only loop: sends what a cycle asks for over one keep-alive connection, commits what it learns."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from types import TracebackType
from typing import TypeAlias, TypeVar

import httpx2

from vestibule.clock import Clock
from vestibule.entra.answers import Response
from vestibule.entra.engine import Logged, Progress, Yielded
from vestibule.entra.wire import Mode, Request, endpoint
from vestibule.rehearsal.spool import Spool
from vestibule.rehearsal.state import State

T = TypeVar("T")

Watch: TypeAlias = Callable[[str, int, int], None]
"""Told of the phase, how many are done, how many there are."""

TIMEOUT = 60.0
"""Seconds; Entra's own is not documented (reference 1.1)."""


class Unreachable(Exception):
    """Nobody answers at the target's address; `message` says so to an admin."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Target:
    """Where to provision to. The URL may carry `?aadOptscim062020`; `mode` overrules it."""

    url: str
    token: str
    mode: Mode | None = None
    batch: int = 100


class Line:
    """The connection to a target. `skew` turns the clock's time into the time of the rehearsal."""

    def __init__(self, target: Target, clock: Clock, transport: httpx2.AsyncBaseTransport | None) -> None:
        self.mode: Mode
        self.base, self.mode = _endpoint(target)
        token = _sendable(target.token)
        self.clock = clock
        self.skew = 0
        self.sent = 0
        self._client = httpx2.AsyncClient(
            headers={"Authorization": f"Bearer {token}", "Accept": "application/scim+json"},
            limits=httpx2.Limits(max_connections=1, max_keepalive_connections=1),
            timeout=TIMEOUT,
            transport=transport,
            trust_env=False,
        )
        # Entra's requests may come without a User-Agent; a target must stand that (reference 1.1).
        del self._client.headers["User-Agent"]

    async def __aenter__(self) -> "Line":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def send(self, request: Request, user_agent: str | None = None) -> Response:
        """Send one request. Raises Unreachable when the very first one finds nobody."""
        began = self.clock.now()
        status, text, fault = 0, "", None
        headers = {"User-Agent": user_agent} if user_agent else {}
        content = request.content()
        if content is not None:
            headers["Content-Type"] = "application/scim+json; charset=utf-8"
        try:
            answer = await self._client.request(
                request.method, self.base + request.target, content=content, headers=headers
            )
            status, text = answer.status_code, answer.text
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            if self.sent == 0:
                raise Unreachable(
                    f"Nobody answers at {self.base} ({error or type(error).__name__}). Check the address, and "
                    "that the server runs and can be reached from here."
                ) from error
            slow = isinstance(error, httpx2.ConnectTimeout)
            fault, text = "Timeout" if slow else "WebExceptionProtocolError", str(error)
        except httpx2.TimeoutException as error:
            fault, text = "Timeout", f"No answer within {TIMEOUT:.0f} seconds ({type(error).__name__})."
        # Also an answer that cannot be decoded, which is no transport error to httpx2.
        except httpx2.RequestError as error:
            fault, text = "WebExceptionProtocolError", str(error) or type(error).__name__
        self.sent += 1
        now = self.clock.now()
        return Response(status, text, fault, now + self.skew, (now - began) // 1_000)


def _endpoint(target: Target) -> tuple[str, Mode]:
    try:
        base, mode = endpoint(target.url, target.mode)
        url = httpx2.URL(base)
        good = url.scheme in ("http", "https") and bool(url.host) and (url.port or 1) < 65_536
    except (ValueError, httpx2.InvalidURL):
        good, base, mode = False, target.url, "default"
    if not good:
        raise Unreachable(f"{base!r} is no address of a SCIM server: write https://HOST/PATH.")
    return base, mode


def _sendable(token: str) -> str:
    token = token.strip()
    if not token.isascii() or not token.isprintable():
        raise Unreachable("The token holds a character that no header can carry. Copy it again from where it was made.")
    return token


async def drive(
    steps: Generator[Yielded, Response | None, T], line: Line, state: State, log: Spool, watch: Watch | None
) -> T:
    """Run a generator of the engine to its end."""
    answer: Response | None = None
    while True:
        try:
            item = steps.send(answer)
        except StopIteration as end:
            return end.value
        answer = None
        if isinstance(item, Request):
            if line.sent == 0:
                # What was counted before is no longer so, be it that this run dies before it counts again.
                state.drop("rollcall")
            answer = await line.send(item)
        elif isinstance(item, Progress):
            if watch is not None:
                watch(item.phase, item.done, item.total)
        elif isinstance(item, Logged):
            log.write(item.entry)
        else:
            state.commit(item)
