"""Writes of one kind that wait at the same time, done at once: as few statements as for one of them."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from vestibule.store.db import Transaction
from vestibule.store.engine import Write

T = TypeVar("T")
AllAtOnce: TypeAlias = Callable[[Transaction, Sequence[Any]], Coroutine[Any, Any, list[Any]]]
"""Does all of some items' writes, and gives their results in order; raises when one of them cannot be done."""


@dataclass(frozen=True, slots=True)
class Joinable(Generic[T]):
    """A write of one item that can be done together with others of its kind."""

    alone: Write[T]
    kind: AllAtOnce
    item: Any

    def __call__(self, db: Transaction) -> Coroutine[Any, Any, T]:
        """The write, by itself."""
        return self.alone(db)


Answers: TypeAlias = "list[tuple[Any, BaseException | None]]"
"""What became of each write: its result, or what it raised."""


def answer(waiters: Sequence[asyncio.Future[Any]], answers: Answers) -> None:
    """Tell each who still waits what became of their write."""
    for waiter, (result, failure) in zip(waiters, answers, strict=True):
        if waiter.done():
            continue
        if failure is None:
            waiter.set_result(result)
        else:
            waiter.set_exception(failure)


async def in_order(db: Transaction, works: Sequence[Write[Any]]) -> list[Any]:
    """The results of all, those of one kind that follow each other done at once. Raises what the first fault raises."""
    results: list[Any] = []
    place = 0
    while place < len(works):
        work = works[place]
        items = _run_of(works, place)
        if isinstance(work, Joinable) and len(items) > 1:
            results += await work.kind(db, items)
        else:
            results.append(await work(db))
        place += max(1, len(items))
    return results


def _run_of(works: Sequence[Write[Any]], place: int) -> list[Any]:
    """The items of the writes of one kind that begin at a place."""
    first = works[place]
    items: list[Any] = []
    for each in works[place:]:
        if not (isinstance(first, Joinable) and isinstance(each, Joinable) and each.kind is first.kind):
            break
        items.append(each.item)
    return items
