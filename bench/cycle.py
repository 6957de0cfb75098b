"""A whole initial cycle as Entra runs it: match and create each person, then match, create and fill each group."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from bench.calls import Answer, Call, filtered, patched, resources
from bench.figures import Cycle
from bench.load import count_members
from bench.people import create_group, create_person, user_name
from bench.processes import cpu_seconds
from bench.session import Session, connect
from bench.target import Service, Traits

T = TypeVar("T")
CONNECTIONS = 8
MEMBERS_PER_PATCH = 100
DEPARTMENTS = 9
"""Beside the group of everybody, so many that share all people among them."""


class Failed(Exception):
    """An answer that a cycle cannot go on with; the message is what was wrong."""


class _Counted:
    """A session that counts what it sends."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.requests = 0

    async def send(self, call: Call, *statuses: int) -> Answer:
        self.requests += 1
        answer = await self._session.send(call)
        if answer.status not in statuses:
            raise Failed(f"{call.method} {call.path}: {answer.shown()}")
        return answer


async def initial_cycle(service: Service, traits: Traits, people: int) -> Cycle:
    """Provision so many people, new to the server, and their groups. Timed from the first request to the last."""
    prefix = f"cycle{people}"
    async with connect(service.base_url, service.headers, CONNECTIONS) as session:
        counted, ids = _Counted(session), [""] * people
        groups = _groups(prefix, people)
        server, started = cpu_seconds(service.roots), time.perf_counter()
        wrong, made = "", dict[str, str]()
        try:
            await _spread(range(people), lambda number: _person(counted, prefix, number, ids))
            await _spread(groups, lambda name: _group(counted, name, [ids[n] for n in groups[name]], made))
        except Failed as error:
            wrong = str(error)
        elapsed, server = time.perf_counter() - started, cpu_seconds(service.roots) - server
        if not wrong and traits.shows_members:
            wrong = await _miscounted(session, groups, made)
    per_request = round(server / counted.requests * 1e6, 1) if service.roots else None
    return Cycle(people, len(groups), counted.requests, round(elapsed, 3), per_request, wrong)


def _groups(prefix: str, people: int) -> dict[str, range]:
    """The members of each group by number."""
    departments = {f"{prefix}-department-{n}": range(n, people, DEPARTMENTS) for n in range(DEPARTMENTS)}
    return {f"{prefix}-everybody": range(people), **departments}


async def _person(session: _Counted, prefix: str, number: int, ids: list[str]) -> None:
    match = await session.send(filtered("Users", "userName", user_name(number, prefix)), 200)
    if resources(match):
        raise Failed("a person was matched who is not there")
    ids[number] = str((await session.send(create_person(number, prefix), 201)).json().get("id"))


async def _group(session: _Counted, name: str, member_ids: list[str], made: dict[str, str]) -> None:
    match = await session.send(filtered("Groups", "displayName", name, more="excludedAttributes=members&"), 200)
    if resources(match):
        raise Failed("a group was matched that is not there")
    made[name] = str((await session.send(create_group(name), 201)).json().get("id"))
    for start in range(0, len(member_ids), MEMBERS_PER_PATCH):
        added = [{"value": each} for each in member_ids[start : start + MEMBERS_PER_PATCH]]
        operation = {"op": "Add", "path": "members", "value": added}
        await session.send(patched(f"/Groups/{made[name]}", operation), 200, 204)


async def _miscounted(session: Session, groups: dict[str, range], made: dict[str, str]) -> str:
    for name, numbers in groups.items():
        shown = await count_members(session, made[name])
        if shown != len(numbers):
            return f"{name} has {shown} members of {len(numbers)}"
    return ""


async def _spread(each: Iterable[T], do: Callable[[T], Awaitable[None]]) -> None:
    waiting = iter(each)

    async def lane() -> None:
        for one in waiting:
            await do(one)

    await asyncio.gather(*(lane() for _ in range(CONNECTIONS)))
