"""Who is expected and not there, who is there and not expected, and what is known of them."""

from collections.abc import Mapping, Sequence

from vestibule.model import Exchange, Member, Pending
from vestibule.scim.folding import fold
from vestibule.store.db import Db, Row
from vestibule.store.roll_calls import Account, Departed, ExpectedPerson, Whereabouts
from vestibule.store.sql.expectations import person_columns, person_of
from vestibule.store.sql.references import as_array
from vestibule.store.sql.rows import EXCHANGE, MEMBER, exchange_of, member_of

_WITHOUT_BODIES = EXCHANGE.replace("request_body, response_body", "NULL AS request_body, NULL AS response_body")
_ACCOUNT = "u.id, u.user_name, u.external_id, u.active, CASE WHEN m.user_id IS NULL THEN 0 ELSE 1 END"
_IN_GROUP = "LEFT JOIN members m ON m.connection_id = u.connection_id AND m.group_id = $3 AND m.user_id = u.id"


async def to_explain(
    db: Db, connection_id: str, expectation_id: str, group_id: str | None, after: str, limit: int
) -> tuple[list[ExpectedPerson], str | None]:
    """Those of the next people expected, behind a folded name, who are not plainly present; and the name to go on from.

    By name, by one id and by the other id somebody may be up to three accounts.
    """
    accounts = ", ".join(f"m{number}.user_id AS here{number}, u{number}.active AS active{number}" for number in "123")
    rows = await db.rows(
        f"SELECT {person_columns('p')}, p.name_ci, {accounts} "
        "FROM (SELECT * FROM expected_people e WHERE e.connection_id = $1 AND e.expectation_id = $2 "
        f"AND e.name_ci > $3 ORDER BY e.name_ci LIMIT $5) p {_member_by('1', 'user_name_ci', 'name_ci')} "
        f"{_member_by('2', 'external_id', 'external_id')} {_member_by('3', 'external_id', 'other_id')} "
        "ORDER BY p.name_ci",
        connection_id, expectation_id, after, group_id or "", limit,
    )  # fmt: skip
    following = rows[-1]["name_ci"] if len(rows) == limit else None
    return [person_of(row) for row in rows if not _is_plain(row)], following


def _is_plain(row: Row) -> bool:
    """Whether somebody is present by one account, which is active unless the list says that it need not be."""
    active = {row[f"here{number}"]: row[f"active{number}"] for number in "123" if row[f"here{number}"] is not None}
    return len(active) == 1 and (any(active.values()) or not row["enabled"])


def _member_by(number: str, theirs: str, ours: str) -> str:
    """The user by a unique name, and whether it is a member: at most one row, so joined rather than asked for."""
    user, member = f"u{number}", f"m{number}"
    return (
        f"LEFT JOIN users {user} ON {user}.connection_id = $1 AND {user}.{theirs} = p.{ours} "
        f"LEFT JOIN members {member} ON {member}.connection_id = $1 AND {member}.group_id = $4 "
        f"AND {member}.user_id = {user}.id"
    )


async def surplus(
    db: Db, connection_id: str, expectation_id: str, group_id: str, after: str, limit: int
) -> tuple[list[Member], str | None]:
    """Those of the next members, behind an id, who are not expected; and the id to go on from."""
    members = await members_after(db, connection_id, group_id, after, limit)
    key = (connection_id, expectation_id)
    names = await _expected(db, "name_ci", key, {fold(each.user_name) for each in members})
    strangers = [each for each in members if fold(each.user_name) not in names]
    ids = {each.external_id for each in strangers if each.external_id is not None}
    known = await _expected(db, "external_id", key, ids) | await _expected(db, "other_id", key, ids) if ids else ids
    found = [each for each in strangers if each.external_id not in known]
    return found, members[-1].user_id if len(members) == limit else None


async def _expected(db: Db, column: str, key: tuple[str, str], values: set[str]) -> set[str]:
    """Which of these are expected. Asked for by value, as a planner that knows little of the table joins it badly."""
    rows = await db.rows(
        f"SELECT {column} FROM expected_people WHERE connection_id = $1 AND expectation_id = $2 "
        f"AND {column} IN (SELECT value FROM EACH($3)) AND {column} IS NOT NULL",
        *key, as_array(sorted(values)),
    )  # fmt: skip
    return {row[0] for row in rows}


async def expected_as(
    db: Db, connection_id: str, expectation_id: str, accounts: Sequence[Account]
) -> list[ExpectedPerson]:
    """Those who have the name or an id of one of some accounts."""
    names = as_array(sorted({fold(each.user_name) for each in accounts}))
    ids = as_array(sorted({each.external_id for each in accounts if each.external_id is not None}))
    found: dict[str, ExpectedPerson] = {}
    # One by one, so that each goes by an index of its own.
    for column, values in (("name_ci", names), ("external_id", ids), ("other_id", ids)):
        rows = await db.rows(
            f"SELECT {person_columns('p')}, p.name_ci FROM expected_people p WHERE p.connection_id = $1 "
            f"AND p.expectation_id = $2 AND p.{column} IN (SELECT value FROM EACH($3)) AND p.{column} IS NOT NULL",
            connection_id, expectation_id, values,
        )  # fmt: skip
        found.update((row["name_ci"], person_of(row)) for row in rows)
    return [found[name] for name in sorted(found)]


async def members_after(db: Db, connection_id: str, group_id: str, after: str, limit: int) -> list[Member]:
    """A page of the members of a group, behind an id."""
    rows = await db.rows(
        f"SELECT {MEMBER} FROM members m JOIN users u ON u.connection_id = m.connection_id AND u.id = m.user_id "
        "WHERE m.connection_id = $1 AND m.group_id = $2 AND m.user_id > $3 ORDER BY m.user_id LIMIT $4",
        connection_id, group_id, after, limit,
    )  # fmt: skip
    return [member_of(row) for row in rows]


async def waiting_for(db: Db, connection_id: str, group_id: str, limit: int) -> tuple[list[Pending], int]:
    """The first of those kept aside for a group, groups before people, and how many people there are."""
    rows = await db.rows(
        "SELECT p.ref, p.group_id, p.added_at, p.nested, d.user_name_ci FROM pending_members p "
        "LEFT JOIN deleted_users d ON d.connection_id = p.connection_id AND d.id = p.ref "
        "WHERE p.connection_id = $1 AND p.group_id = $2 ORDER BY p.nested DESC, p.added_at, p.ref LIMIT $3",
        connection_id, group_id, limit,
    )  # fmt: skip
    row = await db.row(
        "SELECT count(*) FROM pending_members WHERE connection_id = $1 AND group_id = $2 AND nested = 0",
        connection_id, group_id,
    )  # fmt: skip
    return [Pending(each[0], each[1], each[2], bool(each[3]), each[4]) for each in rows], row[0]


async def whereabouts(
    db: Db, connection_id: str, group_id: str | None, people: Sequence[ExpectedPerson]
) -> Whereabouts:
    """What is known of a page of people."""
    names = as_array(sorted({fold(each.user_name) for each in people}))
    ids = as_array(sorted({ident for each in people for ident in each.external_ids}))
    group = group_id or ""
    named = await db.rows(
        f"SELECT u.user_name_ci, {_ACCOUNT} FROM users u {_IN_GROUP} WHERE u.connection_id = $1 "
        "AND u.user_name_ci IN (SELECT value FROM EACH($2))",
        connection_id, names, group,
    )  # fmt: skip
    known = await db.rows(
        f"SELECT u.external_id AS ident, {_ACCOUNT} FROM users u {_IN_GROUP} WHERE u.connection_id = $1 "
        "AND u.external_id IN (SELECT value FROM EACH($2))",
        connection_id, ids, group,
    )  # fmt: skip
    addressed = await db.rows(
        f"SELECT DISTINCT e.value_ci, {_ACCOUNT} FROM user_emails e "
        f"JOIN users u ON u.connection_id = e.connection_id AND u.id = e.user_id {_IN_GROUP} "
        "WHERE e.connection_id = $1 AND e.value_ci IN (SELECT value FROM EACH($2)) ORDER BY 1, 2",
        connection_id, names, group,
    )  # fmt: skip
    by_address: dict[str, tuple[Account, ...]] = {}
    for row in addressed:
        by_address[row[0]] = (*by_address.get(row[0], ()), _account(row))
    return Whereabouts(
        {row[0]: _account(row) for row in named},
        {row[0]: _account(row) for row in known},
        by_address,
        await _departed(db, connection_id, names),
        await _waiting(db, connection_id, group, people),
    )


def _account(row: Row) -> Account:
    _, user_id, user_name, external_id, active, member = row
    return Account(user_id, user_name, external_id, bool(active), bool(member))


async def _departed(db: Db, connection_id: str, names: str) -> dict[str, Departed]:
    rows = await db.rows(
        "SELECT user_name_ci, id, deleted_at, merged_into FROM deleted_users WHERE connection_id = $1 "
        "AND user_name_ci IN (SELECT value FROM EACH($2)) ORDER BY deleted_at",
        connection_id, names,
    )  # fmt: skip
    return {row[0]: Departed(row[1], row[2], row[3]) for row in rows}


async def _waiting(db: Db, connection_id: str, group_id: str, people: Sequence[ExpectedPerson]) -> dict[str, int]:
    """The folded names and ids of these people under which somebody is kept aside, with the time."""
    refs = {fold(name) for each in people for name in (each.user_name, *each.external_ids)}
    rows = await db.rows(
        "SELECT p.ref_ci, p.added_at FROM pending_members p WHERE p.connection_id = $1 AND p.group_id = $2 "
        "AND p.nested = 0 AND p.ref_ci IN (SELECT value FROM EACH($3))",
        connection_id, group_id, as_array(sorted(refs)),
    )  # fmt: skip
    former = await db.rows(
        # From the names on, in this order: a group may wait for as many people as are expected.
        "SELECT d.user_name_ci, p.added_at FROM deleted_users d CROSS JOIN pending_members p "
        "WHERE d.connection_id = $1 AND d.user_name_ci IN (SELECT value FROM EACH($3)) "
        "AND p.connection_id = d.connection_id AND p.group_id = $2 AND p.ref = d.id AND p.nested = 0",
        connection_id, group_id, as_array(sorted({fold(each.user_name) for each in people})),
    )  # fmt: skip
    return {row[0]: row[1] for row in (*rows, *former)}


async def refusals(db: Db, connection_id: str, resource_type: str, names: Sequence[str]) -> dict[str, Exchange]:
    """By folded name the newest refusal that nothing later has made good."""
    rows = await db.rows(
        "SELECT target_ci, method, max(CASE WHEN status >= 400 AND method <> 'DELETE' THEN id END) AS refused, "
        "max(CASE WHEN status < 400 THEN id END) AS done FROM exchanges WHERE connection_id = $1 "
        "AND resource_type = $2 AND target_ci IN (SELECT value FROM EACH($3)) GROUP BY target_ci, method",
        connection_id, resource_type, as_array(sorted({fold(each) for each in names})),
    )  # fmt: skip
    standing = _standing(rows)
    found = await db.rows(
        f"SELECT {_WITHOUT_BODIES} FROM exchanges WHERE connection_id = $1 AND id IN (SELECT value FROM EACH($2))",
        connection_id, as_array(sorted(standing.values())),
    )  # fmt: skip
    by_id = {row["id"]: exchange_of(row) for row in found}
    return {name: by_id[ident] for name, ident in standing.items() if ident in by_id}


def _standing(rows: Sequence[Row]) -> Mapping[str, str]:
    """The id of the newest standing refusal of each name."""
    written: dict[str, str] = {}
    for name, method, _, done in rows:
        if done is not None and method != "GET":
            written[name] = max(written.get(name, ""), done)
    standing: dict[str, str] = {}
    for name, _, refused, done in rows:
        if refused is not None and refused > max(done or "", written.get(name, "")):
            standing[name] = max(standing.get(name, ""), refused)
    return standing
