"""The engine over Citus: all promises of a store, its tables spread over the nodes of a cluster by connection."""

import asyncio
import os
import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.databases import url_in
from tests.postgres import CITUS, ask, at_once, fresh_url, tell
from tests.store.contents import empty_database, filled_database, rows_of, with_store
from tests.store.released.load import RELEASED, load_released
from tests.store.staging import AT, HERE, LATER, a_user
from tests.store.test_moving import WORLD, but_for_acts, lines_of, put_in
from tests.store.test_postgres import MeasuredLink
from tests.store.test_postgres import TestPostgres as OnPostgres
from tests.store.test_upgrade import with_next
from vestibule.model import Enterprise
from vestibule.store import Declined, Unreachable
from vestibule.store.backup import backup, restore
from vestibule.store.distribute import Distributed, distribute
from vestibule.store.postgres import PostgresStore
from vestibule.store.relational import RelationalStore
from vestibule.store.repair import Repairer
from vestibule.store.status import status
from vestibule.store.tables import tables
from vestibule.store.upgrade import Upgraded, upgrade
from vestibule.store.verify import verify

if CITUS not in os.environ:
    pytest.skip(f"nothing was tested on Citus: {CITUS} names no coordinator", allow_module_level=True)
PREPARED = "VESTIBULE_TEST_CITUS_PREPARED"
SPREAD = tuple(each.name for each in tables() if not each.shared)
SHARED = ("schema_version", *(each.name for each in tables() if each.shared))
SHARDS = 2


def prepared() -> str:
    """The schema of this test process: distributed once, as that takes a second."""
    if PREPARED not in os.environ:
        url = fresh_url(Path(f"citus-{os.getpid()}"), os.environ[CITUS])
        at_once(distribute(url, SHARDS))
        # Also for the processes that a test starts.
        os.environ[PREPARED] = url
    return os.environ[PREPARED]


def emptied(url: str) -> str:
    """The same schema without any rows."""
    ask(url, f"TRUNCATE {', '.join(each.name for each in tables())}")
    return url


def drop(url: str) -> None:
    """Take a test's schema out of the cluster."""
    tell(url, f"DROP SCHEMA {url.rpartition('search_path=')[2]} CASCADE")


@pytest.fixture(autouse=True, scope="module")
def _gone_afterwards() -> Generator[None]:
    yield
    if PREPARED in os.environ:
        drop(os.environ.pop(PREPARED))


class LinkToNodes(MeasuredLink):
    """Citus explains a statement without the values of its places, so that they are written out; and some not at all."""

    async def told(self, sql: str, values: Any) -> str:
        written = re.sub(r"\$(\d+)", lambda place: literal(values[int(place[1]) - 1]), sql)
        try:
            return await super().told(written, ())
        except asyncpg.InternalServerError:
            # INSERT … SELECT: ours select from what was sent.
            assert sql.startswith("INSERT")
            return "[]"


def literal(value: Any) -> str:
    """A value as SQL."""
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


class TestCitus(OnPostgres):
    """One distributed schema, emptied for each test."""

    link = LinkToNodes

    def open_store(self, place: Path) -> PostgresStore:
        """What is kept under the name of the place."""
        known = place / "citus.url"
        if not known.exists():
            known.write_text(emptied(prepared()))
        return PostgresStore.open(known.read_text(), pool_size=4)


@pytest.fixture
def folder(tmp_path: Path) -> Generator[Path]:
    """A folder for a database in the cluster, which is gone afterwards."""
    yield tmp_path / "citus"
    drop(url_in(tmp_path / "citus", "citus"))


@pytest.mark.parametrize("make", [empty_database, filled_database])
def test_a_database_is_spread_with_all_that_is_in_it(folder: Path, make: type) -> None:
    """Empty or filled; all pieces of one connection lie on one node; doing it again changes nothing."""
    url = make(folder, "citus")
    before = rows_of(url)
    assert asyncio.run(distribute(url, SHARDS)) == Distributed(SPREAD, SHARED)
    assert rows_of(url) == before
    assert asyncio.run(distribute(url)) == Distributed((), ())
    assert rows_of(url) == before
    places = ask(
        url,
        "SELECT count(DISTINCT colocation_id), count(DISTINCT nodeport), count(DISTINCT shardid) "
        "FROM pg_catalog.citus_shards s JOIN pg_class c ON c.oid = s.table_name "
        "WHERE c.relnamespace = current_schema()::regnamespace AND citus_table_type = 'distributed'",
    )
    assert tuple(places[0]) == (1, 2, SHARDS * len(SPREAD))
    keys = ask(
        url,
        "SELECT count(*) AS keys FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid "
        "WHERE k.contype = 'f' AND c.relnamespace = current_schema()::regnamespace AND c.relname = ANY($1)",
        [*SPREAD, *SHARED],
    )
    assert keys[0]["keys"] == sum(len(each.references) for each in tables())


def test_nothing_is_left_where_the_tables_were(folder: Path) -> None:
    """The rows lie on the nodes, and not once more on the coordinator."""
    url = filled_database(folder, "citus")
    asyncio.run(distribute(url, SHARDS))
    sizes = ask(url, f"SELECT {', '.join(f'pg_relation_size({name!r}::regclass)' for name in (*SPREAD, *SHARED))}")
    assert set(sizes[0]) == {0}


def test_the_store_goes_on_with_a_database_that_was_spread(folder: Path) -> None:
    url = filled_database(folder, "citus")
    asyncio.run(distribute(url, SHARDS))

    async def play(store: RelationalStore) -> None:
        await store.create_user(a_user(50, userName="stranger"))
        assert {each.user_id for each in await store.members(HERE, "grp_2")} == {"usr_00001", "usr_00050"}
        assert (await verify(store.engine)).kinds == {}

    with_store(url, play)


def test_a_spread_that_fails_leaves_the_tables_as_they_were(folder: Path) -> None:
    """A table that cannot be spread: a unique index without the connection, made by hand."""
    url = filled_database(folder, "citus")
    tell(url, "CREATE UNIQUE INDEX by_hand ON audit (id)")
    before = rows_of(url)
    with pytest.raises(Declined, match="Citus refused, and nothing was changed"):
        asyncio.run(distribute(url, SHARDS))
    assert rows_of(url) == before
    assert asyncio.run(status(url)).kinds == {}
    with_store(url, lambda store: store.create_user(a_user(50)))


@pytest.mark.parametrize("version", RELEASED)
def test_a_spread_database_is_upgraded_and_new_tables_are_spread(folder: Path, version: int) -> None:
    """A database of an earlier version, spread as that version's tables were."""
    url = url_in(folder, "citus")
    load_released(url, version)
    old = {each.name for each in tables(version)}
    for name in SHARED:
        ask(url, f"SELECT create_reference_table('{name}')")
    keys = ask(
        url,
        "SELECT c.relname, k.conname, pg_get_constraintdef(k.oid) FROM pg_constraint k JOIN pg_class c "
        "ON c.oid = k.conrelid WHERE k.contype = 'f' AND c.relnamespace = current_schema()::regnamespace "
        "AND c.relname <> 'connections'",
    )
    for table, name, _ in keys:
        ask(url, f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    for name in SPREAD:
        if name in old:
            ask(url, f"SELECT create_distributed_table('{name}', 'connection_id', shard_count := {SHARDS})")
    for table, name, key in keys:
        ask(url, f"ALTER TABLE {table} ADD CONSTRAINT {name} {key}")
    assert asyncio.run(upgrade(url)).before == version
    kinds = asyncio.run(status(url)).kinds
    assert {name for name, kind in kinds.items() if kind == "distributed"} == set(SPREAD)

    async def look(store: RelationalStore) -> None:
        assert (await verify(store.engine)).kinds == {}
        assert (await store.user_named(HERE, "JÖRG STRASSE@example.com")).id == "usr_00001"

    with_store(url, look)
    after = asyncio.run(upgrade(url))
    assert after == Upgraded(after.after, after.after)


NEXT = """
ALTER TABLE users ADD COLUMN nickname TEXT;
UPDATE users SET nickname = user_name_ci;
CREATE INDEX users_by_nickname ON users (connection_id, nickname);
CREATE TABLE badges (
  connection_id TEXT NOT NULL REFERENCES connections (id),
  user_id TEXT NOT NULL,
  PRIMARY KEY (connection_id, user_id),
  FOREIGN KEY (connection_id, user_id) REFERENCES users (connection_id, id)
) WITHOUT ROWID;
INSERT INTO badges (connection_id, user_id) SELECT connection_id, id FROM users;
CREATE TABLE apps (id TEXT PRIMARY KEY);
"""


def test_a_step_reaches_the_nodes_and_its_tables_are_spread(folder: Path, tmp_path: Path) -> None:
    """Columns, indexes and rows; a new table that refers to another one, and one that all share. Or nothing of it."""
    url = filled_database(folder, "citus")
    asyncio.run(distribute(url, SHARDS))
    before, kinds = rows_of(url), asyncio.run(status(url)).kinds
    broken, whole = (
        with_next(tmp_path / name, statements)
        for name, statements in (("broken", f"{NEXT} UPDATE badges SET nothing = 1"), ("next", NEXT))
    )
    with pytest.raises(Unreachable, match="failed; nothing was changed"):
        asyncio.run(upgrade(url, broken))
    assert (rows_of(url), asyncio.run(status(url)).kinds) == (before, kinds)
    asyncio.run(upgrade(url, whole))
    assert asyncio.run(status(url)).kinds == kinds | {"badges": "distributed", "apps": "reference"}
    assert ask(url, "SELECT count(*), count(DISTINCT nickname) FROM users") == [(6, 6)]
    assert ask(url, "SELECT count(*) FROM badges JOIN users USING (connection_id) WHERE id = user_id") == [(6,)]
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        ask(url, "INSERT INTO badges (connection_id, user_id) VALUES ('con_here', 'usr_none')")


class TestWhole:
    """What is done to a whole database or connection, on one that is spread."""

    @pytest.fixture
    def url(self) -> str:
        return emptied(prepared())

    def test_status_tells_what_lies_where(self, url: str) -> None:
        found = asyncio.run(status(url))
        assert (found.engine, "Citus" in found.server) == ("citus", True)
        assert found.kinds == dict.fromkeys(SPREAD, "distributed") | dict.fromkeys(SHARED, "reference")
        assert [each.shards for each in found.nodes] == [len(SHARED), *[len(SPREAD) + len(SHARED)] * 2]
        assert found.size == sum(found.sizes.values()) > 0

    @pytest.mark.parametrize("there", ["sqlite", "citus"])
    def test_a_connection_is_moved_with_all_it_has(self, tmp_path: Path, url: str, there: str) -> None:
        """Into the cluster, and out of it or within it."""
        with_store(url, lambda store: store.add_enterprise(Enterprise("ent_1", "Contoso", AT)))
        with_store(url, lambda store: put_in(store, WORLD))
        lines = lines_of(url, number=2)
        assert but_for_acts(lines) == but_for_acts(WORLD)
        if there == "citus":
            with_store(url, lambda store: put_in(store, lines, "con_new"))
            counters = {row[0]: row[1:] for row in rows_of(url)["counters"]}
            assert counters["con_new"] == counters[HERE] == (5, 4, 3)
            return
        other = empty_database(tmp_path, there)
        with_store(other, lambda store: store.add_enterprise(Enterprise("ent_1", "Contoso", AT)))
        with_store(other, lambda store: put_in(store, lines))
        assert but_for_acts(lines_of(other, number=3)) == but_for_acts(WORLD)

    def test_a_bad_line_leaves_nothing_of_its_batch(self, url: str) -> None:
        with_store(url, lambda store: store.add_enterprise(Enterprise("ent_1", "Contoso", AT)))
        twice = [*WORLD[:4], WORLD[3].replace(b"usr_00001", b"usr_00002"), *WORLD[5:]]
        with pytest.raises(Declined, match="Line 5: the user breaks a rule of the table users"):
            with_store(url, lambda store: put_in(store, twice))
        assert rows_of(url)["users"] == []

    def test_a_backup_goes_into_the_cluster_and_out_of_it(self, tmp_path: Path, url: str) -> None:
        here, file = filled_database(tmp_path / "here", "sqlite"), tmp_path / "file"
        rows = rows_of(here)
        asyncio.run(backup(here, file))
        with_store(url, lambda store: restore(store.engine, file))
        assert rows_of(url) == rows
        asyncio.run(backup(url, file))
        assert rows_of(f"sqlite:///{file}") == rows

    def test_what_can_be_derived_is_mended(self, tmp_path: Path, url: str) -> None:
        file = tmp_path / "file"
        asyncio.run(backup(filled_database(tmp_path / "here", "sqlite"), file))
        with_store(url, lambda store: restore(store.engine, file))
        for damage in (
            "UPDATE users SET display_name_ci = 'x' WHERE id = 'usr_00001'",
            "UPDATE groups SET member_count = 9 WHERE id = 'grp_1'",
            "UPDATE counters SET user_count = 9",
            "DELETE FROM user_emails",
            "UPDATE pending_members SET ref_ci = 'x'",
        ):
            ask(url, damage)

        async def mend(store: RelationalStore) -> None:
            report = await verify(store.engine, 50, Repairer(store.engine, LATER))
            assert set(report.kinds) == {"derived", "member_count", "counter", "email"}
            assert report.left == 0
            assert (await verify(store.engine)).kinds == {}

        with_store(url, mend)
