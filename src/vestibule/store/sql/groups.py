"""Groups. A change reads and writes only the rows that it names."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from vestibule.model import Audit, Group, Member, Origin
from vestibule.scim.folding import fold
from vestibule.scim.patch import GroupChange
from vestibule.store.answers import GroupChanged, Guarded, NotFound, Page, Rules, Taken
from vestibule.store.db import Db
from vestibule.store.sql.canaries import counts
from vestibule.store.sql.memberships import Membership
from vestibule.store.sql.pages import Wanted, select_page
from vestibule.store.sql.resources import (
    UniqueName,
    check_version,
    count_groups,
    differing,
    holder,
    named,
    set_columns,
)
from vestibule.store.sql.review import keep_along
from vestibule.store.sql.rows import GROUP, MEMBER, group_of, member_of


async def insert(db: Db, group: Group, members: Collection[str], origin: Origin, rules: Rules) -> GroupChanged:
    """Keep a new group with its first members."""
    await count_groups(db, group.connection_id, counts(group))
    made = await db.run(
        f"INSERT INTO groups ({GROUP}, display_name_ci) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10) "
        "ON CONFLICT DO NOTHING",
        group.connection_id, group.id, group.display_name, group.external_id, group.origin, group.version,
        group.created_at, group.updated_at, group.adopted_at, fold(group.display_name),
    )  # fmt: skip
    if not made:
        raise await _holder(db, group) or Taken("id", group.id, group.id)
    rows = Membership(db, group.connection_id, group.id, rules)
    joined = await rows.join(frozenset(members), origin, group.created_at)
    if joined:
        await db.run(
            "UPDATE groups SET member_count = $1 WHERE connection_id = $2 AND id = $3",
            len(joined), group.connection_id, group.id,
        )  # fmt: skip
    kept = replace(group, member_count=len(joined))
    return GroupChanged(
        kept, tuple(joined), parked=tuple(rows.parked), nested=tuple(rows.nested), resolved=rows.resolved
    )


async def _holder(db: Db, group: Group) -> Taken | None:
    """Who else has the displayName or the externalId."""
    name = UniqueName("display_name_ci", "displayName", group.display_name)
    return await holder(db, "groups", group.connection_id, group.id, name, group.external_id)


async def one(db: Db, connection_id: str, group_id: str) -> Group:
    """One group by primary key."""
    row = await db.row(f"SELECT {GROUP} FROM groups WHERE connection_id = $1 AND id = $2", connection_id, group_id)
    if row is None:
        raise NotFound("group", group_id)
    return group_of(row)


async def by_name(db: Db, connection_id: str, display_name: str) -> Group:
    """One group by its folded displayName."""
    row = await db.row(
        f"SELECT {GROUP} FROM groups WHERE connection_id = $1 AND display_name_ci = $2",
        connection_id, fold(display_name),
    )  # fmt: skip
    if row is None:
        raise NotFound("group", display_name)
    return group_of(row)


async def page(db: Db, connection_id: str, wanted: Wanted) -> Page[Group]:
    """A page in the order of ids, or of a sort."""
    found = await select_page(db, "groups", connection_id, wanted)
    return Page(found.total, tuple(group_of(row) for row in found.rows), found.more, found.keys)


async def update(
    db: Db,
    connection_id: str,
    group_id: str,
    change: GroupChange,
    at: int,
    origin: Origin,
    expected_version: int | None,
    rules: Rules,
    audit: Audit | None = None,
) -> GroupChanged:
    """Apply a change set-wise: who is to leave leaves, who is to join joins, then the attributes."""
    present = await one(db, connection_id, group_id)
    check_version(present.version, expected_version)
    rows = Membership(db, connection_id, group_id, rules)
    left, joined = await rows.change(change, origin, at)
    changed = _renamed(present, change, at, origin)
    changed = replace(changed, member_count=present.member_count + len(joined) - len(left))
    if left and rules.hold_emptied_group is not None and counts(present):
        await _guard_emptied(db, present, changed, at, rules)
    renamed = await _is_renamed(db, present, changed) or rows.nested_changes > 0
    if joined or left or renamed:
        changed = replace(changed, version=present.version + 1, updated_at=at)
    if changed != present:
        await set_columns(db, "groups", (connection_id, group_id), differing(_columns(present), _columns(changed)))
    if counts(changed) != counts(present):
        await count_groups(db, connection_id, counts(changed) - counts(present))
    await keep_along(db, connection_id, audit, changed=changed != present)
    return GroupChanged(
        changed,
        tuple(joined),
        tuple(left),
        already=max(0, len(change.add) - len(rows.parked) - len(joined)),
        absent=max(0, len(change.remove) - rows.removed),
        attributes_changed=renamed,
        parked=tuple(rows.parked),
        nested=tuple(rows.nested),
        resolved=rows.resolved,
    )


def _renamed(present: Group, change: GroupChange, at: int, origin: Origin) -> Group:
    """The group with its new names, and adopted where it is now."""
    return replace(
        present,
        display_name=change.display_name or present.display_name,
        external_id=present.external_id if change.external_id is None else change.external_id or None,
        adopted_at=at if origin == "scim" != present.origin and present.adopted_at is None else present.adopted_at,
    )


async def _is_renamed(db: Db, present: Group, changed: Group) -> bool:
    """Whether a name changes. Raises Taken when another one has it."""
    if (changed.display_name, changed.external_id) == (present.display_name, present.external_id):
        return False
    if (taken := await _holder(db, changed)) is not None:
        raise taken
    return True


async def _guard_emptied(db: Db, present: Group, changed: Group, at: int, rules: Rules) -> None:
    """Raise Guarded when the last member of a group leaves that had enough of them within the window."""
    key = (present.connection_id, present.id)
    row = await db.row("SELECT peak_count, peak_at FROM groups WHERE connection_id = $1 AND id = $2", *key)
    peak, since = row[0], row[1]
    if at - since > rules.hold_window:
        peak, since = 0, at
    peak = max(peak, present.member_count)
    least = rules.hold_emptied_group or 0
    if changed.member_count == 0 and peak >= least:
        raise Guarded("emptied_group", present.id, peak, least)
    await db.run(
        "UPDATE groups SET peak_count = $1, peak_at = $2 WHERE connection_id = $3 AND id = $4", peak, since, *key
    )


def _columns(group: Group) -> dict[str, Any]:
    """What may change of a group's row, beside how many members it had."""
    return {
        "display_name": group.display_name, "display_name_ci": fold(group.display_name),
        "external_id": group.external_id, "version": group.version, "updated_at": group.updated_at,
        "adopted_at": group.adopted_at, "member_count": group.member_count,
    }  # fmt: skip


async def delete(
    db: Db, connection_id: str, group_id: str, at: int, expected_version: int | None, rules: Rules
) -> None:
    """Delete a group and its memberships; the groups that it is in change."""
    present = await one(db, connection_id, group_id)
    check_version(present.version, expected_version)
    if counts(present) and rules.hold_emptied_group is not None and present.member_count >= rules.hold_emptied_group:
        raise Guarded("emptied_group", group_id, present.member_count, rules.hold_emptied_group)
    for table in ("members", "pending_members"):
        await db.run(f"DELETE FROM {table} WHERE connection_id = $1 AND group_id = $2", connection_id, group_id)
    await db.run(
        "UPDATE groups SET version = version + 1, updated_at = $3 WHERE connection_id = $1 AND id IN "
        "(SELECT group_id FROM pending_members WHERE connection_id = $1 AND ref_ci = $2 AND nested = 1)",
        connection_id, group_id, at,
    )  # fmt: skip
    await db.run(
        "DELETE FROM pending_members WHERE connection_id = $1 AND ref_ci = $2 AND nested = 1", connection_id, group_id
    )
    await db.run("DELETE FROM groups WHERE connection_id = $1 AND id = $2", connection_id, group_id)
    await count_groups(db, connection_id, -counts(present))


async def members(db: Db, connection_id: str, group_id: str) -> list[Member]:
    """All members of a group, in the order of their ids."""
    rows = await db.rows(
        f"SELECT {MEMBER} FROM members m JOIN users u ON u.connection_id = m.connection_id AND u.id = m.user_id "
        "WHERE m.connection_id = $1 AND m.group_id = $2 ORDER BY m.user_id",
        connection_id, group_id,
    )  # fmt: skip
    return [member_of(row) for row in rows]


async def member_ids_of(db: Db, connection_id: str, group_ids: Sequence[str]) -> dict[str, list[str]]:
    """The ids of the members of each group; a group without any is left out."""
    among, asked = named(group_ids)
    rows = await db.rows(
        "SELECT group_id, user_id FROM members WHERE connection_id = $1 "
        f"AND group_id {among} ORDER BY group_id, user_id",
        connection_id, asked,
    )  # fmt: skip
    found: dict[str, list[str]] = {}
    for group_id, user_id in rows:
        found.setdefault(group_id, []).append(user_id)
    return found
