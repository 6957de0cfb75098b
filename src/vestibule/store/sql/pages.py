"""Pages of users and of groups: which rows, how many match in all, and whether others follow.

A page goes on after a position: the one that a cursor names, or the end of the page before, which is remembered
(`anchors`), so that no page counts its way through those before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from vestibule.scim.cursor import Position
from vestibule.scim.evaluate import format_filter
from vestibule.scim.filter_ast import Filter
from vestibule.scim.sorting import Sort, SortValue, sort_key
from vestibule.store.db import Db, Row
from vestibule.store.sql.anchors import Anchors, Walks
from vestibule.store.sql.canaries import hidden
from vestibule.store.sql.order import Order, order_of
from vestibule.store.sql.rows import prefixed
from vestibule.store.sql.scan import COLUMNS, Candidates, Match, matches
from vestibule.store.sql.where import Condition, compile_filter

HOP = 10_000
"""How many rows are stepped over at once on the way to a page that nobody has come near before."""
RANGE_BUDGET = 10_000
"""How many rows an index may lead to for one request; of more, as many as `scan` allows are judged one by one."""
_UNIQUE_NAME = {"users": "t.user_name_ci", "groups": "t.display_name_ci"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which page: of what matches `where`, from the 1-based `start`, or from a position on."""

    where: Filter | None = None
    start: int = 1
    count: int = 100
    sort: Sort | None = None
    at: Position | None = None
    nested: bool = False
    walks: Walks | None = None
    """Where the pages of lists ended, if that is remembered."""


@dataclass(frozen=True, slots=True)
class Rows:
    """A page's rows, the number of all matches, and whether others follow. Without a sort there are no `keys`."""

    total: int
    rows: Sequence[Row]
    more: bool
    keys: tuple[SortValue, ...] = ()


async def select_page(db: Db, table: str, connection_id: str, wanted: Wanted) -> Rows:
    """A page of users or groups. Raises Unsupported, TooMany."""
    condition = compile_filter(table, connection_id, wanted.where, nested=wanted.nested)
    order = order_of(table, wanted.sort, backwards=wanted.at is not None and wanted.at.before)
    unlisted = hidden(table, condition, wanted.where)
    few = await _are_few(db, table, condition)
    if order is None or not condition.exact or not (few or _is_in_order(table, condition, order)):
        found = await matches(Candidates(db, table, connection_id, condition, unlisted, few), wanted.where, wanted.sort)
        return await _cut(db, table, connection_id, found, wanted)
    source = _Source(db, table, connection_id, condition, order, unlisted)
    if wanted.at is not None:
        return await _after(source, wanted, wanted.at)
    return await _from_start(source, wanted)


async def _are_few(db: Db, table: str, condition: Condition) -> bool:
    """Whether an index leads to so few rows that it does not matter what else is asked of them."""
    driver = condition.driver
    if driver is None:
        return condition.narrowed == "point"
    counted = await db.row(
        f"SELECT count(*) FROM (SELECT 1 FROM {table} t WHERE t.connection_id = $1{driver.sql} "
        f"LIMIT ${len(driver.values) + 1}) AS counted",
        *driver.values, RANGE_BUDGET + 1,
    )  # fmt: skip
    return counted[0] <= RANGE_BUDGET


def _is_in_order(table: str, condition: Condition, order: Order) -> bool:
    """Whether an index has the list in this order: all, or the active ones, by their ids, or all by their names."""
    if order.column is None:
        return not condition.sql or condition.active is not None
    return not condition.sql and order.column == _UNIQUE_NAME[table]


@dataclass(frozen=True, slots=True)
class _Source:
    """The rows of a list in their order."""

    db: Db
    table: str
    connection_id: str
    condition: Condition
    order: Order
    unlisted: str

    async def rows(self, at: Position | None, count: int, skip: int = 0, columns: str | None = None) -> Sequence[Row]:
        listed = prefixed("t", columns or COLUMNS[self.table])
        sql = f"FROM {self.table} t WHERE t.connection_id = $1{self.condition.sql}{self.unlisted}"
        values = self.condition.values
        if self.order.column is not None:
            listed += f", {self.order.column} AS sort_value"
        if at is not None:
            beyond, place = self.order.beyond(at, len(values) + 1)
            sql, values = f"{sql} AND {beyond}", values + place
        offset = f" OFFSET ${len(values) + 2}" if skip else ""
        page = f"ORDER BY {self.order.clause()} LIMIT ${len(values) + 1}{offset}"
        return await self.db.rows(f"SELECT {listed} {sql} {page}", *values, count, *([skip] if skip else []))

    async def total(self) -> int:
        """How many match: the whole list and the active ones are counted as they come and go."""
        if not self.condition.sql or self.condition.active is not None:
            kept = await self.db.row(
                "SELECT user_count, active_count, group_count FROM counters WHERE connection_id = $1",
                self.connection_id,
            )
            return self._kept(kept) if kept else 0
        counted = await self.db.row(
            f"SELECT count(*) FROM {self.table} t WHERE t.connection_id = $1{self.condition.sql}{self.unlisted}",
            *self.condition.values,
        )
        return counted[0]

    def _kept(self, counters: Row) -> int:
        if self.table == "groups":
            return counters["group_count"]
        if self.condition.active is None:
            return counters["user_count"]
        active: int = counters["active_count"]
        return active if self.condition.active else counters["user_count"] - active

    def position(self, row: Row) -> Position:
        value = row["sort_value"] if self.order.column is not None else None
        return Position("", row["id"], value)

    def keys(self, rows: Sequence[Row]) -> tuple[SortValue, ...]:
        return () if self.order.column is None else tuple(row["sort_value"] for row in rows)


async def _after(source: _Source, wanted: Wanted, at: Position) -> Rows:
    if wanted.count <= 0:
        return Rows(await source.total(), (), more=False)
    rows = await source.rows(at, wanted.count + 1)
    more, rows = len(rows) > wanted.count, rows[: wanted.count]
    if at.before:
        rows = rows[::-1]
    return Rows(await source.total(), rows, more, source.keys(rows))


async def _from_start(source: _Source, wanted: Wanted) -> Rows:
    if wanted.count <= 0:
        total = await source.total()
        return Rows(total, (), wanted.start - 1 < total)
    begin, skip = await _near(source, wanted)
    rows: Sequence[Row] = await source.rows(begin, wanted.count, skip) if skip is not None else []
    passed = wanted.start - 1 + len(rows)
    if len(rows) == wanted.count and (anchors := _anchors(source, wanted)) is not None:
        anchors.note(passed, source.position(rows[-1]))
    if len(rows) < wanted.count and source.condition.sql and (rows or wanted.start == 1):
        return Rows(passed, rows, more=False, keys=source.keys(rows))
    total = await source.total()
    return Rows(total, rows, passed < total, source.keys(rows))


def _anchors(source: _Source, wanted: Wanted) -> Anchors | None:
    if wanted.walks is None:
        return None
    where = format_filter(wanted.where) if wanted.where is not None else ""
    by = (str(wanted.sort.path), wanted.sort.descending) if wanted.sort is not None else ()
    return wanted.walks.of(source.table, source.connection_id, where, by, wanted.nested)


async def _near(source: _Source, wanted: Wanted) -> tuple[Position | None, int | None]:
    """The nearest place before the page that is known, and how many rows are to be stepped over from there.

    None of them when the list ends before the page begins.
    """
    wanted_after = wanted.start - 1
    if wanted_after <= 0:
        return None, 0
    anchors = _anchors(source, wanted)
    begin, passed = anchors.before(wanted_after) if anchors is not None else (None, 0)
    while wanted_after - passed > HOP:
        step = await source.rows(begin, 1, HOP - 1, "id")
        if not step:
            return begin, None
        begin, passed = source.position(step[0]), passed + HOP
        if anchors is not None:
            anchors.note(passed, begin)
    return begin, wanted_after - passed


async def _cut(db: Db, table: str, connection_id: str, found: list[Match], wanted: Wanted) -> Rows:
    """The page of a list that is known whole."""
    chosen, more = _chosen(found, wanted)
    columns = COLUMNS[table]
    rows = await db.rows(
        f"SELECT {columns} FROM {table} WHERE connection_id = $1 AND id IN (SELECT value FROM EACH($2))",
        connection_id, orjson.dumps([each.id for each in chosen]).decode(),
    )  # fmt: skip
    by_id = {row["id"]: row for row in rows}
    here = [each for each in chosen if each.id in by_id]
    keys = tuple(each.value for each in here) if wanted.sort else ()
    return Rows(len(found), [by_id[each.id] for each in here], more, keys)


def _chosen(found: list[Match], wanted: Wanted) -> tuple[list[Match], bool]:
    if wanted.count <= 0:
        return [], wanted.at is None and wanted.start - 1 < len(found)
    if wanted.at is None:
        end = wanted.start - 1 + wanted.count
        return found[wanted.start - 1 : end], end < len(found)
    at = wanted.at
    place = sort_key(at.value, at.id)

    def comes_after(each: Match) -> bool:
        key: Any = sort_key(each.value, each.id)
        return key < place if wanted.sort is not None and wanted.sort.descending else key > place

    if at.before:
        rest = [each for each in found if not comes_after(each) and each.id != at.id]
        return rest[-wanted.count :], len(rest) > wanted.count
    rest = [each for each in found if comes_after(each)]
    return rest[: wanted.count], len(rest) > wanted.count
