"""The engine over PostgreSQL: all promises of a store, on a real server."""

import asyncio
import re
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.postgres import ask, fresh_url, server_url
from tests.store.conformance import StoreConformance
from tests.store.staging import (
    HERE,
    LATER,
    Work,
    a_user,
    an_exchange,
    ids_of,
    people,
    promise,
    two_connections,
    user_id,
    users_where,
)
from vestibule.store import ExchangeQuery, SchemaMismatch, Store, Unreachable
from vestibule.store.postgres import PostgresEngine, PostgresStore

SHARED_TABLES = {"schema_version", "enterprises", "connections", "keys", "domains"}
"""What belongs to no connection: few rows, seldom written."""


GROWING = (
    "users", "deleted_users", "user_emails", "groups", "members", "pending_members", "pending_managers", "exchanges",
)  # fmt: skip


def engine(store: Store) -> PostgresEngine:
    """The engine inside."""
    assert isinstance(store, PostgresStore)
    assert isinstance(store.engine, PostgresEngine)
    return store.engine


@dataclass
class MeasuredLink:
    """A connection that has each statement explained before it is run, and adds up the rows that were looked at."""

    link: Any
    work: Work

    async def fetch(self, sql: str, *values: Any) -> Any:
        await self.explain(sql, values)
        return await self.link.fetch(sql, *values)

    async def fetchrow(self, sql: str, *values: Any) -> Any:
        await self.explain(sql, values)
        return await self.link.fetchrow(sql, *values)

    async def execute(self, sql: str, *values: Any) -> Any:
        await self.explain(sql, values)
        return await self.link.execute(sql, *values)

    async def executemany(self, sql: str, values: list[Any]) -> None:
        self.work.steps += len(values)
        await self.link.executemany(sql, values)

    async def explain(self, sql: str, values: Any) -> None:
        if not re.match("(SELECT|INSERT|UPDATE|DELETE) ", sql):
            return
        writes = not sql.startswith("SELECT")
        if writes:
            await self.link.execute("SAVEPOINT measured")
        told = await self.told(sql, values)
        if writes:
            await self.link.execute("ROLLBACK TO measured")
        self.work.steps += 1 + looked_at(orjson.loads(told))

    async def told(self, sql: str, values: Any) -> str:
        return await self.link.fetchval(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", *values)


def looked_at(told: Any) -> int:
    """The rows that a plan's nodes gave on or left out, on whichever server."""
    if isinstance(told, list):
        return sum(looked_at(each) for each in told)
    if not isinstance(told, dict):
        return 0
    own = told.get("Actual Rows", 0) + sum(rows for name, rows in told.items() if name.startswith("Rows Removed"))
    return int(own * told.get("Actual Loops", 1)) + sum(looked_at(each) for each in told.values())


@dataclass
class MeasuredPool:
    """A pool of such connections."""

    pool: Any
    work: Work
    kind: type[MeasuredLink] = MeasuredLink

    @asynccontextmanager
    async def acquire(self) -> AsyncGenerator[MeasuredLink]:
        async with self.pool.acquire() as link:
            yield self.kind(link, self.work)


class TestPostgres(StoreConformance):
    """A schema of its own for each test."""

    link = MeasuredLink

    def server(self) -> str:
        """Which one."""
        return server_url()

    def open_store(self, place: Path) -> PostgresStore:
        """What is kept under the name of the place."""
        return PostgresStore.open(fresh_url(place, self.server()), pool_size=4)

    @contextmanager
    def work_of(self, store: Store) -> Generator[Work]:
        """Rows that were looked at or written, and statements."""
        work = Work()
        database = engine(store).database
        # As the server itself does from time to time.
        ask(database.url, f"ANALYZE {', '.join(GROWING)}")
        pool = database._pool
        database._pool = MeasuredPool(pool, work, self.link)
        try:
            yield work
        finally:
            database._pool = pool

    @promise
    async def test_the_writes_of_one_connection_share_a_commit(self, store: Store) -> None:
        """Those that wait while another batch is written; each has a transaction's number."""
        await people(store, 40)
        found = ask(engine(store).database.url, "SELECT count(DISTINCT xmin::text) AS many FROM users")
        assert found[0]["many"] < 10

    @promise
    async def test_several_stores_write_one_connection_at_once(self, store: Store) -> None:
        """As several processes do: nothing is lost, the counters are true."""
        url = engine(store).database.url
        others = [PostgresStore.open(url, pool_size=2) for _ in range(3)]
        await asyncio.gather(
            *(
                each.create_user(a_user(100 * first + number))
                for first, each in enumerate(others)
                for number in range(25)
            )
        )
        assert (await store.users(HERE)).total == len((await store.users(HERE)).items) == 75
        for each in others:
            await each.close()

    @promise
    async def test_the_tenant_leads_every_key_and_index(self, store: Store) -> None:
        """Of every table that is not the installation's own, foreign keys too."""
        await store.ready()
        url = engine(store).database.url
        leads = ask(
            url,
            "SELECT t.relname AS table, i.relname AS index, a.attname AS first FROM pg_index x "
            "JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid "
            "JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.indkey[0] "
            "WHERE t.relnamespace = current_schema()::regnamespace",
        )
        found = {(each["table"], each["index"]): each["first"] for each in leads}
        assert len(found) > 20
        for (table, index), first in found.items():
            assert table in SHARED_TABLES or first == "connection_id", index
        keys = ask(
            url,
            "SELECT t.relname AS table, a.attname AS first FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid "
            "JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = c.conkey[1] "
            "WHERE c.contype = 'f' AND t.relnamespace = current_schema()::regnamespace",
        )
        assert keys
        assert all(each["table"] in SHARED_TABLES or each["first"] == "connection_id" for each in keys)

    @promise
    async def test_what_has_an_index_is_looked_up_by_it(self, store: Store) -> None:
        """As PostgreSQL's own plans tell, of 2,000 users."""
        await asyncio.gather(
            *(
                store.create_user(a_user(number, displayName=f"User {number}", emails=[{"value": f"u{number}@x"}]))
                for number in range(2_000)
            )
        )
        for text in (
            'userName eq "USER7@example.com"', 'id eq "usr_00007"', 'displayName eq "user 7"', 'displayName sw "user 77"',
            'emails.value eq "U7@x"', 'emails[value eq "u7@X"]', 'externalId eq "x" or userName eq "user7@example.com"',
            "active eq false", 'meta.lastModified gt "2030-01-01T00:00:00Z"', 'groups.value eq "grp_1"',
            'userName eq "user7@example.com" and title eq null',
        ):  # fmt: skip
            with self.work_of(store) as work:
                assert (await store.users(HERE, users_where(text))).total <= 11
            assert work.steps < 100, text

    @promise
    async def test_a_walk_sees_each_user_that_stays_while_others_go(self, store: Store) -> None:
        """A page that was read may lose users; the next one goes on where it ended."""
        await people(store, 6)
        seen = ids_of((await store.users(HERE, None, 1, 2)).items)
        await store.delete_user(HERE, user_id(0), LATER)
        for start in (3, 5):
            seen += ids_of((await store.users(HERE, None, start, 2)).items)
        assert seen == [user_id(number) for number in range(6)]

    @promise
    async def test_a_text_with_a_nul_is_nobodys(self, store: Store) -> None:
        """PostgreSQL's texts have none: such a request is answered, and what is recorded of it is readable."""
        await people(store, 1)
        assert not (await store.exchanges(HERE, ExchangeQuery(target="a\0b")))
        store.record(an_exchange(1, path="/Users/a\0b"))
        await store.flush()
        assert (await store.exchange("req_0001")).path == "/Users/a\u2400b"

    def test_a_server_that_was_restarted_is_asked_again(self, tmp_path: Path) -> None:
        """Its old connections are gone; nobody notices."""

        async def play() -> None:
            store = self.open_store(tmp_path)
            await two_connections(store)
            await people(store, 1)
            ask(
                engine(store).database.url,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND query LIKE '%users%'",
            )
            assert (await store.user(HERE, user_id(0))).version == 1
            await store.close()

        asyncio.run(play())


class TestDatabases:
    """What may be found under a URL."""

    def test_a_database_that_does_not_answer_is_told_without_its_password(self) -> None:
        async def play() -> None:
            store = PostgresStore.open("postgresql://me:secret-word@127.0.0.1:9/none")
            with pytest.raises(Unreachable, match=r"me@127\.0\.0\.1:9/none") as caught:
                await store.ready()
            assert "secret-word" not in str(caught.value)
            for ask_it in (store.enterprises(), store.create_user(a_user(1))):
                with pytest.raises(Unreachable):
                    await ask_it
            await store.close()

        asyncio.run(play())

    @pytest.mark.parametrize(
        ("statement", "told"),
        [
            ("UPDATE schema_version SET version = 999", "999"),
            ("UPDATE schema_version SET version = 1", "version 1"),
            ("DROP TABLE schema_version", "other program"),
        ],
    )
    def test_another_schema_is_refused(self, tmp_path: Path, statement: str, told: str) -> None:
        url = fresh_url(tmp_path)

        async def opened() -> None:
            store = PostgresStore.open(url)
            try:
                await store.ready()
            finally:
                await store.close()

        asyncio.run(opened())
        ask(url, statement)
        with pytest.raises(SchemaMismatch, match=told):
            asyncio.run(opened())

    def test_several_open_an_empty_database_at_once(self, tmp_path: Path) -> None:
        url = fresh_url(tmp_path)

        async def play() -> None:
            stores = [PostgresStore.open(url, pool_size=1) for _ in range(6)]
            await asyncio.gather(*(each.ready() for each in stores))
            await two_connections(stores[0])
            assert len(await stores[5].connections()) == 2
            for each in stores:
                await each.close()

        asyncio.run(play())
