"""The store: one small interface, its promises, its errors. Engines live beside this file.

Promises that every engine keeps and `tests/store/conformance.py` checks:

1. **The connection is an argument, never state.** A call for one connection neither reads nor changes another's.
2. **Durable when answered.** When a write returns, a crash of the process or the machine does not undo it.
3. **All or nothing.** A write that raises has changed nothing; it fails alone, whatever it was batched with.
4. **Write what changes.** Adding or removing k members reads and writes rows in O(k), for a group of any size.
   Nothing here returns a group's members unless `members` is called.
5. **A version changes exactly when the resource does**; so does `updated_at`.
6. **Names are compared caseless** (Unicode casefold) for `userName` and a group's `displayName`; `externalId`
   exactly. Each is unique within its connection and resource type.
7. **Cascades.** A deleted user leaves its groups; a deactivated one keeps its memberships. A deleted group's
   memberships go, its users stay.
8. **Pages are stable**: in the order of ids, which is the order of making.
9. `record` and `token_used` neither wait nor raise; what they write is on disk soon after, and after `flush`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from vestibule.model import (
    Audit,
    Connection,
    Enterprise,
    Exchange,
    Group,
    GroupRef,
    Member,
    Origin,
    Token,
    TokenChange,
    User,
)
from vestibule.scim.filter_ast import Filter
from vestibule.scim.patch import GroupChange

T = TypeVar("T")


class StoreError(Exception):
    """What a store may answer instead of a value."""


class NotFound(StoreError):
    """There is no such thing in this connection. `kind` is e.g. `user`, `id` what was asked for."""

    def __init__(self, kind: str, id: str) -> None:  # noqa: A002 -- the word of the model
        super().__init__(f"no {kind} {id}")
        self.kind = kind
        self.id = id


class Taken(StoreError):
    """A unique value is in use. `attribute` is SCIM's name for it, `holder` the id of the one that has it."""

    def __init__(self, attribute: str, value: str, holder: str) -> None:
        super().__init__(f"{attribute} {value!r} is taken by {holder}")
        self.attribute = attribute
        self.value = value
        self.holder = holder


class Stale(StoreError):
    """The expected version is not the present one."""

    def __init__(self, expected: int, present: int) -> None:
        super().__init__(f"expected version {expected}, found {present}")
        self.expected = expected
        self.present = present


class UnknownMembers(StoreError):
    """Some ids are no users of this connection; `groups` are those that are groups of it. Nothing was changed."""

    def __init__(self, ids: Sequence[str], groups: Sequence[str] = ()) -> None:
        super().__init__(f"unknown members: {', '.join(ids)}")
        self.ids = tuple(ids)
        self.groups = tuple(groups)


class Unsupported(StoreError):
    """The engine cannot evaluate this filter; it never answers a filter by half."""


class SchemaMismatch(StoreError):
    """The database was made by another version of Vestibule, or is no database of Vestibule's at all."""


class Unreachable(StoreError):
    """The database cannot be opened."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page of a list: `total` counts all matches, `items` are those of this page."""

    total: int
    items: tuple[T, ...]


@dataclass(frozen=True, slots=True)
class GroupChanged:
    """What a GroupChange did. Ids that were members already are in `already`, and now claimed by `origin`."""

    group: Group
    joined: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    already: int = 0
    absent: int = 0
    """How many of the ids to remove were no members."""
    attributes_changed: bool = False

    @property
    def changed(self) -> bool:
        """Whether the group has a new version."""
        return bool(self.joined or self.left or self.attributes_changed)


@dataclass(frozen=True, slots=True)
class ExchangeQuery:
    """Which exchanges: newest first, at most `limit`. Unset fields do not restrict.

    `since`/`before` are instants (microseconds): since <= at < before. `refused` keeps status >= 400.
    `target` compares caseless.
    """

    limit: int = 100
    since: int | None = None
    before: int | None = None
    refused: bool = False
    resource_type: str | None = None
    target: str | None = None
    token_id: str | None = None
    after_id: str | None = None
    """Only exchanges newer than this one, oldest first: for following the log."""


class Store(Protocol):
    """Everything that is kept. Engines: `vestibule.store.sqlite.SqliteStore`."""

    async def close(self) -> None:
        """Finish what is queued and let go of the database."""
        ...

    async def flush(self) -> None:
        """Return when everything queued by `record` and `token_used` is on disk."""
        ...

    # Enterprises and connections

    async def add_enterprise(self, enterprise: Enterprise) -> None:
        """Keep a new enterprise."""
        ...

    async def enterprise(self, enterprise_id: str) -> Enterprise:
        """One enterprise. Raises NotFound."""
        ...

    async def enterprises(self) -> list[Enterprise]:
        """All enterprises in the order of making."""
        ...

    async def add_connection(self, connection: Connection) -> None:
        """Keep a new connection. Raises NotFound when its enterprise does not exist."""
        ...

    async def connection(self, connection_id: str) -> Connection:
        """One connection. Raises NotFound."""
        ...

    async def connections(self, enterprise_id: str | None = None) -> list[Connection]:
        """The connections of an enterprise, or all, in the order of making."""
        ...

    # Tokens

    async def add_token(self, token: Token, secret_hash: bytes, audit: Audit) -> None:
        """Keep a new token and the audit entry. Raises NotFound when the connection does not exist."""
        ...

    async def token(self, connection_id: str, token_id: str) -> tuple[Token, bytes]:
        """A token of this connection and the hash of its text, by primary key. Raises NotFound."""
        ...

    async def find_token(self, token_id: str) -> Token:
        """A token of whatever connection, for the operator's commands only. Raises NotFound."""
        ...

    async def tokens(self, connection_id: str) -> list[Token]:
        """The tokens of a connection, revoked and expired ones too, in the order of making."""
        ...

    async def change_token(self, connection_id: str, token_id: str, change: TokenChange, audit: Audit) -> Token:
        """Apply a change and keep the audit entry, both or neither. Raises NotFound."""
        ...

    def token_used(self, connection_id: str, token_id: str, at: int) -> None:
        """Note that a token was used; never waits, never raises, never moves `last_used_at` back."""
        ...

    # Users

    async def create_user(self, user: User) -> None:
        """Keep a new user. Raises Taken (userName, externalId), NotFound for the connection."""
        ...

    async def user(self, connection_id: str, user_id: str) -> User:
        """One user. Raises NotFound."""
        ...

    async def user_named(self, connection_id: str, user_name: str) -> User:
        """The user with this userName, compared caseless. Raises NotFound."""
        ...

    async def users(
        self, connection_id: str, where: Filter | None = None, start_index: int = 1, count: int = 100
    ) -> Page[User]:
        """A page from the 1-based `start_index` of the users that match. Raises Unsupported."""
        ...

    async def change_user(
        self,
        connection_id: str,
        user_id: str,
        change: Callable[[User], User | None],
        expected_version: int | None = None,
    ) -> User:
        """Apply a pure `change` to the present user in one transaction; it may be called more than once.

        It returns the new user (the store sets `version` to the present one plus one) or None for no change.
        What it raises is passed on and nothing is changed. Raises NotFound, Stale, Taken.
        """
        ...

    async def delete_user(self, connection_id: str, user_id: str, at: int, expected_version: int | None = None) -> None:
        """Delete a user and its memberships; each group it leaves gets a new version, updated `at`.

        Raises NotFound, Stale.
        """
        ...

    # Groups

    async def create_group(self, group: Group, members: Collection[str] = (), origin: Origin = "scim") -> Group:
        """Keep a new group with members (user ids), all or nothing; returns it with its `member_count`.

        Raises Taken (displayName, externalId), UnknownMembers, NotFound for the connection.
        """
        ...

    async def group(self, connection_id: str, group_id: str) -> Group:
        """One group, without members. Raises NotFound."""
        ...

    async def group_named(self, connection_id: str, display_name: str) -> Group:
        """The group with this displayName, compared caseless. Raises NotFound."""
        ...

    async def groups(
        self, connection_id: str, where: Filter | None = None, start_index: int = 1, count: int = 100
    ) -> Page[Group]:
        """A page from the 1-based `start_index` of the groups that match. Raises Unsupported."""
        ...

    async def change_group(
        self,
        connection_id: str,
        group_id: str,
        change: GroupChange,
        at: int,
        origin: Origin = "scim",
        expected_version: int | None = None,
    ) -> GroupChanged:
        """Apply a GroupChange set-wise in one transaction, reading no member that it does not name.

        A member that was there before keeps its `origin`; when `origin` is `scim` it becomes `claimed`. A group
        of another origin is adopted (`adopted_at`) by the first change whose `origin` is `scim`.
        Raises NotFound, Stale, Taken, UnknownMembers.
        """
        ...

    async def delete_group(self, connection_id: str, group_id: str, expected_version: int | None = None) -> None:
        """Delete a group and its memberships. Raises NotFound, Stale."""
        ...

    async def members(self, connection_id: str, group_id: str) -> list[Member]:
        """All members of a group in the order of their ids. Raises NotFound."""
        ...

    async def members_of(self, connection_id: str, group_ids: Collection[str]) -> Mapping[str, list[Member]]:
        """The members of several groups, for a list that asked for them; groups that do not exist are left out."""
        ...

    async def groups_of(self, connection_id: str, user_ids: Collection[str]) -> Mapping[str, list[GroupRef]]:
        """The groups of each user, for the computed `groups` attribute; users without any are left out."""
        ...

    # The provisioning log and the audit

    def record(self, exchange: Exchange) -> None:
        """Keep an exchange; never waits, never raises."""
        ...

    async def exchange(self, request_id: str) -> Exchange:
        """One exchange by its request id. Raises NotFound."""
        ...

    async def exchanges(self, connection_id: str, query: ExchangeQuery) -> list[Exchange]:
        """Exchanges of a connection as the query says."""
        ...

    async def audit(self, connection_id: str, limit: int = 100) -> list[Audit]:
        """The audit entries of a connection, newest first."""
        ...
