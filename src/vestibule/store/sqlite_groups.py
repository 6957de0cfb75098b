"""Groups and memberships in SQLite. A change reads and writes only the rows that it names."""

import sqlite3
from collections.abc import Collection
from dataclasses import replace

from vestibule.model import Group, Member, Origin
from vestibule.scim.patch import GroupChange
from vestibule.store import GroupChanged, Guarded, NotFound, Page, Rules, Taken
from vestibule.store.rows import GROUP, MEMBER, group_of, member_of
from vestibule.store.sqlite_memberships import Membership, id_array
from vestibule.store.sqlite_resources import UniqueName, Wanted, check_version, select_page, taken


def insert(
    db: sqlite3.Connection, group: Group, members: Collection[str], origin: Origin, rules: Rules
) -> GroupChanged:
    """Keep a new group with its first members."""
    try:
        db.execute(
            f"INSERT INTO groups ({GROUP}, display_name_ci) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)",
            (
                group.connection_id, group.id, group.display_name, group.external_id, group.origin, group.version,
                group.created_at, group.updated_at, group.adopted_at, group.display_name.casefold(),
            ),
        )  # fmt: skip
    except sqlite3.IntegrityError as error:
        raise _taken(db, group) from error
    db.execute("UPDATE connections SET group_count = group_count + 1 WHERE id = ?", (group.connection_id,))
    rows = Membership(db, group.connection_id, group.id, rules)
    joined = rows.join(frozenset(members), origin, group.created_at)
    rows.count(len(joined))
    made = replace(group, member_count=len(joined))
    return GroupChanged(
        made, tuple(joined), parked=tuple(rows.parked), nested=tuple(rows.nested), resolved=rows.resolved
    )


def _taken(db: sqlite3.Connection, group: Group) -> NotFound | Taken:
    name = UniqueName("display_name_ci", "displayName", group.display_name)
    return taken(db, "groups", group.connection_id, group.id, name, group.external_id)


def one(db: sqlite3.Connection, connection_id: str, group_id: str) -> Group:
    """One group by primary key."""
    row = db.execute(
        f"SELECT {GROUP} FROM groups WHERE connection_id = ? AND id = ?",
        (connection_id, group_id),
    ).fetchone()
    if row is None:
        raise NotFound("group", group_id)
    return group_of(row)


def by_name(db: sqlite3.Connection, connection_id: str, display_name: str) -> Group:
    """One group by its folded displayName."""
    row = db.execute(
        f"SELECT {GROUP} FROM groups WHERE connection_id = ? AND display_name_ci = ?",
        (connection_id, display_name.casefold()),
    ).fetchone()
    if row is None:
        raise NotFound("group", display_name)
    return group_of(row)


def page(db: sqlite3.Connection, connection_id: str, wanted: Wanted) -> Page[Group]:
    """A page in the order of ids, or of a sort."""
    found = select_page(db, "groups", GROUP, connection_id, wanted)
    return Page(found.total, tuple(group_of(row) for row in found.rows), found.more, found.keys)


def update(
    db: sqlite3.Connection,
    connection_id: str,
    group_id: str,
    change: GroupChange,
    at: int,
    origin: Origin,
    expected_version: int | None,
    rules: Rules,
) -> GroupChanged:
    """Apply a change set-wise: who is to leave leaves, who is to join joins, then the attributes."""
    present = one(db, connection_id, group_id)
    check_version(present.version, expected_version)
    rows = Membership(db, connection_id, group_id, rules)
    left, joined = rows.change(change, origin, at)
    changed = replace(
        present,
        display_name=change.display_name or present.display_name,
        external_id=present.external_id if change.external_id is None else change.external_id or None,
        member_count=present.member_count + len(joined) - len(left),
        adopted_at=at if origin == "scim" != present.origin and present.adopted_at is None else present.adopted_at,
    )
    if left and rules.hold_emptied_group is not None:
        _guard_emptied(db, present, changed, at, rules)
    renamed = (changed.display_name, changed.external_id) != (present.display_name, present.external_id)
    renamed = renamed or rows.nested_changes > 0
    if joined or left or renamed:
        changed = replace(changed, version=present.version + 1, updated_at=at)
    if changed != present:
        _write(db, changed)
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


def _guard_emptied(db: sqlite3.Connection, present: Group, changed: Group, at: int, rules: Rules) -> None:
    """Raise Guarded when the last member of a group leaves that had enough of them within the window."""
    key = (present.connection_id, present.id)
    peak, since = db.execute(
        "SELECT peak_count, peak_at FROM groups WHERE connection_id = ? AND id = ?", key
    ).fetchone()
    if at - since > rules.hold_window:
        peak, since = 0, at
    peak = max(peak, present.member_count)
    least = rules.hold_emptied_group or 0
    if changed.member_count == 0 and peak >= least:
        raise Guarded("emptied_group", present.id, peak, least)
    db.execute("UPDATE groups SET peak_count = ?, peak_at = ? WHERE connection_id = ? AND id = ?", (peak, since, *key))


def _write(db: sqlite3.Connection, group: Group) -> None:
    try:
        db.execute(
            "UPDATE groups SET display_name = ?, display_name_ci = ?, external_id = ?, version = ?, updated_at = ?, "
            "adopted_at = ?, member_count = ? WHERE connection_id = ? AND id = ?",
            (
                group.display_name, group.display_name.casefold(), group.external_id, group.version, group.updated_at,
                group.adopted_at, group.member_count, group.connection_id, group.id,
            ),
        )  # fmt: skip
    except sqlite3.IntegrityError as error:
        raise _taken(db, group) from error


def delete(
    db: sqlite3.Connection, connection_id: str, group_id: str, expected_version: int | None, rules: Rules
) -> None:
    """Delete a group and its memberships."""
    present = one(db, connection_id, group_id)
    check_version(present.version, expected_version)
    if rules.hold_emptied_group is not None and present.member_count >= rules.hold_emptied_group:
        raise Guarded("emptied_group", group_id, present.member_count, rules.hold_emptied_group)
    for table in ("members", "pending_members"):
        db.execute(f"DELETE FROM {table} WHERE connection_id = ? AND group_id = ?", (connection_id, group_id))
    db.execute(
        "DELETE FROM pending_members WHERE connection_id = ? AND ref_ci = ? AND nested = 1", (connection_id, group_id)
    )
    db.execute("DELETE FROM groups WHERE connection_id = ? AND id = ?", (connection_id, group_id))
    db.execute("UPDATE connections SET group_count = group_count - 1 WHERE id = ?", (connection_id,))


def members_of(db: sqlite3.Connection, connection_id: str, group_ids: Collection[str]) -> dict[str, list[Member]]:
    """The members of each group; a group without any is left out."""
    rows = db.execute(
        f"SELECT m.group_id, {MEMBER} FROM json_each(?) wanted "
        "JOIN members m ON m.connection_id = ? AND m.group_id = wanted.value "
        "JOIN users u ON u.connection_id = m.connection_id AND u.id = m.user_id ORDER BY m.group_id, m.user_id",
        (id_array(group_ids), connection_id),
    )
    found: dict[str, list[Member]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(member_of(row[1:]))
    return found
