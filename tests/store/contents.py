"""What is put into a test's database, and what is found in it, whatever the engine."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from tests.databases import url_in
from tests.store.worlds import a_world
from vestibule.store.opening import open_store
from vestibule.store.relational import RelationalStore
from vestibule.store.tables import tables
from vestibule.store.whole import whole

T = TypeVar("T")


def with_store(url: str, work: Callable[[RelationalStore], Awaitable[T]]) -> T:
    """Do something with the store of a database, in a loop of its own."""

    async def run() -> T:
        store = open_store(url)
        try:
            await store.ready()
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(run())


def empty_database(folder: Path, engine: str) -> str:
    """The URL of a new one, with its tables made."""

    async def nothing(_: RelationalStore) -> None: ...

    url = url_in(folder, engine)
    with_store(url, nothing)
    return url


def filled_database(folder: Path, engine: str) -> str:
    """The URL of a new one with `a_world` in it."""
    url = url_in(folder, engine)
    with_store(url, a_world)
    return url


def rows_of(url: str, *, but: frozenset[str] = frozenset()) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables, in the order of their keys; a hash as bytes."""

    async def read() -> dict[str, list[tuple[Any, ...]]]:
        async with whole(url) as found:
            return {
                table.name: [
                    tuple(row)
                    for row in await found.db.rows(
                        f"SELECT {', '.join(table.names)} FROM {table.name} ORDER BY {', '.join(table.key)}"
                    )
                ]
                for table in tables()
                if table.name not in but
            }

    return asyncio.run(read())
