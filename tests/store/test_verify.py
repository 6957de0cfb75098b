"""`verify` finds what is wrong and nothing else; what can be derived is mended, and each row of it is in the audit."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.databases import ENGINES, edit
from tests.effort import examples
from tests.store.conformance_groups import adding
from tests.store.contents import empty_database, filled_database, rows_of, with_store
from tests.store.staging import HERE, LATER, THERE, a_group, a_user, people, two_connections
from vestibule.store import postgres as postgres_module
from vestibule.store import sqlite as sqlite_module
from vestibule.store.findings import Finding, FindingKind, Report
from vestibule.store.relational import RelationalStore
from vestibule.store.repair import Repairer
from vestibule.store.seen import Seen
from vestibule.store.verify import verify


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


def checked(url: str, limit: int = 20, *, repair: bool = False) -> Report:
    async def work(store: RelationalStore) -> Report:
        return await verify(store.engine, limit, Repairer(store.engine, LATER) if repair else None)

    return with_store(url, work)


def found(report: Report) -> list[tuple[FindingKind, str, str]]:
    return [(each.kind, each.connection_id, each.id) for kept in report.kinds.values() for each in kept.first]


def told(report: Report) -> str:
    return "; ".join(each.told for kept in report.kinds.values() for each in kept.first)


def test_a_database_that_came_about_by_the_store_has_no_findings(tmp_path: Path, engine: str) -> None:
    report = checked(filled_database(tmp_path, engine))
    assert (report.kinds, report.left) == ({}, 0)
    assert report.looked_at == {
        "users": 6, "groups": 3, "members": 4, "pending_members": 2, "pending_managers": 1,
        "expectations": 2, "expected_people": 2, "roll_calls": 1, "graph_groups": 1,
    }  # fmt: skip


def test_an_empty_database_has_no_findings(tmp_path: Path, engine: str) -> None:
    assert checked(empty_database(tmp_path, engine)).kinds == {}


OF_ANA = "WHERE connection_id = 'con_here' AND id = 'usr_00000'"
OF_SALES = "WHERE connection_id = 'con_here' AND id = 'grp_1'"
DERIVABLE = [
    (f"UPDATE users SET user_name = 'ANA' {OF_ANA}", "derived", "usr_00000", "user_name is 'ANA', and should be"),
    (f"UPDATE users SET user_name_ci = 'x' {OF_ANA}", "derived", "usr_00000", "should be 'ana@example.com'"),
    (f"UPDATE users SET external_id = NULL {OF_ANA}", "derived", "usr_00000", "external_id is None, and should be 'ext-0'"),
    (f"UPDATE users SET active = 0 {OF_ANA}", "derived", "usr_00000", "active is 0, and should be 1"),
    (f"UPDATE users SET display_name = 'x' {OF_ANA}", "derived", "usr_00000", "display_name is 'x', and should be None"),
    (f"UPDATE users SET display_name_ci = 'x' {OF_ANA}", "derived", "usr_00000", "display_name_ci is 'x'"),
    (f"UPDATE users SET manager_id = 'x' {OF_ANA}", "derived", "usr_00000", "manager_id is 'x', and should be None"),
    (f"UPDATE groups SET display_name_ci = 'x' {OF_SALES}", "derived", "grp_1", "should be 'sales'"),
    (f"UPDATE groups SET member_count = 7 {OF_SALES}", "member_count", "grp_1", "it counts 7 members, and has 3"),
    ("UPDATE pending_members SET ref_ci = 'x' WHERE ref = 'Stranger'", "derived", "Stranger", "should be 'stranger'"),
    ("UPDATE pending_managers SET ref_ci = 'x' WHERE ref = 'Boss'", "derived", "Boss", "should be 'boss'"),
    ("DELETE FROM user_emails WHERE value_ci = '1@example.com'", "email", "usr_00001", "other addresses"),
    ("UPDATE user_emails SET value_ci = 'x' WHERE value_ci = '1@example.com'", "email", "usr_00001", "other addresses"),
    ("INSERT INTO user_emails (connection_id, user_id, value_ci, type_ci) VALUES ('con_here', 'usr_00000', 'x', '')",
     "email", "usr_00000", "other addresses"),
    ("UPDATE counters SET user_count = 9 WHERE connection_id = 'con_here'", "counter", HERE, "counts 9 users (4 active) and 3 groups, and has 5 users (4 active)"),
    ("UPDATE counters SET active_count = 9 WHERE connection_id = 'con_here'", "counter", HERE, "counts 5 users (9 active)"),
    ("UPDATE counters SET group_count = 9 WHERE connection_id = 'con_here'", "counter", HERE, "and 9 groups, and has"),
    ("DELETE FROM counters WHERE connection_id = 'con_here'", "counter", HERE, "counts nothing, and has 5 users (4 active) and 3 groups"),
]  # fmt: skip


@pytest.mark.parametrize(("damage", "kind", "row", "words"), DERIVABLE)
def test_what_can_be_derived_is_found_and_mended(
    tmp_path: Path, engine: str, damage: str, kind: FindingKind, row: str, words: str
) -> None:
    """The database is then as it was, but for an audit entry about that row."""
    url = filled_database(tmp_path, engine)
    before = rows_of(url)
    edit(url, damage)
    damaged = rows_of(url)
    report = checked(url)
    assert (found(report), report.left) == ([(kind, HERE, row)], 1)
    assert words in told(report)
    assert rows_of(url) == damaged
    mended = checked(url, repair=True)
    assert (found(mended), mended.left) == (found(report), 0)
    assert checked(url).kinds == {}
    after = rows_of(url)
    entries = [each for each in after.pop("audit") if each not in before["audit"]]
    del before["audit"]
    assert after == before
    assert [(each[2], each[4], each[5]) for each in entries] == [(LATER, "verify.repaired", row)]


OTHERS = [
    (f"UPDATE users SET version = 0 {OF_ANA}", "version", "usr_00000"),
    (f"UPDATE groups SET version = -1 {OF_SALES}", "version", "grp_1"),
    (f"UPDATE users SET updated_at = created_at - 1 {OF_ANA}", "time", "usr_00000"),
    (f"UPDATE groups SET updated_at = created_at - 1 {OF_SALES}", "time", "grp_1"),
    (f"UPDATE users SET document = '{{' {OF_ANA}", "document", "usr_00000"),
    (f"UPDATE users SET document = '[]' {OF_ANA}", "document", "usr_00000"),
    (f"UPDATE users SET document = '{{}}' {OF_ANA}", "document", "usr_00000"),
]


@pytest.mark.parametrize(("damage", "kind", "row"), OTHERS)
def test_what_cannot_be_derived_is_told_and_left(
    tmp_path: Path, engine: str, damage: str, kind: FindingKind, row: str
) -> None:
    url = filled_database(tmp_path, engine)
    edit(url, damage)
    before = rows_of(url)
    report = checked(url, repair=True)
    assert (found(report), report.left) == ([(kind, HERE, row)], 1)
    assert rows_of(url) == before


@pytest.mark.parametrize(
    ("damage", "row"),
    [
        (("ALTER TABLE members DROP CONSTRAINT members_connection_id_user_id_fkey",
          "UPDATE members SET user_id = 'usr_none' WHERE group_id = 'grp_2'"), "grp_2/usr_none"),
        (("ALTER TABLE members DROP CONSTRAINT members_connection_id_group_id_fkey",
          "UPDATE members SET group_id = 'grp_none' WHERE group_id = 'grp_2'"), "grp_none/usr_00001"),
        (("ALTER TABLE pending_members DROP CONSTRAINT pending_members_connection_id_group_id_fkey",
          "UPDATE pending_members SET group_id = 'grp_none' WHERE ref = 'Stranger'"), "grp_none/Stranger"),
        (("ALTER TABLE pending_managers DROP CONSTRAINT pending_managers_connection_id_user_id_fkey",
          "UPDATE pending_managers SET user_id = 'usr_none'"), "usr_none"),
        (("ALTER TABLE user_emails DROP CONSTRAINT user_emails_connection_id_user_id_fkey",
          "INSERT INTO user_emails (connection_id, user_id, value_ci, type_ci) VALUES ('con_here', 'usr_none', 'x', '')"),
         "x/usr_none/"),
        (("ALTER TABLE tokens DROP CONSTRAINT tokens_connection_id_fkey",
          "UPDATE tokens SET connection_id = 'con_none'"), "tok_1"),
    ],
)  # fmt: skip
def test_rows_that_lead_nowhere_are_found(tmp_path: Path, engine: str, damage: tuple[str, str], row: str) -> None:
    """SQLite checks references only for those who ask it to, so that a hand can break them there at once."""
    url = filled_database(tmp_path, engine)
    edit(url, *damage[engine == "sqlite" :])
    report = checked(url)
    assert [each[2] for each in found(report) if each[0] == "orphan"] == [row]
    assert set(report.kinds) <= {"orphan", "member_count"}


def test_a_name_that_two_have_is_found_however_they_write_it(tmp_path: Path, engine: str) -> None:
    """By `fold`, whatever the column says; and it is for people to settle who keeps it."""
    url = filled_database(tmp_path, engine)
    edit(
        url,
        "UPDATE users SET user_name = 'JÖRG STRASSE@EXAMPLE.COM', user_name_ci = 'x', "
        'document = \'{"userName":"JÖRG STRASSE@EXAMPLE.COM","externalId":"ext-0","active":true}\' '
        "WHERE connection_id = 'con_here' AND id = 'usr_00004'",
        "UPDATE groups SET display_name = 'straße', display_name_ci = 'x' WHERE id = 'grp_3'",
    )
    report = checked(url)
    names = report.kinds["name"].first
    assert {(each.id, each.told.split("'")[-1]) for each in names} == {
        ("usr_00004", " is that of usr_00000, too"),
        ("usr_00004", " is that of usr_00001, too"),
        ("grp_3", " is that of grp_2, too"),
    }
    mended = checked(url, repair=True)
    assert mended.kinds["name"].repaired == 0
    again = checked(url)
    assert {each.id for each in again.kinds["name"].first} == {"usr_00004", "grp_3"}
    assert {(each.id, each.told.split(" ")[0]) for each in again.kinds["derived"].first} == {
        ("usr_00004", "user_name_ci"), ("usr_00004", "external_id"), ("grp_3", "display_name_ci"),
    }  # fmt: skip


def test_a_domain_that_two_hold_is_found(tmp_path: Path, engine: str) -> None:
    """One that is claimed by another is no finding."""
    url = filled_database(tmp_path, engine)
    second = (
        "INSERT INTO domains (enterprise_id, id, domain, subdomains, state, token, created_at, note) "
        "VALUES ('ent_1', 'dom_{0}', '{1}', 0, '{2}', 't', 0, '')"
    )
    edit(url, "DROP INDEX domains_holder", "DROP INDEX domains_claim")
    edit(url, second.format(2, "xn--bcher-kva.example", "disputed"), second.format(3, "other.example", "verified"))
    assert checked(url).kinds == {}
    edit(url, second.format(4, "xn--bcher-kva.example", "failing"))
    report = checked(url)
    assert found(report) == [("name", "", "dom_4")]
    assert told(report) == "the domain 'xn--bcher-kva.example' is held by dom_1, too"


def test_the_first_of_each_kind_are_listed_and_all_are_counted(tmp_path: Path, engine: str) -> None:
    url = filled_database(tmp_path, engine)
    edit(url, "UPDATE users SET version = 0", "UPDATE groups SET member_count = 9")
    report = checked(url, limit=2)
    assert {kind: (kept.count, len(kept.first)) for kind, kept in report.kinds.items()} == {
        "version": (6, 2), "member_count": (3, 2),
    }  # fmt: skip
    assert checked(url, limit=2, repair=True).left == 6


def test_orphans_are_counted_beyond_those_listed(tmp_path: Path) -> None:
    url = filled_database(tmp_path, "sqlite")
    edit(url, "UPDATE members SET user_id = user_id || 'x'")
    report = checked(url, limit=3)
    assert (report.kinds["orphan"].count, len(report.kinds["orphan"].first)) == (4, 3)


def test_a_connection_of_several_pieces_is_checked_whole(
    tmp_path: Path, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are read in pieces; what is found does not depend on where one ends."""
    for module in (sqlite_module, postgres_module):
        monkeypatch.setattr(module, "PIECE", 3)
    url = empty_database(tmp_path, engine)

    async def fill(store: RelationalStore) -> None:
        await two_connections(store)
        for where in (HERE, THERE):
            await asyncio.gather(
                *(store.create_user(a_user(each, where, emails=[{"value": f"{each}@x"}])) for each in range(8))
            )
            for number in range(5):
                await store.create_group(a_group(f"G{number}", where, f"grp_{number}"), [f"usr_0000{number}"])

    with_store(url, fill)
    assert checked(url).kinds == {}
    edit(
        url,
        "DELETE FROM user_emails WHERE user_id IN ('usr_00002', 'usr_00003', 'usr_00007')",
        "UPDATE groups SET member_count = 0 WHERE id IN ('grp_2', 'grp_3', 'grp_4')",
    )
    report = checked(url, repair=True)
    assert sorted(found(report)) == sorted(
        ("email" if row.startswith("usr") else "member_count", where, row)
        for where in (HERE, THERE)
        for row in ("usr_00002", "usr_00003", "usr_00007", "grp_2", "grp_3", "grp_4")
    )
    assert (report.left, checked(url).kinds) == (0, {})


def test_a_server_that_goes_on_is_no_finding(tmp_path: Path, engine: str) -> None:
    """Users and groups come and go while it reads; it sees one state."""

    async def play(store: RelationalStore) -> None:
        await two_connections(store)
        await people(store, 50)
        await store.create_group(a_group(), ["usr_00001"])
        going = True

        async def server() -> None:
            number = 100
            while going:
                await store.create_user(a_user(number, emails=[{"value": f"{number}@x"}]))
                await store.change_group(HERE, "grp_1", adding(f"usr_{number:05d}"), LATER)
                number += 1

        task = asyncio.create_task(server())
        for _ in range(5):
            await asyncio.sleep(0.01)
            assert (await verify(store.engine)).kinds == {}
        going = False
        await task
        assert (await store.users(HERE)).total > 50

    with_store(empty_database(tmp_path, engine), play)


def test_a_repair_looks_again_before_it_writes(tmp_path: Path, engine: str) -> None:
    """What a server has set right meanwhile, or deleted, is left alone."""

    async def play(store: RelationalStore) -> None:
        before = await store.audit(HERE)
        repairer = Repairer(store.engine, LATER)
        assert await repairer.user(HERE, "usr_none")
        assert await repairer.group(HERE, "grp_none")
        assert await repairer.user(HERE, "usr_00001")
        assert await repairer.group(HERE, "grp_1")
        assert await store.audit(HERE) == before

    with_store(filled_database(tmp_path, engine), play)


def test_a_damaged_file_is_found(tmp_path: Path) -> None:
    """An index that lacks a row, as SQLite's own check tells."""
    url = filled_database(tmp_path, "sqlite")
    edit(
        url,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET sql = replace(sql, 'deactivated_at IS NOT NULL', 'deactivated_at IS NULL') WHERE name = 'users_deactivated'",
    )
    assert {each[0] for each in found(checked(url))} == {"damage"}


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.text(max_size=3), st.text(max_size=2)), max_size=30), st.integers(1, 7)
)
@examples(50)
def test_seen_remembers_who_was_first(values: list[tuple[str, str, str]], piece: int) -> None:
    """As a dictionary would, in pieces of any size."""
    seen = Seen()
    again = [each for start in range(0, len(values), piece) for each in seen.again(values[start : start + piece])]
    seen.close()
    first: dict[tuple[str, str], str] = {}
    expected: list[tuple[str, str, str, str]] = []
    for what, value, row in values:
        holder = first.setdefault((what, value), row)
        if holder != row:
            expected.append((what, value, row, holder))
    assert again == expected


def test_the_sum_of_what_is_left_is_what_was_not_mended() -> None:
    report = Report(limit=1)
    mended = Finding("email", HERE, "usr_1", "x", repaired=True)
    for each in (mended, replace(mended, repaired=False), Finding("version", HERE, "usr_1", "x")):
        report.add(each)
    assert (report.left, report.kinds["email"].count, report.kinds["email"].first) == (2, 2, [mended])
