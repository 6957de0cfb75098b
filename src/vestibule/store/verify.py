"""Whether a database says one thing throughout: counts, references, versions, names, and all that is kept twice.

Everything is read from one state, in pieces, while the server goes on. With a `Repairer` what can be derived is set
right, row by row.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

from vestibule.canary import is_canary
from vestibule.model import HELD
from vestibule.scim.folding import fold
from vestibule.store.consistency import (
    GROUP_ROW,
    USER_ROW,
    Unreadable,
    document_of,
    emails_differ,
    group_differs,
    user_differs,
)
from vestibule.store.db import Row, Transaction
from vestibule.store.engine import Engine
from vestibule.store.findings import REPAIRABLE, Finding, FindingKind, Report
from vestibule.store.orphans import find_orphans
from vestibule.store.progress import Note, untold
from vestibule.store.repair import Repairer
from vestibule.store.seen import Seen
from vestibule.store.sqlite import SqliteDb


async def verify(engine: Engine, limit: int = 20, repairer: Repairer | None = None, note: Note = untold) -> Report:
    """Check all connections, and mend what can be when there is a repairer. Keeps the first `limit` of each kind."""
    report = Report(limit)
    async with engine.snapshot() as db:
        await _find_damage(db, report)
        await find_orphans(db, report)
        await _find_holders(db, report)
        row = await db.row("SELECT sum(user_count + group_count) FROM counters")
        progress = _Progress(note, int(row[0] or 0))
        for (connection_id,) in await db.rows("SELECT id FROM connections ORDER BY id"):
            await _Connection(db, connection_id, report, repairer, progress).run()
    return report


async def _find_damage(db: Transaction, report: Report) -> None:
    """What SQLite says of its own file; PostgreSQL has checksums and tools of its own."""
    if isinstance(db, SqliteDb):
        for (told,) in await db.rows(f"PRAGMA integrity_check({report.limit})"):
            if told != "ok":
                report.add(Finding("damage", "", "", told))


async def _find_holders(db: Transaction, report: Report) -> None:
    """Domains that two enterprises hold at once."""
    holders: dict[str, str] = {}
    for domain_id, domain, state in await db.rows("SELECT id, domain, state FROM domains ORDER BY id"):
        if state in HELD and holders.setdefault(domain, domain_id) != domain_id:
            report.add(Finding("name", "", domain_id, f"the domain {domain!r} is held by {holders[domain]}, too"))


_EXPECTED = (
    ("expectations", "group_name", "group_ci"),
    ("expected_people", "user_name", "name_ci"),
    ("roll_calls", "group_name", "group_ci"),
    ("graph_groups", "group_name", "group_ci"),
)


@dataclass(slots=True)
class _Progress:
    note: Note
    total: int
    done: int = 0

    def step(self, rows: int) -> None:
        self.done += rows
        self.note("rows", self.done, max(self.done, self.total))


@dataclass(slots=True)
class _Connection:
    """The checks of one connection."""

    db: Transaction
    connection_id: str
    report: Report
    repairer: Repairer | None
    progress: _Progress
    found: dict[str, list[Finding]] = field(default_factory=dict[str, list[Finding]])
    """What was found in the present piece, by the id of the row."""
    active: int = 0
    """How many users are active, or should be."""

    async def run(self) -> None:
        users = await self._users()
        groups = await self._groups()
        await self._pending("pending_members", "group_id, ref")
        await self._pending("pending_managers", "user_id")
        await self._expected()
        await self._check_counters((users, self.active, groups))

    async def _check_counters(self, has: tuple[int, int, int]) -> None:
        repairer = self.repairer
        row = await self.db.row(
            "SELECT user_count, active_count, group_count FROM counters WHERE connection_id = $1", self.connection_id
        )
        if row is None or tuple(row) != has:
            counts = "nothing" if row is None else _counted(tuple(row))
            self._find("counter", self.connection_id, f"it counts {counts}, and has {_counted(has)}")
        await self._settle(None if repairer is None else lambda _: repairer.counters(self.connection_id))

    async def _users(self) -> int:
        with closing(Seen()) as seen:
            return await self._walk_users(seen)

    async def _walk_users(self, seen: Seen) -> int:
        count, last, repairer = 0, "", self.repairer
        sql = f"SELECT {USER_ROW} FROM users WHERE connection_id = $1 ORDER BY id"
        async for rows in self.db.stream(sql, self.connection_id):
            emails = await self._emails(last, rows[-1]["id"])
            names = [each for row in rows for each in self._check_user(row, emails.get(row["id"], set()))]
            self._check_unique(seen, names)
            await self._settle(None if repairer is None else lambda id_: repairer.user(self.connection_id, id_))
            count += sum(not is_canary(row["user_name"], row["external_id"]) for row in rows)
            last = rows[-1]["id"]
            self._saw("users", len(rows))
        return count

    async def _emails(self, after: str, until: str) -> dict[str, set[tuple[str, str]]]:
        rows = await self.db.rows(
            "SELECT user_id, value_ci, type_ci FROM user_emails WHERE connection_id = $1 AND user_id > $2 "
            "AND user_id <= $3",
            self.connection_id, after, until,
        )  # fmt: skip
        found: dict[str, set[tuple[str, str]]] = {}
        for user_id, value, kind in rows:
            found.setdefault(user_id, set()).add((value, kind))
        return found

    def _check_user(self, row: Row, emails: set[tuple[str, str]]) -> list[tuple[str, str, str]]:
        """The names of a user, as they should be."""
        self._check_times(row)
        try:
            document = document_of(row)
            differs = user_differs(row, document)
        except Unreadable as error:
            self._find("document", row["id"], f"its document {error}")
            self._count_active(row, row["active"])
            return _names(row, {}, "userName", "user_name_ci")
        self._check_columns(row, differs)
        self._count_active(row, differs.get("active", row["active"]))
        if emails_differ(emails, document) is not None:
            self._find("email", row["id"], "the index has other addresses than its document")
        return _names(row, differs, "userName", "user_name_ci")

    def _count_active(self, row: Row, active: int) -> None:
        self.active += 0 if is_canary(row["user_name"], row["external_id"]) else active

    async def _groups(self) -> int:
        with closing(Seen()) as seen:
            return await self._walk_groups(seen)

    async def _walk_groups(self, seen: Seen) -> int:
        count, last, repairer = 0, "", self.repairer
        sql = f"SELECT {GROUP_ROW} FROM groups WHERE connection_id = $1 ORDER BY id"
        async for rows in self.db.stream(sql, self.connection_id):
            members = await self._members(last, rows[-1]["id"])
            names = [each for row in rows for each in self._check_group(row, members.get(row["id"], 0))]
            self._check_unique(seen, names)
            await self._settle(None if repairer is None else lambda id_: repairer.group(self.connection_id, id_))
            count += sum(not is_canary(row["display_name"], row["external_id"]) for row in rows)
            last = rows[-1]["id"]
            self._saw("groups", len(rows))
        return count

    async def _members(self, after: str, until: str) -> dict[str, int]:
        rows = await self.db.rows(
            "SELECT group_id, count(*) FROM members WHERE connection_id = $1 AND group_id > $2 AND group_id <= $3 "
            "GROUP BY group_id",
            self.connection_id, after, until,
        )  # fmt: skip
        self.report.saw("members", sum(row[1] for row in rows))
        return {row[0]: row[1] for row in rows}

    def _check_group(self, row: Row, members: int) -> list[tuple[str, str, str]]:
        self._check_times(row)
        differs = group_differs(row, members)
        if "member_count" in differs:
            self._find("member_count", row["id"], f"it counts {row['member_count']} members, and has {members}")
        self._check_columns(row, {name: value for name, value in differs.items() if name != "member_count"})
        return _names(row, differs, "displayName", "display_name_ci")

    def _check_columns(self, row: Row, differs: dict[str, object]) -> None:
        for name, value in differs.items():
            self._find("derived", row["id"], f"{name} is {row[name]!r}, and should be {value!r}")

    def _check_times(self, row: Row) -> None:
        if row["version"] < 1:
            self._find("version", row["id"], f"its version is {row['version']}")
        if row["updated_at"] < row["created_at"]:
            self._find("time", row["id"], f"it was changed at {row['updated_at']}, and made at {row['created_at']}")

    def _check_unique(self, seen: Seen, names: Sequence[tuple[str, str, str]]) -> None:
        for what, value, row_id, holder in seen.again(names):
            self._find("name", row_id, f"the {what} {value!r} is that of {holder}, too")

    async def _pending(self, table: str, key: str) -> None:
        """The names that are waited for, folded."""
        repairer = self.repairer
        sql = f"SELECT ref, ref_ci FROM {table} WHERE connection_id = $1 ORDER BY {key}"
        async for rows in self.db.stream(sql, self.connection_id):
            for ref, folded in rows:
                if folded != fold(ref):
                    told = f"ref_ci in {table} is {folded!r}, and should be {fold(ref)!r}"
                    self._find("derived", ref, told)
            self.report.saw(table, len(rows))
            await self._settle(
                None if repairer is None else lambda ref: repairer.pending(self.connection_id, table, ref)
            )

    async def _expected(self) -> None:
        """The names of groups and of the people who are expected in them, folded."""
        for table, name, folded in _EXPECTED:
            sql = f"SELECT {name}, {folded} FROM {table} WHERE connection_id = $1"
            async for rows in self.db.stream(sql, self.connection_id):
                for shown, kept in rows:
                    if kept != fold(shown):
                        told = f"{folded} in {table} is {kept!r}, and should be {fold(shown)!r}"
                        self._find("derived", shown, f"{told}: take the expectation anew")
                self.report.saw(table, len(rows))
                # Not mended: two may turn out to be one, and whoever is expected is known to its source.
                await self._settle(None)

    def _find(self, kind: FindingKind, row_id: str, told: str) -> None:
        self.found.setdefault(row_id, []).append(Finding(kind, self.connection_id, row_id, told))

    def _saw(self, what: str, rows: int) -> None:
        self.report.saw(what, rows)
        self.progress.step(rows)

    async def _settle(self, mend: Callable[[str], Awaitable[bool]] | None) -> None:
        """Mend what was found in this piece as far as can be, and report it."""
        found, self.found = self.found, {}
        todo = [row_id for row_id, each in found.items() if any(one.kind in REPAIRABLE for one in each)]
        mended = await asyncio.gather(*(mend(row_id) for row_id in todo)) if mend is not None else [False] * len(todo)
        done = {row_id for row_id, whole in zip(todo, mended, strict=True) if whole}
        for row_id, findings in found.items():
            for each in findings:
                self.report.add(replace(each, repaired=each.kind in REPAIRABLE and row_id in done))


def _counted(counts: tuple[int, int, int]) -> str:
    users, active, groups = counts
    return f"{users} users ({active} active) and {groups} groups"


def _names(row: Row, differs: Mapping[str, Any], name: str, folded: str) -> list[tuple[str, str, str]]:
    """What must be unique of a row: by what, the value, and the id."""
    values = {name: differs.get(folded, row[folded]), "externalId": differs.get("external_id", row["external_id"])}
    return [(what, value, row["id"]) for what, value in values.items() if value is not None]
