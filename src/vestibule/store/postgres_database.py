"""A PostgreSQL database: its pool of connections, and its schema, made, checked and upgraded."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg

from vestibule.store import citus_schema, schema
from vestibule.store.answers import SchemaMismatch, Unreachable
from vestibule.store.urls import without_password

_FAILURES = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError, TimeoutError)
MIGRATION_LOCK = 7204817
"""The advisory lock of whoever makes or changes the tables."""
POOL = 10
"""How many connections one process has at most."""


class PostgresDatabase:
    """One database under a URL `postgresql://user:password@host:port/name`."""

    def __init__(
        self, url: str, *, pool_size: int = POOL, upgrade: bool = False, migrations: Path = schema.MIGRATIONS
    ) -> None:
        self.url = url
        self.migrations = migrations
        self._pool_size = pool_size
        self._upgrade = upgrade
        self._pool: Any = None
        self._opening = asyncio.Lock()

    async def pool(self) -> Any:
        """The pool, opened at the first asking. Raises Unreachable, SchemaMismatch."""
        if self._pool is None:
            async with self._opening:
                if self._pool is None:
                    self._pool = await self._open()
        return self._pool

    async def _open(self) -> Any:
        try:
            await self._prepare()
            make_pool: Any = asyncpg.create_pool  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
            return await make_pool(
                self.url,
                min_size=1,
                max_size=self._pool_size,
                statement_cache_size=512,
                max_inactive_connection_lifetime=0,
                command_timeout=60,
                reset=_nothing_to_reset,
            )
        except _FAILURES as error:
            raise self.unreachable(error) from error

    def unreachable(self, error: BaseException) -> Unreachable:
        """What is told of a database that cannot be opened."""
        return Unreachable(f"The database {self.shown} cannot be opened: {error or type(error).__name__}.")

    @property
    def shown(self) -> str:
        """The URL without a password."""
        return without_password(self.url)

    async def close(self) -> None:
        """Let go of all connections."""
        if self._pool is not None:
            await self._pool.close()
            self._pool = None

    async def _prepare(self) -> None:
        link: Any = await _connect(self.url)
        try:
            if link.get_server_version() < (15,):
                raise SchemaMismatch("Vestibule needs PostgreSQL 15 or newer.")
            async with link.transaction():
                await _prepare(link, self.shown, self.migrations, upgrade=self._upgrade)
        finally:
            await link.close()


async def _connect(url: str) -> Any:
    # The driver is typed in part.
    connect: Any = asyncpg.connect  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    return await connect(url, timeout=10)


@asynccontextmanager
async def connected(database: PostgresDatabase) -> AsyncGenerator[Any]:
    """A connection beside the pool, whose statements may take their time. Raises Unreachable."""
    try:
        link: Any = await _connect(database.url)
    except _FAILURES as error:
        raise database.unreachable(error) from error
    try:
        yield link
    finally:
        await link.close()


async def version_of(link: Any) -> int | None:
    """The schema version of the database, None when there is no table of ours."""
    # Asked of the catalogue's rows, as names that were looked up in vain before are remembered for a while.
    present: Any = await link.fetchval(
        "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'schema_version'"
    )
    return await link.fetchval("SELECT version FROM schema_version") if present else None


async def _prepare(link: Any, shown: str, migrations: Path, *, upgrade: bool) -> None:
    """Make the tables of an empty database, or upgrade an older one; refuse what cannot be worked with."""
    known = schema.steps(migrations)
    present = await version_of(link)
    if present is not None and not schema.pending(present, known):
        return
    # Whoever comes second waits here, and finds what the first one made.
    await link.execute("SELECT pg_advisory_xact_lock($1)", MIGRATION_LOCK)
    present = await version_of(link)
    todo = schema.pending(present, known)
    if present is None:
        if await link.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"):
            raise SchemaMismatch(f"{shown} has tables of some other program; choose another database.")
        await link.execute(schema.on_postgres(schema.VERSION_TABLE))
        await link.execute("INSERT INTO schema_version VALUES (0)")
    elif todo and not upgrade:
        raise schema.not_upgraded(present, known[-1].version)
    run = await citus_schema.runner(link)
    for step in todo:
        for statement in step.statements:
            await run(statement)
        await link.execute("UPDATE schema_version SET version = $1", step.version)


async def _nothing_to_reset(_: Any) -> None:
    """No statement of the store's leaves anything behind in a session, so none is sent to clean up."""
