"""Enterprises, their connections, and this installation's own keys: the small tables that all share."""

from collections.abc import Callable
from dataclasses import replace

from vestibule.model import Audit, Connection, Enterprise
from vestibule.store.answers import NotFound
from vestibule.store.db import Db
from vestibule.store.sql.log import insert_audit
from vestibule.store.sql.rows import CONNECTION, ENTERPRISE, connection_of, enterprise_of


async def insert(db: Db, enterprise: Enterprise) -> None:
    """Keep a new enterprise."""
    await db.run(
        f"INSERT INTO enterprises ({ENTERPRISE}) VALUES ($1, $2, $3)",
        enterprise.id, enterprise.name, enterprise.created_at,
    )  # fmt: skip


async def one(db: Db, enterprise_id: str) -> Enterprise:
    """One enterprise. Raises NotFound."""
    row = await db.row(f"SELECT {ENTERPRISE} FROM enterprises WHERE id = $1", enterprise_id)
    if row is None:
        raise NotFound("enterprise", enterprise_id)
    return enterprise_of(row)


async def every(db: Db) -> list[Enterprise]:
    """All enterprises in the order of making."""
    return [enterprise_of(row) for row in await db.rows(f"SELECT {ENTERPRISE} FROM enterprises ORDER BY id")]


async def insert_connection(db: Db, connection: Connection) -> None:
    """Keep a new connection with its counters. Raises NotFound for the enterprise."""
    await one(db, connection.enterprise_id)
    await db.run(
        f"INSERT INTO connections ({CONNECTION}) VALUES ($1, $2, $3, $4, $5)",
        connection.id, connection.enterprise_id, connection.idp, connection.created_at, connection.settings,
    )  # fmt: skip
    await db.run("INSERT INTO counters (connection_id) VALUES ($1)", connection.id)


async def one_connection(db: Db, connection_id: str) -> Connection:
    """One connection. Raises NotFound."""
    row = await db.row(f"SELECT {CONNECTION} FROM connections WHERE id = $1", connection_id)
    if row is None:
        raise NotFound("connection", connection_id)
    return connection_of(row)


async def connections_of(db: Db, enterprise_id: str | None) -> list[Connection]:
    """The connections of an enterprise, or all, in the order of making."""
    rows = await db.rows(
        f"SELECT {CONNECTION} FROM connections WHERE CAST($1 AS TEXT) IS NULL OR enterprise_id = $1 ORDER BY id",
        enterprise_id,
    )
    return [connection_of(row) for row in rows]


async def change_settings(db: Db, connection_id: str, change: Callable[[str], str], entry: Audit) -> Connection:
    """Apply a pure change to a connection's settings and keep the audit entry."""
    present = await one_connection(db, connection_id)
    changed = replace(present, settings=change(present.settings))
    await db.run("UPDATE connections SET settings = $1 WHERE id = $2", changed.settings, connection_id)
    await insert_audit(db, entry)
    return changed


async def key(db: Db, name: str) -> bytes | None:
    """A key of this installation's."""
    row = await db.row("SELECT secret FROM keys WHERE name = $1", name)
    return None if row is None else bytes(row[0])


async def insert_key(db: Db, name: str, secret: bytes) -> None:
    """Keep a key, unless another process was faster."""
    await db.run("INSERT INTO keys (name, secret) VALUES ($1, $2) ON CONFLICT DO NOTHING", name, secret)
