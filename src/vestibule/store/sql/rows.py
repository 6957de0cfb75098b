"""Rows of the database as values of the model, and back."""

from functools import lru_cache

import orjson

from vestibule.model import Audit, Connection, Enterprise, Exchange, Group, Member, Token, User
from vestibule.outcome import outcome_of
from vestibule.scim.folding import fold
from vestibule.store.db import Row

ENTERPRISE = "id, name, created_at"
CONNECTION = "id, enterprise_id, idp, created_at, settings"
TOKEN = "connection_id, id, name, scopes, last_four, created_at, expires_at, revoked_at, last_used_at, user_id, hash"  # noqa: S105
USER = (
    "connection_id, id, user_name, external_id, active, origin, version, created_at, updated_at, adopted_at, "
    "protected, document"
)
GROUP = (
    "connection_id, id, display_name, external_id, origin, version, created_at, updated_at, adopted_at, member_count"
)
MEMBER = "m.group_id, m.user_id, u.user_name, u.display_name, u.external_id, u.active, m.origin, m.claimed"
EXCHANGE = (
    "id, connection_id, at, duration_us, method, path, query, status, token_id, resource_type, resource_id, target, "
    "scim_type, error, facts, request_body, response_body"
)
AUDIT = "id, connection_id, at, actor, action, target, detail"


@lru_cache(maxsize=64)
def prefixed(alias: str, columns: str) -> str:
    """Columns of the table that has this alias."""
    return ", ".join(f"{alias}.{each}" for each in columns.split(", "))


def enterprise_of(row: Row) -> Enterprise:
    """A row of ENTERPRISE."""
    return Enterprise(*row)


def connection_of(row: Row) -> Connection:
    """A row of CONNECTION."""
    return Connection(*row)


def token_of(row: Row) -> Token:
    """A row of TOKEN, without its hash."""
    (
        connection_id, id_, name, scopes, last_four, created_at, expires_at, revoked_at, last_used_at, user_id, *_,
    ) = row  # fmt: skip
    return Token(
        id_, connection_id, name, _scopes(scopes), last_four, created_at, expires_at, revoked_at, last_used_at, user_id
    )


@lru_cache(maxsize=1_024)
def _scopes(text: str) -> frozenset[str]:
    return frozenset(orjson.loads(text))


def user_of(row: Row) -> User:
    """A row of USER, and whatever follows."""
    (
        connection_id, id_, user_name, external_id, active, origin, version, created_at, updated_at, adopted_at,
        protected, document, *_,
    ) = row  # fmt: skip
    return User(
        id_, connection_id, user_name, external_id, bool(active), origin, version, created_at, updated_at, document,
        adopted_at, bool(protected),
    )  # fmt: skip


def group_of(row: Row) -> Group:
    """A row of GROUP, and whatever follows."""
    (
        connection_id, id_, display_name, external_id, origin, version, created_at, updated_at, adopted_at,
        member_count, *_,
    ) = row  # fmt: skip
    return Group(
        id_, connection_id, display_name, external_id, origin, version, created_at, updated_at, member_count,
        adopted_at,
    )  # fmt: skip


def member_of(row: Row) -> Member:
    """A row of MEMBER."""
    _, user_id, user_name, display_name, external_id, active, origin, claimed = row
    return Member(user_id, user_name, display_name, external_id, bool(active), origin, bool(claimed))


def exchange_of(row: Row) -> Exchange:
    """A row of EXCHANGE."""
    return Exchange(**{**dict(row), "facts": orjson.loads(row["facts"])})


def audit_of(row: Row) -> Audit:
    """A row of AUDIT."""
    return Audit(**{**dict(row), "detail": orjson.loads(row["detail"])})


def exchange_values(exchange: Exchange) -> tuple[object, ...]:
    """The values of EXCHANGE followed by the folded target and the outcome."""
    return (
        exchange.id, exchange.connection_id, exchange.at, exchange.duration_us, exchange.method, exchange.path,
        exchange.query, exchange.status, exchange.token_id, exchange.resource_type, exchange.resource_id,
        exchange.target, exchange.scim_type, exchange.error, orjson.dumps(dict(exchange.facts)).decode(),
        exchange.request_body, exchange.response_body, fold(exchange.target) if exchange.target else None,
        outcome_of(exchange.status, exchange.error, exchange.facts),
    )  # fmt: skip
