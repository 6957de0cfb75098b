"""The plain driver: it executes statements on our database, some operations a transaction, and is timed."""

import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from bench.limits.statements import Row, Statement, Work
from bench.processes import cpu_seconds

PREPARED = 512
"""How many operations are made ready before a clock starts."""


class Driver(Protocol):
    """A connection of a database driver, with nothing around it."""

    store: str
    roots: tuple[int, ...]
    """Processes of the database whose CPU is counted too."""

    def rows(self, sql: str, *values: Any) -> list[Row]:
        """The rows of a query."""
        ...

    def worded(self, statement: Statement) -> Statement:
        """A statement in the words of this driver."""
        ...

    def read(self, statements: Iterable[Statement]) -> None:
        """Execute them, worded, and take all rows."""
        ...

    def commit(self, operations: Sequence[Sequence[Statement]]) -> None:
        """Execute them, worded, in one transaction, which is on disk when this returns."""
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...


@dataclass(frozen=True, slots=True)
class Rate:
    """What the plain driver does: operations a second, and CPU of driver and database in microseconds each."""

    per_second: float
    cpu_us: float


class Sqlite:
    """The `sqlite3` of the standard library, WAL and synchronous=FULL."""

    store = "SQLite"
    roots: tuple[int, ...] = ()

    def __init__(self, path: str) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, timeout=30)
        self._db.execute("PRAGMA synchronous = FULL")

    def rows(self, sql: str, *values: Any) -> list[Row]:
        """See Driver."""
        found = self._db.execute(sql.replace("$", "?"), values)
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found]

    def worded(self, statement: Statement) -> Statement:
        """See Driver."""
        return Statement(statement.sql.replace("$", "?"), statement.values)

    def read(self, statements: Iterable[Statement]) -> None:
        """See Driver."""
        for each in statements:
            self._db.execute(each.sql, each.values).fetchall()

    def commit(self, operations: Sequence[Sequence[Statement]]) -> None:
        """See Driver."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for statements in operations:
                self.read(statements)
            self._db.execute("COMMIT")
        except sqlite3.Error:
            self._db.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()


def timed(driver: Driver, work: Work, per_commit: int, seconds: float) -> Rate:
    """Do the work for some time, `per_commit` operations a transaction. Making the statements ready is not timed."""
    spent = used = 0.0
    done = 0
    while spent < seconds and (ready := _ready(driver, work, done, max(PREPARED, per_commit))):
        tasks = _tasks(driver, work, ready, per_commit)
        base = cpu_seconds(driver.roots)
        own, started = time.process_time(), time.perf_counter()
        for task, size in tasks:
            task()
            done += size
            # What was made ready to be written is, so that the rows that it counts on are there.
            if not work.writes and spent + time.perf_counter() - started > seconds:
                break
        spent += time.perf_counter() - started
        used += time.process_time() - own + cpu_seconds(driver.roots) - base
    return Rate(round(done / spent, 1), round(used / done * 1e6, 2)) if done else Rate(0.0, 0.0)


def _ready(driver: Driver, work: Work, first: int, count: int) -> list[list[Statement]]:
    """The statements of the next calls, in the driver's own words."""
    left = count if work.left is None else min(count, work.left())
    made = [work.statements(number) for number in range(first, first + left)]
    return [[driver.worded(each) for each in one] for one in made]


def _tasks(
    driver: Driver, work: Work, ready: list[list[Statement]], per_commit: int
) -> list[tuple[Callable[[], None], int]]:
    if not work.writes:
        return [(partial(driver.read, one), 1) for one in ready]
    batches = [ready[start : start + per_commit] for start in range(0, len(ready), per_commit)]
    return [(partial(driver.commit, batch), len(batch)) for batch in batches]
