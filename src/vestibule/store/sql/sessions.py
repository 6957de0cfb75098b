"""Signed-in sessions, with what decides whether they may go on."""

from collections.abc import Collection
from typing import Any

import orjson

from vestibule.model import Audit, SignedInSession
from vestibule.store.answers import NotFound, SessionState
from vestibule.store.db import Db, Row
from vestibule.store.sql.log import insert_audit
from vestibule.store.sql.rows import prefixed

_SESSION = "connection_id, id, secret_hash, user_id, identity_id, created_at, expires_at, document, ended_at, ended_by"
_STATE = (
    f"SELECT {prefixed('s', _SESSION)}, u.active, u.user_name, o.enabled FROM sessions s "
    "LEFT JOIN users u ON u.connection_id = s.connection_id AND u.id = s.user_id "
    "LEFT JOIN sign_ons o ON o.connection_id = s.connection_id WHERE s.connection_id = $1"
)
KEPT = 30 * 86_400_000_000
"""How long, in microseconds, a session is listed after its end."""


async def insert(db: Db, session: SignedInSession) -> None:
    """Keep a session, and drop those that were over long ago."""
    await db.run(
        "DELETE FROM sessions WHERE connection_id = $1 AND expires_at < $2",
        session.connection_id, session.created_at - KEPT,
    )  # fmt: skip
    await db.run(
        f"INSERT INTO sessions ({_SESSION}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        session.connection_id, session.id, session.secret_hash, session.user_id, session.identity_id,
        session.created_at, session.expires_at, orjson.dumps(session.document).decode(), session.ended_at,
        session.ended_by,
    )  # fmt: skip


async def one(db: Db, connection_id: str, session_id: str) -> SessionState:
    """A session and its state. Raises NotFound."""
    row = await db.row(f"{_STATE} AND s.id = $2", connection_id, session_id)
    if row is None:
        raise NotFound("session", session_id)
    return _state_of(row)


async def every(db: Db, connection_id: str, user_id: str | None, limit: int) -> list[SessionState]:
    """The sessions of a user, or of a connection, newest first."""
    rows = await db.rows(
        f"{_STATE} AND (CAST($2 AS TEXT) IS NULL OR s.user_id = $2) ORDER BY s.id DESC LIMIT $3",
        connection_id, user_id, limit,
    )  # fmt: skip
    return [_state_of(row) for row in rows]


def _state_of(row: Row) -> SessionState:
    session = SignedInSession(
        row[0], row[1], bytes(row[2]), row[3], row[4], row[5], row[6], orjson.loads(row[7]), row[8], row[9]
    )
    active, user_name, enabled = row[10], row[11], row[12]
    person = "gone" if active is None else "active" if active else "deactivated"
    return SessionState(session, person, user_name or "", bool(enabled))


async def end(
    db: Db,
    connection_id: str,
    at: int,
    by: str,
    whose: dict[str, str | None],
    name: tuple[str, Collection[str]] | None,
    entry: Audit | None,
) -> list[str]:
    """End the open sessions that fit; returns their ids in order."""
    values: list[Any] = [connection_id, at]
    narrowed = ""
    for column, value in whose.items():
        if value is not None:
            values.append(value)
            narrowed += f" AND {column} = ${len(values)}"
    rows = await db.rows(
        "SELECT id, document FROM sessions WHERE connection_id = $1 AND ended_at IS NULL AND expires_at > $2"
        f"{narrowed} ORDER BY id",
        *values,
    )
    meant = [row["id"] for row in rows if name is None or _is_named(orjson.loads(row["document"]), *name)]
    if meant:
        await db.run(
            "UPDATE sessions SET ended_at = $2, ended_by = $3 "
            "WHERE connection_id = $1 AND id IN (SELECT value FROM EACH($4))",
            connection_id, at, by, orjson.dumps(meant).decode(),
        )  # fmt: skip
    if entry is not None:
        await insert_audit(db, entry)
    return meant


async def end_of(db: Db, connection_id: str, at: int, by: str, user_id: str | None = None) -> None:
    """End all open sessions of a connection, or of a user, so that they stay ended when what ended them is undone."""
    await db.run(
        "UPDATE sessions SET ended_at = $2, ended_by = $3 WHERE connection_id = $1 AND ended_at IS NULL "
        "AND (CAST($4 AS TEXT) IS NULL OR user_id = $4)",
        connection_id, at, by, user_id,
    )  # fmt: skip


def _is_named(document: dict[str, Any], name_id: str, indexes: Collection[str]) -> bool:
    return document.get("name_id") == name_id and (not indexes or document.get("session_index") in indexes)
