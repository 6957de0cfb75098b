"""What the log costs a request: the same requests with recording and without, in one process, by turns.

HTTP is left out: the application is called as a server would call it, so the share of the log is told too high rather
than too low. The log is on a disk, written by the same process, and read on as a server does.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import orjson

from bench.people import person
from vestibule import connections
from vestibule.clock import SystemClock
from vestibule.model import Exchange
from vestibule.scim.scopes import SCOPES
from vestibule.server.app import Service, create_app
from vestibule.server.housekeeping import Housekeeper
from vestibule.settings import Settings
from vestibule.store.sqlite import SqliteStore

GOAL = 0.10
"""The share of a request that the log may cost."""
ROUNDS = 7
_WARM = 200


@dataclass(frozen=True, slots=True)
class LogCost:
    """Microseconds of CPU of the process for one request, with the log and without it (medians of the rounds)."""

    op: str
    with_log: float
    without: float

    @property
    def ratio(self) -> float:
        """With over without."""
        return self.with_log / self.without


@dataclass(slots=True)
class _Place:
    """A service over a database of its own, and how it is called."""

    service: Service
    store: SqliteStore
    path: str
    authorization: bytes

    async def call(self, method: str, path: str, query: bytes, body: bytes) -> int:
        """One request; its status."""
        status = 0
        scope: dict[str, Any] = {
            "type": "http", "method": method, "path": self.path + path, "root_path": "", "query_string": query,
            "headers": [(b"authorization", self.authorization), (b"content-type", b"application/scim+json")],
        }  # fmt: skip

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            status = message.get("status", status)

        await self.service(scope, receive, send)
        return status


class _Silent(SqliteStore):
    """A store that keeps no log."""

    def record(self, exchange: Exchange) -> None:
        """Forget it."""


@asynccontextmanager
async def _place(kind: type[SqliteStore], file: Path) -> AsyncGenerator[_Place]:
    store, clock = kind.open(str(file)), SystemClock()
    enterprise = await connections.create_enterprise(store, clock, "Bench")
    connection = await connections.create_connection(store, clock, enterprise.id, "entra")
    made = await connections.create_token(store, clock, connection.id, frozenset(SCOPES))
    place = f"/scim/v2/connections/{connection.id}"
    yield _Place(create_app(store, Settings()), store, place, f"Bearer {made.text}".encode())
    await store.close()


async def measure(scratch: Path, calls: int) -> list[LogCost]:
    """The costs of a look-up that finds somebody, of one that finds nobody, of a creation and of a page."""
    found: list[LogCost] = []
    async with _place(SqliteStore, scratch / "with.db") as logged, _place(_Silent, scratch / "without.db") as silent:
        for place in (logged, silent):
            for number in range(_WARM):
                await place.call("POST", "/Users", b"", orjson.dumps(person(number)))
        for op in _OPS:
            rounds: dict[bool, list[float]] = {True: [], False: []}
            for turn in range(ROUNDS * 2):
                place = logged if turn % 2 else silent
                rounds[place is logged].append(await _round(place, op, turn, calls))
            found.append(LogCost(op, median(rounds[True]), median(rounds[False])))
    return found


async def _round(place: _Place, op: str, turn: int, calls: int) -> float:
    make = _OPS[op]
    asked = [make(_WARM + turn * calls + number) for number in range(calls)]
    began = time.process_time()
    # Eight at a time, as a busy identity provider's connections are.
    for start in range(0, calls, 8):
        statuses = await asyncio.gather(*(place.call(*each) for each in asked[start : start + 8]))
        assert max(statuses) < 300, statuses
    await place.store.flush()
    await Housekeeper(place.store, SystemClock(), 30, 10**9).round()
    return (time.process_time() - began) / calls * 1_000_000


def _filter(name: str) -> bytes:
    return f'filter=userName+eq+"{name}"'.encode()


_OPS: dict[str, Callable[[int], tuple[str, str, bytes, bytes]]] = {
    "filter_hit": lambda number: ("GET", "/Users", _filter(person(number % _WARM)["userName"]), b""),
    "filter_miss": lambda number: ("GET", "/Users", _filter(f"nobody{number}"), b""),
    "create": lambda number: ("POST", "/Users", b"", orjson.dumps(person(number))),
    "list_page": lambda _: ("GET", "/Users", b"count=100", b""),
}


def told(costs: list[LogCost]) -> str:
    """The costs as a table, and whether the goal is met."""
    lines = ["| request | with the log | without | the log's share |", "|---|---|---|---|"]
    lines += [
        f"| {each.op} | {each.with_log:.0f} µs | {each.without:.0f} µs | {each.ratio - 1:+.1%} |" for each in costs
    ]
    worst = max(costs, key=lambda each: each.ratio)
    met = "met" if worst.ratio <= 1 + GOAL else "NOT met"
    return "\n".join([*lines, "", f"Goal: at most {GOAL:.0%} of a request: {met} ({worst.op} {worst.ratio - 1:+.1%})."])
