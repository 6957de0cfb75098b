"""Who is expected in which group, and what became of it from roll call to roll call."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson

from vestibule.model import Audit
from vestibule.scim.folding import fold
from vestibule.store.answers import NotFound
from vestibule.store.db import Db, Row
from vestibule.store.roll_calls import ExpectedPerson, KeptExpectation, RollRecord
from vestibule.store.sql import enterprises, standing
from vestibule.store.sql.log import insert_audit
from vestibule.store.sql.rows import prefixed

DAY = 86_400_000_000
TREND_KEPT = 400 * DAY
"""For how long the figures of a group are kept."""
_EXPECTATION = (
    "connection_id, id, group_name, source, count, taken_at, external_id, nested, detail, called_at, group_id, "
    "group_version, balanced"
)
_PERSON = "user_name, external_id, other_id, enabled, in_scope, known, via"
_FLAGS = frozenset({"enabled", "in_scope", "known"})
_ROLL = "connection_id, group_name, at, expected, present, missing, extra, reasons"


def _named_by(folded: int, exact: int) -> str:
    """That a claim names the group of `e`: by its name, or by its id there, kept or known of the group that is here."""
    ids = f"(SELECT value FROM EACH(${exact}))"
    return (
        f"(e.group_ci IN (SELECT value FROM EACH(${folded})) OR coalesce(e.external_id, '') IN {ids} "
        "OR EXISTS (SELECT 1 FROM groups g WHERE g.connection_id = e.connection_id "
        f"AND g.display_name_ci = e.group_ci AND g.external_id IN {ids}))"
    )


JOINS = (
    f"INSERT INTO expected_people (connection_id, expectation_id, name_ci, {_PERSON}) "
    "SELECT e.connection_id, e.id, CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), NULL, 1, 1, 1, NULL "
    "FROM expectations e WHERE e.connection_id = $1 AND e.state = 'current' AND e.source = 'claims' "
    f"AND {_named_by(5, 6)} ON CONFLICT DO NOTHING"
)
"""A sign-in named these groups."""
LEAVES = (
    "DELETE FROM expected_people WHERE connection_id = $1 AND name_ci = $2 AND expectation_id IN (SELECT e.id "
    "FROM expectations e WHERE e.connection_id = $1 AND e.state = 'current' AND e.source = 'claims' "
    f"AND NOT {_named_by(3, 4)})"
)
"""It named these, and no others."""


def told(
    connection_id: str, user_name: str, external_id: str | None, groups: Sequence[str]
) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The values of JOINS and of LEAVES."""
    named = sorted(filter(None, groups))
    folded, exact = orjson.dumps(sorted(map(fold, named))).decode(), orjson.dumps(named).decode()
    name = fold(user_name)
    return (
        (connection_id, name, user_name, external_id, folded, exact),
        (connection_id, name, folded, exact),
    )


async def begin(db: Db, draft: KeptExpectation) -> None:
    """Keep a draft; what was left of an earlier one is forgotten."""
    await enterprises.one_connection(db, draft.connection_id)
    await _drop(db, draft.connection_id, fold(draft.group), "draft")
    await db.run(
        "INSERT INTO expectations (connection_id, id, group_name, group_ci, external_id, source, state, count, nested, "
        "detail, taken_at) VALUES ($1, $2, $3, $4, $5, $6, 'draft', $7, $8, $9, $10)",
        draft.connection_id, draft.id, draft.group, fold(draft.group), draft.external_id, draft.source, draft.count,
        orjson.dumps(draft.nested).decode(), orjson.dumps(draft.detail).decode(), draft.taken_at,
    )  # fmt: skip


async def add_people(db: Db, connection_id: str, expectation_id: str, people: Sequence[ExpectedPerson]) -> None:
    """Add people; who is there already stays as it is."""
    there = await db.row(
        "SELECT 1 FROM expectations WHERE connection_id = $1 AND id = $2", connection_id, expectation_id
    )
    if there is None:
        raise NotFound("expectation", expectation_id)
    await db.many(
        f"INSERT INTO expected_people (connection_id, expectation_id, name_ci, {_PERSON}) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING",
        [(connection_id, expectation_id, fold(each.user_name), *_values(each)) for each in people],
    )


def _values(person: ExpectedPerson) -> tuple[Any, ...]:
    first, second, *_ = (*sorted(person.external_ids), None, None)
    flags = int(person.enabled), int(person.in_scope), int(person.known)
    return (person.user_name, first, second, *flags, person.via)


def person_of(row: Row) -> ExpectedPerson:
    """A row that begins with the columns of a person."""
    user_name, external_id, other_id, enabled, in_scope, known, via, *_ = row
    ids = frozenset(each for each in (external_id, other_id) if each is not None)
    return ExpectedPerson(user_name, ids, bool(enabled), bool(in_scope), bool(known), via)


def person_columns(alias: str) -> str:
    """The columns of a person in the table with this alias."""
    return prefixed(alias, _PERSON)


async def settle(
    db: Db, connection_id: str, expectation_id: str, entry: Audit, nested: Sequence[str]
) -> KeptExpectation:
    """Put a draft in the place of the current one."""
    row = await db.row(
        "SELECT group_ci, source, external_id FROM expectations WHERE connection_id = $1 AND id = $2 "
        "AND state = 'draft'",
        connection_id, expectation_id,
    )  # fmt: skip
    if row is None:
        raise NotFound("expectation", expectation_id)
    before = await db.row(
        "SELECT balanced FROM expectations WHERE connection_id = $1 AND group_ci = $2 AND state = 'current'",
        connection_id, row[0],
    )  # fmt: skip
    await _drop(db, connection_id, row[0], "current")
    await standing.end(db, connection_id, row[0], row[2] if row[1] == "graph" else None)
    await db.run(
        "UPDATE expectations SET state = 'current', balanced = $3, count = CASE WHEN source = 'count' THEN count ELSE "
        "(SELECT count(*) FROM expected_people p WHERE p.connection_id = $1 AND p.expectation_id = $2) END "
        "WHERE connection_id = $1 AND id = $2",
        connection_id, expectation_id, None if before is None else before[0],
    )  # fmt: skip
    if nested:
        await db.run(
            "UPDATE expectations SET nested = $3 WHERE connection_id = $1 AND id = $2",
            connection_id, expectation_id, orjson.dumps(list(nested)).decode(),
        )  # fmt: skip
    await insert_audit(db, entry)
    made = await db.row(
        f"SELECT {_EXPECTATION} FROM expectations WHERE connection_id = $1 AND id = $2", connection_id, expectation_id
    )
    return _expectation_of(made)


async def is_as_current(db: Db, connection_id: str, expectation_id: str, nested: Sequence[str]) -> bool:
    """Whether a draft has the same people, and the same groups within it, as the current expectation of its group."""
    current = await db.row(
        "SELECT c.id, c.nested, c.count FROM expectations d JOIN expectations c ON c.connection_id = d.connection_id "
        "AND c.group_ci = d.group_ci AND c.state = 'current' AND c.external_id = d.external_id "
        "WHERE d.connection_id = $1 AND d.id = $2 AND d.state = 'draft'",
        connection_id, expectation_id,
    )  # fmt: skip
    if current is None or orjson.loads(current["nested"]) != list(nested):
        return False
    alike = " AND ".join(
        # What may be absent stands for nothing else when it is empty: no name and no id is.
        f"coalesce(c.{name}, {empty}) = coalesce(d.{name}, {empty})"
        for name, empty in ((each, "0" if each in _FLAGS else "''") for each in _PERSON.split(", "))
    )
    row = await db.row(
        "SELECT count(*), count(c.name_ci) FROM expected_people d LEFT JOIN expected_people c "
        f"ON c.connection_id = $1 AND c.expectation_id = $3 AND c.name_ci = d.name_ci AND {alike} "
        "WHERE d.connection_id = $1 AND d.expectation_id = $2",
        connection_id, expectation_id, current["id"],
    )  # fmt: skip
    return tuple(row) == (current["count"], current["count"])


async def give_up(db: Db, connection_id: str, expectation_id: str) -> None:
    """Forget a draft and who is in it."""
    await db.run(
        "DELETE FROM expected_people WHERE connection_id = $1 AND expectation_id IN "
        "(SELECT id FROM expectations WHERE connection_id = $1 AND id = $2 AND state = 'draft')",
        connection_id, expectation_id,
    )  # fmt: skip
    await db.run(
        "DELETE FROM expectations WHERE connection_id = $1 AND id = $2 AND state = 'draft'",
        connection_id, expectation_id,
    )  # fmt: skip


async def forget(db: Db, connection_id: str, group: str, entry: Audit) -> None:
    """Expect nobody in a group."""
    if not await _drop(db, connection_id, fold(group), "current"):
        raise NotFound("expectation", group)
    await standing.end(db, connection_id, fold(group))
    await insert_audit(db, entry)


async def _drop(db: Db, connection_id: str, group_ci: str, state: str) -> int:
    await db.run(
        "DELETE FROM expected_people WHERE connection_id = $1 AND expectation_id IN (SELECT id FROM expectations "
        "WHERE connection_id = $1 AND group_ci = $2 AND state = $3)",
        connection_id, group_ci, state,
    )  # fmt: skip
    return await db.run(
        "DELETE FROM expectations WHERE connection_id = $1 AND group_ci = $2 AND state = $3",
        connection_id, group_ci, state,
    )  # fmt: skip


async def one(db: Db, connection_id: str, group: str) -> KeptExpectation:
    """The current expectation of a group."""
    row = await db.row(
        f"SELECT {_EXPECTATION} FROM expectations WHERE connection_id = $1 AND group_ci = $2 AND state = 'current'",
        connection_id, fold(group),
    )  # fmt: skip
    if row is None:
        raise NotFound("expectation", group)
    return await _counted(db, _expectation_of(row))


async def of(db: Db, connection_id: str) -> list[KeptExpectation]:
    """The current expectations of a connection."""
    rows = await db.rows(
        f"SELECT {_EXPECTATION} FROM expectations WHERE connection_id = $1 AND state = 'current' ORDER BY group_ci",
        connection_id,
    )
    return [await _counted(db, _expectation_of(row)) for row in rows]


async def _counted(db: Db, kept: KeptExpectation) -> KeptExpectation:
    """A hint grows from sign-in to sign-in, so its people are counted when it is read."""
    if not kept.hint:
        return kept
    row = await db.row(
        "SELECT count(*) FROM expected_people WHERE connection_id = $1 AND expectation_id = $2",
        kept.connection_id, kept.id,
    )  # fmt: skip
    return replace(kept, count=row[0])


async def due(db: Db, quiet_since: int, called_before: int, day_before: int) -> list[KeptExpectation]:
    """Those of all connections of which something is otherwise than at the last roll call."""
    rows = await db.rows(
        f"SELECT {prefixed('e', _EXPECTATION)} FROM expectations e "
        "LEFT JOIN groups g ON g.connection_id = e.connection_id AND g.display_name_ci = e.group_ci "
        "LEFT JOIN groups x ON x.connection_id = e.connection_id AND x.external_id = e.external_id "
        "WHERE e.state = 'current' AND (e.called_at IS NULL OR e.called_at < e.taken_at OR e.called_at < $3 "
        "OR ((coalesce(e.group_id, '') <> coalesce(g.id, x.id, '') "
        "OR coalesce(e.group_version, 0) <> coalesce(g.version, x.version, 0)) "
        "AND (coalesce(g.updated_at, x.updated_at, 0) <= $1 OR e.called_at < $2)))",
        quiet_since, called_before, day_before,
    )  # fmt: skip
    found = {(each["connection_id"], each["id"]): _expectation_of(each) for each in rows}
    for each in await _stirred(db, quiet_since, called_before):
        found.setdefault((each.connection_id, each.id), each)
    in_order = sorted(found.values(), key=lambda each: (each.connection_id, fold(each.group)))
    return [await _counted(db, each) for each in in_order]


async def _stirred(db: Db, quiet_since: int, called_before: int) -> list[KeptExpectation]:
    """Those that did not balance and whose connection was called since: people came, or were refused for a reason."""
    rows = await db.rows(
        f"SELECT {_EXPECTATION} FROM expectations WHERE state = 'current' AND balanced = 0 ORDER BY connection_id"
    )
    newest: dict[str, int] = {}
    for connection_id in {each["connection_id"] for each in rows}:
        row = await db.row("SELECT at FROM exchanges WHERE connection_id = $1 ORDER BY id DESC LIMIT 1", connection_id)
        newest[connection_id] = 0 if row is None else row[0]
    return [
        _expectation_of(each)
        for each in rows
        if (each["called_at"] or 0) < newest[each["connection_id"]]
        and (newest[each["connection_id"]] <= quiet_since or (each["called_at"] or 0) < called_before)
    ]


async def note_roll(
    db: Db, seen: KeptExpectation, roll: RollRecord, last_called: int | None, entry: Audit | None
) -> bool:
    """Keep what a roll call found, unless another one was quicker."""
    noted = await db.run(
        "UPDATE expectations SET called_at = $3, group_id = $4, group_version = $5, balanced = $6 "
        "WHERE connection_id = $1 AND id = $2 AND state = 'current' "
        "AND coalesce(called_at, -1) = coalesce(CAST($7 AS BIGINT), -1)",
        seen.connection_id, seen.id, seen.called_at, seen.group_id, seen.group_version,
        None if seen.balanced is None else int(seen.balanced), last_called,
    )  # fmt: skip
    if not noted:
        return False
    await _keep_roll(db, roll)
    if entry is not None:
        await insert_audit(db, entry)
    return True


async def _keep_roll(db: Db, roll: RollRecord) -> None:
    """One more point of the trend, if it is otherwise than the last one, or the first of a day."""
    last = await db.row(
        f"SELECT {_ROLL} FROM roll_calls WHERE connection_id = $1 AND group_ci = $2 ORDER BY at DESC LIMIT 1",
        roll.connection_id, fold(roll.group),
    )  # fmt: skip
    if last is not None and last["at"] // DAY == roll.at // DAY and _figures(_roll_of(last)) == _figures(roll):
        return
    await db.run(
        f"INSERT INTO roll_calls (group_ci, {_ROLL}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) "
        "ON CONFLICT DO NOTHING",
        fold(roll.group), roll.connection_id, roll.group, roll.at, roll.expected, roll.present, roll.missing,
        roll.extra, orjson.dumps(dict(roll.reasons), option=orjson.OPT_SORT_KEYS).decode(),
    )  # fmt: skip
    await db.run(
        "DELETE FROM roll_calls WHERE connection_id = $1 AND group_ci = $2 AND at < $3",
        roll.connection_id, fold(roll.group), roll.at - TREND_KEPT,
    )  # fmt: skip


def _figures(roll: RollRecord) -> tuple[Any, ...]:
    return roll.expected, roll.present, roll.missing, roll.extra, dict(roll.reasons)


async def rolls(db: Db, connection_id: str, group: str | None, limit: int) -> list[RollRecord]:
    """The trend, newest first."""
    rows = await db.rows(
        f"SELECT {_ROLL} FROM roll_calls WHERE connection_id = $1 "
        f"{'' if group is None else 'AND group_ci = $3 '}ORDER BY at DESC, group_ci LIMIT $2",
        connection_id, limit, *([] if group is None else [fold(group)]),
    )  # fmt: skip
    return [_roll_of(row) for row in rows]


def _roll_of(row: Row) -> RollRecord:
    connection_id, group, at, expected, present, missing, extra, reasons = row
    return RollRecord(connection_id, group, at, expected, present, missing, extra, orjson.loads(reasons))


def _expectation_of(row: Row) -> KeptExpectation:
    (
        connection_id, id_, group, source, count, taken_at, external_id, nested, detail, called_at, group_id,
        group_version, balanced,
    ) = row  # fmt: skip
    return KeptExpectation(
        connection_id, id_, group, source, count, taken_at, external_id, tuple(orjson.loads(nested)),
        orjson.loads(detail), called_at, group_id, group_version, None if balanced is None else bool(balanced),
    )  # fmt: skip
