"""What waits for an administrator: conflicts between accounts, and requests that a guard holds."""

from typing import Any

import orjson

from vestibule.model import Audit, Conflict, Hold
from vestibule.store.answers import Decided, Decision, NotFound
from vestibule.store.db import Db, Row
from vestibule.store.sql.log import insert_audit

_CONFLICT = (
    "id, connection_id, attribute, value, user_id, other_id, incoming, state, requests, first_at, last_at, decided_at"
)
_HOLD = (
    "id, connection_id, guard, subject, subject_name, count, threshold, requests, state, first_at, last_at, "
    "decided_at, approved_until"
)


async def note_conflict(db: Db, conflict: Conflict) -> Conflict:
    """Keep a conflict, or count it once more when the same one is known; a decided one stays decided."""
    row = await db.row(
        f"INSERT INTO conflicts ({_CONFLICT}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) "
        "ON CONFLICT (connection_id, user_id, attribute, value, other_id) DO UPDATE "
        "SET requests = conflicts.requests + 1, last_at = excluded.last_at, incoming = excluded.incoming "
        f"RETURNING {_CONFLICT}",
        conflict.id, conflict.connection_id, conflict.attribute, conflict.value, conflict.user_id,
        conflict.other_id or "", orjson.dumps(conflict.incoming).decode(), conflict.state, conflict.requests,
        conflict.first_at, conflict.last_at, conflict.decided_at,
    )  # fmt: skip
    return _conflict_of(row)


async def conflicts(db: Db, connection_id: str, state: str | None) -> list[Conflict]:
    """The conflicts of a connection, newest first."""
    rows = await db.rows(
        f"SELECT {_CONFLICT} FROM conflicts WHERE connection_id = $1 "
        "AND (CAST($2 AS TEXT) IS NULL OR state = $2) ORDER BY last_at DESC, id DESC",
        connection_id, state,
    )  # fmt: skip
    return [_conflict_of(row) for row in rows]


async def decide_conflict(db: Db, connection_id: str, decision: Decision) -> Conflict:
    """Decide a conflict that is in the state that the decision is of. Raises NotFound, Decided."""
    key = (connection_id, decision.conflict_id)
    row = await db.row(
        "UPDATE conflicts SET state = $3, decided_at = $4 WHERE connection_id = $1 AND id = $2 AND state = $5 "
        f"RETURNING {_CONFLICT}",
        *key, decision.state, decision.audit.at, decision.was,
    )  # fmt: skip
    if row is None:
        present = await db.row("SELECT state FROM conflicts WHERE connection_id = $1 AND id = $2", *key)
        raise (
            NotFound("conflict", decision.conflict_id) if present is None else Decided(decision.conflict_id, present[0])
        )
    await insert_audit(db, decision.audit)
    return _conflict_of(row)


async def keep_along(db: Db, connection_id: str, along: Audit | Decision | None, *, changed: bool) -> None:
    """What is kept with a change: a decision in any case, an audit entry when something changed."""
    if isinstance(along, Decision):
        await decide_conflict(db, connection_id, along)
    elif along is not None and changed:
        await insert_audit(db, along)


def _conflict_of(row: Row) -> Conflict:
    values: dict[str, Any] = dict(row)
    values.update(other_id=row["other_id"] or None, incoming=orjson.loads(row["incoming"]))
    return Conflict(**values)


async def note_hold(db: Db, hold: Hold) -> Hold:
    """Keep a hold, or count a further request to the open one of the same guard and subject."""
    again = await db.row(
        "UPDATE holds SET requests = requests + 1, last_at = $1, count = $2, threshold = $3 "
        f"WHERE connection_id = $4 AND guard = $5 AND subject = $6 AND state = 'open' RETURNING {_HOLD}",
        hold.last_at, hold.count, hold.threshold, hold.connection_id, hold.guard, hold.subject,
    )  # fmt: skip
    if again is not None:
        return Hold(**dict(again))
    await db.run(
        f"INSERT INTO holds ({_HOLD}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        hold.id, hold.connection_id, hold.guard, hold.subject, hold.subject_name, hold.count, hold.threshold,
        hold.requests, hold.state, hold.first_at, hold.last_at, hold.decided_at, hold.approved_until,
    )  # fmt: skip
    return hold


async def holds(db: Db, connection_id: str) -> list[Hold]:
    """The holds of a connection, newest first."""
    rows = await db.rows(
        f"SELECT {_HOLD} FROM holds WHERE connection_id = $1 ORDER BY last_at DESC, id DESC", connection_id
    )
    return [Hold(**dict(row)) for row in rows]


async def decide_hold(db: Db, connection_id: str, hold_id: str, approved_until: int | None, entry: Audit) -> Hold:
    """Approve a hold until an instant, or refuse it (None), and keep the audit entry. Raises NotFound."""
    row = await db.row(
        "UPDATE holds SET state = $1, decided_at = $2, approved_until = $3 WHERE connection_id = $4 AND id = $5 "
        f"RETURNING {_HOLD}",
        "refused" if approved_until is None else "approved", entry.at, approved_until, connection_id, hold_id,
    )  # fmt: skip
    if row is None:
        raise NotFound("hold", hold_id)
    await insert_audit(db, entry)
    return Hold(**dict(row))


async def is_approved(db: Db, connection_id: str, guard: str, subject: str, at: int) -> bool:
    """Whether an administrator has let this through, at an instant."""
    row = await db.row(
        "SELECT 1 FROM holds WHERE connection_id = $1 AND guard = $2 AND subject = $3 AND state = 'approved' "
        "AND approved_until > $4",
        connection_id, guard, subject, at,
    )  # fmt: skip
    return row is not None
