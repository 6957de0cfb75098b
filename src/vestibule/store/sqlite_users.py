"""Users in SQLite: plain functions over a connection. The ones that write run within a batch's transaction."""

import sqlite3
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any, cast

import orjson

from vestibule.model import GroupRef, JsonObject, User
from vestibule.store import Guarded, NotFound, Page, Rules, Taken
from vestibule.store import sqlite_references as references
from vestibule.store.rows import USER, user_of
from vestibule.store.sqlite_resources import UniqueName, Wanted, check_version, select_page, taken


def insert(db: sqlite3.Connection, user: User, rules: Rules) -> User:
    """Keep a new user, count it, and put it where it was waited for."""
    document = orjson.loads(user.document)
    try:
        db.execute(
            f"INSERT INTO users ({USER}, user_name_ci) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                user.connection_id, user.id, user.user_name, user.external_id, int(user.active), user.origin,
                user.version, user.created_at, user.updated_at, user.adopted_at, int(user.protected), user.document,
                user.user_name.casefold(),
            ),
        )  # fmt: skip
    except sqlite3.IntegrityError as error:
        raise _taken(db, user) from error
    settled = references.settle_manager(db, user, document, None, parks=rules.park)
    if references.manager_of(document) is not None:
        db.execute(
            "UPDATE users SET document = ?, manager_id = ? WHERE connection_id = ? AND id = ?",
            (settled.document, _manager_id(settled), user.connection_id, user.id),
        )
    db.execute("UPDATE connections SET user_count = user_count + 1 WHERE id = ?", (user.connection_id,))
    _index_emails(db, user, _emails(document))
    references.arrived(db, user, user.created_at)
    return settled


def _manager_id(user: User) -> str | None:
    return references.manager_of(orjson.loads(user.document))


def _emails(document: JsonObject) -> set[tuple[str, str]]:
    """The addresses of a user and their types, folded."""
    listed: Any = document.get("emails")
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


def page(db: sqlite3.Connection, connection_id: str, wanted: Wanted) -> Page[User]:
    """A page in the order of ids, or of a sort."""
    found = select_page(db, "users", USER, connection_id, wanted)
    return Page(found.total, tuple(user_of(row) for row in found.rows), found.more, found.keys)


def update(
    db: sqlite3.Connection,
    connection_id: str,
    user_id: str,
    change: Callable[[User], User | None],
    expected_version: int | None,
    rules: Rules,
) -> User:
    """Apply a pure change to the present user."""
    present = one(db, connection_id, user_id)
    check_version(present.version, expected_version)
    changed = change(present)
    if changed is None:
        return present
    before, after = orjson.loads(present.document), orjson.loads(changed.document)
    known = references.manager_of(before)
    changed = references.settle_manager(db, changed, after, known, parks=rules.park)
    if replace(changed, document="", updated_at=0) == replace(present, document="", updated_at=0) and (
        orjson.loads(changed.document) == before
    ):
        return present
    if present.active and not changed.active:
        _guard_deactivation(db, connection_id, changed.updated_at, rules)
    if replace(present, adopted_at=changed.adopted_at) == replace(changed, updated_at=present.updated_at):
        # That it is the identity provider's now is nothing that a client sees.
        _write(db, replace(present, adopted_at=changed.adopted_at), deactivated_at="deactivated_at")
        return replace(present, adopted_at=changed.adopted_at)
    changed = replace(changed, version=present.version + 1)
    _write(db, changed, deactivated_at=_deactivated_at(present, changed))
    emails = _emails(after)
    if emails != _emails(before):
        db.execute("DELETE FROM user_emails WHERE connection_id = ? AND user_id = ?", (connection_id, user_id))
        _index_emails(db, present, emails)
    if (changed.external_id, changed.user_name) != (present.external_id, present.user_name):
        references.arrived(db, changed, changed.updated_at)
        # Somebody may have waited for themselves, as a manager.
        return one(db, connection_id, user_id)
    return changed


def _deactivated_at(present: User, changed: User) -> str:
    """When the user was deactivated, as SQL: what stays is left as it is."""
    if changed.active:
        return "NULL"
    return str(changed.updated_at) if present.active else "deactivated_at"


def _write(db: sqlite3.Connection, user: User, deactivated_at: str) -> None:
    try:
        db.execute(
            "UPDATE users SET user_name = ?, user_name_ci = ?, external_id = ?, active = ?, origin = ?, version = ?, "
            f"updated_at = ?, adopted_at = ?, protected = ?, deactivated_at = {deactivated_at}, manager_id = ?, "
            "document = ? WHERE connection_id = ? AND id = ?",
            (
                user.user_name, user.user_name.casefold(), user.external_id, int(user.active), user.origin,
                user.version, user.updated_at, user.adopted_at, int(user.protected), _manager_id(user), user.document,
                user.connection_id, user.id,
            ),
        )  # fmt: skip
    except sqlite3.IntegrityError as error:
        raise _taken(db, user) from error


def _guard_deactivation(db: sqlite3.Connection, connection_id: str, at: int, rules: Rules) -> None:
    """Raise Guarded when one more person would leave than the connection lets go without being asked."""
    limit = rules.hold_deactivations
    if limit is None:
        return
    since = (connection_id, at - rules.hold_window, limit)
    gone = db.execute(
        "SELECT (SELECT count(*) FROM (SELECT 1 FROM users WHERE connection_id = ? AND deactivated_at > ? LIMIT ?)) + "
        "(SELECT count(*) FROM (SELECT 1 FROM deleted_users WHERE connection_id = ? AND left_at > ? LIMIT ?))",
        (*since, *since),
    ).fetchone()[0]
    if gone >= limit:
        raise Guarded("deactivations", "", gone + 1, limit)


def delete(
    db: sqlite3.Connection, connection_id: str, user_id: str, at: int, expected_version: int | None, rules: Rules
) -> None:
    """Delete a user and its memberships; the groups that it leaves change."""
    present = one(db, connection_id, user_id)
    check_version(present.version, expected_version)
    if present.active:
        _guard_deactivation(db, connection_id, at, rules)
    _remove(db, present, at, None)


def merge(db: sqlite3.Connection, connection_id: str, kept_id: str, gone_id: str, at: int) -> None:
    """Move the memberships of one user to another and delete it; its id means the other one from now on."""
    kept = one(db, connection_id, kept_id)
    gone = one(db, connection_id, gone_id)
    key = (connection_id, gone_id)
    if gone.protected and not kept.protected:
        _write(db, replace(kept, protected=True), deactivated_at="deactivated_at")
    db.execute(
        "UPDATE members SET claimed = 1 WHERE connection_id = ? AND user_id = ? AND group_id IN "
        "(SELECT group_id FROM members WHERE connection_id = ? AND user_id = ? AND claimed = 1)",
        (connection_id, kept_id, *key),
    )
    db.execute(
        "UPDATE groups SET member_count = member_count + 1, version = version + 1, updated_at = ? "
        "WHERE connection_id = ? AND id IN (SELECT group_id FROM members WHERE connection_id = ? AND user_id = ?) "
        "AND NOT EXISTS (SELECT 1 FROM members m WHERE m.connection_id = ? AND m.group_id = groups.id "
        "AND m.user_id = ?)",
        (at, connection_id, *key, connection_id, kept_id),
    )
    db.execute(
        "INSERT INTO members (connection_id, group_id, user_id, origin, claimed, added_at) "
        "SELECT connection_id, group_id, ?, origin, claimed, added_at FROM members "
        "WHERE connection_id = ? AND user_id = ? ON CONFLICT DO NOTHING",
        (kept_id, *key),
    )
    _remove(db, gone, at, kept_id)


def _remove(db: sqlite3.Connection, user: User, at: int, merged_into: str | None) -> None:
    key = (user.connection_id, user.id)
    db.execute(
        "UPDATE groups SET member_count = member_count - 1, version = version + 1, updated_at = ? "
        "WHERE connection_id = ? AND id IN (SELECT group_id FROM members WHERE connection_id = ? AND user_id = ?)",
        (at, user.connection_id, *key),
    )
    references.manager_left(db, user, merged_into, at)
    gone_before = db.execute("SELECT deactivated_at FROM users WHERE connection_id = ? AND id = ?", key).fetchone()[0]
    left_at = at if user.active else gone_before or 0
    for table in ("members", "user_emails", "pending_managers"):
        db.execute(f"DELETE FROM {table} WHERE connection_id = ? AND user_id = ?", key)
    db.execute("DELETE FROM users WHERE connection_id = ? AND id = ?", key)
    db.execute("UPDATE connections SET user_count = user_count - 1 WHERE id = ?", (user.connection_id,))
    db.execute(
        "INSERT INTO deleted_users (connection_id, id, user_name_ci, external_id, left_at, deleted_at, merged_into) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (*key, user.user_name.casefold(), user.external_id, 0 if merged_into else left_at, at, merged_into),
    )


def with_email(db: sqlite3.Connection, connection_id: str, values: Collection[str]) -> list[User]:
    """The users who have one of some addresses, compared caseless."""
    rows = db.execute(
        f"SELECT {', '.join(f'u.{column}' for column in USER.split(', '))} FROM users u WHERE u.connection_id = ? "
        "AND u.id IN (SELECT user_id FROM user_emails WHERE connection_id = ? "
        "AND value_ci IN (SELECT value FROM json_each(?))) ORDER BY u.id",
        (connection_id, connection_id, orjson.dumps([each.casefold() for each in values]).decode()),
    )
    return [user_of(row) for row in rows]


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
