"""The file of an SQLite store: opened, made when there is none, refused when it is not ours."""

import sqlite3
import time
from pathlib import Path
from typing import Any

from vestibule.scim.path import instant_of
from vestibule.store import SchemaMismatch, Unreachable

SCHEMA_VERSION = 2
_PATIENCE = 5.0
_SCHEMA = Path(__file__).with_name("schema.sql")


def open_file(path: str) -> sqlite3.Connection:
    """Open or make the database. Raises Unreachable, SchemaMismatch."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return _connect(path)
        except sqlite3.DatabaseError as error:
            # The step to WAL does not wait for another process that opens or closes the file, whatever the timeout.
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise Unreachable(f"The database {path} cannot be opened: {error}.") from error
            time.sleep(0.05)


def _connect(path: str) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, timeout=5, check_same_thread=False)
    try:
        db.row_factory = sqlite3.Row
        db.create_function("casefold", 1, _casefold, deterministic=True)
        db.create_function("instant", 1, _instant, deterministic=True)
        _prepare(db, path)
        # Only now, as the journal mode is written into the file: it is known to be ours.
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            db.execute(f"PRAGMA {pragma}")
    except BaseException:
        db.close()
        raise
    return db


def _instant(value: Any) -> Any:
    return instant_of(value) if isinstance(value, str) else None


def _casefold(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _prepare(db: sqlite3.Connection, path: str) -> None:
    """Make the tables of an empty database; refuse one that is not ours or of another version."""
    db.execute("BEGIN IMMEDIATE")
    try:
        tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not tables:
            if Path(path).is_file():
                # It will hold people's names and the hashes of tokens.
                Path(path).chmod(0o600)
            for statement in _SCHEMA.read_text().split(";\n"):
                db.execute(statement)
            db.execute("INSERT INTO schema_version VALUES (?)", (SCHEMA_VERSION,))
        elif "schema_version" not in tables:
            raise SchemaMismatch(f"{path} is a database of some other program; choose another file.")
        else:
            version = db.execute("SELECT version FROM schema_version").fetchone()[0]
            if version != SCHEMA_VERSION:
                raise SchemaMismatch(
                    f"{path} has schema version {version}, this Vestibule knows {SCHEMA_VERSION}: "
                    "use the version of Vestibule that made it, or another file."
                )
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
