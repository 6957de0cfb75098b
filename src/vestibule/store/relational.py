"""The store over an engine: what is read and written, the same for SQLite and for PostgreSQL."""

from collections.abc import Callable, Collection, Mapping

from vestibule import ids
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
from vestibule.store.answers import AS_IS, Credentials, Decision, GroupChanged, Page, Rules
from vestibule.store.engine import Engine, Write
from vestibule.store.relational_domains import RelationalDomains
from vestibule.store.relational_log import RelationalLog
from vestibule.store.relational_roll_calls import RelationalRollCalls
from vestibule.store.relational_sign_on import RelationalSignOn
from vestibule.store.relational_standing import RelationalStanding
from vestibule.store.relational_tickets import RelationalTickets
from vestibule.store.sql import enterprises, groups, memberships, references, review, tokens, users
from vestibule.store.sql.anchors import Walks
from vestibule.store.sql.pages import Wanted
from vestibule.store.together import Joinable

INSTALLATION = ""
"""In place of a connection's id: what all connections share."""


class RelationalStore(
    RelationalSignOn, RelationalDomains, RelationalLog, RelationalRollCalls, RelationalStanding, RelationalTickets
):
    """`vestibule.store.Store` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._walks = Walks()
        self._used: dict[tuple[str, str], int] = {}
        self._recorded: set[str] = set()

    @property
    def engine(self) -> Engine:
        """The engine, for what is done to a whole database."""
        return self._engine

    async def ready(self) -> None:
        """See Store."""
        await self._engine.ready()

    async def close(self) -> None:
        """See Store."""
        await self._engine.close()

    async def flush(self) -> None:
        """See Store."""
        await self._engine.flush()

    # Enterprises and connections

    async def add_enterprise(self, enterprise: Enterprise) -> None:
        """See Store."""
        await self._engine.write(INSTALLATION, lambda db: enterprises.insert(db, enterprise))

    async def enterprise(self, enterprise_id: str) -> Enterprise:
        """See Store."""
        return await enterprises.one(self._engine.reading, enterprise_id)

    async def enterprises(self) -> list[Enterprise]:
        """See Store."""
        return await enterprises.every(self._engine.reading)

    async def add_connection(self, connection: Connection) -> None:
        """See Store."""
        await self._engine.write(INSTALLATION, lambda db: enterprises.insert_connection(db, connection))

    async def connection(self, connection_id: str) -> Connection:
        """See Store."""
        return await enterprises.one_connection(self._engine.reading, connection_id)

    async def connections(self, enterprise_id: str | None = None) -> list[Connection]:
        """See Store."""
        return await enterprises.connections_of(self._engine.reading, enterprise_id)

    async def change_settings(self, connection_id: str, change: Callable[[str], str], audit: Audit) -> Connection:
        """See Store."""
        return await self._engine.write(
            connection_id, lambda db: enterprises.change_settings(db, connection_id, change, audit)
        )

    async def key(self, name: str) -> bytes:
        """See Store."""
        found = await enterprises.key(self._engine.reading, name)
        if found is None:
            fresh = ids.new_key()
            await self._engine.write(INSTALLATION, lambda db: enterprises.insert_key(db, name, fresh))
            found = await enterprises.key(self._engine.reading, name)
        return found or b""

    # Tokens

    async def add_token(self, token: Token, secret_hash: bytes, audit: Audit) -> None:
        """See Store."""
        await self._engine.write(token.connection_id, lambda db: tokens.insert(db, token, secret_hash, audit))

    async def credentials(self, connection_id: str, token_id: str) -> Credentials:
        """See Store."""
        return await tokens.credentials(self._engine.reading, connection_id, token_id)

    async def find_token(self, token_id: str) -> Token:
        """See Store."""
        return await tokens.find(self._engine.reading, token_id)

    async def tokens(self, connection_id: str, *, of_people: bool = True) -> list[Token]:
        """See Store."""
        return await tokens.of(self._engine.reading, connection_id, of_people=of_people)

    async def change_token(
        self, connection_id: str, token_id: str, change: Callable[[Token], tuple[TokenChange, Audit] | None]
    ) -> Token:
        """See Store."""
        return await self._engine.write(connection_id, lambda db: tokens.change(db, connection_id, token_id, change))

    def token_used(self, connection_id: str, token_id: str, at: int) -> None:
        """See Store. Written at most once a second for a token, as nobody reads it more finely."""
        key = (connection_id, token_id)
        if at - self._used.get(key, 0) < 1_000_000:
            return
        self._used[key] = at
        self._engine.ride(connection_id, tokens.NOTE_USE, (connection_id, token_id, at))

    # Users

    async def create_user(self, user: User, rules: Rules = AS_IS) -> User:
        """See Store."""
        work: Write[User] = lambda db: users.insert(db, user, rules)  # noqa: E731
        if not users.names_a_manager(user):
            work = Joinable(work, users.insert_all, user)
        return await self._engine.write(user.connection_id, work)

    async def user(self, connection_id: str, user_id: str) -> User:
        """See Store."""
        return await users.one(self._engine.reading, connection_id, user_id)

    async def user_named(self, connection_id: str, user_name: str) -> User:
        """See Store."""
        return await users.by_name(self._engine.reading, connection_id, user_name)

    async def users_with_email(
        self, connection_id: str, values: Collection[str], *, unadopted: bool = False
    ) -> list[User]:
        """See Store."""
        return await users.with_email(self._engine.reading, connection_id, values, unadopted=unadopted)

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
        """See Store."""
        return await users.page(
            self._engine.reading, connection_id, Wanted(where, start_index, count, sort, at, walks=self._walks)
        )

    async def change_user(
        self,
        connection_id: str,
        user_id: str,
        change: Callable[[User], User | None],
        expected_version: int | None = None,
        rules: Rules = AS_IS,
        along: Audit | Decision | None = None,
    ) -> User:
        """See Store."""
        return await self._engine.write(
            connection_id, lambda db: users.update(db, connection_id, user_id, change, expected_version, rules, along)
        )

    async def delete_user(
        self, connection_id: str, user_id: str, at: int, expected_version: int | None = None, rules: Rules = AS_IS
    ) -> None:
        """See Store."""
        await self._engine.write(
            connection_id, lambda db: users.delete(db, connection_id, user_id, at, expected_version, rules)
        )

    async def merge_users(
        self, connection_id: str, kept_id: str, gone_id: str, at: int, decision: Decision | None = None
    ) -> None:
        """See Store."""
        await self._engine.write(
            connection_id, lambda db: users.merge(db, connection_id, kept_id, gone_id, at, decision)
        )

    # Groups

    async def create_group(
        self, group: Group, members: Collection[str] = (), origin: Origin = "scim", rules: Rules = AS_IS
    ) -> GroupChanged:
        """See Store."""
        return await self._engine.write(
            group.connection_id, lambda db: groups.insert(db, group, members, origin, rules)
        )

    async def group(self, connection_id: str, group_id: str) -> Group:
        """See Store."""
        return await groups.one(self._engine.reading, connection_id, group_id)

    async def group_named(self, connection_id: str, display_name: str) -> Group:
        """See Store."""
        return await groups.by_name(self._engine.reading, connection_id, display_name)

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
        """See Store."""
        return await groups.page(
            self._engine.reading, connection_id, Wanted(where, start_index, count, sort, at, nested, self._walks)
        )

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
        """See Store."""
        return await self._engine.write(
            connection_id,
            lambda db: groups.update(db, connection_id, group_id, change, at, origin, expected_version, rules, audit),
        )

    async def delete_group(
        self, connection_id: str, group_id: str, at: int, expected_version: int | None = None, rules: Rules = AS_IS
    ) -> None:
        """See Store."""
        await self._engine.write(
            connection_id, lambda db: groups.delete(db, connection_id, group_id, at, expected_version, rules)
        )

    async def members(self, connection_id: str, group_id: str) -> list[Member]:
        """See Store."""
        await groups.one(self._engine.reading, connection_id, group_id)
        return await groups.members(self._engine.reading, connection_id, group_id)

    async def member_ids_of(self, connection_id: str, group_ids: Collection[str]) -> Mapping[str, list[str]]:
        """See Store."""
        return await groups.member_ids_of(self._engine.reading, connection_id, list(group_ids))

    async def pending(self, connection_id: str, group_id: str) -> list[Pending]:
        """See Store."""
        return await references.pending(self._engine.reading, connection_id, group_id)

    async def nested_of(self, connection_id: str, group_ids: Collection[str]) -> Mapping[str, list[GroupRef]]:
        """See Store."""
        return await references.nested_of(self._engine.reading, connection_id, group_ids)

    async def groups_of(self, connection_id: str, user_ids: Collection[str]) -> Mapping[str, list[GroupRef]]:
        """See Store."""
        return await memberships.groups_of(self._engine.reading, connection_id, list(user_ids))

    # What waits for an administrator

    async def note_conflict(self, conflict: Conflict) -> Conflict:
        """See Store."""
        return await self._engine.write(conflict.connection_id, lambda db: review.note_conflict(db, conflict))

    async def conflicts(self, connection_id: str, state: str | None = None) -> list[Conflict]:
        """See Store."""
        return await review.conflicts(self._engine.reading, connection_id, state)

    async def decide_conflict(self, connection_id: str, decision: Decision) -> Conflict:
        """See Store."""
        return await self._engine.write(connection_id, lambda db: review.decide_conflict(db, connection_id, decision))

    async def note_hold(self, hold: Hold) -> Hold:
        """See Store."""
        return await self._engine.write(hold.connection_id, lambda db: review.note_hold(db, hold))

    async def holds(self, connection_id: str) -> list[Hold]:
        """See Store."""
        return await review.holds(self._engine.reading, connection_id)

    async def decide_hold(self, connection_id: str, hold_id: str, approved_until: int | None, audit: Audit) -> Hold:
        """See Store."""
        return await self._engine.write(
            connection_id, lambda db: review.decide_hold(db, connection_id, hold_id, approved_until, audit)
        )

    async def is_approved(self, connection_id: str, guard: str, subject: str, at: int) -> bool:
        """See Store."""
        return await review.is_approved(self._engine.reading, connection_id, guard, subject, at)
