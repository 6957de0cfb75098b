"""What the tables of users and of groups have in common: unique values, versions, pages."""

import sqlite3
from dataclasses import dataclass
from typing import Any, NamedTuple

from vestibule.scim.cursor import Position
from vestibule.scim.filter_ast import Filter
from vestibule.scim.sorting import Sort, SortValue
from vestibule.store import NotFound, Stale, Taken
from vestibule.store.order import order_of
from vestibule.store.where import Where


class UniqueName(NamedTuple):
    """The caseless name of a resource: its folded column, SCIM's word for it, its value."""

    column: str
    attribute: str
    value: str


def taken(
    db: sqlite3.Connection, table: str, connection_id: str, resource_id: str, name: UniqueName, external_id: str | None
) -> NotFound | Taken:
    """Why a row could not be written: the unique value that another one holds, else the connection is missing."""
    for column, attribute, value, wanted in (
        (*name, name.value.casefold()),
        ("external_id", "externalId", external_id, external_id),
    ):
        holder = db.execute(
            f"SELECT id FROM {table} WHERE connection_id = ? AND {column} = ? AND id <> ?",
            (connection_id, wanted, resource_id),
        ).fetchone()
        if holder is not None:
            return Taken(attribute, value or "", holder["id"])
    if db.execute(f"SELECT 1 FROM {table} WHERE connection_id = ? AND id = ?", (connection_id, resource_id)).fetchone():
        return Taken("id", resource_id, resource_id)
    return NotFound("connection", connection_id)


def check_version(present: int, expected: int | None) -> None:
    """Raise Stale when a version is expected and another is present."""
    if expected is not None and expected != present:
        raise Stale(expected, present)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which page: of what matches `where`, from the 1-based `start`, or from a position on."""

    where: Filter | None = None
    start: int = 1
    count: int = 100
    sort: Sort | None = None
    at: Position | None = None
    nested: bool = False


@dataclass(frozen=True, slots=True)
class Rows:
    """A page's rows, the number of all matches, and whether others follow. Without a sort there are no `keys`."""

    total: int
    rows: list[sqlite3.Row]
    more: bool
    keys: tuple[SortValue, ...]


def select_page(db: sqlite3.Connection, table: str, columns: str, connection_id: str, wanted: Wanted) -> Rows:
    """A page of users or groups and the number of all matches, counted only when the page cannot tell it."""
    compiled = Where(table, connection_id, wanted.nested)
    condition = f" AND {compiled.compile(wanted.where)}" if wanted.where is not None else ""
    values = (connection_id, *compiled.values)
    rows = _rows(db, f"{table} t WHERE t.connection_id = ?{condition}", columns, values, wanted)
    keys = tuple(row["sort_value"] for row in rows[: wanted.count]) if wanted.sort else ()
    if wanted.at is None and wanted.where is not None and 0 < len(rows) < wanted.count:
        return Rows(wanted.start - 1 + len(rows), rows, more=False, keys=keys)
    if wanted.where is None:
        kept = "user_count" if table == "users" else "group_count"
        found = db.execute(f"SELECT {kept} FROM connections WHERE id = ?", (connection_id,)).fetchone()
        total = found[0] if found else 0
    else:
        total = db.execute(f"SELECT count(*) FROM {table} t WHERE t.connection_id = ?{condition}", values).fetchone()[0]
    if wanted.at is None:
        return Rows(total, rows, wanted.start - 1 + len(rows) < total, keys)
    more, rows = len(rows) > wanted.count, rows[: wanted.count]
    if wanted.at.before:
        return Rows(total, rows[::-1], more, keys[::-1])
    return Rows(total, rows, more, keys)


def _rows(
    db: sqlite3.Connection, source: str, columns: str, values: tuple[Any, ...], wanted: Wanted
) -> list[sqlite3.Row]:
    if wanted.count <= 0:
        return []
    table, at = source.partition(" ")[0], wanted.at
    order = order_of(table, wanted.sort, backwards=at is not None and at.before)
    named = ", ".join(f"t.{column}" for column in columns.split(", "))
    if order.value is not None:
        named, source = "*", f"(SELECT {named}, {order.value} AS sort_value FROM {source}) WHERE true"
        values = (*order.values, *values)
    if at is None:
        page, place = " LIMIT ? OFFSET ?", (wanted.count, wanted.start - 1)
    else:
        condition, place = order.beyond(at)
        source += f" AND {condition}"
        page, place = " LIMIT ?", (*place, wanted.count + 1)
    return db.execute(f"SELECT {named} FROM {source} ORDER BY {order.clause()}{page}", (*values, *place)).fetchall()
