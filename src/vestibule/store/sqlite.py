"""The embedded store: one SQLite file, WAL, a durable commit before each answer.

Reads run on the same connection in the event loop's thread: a point read costs less than a hop to another thread.
"""

import sqlite3
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

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
from vestibule.store import ExchangeQuery, GroupChanged, NotFound, Page, SchemaMismatch, Unreachable
from vestibule.store import sqlite_groups as groups
from vestibule.store import sqlite_log as log
from vestibule.store import sqlite_users as users
from vestibule.store.batch import Batch
from vestibule.store.rows import AUDIT, CONNECTION, ENTERPRISE, TOKEN, audit_of, connection_of, enterprise_of, token_of

SCHEMA_VERSION = 1
_PATIENCE = 5.0
_SCHEMA = Path(__file__).with_name("schema.sql")


class SqliteStore:
    """`vestibule.store.Store` over one SQLite file; several processes may have it open."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._batch = Batch(db)
        self._used: dict[tuple[str, str], int] = {}

    @classmethod
    def open(cls, path: str) -> "SqliteStore":
        """Open or make the database. Raises Unreachable, SchemaMismatch."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                return cls(_connect(path))
            except sqlite3.DatabaseError as error:
                # The step to WAL does not wait for another process that opens or closes the file, whatever the timeout.
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise Unreachable(f"The database {path} cannot be opened: {error}.") from error
                time.sleep(0.05)

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
        values = (connection.id, connection.enterprise_id, connection.idp, connection.created_at)
        await self._batch.write(
            lambda db: db.execute(f"INSERT INTO connections ({CONNECTION}) VALUES (?, ?, ?, ?)", values)
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

    async def create_user(self, user: User) -> None:
        """See Store."""
        await self._batch.write(lambda db: users.insert(db, user))

    async def user(self, connection_id: str, user_id: str) -> User:
        """See Store."""
        return users.one(self._db, connection_id, user_id)

    async def user_named(self, connection_id: str, user_name: str) -> User:
        """See Store."""
        return users.by_name(self._db, connection_id, user_name)

    async def users(
        self, connection_id: str, where: Filter | None = None, start_index: int = 1, count: int = 100
    ) -> Page[User]:
        """See Store."""
        return users.page(self._db, connection_id, where, start_index, count)

    async def change_user(
        self,
        connection_id: str,
        user_id: str,
        change: Callable[[User], User | None],
        expected_version: int | None = None,
    ) -> User:
        """See Store."""
        return await self._batch.write(lambda db: users.update(db, connection_id, user_id, change, expected_version))

    async def delete_user(self, connection_id: str, user_id: str, at: int, expected_version: int | None = None) -> None:
        """See Store."""
        await self._batch.write(lambda db: users.delete(db, connection_id, user_id, at, expected_version))

    # Groups

    async def create_group(self, group: Group, members: Collection[str] = (), origin: Origin = "scim") -> Group:
        """See Store."""
        return await self._batch.write(lambda db: groups.insert(db, group, members, origin))

    async def group(self, connection_id: str, group_id: str) -> Group:
        """See Store."""
        return groups.one(self._db, connection_id, group_id)

    async def group_named(self, connection_id: str, display_name: str) -> Group:
        """See Store."""
        return groups.by_name(self._db, connection_id, display_name)

    async def groups(
        self, connection_id: str, where: Filter | None = None, start_index: int = 1, count: int = 100
    ) -> Page[Group]:
        """See Store."""
        return groups.page(self._db, connection_id, where, start_index, count)

    async def change_group(
        self,
        connection_id: str,
        group_id: str,
        change: GroupChange,
        at: int,
        origin: Origin = "scim",
        expected_version: int | None = None,
    ) -> GroupChanged:
        """See Store."""
        return await self._batch.write(
            lambda db: groups.update(db, connection_id, group_id, change, at, origin, expected_version)
        )

    async def delete_group(self, connection_id: str, group_id: str, expected_version: int | None = None) -> None:
        """See Store."""
        await self._batch.write(lambda db: groups.delete(db, connection_id, group_id, expected_version))

    async def members(self, connection_id: str, group_id: str) -> list[Member]:
        """See Store."""
        groups.one(self._db, connection_id, group_id)
        return groups.members_of(self._db, connection_id, [group_id]).get(group_id, [])

    async def members_of(self, connection_id: str, group_ids: Collection[str]) -> Mapping[str, list[Member]]:
        """See Store."""
        return groups.members_of(self._db, connection_id, group_ids)

    async def groups_of(self, connection_id: str, user_ids: Collection[str]) -> Mapping[str, list[GroupRef]]:
        """See Store."""
        return users.groups_of(self._db, connection_id, user_ids)

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

    async def audit(self, connection_id: str, limit: int = 100) -> list[Audit]:
        """See Store."""
        rows = self._db.execute(
            f"SELECT {AUDIT} FROM audit WHERE connection_id = ? ORDER BY id DESC LIMIT ?",
            (connection_id, limit),
        )
        return [audit_of(row) for row in rows]


def _connect(path: str) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, timeout=5, check_same_thread=False)
    try:
        db.row_factory = sqlite3.Row
        db.create_function("casefold", 1, _casefold, deterministic=True)
        _prepare(db, path)
        # Only now, as the journal mode is written into the file: it is known to be ours.
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            db.execute(f"PRAGMA {pragma}")
    except BaseException:
        db.close()
        raise
    return db


def _casefold(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _prepare(db: sqlite3.Connection, path: str) -> None:
    """Make the tables of an empty database; refuse one that is not ours or of another version."""
    db.execute("BEGIN IMMEDIATE")
    try:
        tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not tables:
            if Path(path).is_file():
                # It will hold people's names and the hashes of tokens.
                Path(path).chmod(0o600)
            for statement in _SCHEMA.read_text().split(";\n"):
                db.execute(statement)
            db.execute("INSERT INTO schema_version VALUES (?)", (SCHEMA_VERSION,))
        elif "schema_version" not in tables:
            raise SchemaMismatch(f"{path} is a database of some other program; choose another file.")
        else:
            version = db.execute("SELECT version FROM schema_version").fetchone()[0]
            if version != SCHEMA_VERSION:
                raise SchemaMismatch(
                    f"{path} has schema version {version}, this Vestibule knows {SCHEMA_VERSION}: "
                    "use the version of Vestibule that made it, or another file."
                )
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
