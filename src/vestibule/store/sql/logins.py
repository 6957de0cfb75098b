"""Logins on their way: begun ones, messages that may be used once, and what a sign-in brought."""

import orjson

from vestibule.model import LoginEvidence, PendingLogin
from vestibule.store.answers import NotFound
from vestibule.store.db import Db, Row

_PENDING = "connection_id, id, browser_hash, created_at, expires_at, document"
_EVIDENCE = "connection_id, id, kind, at, expires_at, document"


async def begin(db: Db, login: PendingLogin) -> None:
    """Keep a begun login, and drop what of this connection's is over."""
    for table in ("pending_logins", "seen_messages", "login_evidence"):
        await db.run(
            f"DELETE FROM {table} WHERE connection_id = $1 AND expires_at < $2", login.connection_id, login.created_at
        )
    await db.run(
        f"INSERT INTO pending_logins ({_PENDING}) VALUES ($1, $2, $3, $4, $5, $6)",
        login.connection_id, login.id, login.browser_hash, login.created_at, login.expires_at,
        orjson.dumps(login.document).decode(),
    )  # fmt: skip


async def one(db: Db, connection_id: str, login_id: str) -> PendingLogin:
    """A begun login. Raises NotFound."""
    row = await db.row(
        f"SELECT {_PENDING} FROM pending_logins WHERE connection_id = $1 AND id = $2", connection_id, login_id
    )
    return _login_of(row, login_id)


async def take(db: Db, connection_id: str, login_id: str, browser_hash: bytes) -> PendingLogin:
    """A login that this browser began, deleted as it is read. Raises NotFound."""
    row = await db.row(
        "DELETE FROM pending_logins WHERE connection_id = $1 AND id = $2 AND browser_hash = $3 "
        f"RETURNING {_PENDING}",
        connection_id, login_id, browser_hash,
    )  # fmt: skip
    return _login_of(row, login_id)


def _login_of(row: Row | None, login_id: str) -> PendingLogin:
    if row is None:
        raise NotFound("login", login_id)
    connection_id, id_, browser_hash, created_at, expires_at, document = row
    return PendingLogin(connection_id, id_, bytes(browser_hash), created_at, expires_at, orjson.loads(document))


async def use_once(db: Db, connection_id: str, message_id: str, expires_at: int) -> bool:
    """Whether a message is new."""
    written = await db.run(
        "INSERT INTO seen_messages (connection_id, id, expires_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        connection_id, message_id, expires_at,
    )  # fmt: skip
    return bool(written)


async def keep_evidence(db: Db, evidence: LoginEvidence) -> None:
    """Keep what a sign-in brought, in place of what has the same id."""
    await db.run(
        f"INSERT INTO login_evidence ({_EVIDENCE}) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (connection_id, id) "
        "DO UPDATE SET at = excluded.at, expires_at = excluded.expires_at, document = excluded.document",
        evidence.connection_id, evidence.id, evidence.kind, evidence.at, evidence.expires_at, evidence.document,
    )  # fmt: skip


async def evidence(db: Db, connection_id: str, evidence_id: str) -> LoginEvidence:
    """What a sign-in brought. Raises NotFound."""
    row = await db.row(
        f"SELECT {_EVIDENCE} FROM login_evidence WHERE connection_id = $1 AND id = $2", connection_id, evidence_id
    )
    if row is None:
        raise NotFound("evidence", evidence_id)
    return LoginEvidence(**dict(row))
