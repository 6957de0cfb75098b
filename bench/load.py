"""How people and groups come into a server before it is measured. A way returns the ids in the order of the people."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import orjson

from bench.calls import Answer, Call, members, patched
from bench.people import create_group, create_person, person
from bench.session import Session
from bench.target import Service

LANES = 32
"""How many requests are under way at once."""
MANY = 100_000
"""From so many people on `by_size` loads by /Bulk."""
BULK_OPERATIONS = 500
_BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


class TooSlow(Exception):
    """The load did not end within its budget; the message says how far it came."""


class Refused(Exception):
    """The server would not take what was loaded; the message is its answer."""


async def by_post(session: Session, count: int, budget: float) -> list[str]:
    """POST /Users for each person. Raises TooSlow, Refused."""
    ids = [""] * count

    async def one(number: int) -> None:
        answer = await session.send(create_person(number))
        ids[number] = _id(answer)

    await _in_lanes(count, one, budget)
    return ids


async def by_bulk(session: Session, count: int, budget: float) -> list[str]:
    """POST /Bulk with many people each. Raises TooSlow, Refused."""
    ids = [""] * count

    async def one(number: int) -> None:
        first = number * BULK_OPERATIONS
        ids[first : first + BULK_OPERATIONS] = await _bulk(session, first, min(count, first + BULK_OPERATIONS))

    await _in_lanes(-(-count // BULK_OPERATIONS), one, budget)
    return ids


async def _bulk(session: Session, first: int, last: int) -> list[str]:
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": str(number), "data": person(number)}
        for number in range(first, last)
    ]
    answer = await session.send(Call("POST", "/Bulk", orjson.dumps({"schemas": [_BULK], "Operations": operations})))
    results: list[dict[str, Any]] = answer.json().get("Operations", [])
    if len(results) != len(operations) or any(str(each.get("status")) != "201" for each in results):
        raise Refused(answer.shown())
    by_id = {each["bulkId"]: each["location"].rpartition("/")[2] for each in results}
    return [by_id[str(number)] for number in range(first, last)]


async def by_size(session: Session, count: int, budget: float) -> list[str]:
    """POST for a few and /Bulk for many. Raises TooSlow, Refused."""
    return await (by_bulk if way_by_size(count) == "bulk" else by_post)(session, count, budget)


def way_by_size(count: int) -> str:
    """Which of the two `by_size` takes."""
    return "bulk" if count >= MANY else "post"


async def group(service: Service, session: Session, name: str, member_ids: list[str], *, on_post: bool) -> str:
    """Make a group with these members, in as many requests as the server needs, and return its id. Raises Refused."""
    batch = service.member_batch
    first = member_ids[:batch] if on_post else []
    group_id = _id(await session.send(create_group(name, first)))
    for start in range(len(first), len(member_ids), batch):
        added = [{"value": each} for each in member_ids[start : start + batch]]
        answer = await session.send(patched(f"/Groups/{group_id}", {"op": "add", "path": "members", "value": added}))
        if answer.status not in (200, 204):
            raise Refused(answer.shown())
    return group_id


async def count_members(session: Session, group_id: str) -> int:
    """How many members the server shows of a group."""
    return members(await session.send(Call("GET", f"/Groups/{group_id}")))


def _id(answer: Answer) -> str:
    made = answer.json().get("id")
    if answer.status != 201 or not made:
        raise Refused(answer.shown())
    return str(made)


async def _in_lanes(count: int, one: Callable[[int], Any], budget: float) -> None:
    """Do `one(0)` to `one(count - 1)`, some at once, until the budget of seconds is used up."""
    numbers = iter(range(count))
    started, done = time.monotonic(), 0

    async def lane() -> None:
        nonlocal done
        for number in numbers:
            spent = time.monotonic() - started
            # It is given up early when it would take several times as long.
            if spent > budget or (done and spent > budget / 10 and spent / done * count > 3 * budget):
                raise TooSlow(f"loading had done {done} of {count} requests after {spent:.0f} s")
            await one(number)
            done += 1

    tasks = [asyncio.create_task(lane()) for _ in range(LANES)]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
