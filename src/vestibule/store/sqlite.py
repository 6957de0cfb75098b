"""The embedded engine: one SQLite file, WAL, a durable commit before each answer.

Statements run in the event loop's thread, where each costs less than a hop to another one; only the commit, which
waits for the disk, is left to a thread. Meanwhile readers go on, on a connection of their own, and writes collect
for the next commit.
"""

import asyncio
import logging
import sqlite3
import time
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Coroutine, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from typing import Any, TypeVar

from vestibule.store.answers import Clash, Unreachable
from vestibule.store.db import PIECE, for_sqlite
from vestibule.store.engine import Write
from vestibule.store.relational import RelationalStore
from vestibule.store.riders import RIDE_DELAY, Riders
from vestibule.store.sqlite_file import open_again, open_file
from vestibule.store.together import Answers, answer, in_order

T = TypeVar("T")
PATIENCE = 5.0
"""For how many seconds a write waits for another process that holds the file."""
RETRY_DELAY = 1.0
QUIET_TURNS = 5
"""A commit waits no longer for others when in so many turns of the event loop nobody came."""
GATHERING = 0.005
"""For how many seconds it waits at most."""
_log = logging.getLogger(__name__)


class SqliteStore(RelationalStore):
    """`vestibule.store.Store` over one SQLite file; several processes may have it open."""

    @classmethod
    def open(cls, path: str, *, upgrade: bool = False) -> "SqliteStore":
        """Open or make the database; bring it up to date if `upgrade`. Raises Unreachable, SchemaMismatch."""
        writer = open_file(path, upgrade=upgrade)
        # A database in memory is one connection's own.
        alone = path in ("", ":memory:") or path.startswith("file:")
        return cls(SqliteEngine(writer, writer if alone else open_again(path)))


class SqliteDb:
    """`vestibule.store.db.Transaction` over a connection of SQLite; it never waits."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    async def rows(self, sql: str, *values: Any) -> Sequence[Any]:
        """See Db."""
        return self.connection.execute(for_sqlite(sql), values).fetchall()

    async def row(self, sql: str, *values: Any) -> Any:
        """See Db."""
        return self.connection.execute(for_sqlite(sql), values).fetchone()

    async def run(self, sql: str, *values: Any) -> int:
        """See Db."""
        return self.connection.execute(for_sqlite(sql), values).rowcount

    async def many(self, sql: str, values: Iterable[Sequence[Any]]) -> None:
        """See Db."""
        self.connection.executemany(for_sqlite(sql), values)

    async def stream(self, sql: str, *values: Any) -> AsyncIterator[Sequence[Any]]:
        """See Transaction."""
        with closing(self.connection.execute(for_sqlite(sql), values)) as cursor:
            while piece := cursor.fetchmany(PIECE):
                yield piece

    async def load(self, table: str, columns: Sequence[str], rows: Collection[Sequence[Any]]) -> None:
        """See Transaction."""
        places = ", ".join("?" * len(columns))
        try:
            self.connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", rows)
        except sqlite3.IntegrityError as error:
            raise Clash(f"{table}: {error}") from error


class SqliteEngine:
    """`vestibule.store.engine.Engine` over a writing and a reading connection, which may be the same."""

    def __init__(self, writer: sqlite3.Connection, reader: sqlite3.Connection) -> None:
        self.writer = writer
        self.reader = reader
        self._reading = SqliteDb(reader)
        self._writes: list[tuple[Write[Any], asyncio.Future[Any]]] = []
        self._riders = Riders()
        self._boarded = 0.0
        """When the first of those that wait came, by the clock of the loop."""
        self._task: asyncio.Task[None] | None = None
        self._late: asyncio.TimerHandle | None = None
        self._commits = None if writer is reader else ThreadPoolExecutor(1, "vestibule-commit")
        self._closed = False
        self.patience = PATIENCE
        if self._commits is not None:
            # The event loop must not wait for another process; a thread does.
            writer.execute("PRAGMA busy_timeout = 0")

    @property
    def reading(self) -> SqliteDb:
        """See Engine."""
        return self._reading

    async def ready(self) -> None:
        """See Engine: the file is open."""

    async def write(self, connection_id: str, work: Write[T]) -> T:  # noqa: ARG002
        """See Engine. All connections of the file share one queue, as SQLite has one writer."""
        if self._closed:
            raise Unreachable("The store is closed.")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._writes.append((work, future))
        self._go_on()
        return await future

    @asynccontextmanager
    async def snapshot(self) -> AsyncGenerator[SqliteDb]:
        """See Engine. A database in memory has one connection, and is read as it is."""
        if self.writer is self.reader:
            yield self._reading
            return
        with closing(open_again(self.path)) as connection:
            try:
                connection.execute("BEGIN")
                # The state is that of the first read.
                connection.execute("SELECT 1 FROM counters").fetchone()
                yield SqliteDb(connection)
            except sqlite3.DatabaseError as error:
                raise Unreachable(f"The database {self.path} cannot be read: {error}.") from error

    @property
    def path(self) -> str:
        """The file of the database, empty for one in memory."""
        return self.writer.execute("PRAGMA database_list").fetchone()[2]

    def ride(self, connection_id: str, sql: str, values: Sequence[Any]) -> None:
        """See Engine."""
        if self._closed:
            return
        if not self._riders:
            self._boarded = asyncio.get_running_loop().time()
        self._riders.add(connection_id, sql, values)
        self._go_on_in(RIDE_DELAY)

    async def flush(self) -> None:
        """See Engine."""
        # What came while one commit was waited for goes with the next one.
        for _ in range(2):
            self._boarded = 0.0
            self._go_on()
            while self._task is not None:
                await self._task
        if self._riders:
            raise Unreachable(f"{len(self._riders)} entries of the log could not be written yet.")

    async def close(self) -> None:
        """See Engine; later writes are refused."""
        if self._closed:
            return
        self._closed = True
        self._go_on()
        while self._task is not None:
            await self._task
        if self._late is not None:
            self._late.cancel()
        if self._commits is not None:
            self._commits.shutdown()
        for connection in {self.writer, self.reader}:
            connection.close()

    def _go_on_in(self, seconds: float) -> None:
        if self._late is None and self._task is None:
            self._late = asyncio.get_running_loop().call_later(seconds, self._go_on)

    def _go_on(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._drain())

    async def _drain(self) -> None:
        """Write what is queued, batch after batch, until nobody waits."""
        written, writes = True, list[tuple[Write[Any], asyncio.Future[Any]]]()
        try:
            while self._writes or (written and self._ride_is_due()):
                if len(writes) + len(self._writes) > 1:
                    await self._gather()
                writes, self._writes = self._writes, []
                written = await self._batch(writes)
        finally:
            self._task = None
        if not self._closed and (self._writes or self._riders):
            # Nobody waits for a rider, so nobody would come to send it.
            self._go_on_in(0 if self._writes else RIDE_DELAY if written else RETRY_DELAY)

    def _ride_is_due(self) -> bool:
        """Whether it is time to write what waits: not with each commit, as one is the cheaper the more they are."""
        late = asyncio.get_running_loop().time() - self._boarded >= RIDE_DELAY / 2
        return bool(self._riders) and (late or self._closed)

    async def _gather(self) -> None:
        """Let those come back whom the last commit answered, so that all share the next one.

        While the loop is busy, it does only what it had to do anyway; while it is not, its turns take no time.
        """
        loop = asyncio.get_running_loop()
        until, quiet = loop.time() + GATHERING, 0
        while quiet < QUIET_TURNS and loop.time() < until:
            waiting = len(self._writes)
            await asyncio.sleep(0)
            quiet = quiet + 1 if len(self._writes) == waiting else 0

    async def _batch(self, writes: list[tuple[Write[Any], asyncio.Future[Any]]]) -> bool:
        """One transaction with one durable commit; each write fails alone, or all of them with the commit.

        Whether it was committed.
        """
        riders = self._riders.take() if self._ride_is_due() else Riders()
        answers: Answers
        committed = True
        try:
            await self._begin()
            answers = _all(self.writer, [work for work, _ in writes])
            for group in riders.groups():
                _ride(self.writer, group.sql, group.values)
            await self._commit()
        except sqlite3.Error as error:
            if self.writer.in_transaction:
                self.writer.execute("ROLLBACK")
            failure = Unreachable(f"The database could not be written: {error}")
            committed = False
            self._riders.put_back(riders)
            _log.error("%s %d entries of the log are waiting.", failure, len(self._riders))
            answers = [(None, failure) for _ in writes]
        answer([future for _, future in writes], answers)
        return committed

    async def _begin(self) -> None:
        try:
            self.writer.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or self._commits is None:
                raise
            await asyncio.get_running_loop().run_in_executor(self._commits, self._begin_patiently)

    def _begin_patiently(self) -> None:
        deadline = time.monotonic() + self.patience
        while True:
            try:
                self.writer.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.001)
            else:
                return

    async def _commit(self) -> None:
        if self._commits is None:
            self.writer.execute("COMMIT")
        else:
            await asyncio.get_running_loop().run_in_executor(self._commits, self.writer.execute, "COMMIT")


def _all(connection: sqlite3.Connection, works: list[Write[Any]]) -> Answers:
    """All at once; when one fails, all once more, each by itself."""
    if len(works) > 1:
        connection.execute("SAVEPOINT one")
        try:
            results = _at_once(in_order(SqliteDb(connection), works))
        except Exception:  # noqa: BLE001 -- whose it is, is found out below
            connection.execute("ROLLBACK TO one")
            connection.execute("RELEASE one")
        else:
            connection.execute("RELEASE one")
            return [(each, None) for each in results]
    return [_alone(connection, work) for work in works]


def _alone(connection: sqlite3.Connection, work: Write[Any]) -> tuple[Any, BaseException | None]:
    """Do one write within a savepoint of its own."""
    connection.execute("SAVEPOINT one")
    try:
        result = _at_once(work(SqliteDb(connection)))
    except Exception as error:  # noqa: BLE001 -- it belongs to the waiter of this one write
        connection.execute("ROLLBACK TO one")
        connection.execute("RELEASE one")
        return None, error
    connection.execute("RELEASE one")
    return result, None


def _at_once(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    coroutine.close()
    raise RuntimeError("a write on SQLite waited for something else than the database")


def _ride(connection: sqlite3.Connection, sql: str, values: list[Sequence[Any]]) -> None:
    """Run one statement for all its values; where that fails, one by one, and what fails then is dropped."""
    statement = for_sqlite(sql)
    connection.execute("SAVEPOINT one")
    try:
        connection.executemany(statement, values)
    except sqlite3.IntegrityError as error:
        connection.execute("ROLLBACK TO one")
        _log.error("an entry of the log could not be kept: %r", error)
        for each in values:
            try:
                connection.execute(statement, each)
            except sqlite3.IntegrityError as again:
                _log.error("dropped: %r", again)
    connection.execute("RELEASE one")
