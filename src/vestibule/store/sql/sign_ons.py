"""How connections sign people in, and the key pairs that they do it with."""

from collections.abc import Callable, Mapping

from vestibule.model import Audit, SignOnRow, SpKey
from vestibule.store.answers import NotFound, Taken
from vestibule.store.db import Db, Row
from vestibule.store.sql import sessions
from vestibule.store.sql.enterprises import one_connection
from vestibule.store.sql.log import insert_audit

_SIGN_ON = "connection_id, settings, enabled"
_KEY = "connection_id, id, state, certificate, private_key, created_at, not_after"


async def one(db: Db, connection_id: str) -> SignOnRow:
    """How a connection signs people in. Raises NotFound."""
    row = await db.row(f"SELECT {_SIGN_ON} FROM sign_ons WHERE connection_id = $1", connection_id)
    if row is None:
        raise NotFound("sign-on", connection_id)
    return _sign_on_of(row)


async def every(db: Db) -> list[SignOnRow]:
    """Those of all connections."""
    return [_sign_on_of(row) for row in await db.rows(f"SELECT {_SIGN_ON} FROM sign_ons ORDER BY connection_id")]


async def change(
    db: Db, connection_id: str, wanted: Callable[[SignOnRow | None], SignOnRow], entry: Audit | None
) -> SignOnRow:
    """Apply a pure change to the present row, or to None."""
    await one_connection(db, connection_id)
    row = await db.row(f"SELECT {_SIGN_ON} FROM sign_ons WHERE connection_id = $1", connection_id)
    present = None if row is None else _sign_on_of(row)
    changed = wanted(present)
    await db.run(
        f"INSERT INTO sign_ons ({_SIGN_ON}) VALUES ($1, $2, $3) ON CONFLICT (connection_id) "
        "DO UPDATE SET settings = excluded.settings, enabled = excluded.enabled",
        connection_id, changed.settings, int(changed.enabled),
    )  # fmt: skip
    if entry is not None:
        await insert_audit(db, entry)
        if present is not None and present.enabled and not changed.enabled:
            await sessions.end_of(db, connection_id, entry.at, "connection_disabled")
    return changed


def _sign_on_of(row: Row) -> SignOnRow:
    return SignOnRow(row["connection_id"], row["settings"], bool(row["enabled"]))


async def keys(db: Db, connection_id: str) -> list[SpKey]:
    """The key pairs of a connection in the order of making."""
    rows = await db.rows(f"SELECT {_KEY} FROM sp_keys WHERE connection_id = $1 ORDER BY id", connection_id)
    return [SpKey(**dict(row)) for row in rows]


async def insert_key(db: Db, key: SpKey, entry: Audit | None) -> None:
    """Keep a key pair. Raises Taken when there is a current one already."""
    await one_connection(db, key.connection_id)
    if key.state == "current":
        row = await db.row("SELECT id FROM sp_keys WHERE connection_id = $1 AND state = 'current'", key.connection_id)
        if row is not None:
            raise Taken("state", "current", row["id"])
    await db.run(
        f"INSERT INTO sp_keys ({_KEY}) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        key.connection_id, key.id, key.state, key.certificate, key.private_key, key.created_at, key.not_after,
    )  # fmt: skip
    if entry is not None:
        await insert_audit(db, entry)


async def set_key_states(db: Db, connection_id: str, states: Mapping[str, str], entry: Audit) -> None:
    """Give key pairs new states; the one that ceases to be current goes before the one that becomes it."""
    for key_id, state in sorted(states.items(), key=lambda item: item[1] == "current"):
        sql = (
            "DELETE FROM sp_keys WHERE connection_id = $1 AND id = $2 AND CAST($3 AS TEXT) = 'gone'"
            if state == "gone"
            else "UPDATE sp_keys SET state = $3 WHERE connection_id = $1 AND id = $2"
        )
        if not await db.run(sql, connection_id, key_id, state):
            raise NotFound("key", key_id)
    await insert_audit(db, entry)
