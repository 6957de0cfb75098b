"""Members and managers that are named but not here: kept aside, and put in their place when the user appears."""

import sqlite3
from collections.abc import Collection
from dataclasses import replace
from typing import Any, cast

import orjson

from vestibule.model import GroupRef, JsonObject, Pending, User
from vestibule.scim.schema import ENTERPRISE_USER
from vestibule.store import UnknownManager

MAX_MERGES = 20
"""How many mergers are followed from a former id to the account that there is."""


def resolve(db: sqlite3.Connection, connection_id: str, ref: str) -> str | None:
    """The user that is meant by an id, an externalId, a former id or a userName, in this order."""
    if db.execute("SELECT 1 FROM users WHERE connection_id = ? AND id = ?", (connection_id, ref)).fetchone():
        return ref
    found = db.execute("SELECT id FROM users WHERE connection_id = ? AND external_id = ?", (connection_id, ref))
    row = found.fetchone()
    if row is not None:
        return row[0]
    back = came_back(db, connection_id, ref)
    if back is not None:
        return back
    row = _named(db, connection_id, ref.casefold())
    return row[0] if row is not None else None


def came_back(db: sqlite3.Connection, connection_id: str, former_id: str) -> str | None:
    """The account that took over from a deleted user, or the new one of the same externalId and userName."""
    present, gone = _last_of(db, connection_id, former_id)
    if present is not None or gone is None:
        return present
    row = _named(db, connection_id, gone["user_name_ci"])
    return row[0] if row is not None and row["external_id"] == gone["external_id"] else None


def took_over(db: sqlite3.Connection, connection_id: str, former_id: str) -> str | None:
    """The account that an administrator merged a deleted user into, as far as it is here."""
    return _last_of(db, connection_id, former_id)[0]


def _last_of(db: sqlite3.Connection, connection_id: str, former_id: str) -> tuple[str | None, sqlite3.Row | None]:
    """Follow the mergers of a deleted user: the account that there is, else the row of the last one deleted."""
    for _ in range(MAX_MERGES):
        key = (connection_id, former_id)
        gone = db.execute(
            "SELECT user_name_ci, external_id, merged_into FROM deleted_users WHERE connection_id = ? AND id = ?", key
        ).fetchone()
        if gone is None or gone["merged_into"] is None:
            return None, gone
        former_id = gone["merged_into"]
        key = (connection_id, former_id)
        if db.execute("SELECT 1 FROM users WHERE connection_id = ? AND id = ?", key).fetchone():
            return former_id, None
    return None, None


def _named(db: sqlite3.Connection, connection_id: str, folded: str) -> sqlite3.Row | None:
    return db.execute(
        "SELECT id, external_id FROM users WHERE connection_id = ? AND user_name_ci = ?", (connection_id, folded)
    ).fetchone()


def _former_ids(db: sqlite3.Connection, user: User) -> set[str]:
    """The ids of deleted users of the same externalId and userName, and of those merged into them or into this one."""
    rows = db.execute(
        "SELECT id, external_id FROM deleted_users WHERE connection_id = ? AND user_name_ci = ?",
        (user.connection_id, user.user_name.casefold()),
    )
    found = {row[0] for row in rows if row[1] == user.external_id}
    todo = [*found, user.id]
    while todo and len(found) < MAX_MERGES:
        merged = db.execute(
            "SELECT id FROM deleted_users WHERE connection_id = ? AND merged_into = ?",
            (user.connection_id, todo.pop()),
        )
        fresh = {row[0] for row in merged} - found
        found |= fresh
        todo += fresh
    return found


def park(db: sqlite3.Connection, connection_id: str, group_id: str, refs: Collection[str], at: int, nested: int) -> int:
    """Keep members aside, and say how many are new; those that are kept already stay as they are."""
    if not refs:
        return 0
    return db.executemany(
        "INSERT INTO pending_members (connection_id, group_id, ref, ref_ci, nested, added_at) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [(connection_id, group_id, ref, ref.casefold(), nested, at) for ref in refs],
    ).rowcount


def forget(db: sqlite3.Connection, connection_id: str, group_id: str, refs: Collection[str]) -> int:
    """Members kept aside that are wanted no longer; says how many of them were groups.

    A name in other letters means the same, unless one is kept in just these letters.
    """
    groups = 0
    for ref in refs:
        for column, value in (("ref", ref), ("ref_ci", ref.casefold())):
            gone = db.execute(
                f"DELETE FROM pending_members WHERE connection_id = ? AND group_id = ? AND {column} = ? "
                "RETURNING nested",
                (connection_id, group_id, value),
            ).fetchall()
            groups += sum(row[0] for row in gone)
            if gone:
                break
    return groups


def forget_all_but(db: sqlite3.Connection, connection_id: str, group_id: str, kept: Collection[str]) -> int:
    """All members kept aside for a group, but some; says how many of those forgotten were groups."""
    rows = db.execute(
        "SELECT ref FROM pending_members WHERE connection_id = ? AND group_id = ?", (connection_id, group_id)
    )
    return forget(db, connection_id, group_id, [row[0] for row in rows.fetchall() if row[0] not in kept])


def pending(db: sqlite3.Connection, connection_id: str, group_id: str) -> list[Pending]:
    """The members kept aside for a group, in the order of their naming."""
    rows = db.execute(
        "SELECT p.ref, p.group_id, p.added_at, p.nested, d.user_name_ci FROM pending_members p "
        "LEFT JOIN deleted_users d ON d.connection_id = p.connection_id AND d.id = p.ref "
        "WHERE p.connection_id = ? AND p.group_id = ? ORDER BY p.added_at, p.ref",
        (connection_id, group_id),
    )
    return [Pending(row[0], row[1], row[2], bool(row[3]), row[4]) for row in rows]


def nested_of(db: sqlite3.Connection, connection_id: str, group_ids: Collection[str]) -> dict[str, list[GroupRef]]:
    """The groups that are kept as members of each group; a group without any is left out."""
    rows = db.execute(
        "SELECT p.group_id, g.id, g.display_name FROM json_each(?) wanted "
        "JOIN pending_members p ON p.connection_id = ? AND p.group_id = wanted.value AND p.nested = 1 "
        "JOIN groups g ON g.connection_id = p.connection_id AND g.id = p.ref ORDER BY p.group_id, g.id",
        (orjson.dumps(list(group_ids)).decode(), connection_id),
    )
    found: dict[str, list[GroupRef]] = {}
    for group_id, nested_id, display_name in rows:
        found.setdefault(group_id, []).append(GroupRef(nested_id, display_name))
    return found


def manager_of(document: JsonObject) -> str | None:
    """What a user's document names as the manager."""
    extension: Any = document.get(ENTERPRISE_USER)
    match extension:
        case {"manager": {"value": str(value)}} if value:
            return value
        case _:
            return None


def settle_manager(db: sqlite3.Connection, user: User, document: JsonObject, known: str | None, *, parks: bool) -> User:
    """The user with `manager.$ref` written for a manager who is here; one who is not is kept aside, or refused.

    `known` is the manager that the present document names: an unchanged one is left as it is.
    Raises UnknownManager.
    """
    named = manager_of(document)
    key = (user.connection_id, user.id)
    if named == known:
        return user
    if known is not None:
        db.execute("DELETE FROM pending_managers WHERE connection_id = ? AND user_id = ?", key)
    if named is None:
        return user
    here = db.execute("SELECT id FROM users WHERE connection_id = ? AND id = ?", (user.connection_id, named)).fetchone()
    found = here[0] if here else (resolve(db, user.connection_id, named) if parks else None)
    if found is None:
        if not parks:
            raise UnknownManager(named)
        _wait_for_manager(db, *key, named, user.updated_at)
    return replace(user, document=_with_manager(document, found or named, here=found is not None))


def _with_manager(document: JsonObject, value: str, *, here: bool) -> str:
    manager: JsonObject = document[ENTERPRISE_USER]["manager"]
    rest = {name: each for name, each in manager.items() if name not in ("value", "$ref")}
    # A relative URI (RFC 7643 section 2.3.7), so that it outlives a change of the server's address.
    link = {"$ref": f"../Users/{value}"} if here else {}
    content: JsonObject = {**document[ENTERPRISE_USER], "manager": {"value": value, **link, **rest}}
    return orjson.dumps({**document, ENTERPRISE_USER: content}).decode()


def arrived(db: sqlite3.Connection, user: User, at: int) -> None:
    """Put a user, new or with a new name, where it was waited for: into groups, and as a manager."""
    connection_id = user.connection_id
    exact = {user.id, user.external_id, *_former_ids(db, user)} - {None}
    folded = [each.casefold() for each in (*cast("set[str]", exact), user.user_name)]
    names = orjson.dumps([each for each in folded if "\0" not in each]).decode()

    def meant(ref: str) -> bool:
        return ref in exact or ref.casefold() == user.user_name.casefold()

    for table, holder in (("pending_members", "group_id"), ("pending_managers", "user_id")):
        nested = " AND nested = 0" if table == "pending_members" else ""
        rows = db.execute(
            f"SELECT {holder}, ref FROM {table} WHERE connection_id = ?{nested} "
            "AND ref_ci IN (SELECT value FROM json_each(?))",
            (connection_id, names),
        ).fetchall()
        for holder_id, ref in rows:
            if meant(ref):
                (_join if table == "pending_members" else _becomes_manager)(db, user, holder_id, ref, at)


def _join(db: sqlite3.Connection, user: User, group_id: str, ref: str, at: int) -> None:
    forget(db, user.connection_id, group_id, [ref])
    joined = db.execute(
        "INSERT INTO members (connection_id, group_id, user_id, origin, claimed, ref, added_at) "
        "VALUES (?, ?, ?, 'scim', 1, ?, ?) ON CONFLICT DO NOTHING",
        (user.connection_id, group_id, user.id, ref, at),
    )
    if joined.rowcount > 0:
        db.execute(
            "UPDATE groups SET member_count = member_count + 1, version = version + 1, updated_at = ? "
            "WHERE connection_id = ? AND id = ?",
            (at, user.connection_id, group_id),
        )


def _becomes_manager(db: sqlite3.Connection, user: User, report_id: str, _: str, at: int) -> None:
    key = (user.connection_id, report_id)
    db.execute("DELETE FROM pending_managers WHERE connection_id = ? AND user_id = ?", key)
    # Who waited for themselves is being written just now, and changes once.
    _name_manager(db, *key, user.id, at, here=True, step=int(report_id != user.id))


def manager_left(db: sqlite3.Connection, user: User, successor: str | None, at: int) -> None:
    """A manager was deleted: the reports wait for the same id again, or get the successor."""
    reports = db.execute(
        "SELECT id FROM users WHERE connection_id = ? AND manager_id = ? AND id <> ?",
        (user.connection_id, user.id, user.id),
    ).fetchall()
    for (report_id,) in reports:
        _name_manager(db, user.connection_id, report_id, successor or user.id, at, here=successor is not None)
        if successor is None:
            _wait_for_manager(db, user.connection_id, report_id, user.id, at)


def _name_manager(
    db: sqlite3.Connection, connection_id: str, report_id: str, manager_id: str, at: int, *, here: bool, step: int = 1
) -> None:
    key = (connection_id, report_id)
    row = db.execute("SELECT document FROM users WHERE connection_id = ? AND id = ?", key).fetchone()
    document = _with_manager(orjson.loads(row[0]), manager_id, here=here)
    db.execute(
        "UPDATE users SET document = ?, manager_id = ?, version = version + ?, updated_at = ? "
        "WHERE connection_id = ? AND id = ?",
        (document, manager_id, step, at, *key),
    )


def _wait_for_manager(db: sqlite3.Connection, connection_id: str, user_id: str, ref: str, at: int) -> None:
    db.execute(
        "INSERT INTO pending_managers (connection_id, user_id, ref, ref_ci, added_at) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        (connection_id, user_id, ref, ref.casefold(), at),
    )
