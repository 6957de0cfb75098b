"""What the machine can do at best: our operations by the plain driver, on the database that the server has filled."""

import itertools
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bench.figures import Figure, Plain
from bench.limits.driver import Driver, timed
from bench.limits.statements import Row, Samples, Work, group_works, log_row, user_reads, user_writes
from bench.processes import Unavailable
from bench.world import World

BATCH = 32
_RECENT = 20_000
"""How far back in the log a row of each kind is looked for."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the plain driver reached, and which operations it could not do and why."""

    reached: tuple[Plain, ...]
    failed: tuple[str, ...]


def plain(
    driver: Driver, world: World, figures: Sequence[Figure], connections: Iterable[int], seconds: float
) -> Limits:
    """Each operation one a commit, 32 a commit, and as many a commit as the server had. Raises Unavailable."""
    found: list[Plain] = []
    failed: list[str] = []
    for together in _works(driver, world):
        try:
            for per_commit in _batches(together, figures, connections):
                for each in together:
                    rate = timed(driver, each, per_commit, seconds)
                    found.append(Plain(each.op, driver.store, world.users, per_commit, rate.per_second, rate.cpu_us))
        except Exception as error:  # noqa: BLE001 -- whatever a driver makes of a statement that does not fit our tables
            failed.append(f"{together[-1].op}: {error}")
    return Limits(tuple(found), tuple(failed))


def _works(driver: Driver, world: World) -> list[list[Work]]:
    """What is timed one after the other; who was added to a group leaves it before the next number a commit."""
    samples, serial = _samples(driver, world), _serials()
    # Creating users comes first, as near as can be to where the server was last measured at it.
    works = [*user_writes(samples, world, serial), *log_row(samples, serial), *user_reads(samples, world)]
    together = [[work] for work in works]
    for group in world.groups.values():
        *reads, add, remove = group_works(samples, group, serial)
        together += [*([work] for work in reads), [add, remove]]
    return together


def _batches(works: Sequence[Work], figures: Sequence[Figure], connections: Iterable[int]) -> list[int]:
    """How many operations a transaction has; 0 for one that reads."""
    if not works[0].writes:
        return [0]
    asked = set(connections)
    seen = {
        per_commit(each) for each in figures if each.op in {work.op for work in works} and each.connections in asked
    }
    return sorted({1, BATCH} | seen)


def per_commit(figure: Figure) -> int:
    """How many of the server's requests shared a transaction; where that is not known, as many as could have."""
    if figure.commits:
        return max(1, round(figure.requests / figure.commits))
    return min(BATCH, figure.connections)


def _serials() -> Callable[[], str]:
    """Makers of text that sorts after everything that was made before, as the server's ids do."""
    begun, numbers = time.time_ns(), itertools.count()
    return lambda: f"zz{begun}{next(numbers):09d}"


def _samples(driver: Driver, world: World) -> Samples:
    one = world.ids[-1]
    try:
        user = driver.rows("SELECT * FROM users WHERE id = $1 LIMIT 1", one)[0]
        tenant = str(user["connection_id"])
        connection = driver.rows("SELECT * FROM connections WHERE id = $1", tenant)[0]
        emails = driver.rows("SELECT * FROM user_emails WHERE connection_id = $1 AND user_id = $2", tenant, one)
        member = driver.rows("SELECT * FROM members WHERE connection_id = $1 LIMIT 1", tenant)[0]
        recent = driver.rows(
            f"SELECT * FROM exchanges WHERE connection_id = $1 AND status < 300 ORDER BY id DESC LIMIT {_RECENT}",
            tenant,
        )
    except (IndexError, KeyError) as error:
        raise Unavailable(f"the server's tables hold no row to copy: {error!r}") from error
    return Samples(connection, user, emails[0] if emails else None, member, _by_kind(recent))


def _by_kind(rows: Iterable[Row]) -> dict[tuple[str, str], Row]:
    """The newest row of the log of each method and resource type."""
    found: dict[tuple[str, str], Row] = {}
    for row in rows:
        kind: Any = (row["method"], row["resource_type"])
        found.setdefault(kind, row)
    return found
