"""What waits for an administrator: conflicts between accounts, and requests that a guard holds."""

import sqlite3
from typing import Any

import orjson

from vestibule.model import Audit, Conflict, Hold
from vestibule.store import NotFound
from vestibule.store.sqlite_log import insert_audit

_CONFLICT = (
    "id, connection_id, attribute, value, user_id, other_id, incoming, state, requests, first_at, last_at, decided_at"
)
_HOLD = (
    "id, connection_id, guard, subject, subject_name, count, threshold, requests, state, first_at, last_at, "
    "decided_at, approved_until"
)


def note_conflict(db: sqlite3.Connection, conflict: Conflict) -> Conflict:
    """Keep a conflict, or count it once more when the same one is known; a decided one stays decided."""
    db.execute(
        f"INSERT INTO conflicts ({_CONFLICT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (connection_id, user_id, attribute, value, other_id) DO UPDATE SET requests = requests + 1, "
        "last_at = excluded.last_at, incoming = excluded.incoming",
        (
            conflict.id, conflict.connection_id, conflict.attribute, conflict.value, conflict.user_id,
            conflict.other_id or "", orjson.dumps(conflict.incoming).decode(), conflict.state, conflict.requests,
            conflict.first_at, conflict.last_at, conflict.decided_at,
        ),
    )  # fmt: skip
    row = db.execute(
        f"SELECT {_CONFLICT} FROM conflicts WHERE connection_id = ? AND user_id = ? AND attribute = ? AND value = ? "
        "AND other_id = ?",
        (conflict.connection_id, conflict.user_id, conflict.attribute, conflict.value, conflict.other_id or ""),
    ).fetchone()
    return _conflict_of(row)


def conflicts(db: sqlite3.Connection, connection_id: str, state: str | None) -> list[Conflict]:
    """The conflicts of a connection, newest first."""
    rows = db.execute(
        f"SELECT {_CONFLICT} FROM conflicts WHERE connection_id = ? AND (? IS NULL OR state = ?) "
        "ORDER BY last_at DESC, id DESC",
        (connection_id, state, state),
    )
    return [_conflict_of(row) for row in rows]


def decide_conflict(db: sqlite3.Connection, connection_id: str, conflict_id: str, state: str, entry: Audit) -> Conflict:
    """Link or dismiss a conflict and keep the audit entry. Raises NotFound."""
    db.execute(
        "UPDATE conflicts SET state = ?, decided_at = ? WHERE connection_id = ? AND id = ?",
        (state, entry.at, connection_id, conflict_id),
    )
    row = db.execute(
        f"SELECT {_CONFLICT} FROM conflicts WHERE connection_id = ? AND id = ?", (connection_id, conflict_id)
    ).fetchone()
    if row is None:
        raise NotFound("conflict", conflict_id)
    insert_audit(db, entry)
    return _conflict_of(row)


def _conflict_of(row: sqlite3.Row) -> Conflict:
    values: dict[str, Any] = dict(row)
    values.update(other_id=row["other_id"] or None, incoming=orjson.loads(row["incoming"]))
    return Conflict(**values)


def note_hold(db: sqlite3.Connection, hold: Hold) -> Hold:
    """Keep a hold, or count a further request to the open one of the same guard and subject."""
    present = db.execute(
        f"SELECT {_HOLD} FROM holds WHERE connection_id = ? AND guard = ? AND subject = ? AND state = 'open'",
        (hold.connection_id, hold.guard, hold.subject),
    ).fetchone()
    if present is None:
        db.execute(
            f"INSERT INTO holds ({_HOLD}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                hold.id, hold.connection_id, hold.guard, hold.subject, hold.subject_name, hold.count, hold.threshold,
                hold.requests, hold.state, hold.first_at, hold.last_at, hold.decided_at, hold.approved_until,
            ),
        )  # fmt: skip
        return hold
    db.execute(
        "UPDATE holds SET requests = requests + 1, last_at = ?, count = ?, threshold = ? "
        "WHERE connection_id = ? AND id = ?",
        (hold.last_at, hold.count, hold.threshold, hold.connection_id, present["id"]),
    )
    return one_hold(db, hold.connection_id, present["id"])


def one_hold(db: sqlite3.Connection, connection_id: str, hold_id: str) -> Hold:
    """One hold. Raises NotFound."""
    row = db.execute(
        f"SELECT {_HOLD} FROM holds WHERE connection_id = ? AND id = ?", (connection_id, hold_id)
    ).fetchone()
    if row is None:
        raise NotFound("hold", hold_id)
    return Hold(**dict(row))


def holds(db: sqlite3.Connection, connection_id: str) -> list[Hold]:
    """The holds of a connection, newest first."""
    rows = db.execute(
        f"SELECT {_HOLD} FROM holds WHERE connection_id = ? ORDER BY last_at DESC, id DESC", (connection_id,)
    )
    return [Hold(**dict(row)) for row in rows]


def decide_hold(
    db: sqlite3.Connection, connection_id: str, hold_id: str, approved_until: int | None, entry: Audit
) -> Hold:
    """Approve a hold until an instant, or refuse it (None), and keep the audit entry. Raises NotFound."""
    db.execute(
        "UPDATE holds SET state = ?, decided_at = ?, approved_until = ? WHERE connection_id = ? AND id = ?",
        ("refused" if approved_until is None else "approved", entry.at, approved_until, connection_id, hold_id),
    )
    decided = one_hold(db, connection_id, hold_id)
    insert_audit(db, entry)
    return decided


def is_approved(db: sqlite3.Connection, connection_id: str, guard: str, subject: str, at: int) -> bool:
    """Whether an administrator has let this through, at an instant."""
    row = db.execute(
        "SELECT 1 FROM holds WHERE connection_id = ? AND guard = ? AND subject = ? AND state = 'approved' "
        "AND approved_until > ?",
        (connection_id, guard, subject, at),
    ).fetchone()
    return row is not None
