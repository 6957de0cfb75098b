"""Memberships: who leaves and who joins, set-wise, reading and writing only the rows that are named."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from vestibule.model import GroupRef, Origin
from vestibule.scim.patch import GroupChange
from vestibule.store.answers import Rules, UnknownMembers
from vestibule.store.db import Db
from vestibule.store.sql import references
from vestibule.store.sql.references import as_array
from vestibule.store.sql.resources import named

MAX_REF = 512
"""The longest name, in characters, under which somebody who is not here is waited for."""


_LEAVES = "DELETE FROM members WHERE connection_id = $1 AND group_id = $2 AND user_id = $3"


@dataclass(slots=True)
class Membership:
    """The membership rows of one group, and what became of those named who are no users under that name."""

    db: Db
    connection_id: str
    group_id: str
    rules: Rules
    parked: list[str] = field(default_factory=list[str])
    nested: list[str] = field(default_factory=list[str])
    resolved: dict[str, str] = field(default_factory=dict[str, str])
    nested_changes: int = 0
    removed: int = 0
    """How many of those that were named to leave did."""

    async def change(self, change: GroupChange, origin: Origin, at: int) -> tuple[list[str], list[str]]:
        """Who left and who joined. Names are resolved first, so that nobody leaves who is named again otherwise."""
        joining = await self._settled(change.add, at) if change.add else change.add
        left = await self._leave_all_but(joining) if change.clear else []
        leaving = await self._leave(change.remove - joining)
        self.removed = len(leaving)
        return left + leaving, await self._join(joining, origin, at)

    async def join(self, ids: frozenset[str], origin: Origin, at: int) -> list[str]:
        """Who joined a new group."""
        return await self._join(await self._settled(ids, at) if ids else ids, origin, at)

    async def _leave_all_but(self, kept: frozenset[str]) -> list[str]:
        waiting = frozenset(self.parked)
        self.nested_changes += await references.forget_all_but(self.db, self.connection_id, self.group_id, waiting)
        gone = await self.db.rows(
            "DELETE FROM members WHERE connection_id = $1 AND group_id = $2 "
            "AND user_id NOT IN (SELECT value FROM EACH($3)) RETURNING user_id",
            self.connection_id, self.group_id, as_array(kept),
        )  # fmt: skip
        return [row[0] for row in gone]

    async def _leave(self, ids: frozenset[str]) -> list[str]:
        if not ids:
            return []
        gone = await self.db.rows(
            "DELETE FROM members WHERE connection_id = $1 AND group_id = $2 "
            "AND user_id IN (SELECT value FROM EACH($3)) RETURNING user_id",
            self.connection_id, self.group_id, as_array(ids),
        )  # fmt: skip
        left = [row[0] for row in gone]
        others = ids.difference(left)
        if others:
            self.nested_changes += await references.forget(self.db, self.connection_id, self.group_id, others)
            meant = await self._meant(others)
            left += [user_id for ref, user_id in meant.items() if await self._leaves_as(user_id, ref)]
        return left

    async def _leaves_as(self, user_id: str, ref: str) -> bool:
        """Who is named by a former id leaves only when that is how they joined: it may be said of who went long ago.

        The id of an account that was merged into this one always means this one.
        """
        key = (self.connection_id, self.group_id, user_id)
        former = await references.came_back(self.db, self.connection_id, ref) == user_id
        if former and await references.took_over(self.db, self.connection_id, ref) != user_id:
            return bool(await self.db.run(f"{_LEAVES} AND ref = $4", *key, ref))
        return bool(await self.db.run(_LEAVES, *key))

    async def _meant(self, refs: Collection[str]) -> dict[str, str]:
        """The users that are named by another name than an id of today."""
        if not self.rules.park:
            return {}
        found = {ref: await references.resolve(self.db, self.connection_id, ref) for ref in refs if "\0" not in ref}
        return {ref: user_id for ref, user_id in found.items() if user_id is not None}

    async def _join(self, ids: frozenset[str], origin: Origin, at: int) -> list[str]:
        if not ids:
            return []
        named = as_array(ids)
        key = (self.connection_id, self.group_id)
        claimed = int(origin == "scim")
        new = await self.db.rows(
            "INSERT INTO members (connection_id, group_id, user_id, origin, claimed, added_at) "
            "SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), value, CAST($3 AS TEXT), CAST($4 AS BIGINT), "
            "CAST($5 AS BIGINT) FROM EACH($6) WHERE true ON CONFLICT DO NOTHING RETURNING user_id",
            *key, origin, claimed, at, named,
        )  # fmt: skip
        if claimed and len(new) < len(ids):
            await self.db.run(
                "UPDATE members SET claimed = 1 WHERE connection_id = $1 AND group_id = $2 AND claimed = 0 "
                "AND user_id IN (SELECT value FROM EACH($3))",
                *key, named,
            )  # fmt: skip
        joined = {row[0] for row in new}
        renamed = [(ref, *key, user_id) for ref, user_id in self.resolved.items() if user_id in joined]
        if renamed:
            await self.db.many(
                "UPDATE members SET ref = $1 WHERE connection_id = $2 AND group_id = $3 AND user_id = $4", renamed
            )
        return sorted(joined)

    async def _settled(self, ids: frozenset[str], at: int) -> frozenset[str]:
        """The ids of users among those named; the others are resolved, kept aside, or refused as the rules say."""
        here = await self.db.rows(
            "SELECT id FROM users WHERE connection_id = $1 AND id IN (SELECT value FROM EACH($2))",
            self.connection_id, as_array(ids),
        )  # fmt: skip
        others = ids.difference(row[0] for row in here)
        if not others:
            return ids
        found = await self.db.rows(
            "SELECT id FROM groups WHERE connection_id = $1 AND id IN (SELECT value FROM EACH($2)) AND id <> $3",
            self.connection_id, as_array(others), self.group_id,
        )  # fmt: skip
        groups = sorted(row[0] for row in found)
        self.resolved.update(await self._meant(sorted(others.difference(groups))))
        unknown = sorted(others.difference(groups, self.resolved))
        await self._refuse_or_park(groups, unknown, at)
        return ids.difference(others).union(self.resolved.values())

    async def _refuse_or_park(self, groups: list[str], unknown: list[str], at: int) -> None:
        parks = self.rules.park and not any("\0" in each or len(each) > MAX_REF for each in unknown)
        refused = ([] if self.rules.nested else groups) + ([] if parks else unknown)
        if refused:
            raise UnknownMembers(sorted(refused), [each for each in groups if each in refused])
        key = (self.connection_id, self.group_id)
        self.nested_changes += await references.park(self.db, *key, groups, at, nested=1)
        await references.park(self.db, *key, unknown, at, nested=0)
        self.nested.extend(groups)
        self.parked.extend(groups + unknown)


async def groups_of(db: Db, connection_id: str, user_ids: Sequence[str]) -> dict[str, list[GroupRef]]:
    """The groups of each user."""
    among, asked = named(user_ids)
    rows = await db.rows(
        "SELECT m.user_id, g.id, g.display_name FROM members m "
        "JOIN groups g ON g.connection_id = m.connection_id AND g.id = m.group_id "
        f"WHERE m.connection_id = $1 AND m.user_id {among} ORDER BY m.user_id, g.id",
        connection_id, asked,
    )  # fmt: skip
    found: dict[str, list[GroupRef]] = {}
    groups: dict[str, GroupRef] = {}
    for user_id, group_id, display_name in rows:
        group = groups.get(group_id)
        if group is None:
            group = groups[group_id] = GroupRef(group_id, display_name)
        found.setdefault(user_id, []).append(group)
    return found
