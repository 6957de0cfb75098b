"""Groups and memberships in SQLite. A change reads and writes only the rows that it names."""

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass, field, replace

import orjson

from vestibule.model import Group, Member, Origin
from vestibule.scim.patch import GroupChange
from vestibule.store import GroupChanged, Guarded, NotFound, Page, Rules, Taken, UnknownMembers
from vestibule.store import sqlite_references as references
from vestibule.store.rows import GROUP, MEMBER, group_of, member_of
from vestibule.store.sqlite_resources import UniqueName, Wanted, check_version, select_page, taken

MAX_REF = 512
"""The longest name, in characters, under which somebody who is not here is waited for."""


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
    rows = _Membership(db, group.connection_id, group.id, rules)
    joined = rows.join(frozenset(members), origin, group.created_at)
    rows.count(len(joined))
    made = replace(group, member_count=len(joined))
    return GroupChanged(made, tuple(joined), parked=tuple(rows.parked), resolved=rows.resolved)


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
    rows = _Membership(db, connection_id, group_id, rules)
    left, joined = rows.change(change, origin, at)
    changed = replace(
        present,
        display_name=change.display_name or present.display_name,
        external_id=present.external_id if change.external_id is None else change.external_id or None,
        member_count=present.member_count + len(joined) - len(left),
        adopted_at=at if origin == "scim" != present.origin and present.adopted_at is None else present.adopted_at,
    )
    _guard_emptied(present, changed, rules)
    renamed = (changed.display_name, changed.external_id) != (present.display_name, present.external_id)
    if joined or left or renamed:
        changed = replace(changed, version=present.version + 1, updated_at=at)
    if changed != present:
        _write(db, changed)
    return GroupChanged(
        changed,
        tuple(joined),
        tuple(left),
        already=max(0, len(change.add) - len(rows.parked) - len(joined)),
        absent=len(change.remove) - len(change.remove.intersection(left)),
        attributes_changed=renamed,
        parked=tuple(rows.parked),
        resolved=rows.resolved,
    )


def _guard_emptied(present: Group, changed: Group, rules: Rules) -> None:
    least = rules.hold_emptied_group
    if least is not None and changed.member_count == 0 and present.member_count >= least:
        raise Guarded("emptied_group", present.id, present.member_count, least)


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


def delete(db: sqlite3.Connection, connection_id: str, group_id: str, expected_version: int | None) -> None:
    """Delete a group and its memberships."""
    check_version(one(db, connection_id, group_id).version, expected_version)
    for table in ("members", "pending_members"):
        db.execute(f"DELETE FROM {table} WHERE connection_id = ? AND group_id = ?", (connection_id, group_id))
    db.execute(
        "DELETE FROM pending_members WHERE connection_id = ? AND ref = ? AND nested = 1", (connection_id, group_id)
    )
    db.execute("DELETE FROM groups WHERE connection_id = ? AND id = ?", (connection_id, group_id))
    db.execute("UPDATE connections SET group_count = group_count - 1 WHERE id = ?", (connection_id,))


def members_of(db: sqlite3.Connection, connection_id: str, group_ids: Collection[str]) -> dict[str, list[Member]]:
    """The members of each group; a group without any is left out."""
    rows = db.execute(
        f"SELECT m.group_id, {MEMBER} FROM json_each(?) wanted "
        "JOIN members m ON m.connection_id = ? AND m.group_id = wanted.value "
        "JOIN users u ON u.connection_id = m.connection_id AND u.id = m.user_id ORDER BY m.group_id, m.user_id",
        (_array(group_ids), connection_id),
    )
    found: dict[str, list[Member]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(member_of(row[1:]))
    return found


def _array(ids: Collection[str]) -> str:
    # SQLite's json_each cuts a text at NUL, so such an id would name another one; none that is kept has one.
    return orjson.dumps([each for each in ids if "\0" not in each]).decode()


@dataclass(frozen=True, slots=True)
class _Membership:
    """The membership rows of one group."""

    db: sqlite3.Connection
    connection_id: str
    group_id: str
    rules: Rules
    parked: list[str] = field(default_factory=list[str])
    resolved: dict[str, str] = field(default_factory=dict[str, str])

    def change(self, change: GroupChange, origin: Origin, at: int) -> tuple[list[str], list[str]]:
        """Who left and who joined."""
        left = self.leave_all_but(change.add) if change.clear else []
        left += self.leave(change.remove)
        joined = self.join(change.add, origin, at)
        # Who was named by another name left a moment ago under the own id: nothing of them changed.
        stayed = set(joined).intersection(left) if self.resolved else set[str]()
        return [each for each in left if each not in stayed], [each for each in joined if each not in stayed]

    def leave_all_but(self, kept: frozenset[str]) -> list[str]:
        references.forget_all_but(self.db, self.connection_id, self.group_id, kept)
        gone = self.db.execute(
            "DELETE FROM members WHERE connection_id = ? AND group_id = ? "
            "AND user_id NOT IN (SELECT value FROM json_each(?)) RETURNING user_id",
            (self.connection_id, self.group_id, _array(kept)),
        )
        return [row[0] for row in gone.fetchall()]

    def leave(self, ids: frozenset[str]) -> list[str]:
        if not ids:
            return []
        left = self._leave(ids)
        others = ids.difference(left)
        if others:
            references.forget(self.db, self.connection_id, self.group_id, others)
        meant = self._meant(others) if self.rules.park else {}
        return left + (self._leave(frozenset(meant.values())) if meant else [])

    def _meant(self, refs: Collection[str]) -> dict[str, str]:
        """The users that are named by another name than an id of today."""
        found = {ref: references.resolve(self.db, self.connection_id, ref) for ref in refs if "\0" not in ref}
        return {ref: user_id for ref, user_id in found.items() if user_id is not None}

    def _leave(self, ids: frozenset[str]) -> list[str]:
        gone = self.db.execute(
            "DELETE FROM members WHERE connection_id = ? AND group_id = ? "
            "AND user_id IN (SELECT value FROM json_each(?)) RETURNING user_id",
            (self.connection_id, self.group_id, _array(ids)),
        )
        return [row[0] for row in gone.fetchall()]

    def join(self, ids: frozenset[str], origin: Origin, at: int) -> list[str]:
        ids = self._settled(ids, at) if ids else ids
        if not ids:
            return []
        named = _array(ids)
        claimed = int(origin == "scim")
        new = self.db.execute(
            "INSERT INTO members (connection_id, group_id, user_id, origin, claimed, added_at) "
            "SELECT ?, ?, value, ?, ?, ? FROM json_each(?) WHERE true ON CONFLICT DO NOTHING RETURNING user_id",
            (self.connection_id, self.group_id, origin, claimed, at, named),
        ).fetchall()
        if claimed and len(new) < len(ids):
            self.db.execute(
                "UPDATE members SET claimed = 1 WHERE connection_id = ? AND group_id = ? AND claimed = 0 "
                "AND user_id IN (SELECT value FROM json_each(?))",
                (self.connection_id, self.group_id, named),
            )
        return [row[0] for row in new]

    def _settled(self, ids: frozenset[str], at: int) -> frozenset[str]:
        """The ids of users among those named; the others are resolved, kept aside, or refused as the rules say."""
        rows = self.db.execute(
            "SELECT value, EXISTS (SELECT 1 FROM groups g WHERE g.connection_id = ? AND g.id = value) "
            "FROM json_each(?) WHERE NOT EXISTS "
            "(SELECT 1 FROM users u WHERE u.connection_id = ? AND u.id = value) ORDER BY value",
            (self.connection_id, _array(ids), self.connection_id),
        ).fetchall()
        uncut = sorted(each for each in ids if "\0" in each)
        if not rows and not uncut:
            return ids
        groups = [row[0] for row in rows if row[1] and row[0] != self.group_id]
        others = [row[0] for row in rows if row[0] not in groups] + uncut
        self.resolved.update(self._meant(others) if self.rules.park else {})
        unknown = [each for each in others if each not in self.resolved]
        self._refuse_or_park(groups, unknown, at)
        return ids.difference(groups, others).union(self.resolved.values())

    def _refuse_or_park(self, groups: list[str], unknown: list[str], at: int) -> None:
        parks = self.rules.park and not any("\0" in each or len(each) > MAX_REF for each in unknown)
        refused = ([] if self.rules.nested else groups) + ([] if parks else unknown)
        if refused:
            raise UnknownMembers(sorted(refused), [each for each in groups if each in refused])
        references.park(self.db, self.connection_id, self.group_id, groups, at, nested=1)
        references.park(self.db, self.connection_id, self.group_id, unknown, at, nested=0)
        self.parked.extend(groups + unknown)

    def count(self, members: int) -> None:
        self.db.execute(
            "UPDATE groups SET member_count = ? WHERE connection_id = ? AND id = ?",
            (members, self.connection_id, self.group_id),
        )
