"""A backup of a whole database: a file that is itself an SQLite database of Vestibule, whichever engine it comes from.

It is one state of the database, taken while the server goes on. Restoring puts it into an empty database of either
engine, in one transaction that is read back before it is answered.
"""

import sqlite3
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from vestibule.store import schema
from vestibule.store.answers import Clash, Declined
from vestibule.store.db import PIECE, Transaction
from vestibule.store.engine import Engine
from vestibule.store.private_file import private_file
from vestibule.store.progress import Note, untold
from vestibule.store.relational import INSTALLATION
from vestibule.store.sqlite_file import open_file
from vestibule.store.tables import Table, tables
from vestibule.store.whole import Whole, read_only, whole

PAGES = 5_000
"""How many pages of an SQLite file are copied between two notes of progress."""
_MAY_BE_THERE = frozenset({"keys"})
"""What a server makes for itself when it is started on an empty database."""


@dataclass(frozen=True, slots=True)
class Copied:
    """The schema version of a backup, and how many rows there are in which table."""

    version: int
    rows: dict[str, int]


async def backup(url: str, path: Path, note: Note = untold) -> Copied:
    """Write a backup, of any schema version that this Vestibule knows. Raises Declined, Unreachable, SchemaMismatch."""
    async with whole(url) as source:
        if source.path is not None and path.exists() and path.samefile(source.path):
            raise Declined(f"{path} is the database itself; name another file.")
        schema.pending(source.version, schema.steps())
        with private_file(path) as made:
            try:
                if source.path is not None:
                    _copy_file(source.path, made, note)
                else:
                    await _copy_rows(source, made, note)
            except sqlite3.Error as error:
                raise Declined(f"{path} could not be written: {error}.") from error
            with _checked(made) as (connection, version):
                return Copied(version, _counts(connection, tables(version)))


def _copy_file(source: str, target: Path, note: Note) -> None:
    with closing(sqlite3.connect(source, isolation_level=None)) as ours, closing(sqlite3.connect(target)) as theirs:
        # One state throughout, as a copy begins anew whenever the file was written in between.
        ours.execute("BEGIN")
        ours.execute("SELECT 1 FROM schema_version").fetchone()
        ours.backup(theirs, pages=PAGES, progress=lambda _, left, all_: note("pages", all_ - left, all_))
        # In one file: without the log beside it that the database itself has.
        theirs.execute("PRAGMA journal_mode = DELETE")


async def _copy_rows(source: Whole, target: Path, note: Note) -> None:
    with closing(sqlite3.connect(target, isolation_level=None)) as db:
        # If it fails, the file is not kept, so nothing has to be undone.
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "foreign_keys = OFF"):
            db.execute(f"PRAGMA {pragma}")
        db.execute("BEGIN")
        db.execute(schema.VERSION_TABLE)
        db.execute("INSERT INTO schema_version VALUES (?)", (source.version,))
        for statement in (
            each for step in schema.steps() if step.version <= source.version for each in step.statements
        ):
            db.execute(statement)
        done = 0
        for table in tables(source.version):
            insert = f"INSERT INTO {table.name} ({', '.join(table.names)}) VALUES ({', '.join('?' * len(table.names))})"
            async for rows in source.db.stream(_all_of(table)):
                db.executemany(insert, [tuple(row) for row in rows])
                done += len(rows)
                note("rows", done, done)
        db.execute("COMMIT")


def _all_of(table: Table) -> str:
    return f"SELECT {', '.join(table.names)} FROM {table.name} ORDER BY {', '.join(table.key)}"


async def restore(engine: Engine, path: Path, note: Note = untold) -> Copied:
    """Put a backup into an empty database. Raises Declined for one that has data, and for a file that is no backup."""
    with TemporaryDirectory() as scratch, _present(path, Path(scratch)) as (source, version):
        counts = _counts(source, tables())
        copy = _Restore(source, counts, note)
        try:
            await engine.write(INSTALLATION, copy.run)
        except Clash as error:
            raise Declined(f"{path} cannot be restored, and nothing was: {error}.") from error
        return Copied(version, counts)


@dataclass(frozen=True, slots=True)
class _Restore:
    source: sqlite3.Connection
    counts: dict[str, int]
    note: Note

    async def run(self, db: Transaction) -> None:
        """All tables, then all once more to see that they are the same."""
        for table in tables():
            if table.name not in _MAY_BE_THERE and await db.row(f"SELECT 1 FROM {table.name} LIMIT 1"):
                raise Declined(
                    f"The database is not empty ({table.name}), so nothing was restored. Name an empty one with "
                    "--database: a new file, or a new database or schema of PostgreSQL."
                )
        for name in sorted(_MAY_BE_THERE):
            await db.run(f"DELETE FROM {name}")
        whole, done = 2 * sum(self.counts.values()), 0
        for table in tables():
            for rows in self._pieces(table):
                await db.load(table.name, table.names, rows)
                done += len(rows)
                self.note("rows", done, whole)
        for table in tables():
            async for count in self._compared(db, table):
                done += count
                self.note("rows", done, whole)

    def _pieces(self, table: Table) -> Iterator[list[tuple[Any, ...]]]:
        cursor = self.source.execute(_all_of(table))
        while rows := cursor.fetchmany(PIECE):
            yield [tuple(row) for row in rows]

    async def _compared(self, db: Transaction, table: Table) -> AsyncIterator[int]:
        theirs = self._pieces(table)
        async for rows in db.stream(_all_of(table)):
            if not _same([tuple(row) for row in rows], next(theirs, None)):
                raise Declined(f"{table.name} was not restored as it is in the backup, so nothing was.")
            yield len(rows)
        if next(theirs, None) is not None:
            raise Declined(f"Rows of {table.name} are missing, so nothing was restored.")


def _same(kept: list[tuple[Any, ...]], wanted: list[tuple[Any, ...]] | None) -> bool:
    return kept == wanted or kept == [tuple(_without_nul(value) for value in row) for row in wanted or ()]


def _without_nul(value: Any) -> Any:
    """A text as PostgreSQL keeps it."""
    return value.replace("\0", "\u2400") if isinstance(value, str) else value


@contextmanager
def _present(path: Path, scratch: Path) -> Generator[tuple[sqlite3.Connection, int]]:
    """A backup in the present schema, upgraded on a copy where it is older, and the version that it has itself."""
    with _checked(path) as (connection, version):
        if not schema.pending(version, schema.steps()):
            yield connection, version
            return
    copy = scratch / "upgraded.db"
    _copy_file(str(path), copy, untold)
    open_file(str(copy), upgrade=True).close()
    with read_only(str(copy)) as (connection, _):
        yield connection, version


@contextmanager
def _checked(path: Path) -> Generator[tuple[sqlite3.Connection, int]]:
    """A file that is whole, read-only. Raises Declined."""
    with read_only(str(path)) as (connection, version):
        damage = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if damage != "ok":
            raise Declined(f"{path} is damaged: {damage}.")
        yield connection, version


def _counts(connection: sqlite3.Connection, of: tuple[Table, ...]) -> dict[str, int]:
    return {each.name: connection.execute(f"SELECT count(*) FROM {each.name}").fetchone()[0] for each in of}
