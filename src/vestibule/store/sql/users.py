"""Users: plain functions over an engine's connection. The ones that write run within a transaction."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

import orjson

from vestibule.model import Audit, JsonObject, User
from vestibule.scim.folding import fold
from vestibule.store.answers import Decision, Guarded, NotFound, Page, Rules, Taken
from vestibule.store.db import Db
from vestibule.store.sql import references, sessions
from vestibule.store.sql.canaries import counts
from vestibule.store.sql.derived import display_names, emails_of
from vestibule.store.sql.pages import Wanted, select_page
from vestibule.store.sql.resources import (
    UniqueName,
    check_version,
    count_users,
    differing,
    holder,
    named,
    set_columns,
)
from vestibule.store.sql.review import decide_conflict, keep_along
from vestibule.store.sql.rows import USER, prefixed, user_of

_INSERT = f"INSERT INTO users ({USER}, user_name_ci, manager_id, display_name, display_name_ci) VALUES (" + (
    ", ".join(f"${number}" for number in range(1, 17)) + ")"
)
INSERT_EMAIL = "INSERT INTO user_emails (connection_id, user_id, value_ci, type_ci) VALUES ($1, $2, $3, $4)"
"""Keeps an address for the index: connection, user, the address and its type folded."""


async def insert(db: Db, user: User, rules: Rules) -> User:
    """Keep a new user, count it, and put it where it was waited for."""
    document = orjson.loads(user.document)
    await count_users(db, user.connection_id, counts(user), counts(user) * int(user.active))
    user = await references.settle_manager(db, user, document, None, parks=rules.park)
    await _insert_row(db, user, document)
    await _index_emails(db, user, emails_of(document))
    if references.waits(user):
        await references.wait_for_manager(db, user.connection_id, user.id, _manager_id(user) or "", user.updated_at)
    await references.arrived(db, user, user.created_at)
    # Somebody may wait for themselves, as a manager.
    return await one(db, user.connection_id, user.id) if references.waits(user) else user


async def _insert_row(db: Db, user: User, document: JsonObject) -> None:
    made = await db.run(f"{_INSERT} ON CONFLICT DO NOTHING", *_values(user, document))
    if not made:
        raise await _holder(db, user) or Taken("id", user.id, user.id)


def _values(user: User, document: JsonObject) -> tuple[Any, ...]:
    return (
        user.connection_id, user.id, user.user_name, user.external_id, int(user.active), user.origin, user.version,
        user.created_at, user.updated_at, user.adopted_at, int(user.protected), user.document,
        fold(user.user_name), _manager_id(user), *display_names(document),
    )  # fmt: skip


def names_a_manager(user: User) -> bool:
    """Whether a user names a manager, who has to be looked for."""
    return '"manager"' in user.document and _manager_id(user) is not None


async def insert_all(db: Db, users: Sequence[User]) -> list[User]:
    """Keep new users, none of whom names a manager, at once. Raises when one of them cannot be kept."""
    documents = [orjson.loads(each.document) for each in users]
    active = Counter(each.connection_id for each in users if each.active and counts(each))
    counted = Counter(each.connection_id for each in users if counts(each))
    for connection_id in {each.connection_id for each in users}:
        await count_users(db, connection_id, counted[connection_id], active[connection_id])
    await db.many(_INSERT, [_values(*each) for each in zip(users, documents, strict=True)])
    emails = [
        (user.connection_id, user.id, value, kind)
        for user, document in zip(users, documents, strict=True)
        for value, kind in sorted(emails_of(document))
    ]
    if emails:
        await db.many(INSERT_EMAIL, emails)
    for connection_id in {each.connection_id for each in users}:
        if await references.somebody_is_waited_for(db, connection_id):
            for user in users:
                if user.connection_id == connection_id:
                    await references.arrived(db, user, user.created_at)
    return list(users)


def _manager_id(user: User) -> str | None:
    return references.manager_of(orjson.loads(user.document)) if '"manager"' in user.document else None


async def _index_emails(db: Db, user: User, emails: set[tuple[str, str]]) -> None:
    if emails:
        await db.many(INSERT_EMAIL, [(user.connection_id, user.id, value, kind) for value, kind in sorted(emails)])


async def _holder(db: Db, user: User) -> Taken | None:
    """Who else has the userName or the externalId."""
    name = UniqueName("user_name_ci", "userName", user.user_name)
    return await holder(db, "users", user.connection_id, user.id, name, user.external_id)


async def one(db: Db, connection_id: str, user_id: str) -> User:
    """One user by primary key."""
    row = await db.row(f"SELECT {USER} FROM users WHERE connection_id = $1 AND id = $2", connection_id, user_id)
    if row is None:
        raise NotFound("user", user_id)
    return user_of(row)


async def by_name(db: Db, connection_id: str, user_name: str) -> User:
    """One user by its folded userName."""
    row = await db.row(
        f"SELECT {USER} FROM users WHERE connection_id = $1 AND user_name_ci = $2", connection_id, fold(user_name)
    )
    if row is None:
        raise NotFound("user", user_name)
    return user_of(row)


async def page(db: Db, connection_id: str, wanted: Wanted) -> Page[User]:
    """A page in the order of ids, or of a sort."""
    found = await select_page(db, "users", connection_id, wanted)
    return Page(found.total, tuple(user_of(row) for row in found.rows), found.more, found.keys)


async def update(
    db: Db,
    connection_id: str,
    user_id: str,
    change: Callable[[User], User | None],
    expected_version: int | None,
    rules: Rules,
    along: Audit | Decision | None = None,
) -> User:
    """Apply a pure change to the present user, and keep what goes along with it."""
    present = await one(db, connection_id, user_id)
    check_version(present.version, expected_version)
    wanted = change(present)
    changed = present if wanted is None else await _changed(db, present, wanted, rules)
    await keep_along(db, connection_id, along, changed=changed != present)
    return changed


async def _changed(db: Db, present: User, changed: User, rules: Rules) -> User:
    """The present user as it is wanted, written where that is another one."""
    before, after = orjson.loads(present.document), orjson.loads(changed.document)
    settled = await references.settle_manager(db, changed, after, references.manager_of(before), parks=rules.park)
    if settled is not changed:
        changed, after = settled, orjson.loads(settled.document)
    if after == before and _seen(changed) == _seen(present):
        # That it is the identity provider's now is nothing that a client sees.
        if changed.adopted_at != present.adopted_at:
            adopted = replace(present, adopted_at=changed.adopted_at)
            await _write(db, present, adopted, before, before)
            return adopted
        return present
    if present.active and not changed.active and counts(present):
        await _guard_deactivation(db, present.connection_id, changed.updated_at, rules)
    if _names(changed) != _names(present) and (taken := await _holder(db, changed)) is not None:
        raise taken
    changed = replace(changed, version=present.version + 1)
    await _write(db, present, changed, before, after)
    return await _written(db, present, changed, before, after)


def _seen(user: User) -> tuple[Any, ...]:
    """What is kept of a user beside the document and has a part in the version."""
    return user.user_name, user.external_id, user.active, user.origin, user.protected


async def _written(db: Db, present: User, changed: User, before: JsonObject, after: JsonObject) -> User:
    """What follows from a user who was written: addresses, and who was waited for under the new names."""
    key = (changed.connection_id, changed.id)
    if present.active and not changed.active:
        await sessions.end_of(db, changed.connection_id, changed.updated_at, "deactivated", changed.id)
    step = counts(changed) - counts(present)
    active = counts(changed) * int(changed.active) - counts(present) * int(present.active)
    if step or active:
        await count_users(db, changed.connection_id, step, active)
    if after.get("emails") != before.get("emails"):
        await db.run("DELETE FROM user_emails WHERE connection_id = $1 AND user_id = $2", *key)
        await _index_emails(db, present, emails_of(after))
    if references.manager_of(after) != references.manager_of(before) and references.waits(changed):
        await references.wait_for_manager(db, *key, _manager_id(changed) or "", changed.updated_at)
    if _names(changed) != _names(present):
        await references.arrived(db, changed, changed.updated_at)
        # Somebody may have waited for themselves, as a manager.
        return await one(db, *key)
    return changed


def _names(user: User) -> tuple[str | None, str]:
    return user.external_id, user.user_name


async def _write(db: Db, present: User, changed: User, before: JsonObject, after: JsonObject) -> None:
    different = differing(_columns(present, before), _columns(changed, after))
    if changed.active is not present.active:
        different["deactivated_at"] = None if changed.active or not counts(present) else changed.updated_at
    await set_columns(db, "users", (changed.connection_id, changed.id), different)


def _columns(user: User, document: JsonObject) -> dict[str, Any]:
    """What may change of a user's row, beside when it was deactivated."""
    name, folded = display_names(document)
    return {
        "user_name": user.user_name, "user_name_ci": fold(user.user_name), "external_id": user.external_id,
        "active": int(user.active), "origin": user.origin, "version": user.version, "updated_at": user.updated_at,
        "adopted_at": user.adopted_at, "protected": int(user.protected), "document": user.document,
        "manager_id": references.manager_of(document), "display_name": name, "display_name_ci": folded,
    }  # fmt: skip


async def _guard_deactivation(db: Db, connection_id: str, at: int, rules: Rules) -> None:
    """Raise Guarded when one more person would leave than the connection lets go without being asked."""
    limit = rules.hold_deactivations
    if limit is None:
        return
    gone = await db.row(
        "SELECT (SELECT count(*) FROM (SELECT 1 FROM users WHERE connection_id = $1 AND deactivated_at > $2 "
        "ORDER BY deactivated_at DESC LIMIT $3) AS a) + (SELECT count(*) FROM (SELECT 1 FROM deleted_users "
        "WHERE connection_id = $1 AND left_at > $2 ORDER BY left_at DESC LIMIT $3) AS b)",
        connection_id, at - rules.hold_window, limit,
    )  # fmt: skip
    if gone[0] >= limit:
        raise Guarded("deactivations", "", gone[0] + 1, limit)


async def delete(db: Db, connection_id: str, user_id: str, at: int, expected_version: int | None, rules: Rules) -> None:
    """Delete a user and its memberships; the groups that it leaves change."""
    present = await one(db, connection_id, user_id)
    check_version(present.version, expected_version)
    if present.active and counts(present):
        await _guard_deactivation(db, connection_id, at, rules)
    await _remove(db, present, at, None)


async def merge(
    db: Db, connection_id: str, kept_id: str, gone_id: str, at: int, decision: Decision | None = None
) -> None:
    """Move the memberships of one user to another and delete it; its id means the other one from now on."""
    if decision is not None:
        await decide_conflict(db, connection_id, decision)
    kept = await one(db, connection_id, kept_id)
    gone = await one(db, connection_id, gone_id)
    if gone.protected and not kept.protected:
        await db.run("UPDATE users SET protected = 1 WHERE connection_id = $1 AND id = $2", connection_id, kept_id)
    both = (connection_id, kept_id, gone_id)
    await db.run(
        "UPDATE members SET claimed = 1 WHERE connection_id = $1 AND user_id = $2 AND group_id IN "
        "(SELECT group_id FROM members WHERE connection_id = $1 AND user_id = $3 AND claimed = 1)",
        *both,
    )
    await db.run(
        "UPDATE groups SET member_count = member_count + 1, version = version + 1, updated_at = $4 "
        "WHERE connection_id = $1 AND id IN (SELECT group_id FROM members WHERE connection_id = $1 AND user_id = $3) "
        "AND NOT EXISTS (SELECT 1 FROM members m WHERE m.connection_id = $1 AND m.group_id = groups.id "
        "AND m.user_id = $2)",
        *both, at,
    )  # fmt: skip
    await db.run(
        "INSERT INTO members (connection_id, group_id, user_id, origin, claimed, ref, added_at) "
        "SELECT connection_id, group_id, CAST($2 AS TEXT), origin, claimed, ref, added_at FROM members "
        "WHERE connection_id = $1 AND user_id = $3 ON CONFLICT DO NOTHING",
        *both,
    )
    for table in ("identities", "sessions"):
        await db.run(f"UPDATE {table} SET user_id = $2 WHERE connection_id = $1 AND user_id = $3", *both)
    await _remove(db, gone, at, kept_id)


async def _remove(db: Db, user: User, at: int, merged_into: str | None) -> None:
    key = (user.connection_id, user.id)
    await db.run(
        "UPDATE groups SET member_count = member_count - 1, version = version + 1, updated_at = $3 "
        "WHERE connection_id = $1 AND id IN (SELECT group_id FROM members WHERE connection_id = $1 AND user_id = $2)",
        *key, at,
    )  # fmt: skip
    await references.manager_left(db, user, merged_into, at)
    row = await db.row("SELECT deactivated_at FROM users WHERE connection_id = $1 AND id = $2", *key)
    left_at = at if user.active else row[0] or 0
    for table in ("members", "user_emails", "pending_managers", "identities", "verified_emails"):
        await db.run(f"DELETE FROM {table} WHERE connection_id = $1 AND user_id = $2", *key)
    await db.run("DELETE FROM users WHERE connection_id = $1 AND id = $2", *key)
    await count_users(db, user.connection_id, -counts(user), -counts(user) * int(user.active))
    if not counts(user):
        # Nobody will name a canary by its former id.
        return
    await db.run(
        "INSERT INTO deleted_users (connection_id, id, user_name_ci, external_id, left_at, deleted_at, merged_into) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)",
        *key, fold(user.user_name), user.external_id, 0 if merged_into else left_at, at, merged_into,
    )  # fmt: skip


async def with_email(db: Db, connection_id: str, values: Collection[str], *, unadopted: bool) -> list[User]:
    """The users who have one of some addresses, compared caseless; `unadopted` as in `Store.users_with_email`."""
    among, asked = named([fold(each) for each in values])
    theirs = " AND u.origin <> 'scim' AND u.adopted_at IS NULL" if unadopted else ""
    # Crossed, so that SQLite begins with the address.
    rows = await db.rows(
        f"SELECT {prefixed('u', USER)} FROM user_emails x CROSS JOIN users u WHERE x.connection_id = $1 "
        f"AND x.value_ci {among} AND u.connection_id = x.connection_id AND u.id = x.user_id{theirs} ORDER BY u.id",
        connection_id, asked,
    )  # fmt: skip
    # Who has an address twice, as two types, comes twice.
    return list({row["id"]: user_of(row) for row in rows}.values())
