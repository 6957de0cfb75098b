"""What the tables of users and of groups have in common: unique values, versions, pages."""

import sqlite3
from typing import NamedTuple

from vestibule.scim.filter_ast import Filter
from vestibule.store import NotFound, Stale, Taken
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


def select_page(
    db: sqlite3.Connection, table: str, columns: str, connection_id: str, where: Filter | None, start: int, count: int
) -> tuple[int, list[sqlite3.Row]]:
    """A page of users or groups and the number of all matches, counted only when the page cannot tell it."""
    compiled = Where(table, connection_id)
    condition = f" AND {compiled.compile(where)}" if where is not None else ""
    values = (connection_id, *compiled.values)
    rows: list[sqlite3.Row] = []
    if count > 0:
        named = ", ".join(f"t.{column}" for column in columns.split(", "))
        rows = db.execute(
            f"SELECT {named} FROM {table} t WHERE t.connection_id = ?{condition} ORDER BY t.id LIMIT ? OFFSET ?",
            (*values, count, start - 1),
        ).fetchall()
    if where is None:
        kept = "user_count" if table == "users" else "group_count"
        found = db.execute(f"SELECT {kept} FROM connections WHERE id = ?", (connection_id,)).fetchone()
        return (found[0] if found else 0), rows
    if rows and len(rows) < count:
        return start - 1 + len(rows), rows
    counted = db.execute(
        f"SELECT count(*) FROM {table} t WHERE t.connection_id = ?{condition}",
        values,
    ).fetchone()
    return counted[0], rows
