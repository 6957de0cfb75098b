"""The engine's own file: links, escrows, fingerprints, memberships, the job, the last roll call.

SQLite in WAL mode; every change is committed before the next request goes out, so a killed run goes on
where it was.
"""

import json
import sqlite3
import sys
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, cast

from vestibule.entra.job import Execution, Job, Quarantine
from vestibule.entra.memory import (
    Change,
    Escrow,
    JobSaved,
    MembersChanged,
    Memory,
    Record,
    RecordForgotten,
    RecordSaved,
)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS record (source_id TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS member (group_id TEXT, user_id TEXT, PRIMARY KEY (group_id, user_id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS member_user ON member (user_id);
CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID;
"""


class InvalidState(Exception):
    """The state file cannot be used; `message` says which and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class State:
    """An open state file; without a path one without a name, which goes with the run."""

    def __init__(self, path: str | None) -> None:
        # SQLite opens a file of its own under the empty name. One engine at a time: a second one would send all twice.
        self._db = sqlite3.connect(path or "", isolation_level=None, timeout=1)
        try:
            self._claim()
            self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.executescript(_SCHEMA)
        except sqlite3.OperationalError as error:
            self._db.close()
            raise InvalidState(
                f"The state file {path} cannot be used ({error}). If another rehearsal is using it, let that one end."
            ) from error
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise InvalidState(
                f"{path} is not a state file of a rehearsal ({error}). Name another --state file."
            ) from error

    def _claim(self) -> None:
        """Nothing is written into a database that is somebody else's."""
        tables = {name for (name,) in self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if tables and "record" not in tables:
            raise sqlite3.DatabaseError(f"it holds the tables {', '.join(sorted(tables)[:5])}")

    @staticmethod
    def open(path: str | None) -> "State":
        """Open or make the file. Raises InvalidState."""
        if path is not None and not Path(path).resolve().parent.is_dir():
            raise InvalidState(f"The folder of the state file {path} does not exist. Make it first.")
        try:
            return State(path)
        except sqlite3.OperationalError as error:
            raise InvalidState(f"The state file {path} cannot be opened: {error}.") from error

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def memory(self, fresh: Job) -> Memory:
        """What was kept, or the memory of a job that never ran."""
        job = self.kept("job")
        memory = Memory(_job(job) if job else fresh)
        texts: dict[str, str] = {}
        for (document,) in self._db.execute("SELECT document FROM record"):
            record = _record(json.loads(document), texts)
            memory.apply(RecordSaved(record))
        ids: dict[str, str] = {each: each for each in memory.records}
        for group_id, user_id in self._db.execute("SELECT group_id, user_id FROM member"):
            memory.members.setdefault(group_id, set()).add(ids.get(user_id) or str(user_id))
        return memory

    def commit(self, change: Change) -> None:
        """Put one change on disk."""
        match change:
            case RecordSaved(record):
                self._put("INSERT OR REPLACE INTO record VALUES (?, ?)", record.source_id, _document(record))
            case JobSaved(job):
                self.keep("job", asdict(job))
            case RecordForgotten(source_id):
                self._db.execute("BEGIN")
                self._db.execute("DELETE FROM record WHERE source_id = ?", (source_id,))
                self._db.execute("DELETE FROM member WHERE group_id = ? OR user_id = ?", (source_id, source_id))
                self._db.execute("COMMIT")
            case MembersChanged(group_id, added, removed):
                self._db.execute("BEGIN")
                self._db.executemany("INSERT OR IGNORE INTO member VALUES (?, ?)", [(group_id, e) for e in added])
                self._db.executemany(
                    "DELETE FROM member WHERE group_id = ? AND user_id = ?", [(group_id, e) for e in removed]
                )
                self._db.execute("COMMIT")

    def keep(self, name: str, document: Mapping[str, Any]) -> None:
        """Keep one document under a name."""
        self._put("INSERT OR REPLACE INTO kept VALUES (?, ?)", name, document)

    def drop(self, name: str) -> None:
        """Keep a document no longer."""
        self._db.execute("DELETE FROM kept WHERE name = ?", (name,))

    def kept(self, name: str) -> dict[str, Any] | None:
        """The document under a name."""
        row = self._db.execute("SELECT document FROM kept WHERE name = ?", (name,)).fetchone()
        return cast("dict[str, Any]", json.loads(row[0])) if row else None

    def _put(self, statement: str, key: str, document: Mapping[str, Any]) -> None:
        self._db.execute(statement, (key, json.dumps(document, ensure_ascii=False)))


_FIELDS = tuple(each.name for each in fields(Record))
_ESCROWS = ("escrow", "reference_escrow")
_TEXTS = 10_000


def _document(record: Record) -> dict[str, Any]:
    """As `asdict`, but without a copy of what was exported: it is only written down."""
    document = {name: getattr(record, name) for name in _FIELDS}
    return document | {name: asdict(document[name]) for name in _ESCROWS if document[name]}


def _record(document: dict[str, Any], texts: dict[str, str]) -> Record:
    """A record; `texts` holds what was lately read, so that the many who share a department share its name, too."""
    if len(texts) > _TEXTS:
        texts.clear()
    shared: dict[str, Any] = {name: _once(value, texts) for name, value in document.items()}
    shared["exported"] = {sys.intern(path): _once(value, texts) for path, value in document["exported"].items()}
    for name in _ESCROWS:
        shared[name] = Escrow(**document[name]) if document[name] else None
    return Record(**shared)


def _once(value: Any, texts: dict[str, str]) -> Any:
    return texts.setdefault(value, value) if isinstance(value, str) else value


def _job(document: dict[str, Any]) -> Job:
    for name in ("last", "last_success", "last_exports"):
        document[name] = Execution(**document[name]) if document[name] else None
    document["quarantine"] = Quarantine(**document["quarantine"]) if document["quarantine"] else None
    return Job(**document)
