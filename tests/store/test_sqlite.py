"""The embedded engine: all promises of a store, and those that only a file can make."""

import asyncio
import contextlib
import re
import sqlite3
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.store.conformance import ROOT, StoreConformance
from tests.store.conformance_groups import adding
from tests.store.staging import (
    AT,
    HERE,
    LATER,
    Work,
    a_group,
    a_token,
    a_user,
    an_audit,
    an_exchange,
    edited,
    groups_where,
    ids_of,
    people,
    promise,
    two_connections,
    user_id,
    users_where,
)
from vestibule.model import TokenChange
from vestibule.scim.filter_ast import Filter
from vestibule.store import ExchangeQuery, SchemaMismatch, Store, StoreError, sqlite
from vestibule.store.sqlite import SqliteEngine, SqliteStore

FILE = "vestibule.db"
SHARED_TABLES = {"schema_version", "enterprises", "connections", "keys", "domains"}
"""What belongs to no connection: few rows, seldom written."""


def engine(store: Store) -> SqliteEngine:
    """The engine inside."""
    assert isinstance(store, SqliteStore)
    assert isinstance(store.engine, SqliteEngine)
    return store.engine


def database(store: Store) -> sqlite3.Connection:
    """The writing connection inside."""
    return engine(store).writer


def both(store: Store) -> set[sqlite3.Connection]:
    """The writing and the reading connection."""
    return {engine(store).writer, engine(store).reader}


@contextmanager
def statements(store: Store) -> Generator[list[str]]:
    """The statements that run within the `with`, with their values written out."""
    seen: list[str] = []
    for connection in both(store):
        connection.set_trace_callback(seen.append)
    try:
        yield seen
    finally:
        for connection in both(store):
            connection.set_trace_callback(None)


async def plan(store: Store, kind: str, where: Filter) -> str:
    """SQLite's plan for the first page under a filter."""
    with statements(store) as seen:
        await (store.users if kind == "users" else store.groups)(HERE, where)
    select = next(each for each in seen if re.search(r"\bORDER BY\b", each))
    return "\n".join(row[3] for row in database(store).execute(f"EXPLAIN QUERY PLAN {select}"))


class TestSqlite(StoreConformance):
    """One file, opened anew by each test."""

    def open_store(self, place: Path) -> SqliteStore:
        """A file in the place."""
        return SqliteStore.open(str(place / FILE))

    @contextmanager
    def work_of(self, store: Store) -> Generator[Work]:
        """Steps of SQLite's virtual machine."""
        work = Work()

        def step() -> int:
            work.steps += 1
            return 0

        for connection in both(store):
            connection.set_progress_handler(step, 1)
        try:
            yield work
        finally:
            for connection in both(store):
                connection.set_progress_handler(None, 1)

    @promise
    async def test_the_log_is_synced_at_each_commit(self, store: Store) -> None:
        """WAL, synchronous=FULL, and foreign keys are checked."""
        pragmas = ("journal_mode", "synchronous", "foreign_keys")
        found = [database(store).execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas]
        assert found == ["wal", 2, 1]

    @promise
    async def test_the_writes_of_one_tick_share_a_commit(self, store: Store) -> None:
        """Fifty users, one transaction."""
        with statements(store) as seen:
            await people(store, 50)
        assert [seen.count(each) for each in ("BEGIN IMMEDIATE", "COMMIT")] == [1, 1]

    @promise
    async def test_those_who_come_back_at_once_share_a_commit_with_those_who_waited(self, store: Store) -> None:
        """However they were parted at first: two halves would take turns with twice as many commits."""
        numbers = iter(range(160))

        async def lane(late: int) -> None:
            for _ in range(late):
                await asyncio.sleep(0)
            for number in numbers:
                await store.create_user(a_user(number))

        with statements(store) as seen:
            await asyncio.gather(*(lane(late) for late in (0, 0, 0, 0, 2, 2, 2, 2)))
        assert 20 <= seen.count("COMMIT") <= 24

    @promise
    async def test_a_change_names_no_column_that_stays_as_it_is(self, store: Store) -> None:
        """SQLite would write each index anew that such a column is in."""
        await people(store, 1)
        await store.create_group(a_group())
        with statements(store) as seen:
            await store.change_user(HERE, user_id(0), lambda user: edited(user, active=False))
            await store.change_group(HERE, "grp_1", adding(user_id(0)), LATER)
        written = {
            table: set(re.findall(r"(\w+) = ", each.partition(" WHERE ")[0]))
            for each in seen
            for table in re.findall(r"UPDATE (users|groups) ", each)
        }
        assert written == {
            "users": {"active", "version", "updated_at", "deactivated_at", "document"},
            "groups": {"member_count", "version", "updated_at"},
        }

    @promise
    async def test_the_tenant_leads_every_key_and_index(self, store: Store) -> None:
        """Of every table that is not the installation's own, foreign keys too: it can be spread by connection."""
        db = database(store)
        tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert tables > SHARED_TABLES
        for table in tables - SHARED_TABLES:
            indexes = [row[1] for row in db.execute(f"PRAGMA index_list({table})")]
            assert indexes, table
            for name in indexes:
                assert next(row[2] for row in db.execute(f"PRAGMA index_info({name})")) == "connection_id", name
            for key in db.execute(f"PRAGMA foreign_key_list({table})"):
                assert key[1] > 0 or key[3] == "connection_id", table

    @pytest.mark.parametrize(
        ("kind", "text", "index"),
        [
            ("users", 'userName eq "ana"', "users_user_name"),
            ("users", 'externalId eq "X"', "users_external_id"),
            ("users", 'id eq "usr_1"', "users"),
            ("users", 'displayName eq "Ana"', "users_by_display_name"),
            ("users", 'displayName sw "An"', "users_by_display_name"),
            ("users", 'userName sw "an"', "users_user_name"),
            ("users", "active eq true", "users_by_active"),
            ("users", "active eq false", "users_by_active"),
            ("users", 'meta.lastModified gt "2026-01-01T00:00:00Z"', "users_by_time"),
            ("users", 'manager eq "usr_1"', "users_by_manager"),
            ("groups", 'meta.lastModified le "2026-01-01T00:00:00Z"', "groups_by_time"),
            ("groups", 'displayName eq "sales"', "groups_display_name"),
            ("groups", 'externalId eq "X"', "groups_external_id"),
            ("groups", 'id eq "grp_1" and members eq "usr_1"', "groups"),
        ],
    )
    def test_identity_providers_matches_are_answered_by_an_index(
        self, tmp_path: Path, kind: str, text: str, index: str
    ) -> None:
        """As SQLite's own plan tells."""

        async def play() -> None:
            store = self.open_store(tmp_path)
            where = users_where(text) if kind == "users" else groups_where(text)
            first = (await plan(store, kind, where)).splitlines()[0]
            assert re.search(
                rf"SEARCH \w+ USING (COVERING )?INDEX \w*{index}\w* \(connection_id=\? AND \w+[=<>]\?", first
            )
            await store.close()

        asyncio.run(play())

    @pytest.mark.parametrize("text", ['emails.value eq "ana@x"', 'emails[type eq "work"].value eq "ana@x"'])
    def test_a_user_is_found_by_address_without_a_scan(self, tmp_path: Path, text: str) -> None:
        """Entra may match by e-mail: 2,000 users cost what ten do."""

        async def play() -> None:
            store = self.open_store(tmp_path)
            await two_connections(store)
            costs: list[int] = []
            for connection_id, count in ((HERE, 10), ("con_there", 2_000)):
                await people(store, count, connection_id)
                await store.create_user(a_user(99_999, connection_id, emails=[{"type": "work", "value": "Ana@x"}]))
                with self.work_of(store) as work:
                    assert (await store.users(connection_id, users_where(text))).total == 1
                costs.append(work.steps)
            await store.close()
            assert costs[1] < costs[0] * 1.5

        asyncio.run(play())

    @promise
    async def test_a_walk_sees_each_user_that_stays_while_others_go(self, store: Store) -> None:
        """A page that was read may lose users; the next one goes on where it ended."""
        await people(store, 6)
        seen = ids_of((await store.users(HERE, None, 1, 2)).items)
        await store.delete_user(HERE, user_id(0), LATER)
        for start in (3, 5):
            seen += ids_of((await store.users(HERE, None, start, 2)).items)
        assert seen == [user_id(number) for number in range(6)]

    @pytest.mark.parametrize("path", ["", ":memory:"])
    def test_a_store_may_live_in_memory(self, path: str) -> None:
        """For tests and rehearsals."""

        async def play() -> None:
            store = SqliteStore.open(path)
            await two_connections(store)
            assert await people(store, 3) == ids_of((await store.users(HERE)).items)
            await store.close()

        asyncio.run(play())

    def test_a_closed_store_opens_again_with_all_it_had(self, tmp_path: Path) -> None:
        """And in a new event loop."""

        async def first() -> None:
            store = self.open_store(tmp_path)
            await two_connections(store)
            await people(store, 3)
            await store.close()

        async def second() -> None:
            store = self.open_store(tmp_path)
            assert (await store.users(HERE)).total == 3
            await store.close()

        asyncio.run(first())
        asyncio.run(second())


class TestFiles:
    """What may be found under a path, and who else may have it open."""

    @pytest.mark.parametrize(
        ("statement", "told"),
        [
            ("UPDATE schema_version SET version = 999", "999"),
            ("UPDATE schema_version SET version = 0", "version 0"),
            ("DROP TABLE schema_version", "other program|not one of"),
        ],
    )
    def test_another_schema_is_refused_with_words_on_what_to_do(
        self, tmp_path: Path, statement: str, told: str
    ) -> None:
        """A newer one, an older one, and a database of another program."""
        path = tmp_path / FILE
        asyncio.run(SqliteStore.open(str(path)).close())
        with sqlite3.connect(path) as db:
            db.execute(statement)
        db.close()
        with pytest.raises(SchemaMismatch, match=told) as caught:
            SqliteStore.open(str(path))
        assert re.search(r"another file|move", str(caught.value))

    def test_a_database_of_another_program_is_left_as_it_was(self, tmp_path: Path) -> None:
        """Refusing it must not even change its journal mode."""
        path = tmp_path / "other.db"
        with sqlite3.connect(path) as db:
            db.execute("CREATE TABLE theirs (x)")
        db.close()
        before = path.read_bytes()
        with pytest.raises(SchemaMismatch):
            SqliteStore.open(str(path))
        assert path.read_bytes() == before

    def test_what_is_no_database_is_refused(self, tmp_path: Path) -> None:
        """A text file stays as it is."""
        path = tmp_path / "notes.txt"
        path.write_text("These are my notes. " * 100)
        with pytest.raises(StoreError, match=r"notes\.txt"):
            SqliteStore.open(str(path))
        assert path.read_text().startswith("These are my notes.")

    @pytest.mark.parametrize("path", ["missing/folder/x.db", "."])
    def test_a_path_that_cannot_be_opened_is_told(self, tmp_path: Path, path: str) -> None:
        """No folder is made, and the path is named."""
        with pytest.raises(StoreError, match=re.escape(str(tmp_path / path))):
            SqliteStore.open(str(tmp_path / path))
        assert list(tmp_path.iterdir()) == []

    def test_a_token_is_changed_while_a_server_runs(self, tmp_path: Path) -> None:
        """Two stores on one file see each other's writes at once."""

        async def play() -> None:
            server, command = (SqliteStore.open(str(tmp_path / FILE)) for _ in range(2))
            await two_connections(server)
            await server.add_token(a_token(), b"hash", an_audit(1))
            await command.change_token(HERE, "tok_1", lambda _: (TokenChange(revoked_at=LATER), an_audit(2)))
            assert (await server.credentials(HERE, "tok_1")).token.revoked_at == LATER
            await server.create_user(a_user(1))
            assert (await command.users(HERE)).total == 1
            await server.close()
            await command.close()

        asyncio.run(play())

    def test_several_processes_open_and_write_one_new_file(self, tmp_path: Path) -> None:
        """All at once: none is refused, nothing is lost, the counters are true."""
        script = """
import asyncio, sys
from tests.store.staging import HERE, LATER, a_user, user_id
from vestibule.scim.patch import GroupChange
from vestibule.store.sqlite import SqliteEngine, SqliteStore

async def play(path, first):
    SqliteStore.open(path + ".new")
    store = SqliteStore.open(path)
    for number in range(first, first + 25):
        await store.create_user(a_user(number))
        await store.change_group(HERE, "grp_1", GroupChange(add=frozenset({user_id(number)})), LATER)
    await store.close()

asyncio.run(play(sys.argv[1], int(sys.argv[2])))
"""
        path = str(tmp_path / FILE)

        async def prepare() -> None:
            store = SqliteStore.open(path)
            await two_connections(store)
            await store.create_group(a_group())
            await store.close()

        async def look() -> None:
            store = SqliteStore.open(path)
            group = await store.group(HERE, "grp_1")
            assert (group.member_count, group.version) == (100, 101)
            assert len(await store.members(HERE, "grp_1")) == (await store.users(HERE)).total == 100
            await store.close()

        asyncio.run(prepare())
        processes = [
            subprocess.Popen([sys.executable, "-c", script, path, str(first)], cwd=ROOT, stderr=subprocess.PIPE)
            for first in (0, 100, 200, 300)
        ]
        errors = [process.communicate(timeout=60)[1] for process in processes]
        assert errors == [b""] * 4
        asyncio.run(look())


class TestFailingCommits:
    """What waits in one batch when the database itself fails."""

    @staticmethod
    def fail_at(db: sqlite3.Connection, statement: str) -> Any:
        """A connection that fails at one statement as if the disk were full."""

        class Failing:
            broken = True

            def execute(self, text: str, *values: Any) -> sqlite3.Cursor:
                if self.broken and text == statement:
                    raise sqlite3.OperationalError("database or disk is full")
                return db.execute(text, *values)

            def __getattr__(self, name: str) -> Any:
                return getattr(db, name)

        return Failing()

    @pytest.mark.parametrize("statement", ["COMMIT", "BEGIN IMMEDIATE"])
    def test_a_failing_commit_reaches_every_waiter_and_leaves_nothing(self, statement: str) -> None:
        """And the next batch goes through."""

        async def play() -> None:
            store = SqliteStore.open(":memory:")
            await two_connections(store)
            whole = database(store)
            engine(store).writer = broken = self.fail_at(whole, statement)
            answers = await asyncio.gather(
                store.create_user(a_user(1)),
                store.create_user(a_user(2)),
                store.change_user(HERE, "usr_none", lambda user: user),
                return_exceptions=True,
            )
            assert all(isinstance(each, Exception) for each in answers)
            assert "disk is full" in str(answers[0])
            assert not whole.in_transaction
            broken.broken = False
            assert (await store.users(HERE)).total == 0
            await store.create_user(a_user(1))
            assert (await store.user(HERE, user_id(1))).created_at == AT
            await store.close()

        asyncio.run(play())

    def test_what_is_recorded_outlives_a_failed_commit(self) -> None:
        """The disk was full for a moment: the note waits, and is there after the next flush that returns."""

        async def play() -> None:
            store = SqliteStore.open(":memory:")
            await two_connections(store)
            engine(store).writer = broken = self.fail_at(database(store), "COMMIT")
            store.record(an_exchange(1))
            with contextlib.suppress(StoreError):
                await store.flush()
            broken.broken = False
            await store.flush()
            assert (await store.exchange("req_0001")).status == 200
            await store.close()

        asyncio.run(play())

    def test_the_log_goes_with_a_commit_now_and_then_and_not_with_each(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It waits a little for more of its kind, though others write meanwhile."""

        async def play() -> None:
            store = SqliteStore.open(str(tmp_path / FILE))
            await two_connections(store)
            monkeypatch.setattr(sqlite, "RIDE_DELAY", 600.0)
            store.record(an_exchange(1))
            await store.create_user(a_user(1))
            assert await store.exchanges(HERE, ExchangeQuery()) == []
            monkeypatch.setattr(sqlite, "RIDE_DELAY", 0.0)
            await store.create_user(a_user(2))
            assert [each.id for each in await store.exchanges(HERE, ExchangeQuery())] == ["req_0001"]
            await store.close()

        asyncio.run(play())

    def test_what_is_recorded_while_a_commit_is_waited_for_is_not_late(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is not taken for what could not be written, which waits longer."""

        async def play() -> None:
            store = SqliteStore.open(str(tmp_path / FILE))
            await two_connections(store)
            monkeypatch.setattr(sqlite, "RETRY_DELAY", 600.0)
            commit = engine(store)._commit  # pyright: ignore[reportPrivateUsage]

            async def slow() -> None:
                monkeypatch.setattr(engine(store), "_commit", commit)
                store.record(an_exchange(2))
                await commit()

            monkeypatch.setattr(engine(store), "_commit", slow)
            store.record(an_exchange(1))
            async with asyncio.timeout(20):
                while len(await store.exchanges(HERE, ExchangeQuery())) < 2:
                    await asyncio.sleep(0.01)
            await store.close()

        asyncio.run(play())

    def test_a_lock_held_too_long_is_told_to_the_waiter(self, tmp_path: Path) -> None:
        """And nothing is half-written; the write works once the lock is gone."""

        async def play() -> None:
            store = SqliteStore.open(str(tmp_path / FILE))
            await two_connections(store)
            await store.create_group(a_group())
            engine(store).patience = 0.02
            other = sqlite3.connect(tmp_path / FILE, isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(Exception, match="locked"):
                await store.create_user(a_user(1))
            other.execute("ROLLBACK")
            other.close()
            await store.create_user(a_user(1))
            await store.change_group(HERE, "grp_1", adding(user_id(1)), LATER)
            await store.close()

        asyncio.run(play())


def test_a_new_database_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "private.db"
    asyncio.run(SqliteStore.open(str(path)).close())
    assert path.stat().st_mode & 0o077 == 0
