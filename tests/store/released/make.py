"""Writes this folder's dump of a schema version, from which every later version is tested to upgrade.

To be run when the version is released, or changed before it is, and never again: python -m tests.store.released.make
"""

import asyncio
import io
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from tests.store.staging import HERE, an_audit
from tests.store.worlds import a_world
from vestibule.store import schema
from vestibule.store.exporting import Wanted, export_connection
from vestibule.store.importing import Target, import_connection
from vestibule.store.sqlite import SqliteStore
from vestibule.store.tables import tables

FOLDER = Path(__file__).parent


async def fill(path: str) -> None:
    """Make the database: the world, and a connection that was moved."""
    store = SqliteStore.open(path)
    await a_world(store)
    lines = io.BytesIO()
    await export_connection(store.engine, Wanted(HERE, tokens=True), lines, an_audit(3))
    lines.seek(0)
    await import_connection(store.engine, Target("ent_1", "con_moved"), lines, an_audit(4))
    await store.close()


def dump(db: sqlite3.Connection, version: int) -> Iterator[str]:
    """The tables as the migrations make them, in the types of SQLite, and a few rows in each."""
    yield f"{schema.VERSION_TABLE};"
    for step in schema.steps():
        yield from (f"{each};" for each in step.statements if step.version <= version)
    yield f"INSERT INTO schema_version (version) VALUES ({version});"
    for table in tables(version):
        quoted = " || ', ' || ".join(f"quote({each})" for each in table.names)
        for (values,) in db.execute(f"SELECT {quoted} FROM {table.name} ORDER BY {', '.join(table.key)}"):
            yield f"INSERT INTO {table.name} ({', '.join(table.names)}) VALUES ({values});"


def main(version: int) -> None:
    """Write the dump."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(fill(f"{folder}/world.db"))
        with closing(sqlite3.connect(f"{folder}/world.db")) as db:
            text = "\n".join(dump(db, version))
    (FOLDER / f"{version:04}.sql").write_text(text + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else schema.latest())
