"""Writes that are queued in one tick of the event loop share a transaction and one durable commit.

Each waiter is answered only after the commit, and each write fails alone: it runs within a savepoint of its own.
What `ride` queues waits for nobody and is written with the next batch, at the latest after `RIDE_DELAY` seconds.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

from vestibule.store import Unreachable

T = TypeVar("T")
Write: TypeAlias = Callable[[sqlite3.Connection], Any]
RIDE_DELAY = 0.02
RETRY_DELAY = 1.0
MAX_RIDERS = 10_000
_log = logging.getLogger(__name__)


class Batch:
    """The queue of writes of one SQLite connection."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._writes: list[tuple[Write, asyncio.Future[Any]]] = []
        self._riders: list[Write] = []
        self._due: asyncio.Handle | None = None
        self._late: asyncio.TimerHandle | None = None
        self._closed = False

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do `work` in the next batch and return what it returns, after the commit."""
        if self._closed:
            raise Unreachable("The store is closed.")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._writes.append((work, future))
        if self._due is None:
            self._due = loop.call_soon(self.flush)
        return await future

    def ride(self, work: Write) -> None:
        """Do `work` with the next batch; what it raises is logged and dropped."""
        if self._closed:
            return
        self._riders.append(work)
        if self._late is None and self._due is None:
            self._late = asyncio.get_running_loop().call_later(RIDE_DELAY, self.flush)

    def close(self) -> None:
        """Write what is queued and let go of the database; later writes are refused."""
        if not self._closed:
            self._closed = True
            self.flush()
            self._db.close()

    def flush(self) -> None:
        """Write everything that is queued now."""
        for handle in (self._due, self._late):
            if handle is not None:
                handle.cancel()
        self._due = self._late = None
        writes, self._writes = self._writes, []
        riders, self._riders = self._riders, []
        if not writes and not riders:
            return
        answers: list[tuple[Any, BaseException | None]]
        try:
            self._db.execute("BEGIN IMMEDIATE")
            answers = [self._alone(work) for work, _ in writes]
            for work in riders:
                _, failure = self._alone(work)
                if failure is not None:
                    _log.error("an entry of the log could not be kept: %r", failure)
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            failure = Unreachable(f"The database could not be written: {error}")
            # What rides waits for the next batch, so that a locked database loses nothing of the log.
            self._riders = (riders + self._riders)[-MAX_RIDERS:]
            if self._riders and not self._closed:
                # Nobody waits for a rider, so nobody would come to send it again.
                self._late = asyncio.get_running_loop().call_later(RETRY_DELAY, self.flush)
            _log.error("%s %d entries of the log are waiting.", failure, len(self._riders))
            answers = [(None, failure) for _ in writes]
        for (_, future), (result, failure) in zip(writes, answers, strict=True):
            if future.cancelled():
                continue
            if failure is None:
                future.set_result(result)
            else:
                future.set_exception(failure)

    @property
    def waiting(self) -> int:
        """How many riders are not on disk yet."""
        return len(self._riders)

    def _alone(self, work: Write) -> tuple[Any, BaseException | None]:
        self._db.execute("SAVEPOINT one")
        try:
            result = work(self._db)
        except Exception as error:  # noqa: BLE001 -- it belongs to the waiter of this one write
            self._db.execute("ROLLBACK TO one")
            self._db.execute("RELEASE one")
            # A future cannot carry a StopIteration.
            return None, RuntimeError(repr(error)) if isinstance(error, StopIteration) else error
        self._db.execute("RELEASE one")
        return result, None
