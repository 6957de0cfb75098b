"""A database of an earlier version is refused with words on what to do, upgraded whole or not at all, and kept."""

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.databases import ENGINES, url_in
from tests.postgres import ask
from tests.store.contents import empty_database, filled_database, rows_of, with_store
from tests.store.released.load import RELEASED, load_released
from tests.store.staging import HERE, a_user
from vestibule.store import SchemaMismatch, Unreachable, schema
from vestibule.store.postgres_database import PostgresDatabase
from vestibule.store.relational import RelationalStore
from vestibule.store.sqlite_file import open_file
from vestibule.store.upgrade import Upgraded, upgrade
from vestibule.store.urls import path_of
from vestibule.store.verify import verify
from vestibule.store.whole import whole

NEXT = """
-- A column with its index, and a table.
ALTER TABLE users ADD COLUMN nickname TEXT;
UPDATE users SET nickname = user_name_ci;
CREATE INDEX users_by_nickname ON users (connection_id, nickname);
CREATE TABLE badges (connection_id TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (connection_id, id)) WITHOUT ROWID;
"""
BROKEN = f"{NEXT} UPDATE badges SET nothing = 1;"


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


def with_next(folder: Path, statements: str) -> Path:
    """The migrations that there are, and one more."""
    folder.mkdir()
    for file in schema.MIGRATIONS.glob("*.sql"):
        shutil.copy(file, folder)
    (folder / f"{schema.latest() + 1:04}.sql").write_text(statements)
    return folder


def open_with(url: str, migrations: Path) -> None:
    """Open a database as a Vestibule that has these migrations does."""
    path = path_of(url)
    if path is not None:
        open_file(path, migrations=migrations).close()
        return

    async def play() -> None:
        database = PostgresDatabase(url, migrations=migrations)
        try:
            await database.pool()
        finally:
            await database.close()

    asyncio.run(play())


def column(url: str, sql: str) -> list[object]:
    async def read() -> list[object]:
        async with whole(url) as found:
            return [row[0] for row in await found.db.rows(sql)]

    return asyncio.run(read())


def test_a_database_of_the_version_before_is_refused_until_it_is_upgraded(tmp_path: Path, engine: str) -> None:
    url, migrations = filled_database(tmp_path / "db", engine), with_next(tmp_path / "next", NEXT)
    before = rows_of(url)
    with pytest.raises(SchemaMismatch, match="vestibule db upgrade") as caught:
        open_with(url, migrations)
    assert f"version {schema.latest()}" in str(caught.value)
    assert rows_of(url) == before
    assert asyncio.run(upgrade(url, migrations)) == Upgraded(schema.latest(), schema.latest() + 1)
    open_with(url, migrations)
    assert rows_of(url) == before
    assert column(url, "SELECT nickname FROM users ORDER BY nickname LIMIT 1") == ["ana@example.com"]
    assert column(url, "SELECT count(*) FROM badges") == [0]


def test_an_upgrade_is_done_once(tmp_path: Path, engine: str) -> None:
    url, migrations = filled_database(tmp_path / "db", engine), with_next(tmp_path / "next", NEXT)
    asyncio.run(upgrade(url, migrations))
    before = rows_of(url)
    assert asyncio.run(upgrade(url, migrations)) == Upgraded(schema.latest() + 1, schema.latest() + 1)
    assert rows_of(url) == before


def test_a_step_that_fails_leaves_the_version_before(tmp_path: Path, engine: str) -> None:
    url, migrations = filled_database(tmp_path / "db", engine), with_next(tmp_path / "next", BROKEN)
    before = rows_of(url)
    with pytest.raises(
        Unreachable, match=rf"from schema version {schema.latest()} failed; nothing was changed\..*nothing"
    ):
        asyncio.run(upgrade(url, migrations))
    assert column(url, "SELECT version FROM schema_version") == [schema.latest()]
    assert rows_of(url) == before

    async def goes_on(store: RelationalStore) -> None:
        await store.create_user(a_user(99))

    with_store(url, goes_on)
    with pytest.raises(SchemaMismatch, match="vestibule db upgrade"):
        open_with(url, migrations)


def test_where_there_is_no_database_one_is_made(tmp_path: Path, engine: str) -> None:
    url = url_in(tmp_path, engine)
    assert asyncio.run(upgrade(url)) == Upgraded(None, schema.latest())
    assert rows_of(url) == rows_of(empty_database(tmp_path / "other", engine))


def test_a_database_of_a_later_version_is_left_alone(tmp_path: Path, engine: str) -> None:
    url, migrations = filled_database(tmp_path / "db", engine), with_next(tmp_path / "next", NEXT)
    asyncio.run(upgrade(url, migrations))
    with pytest.raises(SchemaMismatch, match="use the version of Vestibule that made it"):
        asyncio.run(upgrade(url))
    assert column(url, "SELECT count(*) FROM badges") == [0]


@pytest.mark.parametrize("version", RELEASED)
def test_every_released_version_can_be_upgraded(tmp_path: Path, engine: str, version: int) -> None:
    """Its people are all there, by their ids and names, and the store goes on with them."""
    url = url_in(tmp_path, engine)
    load_released(url, version)
    assert asyncio.run(upgrade(url)) == Upgraded(version, schema.latest())

    async def look(store: RelationalStore) -> None:
        assert (await store.user_named(HERE, "JÖRG STRASSE@example.com")).id == "usr_00001"
        assert [each.user_id for each in await store.members(HERE, "grp_2")] == ["usr_00001"]
        assert [each.ref for each in await store.pending(HERE, "grp_2")] == ["Stranger", "grp_1"]
        assert (await store.credentials(HERE, "tok_1")).secret_hash == b"\x00\xff hash"
        await store.create_user(a_user(99, userName="Stranger"))
        assert (await verify(store.engine)).kinds == {}

    with_store(url, look)


def test_the_present_version_has_a_dump_or_is_not_released() -> None:
    """Every dump is of a version that can be upgraded, and there is one of the first."""
    known = [each.version for each in schema.steps()]
    assert RELEASED[0] == known[0]
    assert set(RELEASED) <= set(known)


def test_several_upgrade_at_once(tmp_path: Path) -> None:
    """As several servers do that are started together: one does it, the others find it done."""
    url = url_in(tmp_path, "postgresql")
    load_released(url, RELEASED[0])

    async def play() -> list[Upgraded]:
        return await asyncio.gather(*(upgrade(url) for _ in range(4)))

    assert {each.after for each in asyncio.run(play())} == {schema.latest()}
    assert ask(url, "SELECT version FROM schema_version") == [(schema.latest(),)]
