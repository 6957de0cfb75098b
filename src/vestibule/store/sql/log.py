"""The provisioning log and the audit."""

import heapq
from typing import Any, Final

import orjson

from vestibule import ids
from vestibule.model import Audit, Exchange
from vestibule.outcome import Outcome
from vestibule.scim.folding import fold
from vestibule.store.answers import ExchangeQuery, NotFound
from vestibule.store.db import Db
from vestibule.store.sql.rows import AUDIT, EXCHANGE, audit_of, exchange_of, prefixed

INSERT_EXCHANGE = (
    f"INSERT INTO exchanges ({EXCHANGE}, target_ci, outcome) VALUES ("
    + ", ".join(f"${number}" for number in range(1, 20))
    + ") ON CONFLICT DO NOTHING"
)
"""Keeps an exchange: `rows.exchange_values` are its values."""
CLOCKS_DIFFER: Final = 600_000_000
"""By how many microseconds an id may tell another time than the exchange."""
_REFUSED: Final[tuple[Outcome, ...]] = ("blocked", "failed", "held")
"""The outcomes that a status from 400 on may have."""


async def one_exchange(db: Db, request_id: str) -> Exchange:
    """One exchange by its id alone: looked for in each connection, by its key there."""
    row = await db.row(
        f"SELECT {prefixed('e', EXCHANGE)} FROM connections c JOIN exchanges e ON e.connection_id = c.id AND e.id = $1",
        request_id,
    )
    if row is None:
        raise NotFound("request", request_id)
    return exchange_of(row)


async def exchanges(db: Db, connection_id: str, query: ExchangeQuery) -> list[Exchange]:
    """What the query asks for."""
    if query.outcome is not None or not query.refused or query.target is not None:
        return await _of_outcome(db, connection_id, query, query.outcome)
    # Of each outcome in its own order, as an index gives it, however many there are.
    found = [await _of_outcome(db, connection_id, query, each) for each in _REFUSED]
    newest_first = query.after_id is None
    return list(heapq.merge(*found, key=lambda each: each.id, reverse=newest_first))[: query.limit]


async def _of_outcome(db: Db, connection_id: str, query: ExchangeQuery, outcome: Outcome | None) -> list[Exchange]:
    narrowed, values = "", list[Any]([connection_id, query.limit])
    for condition, value in (
        ("at >= {}", query.since),
        ("id >= {}", None if query.since is None else ids.first_id("req", query.since - CLOCKS_DIFFER)),
        ("at < {}", query.before),
        ("id < {}", None if query.before is None else ids.first_id("req", query.before + CLOCKS_DIFFER)),
        ("status >= {}", 400 if query.refused else None),
        ("resource_type = {}", query.resource_type),
        ("target_ci = {}", None if query.target is None else fold(query.target)),
        ("token_id = {}", query.token_id),
        # Of one name there are fewer entries than of one outcome, so the index by outcome must not be taken for it.
        ("outcome = {}" if query.target is None else "outcome || '' = {}", outcome),
        ("id > {}", query.after_id),
    ):
        if value is not None:
            values.append(value)
            narrowed += f" AND {condition.format(f'${len(values)}')}"
    # To the letter, as the indexes have it.
    narrowed += " AND outcome <> 'done'" if outcome not in (None, "done") else ""
    narrowed += {
        None: "",
        True: " AND resource_type = 'SignIn'",
        False: " AND (resource_type IS NULL OR resource_type NOT IN ('SignIn', 'Ticket'))",
    }[query.sign_ins]
    order = "ASC" if query.after_id is not None else "DESC"
    rows = await db.rows(
        f"SELECT {EXCHANGE} FROM exchanges WHERE connection_id = $1{narrowed} ORDER BY id {order} LIMIT $2", *values
    )
    return [exchange_of(row) for row in rows]


async def insert_audit(db: Db, entry: Audit) -> None:
    """Keep an audit entry."""
    await db.run(
        f"INSERT INTO audit ({AUDIT}) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        entry.id, entry.connection_id, entry.at, entry.actor, entry.action, entry.target,
        orjson.dumps(entry.detail).decode(),
    )  # fmt: skip


async def audit(db: Db, connection_id: str, limit: int) -> list[Audit]:
    """The audit entries of a connection, newest first."""
    rows = await db.rows(
        f"SELECT {AUDIT} FROM audit WHERE connection_id = $1 ORDER BY id DESC LIMIT $2", connection_id, limit
    )
    return [audit_of(row) for row in rows]
