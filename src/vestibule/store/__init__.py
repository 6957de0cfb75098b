"""The store: one small interface, its promises, its errors. Engines live beside this file.

Promises that every engine keeps and `tests/store/conformance.py` checks:

1. **The connection is an argument, never state.** A call for one connection neither reads nor changes another's.
2. **Durable when answered.** When a write returns, a crash of the process or the machine does not undo it.
3. **All or nothing.** A write that raises has changed nothing; it fails alone, whatever it was batched with.
4. **Write what changes.** Adding or removing k members reads and writes rows in O(k), for a group of any size.
   Nothing here returns a group's members unless `members` is called.
5. **A version changes exactly when the resource does**; so does `updated_at`.
6. **Names are compared caseless** (`scim.folding.fold`) for `userName` and a group's `displayName`; `externalId`
   exactly. Each is unique within its connection and resource type.
7. **Cascades.** A deleted user leaves its groups; a deactivated one keeps its memberships. A deleted group's
   memberships go, its users stay.
8. **Pages are stable**: in the order of ids, which is the order of making, or of a sort and then of ids.
9. `record` and `token_used` neither wait nor raise; what they write is on disk soon after, and after `flush`.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Protocol

from vestibule.model import (
    Audit,
    Conflict,
    Connection,
    Enterprise,
    Group,
    GroupRef,
    Hold,
    Member,
    Origin,
    Pending,
    Token,
    TokenChange,
    User,
)
from vestibule.scim.cursor import Position
from vestibule.scim.filter_ast import Filter
from vestibule.scim.patch import GroupChange
from vestibule.scim.sorting import Sort
from vestibule.store.answers import (
    AS_IS,
    Credentials,
    Decided,
    Decision,
    Declined,
    ExchangeQuery,
    GroupChanged,
    Guarded,
    HeldMembership,
    NotFound,
    Page,
    Rules,
    SchemaMismatch,
    SessionState,
    Stale,
    StoreError,
    Taken,
    TooMany,
    Trace,
    Traffic,
    UnknownManager,
    UnknownMembers,
    Unreachable,
    Unsupported,
)
from vestibule.store.domains import DomainStore
from vestibule.store.log import LogStore
from vestibule.store.roll_calls import RollCallStore
from vestibule.store.sign_on import SignOnStore
from vestibule.store.standing import StandingStore
from vestibule.store.tickets import TicketStore

__all__ = [
    "AS_IS",
    "Credentials",
    "Decided",
    "Decision",
    "Declined",
    "ExchangeQuery",
    "GroupChanged",
    "Guarded",
    "HeldMembership",
    "NotFound",
    "Page",
    "Rules",
    "SchemaMismatch",
    "SessionState",
    "Stale",
    "Store",
    "StoreError",
    "Taken",
    "TooMany",
    "Trace",
    "Traffic",
    "UnknownManager",
    "UnknownMembers",
    "Unreachable",
    "Unsupported",
]


class Store(SignOnStore, DomainStore, LogStore, RollCallStore, StandingStore, TicketStore, Protocol):
    """Everything that is kept. Engines: `sqlite.SqliteStore` and `postgres.PostgresStore`, beside this file."""

    async def ready(self) -> None:
        """Return when the database can be worked with. Raises Unreachable, SchemaMismatch."""
        ...

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

    async def change_settings(self, connection_id: str, change: Callable[[str], str], audit: Audit) -> Connection:
        """Apply a pure change to a connection's settings (JSON text) and keep the audit entry, in one transaction.

        What `change` raises is passed on and nothing is changed. Raises NotFound.
        """
        ...

    async def key(self, name: str) -> bytes:
        """A key of this installation's own, 32 random bytes made at the first asking; every process gets the same."""
        ...

    # Tokens

    async def add_token(self, token: Token, secret_hash: bytes, audit: Audit) -> None:
        """Keep a new token and the audit entry. Raises NotFound when the connection does not exist."""
        ...

    async def credentials(self, connection_id: str, token_id: str) -> Credentials:
        """A token of this connection, the hash of its text, and the connection's settings. Raises NotFound."""
        ...

    async def find_token(self, token_id: str) -> Token:
        """A token of whatever connection, for the operator's commands only. Raises NotFound."""
        ...

    async def tokens(self, connection_id: str, *, of_people: bool = True) -> list[Token]:
        """The tokens of a connection, revoked and expired ones too, in the order of making.

        Those `of_people`, of which there may be one for each person, are passed over where they are not wanted.
        """
        ...

    async def change_token(
        self, connection_id: str, token_id: str, change: Callable[[Token], tuple[TokenChange, Audit] | None]
    ) -> Token:
        """Apply a pure `change` to the present token and keep the audit entry, both or neither.

        It returns None for no change; what it raises is passed on and nothing is changed. Raises NotFound.
        """
        ...

    def token_used(self, connection_id: str, token_id: str, at: int) -> None:
        """Note that a token was used; never waits, never raises, never moves `last_used_at` back."""
        ...

    # Users

    async def create_user(self, user: User, rules: Rules = AS_IS) -> User:
        """Keep a new user and return it as kept: with `manager.$ref`, and the manager's id where it was named else.

        Groups that wait for the user get it, and users whose manager it is. Raises Taken (userName, externalId),
        UnknownManager, NotFound for the connection.
        """
        ...

    async def user(self, connection_id: str, user_id: str) -> User:
        """One user. Raises NotFound."""
        ...

    async def user_named(self, connection_id: str, user_name: str) -> User:
        """The user with this userName, compared caseless. Raises NotFound."""
        ...

    async def users_with_email(
        self, connection_id: str, values: Collection[str], *, unadopted: bool = False
    ) -> list[User]:
        """The users who have one of these addresses, compared caseless, in the order of ids.

        With `unadopted`, only those whom the identity provider has neither made nor written to.
        """
        ...

    async def users(
        self,
        connection_id: str,
        where: Filter | None = None,
        start_index: int = 1,
        count: int = 100,
        *,
        sort: Sort | None = None,
        at: Position | None = None,
    ) -> Page[User]:
        """A page of the users that match, from the 1-based `start_index`, or from a position. Raises Unsupported."""
        ...

    async def change_user(
        self,
        connection_id: str,
        user_id: str,
        change: Callable[[User], User | None],
        expected_version: int | None = None,
        rules: Rules = AS_IS,
        along: Audit | Decision | None = None,
    ) -> User:
        """Apply a pure `change` to the present user in one transaction; it may be called more than once.

        It returns the new user (the store sets `version` to the present one plus one) or None for no change.
        What it raises is passed on and nothing is changed. `along` is kept in the same transaction: an audit
        entry when the user changes, a decision in any case.
        Raises NotFound, Stale, Taken, UnknownManager, Guarded, Decided.
        """
        ...

    async def delete_user(
        self, connection_id: str, user_id: str, at: int, expected_version: int | None = None, rules: Rules = AS_IS
    ) -> None:
        """Delete a user and its memberships; each group it leaves gets a new version, updated `at`.

        Raises NotFound, Stale, Guarded.
        """
        ...

    async def merge_users(
        self, connection_id: str, kept_id: str, gone_id: str, at: int, decision: Decision | None = None
    ) -> None:
        """Move the memberships of one user to another and delete it, by a decision that is kept with it.

        Raises NotFound, Decided.
        """
        ...

    # Groups

    async def create_group(
        self, group: Group, members: Collection[str] = (), origin: Origin = "scim", rules: Rules = AS_IS
    ) -> GroupChanged:
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
        self,
        connection_id: str,
        where: Filter | None = None,
        start_index: int = 1,
        count: int = 100,
        *,
        sort: Sort | None = None,
        at: Position | None = None,
        nested: bool = False,
    ) -> Page[Group]:
        """A page of the groups that match, from the 1-based `start_index`, or from a position.

        With `nested`, groups within a group count as its members in the filter. Raises Unsupported.
        """
        ...

    async def change_group(
        self,
        connection_id: str,
        group_id: str,
        change: GroupChange,
        at: int,
        origin: Origin = "scim",
        expected_version: int | None = None,
        rules: Rules = AS_IS,
        audit: Audit | None = None,
    ) -> GroupChanged:
        """Apply a GroupChange set-wise in one transaction, reading no member that it does not name.

        A member that was there before keeps its `origin`; when `origin` is `scim` it becomes `claimed`. A group
        of another origin is adopted (`adopted_at`) by the first change whose `origin` is `scim`. When
        something changes, the audit entry is kept with it.
        Raises NotFound, Stale, Taken, UnknownMembers, Guarded.
        """
        ...

    async def delete_group(
        self, connection_id: str, group_id: str, at: int, expected_version: int | None = None, rules: Rules = AS_IS
    ) -> None:
        """Delete a group and its memberships; a group that it is in gets a new version, updated `at`.

        Raises NotFound, Stale, Guarded.
        """
        ...

    async def members(self, connection_id: str, group_id: str) -> list[Member]:
        """All members of a group in the order of their ids. Raises NotFound."""
        ...

    async def member_ids_of(self, connection_id: str, group_ids: Collection[str]) -> Mapping[str, list[str]]:
        """The ids of the members of some groups, in order, for an answer that shows them; empty groups are left out."""
        ...

    async def pending(self, connection_id: str, group_id: str) -> list[Pending]:
        """The members kept aside for a group, in the order of their naming."""
        ...

    async def nested_of(self, connection_id: str, group_ids: Collection[str]) -> Mapping[str, list[GroupRef]]:
        """The groups that were named as members of each group; groups without any are left out."""
        ...

    async def groups_of(self, connection_id: str, user_ids: Collection[str]) -> Mapping[str, list[GroupRef]]:
        """The groups of each user, for the computed `groups` attribute; users without any are left out."""
        ...

    # What waits for an administrator

    async def note_conflict(self, conflict: Conflict) -> Conflict:
        """Keep a conflict, or count the same one once more (same user, attribute and value); returns what is kept."""
        ...

    async def conflicts(self, connection_id: str, state: str | None = None) -> list[Conflict]:
        """The conflicts of a connection, all or those of a state, newest first."""
        ...

    async def decide_conflict(self, connection_id: str, decision: Decision) -> Conflict:
        """Decide a conflict and keep the audit entry, both or neither. Raises NotFound, Decided."""
        ...

    async def note_hold(self, hold: Hold) -> Hold:
        """Keep a hold, or count a request to the open one of the same guard and subject; returns what is kept."""
        ...

    async def holds(self, connection_id: str) -> list[Hold]:
        """The holds of a connection, newest first."""
        ...

    async def decide_hold(self, connection_id: str, hold_id: str, approved_until: int | None, audit: Audit) -> Hold:
        """Approve a hold until an instant, or refuse it (None), and keep the audit entry. Raises NotFound."""
        ...

    async def is_approved(self, connection_id: str, guard: str, subject: str, at: int) -> bool:
        """Whether an approval of what a guard holds is in force at an instant."""
        ...
