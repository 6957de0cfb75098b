"""A backup is one state of the whole database, taken while the server goes on; a restore is all of it or nothing."""

import asyncio
import sqlite3
import stat
from pathlib import Path

import pytest

from tests.databases import ENGINES, edit, url_in
from tests.store.contents import empty_database, filled_database, rows_of, with_store
from tests.store.released.load import RELEASED, load_released
from tests.store.staging import HERE, a_user
from vestibule.store import Declined, SchemaMismatch, Unreachable, schema
from vestibule.store import backup as backup_module
from vestibule.store.backup import Copied, backup, restore
from vestibule.store.relational import RelationalStore
from vestibule.store.verify import verify


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


def back_up(url: str, file: Path) -> Copied:
    return asyncio.run(backup(url, file))


def put_back(url: str, file: Path) -> Copied:
    return with_store(url, lambda store: restore(store.engine, file))


@pytest.mark.parametrize("there", ENGINES)
def test_what_was_backed_up_is_restored_row_for_row(tmp_path: Path, engine: str, there: str) -> None:
    """From either engine into either: keys, tokens and the log, too."""
    url, other = filled_database(tmp_path / "here", engine), empty_database(tmp_path / "there", there)
    copied = back_up(url, tmp_path / "file")
    assert put_back(other, tmp_path / "file") == copied
    rows = rows_of(url)
    assert rows_of(other) == rows
    assert copied == Copied(schema.latest(), {table: len(each) for table, each in rows.items()})

    async def goes_on(store: RelationalStore) -> None:
        await store.create_user(a_user(50, userName="stranger"))
        assert len(await store.members(HERE, "grp_2")) == 2
        assert (await verify(store.engine)).kinds == {}

    with_store(other, goes_on)


def test_a_backup_is_one_file_for_its_owner_alone(tmp_path: Path, engine: str) -> None:
    url, folder = filled_database(tmp_path / "here", engine), tmp_path / "backups"
    folder.mkdir()
    file = folder / "file"
    back_up(url, file)
    assert [each.name for each in folder.iterdir()] == ["file"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_backup_has_nothing_of_what_is_written_meanwhile(
    tmp_path: Path, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though it is written in the middle of it, and waits for nobody."""
    monkeypatch.setattr(backup_module, "PAGES", 1)
    url, file = filled_database(tmp_path / "here", engine), tmp_path / "file"
    before, written = rows_of(url), 0

    def note(what: str, done: int, total: int) -> None:
        nonlocal written
        if done > 0 and written < 3:
            written += 1
            edit(url, f"INSERT INTO enterprises (id, name, created_at) VALUES ('ent_new{written}', 'New', 1)")

    asyncio.run(backup(url, file, note))
    assert written == 3
    assert len(rows_of(url)["enterprises"]) == 4
    assert rows_of(f"sqlite:///{file}") == before


def test_a_backup_takes_the_place_of_an_older_one_when_it_is_whole(
    tmp_path: Path, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, file = filled_database(tmp_path / "here", engine), tmp_path / "file"
    back_up(url, file)
    first = file.read_bytes()
    edit(url, "INSERT INTO enterprises (id, name, created_at) VALUES ('ent_new', 'New', 1)")

    def fails(what: str, done: int, total: int) -> None:
        raise InterruptedError("the machine went down")

    with pytest.raises(Declined, match="cannot be written"):
        asyncio.run(backup(url, file, fails))
    assert (file.read_bytes(), len(list(tmp_path.glob("file*")))) == (first, 1)
    assert back_up(url, file).rows["enterprises"] == 2


def test_the_database_is_not_its_own_backup(tmp_path: Path) -> None:
    url = filled_database(tmp_path, "sqlite")
    before = rows_of(url)
    with pytest.raises(Declined, match="is the database itself"):
        back_up(url, tmp_path / "vestibule.db")
    assert rows_of(url) == before


@pytest.mark.parametrize(
    ("name", "told"), [("missing/file", "cannot be written: No such file or directory"), (".", "cannot be written")]
)
def test_a_place_that_cannot_be_written_is_told(tmp_path: Path, name: str, told: str) -> None:
    with pytest.raises(Declined, match=told):
        back_up(filled_database(tmp_path / "here", "sqlite"), tmp_path / name)


def test_a_database_with_data_is_not_restored_into(tmp_path: Path, engine: str) -> None:
    """But one that a server was only started on."""
    file = tmp_path / "file"
    back_up(filled_database(tmp_path / "here", "sqlite"), file)
    other = empty_database(tmp_path / "there", engine)
    with_store(other, lambda store: store.key("cursors"))
    put_back(other, file)
    before = rows_of(other)
    with pytest.raises(Declined, match=r"not empty \(enterprises\).*Name an empty one with --database"):
        put_back(other, file)
    assert rows_of(other) == before == rows_of(f"sqlite:///{file}")


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE users SET user_name_ci = 'same'", "cannot be restored, and nothing was: users: "),
        ("UPDATE members SET user_id = user_id || 'x'", "cannot be restored, and nothing was: "),
    ],
)
def test_a_backup_that_breaks_a_rule_is_not_restored_by_half(
    tmp_path: Path, engine: str, statement: str, told: str
) -> None:
    """The rows that came before it are not there either."""
    file, other = tmp_path / "file", empty_database(tmp_path / "there", engine)
    back_up(filled_database(tmp_path / "here", "sqlite"), file)
    edit(f"sqlite:///{file}", "DROP INDEX users_user_name", statement)
    with pytest.raises(Declined, match=told):
        put_back(other, file)
    assert not any(rows_of(other).values())


def test_a_text_where_a_number_belongs_is_told(tmp_path: Path) -> None:
    """SQLite keeps it, PostgreSQL does not."""
    file, other = tmp_path / "file", empty_database(tmp_path / "there", "postgresql")
    back_up(filled_database(tmp_path / "here", "sqlite"), file)
    edit(f"sqlite:///{file}", "UPDATE users SET version = 'one' WHERE id = 'usr_00004'")
    with pytest.raises(Declined, match="nothing was: users: "):
        put_back(other, file)
    assert not any(rows_of(other).values())


def test_rows_that_do_not_arrive_are_noticed(tmp_path: Path, engine: str) -> None:
    """What was written is read back before it stays: here the database itself changes it on the way."""
    file, other = tmp_path / "file", empty_database(tmp_path / "there", engine)
    back_up(filled_database(tmp_path / "here", "sqlite"), file)
    if engine == "sqlite":
        edit(other, "CREATE TRIGGER lossy AFTER INSERT ON audit BEGIN DELETE FROM audit WHERE id = 'aud_2'; END")
    else:
        edit(other, TRIGGER)
    with pytest.raises(Declined, match="audit"):
        put_back(other, file)
    assert not any(rows_of(other).values())


TRIGGER = """
CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN IF NEW.id = 'aud_2' THEN RETURN NULL; END IF; RETURN NEW; END$$;
CREATE TRIGGER lossy BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION lose()
"""


@pytest.mark.parametrize(
    ("content", "told", "error"),
    [
        (b"These are my notes. " * 100, "cannot be read", Unreachable),
        (b"", "empty file", SchemaMismatch),
    ],
)
def test_what_is_no_backup_is_refused(tmp_path: Path, engine: str, content: bytes, told: str, error: type) -> None:
    file, other = tmp_path / "file", empty_database(tmp_path / "there", engine)
    file.write_bytes(content)
    with pytest.raises(error, match=told):
        put_back(other, file)
    assert not any(rows_of(other).values())


def test_a_database_of_another_program_is_no_backup(tmp_path: Path) -> None:
    file, other = tmp_path / "file", empty_database(tmp_path / "there", "sqlite")
    with sqlite3.connect(file) as db:
        db.execute("CREATE TABLE theirs (x)")
    db.close()
    with pytest.raises(SchemaMismatch, match="some other program"):
        put_back(other, file)


def test_a_damaged_backup_is_refused(tmp_path: Path) -> None:
    """A page in the middle of the file was overwritten."""
    file, other = tmp_path / "file", empty_database(tmp_path / "there", "sqlite")
    back_up(filled_database(tmp_path / "here", "sqlite"), file)
    content = bytearray(file.read_bytes())
    content[8192 : 8192 + 4096] = b"\xff" * 4096
    file.write_bytes(content)
    with pytest.raises((Declined, Unreachable), match=r"damaged|malformed"):
        put_back(other, file)
    assert not any(rows_of(other).values())


@pytest.mark.parametrize("version", RELEASED)
def test_an_older_database_is_backed_up_as_it_is_and_restored_upgraded(
    tmp_path: Path, engine: str, version: int
) -> None:
    """As it is told to do before an upgrade."""
    url, file = url_in(tmp_path / "here", engine), tmp_path / "file"
    load_released(url, version)
    assert back_up(url, file).version == version
    before = file.read_bytes()
    other = empty_database(tmp_path / "there", engine)
    assert put_back(other, file).version == version
    assert file.read_bytes() == before
    assert len(rows_of(other)["keys"]) == 1

    async def look(store: RelationalStore) -> None:
        assert (await store.users(HERE)).total == 5
        assert (await verify(store.engine)).kinds == {}

    with_store(other, look)


def test_a_later_database_is_left_to_its_own_vestibule(tmp_path: Path, engine: str) -> None:
    url = filled_database(tmp_path / "here", engine)
    edit(url, "UPDATE schema_version SET version = 999")
    with pytest.raises(SchemaMismatch, match="999"):
        back_up(url, tmp_path / "file")
    assert not (tmp_path / "file").exists()


def test_nothing_is_made_where_there_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="There is no database"):
        back_up(f"sqlite:///{tmp_path}/typo.db", tmp_path / "file")
    assert list(tmp_path.iterdir()) == []
