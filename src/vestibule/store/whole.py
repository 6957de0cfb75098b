"""A whole database by its URL, read as it is: whatever its schema version, without making or changing anything."""

import sqlite3
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from vestibule.store.answers import SchemaMismatch, Unreachable
from vestibule.store.db import Transaction
from vestibule.store.sqlite import SqliteDb
from vestibule.store.sqlite_file import version_of
from vestibule.store.urls import no_driver, path_of


@dataclass(frozen=True, slots=True)
class Whole:
    """One state of a database, and the version of its schema. `path` is its file if it is SQLite's."""

    db: Transaction
    version: int
    path: str | None


@asynccontextmanager
async def whole(url: str) -> AsyncGenerator[Whole]:
    """Read a database. Raises Unreachable, InvalidUrl, SchemaMismatch when there are no tables of ours."""
    path = path_of(url)
    if path is not None:
        with read_only(path) as (connection, version):
            yield Whole(SqliteDb(connection), version, path)
        return
    try:
        from vestibule.store.postgres import snapshot_of
        from vestibule.store.postgres_database import PostgresDatabase
    except ImportError as error:
        raise no_driver() from error
    async with snapshot_of(PostgresDatabase(url)) as db:
        row = await db.row("SELECT version FROM schema_version")
        yield Whole(db, row[0], None)


@contextmanager
def read_only(path: str) -> Generator[tuple[sqlite3.Connection, int]]:
    """One state of an SQLite database of ours, and the version of its schema. Raises Unreachable, SchemaMismatch."""
    if not Path(path).is_file():
        raise Unreachable(f"There is no database {path}.")
    try:
        connection = sqlite3.connect(Path(path).absolute().as_uri() + "?mode=ro", uri=True, isolation_level=None)
        with closing(connection):
            connection.row_factory = sqlite3.Row
            connection.execute("BEGIN")
            version = version_of(connection, path)
            if version is None:
                raise SchemaMismatch(f"{path} is an empty file.")
            yield connection, version
    except sqlite3.DatabaseError as error:
        raise Unreachable(f"The database {path} cannot be read: {error}.") from error
