"""The provisioning log, the audit and the tokens in SQLite."""

import sqlite3

import orjson

from vestibule.model import Audit, Exchange, Token, TokenChange
from vestibule.store import ExchangeQuery, NotFound
from vestibule.store.rows import AUDIT, EXCHANGE, TOKEN, exchange_of, exchange_values, token_of


def insert_exchange(db: sqlite3.Connection, exchange: Exchange) -> None:
    """Keep an exchange."""
    marks = ", ".join("?" * 18)
    db.execute(f"INSERT INTO exchanges ({EXCHANGE}, target_ci) VALUES ({marks})", exchange_values(exchange))


def one_exchange(db: sqlite3.Connection, request_id: str) -> Exchange:
    """One exchange by its id alone."""
    row = db.execute(f"SELECT {EXCHANGE} FROM exchanges WHERE id = ?", (request_id,)).fetchone()
    if row is None:
        raise NotFound("request", request_id)
    return exchange_of(row)


def exchanges(db: sqlite3.Connection, connection_id: str, query: ExchangeQuery) -> list[Exchange]:
    """What the query asks for."""
    conditions, values = ["connection_id = ?"], [connection_id]
    for condition, value in (
        ("at >= ?", query.since),
        ("at < ?", query.before),
        ("status >= ?", 400 if query.refused else None),
        ("resource_type = ?", query.resource_type),
        ("target_ci = ?", None if query.target is None else query.target.casefold()),
        ("token_id = ?", query.token_id),
        ("id > ?", query.after_id),
    ):
        if value is not None:
            conditions.append(condition)
            values.append(value)  # pyright: ignore[reportArgumentType] -- texts and numbers, bound as they are
    order = "ASC" if query.after_id is not None else "DESC"
    rows = db.execute(
        f"SELECT {EXCHANGE} FROM exchanges WHERE {' AND '.join(conditions)} ORDER BY id {order} LIMIT ?",
        (*values, query.limit),
    )
    return [exchange_of(row) for row in rows]


def insert_audit(db: sqlite3.Connection, entry: Audit) -> None:
    """Keep an audit entry."""
    db.execute(
        f"INSERT INTO audit ({AUDIT}) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            entry.id, entry.connection_id, entry.at, entry.actor, entry.action, entry.target,
            orjson.dumps(entry.detail).decode(),
        ),
    )  # fmt: skip


def insert_token(db: sqlite3.Connection, token: Token, secret_hash: bytes, entry: Audit) -> None:
    """Keep a token and the audit entry."""
    try:
        db.execute(
            f"INSERT INTO tokens ({TOKEN}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                token.connection_id, token.id, token.name, _scopes(token.scopes), token.last_four, token.created_at,
                token.expires_at, token.revoked_at, token.last_used_at, token.user_id, secret_hash,
            ),
        )  # fmt: skip
    except sqlite3.IntegrityError as error:
        raise NotFound("connection", token.connection_id) from error
    insert_audit(db, entry)


def _scopes(scopes: frozenset[str]) -> str:
    return orjson.dumps(sorted(scopes)).decode()


def one_token(db: sqlite3.Connection, connection_id: str, token_id: str) -> tuple[Token, bytes]:
    """A token of a connection and its hash."""
    row = db.execute(
        f"SELECT {TOKEN} FROM tokens WHERE connection_id = ? AND id = ?",
        (connection_id, token_id),
    ).fetchone()
    if row is None:
        raise NotFound("token", token_id)
    return token_of(row), row["hash"]


def change_token(db: sqlite3.Connection, connection_id: str, token_id: str, change: TokenChange, entry: Audit) -> Token:
    """Apply a change to a token and keep the audit entry."""
    db.execute(
        "UPDATE tokens SET scopes = coalesce(?, scopes), expires_at = coalesce(?, expires_at), "
        "revoked_at = coalesce(?, revoked_at) WHERE connection_id = ? AND id = ?",
        (
            None if change.scopes is None else _scopes(change.scopes), change.expires_at, change.revoked_at,
            connection_id, token_id,
        ),
    )  # fmt: skip
    changed, _ = one_token(db, connection_id, token_id)
    insert_audit(db, entry)
    return changed


def use_token(db: sqlite3.Connection, connection_id: str, token_id: str, at: int) -> None:
    """Note when a token was used last."""
    db.execute(
        "UPDATE tokens SET last_used_at = max(coalesce(last_used_at, 0), ?) WHERE connection_id = ? AND id = ?",
        (at, connection_id, token_id),
    )
