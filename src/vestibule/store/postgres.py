"""The engine over PostgreSQL 15 or newer, and over Citus.

The writes of one connection are done one after the other, in whichever process: a transaction begins by locking
the connection's row of `counters`. Those that wait meanwhile share the next transaction and its one durable commit.
"""

import asyncio
import logging
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Coroutine,
    Iterable,
    Sequence,
)
from contextlib import asynccontextmanager
from typing import Any, TypeAlias, TypeVar

import asyncpg

from vestibule.store.answers import Clash, SchemaMismatch, StoreError, Unreachable
from vestibule.store.db import PIECE, for_postgres
from vestibule.store.engine import Write
from vestibule.store.postgres_database import PostgresDatabase, connected, version_of
from vestibule.store.relational import RelationalStore
from vestibule.store.riders import RIDE_DELAY, Riders
from vestibule.store.together import Answers, answer, in_order

T = TypeVar("T")
Link: TypeAlias = Any
"""A connection of asyncpg's, from its pool."""
Waiting: TypeAlias = "list[tuple[Write[Any], asyncio.Future[Any]]]"
MAX_BATCH = 256
"""How many writes share a commit at most, so that the first of them does not wait for too many others."""
RETRIES = 5
RETRY_DELAY = 1.0
_AGAIN = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
_LOST = (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError)
_UNFIT = (
    *(asyncpg.IntegrityConstraintViolationError, asyncpg.DataError, TypeError, OverflowError),
    asyncpg.InternalServerError,  # as Citus passes on what a node says of a COPY
)
_log = logging.getLogger(__name__)


class PostgresStore(RelationalStore):
    """`vestibule.store.Store` over a PostgreSQL database; any number of processes may serve it."""

    @classmethod
    def open(cls, url: str, **options: Any) -> "PostgresStore":
        """A store that connects when it is first asked; `ready` tells whether it can."""
        return cls(PostgresEngine(PostgresDatabase(url, **options)))


class PostgresDb:
    """`vestibule.store.db.Transaction` over one connection."""

    def __init__(self, link: Link) -> None:
        self.link = link

    async def rows(self, sql: str, *values: Any) -> Sequence[Any]:
        """See Db."""
        return await self.link.fetch(for_postgres(sql), *_kept(values))

    async def row(self, sql: str, *values: Any) -> Any:
        """See Db."""
        return await self.link.fetchrow(for_postgres(sql), *_kept(values))

    async def run(self, sql: str, *values: Any) -> int:
        """See Db."""
        return _count(await self.link.execute(for_postgres(sql), *_kept(values)))

    async def many(self, sql: str, values: Iterable[Sequence[Any]]) -> None:
        """See Db."""
        listed = [_kept(each) for each in values]
        if len(listed) == 1:
            await self.link.execute(for_postgres(sql), *listed[0])
        elif listed:
            await self.link.executemany(for_postgres(sql), listed)

    async def stream(self, sql: str, *values: Any) -> AsyncIterator[Sequence[Any]]:
        """See Transaction."""
        cursor = await self.link.cursor(for_postgres(sql), *_kept(values))
        while piece := await cursor.fetch(PIECE):
            yield piece

    async def load(self, table: str, columns: Sequence[str], rows: Collection[Sequence[Any]]) -> None:
        """See Transaction."""
        try:
            await self.link.copy_records_to_table(table, records=map(_kept, rows), columns=columns)
        except _UNFIT as error:
            raise Clash(f"{table}: {error}{_detail(error)}") from error


def _detail(error: Any) -> str:
    detail = getattr(error, "detail", None)
    return f" ({detail})" if detail else ""


def _kept(values: Sequence[Any]) -> Sequence[Any]:
    """Values as PostgreSQL takes them: its texts have no NUL, and none that is kept has."""
    if any(isinstance(each, str) and "\0" in each for each in values):
        return [each.replace("\0", "\u2400") if isinstance(each, str) else each for each in values]
    return values


def _count(status: str) -> int:
    return int(status.rsplit(" ", 1)[-1])


class PooledDb:
    """`vestibule.store.db.Db` for reads: each statement takes a connection of the pool."""

    def __init__(self, database: PostgresDatabase) -> None:
        self.database = database

    async def rows(self, sql: str, *values: Any) -> Sequence[Any]:
        """See Db."""
        return await self._read(lambda link: link.fetch(for_postgres(sql), *_kept(values)))

    async def row(self, sql: str, *values: Any) -> Any:
        """See Db."""
        return await self._read(lambda link: link.fetchrow(for_postgres(sql), *_kept(values)))

    async def run(self, sql: str, *values: Any) -> int:
        """See Db."""
        return _count(await self._read(lambda link: link.execute(for_postgres(sql), *_kept(values))))

    async def many(self, sql: str, values: Iterable[Sequence[Any]]) -> None:
        """See Db."""
        await self._read(lambda link: link.executemany(for_postgres(sql), [_kept(each) for each in values]))

    async def _read(self, ask: Callable[[Link], Awaitable[T]]) -> T:
        try:
            return await self._once(ask)
        except _LOST:
            # The server was restarted, or let go of an idle connection: the next one is fresh.
            try:
                return await self._once(ask)
            except _LOST as error:
                raise Unreachable(f"The database does not answer: {error}") from error

    async def _once(self, ask: Callable[[Link], Awaitable[T]]) -> T:
        pool = await self.database.pool()
        async with pool.acquire() as link:
            return await ask(link)


class PostgresEngine:
    """`vestibule.store.engine.Engine` over a pool of connections."""

    def __init__(self, database: PostgresDatabase) -> None:
        self.database = database
        self._reading = PooledDb(database)
        self._queues: dict[str, Waiting] = {}
        self._drains: dict[str, asyncio.Task[None]] = {}
        self._riders = Riders()
        self._late: asyncio.TimerHandle | None = None
        self._ride: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def reading(self) -> PooledDb:
        """See Engine."""
        return self._reading

    async def ready(self) -> None:
        """See Engine."""
        await self.database.pool()

    async def write(self, connection_id: str, work: Write[T]) -> T:
        """See Engine."""
        if self._closed:
            raise Unreachable("The store is closed.")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queues.setdefault(connection_id, []).append((work, future))
        if connection_id not in self._drains:
            self._drains[connection_id] = asyncio.create_task(self._drain(connection_id))
        return await future

    @asynccontextmanager
    async def snapshot(self) -> AsyncGenerator[PostgresDb]:
        """See Engine."""
        await self.ready()
        async with snapshot_of(self.database) as db:
            yield db

    async def _drain(self, connection_id: str) -> None:
        """Write what is queued for a connection, batch after batch, until nobody waits."""
        try:
            # Those that come in the same turn of the loop go together.
            await asyncio.sleep(0)
            while queue := self._queues.get(connection_id):
                batch, self._queues[connection_id] = queue[:MAX_BATCH], queue[MAX_BATCH:]
                await self._batch(connection_id, batch)
        finally:
            self._queues.pop(connection_id, None)
            del self._drains[connection_id]

    async def _batch(self, connection_id: str, batch: Waiting) -> None:
        answers: Answers
        try:
            pool = await self.database.pool()
            async with pool.acquire() as link:
                answers = await _patiently(lambda: _together(link, connection_id, [work for work, _ in batch]))
        except StoreError as error:
            answers = [(None, error) for _ in batch]
        except (*_LOST, asyncpg.PostgresError, TimeoutError) as error:
            failure = Unreachable(f"The database could not be written: {error}")
            _log.error("%s", failure)
            answers = [(None, failure) for _ in batch]
        answer([future for _, future in batch], answers)

    def ride(self, connection_id: str, sql: str, values: Sequence[Any]) -> None:
        """See Engine."""
        if self._closed:
            return
        self._riders.add(connection_id, sql, _kept(values))
        if self._late is None and self._ride is None:
            self._late = asyncio.get_running_loop().call_later(RIDE_DELAY, self._start_ride)

    def _start_ride(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
        if self._ride is None and self._riders:
            self._ride = asyncio.create_task(self._ride_along())

    async def _ride_along(self) -> None:
        riders = self._riders.take()
        delay = RIDE_DELAY
        try:
            pool = await self.database.pool()
            async with pool.acquire() as link:
                # Nobody waits for it, so the disk is not waited for either: the server flushes it soon after.
                await link.execute("SET synchronous_commit TO off")
                try:
                    for group in riders.groups():
                        await _write_group(link, group.sql, group.values)
                finally:
                    await link.execute("RESET synchronous_commit")
        except (*_LOST, asyncpg.PostgresError, StoreError, TimeoutError) as error:
            self._riders.put_back(riders)
            _log.error("The log could not be written: %s; %d entries are waiting.", error, len(self._riders))
            delay = RETRY_DELAY
        finally:
            self._ride = None
        if self._riders and not self._closed:
            self._late = asyncio.get_running_loop().call_later(delay, self._start_ride)

    async def flush(self) -> None:
        """See Engine."""
        await self._ride_out()
        if self._riders:
            raise Unreachable(f"{len(self._riders)} entries of the log could not be written yet.")
        # A commit that is waited for takes along all that came before it.
        await self._reading.row("SELECT pg_logical_emit_message(true, 'vestibule', '')::text")

    async def close(self) -> None:
        """See Engine; later writes are refused."""
        if self._closed:
            return
        self._closed = True
        await asyncio.gather(*self._drains.values())
        await self._ride_out()
        await self.database.close()

    async def _ride_out(self) -> None:
        """Wait for what is under way, and for one more try of what came meanwhile."""
        if self._ride is not None:
            await self._ride
        self._start_ride()
        if self._ride is not None:
            await self._ride


@asynccontextmanager
async def snapshot_of(database: PostgresDatabase) -> AsyncGenerator[PostgresDb]:
    """One state of a database of ours, whatever its schema version; on Citus of each node, a connection being on one.

    Raises Unreachable, SchemaMismatch for a database that is not ours.
    """
    try:
        async with connected(database) as link, link.transaction(isolation="repeatable_read", readonly=True):
            # One session on each node, so that it has one state of all tables, begun everywhere by the first read.
            await link.execute("SET LOCAL citus.max_adaptive_executor_pool_size TO 1")
            if await version_of(link) is None:
                raise SchemaMismatch(f"{database.shown} has no tables of Vestibule's.")
            await link.fetchval("SELECT count(*) FROM counters")
            yield PostgresDb(link)
    except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError) as error:
        raise database.unreachable(error) from error


async def _patiently(batch: Callable[[], Coroutine[Any, Any, Answers]]) -> Answers:
    """Do a batch again when the database asks for it."""
    for attempt in range(RETRIES):
        try:
            return await batch()
        except _AGAIN:
            await asyncio.sleep(0.01 * 2**attempt)
    return await batch()


async def _together(link: Link, connection_id: str, works: list[Write[Any]]) -> Answers:
    """All in one transaction; when one fails, all once more, each within a savepoint of its own."""
    await _begin(link, connection_id)
    try:
        results: Answers = [(each, None) for each in await in_order(PostgresDb(link), works)]
        await link.execute("COMMIT")
    except _LOST:
        raise
    except BaseException as error:
        await link.execute("ROLLBACK")
        if isinstance(error, (*_AGAIN, asyncio.CancelledError)):
            raise
        if len(works) == 1 and not isinstance(error, asyncpg.PostgresError):
            return [(None, error)]
    else:
        return results
    return await _each_alone(link, connection_id, works)


async def _each_alone(link: Link, connection_id: str, works: list[Write[Any]]) -> Answers:
    answers: Answers = []
    await _begin(link, connection_id)
    try:
        for work in works:
            answers.append(await _alone(link, work))
        await link.execute("COMMIT")
    except _LOST:
        raise
    except BaseException:
        await link.execute("ROLLBACK")
        raise
    return answers


async def _alone(link: Link, work: Write[Any]) -> tuple[Any, BaseException | None]:
    await link.execute("SAVEPOINT one")
    try:
        result = await work(PostgresDb(link))
    except (*_AGAIN, *_LOST, asyncio.CancelledError):
        raise
    except Exception as error:  # noqa: BLE001 -- it belongs to the waiter of this one write
        await link.execute("ROLLBACK TO one; RELEASE one")
        return None, error
    await link.execute("RELEASE one")
    return result, None


async def _begin(link: Link, connection_id: str) -> None:
    """Begin a transaction in which nobody else writes to the connection."""
    if connection_id.replace("_", "").isalnum() and connection_id.isascii():
        # One round trip; an id of ours has nothing that would have to be quoted.
        await link.execute(f"BEGIN; SELECT 1 FROM counters WHERE connection_id = '{connection_id}' FOR UPDATE")
    else:
        # What is not one connection's reaches all nodes of Citus, and tables that are on each: in one session there.
        await link.execute("BEGIN; SET LOCAL citus.multi_shard_modify_mode TO 'sequential'")


async def _write_group(link: Link, sql: str, values: list[Sequence[Any]]) -> None:
    statement = for_postgres(sql)
    try:
        await link.executemany(statement, values)
    except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
        _log.error("an entry of the log could not be kept: %r", error)
        for each in values:
            try:
                await link.execute(statement, *each)
            except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as again:
                _log.error("dropped: %r", again)
