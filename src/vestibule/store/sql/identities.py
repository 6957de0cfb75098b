"""Who signs in: identities, and the groups of a person as a sign-in sees them."""

from collections.abc import Collection

import orjson

from vestibule.model import Audit, Group, Identity
from vestibule.scim.folding import fold
from vestibule.store.answers import HeldMembership, NotFound, Taken
from vestibule.store.db import Db
from vestibule.store.sql.log import insert_audit
from vestibule.store.sql.rows import GROUP, group_of
from vestibule.store.sql.users import one as one_user

_IDENTITY = "connection_id, id, issuer, subject, user_id, created_at, last_login_at"

NOTE_SIGN_IN = "UPDATE identities SET last_login_at = $3 WHERE connection_id = $1 AND id = $2 AND last_login_at < $3"
"""Notes when an identity signed in last: connection, identity, instant."""


async def by_key(db: Db, connection_id: str, issuer: str, subject: str) -> Identity:
    """The identity with this issuer and subject. Raises NotFound."""
    row = await db.row(
        f"SELECT {_IDENTITY} FROM identities WHERE connection_id = $1 AND issuer = $2 AND subject = $3",
        connection_id, issuer, subject,
    )  # fmt: skip
    if row is None:
        raise NotFound("identity", subject)
    return Identity(**dict(row))


async def of(db: Db, connection_id: str, user_id: str | None, limit: int) -> list[Identity]:
    """The identities of a user, or of a connection, newest first."""
    rows = await db.rows(
        f"SELECT {_IDENTITY} FROM identities WHERE connection_id = $1 "
        "AND (CAST($2 AS TEXT) IS NULL OR user_id = $2) ORDER BY id DESC LIMIT $3",
        connection_id, user_id, limit,
    )  # fmt: skip
    return [Identity(**dict(row)) for row in rows]


async def link(db: Db, identity: Identity, entry: Audit) -> None:
    """Keep a new identity. Raises Taken, NotFound for the user."""
    await one_user(db, identity.connection_id, identity.user_id)
    row = await db.row(
        "SELECT id FROM identities WHERE connection_id = $1 AND issuer = $2 AND subject = $3",
        identity.connection_id, identity.issuer, identity.subject,
    )  # fmt: skip
    if row is not None:
        raise Taken("subject", identity.subject, row["id"])
    await db.run(
        f"INSERT INTO identities ({_IDENTITY}) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        identity.connection_id, identity.id, identity.issuer, identity.subject, identity.user_id,
        identity.created_at, identity.last_login_at,
    )  # fmt: skip
    await insert_audit(db, entry)


async def unlink(db: Db, connection_id: str, identity_id: str, entry: Audit) -> Identity:
    """Forget an identity and end its sessions. Raises NotFound."""
    row = await db.row(
        f"DELETE FROM identities WHERE connection_id = $1 AND id = $2 RETURNING {_IDENTITY}", connection_id, identity_id
    )
    if row is None:
        raise NotFound("identity", identity_id)
    await db.run(
        "UPDATE sessions SET ended_at = $3, ended_by = 'admin' "
        "WHERE connection_id = $1 AND identity_id = $2 AND ended_at IS NULL",
        connection_id, identity_id, entry.at,
    )  # fmt: skip
    await insert_audit(db, entry)
    return Identity(**dict(row))


async def has_departed(db: Db, connection_id: str, user_name: str, external_id: str | None) -> bool:
    """Whether somebody with one of these names was deleted and not merged."""
    row = await db.row(
        "SELECT 1 FROM deleted_users WHERE connection_id = $1 AND merged_into IS NULL "
        "AND (user_name_ci = $2 OR external_id = $3) LIMIT 1",
        connection_id, fold(user_name), external_id,
    )  # fmt: skip
    return row is not None


async def groups_claimed(db: Db, connection_id: str, values: Collection[str]) -> list[Group]:
    """The groups with one of these as externalId or displayName, in the order of ids."""
    exact = orjson.dumps(sorted(values)).decode()
    folded = orjson.dumps(sorted({fold(value) for value in values})).decode()
    rows = [
        *await db.rows(
            f"SELECT {GROUP} FROM groups WHERE connection_id = $1 "
            "AND external_id IN (SELECT value FROM EACH($2))", connection_id, exact,
        ),
        *await db.rows(
            f"SELECT {GROUP} FROM groups WHERE connection_id = $1 "
            "AND display_name_ci IN (SELECT value FROM EACH($2))", connection_id, folded,
        ),
    ]  # fmt: skip
    found = {row["id"]: group_of(row) for row in rows}
    return [found[group_id] for group_id in sorted(found)]


async def memberships_of(db: Db, connection_id: str, user_id: str) -> list[HeldMembership]:
    """The groups that a user is in, in the order of ids."""
    rows = await db.rows(
        "SELECT g.id, g.display_name, g.external_id, m.origin, m.claimed FROM members m "
        "JOIN groups g ON g.connection_id = m.connection_id AND g.id = m.group_id "
        "WHERE m.connection_id = $1 AND m.user_id = $2 ORDER BY g.id",
        connection_id, user_id,
    )  # fmt: skip
    return [HeldMembership(row[0], row[1], row[2], row[3], bool(row[4])) for row in rows]
