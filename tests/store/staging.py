"""What the store's tests are played with: a fresh store with two connections, and things to put into it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from vestibule.model import Audit, Connection, Enterprise, Exchange, Group, Token, User
from vestibule.scim.filter_ast import Filter
from vestibule.scim.group_schema import GROUP
from vestibule.scim.path import parse_filter
from vestibule.scim.schema import ENTERPRISE_USER
from vestibule.scim.user_schema import USER
from vestibule.store import Store

AT = 1_764_000_000_000_000
LATER = AT + 60_000_000
HERE = "con_here"
THERE = "con_there"


@dataclass(slots=True)
class Work:
    """How much an engine had to do, in steps of its own."""

    steps: int = 0


class Stage:
    """What an engine's tests say about the engine."""

    def open_store(self, place: Path) -> Store:
        """Open the store that is kept at a place (an empty folder at first)."""
        raise NotImplementedError

    def work_of(self, store: Store) -> AbstractContextManager[Work]:
        """Measure the work that the store does within a `with`; it must not depend on the machine's speed."""
        raise NotImplementedError


def promise(scenario: Callable[[Any, Store], Awaitable[None]]) -> Callable[[Any, Path], None]:
    """Make a test of a coroutine that takes a fresh store with the connections HERE and THERE."""

    def test(self: Stage, tmp_path: Path) -> None:
        async def play() -> None:
            store = self.open_store(tmp_path)
            try:
                await two_connections(store)
                await scenario(self, store)
            finally:
                await store.close()

        asyncio.run(play())

    test.__name__ = scenario.__name__
    test.__qualname__ = scenario.__qualname__
    test.__doc__ = scenario.__doc__
    return test


async def two_connections(store: Store) -> None:
    """One enterprise with the connections HERE and THERE."""
    await store.add_enterprise(Enterprise("ent_1", "Contoso", AT))
    await store.add_connection(Connection(HERE, "ent_1", "entra", AT))
    await store.add_connection(Connection(THERE, "ent_1", "okta", AT))


def a_user(number: int, connection_id: str = HERE, **document: Any) -> User:
    """User `usr_0001` and so on; the document decides userName, externalId and active."""
    whole: dict[str, Any] = {"userName": f"user{number}@example.com", "active": True} | document
    return User(
        id=user_id(number),
        connection_id=connection_id,
        user_name=whole["userName"],
        external_id=whole.get("externalId"),
        active=whole["active"],
        origin="scim",
        version=1,
        created_at=AT,
        updated_at=AT,
        document=orjson.dumps(whole).decode(),
    )


def edited(user: User, **document: Any) -> User:
    """The user with some attributes of its document changed, as the directory would change it."""
    whole = orjson.loads(user.document) | document
    return replace(
        user,
        user_name=whole["userName"],
        external_id=whole.get("externalId"),
        active=whole["active"],
        updated_at=LATER,
        document=orjson.dumps(whole).decode(),
    )


def reporting_to(ref: str, **rest: Any) -> dict[str, Any]:
    """The part of a document that names the manager."""
    return {ENTERPRISE_USER: {"manager": {"value": ref, **rest}}}


def user_id(number: int) -> str:
    """The id of `a_user(number)`."""
    return f"usr_{number:05d}"


async def people(store: Store, count: int, connection_id: str = HERE) -> list[str]:
    """Make users 0, 1, 2 …; their ids in order."""
    await asyncio.gather(*(store.create_user(a_user(number, connection_id)) for number in range(count)))
    return [user_id(number) for number in range(count)]


def a_group(
    name: str = "Sales",
    connection_id: str = HERE,
    id: str = "grp_1",
    **rest: Any,
) -> Group:
    """A group of the identity provider's."""
    fields: dict[str, Any] = {"external_id": None, "origin": "scim"} | rest
    return Group(id, connection_id, name, version=1, created_at=AT, updated_at=AT, **fields)


def an_exchange(number: int, connection_id: str = HERE, **rest: Any) -> Exchange:
    """Exchange `req_0001` and so on, one second apart: a user that was found."""
    fields: dict[str, Any] = {"method": "GET", "path": "/Users", "query": "", "status": 200} | rest
    return Exchange(f"req_{number:04d}", connection_id, AT + number * 1_000_000, 1_500, **fields)


def a_token(number: int = 1, connection_id: str = HERE) -> Token:
    """Token `tok_1` that may read and make users."""
    return Token(f"tok_{number}", connection_id, "main", frozenset({"get:users", "post:users"}), "abcd", AT)


def an_audit(number: int = 1, connection_id: str = HERE) -> Audit:
    """Audit entry `aud_1`."""
    return Audit(f"aud_{number}", connection_id, AT, "cli", "token.created", "tok_1", {"scopes": ["get:users"]})


def users_where(text: str) -> Filter:
    """A filter on users."""
    return parse_filter(text, USER)


def groups_where(text: str) -> Filter:
    """A filter on groups."""
    return parse_filter(text, GROUP)


def ids_of(items: Sequence[User | Group | Exchange]) -> list[str]:
    """The ids in the order given."""
    return [each.id for each in items]
