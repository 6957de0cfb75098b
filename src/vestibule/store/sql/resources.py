"""What the tables of users and of groups have in common: unique values and versions."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from vestibule.scim.folding import fold
from vestibule.store.answers import NotFound, Stale, Taken
from vestibule.store.db import Db


class UniqueName(NamedTuple):
    """The caseless name of a resource: its folded column, SCIM's word for it, its value."""

    column: str
    attribute: str
    value: str


async def holder(
    db: Db, table: str, connection_id: str, resource_id: str, name: UniqueName, external_id: str | None
) -> Taken | None:
    """Who else has one of the unique values of a resource; None when they are free."""
    for column, attribute, value, wanted in (
        (*name, fold(name.value)),
        ("external_id", "externalId", external_id, external_id),
    ):
        if wanted is None:
            continue
        found = await db.row(
            f"SELECT id FROM {table} WHERE connection_id = $1 AND {column} = $2 AND id <> $3",
            connection_id, wanted, resource_id,
        )  # fmt: skip
        if found is not None:
            return Taken(attribute, value or "", found["id"])
    return None


async def count_users(db: Db, connection_id: str, step: int, active: int) -> None:
    """So many users more, or less, of whom so many active ones. Raises NotFound for the connection."""
    counted = await db.run(
        "UPDATE counters SET user_count = user_count + $1, active_count = active_count + $2 WHERE connection_id = $3",
        step, active, connection_id,
    )  # fmt: skip
    if not counted:
        raise NotFound("connection", connection_id)


async def count_groups(db: Db, connection_id: str, step: int) -> None:
    """One group more, or less. Raises NotFound for the connection."""
    counted = await db.run(
        "UPDATE counters SET group_count = group_count + $1 WHERE connection_id = $2", step, connection_id
    )
    if not counted:
        raise NotFound("connection", connection_id)


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a row that are another after than before, with their values after."""
    return {column: value for column, value in after.items() if value != before[column]}


async def set_columns(db: Db, table: str, key: tuple[str, str], columns: Mapping[str, Any]) -> None:
    """Write columns of the resource with this connection and id.

    SQLite writes each index anew that a named column is in, changed or not: those that stay are not to be named.
    """
    await db.run(_update(table, tuple(columns)), *key, *columns.values())


@lru_cache(maxsize=256)
def _update(table: str, columns: tuple[str, ...]) -> str:
    told = ", ".join(f"{column} = ${number}" for number, column in enumerate(columns, 3))
    return f"UPDATE {table} SET {told} WHERE connection_id = $1 AND id = $2"


def named(ids: Sequence[str]) -> tuple[str, str]:
    """The condition that a column is one of some ids, which are `$2`, and that value. One is looked up as it is."""
    if len(ids) == 1:
        return "= $2", ids[0]
    return "IN (SELECT value FROM EACH($2))", orjson.dumps(ids).decode()


def check_version(present: int, expected: int | None) -> None:
    """Raise Stale when a version is expected and another is present."""
    if expected is not None and expected != present:
        raise Stale(expected, present)
