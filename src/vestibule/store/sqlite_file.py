"""The file of an SQLite store: opened, made when there is none, upgraded when asked, refused when it is not ours."""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from vestibule.store import schema
from vestibule.store.answers import SchemaMismatch, Unreachable

T = TypeVar("T")
_PATIENCE = 5.0
_PAGE = 8_192
"""Bytes of a page. A row of the log is some 2 kB: of pages of 4 kB every second half would be empty."""


def open_file(path: str, *, upgrade: bool = False, migrations: Path = schema.MIGRATIONS) -> sqlite3.Connection:
    """Open or make the database; bring it up to date if `upgrade`. Raises Unreachable, SchemaMismatch."""
    return _patiently(path, lambda: _connect(path, migrations, upgrade=upgrade))


def open_again(path: str) -> sqlite3.Connection:
    """A second connection to a database that was opened already, for reading."""
    return _patiently(path, lambda: _plain(path))


def _patiently(path: str, connect: Callable[[], T]) -> T:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return connect()
        except sqlite3.DatabaseError as error:
            # The step to WAL does not wait for another process that opens or closes the file, whatever the timeout.
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise Unreachable(f"The database {path} cannot be opened: {error}.") from error
            time.sleep(0.05)


def _plain(path: str) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, timeout=5, check_same_thread=False, cached_statements=512)
    db.row_factory = sqlite3.Row
    return db


def _connect(path: str, migrations: Path, *, upgrade: bool) -> sqlite3.Connection:
    db = _plain(path)
    try:
        # Heeded where the file is made; one that is there keeps what it has.
        db.execute(f"PRAGMA page_size = {_PAGE}")
        _prepare(db, path, migrations, upgrade=upgrade)
        # Only now, as the journal mode is written into the file: it is known to be ours.
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            db.execute(f"PRAGMA {pragma}")
    except BaseException:
        db.close()
        raise
    return db


def version_of(db: sqlite3.Connection, path: str) -> int | None:
    """The schema version of a database, None for an empty one. Raises SchemaMismatch for one that is not ours."""
    tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables:
        return None
    if "schema_version" not in tables:
        raise SchemaMismatch(f"{path} is a database of some other program; choose another file.")
    return db.execute("SELECT version FROM schema_version").fetchone()[0]


def _prepare(db: sqlite3.Connection, path: str, migrations: Path, *, upgrade: bool) -> None:
    """Make the tables of an empty database, or upgrade an older one; refuse what cannot be worked with."""
    known = schema.steps(migrations)
    db.execute("BEGIN IMMEDIATE")
    try:
        present = version_of(db, path)
        todo = schema.pending(present, known)
        if present is None:
            if Path(path).is_file():
                # It will hold people's names and the hashes of tokens.
                Path(path).chmod(0o600)
            db.execute(schema.VERSION_TABLE)
            db.execute("INSERT INTO schema_version VALUES (0)")
        elif todo and not upgrade:
            raise schema.not_upgraded(present, known[-1].version)
        for step in todo:
            for statement in step.statements:
                db.execute(statement)
            db.execute("UPDATE schema_version SET version = ?", (step.version,))
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
