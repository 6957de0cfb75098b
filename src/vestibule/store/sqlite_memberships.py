"""Memberships in SQLite: who leaves and who joins, set-wise, reading and writing only the rows that are named."""

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass, field

import orjson

from vestibule.model import Origin
from vestibule.scim.patch import GroupChange
from vestibule.store import Rules, UnknownMembers
from vestibule.store import sqlite_references as references

MAX_REF = 512
"""The longest name, in characters, under which somebody who is not here is waited for."""


@dataclass(slots=True)
class Membership:
    """The membership rows of one group, and what became of those named who are no users under that name."""

    db: sqlite3.Connection
    connection_id: str
    group_id: str
    rules: Rules
    parked: list[str] = field(default_factory=list[str])
    nested: list[str] = field(default_factory=list[str])
    resolved: dict[str, str] = field(default_factory=dict[str, str])
    nested_changes: int = 0
    removed: int = 0
    """How many of those that were named to leave did."""

    def change(self, change: GroupChange, origin: Origin, at: int) -> tuple[list[str], list[str]]:
        """Who left and who joined. Names are resolved first, so that nobody leaves who is named again otherwise."""
        joining = self._settled(change.add, at) if change.add else change.add
        left = self._leave_all_but(joining) if change.clear else []
        leaving = self._leave(change.remove - joining)
        self.removed = len(leaving)
        left += leaving
        return left, self._join(joining, origin, at)

    def join(self, ids: frozenset[str], origin: Origin, at: int) -> list[str]:
        """Who joined a new group."""
        return self._join(self._settled(ids, at) if ids else ids, origin, at)

    def _leave_all_but(self, kept: frozenset[str]) -> list[str]:
        waiting = frozenset(self.parked)
        self.nested_changes += references.forget_all_but(self.db, self.connection_id, self.group_id, waiting)
        gone = self.db.execute(
            "DELETE FROM members WHERE connection_id = ? AND group_id = ? "
            "AND user_id NOT IN (SELECT value FROM json_each(?)) RETURNING user_id",
            (self.connection_id, self.group_id, id_array(kept)),
        )
        return [row[0] for row in gone.fetchall()]

    def _leave(self, ids: frozenset[str]) -> list[str]:
        if not ids:
            return []
        gone = self.db.execute(
            "DELETE FROM members WHERE connection_id = ? AND group_id = ? "
            "AND user_id IN (SELECT value FROM json_each(?)) RETURNING user_id",
            (self.connection_id, self.group_id, id_array(ids)),
        )
        left = [row[0] for row in gone.fetchall()]
        others = ids.difference(left)
        if others:
            self.nested_changes += references.forget(self.db, self.connection_id, self.group_id, others)
        return left + [user_id for ref, user_id in self._meant(others).items() if self._leaves_as(user_id, ref)]

    def _leaves_as(self, user_id: str, ref: str) -> bool:
        """Who is named by a former id leaves only when that is how they joined: it may be said of who went long ago.

        The id of an account that was merged into this one always means this one.
        """
        former = references.came_back(self.db, self.connection_id, ref) == user_id
        former = former and references.took_over(self.db, self.connection_id, ref) != user_id
        joined_so = " AND ref = ?" if former else ""
        gone = self.db.execute(
            f"DELETE FROM members WHERE connection_id = ? AND group_id = ? AND user_id = ?{joined_so}",
            (self.connection_id, self.group_id, user_id, *([ref] if former else [])),
        )
        return gone.rowcount > 0

    def _meant(self, refs: Collection[str]) -> dict[str, str]:
        """The users that are named by another name than an id of today."""
        if not self.rules.park:
            return {}
        found = {ref: references.resolve(self.db, self.connection_id, ref) for ref in refs if "\0" not in ref}
        return {ref: user_id for ref, user_id in found.items() if user_id is not None}

    def _join(self, ids: frozenset[str], origin: Origin, at: int) -> list[str]:
        if not ids:
            return []
        named = id_array(ids)
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
        joined = [row[0] for row in new]
        self.db.executemany(
            "UPDATE members SET ref = ? WHERE connection_id = ? AND group_id = ? AND user_id = ?",
            [
                (ref, self.connection_id, self.group_id, user_id)
                for ref, user_id in self.resolved.items()
                if user_id in joined
            ],
        )
        return joined

    def _settled(self, ids: frozenset[str], at: int) -> frozenset[str]:
        """The ids of users among those named; the others are resolved, kept aside, or refused as the rules say."""
        rows = self.db.execute(
            "SELECT value, EXISTS (SELECT 1 FROM groups g WHERE g.connection_id = ? AND g.id = value) "
            "FROM json_each(?) WHERE NOT EXISTS "
            "(SELECT 1 FROM users u WHERE u.connection_id = ? AND u.id = value) ORDER BY value",
            (self.connection_id, id_array(ids), self.connection_id),
        ).fetchall()
        uncut = sorted(each for each in ids if "\0" in each)
        if not rows and not uncut:
            return ids
        groups = [row[0] for row in rows if row[1] and row[0] != self.group_id]
        others = [row[0] for row in rows if row[0] not in groups] + uncut
        self.resolved.update(self._meant(others))
        unknown = [each for each in others if each not in self.resolved]
        self._refuse_or_park(groups, unknown, at)
        return ids.difference(groups, others).union(self.resolved.values())

    def _refuse_or_park(self, groups: list[str], unknown: list[str], at: int) -> None:
        parks = self.rules.park and not any("\0" in each or len(each) > MAX_REF for each in unknown)
        refused = ([] if self.rules.nested else groups) + ([] if parks else unknown)
        if refused:
            raise UnknownMembers(sorted(refused), [each for each in groups if each in refused])
        self.nested_changes += references.park(self.db, self.connection_id, self.group_id, groups, at, nested=1)
        references.park(self.db, self.connection_id, self.group_id, unknown, at, nested=0)
        self.nested.extend(groups)
        self.parked.extend(groups + unknown)

    def count(self, members: int) -> None:
        """Keep the number of members of a new group."""
        self.db.execute(
            "UPDATE groups SET member_count = ? WHERE connection_id = ? AND id = ?",
            (members, self.connection_id, self.group_id),
        )


def id_array(ids: Collection[str]) -> str:
    """Ids as a JSON array, for json_each."""
    # SQLite's json_each cuts a text at NUL, so such an id would name another one; none that is kept has one.
    return orjson.dumps([each for each in ids if "\0" not in each]).decode()
