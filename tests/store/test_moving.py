"""A connection moves between installations and engines: nothing is lost, nothing new, and an import goes on."""

import asyncio
import io
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.databases import ENGINES, edit
from tests.effort import examples
from tests.store.conformance import ROOT
from tests.store.contents import empty_database, filled_database, rows_of, with_store
from tests.store.staging import AT, HERE, LATER, THERE, a_group, a_user, an_audit, two_connections, users_where
from tests.store.worlds import a_world
from vestibule.model import Audit, Enterprise
from vestibule.scim.folding import fold
from vestibule.store import Declined, NotFound
from vestibule.store import importing as importing_module
from vestibule.store.exporting import Wanted, export_connection
from vestibule.store.importing import Imported, Target, import_connection
from vestibule.store.lines import Header
from vestibule.store.relational import RelationalStore
from vestibule.store.sqlite import SqliteStore
from vestibule.store.verify import verify

ALL = Wanted(HERE, tokens=True, log=True)


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


def exported_by(number: int) -> Audit:
    return replace(an_audit(number), id=f"aud_export{number}", action="connection.exported", detail={})


NUMBERS = count(1)


def imported_by() -> Audit:
    return Audit(f"aud_import{next(NUMBERS)}", "", LATER, "cli", "connection.imported", "", {})


async def export(store: RelationalStore, wanted: Wanted = ALL, number: int = 1) -> tuple[Header, list[bytes]]:
    out = io.BytesIO()
    header = await export_connection(store.engine, wanted, out, exported_by(number))
    return header, out.getvalue().splitlines(keepends=True)


async def put_in(store: RelationalStore, lines: Iterable[bytes], target: str | None = None) -> Imported:
    return await import_connection(store.engine, Target("ent_1", target), lines, imported_by())


def lines_of(url: str, wanted: Wanted = ALL, number: int = 1) -> list[bytes]:
    """The export of a database's connection HERE."""
    return with_store(url, lambda store: export(store, wanted, number))[1]


def other_installation(folder: Path, engine: str) -> str:
    """A database with an enterprise to import for."""
    url = empty_database(folder, engine)
    with_store(url, lambda store: store.add_enterprise(Enterprise("ent_1", "Contoso", AT)))
    return url


def kinds(lines: Iterable[bytes]) -> list[str]:
    return [orjson.loads(each)["kind"] for each in lines]


def but_for_acts(lines: Iterable[bytes]) -> list[bytes]:
    """Without the header, and without the audit of exports and imports."""
    return [each for each in lines if b"connection.exported" not in each and b"connection.imported" not in each][1:]


class Interrupted(Exception):
    """The machine went down."""


def until(lines: list[bytes], end: int) -> Iterator[bytes]:
    yield from lines[:end]
    raise Interrupted


def in_memory(play: Any) -> None:
    async def run() -> None:
        store = SqliteStore.open(":memory:")
        try:
            await play(store)
        finally:
            await store.close()

    asyncio.run(run())


def world() -> list[bytes]:
    """The lines of `a_world`."""
    lines: list[bytes] = []

    async def play(store: SqliteStore) -> None:
        await a_world(store)
        lines.extend((await export(store))[1])

    in_memory(play)
    return lines


WORLD = world()


DIES = """
import asyncio, os, signal, sys
from tests.store.test_moving import WORLD, importing_module, put_in
from vestibule.store.opening import open_store

def dying():
    yield from WORLD[:12]
    os.kill(os.getpid(), signal.SIGKILL)

async def play(url):
    importing_module.BATCH = 4
    await put_in(open_store(url), dying())

asyncio.run(play(sys.argv[1]))
"""


def test_an_import_outlives_a_killed_process(tmp_path: Path, engine: str) -> None:
    """SIGKILL between two batches: what was in is in, and it goes on from there."""
    url = other_installation(tmp_path, engine)
    done = subprocess.run([sys.executable, "-c", DIES, url], cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == -9, done.stderr
    # The header, and two whole batches.
    assert with_store(url, lambda store: put_in(store, WORLD)).lines_before == 9
    assert but_for_acts(lines_of(url, number=2)) == but_for_acts(WORLD)


@pytest.mark.parametrize("there", ENGINES)
def test_a_moved_connection_is_the_same_to_the_last_byte(tmp_path: Path, engine: str, there: str) -> None:
    """Everything of it: exported again, the lines are the same."""
    lines = lines_of(filled_database(tmp_path / "here", engine))
    url = other_installation(tmp_path / "there", there)
    with_store(url, lambda store: put_in(store, lines))
    again = lines_of(url, number=2)
    assert but_for_acts(again) == but_for_acts(lines)
    assert set(kinds(lines)) == {
        *("header", "settings", "user", "group", "member", "pending_member", "pending_manager", "deleted_user"),
        *("conflict", "hold", "audit", "exchange", "token", "expectation", "expected_person", "roll_call"),
    }  # fmt: skip

    async def look(store: RelationalStore) -> None:
        report = await verify(store.engine)
        assert (report.kinds, report.looked_at["users"]) == ({}, 5)

    with_store(url, look)


@pytest.mark.parametrize("there", ENGINES)
def test_what_is_kept_beside_the_data_is_made_anew(tmp_path: Path, engine: str, there: str) -> None:
    """Folded names, managers, addresses, counts: the rows are those of the connection that was exported."""
    url, other = filled_database(tmp_path / "here", engine), other_installation(tmp_path / "there", there)
    lines = lines_of(url)
    with_store(other, lambda store: put_in(store, lines))
    theirs = rows_of(other)
    for table, rows in rows_of(url).items():
        if table in ("users", "groups", "members", "user_emails", "pending_members", "exchanges", "tokens", "counters"):
            assert theirs[table] == [row for row in rows if HERE in row], table


def test_the_identity_provider_goes_on_with_its_ids_and_its_token(tmp_path: Path, engine: str) -> None:
    """After a move with tokens: the same ids are found, by all names, and who is waited for joins."""
    lines = lines_of(filled_database(tmp_path / "here", "sqlite"))

    async def play(store: RelationalStore) -> None:
        await put_in(store, lines)
        assert (await store.credentials(HERE, "tok_1")).secret_hash == b"\x00\xff hash"
        assert (await store.users(HERE, users_where('emails.value eq "HOME2@example.com"'))).items[0].version == 2
        await store.create_user(a_user(50, userName="stranger"))
        assert {each.user_id for each in await store.members(HERE, "grp_2")} == {"usr_00001", "usr_00050"}
        with pytest.raises(NotFound):
            await store.user(THERE, "usr_00001")

    with_store(other_installation(tmp_path / "there", engine), play)


def test_tokens_and_the_log_go_only_when_they_are_asked_for(tmp_path: Path) -> None:
    url = filled_database(tmp_path, "sqlite")
    lines = lines_of(url, Wanted(HERE))
    assert not {"token", "exchange"} & set(kinds(lines))
    assert b"00ff2068617368" not in b"".join(lines)
    assert {"token"} == set(kinds(lines_of(url, Wanted(HERE, tokens=True), 2))) - set(kinds(lines))
    assert {"exchange"} == set(kinds(lines_of(url, Wanted(HERE, log=True), 3))) - set(kinds(lines))


def test_the_header_counts_the_lines(tmp_path: Path, engine: str) -> None:
    url = filled_database(tmp_path, engine)
    header, lines = with_store(url, export)
    listed = kinds(lines)
    assert {kind: listed.count(kind) for kind in header.counts} == header.counts
    assert len(lines) == header.lines


def test_an_export_is_one_state_though_the_server_goes_on(tmp_path: Path, engine: str) -> None:
    """A user who comes meanwhile is in none of it, neither counted nor listed."""

    async def play(store: RelationalStore) -> None:
        await two_connections(store)
        await store.create_user(a_user(1))
        async with store.engine.snapshot() as db:
            await store.create_user(a_user(2))
            await store.create_group(a_group())
            counted = await db.row("SELECT user_count, group_count FROM counters WHERE connection_id = $1", HERE)
            listed = [row["id"] async for rows in db.stream("SELECT id FROM users ORDER BY id") for row in rows]
        assert (tuple(counted), listed) == ((1, 0), ["usr_00001"])
        assert (await store.users(HERE)).total == 2

    with_store(empty_database(tmp_path, engine), play)


def test_both_ends_are_in_the_audit(tmp_path: Path) -> None:
    url, other = filled_database(tmp_path / "here", "sqlite"), other_installation(tmp_path / "there", "sqlite")
    header, lines = with_store(url, export)
    with_store(other, lambda store: put_in(store, lines, "con_new"))
    exported = with_store(url, lambda store: store.audit(HERE))
    imported = with_store(other, lambda store: store.audit("con_new"))
    assert "aud_export1" in {each.id for each in exported}
    entry = next(each for each in imported if each.action == "connection.imported")
    assert (entry.target, entry.detail["from"], entry.detail["export"]) == ("con_new", HERE, header.export_id)


@given(end=st.integers(1, len(WORLD)), batch=st.integers(1, len(WORLD)))
@examples(25)
def test_an_interrupted_import_goes_on_where_it_stopped(end: int, batch: int) -> None:
    """Wherever it stopped, the end is the same, and no line is put in twice."""

    async def play(store: SqliteStore) -> None:
        await store.add_enterprise(Enterprise("ent_1", "Contoso", AT))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(importing_module, "BATCH", batch)
            with pytest.raises(Interrupted):
                await put_in(store, until(WORLD, end))
            done = await put_in(store, WORLD)
        # The header is no line of a batch.
        assert done.lines_before == 1 + (end - 1) // batch * batch
        assert but_for_acts((await export(store, number=2))[1]) == but_for_acts(WORLD)

    in_memory(play)


def test_an_import_that_is_whole_is_not_done_again(tmp_path: Path, engine: str) -> None:
    url = other_installation(tmp_path, engine)
    first = with_store(url, lambda store: put_in(store, WORLD))
    before = rows_of(url)
    again = with_store(url, lambda store: put_in(store, WORLD))
    assert (first.lines_before, again.lines_before) == (1, len(WORLD))
    assert rows_of(url) == before


def test_an_import_reads_no_further_than_it_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds a batch of lines, however long the file is."""
    monkeypatch.setattr(importing_module, "BATCH", 4)
    read = 0
    ahead: list[int] = []

    def counted() -> Iterator[bytes]:
        nonlocal read
        for line in WORLD:
            read += 1
            yield line

    def note(what: str, done: int, total: int) -> None:
        ahead.append(read - done)
        assert (what, total) == ("lines", len(WORLD))

    async def play(store: RelationalStore) -> None:
        await import_connection(store.engine, Target("ent_1"), counted(), imported_by(), note)

    with_store(other_installation(tmp_path, "sqlite"), play)
    assert len(ahead) > 3
    assert set(ahead) == {0}


def changed(kind: str, **values: Any) -> list[bytes]:
    """The world with some values changed in its first line of a kind; None takes one away."""
    lines = list(WORLD)
    number = kinds(WORLD).index(kind)
    shown = orjson.loads(WORLD[number]) | values
    lines[number] = orjson.dumps({name: value for name, value in shown.items() if value is not None}) + b"\n"
    return lines


def test_the_limit_and_the_domains_of_a_connection_go_along(tmp_path: Path, engine: str) -> None:
    wanted = {"rate_limit": 0, "allowed_domains": ["acme.example", "*.acme.example"]}
    url = other_installation(tmp_path, engine)
    with_store(url, lambda store: put_in(store, changed("settings", settings=wanted)))
    assert orjson.loads(lines_of(url)[1])["settings"] == wanted


def document(**values: Any) -> dict[str, Any]:
    return {"userName": "Ana@example.com", "active": True} | values


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (WORLD[:4] + [b'{"kind":"user"\n'] + WORLD[5:], "Line 5: it is not JSON"),
        (WORLD[:4] + [b"[]\n"] + WORLD[5:], "Line 5: it is no JSON object"),
        (WORLD[:4] + [b'{"kind":"usr"}\n'] + WORLD[5:], "Line 5: there is no 'usr' line"),
        (WORLD[:4] + [WORLD[1]] + WORLD[5:], "Line 5: there is no 'settings' line, or not here"),
        (WORLD[:1] + WORLD[2:], "Line 2: it is not the line with the settings"),
        (changed("settings", settings={"dialect": "klingon"}), "Line 2: the settings cannot be used: .*klingon"),
        (changed("settings", settings={"allowed_domains": ["ACME"]}), "Line 2: .* names domains as in acme.example"),
        (changed("settings", settings=[]), "Line 2: it is not the line with the settings"),
        (changed("user", id=None), "Line 3: a user needs its 'id'"),
        (changed("user", id=7), "Line 3: the 'id' of the user is no text"),
        (changed("user", version="1"), "Line 3: the 'version' of the user is no whole number"),
        (changed("user", version=2**63), "Line 3: the 'version' of the user is no whole number"),
        (changed("user", active=1), "Line 3: the 'active' of the user is neither true nor false"),
        (changed("user", nickname="x"), "Line 3: a user has no 'nickname'"),
        (changed("user", document="{}"), "Line 3: the 'document' of the user is no object"),
        (changed("user", document={}), "Line 3: the document of the user is without a userName"),
        (changed("user", document=document(externalId=7)), "Line 3: .* with an externalId that is no text"),
        (changed("user", document=document(externalId="ext-1")), r"Line 4: the user breaks a rule of the table users"),
        (changed("user", document=document(userName="jörg STRASSE@example.com")), r"Line 4: .* table users"),
        (changed("user", id="usr_00001"), r"Line 4: .* table users"),
        (changed("member", user_id="usr_none"), r"Line \d+: the member breaks a rule of the table"),
        (changed("group", display_name="strasse"), r"Line \d+: the group breaks a rule of the table groups"),
        (changed("token", hash="xyz"), "the 'hash' of the token is not in hexadecimal digits"),
        (changed("token", hash=7), "the 'hash' of the token is not in hexadecimal digits"),
        (changed("token", scopes={}), "the 'scopes' of the token is no list"),
        (WORLD[:-1], rf"The file ends after {len(WORLD) - 1} of {len(WORLD)} lines"),
        ([*WORLD, WORLD[3]], f"Line {len(WORLD) + 1}: the header counts {len(WORLD)} lines, and here is one more"),
    ],
)
def test_a_bad_line_is_named_and_nothing_of_its_batch_is_kept(lines: list[bytes], told: str, tmp_path: Path) -> None:
    """On both engines alike; with the file mended the import goes on."""
    for engine in ENGINES:
        url = other_installation(tmp_path / engine, engine)
        with pytest.raises(Declined, match=told) as caught:
            with_store(url, lambda store: put_in(store, lines))
        assert f" Of {HERE} " in str(caught.value)
        if "ends after" not in told:
            rows = rows_of(url)
            assert [rows["users"], rows["groups"], rows["tokens"]] == [[], [], []]
        with_store(url, lambda store: put_in(store, WORLD))
        assert but_for_acts(lines_of(url, number=2)) == but_for_acts(WORLD)


def test_what_is_before_a_bad_batch_stays(tmp_path: Path, engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing_module, "BATCH", 3)
    url = other_installation(tmp_path, engine)
    with pytest.raises(Declined, match=rf"Line 6: .* Of {HERE} 4 lines are in"):
        with_store(url, lambda store: put_in(store, [*WORLD[:5], b"?\n", *WORLD[6:]]))
    assert [row[1] for row in rows_of(url)["users"]] == ["usr_00000", "usr_00001"]
    assert rows_of(url)["counters"] == [(HERE, 2, 2, 0)]


@pytest.mark.parametrize(
    ("first", "told"),
    [
        (b"", "not the header"),
        (b"PK\x03\x04", "not the header"),
        (b"[]\n", "not the header"),
        (b'{"kind":"header"}\n', "not the header"),
        (WORLD[1], "not the header"),
        (WORLD[0].replace(b'"counts":{"user":5', b'"counts":{"user":"5"'), "not the header"),
        (WORLD[0].replace(b'"counts":{"user":5', b'"counts":{"user":-5'), "counts"),
        (WORLD[0].replace(b'"counts":{', b'"counts":{"robot":1,'), "robot"),
        (WORLD[0].replace(b'"format":1', b'"format":2'), "upgrade Vestibule"),
        (WORLD[0].replace(b'"schema_version":', b'"schema_version":9'), "upgrade Vestibule"),
    ],
)
def test_what_is_no_export_is_refused_before_anything_is_made(first: bytes, told: str, tmp_path: Path) -> None:
    url = other_installation(tmp_path, "sqlite")
    before = rows_of(url)
    with pytest.raises(Declined, match=told):
        with_store(url, lambda store: put_in(store, [first, *WORLD[1:]]))
    assert rows_of(url) == before


def importing(target: Target) -> Callable[[RelationalStore], Coroutine[Any, Any, Imported]]:
    return lambda store: import_connection(store.engine, target, WORLD, imported_by())


def test_a_connection_that_is_not_empty_is_not_touched(tmp_path: Path, engine: str) -> None:
    """Nor one of another enterprise; into an empty one, and under another id, it goes."""
    url = empty_database(tmp_path, engine)

    async def prepare(store: RelationalStore) -> None:
        await two_connections(store)
        await store.add_enterprise(Enterprise("ent_2", "Fabrikam", AT))
        await store.create_user(a_user(1))

    with_store(url, prepare)
    before = rows_of(url)
    for enterprise, target, told in (
        ("ent_1", None, f"{HERE} has users already that are not out of this file.*--as"),
        ("ent_2", THERE, f"{THERE} is of the enterprise ent_1"),
        ("ent_3", None, "no enterprise ent_3"),
        ("ent_1", "Con New", "cannot be the id"),
    ):
        with pytest.raises(Declined, match=told):
            with_store(url, importing(Target(enterprise, target)))
    assert rows_of(url) == before
    for target in (THERE, "con_new"):
        assert with_store(url, importing(Target("ent_1", target))).lines_before == 1
    assert rows_of(url)["counters"] == [(HERE, 1, 1, 0), ("con_new", 5, 4, 3), (THERE, 5, 4, 3)]


def test_another_export_does_not_go_on_with_the_first(tmp_path: Path) -> None:
    """A connection that is half imported from one file takes no other one."""
    url = other_installation(tmp_path, "sqlite")
    with pytest.raises(Declined, match="ends after 6"):
        with_store(url, lambda store: put_in(store, WORLD[:6]))
    other = [WORLD[0].replace(b'"export":"exp_', b'"export":"exp_0'), *WORLD[1:]]
    with pytest.raises(Declined, match="has users already that are not out of this file"):
        with_store(url, lambda store: put_in(store, other))


def test_two_imports_of_one_file_at_once_do_not_mix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing_module, "BATCH", 5)

    async def play(store: RelationalStore) -> None:
        # The first has begun when the second does.
        with pytest.raises(Declined, match="ends after 6"):
            await put_in(store, WORLD[:6])
        answers = await asyncio.gather(*(put_in(store, WORLD) for _ in range(2)), return_exceptions=True)
        assert sorted(type(each).__name__ for each in answers) == ["Declined", "Imported"]
        assert (await verify(store.engine)).kinds == {}
        assert but_for_acts((await export(store, number=2))[1]) == but_for_acts(WORLD)

    with_store(other_installation(tmp_path, "sqlite"), play)


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)
PEOPLE = st.lists(
    st.fixed_dictionaries(
        {"userName": TEXTS},
        optional={
            "externalId": TEXTS,
            "displayName": TEXTS,
            "emails": st.lists(st.fixed_dictionaries({"value": TEXTS}, optional={"type": TEXTS}), max_size=3),
            "nickName": st.none() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False),
        },
    ),
    max_size=6,
    unique_by=(lambda each: fold(each["userName"]), lambda each: each.get("externalId", each["userName"])),
)


@given(PEOPLE)
@examples(40)
def test_whoever_is_exported_comes_in_again(people: list[dict[str, Any]]) -> None:
    """With names in any letters: as users of the store, and as lines."""

    async def play(store: SqliteStore) -> None:
        await two_connections(store)
        for number, each in enumerate(people):
            await store.create_user(a_user(number, **each))
        lines = (await export(store))[1]
        await put_in(store, lines, "con_new")
        here, new = (await store.users(HERE)).items, (await store.users("con_new")).items
        assert [replace(each, connection_id=HERE) for each in new] == list(here)
        assert (await verify(store.engine)).kinds == {}

    in_memory(play)


def test_a_row_that_is_no_json_stops_an_export(tmp_path: Path) -> None:
    """Instead of a file that nobody can read."""
    url = filled_database(tmp_path, "sqlite")
    edit(url, "UPDATE users SET document = '{' WHERE id = 'usr_00002'")
    with pytest.raises(Declined, match=r"users \(usr_00002\).*vestibule db verify"):
        lines_of(url)
    edit(url, "UPDATE connections SET settings = '{'")
    with pytest.raises(Declined, match="The connection holds no JSON"):
        lines_of(url)


def test_setup_tickets_stay_where_their_links_lead() -> None:
    """Neither they nor the hashes of their secrets move; that they were made is in the audit, as all acts are."""
    lines = b"".join(WORLD)
    assert b"ticket.created" in lines
    assert b'"kind":"ticket"' not in lines
    assert b"\x00\xff link".hex().encode() not in lines


def test_the_secret_that_groups_are_read_with_stays_and_so_does_what_is_read_again() -> None:
    """Who is expected moves, as it was when it was read last; the secret is sealed for another installation's key."""
    lines = b"".join(WORLD)
    assert b"rollcall.source_kept" in lines
    assert all(each not in lines for each in (b"v1.sealed", b'"kind":"graph_source"', b'"kind":"graph_group"'))
