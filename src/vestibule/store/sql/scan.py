"""Lists that columns cannot answer: candidates are read in the order of ids, in chunks, and judged one by one.

What may be looked at for one request is bounded, in rows and in time; beyond it the answer is TooMany.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from vestibule.clock import rfc3339
from vestibule.model import GroupRef
from vestibule.scim.evaluate import evaluate
from vestibule.scim.filter_ast import And, Compare, Filter, Not, Or, Present, ValuePath
from vestibule.scim.group_schema import CORE_GROUP
from vestibule.scim.sorting import Sort, SortValue, sort_key, sort_value
from vestibule.store.answers import TooMany, Unsupported
from vestibule.store.db import Db, Row
from vestibule.store.sql.memberships import groups_of
from vestibule.store.sql.rows import GROUP, USER, prefixed
from vestibule.store.sql.where import Condition

CHUNK = 500
"""How many rows are read at a time; between two chunks others have their turn."""
ROW_BUDGET = 100_000
"""How many rows may be looked at for one request."""
TIME_BUDGET = 3.0
"""For how many seconds."""
LAST = "\U0010ffff"
"""After every id."""
COLUMNS = {"users": USER, "groups": GROUP}


@dataclass(frozen=True, slots=True)
class Match:
    """One that matches, and the value that it is sorted by."""

    id: str
    value: SortValue


@dataclass(frozen=True, slots=True)
class Candidates:
    """The rows that may match. Where an index leads to a `few`, they are read at once."""

    db: Db
    table: str
    connection_id: str
    condition: Condition
    unlisted: str
    """What is never listed, as a condition."""
    few: bool


async def matches(candidates: Candidates, where: Filter | None, sort: Sort | None) -> list[Match]:
    """All that match, in order. Raises TooMany, Unsupported."""
    db, table, connection_id = candidates.db, candidates.table, candidates.connection_id
    found: list[Match] = []
    where = None if candidates.condition.exact else where
    with_groups = where is not None and _names(where, "groups" if table == "users" else "members")
    if with_groups and table == "groups":
        raise Unsupported("`members` cannot be asked for together with what no index knows", "members")
    async for rows in _chunks(candidates):
        groups = await groups_of(db, connection_id, [row["id"] for row in rows]) if with_groups else {}
        for row in rows:
            resource = _user(row, groups.get(row["id"], ())) if table == "users" else _group(row)
            if where is None or evaluate(where, resource):
                found.append(Match(row["id"], sort_value(resource, sort.path) if sort else None))
        await asyncio.sleep(0)
    if sort is not None:
        found.sort(key=lambda each: sort_key(each.value, each.id), reverse=sort.descending)
    return found


async def _chunks(of: Candidates) -> AsyncIterator[Sequence[Row]]:
    """The candidates among each so many rows, however few they are: that bounds the work, not what comes of it."""
    db, table, connection_id, condition = of.db, of.table, of.connection_id, of.condition
    columns = prefixed("t", COLUMNS[table])
    place = len(condition.values) + 1
    sql = (
        f"SELECT {columns} FROM {table} t WHERE t.connection_id = $1 AND t.id > ${place} AND t.id <= ${place + 1}"
        f"{condition.sql}{of.unlisted} ORDER BY t.id"
    )
    if of.few:
        yield await db.rows(sql, *condition.values, "", LAST)
        return
    begin, seen, deadline = "", 0, time.monotonic() + TIME_BUDGET
    while True:
        end = await db.row(
            f"SELECT id FROM {table} WHERE connection_id = $1 AND id > $2 ORDER BY id LIMIT 1 OFFSET $3",
            connection_id, begin, CHUNK - 1,
        )  # fmt: skip
        yield await db.rows(sql, *condition.values, begin, end[0] if end else LAST)
        if end is None:
            return
        begin, seen = end[0], seen + CHUNK
        if seen >= ROW_BUDGET or time.monotonic() > deadline:
            raise TooMany(f"more than {seen} {table} would have to be read to answer this")


def _user(row: Row, groups: Sequence[GroupRef]) -> dict[str, Any]:
    resource: dict[str, Any] = orjson.loads(row["document"])
    resource |= {"id": row["id"], "active": bool(row["active"]), "meta": _meta("User", row)}
    if groups:
        resource["groups"] = [{"value": each.id, "display": each.display_name, "type": "direct"} for each in groups]
    return resource


def _group(row: Row) -> dict[str, Any]:
    named = {"externalId": row["external_id"], "displayName": row["display_name"]}
    return {"schemas": [CORE_GROUP], "id": row["id"], "meta": _meta("Group", row)} | named


def _meta(kind: str, row: Row) -> dict[str, str]:
    return {
        "resourceType": kind,
        "created": rfc3339(row["created_at"]),
        "lastModified": rfc3339(row["updated_at"]),
        "version": f'W/"{row["version"]}"',
    }


def _names(tree: Filter, name: str) -> bool:
    match tree:
        case And(left, right) | Or(left, right):
            return _names(left, name) or _names(right, name)
        case Not(inner):
            return _names(inner, name)
        case Present(path) | Compare(path) | ValuePath(path):
            return path.uri is None and path.name == name
