"""Users in SQLite: plain functions over a connection. The ones that write run within a batch's transaction."""

import sqlite3
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any, cast

import orjson

from vestibule.model import GroupRef, User
from vestibule.scim.filter_ast import Filter
from vestibule.store import NotFound, Page, Taken
from vestibule.store.rows import USER, user_of
from vestibule.store.sqlite_resources import UniqueName, check_version, select_page, taken


def insert(db: sqlite3.Connection, user: User) -> None:
    """Keep a new user and count it."""
    try:
        db.execute(
            f"INSERT INTO users ({USER}, user_name_ci) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                user.connection_id, user.id, user.user_name, user.external_id, int(user.active), user.origin,
                user.version, user.created_at, user.updated_at, user.adopted_at, user.document,
                user.user_name.casefold(),
            ),
        )  # fmt: skip
    except sqlite3.IntegrityError as error:
        raise _taken(db, user) from error
    db.execute("UPDATE connections SET user_count = user_count + 1 WHERE id = ?", (user.connection_id,))
    _index_emails(db, user, _emails(user))


def _emails(user: User) -> set[tuple[str, str]]:
    """The addresses of a user and their types, folded."""
    listed: Any = orjson.loads(user.document).get("emails")
    elements = cast("list[Any]", listed) if isinstance(listed, list) else []
    found: set[tuple[str, str]] = set()
    for each in elements:
        match each:
            case {"value": str(value), **rest}:
                found.add((value.casefold(), str(rest.get("type") or "").casefold()))
            case _:
                pass
    return found


def _index_emails(db: sqlite3.Connection, user: User, emails: set[tuple[str, str]]) -> None:
    db.executemany(
        "INSERT INTO user_emails (connection_id, user_id, value_ci, type_ci) VALUES (?, ?, ?, ?)",
        [(user.connection_id, user.id, value, kind) for value, kind in emails],
    )


def _taken(db: sqlite3.Connection, user: User) -> NotFound | Taken:
    name = UniqueName("user_name_ci", "userName", user.user_name)
    return taken(db, "users", user.connection_id, user.id, name, user.external_id)


def one(db: sqlite3.Connection, connection_id: str, user_id: str) -> User:
    """One user by primary key."""
    row = db.execute(
        f"SELECT {USER} FROM users WHERE connection_id = ? AND id = ?",
        (connection_id, user_id),
    ).fetchone()
    if row is None:
        raise NotFound("user", user_id)
    return user_of(row)


def by_name(db: sqlite3.Connection, connection_id: str, user_name: str) -> User:
    """One user by its folded userName."""
    row = db.execute(
        f"SELECT {USER} FROM users WHERE connection_id = ? AND user_name_ci = ?",
        (connection_id, user_name.casefold()),
    ).fetchone()
    if row is None:
        raise NotFound("user", user_name)
    return user_of(row)


def page(db: sqlite3.Connection, connection_id: str, where: Filter | None, start: int, count: int) -> Page[User]:
    """A page in the order of ids."""
    total, rows = select_page(db, "users", USER, connection_id, where, start, count)
    return Page(total, tuple(user_of(row) for row in rows))


def update(
    db: sqlite3.Connection,
    connection_id: str,
    user_id: str,
    change: Callable[[User], User | None],
    expected_version: int | None,
) -> User:
    """Apply a pure change to the present user."""
    present = one(db, connection_id, user_id)
    check_version(present.version, expected_version)
    changed = change(present)
    if changed is None:
        return present
    changed = replace(changed, version=present.version + 1)
    try:
        db.execute(
            "UPDATE users SET user_name = ?, user_name_ci = ?, external_id = ?, active = ?, origin = ?, version = ?, "
            "updated_at = ?, adopted_at = ?, document = ? WHERE connection_id = ? AND id = ?",
            (
                changed.user_name, changed.user_name.casefold(), changed.external_id, int(changed.active),
                changed.origin, changed.version, changed.updated_at, changed.adopted_at, changed.document,
                connection_id, user_id,
            ),
        )  # fmt: skip
    except sqlite3.IntegrityError as error:
        raise _taken(db, changed) from error
    emails = _emails(changed)
    if emails != _emails(present):
        db.execute("DELETE FROM user_emails WHERE connection_id = ? AND user_id = ?", (connection_id, user_id))
        _index_emails(db, present, emails)
    return changed


def delete(db: sqlite3.Connection, connection_id: str, user_id: str, at: int, expected_version: int | None) -> None:
    """Delete a user and its memberships; the groups that it leaves change."""
    check_version(one(db, connection_id, user_id).version, expected_version)
    key = (connection_id, user_id)
    db.execute(
        "UPDATE groups SET member_count = member_count - 1, version = version + 1, updated_at = ? "
        "WHERE connection_id = ? AND id IN (SELECT group_id FROM members WHERE connection_id = ? AND user_id = ?)",
        (at, connection_id, *key),
    )
    db.execute("DELETE FROM members WHERE connection_id = ? AND user_id = ?", key)
    db.execute("DELETE FROM user_emails WHERE connection_id = ? AND user_id = ?", key)
    db.execute("DELETE FROM users WHERE connection_id = ? AND id = ?", key)
    db.execute("UPDATE connections SET user_count = user_count - 1 WHERE id = ?", (connection_id,))


def groups_of(db: sqlite3.Connection, connection_id: str, user_ids: Collection[str]) -> dict[str, list[GroupRef]]:
    """The groups of each user."""
    rows = db.execute(
        "SELECT m.user_id, g.id, g.display_name FROM json_each(?) wanted "
        "JOIN members m ON m.connection_id = ? AND m.user_id = wanted.value "
        "JOIN groups g ON g.connection_id = m.connection_id AND g.id = m.group_id ORDER BY m.user_id, g.id",
        (orjson.dumps(list(user_ids)).decode(), connection_id),
    )
    found: dict[str, list[GroupRef]] = {}
    for user_id, group_id, display_name in rows:
        found.setdefault(user_id, []).append(GroupRef(group_id, display_name))
    return found
