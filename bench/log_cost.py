"""What the log costs a request: two servers as a user starts them, with the log and without, called by turns over HTTP.

All that the log makes a server do is counted: putting an exchange together, writing it, and reading on in it for the
cycles, which happens some 20 seconds later and is waited for.
"""

import asyncio
import itertools
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.cycle import initial_cycle
from bench.list_ops import FirstPage
from bench.ops import FilterMiss, FilterUserName, GetUser, Op, PatchActive, PostUser
from bench.ours import VESTIBULE, OnSqlite
from bench.plan import say
from bench.processes import cpu_seconds
from bench.session import Session, connect
from bench.target import Service, Traits
from bench.world import World
from vestibule.cycles import SETTLED
from vestibule.server.housekeeping import ROUND

GOAL = 0.10
"""The share of a request that the log may cost, over the requests of a cycle as they come."""
CYCLE = "a request of a cycle"
PEOPLE = 2_000
CONNECTIONS = 8
_SILENT = (sys.executable, str(Path(__file__).with_name("silent.py")))
TURNS = 4
"""How often each server is called, in turn with the other one."""
QUIET = SETTLED / 1_000_000 + 2 * ROUND
"""So many seconds after the last request of an operation the log of it has been read."""
_OPS: tuple[Callable[[World], Op], ...] = (GetUser, FilterUserName, FilterMiss, PatchActive, PostUser, FirstPage)


@dataclass(frozen=True, slots=True)
class LogCost:
    """Microseconds of the server's CPU for one request, with the log and without it."""

    op: str
    with_log: float
    without: float

    @property
    def ratio(self) -> float:
        """With over without."""
        return self.with_log / self.without


@dataclass(slots=True)
class _Place:
    """A server with people in it."""

    service: Service
    session: Session
    world: World
    traits: Traits
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    async def turn(self, op: Op, calls: int) -> None:
        """So many calls, eight at a time."""

        async def lane(worker: int) -> None:
            for _ in range(calls // CONNECTIONS):
                call = op.call(worker, next(self.numbers))
                assert call is not None
                answer = await self.session.send(call)
                op.answered(worker, call, answer)
                assert answer.status in op.statuses, answer.shown()

        await asyncio.gather(*(lane(worker) for worker in range(CONNECTIONS)))

    def cpu(self) -> float:
        """What the server has used until now."""
        return cpu_seconds(self.service.roots)


@asynccontextmanager
async def _place(scratch: Path, program: tuple[str, ...]) -> AsyncGenerator[_Place]:
    scratch.mkdir()
    target = OnSqlite(program=program)
    async with (
        target.start(scratch) as service,
        connect(service.base_url, service.headers, CONNECTIONS) as session,
    ):
        yield _Place(service, session, World(await service.load(session, PEOPLE, 600.0)), target.traits)


async def measure(scratch: Path, calls: int) -> list[LogCost]:
    """The costs of each operation, of so many calls a turn."""
    found: list[LogCost] = []
    async with _place(scratch / "with", (VESTIBULE,)) as logged, _place(scratch / "without", _SILENT) as without:
        places = (logged, without)
        ops = [tuple(make(place.world) for make in _OPS) for place in places]
        await asyncio.sleep(QUIET)
        for pair in zip(*ops, strict=True):
            found.append(await _cost(places, pair[0].name, _turns(places, pair, calls)))
            say(f"  {found[-1].op:<24}{found[-1].with_log:>6.0f} µs CPU, {found[-1].without:.0f} without")
        found.append(await _cost(places, CYCLE, _cycles(places, calls)))
    return found


async def _cost(places: tuple[_Place, _Place], name: str, work: Awaitable[int]) -> LogCost:
    """What some work costs, which tells how many requests it sent to each server, until its log has been read."""
    before = [place.cpu() for place in places]
    requests = await work
    await asyncio.sleep(QUIET)
    used = [place.cpu() - began for place, began in zip(places, before, strict=True)]
    return LogCost(name, *(each / requests * 1e6 for each in used))


async def _turns(places: tuple[_Place, _Place], pair: tuple[Op, ...], calls: int) -> int:
    for _ in range(TURNS):
        for place, op in zip(places, pair, strict=True):
            await place.turn(op, calls)
    return TURNS * calls


async def _cycles(places: tuple[_Place, _Place], people: int) -> int:
    """Initial cycles, with the shares of look-ups, creations and members that they have."""
    requests = 0
    for turn in range(TURNS):
        for place in places:
            # Whose number differs are other people.
            cycle = await initial_cycle(place.service, place.traits, people + turn)
            assert not cycle.wrong, cycle.wrong
            requests += cycle.requests
    return requests // len(places)


def told(costs: list[LogCost]) -> str:
    """The costs as a table, and whether the goal is met."""
    lines = ["| request | with the log | without | the log's share |", "|---|---|---|---|"]
    lines += [
        f"| {each.op} | {each.with_log:.0f} µs | {each.without:.0f} µs | {each.ratio - 1:+.1%} |" for each in costs
    ]
    cycle = next(each for each in costs if each.op == CYCLE)
    worst = max(costs, key=lambda each: each.ratio)
    met = "met" if cycle.ratio <= 1 + GOAL else "NOT met"
    goal = f"Goal: at most {GOAL:.0%} of a request of a cycle: {met} ({cycle.ratio - 1:+.1%}; the worst alone is "
    return "\n".join([*lines, "", f"{goal}{worst.op}, {worst.ratio - 1:+.1%})."])
