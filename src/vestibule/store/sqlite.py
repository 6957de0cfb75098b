"""The embedded store: one SQLite file, WAL, a durable commit before each answer.

Reads run on the same connection in the event loop's thread: a point read costs less than a hop to another thread.
"""

import sqlite3
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Literal

from vestibule import ids
from vestibule.model import (
    Audit,
    Conflict,
    Connection,
    Enterprise,
    Exchange,
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
from vestibule.store import AS_IS, ExchangeQuery, GroupChanged, NotFound, Page, Rules, Unreachable
from vestibule.store import sqlite_groups as groups
from vestibule.store import sqlite_log as log
from vestibule.store import sqlite_references as references
from vestibule.store import sqlite_review as review
from vestibule.store import sqlite_users as users
from vestibule.store.batch import Batch
from vestibule.store.rows import AUDIT, CONNECTION, ENTERPRISE, TOKEN, audit_of, connection_of, enterprise_of, token_of
from vestibule.store.sqlite_file import open_file
from vestibule.store.sqlite_resources import Wanted


class SqliteStore:
    """`vestibule.store.Store` over one SQLite file; several processes may have it open."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._batch = Batch(db)
        self._used: dict[tuple[str, str], int] = {}

    @classmethod
    def open(cls, path: str) -> "SqliteStore":
        """Open or make the database. Raises Unreachable, SchemaMismatch."""
        return cls(open_file(path))

    async def close(self) -> None:
        """Finish what is queued and close the file."""
        self._batch.close()

    async def flush(self) -> None:
        """Return when everything queued is on disk. Raises Unreachable when it could not be written."""
        self._batch.flush()
        if self._batch.waiting:
            raise Unreachable(f"{self._batch.waiting} entries of the log could not be written yet.")

    # Enterprises and connections

    async def add_enterprise(self, enterprise: Enterprise) -> None:
        """See Store."""
        values = (enterprise.id, enterprise.name, enterprise.created_at)
        await self._batch.write(
            lambda db: db.execute(f"INSERT INTO enterprises ({ENTERPRISE}) VALUES (?, ?, ?)", values)
        )

    async def enterprise(self, enterprise_id: str) -> Enterprise:
        """See Store."""
        return enterprise_of(self._row("enterprise", ENTERPRISE, "enterprises", enterprise_id))

    async def enterprises(self) -> list[Enterprise]:
        """See Store."""
        rows = self._db.execute(f"SELECT {ENTERPRISE} FROM enterprises ORDER BY id")
        return [enterprise_of(row) for row in rows]

    async def add_connection(self, connection: Connection) -> None:
        """See Store."""
        await self.enterprise(connection.enterprise_id)
        values = (
            connection.id, connection.enterprise_id, connection.idp, connection.created_at, connection.settings,
        )  # fmt: skip
        await self._batch.write(
            lambda db: db.execute(f"INSERT INTO connections ({CONNECTION}) VALUES (?, ?, ?, ?, ?)", values)
        )

    async def connection(self, connection_id: str) -> Connection:
        """See Store."""
        return connection_of(self._row("connection", CONNECTION, "connections", connection_id))

    async def connections(self, enterprise_id: str | None = None) -> list[Connection]:
        """See Store."""
        rows = self._db.execute(
            f"SELECT {CONNECTION} FROM connections WHERE ? IS NULL OR enterprise_id = ? ORDER BY id",
            (enterprise_id, enterprise_id),
        )
        return [connection_of(row) for row in rows]

    async def change_settings(self, connection_id: str, change: Callable[[str], str], audit: Audit) -> Connection:
        """See Store."""

        def work(db: sqlite3.Connection) -> Connection:
            present = connection_of(self._row("connection", CONNECTION, "connections", connection_id))
            changed = replace(present, settings=change(present.settings))
            db.execute("UPDATE connections SET settings = ? WHERE id = ?", (changed.settings, connection_id))
            log.insert_audit(db, audit)
            return changed

        return await self._batch.write(work)

    async def key(self, name: str) -> bytes:
        """See Store."""
        found = self._db.execute("SELECT secret FROM keys WHERE name = ?", (name,)).fetchone()
        if found is None:
            fresh = ids.new_key()
            await self._batch.write(
                lambda db: db.execute("INSERT INTO keys VALUES (?, ?) ON CONFLICT DO NOTHING", (name, fresh))
            )
            found = self._db.execute("SELECT secret FROM keys WHERE name = ?", (name,)).fetchone()
        return found[0]

    def _row(self, kind: str, columns: str, table: str, id: str) -> sqlite3.Row:  # noqa: A002
        row = self._db.execute(f"SELECT {columns} FROM {table} WHERE id = ?", (id,)).fetchone()
        if row is None:
            raise NotFound(kind, id)
        return row

    # Tokens

    async def add_token(self, token: Token, secret_hash: bytes, audit: Audit) -> None:
        """See Store."""
        await self._batch.write(lambda db: log.insert_token(db, token, secret_hash, audit))

    async def token(self, connection_id: str, token_id: str) -> tuple[Token, bytes]:
        """See Store."""
        return log.one_token(self._db, connection_id, token_id)

    async def find_token(self, token_id: str) -> Token:
        """See Store."""
        return token_of(self._row("token", TOKEN, "tokens", token_id))

    async def tokens(self, connection_id: str) -> list[Token]:
        """See Store."""
        rows = self._db.execute(
            f"SELECT {TOKEN} FROM tokens WHERE connection_id = ? ORDER BY id",
            (connection_id,),
        )
        return [token_of(row) for row in rows]

    async def change_token(self, connection_id: str, token_id: str, change: TokenChange, audit: Audit) -> Token:
        """See Store."""
        return await self._batch.write(lambda db: log.change_token(db, connection_id, token_id, change, audit))

    def token_used(self, connection_id: str, token_id: str, at: int) -> None:
        """See Store. Written at most once a second for a token, as nobody reads it more finely."""
        key = (connection_id, token_id)
        if at - self._used.get(key, 0) < 1_000_000:
            return
        self._used[key] = at
        self._batch.ride(lambda db: log.use_token(db, connection_id, token_id, at))

    # Users

    async def create_user(self, user: User, rules: Rules = AS_IS) -> User:
        """See Store."""
        return await self._batch.write(lambda db: users.insert(db, user, rules))

    async def user(self, connection_id: str, user_id: str) -> User:
        """See Store."""
        return users.one(self._db, connection_id, user_id)

    async def user_named(self, connection_id: str, user_name: str) -> User:
        """See Store."""
        return users.by_name(self._db, connection_id, user_name)

    async def users_with_email(self, connection_id: str, values: Collection[str]) -> list[User]:
        """See Store."""
        return users.with_email(self._db, connection_id, values)

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
        return users.page(self._db, connection_id, Wanted(where, start_index, count, sort, at))

    async def change_user(
        self,
        connection_id: str,
        user_id: str,
        change: Callable[[User], User | None],
        expected_version: int | None = None,
        rules: Rules = AS_IS,
    ) -> User:
        """See Store."""
        return await self._batch.write(
            lambda db: users.update(db, connection_id, user_id, change, expected_version, rules)
        )

    async def delete_user(
        self, connection_id: str, user_id: str, at: int, expected_version: int | None = None, rules: Rules = AS_IS
    ) -> None:
        """See Store."""
        await self._batch.write(lambda db: users.delete(db, connection_id, user_id, at, expected_version, rules))

    async def merge_users(self, connection_id: str, kept_id: str, gone_id: str, at: int) -> None:
        """See Store."""
        await self._batch.write(lambda db: users.merge(db, connection_id, kept_id, gone_id, at))

    # Groups

    async def create_group(
        self, group: Group, members: Collection[str] = (), origin: Origin = "scim", rules: Rules = AS_IS
    ) -> GroupChanged:
        """See Store."""
        return await self._batch.write(lambda db: groups.insert(db, group, members, origin, rules))

    async def group(self, connection_id: str, group_id: str) -> Group:
        """See Store."""
        return groups.one(self._db, connection_id, group_id)

    async def group_named(self, connection_id: str, display_name: str) -> Group:
        """See Store."""
        return groups.by_name(self._db, connection_id, display_name)

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
        return groups.page(self._db, connection_id, Wanted(where, start_index, count, sort, at, nested))

    async def change_group(
        self,
        connection_id: str,
        group_id: str,
        change: GroupChange,
        at: int,
        origin: Origin = "scim",
        expected_version: int | None = None,
        rules: Rules = AS_IS,
    ) -> GroupChanged:
        """See Store."""
        return await self._batch.write(
            lambda db: groups.update(db, connection_id, group_id, change, at, origin, expected_version, rules)
        )

    async def delete_group(
        self, connection_id: str, group_id: str, expected_version: int | None = None, rules: Rules = AS_IS
    ) -> None:
        """See Store."""
        await self._batch.write(lambda db: groups.delete(db, connection_id, group_id, expected_version, rules))

    async def members(self, connection_id: str, group_id: str) -> list[Member]:
        """See Store."""
        groups.one(self._db, connection_id, group_id)
        return groups.members_of(self._db, connection_id, [group_id]).get(group_id, [])

    async def members_of(self, connection_id: str, group_ids: Collection[str]) -> Mapping[str, list[Member]]:
        """See Store."""
        return groups.members_of(self._db, connection_id, group_ids)

    async def pending(self, connection_id: str, group_id: str) -> list[Pending]:
        """See Store."""
        return references.pending(self._db, connection_id, group_id)

    async def nested_of(self, connection_id: str, group_ids: Collection[str]) -> Mapping[str, list[GroupRef]]:
        """See Store."""
        return references.nested_of(self._db, connection_id, group_ids)

    async def groups_of(self, connection_id: str, user_ids: Collection[str]) -> Mapping[str, list[GroupRef]]:
        """See Store."""
        return users.groups_of(self._db, connection_id, user_ids)

    # What waits for an administrator

    async def note_conflict(self, conflict: Conflict) -> Conflict:
        """See Store."""
        return await self._batch.write(lambda db: review.note_conflict(db, conflict))

    async def conflicts(self, connection_id: str, state: str | None = None) -> list[Conflict]:
        """See Store."""
        return review.conflicts(self._db, connection_id, state)

    async def decide_conflict(
        self, connection_id: str, conflict_id: str, state: Literal["linked", "dismissed", "done"], audit: Audit
    ) -> Conflict:
        """See Store."""
        return await self._batch.write(lambda db: review.decide_conflict(db, connection_id, conflict_id, state, audit))

    async def note_hold(self, hold: Hold) -> Hold:
        """See Store."""
        return await self._batch.write(lambda db: review.note_hold(db, hold))

    async def holds(self, connection_id: str) -> list[Hold]:
        """See Store."""
        return review.holds(self._db, connection_id)

    async def decide_hold(self, connection_id: str, hold_id: str, approved_until: int | None, audit: Audit) -> Hold:
        """See Store."""
        return await self._batch.write(lambda db: review.decide_hold(db, connection_id, hold_id, approved_until, audit))

    async def is_approved(self, connection_id: str, guard: str, subject: str, at: int) -> bool:
        """See Store."""
        return review.is_approved(self._db, connection_id, guard, subject, at)

    # The provisioning log and the audit

    def record(self, exchange: Exchange) -> None:
        """See Store."""
        self._batch.ride(lambda db: log.insert_exchange(db, exchange))

    async def exchange(self, request_id: str) -> Exchange:
        """See Store."""
        return log.one_exchange(self._db, request_id)

    async def exchanges(self, connection_id: str, query: ExchangeQuery) -> list[Exchange]:
        """See Store."""
        return log.exchanges(self._db, connection_id, query)

    async def add_audit(self, audit: Audit) -> None:
        """See Store."""
        await self._batch.write(lambda db: log.insert_audit(db, audit))

    async def audit(self, connection_id: str, limit: int = 100) -> list[Audit]:
        """See Store."""
        rows = self._db.execute(
            f"SELECT {AUDIT} FROM audit WHERE connection_id = ? ORDER BY id DESC LIMIT ?",
            (connection_id, limit),
        )
        return [audit_of(row) for row in rows]
