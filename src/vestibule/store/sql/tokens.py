"""Tokens of connections, and what a request needs to know of its caller."""

from collections.abc import Callable

import orjson

from vestibule.model import Audit, Token, TokenChange
from vestibule.store.answers import Credentials, NotFound
from vestibule.store.db import Db
from vestibule.store.sql.log import insert_audit
from vestibule.store.sql.rows import TOKEN, prefixed, token_of

_OF_T = prefixed("t", TOKEN)

NOTE_USE = "UPDATE tokens SET last_used_at = $3 WHERE connection_id = $1 AND id = $2 AND coalesce(last_used_at, 0) < $3"
"""Notes when a token was used last: connection, token, instant."""


async def insert(db: Db, token: Token, secret_hash: bytes, entry: Audit) -> None:
    """Keep a token and the audit entry. Raises NotFound for the connection."""
    if await db.row("SELECT 1 FROM connections WHERE id = $1", token.connection_id) is None:
        raise NotFound("connection", token.connection_id)
    await db.run(
        f"INSERT INTO tokens ({TOKEN}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        token.connection_id, token.id, token.name, _scopes(token.scopes), token.last_four, token.created_at,
        token.expires_at, token.revoked_at, token.last_used_at, token.user_id, secret_hash,
    )  # fmt: skip
    await insert_audit(db, entry)


def _scopes(scopes: frozenset[str]) -> str:
    return orjson.dumps(sorted(scopes)).decode()


async def credentials(db: Db, connection_id: str, token_id: str) -> Credentials:
    """A token of a connection, the hash of its text, and the connection's settings, in one read."""
    row = await db.row(
        f"SELECT {_OF_T}, c.settings FROM tokens t JOIN connections c ON c.id = t.connection_id "
        "WHERE t.connection_id = $1 AND t.id = $2",
        connection_id, token_id,
    )  # fmt: skip
    if row is None:
        raise NotFound("token", token_id)
    return Credentials(token_of(row), bytes(row["hash"]), row["settings"])


async def find(db: Db, token_id: str) -> Token:
    """A token by its id alone: looked for in each connection, by its key there."""
    row = await db.row(
        f"SELECT {_OF_T} FROM connections c JOIN tokens t ON t.connection_id = c.id AND t.id = $1", token_id
    )
    if row is None:
        raise NotFound("token", token_id)
    return token_of(row)


async def of(db: Db, connection_id: str, *, of_people: bool) -> list[Token]:
    """The tokens of a connection in the order of making."""
    which = "" if of_people else " AND user_id IS NULL"
    rows = await db.rows(f"SELECT {TOKEN} FROM tokens WHERE connection_id = $1{which} ORDER BY id", connection_id)
    return [token_of(row) for row in rows]


async def change(
    db: Db, connection_id: str, token_id: str, decide: Callable[[Token], tuple[TokenChange, Audit] | None]
) -> Token:
    """Apply a pure change to the present token and keep the audit entry. Raises NotFound."""
    present = await db.row(f"SELECT {TOKEN} FROM tokens WHERE connection_id = $1 AND id = $2", connection_id, token_id)
    if present is None:
        raise NotFound("token", token_id)
    decided = decide(token_of(present))
    if decided is None:
        return token_of(present)
    wanted, entry = decided
    row = await db.row(
        "UPDATE tokens SET scopes = coalesce($3, scopes), expires_at = coalesce($4, expires_at), "
        f"revoked_at = coalesce($5, revoked_at) WHERE connection_id = $1 AND id = $2 RETURNING {TOKEN}",
        connection_id, token_id, None if wanted.scopes is None else _scopes(wanted.scopes), wanted.expires_at,
        wanted.revoked_at,
    )  # fmt: skip
    await insert_audit(db, entry)
    return token_of(row)
