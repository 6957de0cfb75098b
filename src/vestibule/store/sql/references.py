"""Members and managers that are named but not here: kept aside, and put in their place when the user appears."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any, cast

import orjson

from vestibule.model import GroupRef, JsonObject, Pending, User
from vestibule.scim.folding import fold
from vestibule.scim.schema import ENTERPRISE_USER
from vestibule.store.answers import UnknownManager
from vestibule.store.db import Db, Row

MAX_MERGES = 20
"""How many mergers are followed from a former id to the account that there is."""


async def resolve(db: Db, connection_id: str, ref: str) -> str | None:
    """The user that is meant by an id, an externalId, a former id or a userName, in this order."""
    if await _is_here(db, connection_id, ref):
        return ref
    found = await db.row("SELECT id FROM users WHERE connection_id = $1 AND external_id = $2", connection_id, ref)
    if found is not None:
        return found[0]
    back = await came_back(db, connection_id, ref)
    if back is not None:
        return back
    named = await _named(db, connection_id, fold(ref))
    return named[0] if named is not None else None


async def _is_here(db: Db, connection_id: str, user_id: str) -> bool:
    found = await db.row("SELECT 1 FROM users WHERE connection_id = $1 AND id = $2", connection_id, user_id)
    return found is not None


async def came_back(db: Db, connection_id: str, former_id: str) -> str | None:
    """The account that took over from a deleted user, or the new one of the same externalId and userName."""
    present, gone = await _last_of(db, connection_id, former_id)
    if present is not None or gone is None:
        return present
    row = await _named(db, connection_id, gone["user_name_ci"])
    return row[0] if row is not None and row["external_id"] == gone["external_id"] else None


async def took_over(db: Db, connection_id: str, former_id: str) -> str | None:
    """The account that an administrator merged a deleted user into, as far as it is here."""
    return (await _last_of(db, connection_id, former_id))[0]


async def _last_of(db: Db, connection_id: str, former_id: str) -> tuple[str | None, Row | None]:
    """Follow the mergers of a deleted user: the account that there is, else the row of the last one deleted."""
    for _ in range(MAX_MERGES):
        gone = await db.row(
            "SELECT user_name_ci, external_id, merged_into FROM deleted_users WHERE connection_id = $1 AND id = $2",
            connection_id, former_id,
        )  # fmt: skip
        if gone is None or gone["merged_into"] is None:
            return None, gone
        former_id = gone["merged_into"]
        if await _is_here(db, connection_id, former_id):
            return former_id, None
    return None, None


async def _named(db: Db, connection_id: str, folded: str) -> Row | None:
    return await db.row(
        "SELECT id, external_id FROM users WHERE connection_id = $1 AND user_name_ci = $2", connection_id, folded
    )


async def _former_ids(db: Db, user: User) -> set[str]:
    """The ids of deleted users of the same externalId and userName, and of those merged into them or into this one."""
    rows = await db.rows(
        "SELECT id, external_id FROM deleted_users WHERE connection_id = $1 AND user_name_ci = $2",
        user.connection_id, fold(user.user_name),
    )  # fmt: skip
    found = {row[0] for row in rows if row[1] == user.external_id}
    todo = [*found, user.id]
    while todo and len(found) < MAX_MERGES:
        merged = await db.rows(
            "SELECT id FROM deleted_users WHERE connection_id = $1 AND merged_into = $2",
            user.connection_id, todo.pop(),
        )  # fmt: skip
        fresh = {row[0] for row in merged} - found
        found |= fresh
        todo += fresh
    return found


async def park(db: Db, connection_id: str, group_id: str, refs: Collection[str], at: int, nested: int) -> int:
    """Keep members aside, and say how many are new; those that are kept already stay as they are."""
    if not refs:
        return 0
    kept = await db.rows(
        "SELECT ref FROM pending_members WHERE connection_id = $1 AND group_id = $2 "
        "AND ref IN (SELECT value FROM EACH($3))",
        connection_id, group_id, as_array(refs),
    )  # fmt: skip
    new = sorted(set(refs).difference(row[0] for row in kept))
    await db.many(
        "INSERT INTO pending_members (connection_id, group_id, ref, ref_ci, nested, added_at) "
        "VALUES ($1, $2, $3, $4, $5, $6)",
        [(connection_id, group_id, ref, fold(ref), nested, at) for ref in new],
    )
    return len(new)


async def forget(db: Db, connection_id: str, group_id: str, refs: Collection[str]) -> int:
    """Members kept aside that are wanted no longer; says how many of them were groups.

    A name in other letters means the same, unless one is kept in just these letters.
    """
    groups = 0
    for ref in refs:
        for column, value in (("ref", ref), ("ref_ci", fold(ref))):
            gone = await db.rows(
                f"DELETE FROM pending_members WHERE connection_id = $1 AND group_id = $2 AND {column} = $3 "
                "RETURNING nested",
                connection_id, group_id, value,
            )  # fmt: skip
            groups += sum(row[0] for row in gone)
            if gone:
                break
    return groups


async def forget_all_but(db: Db, connection_id: str, group_id: str, kept: Collection[str]) -> int:
    """All members kept aside for a group, but some; says how many of those forgotten were groups."""
    gone = await db.rows(
        "DELETE FROM pending_members WHERE connection_id = $1 AND group_id = $2 "
        "AND ref NOT IN (SELECT value FROM EACH($3)) RETURNING nested",
        connection_id, group_id, as_array(kept),
    )  # fmt: skip
    return sum(row[0] for row in gone)


async def pending(db: Db, connection_id: str, group_id: str) -> list[Pending]:
    """The members kept aside for a group, in the order of their naming."""
    rows = await db.rows(
        "SELECT p.ref, p.group_id, p.added_at, p.nested, d.user_name_ci FROM pending_members p "
        "LEFT JOIN deleted_users d ON d.connection_id = p.connection_id AND d.id = p.ref "
        "WHERE p.connection_id = $1 AND p.group_id = $2 ORDER BY p.added_at, p.ref",
        connection_id, group_id,
    )  # fmt: skip
    return [Pending(row[0], row[1], row[2], bool(row[3]), row[4]) for row in rows]


async def nested_of(db: Db, connection_id: str, group_ids: Collection[str]) -> dict[str, list[GroupRef]]:
    """The groups that are kept as members of each group; a group without any is left out."""
    rows = await db.rows(
        "SELECT p.group_id, g.id, g.display_name FROM pending_members p "
        "JOIN groups g ON g.connection_id = p.connection_id AND g.id = p.ref "
        "WHERE p.connection_id = $1 AND p.nested = 1 AND p.group_id IN (SELECT value FROM EACH($2)) "
        "ORDER BY p.group_id, g.id",
        connection_id, as_array(group_ids),
    )  # fmt: skip
    found: dict[str, list[GroupRef]] = {}
    for group_id, nested_id, display_name in rows:
        found.setdefault(group_id, []).append(GroupRef(nested_id, display_name))
    return found


def as_array(texts: Collection[str]) -> str:
    """Texts as a JSON array, for EACH."""
    # SQLite's json_each cuts a text at NUL, so such an id would name another one; none that is kept has one.
    return orjson.dumps([each for each in texts if "\0" not in each]).decode()


def manager_of(document: JsonObject) -> str | None:
    """What a user's document names as the manager."""
    extension: Any = document.get(ENTERPRISE_USER)
    match extension:
        case {"manager": {"value": str(value)}} if value:
            return value
        case _:
            return None


def waits(user: User) -> bool:
    """Whether the manager that a user's document names is not here."""
    if '"manager"' not in user.document:
        return False
    document = orjson.loads(user.document)
    return manager_of(document) is not None and "$ref" not in document[ENTERPRISE_USER]["manager"]


async def settle_manager(db: Db, user: User, document: JsonObject, known: str | None, *, parks: bool) -> User:
    """The user with `manager.$ref` written for a manager who is here; one who is not is refused, or `waits` is true.

    `known` is the manager that the present document names: an unchanged one is left as it is.
    Raises UnknownManager.
    """
    named = manager_of(document)
    key = (user.connection_id, user.id)
    if named == known:
        return user
    if known is not None:
        await db.run("DELETE FROM pending_managers WHERE connection_id = $1 AND user_id = $2", *key)
    if named is None:
        return user
    if parks:
        found = await resolve(db, user.connection_id, named)
    else:
        found = named if await _is_here(db, user.connection_id, named) else None
    if found is None and not parks:
        raise UnknownManager(named)
    return replace(user, document=_with_manager(document, found or named, here=found is not None))


def _with_manager(document: JsonObject, value: str, *, here: bool) -> str:
    manager: JsonObject = document[ENTERPRISE_USER]["manager"]
    rest = {name: each for name, each in manager.items() if name not in ("value", "$ref")}
    # A relative URI (RFC 7643 section 2.3.7), so that it outlives a change of the server's address.
    link = {"$ref": f"../Users/{value}"} if here else {}
    content: JsonObject = {**document[ENTERPRISE_USER], "manager": {"value": value, **link, **rest}}
    return orjson.dumps({**document, ENTERPRISE_USER: content}).decode()


async def arrived(db: Db, user: User, at: int) -> None:
    """Put a user, new or with a new name, where it was waited for: into groups, and as a manager."""
    connection_id = user.connection_id
    if not await somebody_is_waited_for(db, connection_id):
        return
    exact = {user.id, user.external_id, *await _former_ids(db, user)} - {None}
    names = as_array([fold(each) for each in (*cast("set[str]", exact), user.user_name)])

    def meant(ref: str) -> bool:
        return ref in exact or fold(ref) == fold(user.user_name)

    for table, holder in (("pending_members", "group_id"), ("pending_managers", "user_id")):
        nested = " AND nested = 0" if table == "pending_members" else ""
        rows = await db.rows(
            f"SELECT {holder}, ref FROM {table} WHERE connection_id = $1{nested} "
            "AND ref_ci IN (SELECT value FROM EACH($2))",
            connection_id, names,
        )  # fmt: skip
        for holder_id, ref in rows:
            if meant(ref):
                await (_join if table == "pending_members" else _becomes_manager)(db, user, holder_id, ref, at)


async def somebody_is_waited_for(db: Db, connection_id: str) -> bool:
    """Whether anybody at all of a connection is named and not here."""
    row = await db.row(
        "SELECT EXISTS (SELECT 1 FROM pending_members WHERE connection_id = $1) "
        "OR EXISTS (SELECT 1 FROM pending_managers WHERE connection_id = $1)",
        connection_id,
    )
    return bool(row and row[0])


async def _join(db: Db, user: User, group_id: str, ref: str, at: int) -> None:
    await forget(db, user.connection_id, group_id, [ref])
    joined = await db.run(
        "INSERT INTO members (connection_id, group_id, user_id, origin, claimed, ref, added_at) "
        "VALUES ($1, $2, $3, 'scim', 1, $4, $5) ON CONFLICT DO NOTHING",
        user.connection_id, group_id, user.id, ref, at,
    )  # fmt: skip
    if joined:
        await db.run(
            "UPDATE groups SET member_count = member_count + 1, version = version + 1, updated_at = $1 "
            "WHERE connection_id = $2 AND id = $3",
            at, user.connection_id, group_id,
        )  # fmt: skip


async def _becomes_manager(db: Db, user: User, report_id: str, _: str, at: int) -> None:
    key = (user.connection_id, report_id)
    await db.run("DELETE FROM pending_managers WHERE connection_id = $1 AND user_id = $2", *key)
    # Who waited for themselves is being written just now, and changes once.
    await _name_manager(db, *key, user.id, at, here=True, step=int(report_id != user.id))


async def manager_left(db: Db, user: User, successor: str | None, at: int) -> None:
    """A manager was deleted: the reports wait for the same id again, or get the successor."""
    reports = await db.rows(
        "SELECT id FROM users WHERE connection_id = $1 AND manager_id = $2 AND id <> $2", user.connection_id, user.id
    )
    for (report_id,) in reports:
        await _name_manager(db, user.connection_id, report_id, successor or user.id, at, here=successor is not None)
        if successor is None:
            await wait_for_manager(db, user.connection_id, report_id, user.id, at)


async def _name_manager(
    db: Db, connection_id: str, report_id: str, manager_id: str, at: int, *, here: bool, step: int = 1
) -> None:
    row = await db.row("SELECT document FROM users WHERE connection_id = $1 AND id = $2", connection_id, report_id)
    document = _with_manager(orjson.loads(row[0]), manager_id, here=here)
    await db.run(
        "UPDATE users SET document = $1, manager_id = $2, version = version + $3, updated_at = $4 "
        "WHERE connection_id = $5 AND id = $6",
        document, manager_id, step, at, connection_id, report_id,
    )  # fmt: skip


async def wait_for_manager(db: Db, connection_id: str, user_id: str, ref: str, at: int) -> None:
    """Keep aside whom a user names as the manager."""
    await db.run(
        "INSERT INTO pending_managers (connection_id, user_id, ref, ref_ci, added_at) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT DO NOTHING",
        connection_id, user_id, ref, fold(ref), at,
    )  # fmt: skip
