"""Setup tickets of connections."""

from collections.abc import Callable
from typing import Final

from vestibule.model import Audit
from vestibule.store.answers import NotFound
from vestibule.store.db import Db
from vestibule.store.sql.log import insert_audit
from vestibule.store.sql.rows import prefixed
from vestibule.store.tickets import Ticket, TicketChange

_TICKET: Final = (
    "connection_id, id, label, mail, created_at, expires_at, revoked_at, opened_at, last_opened_at, opens"
)  # fmt: skip
NOTE_OPEN: Final = (
    "UPDATE tickets SET opens = opens + 1, opened_at = coalesce(opened_at, $3), last_opened_at = CASE WHEN "
    "coalesce(last_opened_at, 0) < $3 THEN $3 ELSE last_opened_at END WHERE connection_id = $1 AND id = $2"
)
"""Counts that a ticket's page was shown: connection, ticket, instant."""


async def insert(db: Db, ticket: Ticket, secret_hash: bytes, entry: Audit) -> None:
    """Keep a ticket and the audit entry. Raises NotFound for the connection."""
    if await db.row("SELECT 1 FROM connections WHERE id = $1", ticket.connection_id) is None:
        raise NotFound("connection", ticket.connection_id)
    await db.run(
        f"INSERT INTO tickets ({_TICKET}, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        ticket.connection_id, ticket.id, ticket.label, ticket.mail, ticket.created_at, ticket.expires_at,
        ticket.revoked_at, ticket.opened_at, ticket.last_opened_at, ticket.opens, secret_hash,
    )  # fmt: skip
    await insert_audit(db, entry)


async def find(db: Db, ticket_id: str) -> Ticket:
    """A ticket by its id alone: looked for in each connection, by its key there."""
    row = await db.row(
        f"SELECT {prefixed('t', _TICKET)} FROM connections c JOIN tickets t ON t.connection_id = c.id AND t.id = $1",
        ticket_id,
    )
    if row is None:
        raise NotFound("ticket", ticket_id)
    return Ticket(**dict(row))


async def behind(db: Db, connection_id: str, secret_hash: bytes) -> Ticket:
    """A ticket by the hash of its secret."""
    row = await db.row(
        f"SELECT {_TICKET} FROM tickets WHERE connection_id = $1 AND hash = $2", connection_id, secret_hash
    )
    if row is None:
        raise NotFound("ticket", "")
    return Ticket(**dict(row))


async def of(db: Db, connection_id: str | None) -> list[Ticket]:
    """The tickets of a connection, or of all, in the order of making."""
    rows = await db.rows(
        f"SELECT {_TICKET} FROM tickets WHERE CAST($1 AS TEXT) IS NULL OR connection_id = $1 ORDER BY id",
        connection_id,
    )
    return [Ticket(**dict(row)) for row in rows]


async def change(db: Db, connection_id: str, ticket_id: str, wanted: Callable[[Ticket], TicketChange]) -> Ticket:
    """Apply a pure change to when a ticket ends, and keep the audit."""
    row = await db.row(f"SELECT {_TICKET} FROM tickets WHERE connection_id = $1 AND id = $2", connection_id, ticket_id)
    if row is None:
        raise NotFound("ticket", ticket_id)
    changed = wanted(Ticket(**dict(row)))
    await db.run(
        "UPDATE tickets SET expires_at = $3, revoked_at = $4 WHERE connection_id = $1 AND id = $2",
        connection_id, ticket_id, changed.ticket.expires_at, changed.ticket.revoked_at,
    )  # fmt: skip
    for entry in changed.audit:
        await insert_audit(db, entry)
    return changed.ticket
