"""What a page costs does not grow with the connection: counted in steps of SQLite's machine, not in time."""

import asyncio
from pathlib import Path

from tests.store.staging import AT, HERE, LATER, THERE, a_group, a_token, an_audit, people, two_connections
from tests.store.test_sqlite import TestSqlite as Sqlite
from vestibule import cycles
from vestibule import ids as ids_
from vestibule.checklist import look
from vestibule.model import Exchange
from vestibule.store import Store


async def cost(store: Store, connection_id: str) -> int:
    # What is in the log is read once, by the server itself, too.
    await cycles.advance(store, connection_id, LATER + 60_000_000)
    with Sqlite().work_of(store) as work:
        await look(store, connection_id, "https://v.example", LATER + 60_000_000)
    return work.steps


def test_a_page_costs_the_same_for_a_thousand_people_as_for_two_hundred(tmp_path: Path) -> None:
    async def play() -> None:
        store = Sqlite().open_store(tmp_path)
        try:
            await two_connections(store)
            for where, size in ((HERE, 200), (THERE, 1_000)):
                ids = await people(store, size, where)
                await store.add_token(a_token(size, where), b"hash", an_audit(size, where))
                for number in range(size):
                    name = f"g{number:04}"
                    await store.create_group(a_group(name, where, f"grp_{name}", origin="app"), ids[:20], "app")
                    at = AT + number
                    store.record(Exchange(ids_.request_id(at), where, at, 1, "GET", "/Users", "", 200))
            few, many = await cost(store, HERE), await cost(store, THERE)
            assert 0 < many < few * 1.2, (few, many)
        finally:
            await store.close()

    asyncio.run(play())
