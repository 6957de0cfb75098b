"""Proofs of e-mail addresses: what is known, what is waited for, and who is treated otherwise."""

from collections.abc import Callable
from typing import Any

import orjson

from vestibule.model import Audit, EmailException, EmailVerification, VerifiedEmail
from vestibule.scim.folding import fold
from vestibule.store.answers import NotFound
from vestibule.store.db import Db, Row
from vestibule.store.sql.log import insert_audit
from vestibule.store.sql.users import one as one_user

_COLUMNS = (
    "connection_id", "id", "browser_hash", "issuer", "subject", "address", "state", "created_at", "expires_at",
    "document", "code_hash", "code_expires_at", "tries", "sends", "sent_at", "user_id", "decided_at", "decided_by",
)  # fmt: skip
_VERIFICATION = ", ".join(_COLUMNS)
_PLACES = ", ".join(f"${number + 1}" for number in range(len(_COLUMNS)))
_SET = ", ".join(f"{name} = ${number + 1}" for number, name in enumerate(_COLUMNS) if number > 1)
_EXCEPTION = "connection_id, id, kind, subject_id, policy, until, reason, created_at"
KEPT = 90 * 86_400_000_000
"""How long, in microseconds, a verification is kept after its end, for whoever asks what became of it."""


async def verified(db: Db, connection_id: str, user_id: str) -> list[VerifiedEmail]:
    """The addresses that are known to be a user's."""
    rows = await db.rows(
        "SELECT connection_id, user_id, address_ci, verified_by, verified_at FROM verified_emails "
        "WHERE connection_id = $1 AND user_id = $2 ORDER BY verified_at, address_ci",
        connection_id, user_id,
    )  # fmt: skip
    return [VerifiedEmail(*row) for row in rows]


async def verify(db: Db, proof: VerifiedEmail) -> None:
    """Keep a proof; the first one for an address stays. Raises NotFound for the user."""
    await one_user(db, proof.connection_id, proof.user_id)
    await db.run(
        "INSERT INTO verified_emails (connection_id, user_id, address_ci, verified_by, verified_at) "
        "VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        proof.connection_id, proof.user_id, fold(proof.address), proof.by, proof.at,
    )  # fmt: skip


async def insert(db: Db, verification: EmailVerification) -> None:
    """Keep a sign-in that waits for a proof, and drop what was over long ago."""
    await db.run(
        "DELETE FROM email_verifications WHERE connection_id = $1 AND expires_at < $2",
        verification.connection_id, verification.created_at - KEPT,
    )  # fmt: skip
    await db.run(f"INSERT INTO email_verifications ({_VERIFICATION}) VALUES ({_PLACES})", *_values(verification))


def _values(each: EmailVerification) -> tuple[object, ...]:
    return (
        each.connection_id, each.id, each.browser_hash, each.issuer, each.subject, each.address, each.state,
        each.created_at, each.expires_at, orjson.dumps(each.document).decode(), each.code_hash, each.code_expires_at,
        each.tries, each.sends, each.sent_at, each.user_id, each.decided_at, each.decided_by,
    )  # fmt: skip


def _of(row: Row) -> EmailVerification:
    values: dict[str, Any] = dict(row)
    code_hash = values["code_hash"]
    values.update(
        browser_hash=bytes(row["browser_hash"]),
        document=orjson.loads(row["document"]),
        code_hash=None if code_hash is None else bytes(code_hash),
    )
    return EmailVerification(**values)


async def one(db: Db, connection_id: str, verification_id: str) -> EmailVerification:
    """One sign-in that waits, or waited. Raises NotFound."""
    row = await db.row(
        f"SELECT {_VERIFICATION} FROM email_verifications WHERE connection_id = $1 AND id = $2",
        connection_id, verification_id,
    )  # fmt: skip
    if row is None:
        raise NotFound("verification", verification_id)
    return _of(row)


async def latest(db: Db, connection_id: str, issuer: str, subject: str) -> EmailVerification:
    """The newest one of an identity. Raises NotFound."""
    row = await db.row(
        f"SELECT {_VERIFICATION} FROM email_verifications WHERE connection_id = $1 AND issuer = $2 AND subject = $3 "
        "ORDER BY id DESC LIMIT 1",
        connection_id, issuer, subject,
    )  # fmt: skip
    if row is None:
        raise NotFound("verification", subject)
    return _of(row)


async def every(db: Db, connection_id: str, state: str | None, limit: int) -> list[EmailVerification]:
    """Those of a connection, newest first."""
    rows = await db.rows(
        f"SELECT {_VERIFICATION} FROM email_verifications WHERE connection_id = $1 "
        "AND (CAST($2 AS TEXT) IS NULL OR state = $2) ORDER BY id DESC LIMIT $3",
        connection_id, state, limit,
    )  # fmt: skip
    return [_of(row) for row in rows]


async def change(
    db: Db,
    connection_id: str,
    verification_id: str,
    wanted: Callable[[EmailVerification], EmailVerification],
    entry: Audit | None,
) -> EmailVerification:
    """Apply a pure change. Raises NotFound and what the change raises."""
    changed = wanted(await one(db, connection_id, verification_id))
    await db.run(f"UPDATE email_verifications SET {_SET} WHERE connection_id = $1 AND id = $2", *_values(changed))
    if entry is not None:
        await insert_audit(db, entry)
    return changed


async def exceptions(db: Db, connection_id: str) -> list[EmailException]:
    """All exceptions of a connection in the order of making."""
    rows = await db.rows(
        f"SELECT {_EXCEPTION} FROM email_exceptions WHERE connection_id = $1 ORDER BY id", connection_id
    )
    return [EmailException(**dict(row)) for row in rows]


async def exceptions_for(db: Db, connection_id: str, user_id: str, at: int) -> list[EmailException]:
    """Those that hold for a user: their own first."""
    rows = await db.rows(
        f"SELECT {_EXCEPTION} FROM email_exceptions e WHERE connection_id = $1 AND (until IS NULL OR until > $3) "
        "AND ((kind = 'user' AND subject_id = $2) OR (kind = 'group' AND EXISTS (SELECT 1 FROM members m "
        "WHERE m.connection_id = $1 AND m.group_id = e.subject_id AND m.user_id = $2))) ORDER BY kind DESC, id",
        connection_id, user_id, at,
    )  # fmt: skip
    return [EmailException(**dict(row)) for row in rows]


async def insert_exception(db: Db, exception: EmailException, entry: Audit) -> None:
    """Keep an exception and the audit entry."""
    await db.run(
        f"INSERT INTO email_exceptions ({_EXCEPTION}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        exception.connection_id, exception.id, exception.kind, exception.subject_id, exception.policy,
        exception.until, exception.reason, exception.created_at,
    )  # fmt: skip
    await insert_audit(db, entry)


async def end_exception(db: Db, connection_id: str, exception_id: str, entry: Audit) -> EmailException:
    """Have an exception end now. Raises NotFound."""
    row = await db.row(
        f"UPDATE email_exceptions SET until = $3 WHERE connection_id = $1 AND id = $2 RETURNING {_EXCEPTION}",
        connection_id, exception_id, entry.at,
    )  # fmt: skip
    if row is None:
        raise NotFound("exception", exception_id)
    await insert_audit(db, entry)
    return EmailException(**dict(row))
