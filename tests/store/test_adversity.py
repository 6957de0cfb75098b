"""What a hostile or unlucky caller does to the embedded engine."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

import vestibule.store as interface
from tests.store.conformance_groups import adding, removing
from tests.store.staging import (
    HERE,
    LATER,
    a_group,
    a_user,
    an_exchange,
    edited,
    ids_of,
    people,
    two_connections,
    users_where,
)
from vestibule.scim.dialects import Notes
from vestibule.scim.errors import InvalidPath
from vestibule.scim.filter_ast import Filter
from vestibule.scim.patch import compile_group, read_patch
from vestibule.store import ExchangeQuery, Store, Taken, UnknownMembers, Unsupported
from vestibule.store.sqlite import SqliteStore

PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def in_memory(play: Callable[[Store], Awaitable[None]]) -> None:
    """Play with a fresh store."""

    async def whole() -> None:
        store = SqliteStore.open(":memory:")
        await two_connections(store)
        await play(store)
        await store.close()

    asyncio.run(whole())


def test_an_id_with_a_nul_is_nobodys() -> None:
    """SQLite's json_each would cut it to the id of someone else: neither may that one join nor leave."""

    async def play(store: Store) -> None:
        [ana] = await people(store, 1)
        await store.create_group(a_group())
        with pytest.raises(UnknownMembers):
            await store.change_group(HERE, "grp_1", adding(f"{ana}\0junk"), LATER)
        await store.change_group(HERE, "grp_1", adding(ana), LATER)
        done = await store.change_group(HERE, "grp_1", removing(f"{ana}\0junk"), LATER)
        assert (done.left, done.absent) == ((), 1)

    in_memory(play)


def test_a_patch_cannot_remove_someone_by_an_id_with_a_nul() -> None:
    """The way from the wire: it is refused before the store hears of it."""
    operation = {"op": "remove", "path": 'members[value eq "usr_1\\u0000junk"]'}
    body = {"schemas": [PATCH], "Operations": [operation]}
    with pytest.raises(InvalidPath, match="NUL"):
        compile_group(read_patch(body, Notes()), "grp_1", Notes())


LONG = [" or ", " and "]
NESTED = [
    ("not (", "title pr"),
    ('title eq "a" or (', "emails.value pr"),
    ('title ne "a" and (title ne "b" or not (', 'emails[type eq "work" and not (value eq "x")]'),
    ('emails.type ne "x" or (title ne "b" and (', "title pr"),
]


@pytest.mark.parametrize(
    "text",
    [
        *[word.join(f'title ne "{number}"' for number in range(190)) for word in LONG],
        *[
            opening * (36 // opening.count("(")) + inner + ")" * (36 // opening.count("(") * opening.count("("))
            for opening, inner in NESTED
        ],
    ],
    ids=["or", "and", "nots", "ors", "mixed", "alternating"],
)
def test_the_largest_filters_that_can_be_read_can_be_answered(text: str) -> None:
    """Or are refused as Unsupported; SQLite's own limits must not come out as a fault."""
    where: Filter = users_where(text)

    async def play(store: Store) -> None:
        await people(store, 2)
        assert (await store.users(HERE, where)).total <= 2

    in_memory(play)


@pytest.mark.parametrize("op", ["sw", "co", "ew"])
def test_a_time_as_text_is_refused(op: str) -> None:
    """Times are numbers here: a piece of their text cannot be looked for, so it must not be denied either."""

    async def play(store: Store) -> None:
        await people(store, 1)
        with pytest.raises(Unsupported):
            await store.users(HERE, users_where(f'meta.created {op} "2025-11-24T16:00:00Z"'))

    in_memory(play)


def test_an_id_that_is_there_already_is_taken() -> None:
    """It is not the connection that is missing."""

    async def play(store: Store) -> None:
        await people(store, 1)
        await store.create_group(a_group())
        with pytest.raises(Taken):
            await store.create_user(a_user(0, userName="other"))
        with pytest.raises(Taken):
            await store.create_group(a_group("Other"))

    in_memory(play)


def test_a_closed_store_refuses_writes_at_once() -> None:
    """Nobody waits for an answer that never comes; closing twice and noting after it are harmless."""

    async def play(store: Store) -> None:
        await store.close()
        with pytest.raises(interface.Unreachable):
            await asyncio.wait_for(store.create_user(a_user(1)), 2)
        store.record(an_exchange(1))

    in_memory(play)


def test_what_is_recorded_outlasts_a_lock(tmp_path: Path) -> None:
    """A backup that holds the file loses no log: flush says that it failed, and the next one writes it."""

    async def play() -> None:
        store = SqliteStore.open(str(tmp_path / "v.db"))
        await two_connections(store)
        store.engine.patience = 0.02  # pyright: ignore[reportAttributeAccessIssue] -- the embedded one
        other = sqlite3.connect(tmp_path / "v.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        store.record(an_exchange(1))
        with pytest.raises(interface.Unreachable):
            await store.flush()
        other.execute("ROLLBACK")
        other.close()
        await store.flush()
        assert ids_of(await store.exchanges(HERE, ExchangeQuery())) == ["req_0001"]
        await store.close()

    asyncio.run(play())


def test_a_fault_of_the_engine_is_the_interfaces_unreachable(tmp_path: Path) -> None:
    """Whoever catches `vestibule.store.Unreachable` catches it."""
    with pytest.raises(interface.Unreachable):
        SqliteStore.open(str(tmp_path / "missing" / "v.db"))


def test_an_address_is_found_as_it_is_now() -> None:
    """After a change and after a delete, with its type and without; no type is no kind of type."""
    work, home = ({"type": kind, "value": f"Ana@{kind}.example"} for kind in ("work", "home"))

    async def found(store: Store, text: str) -> list[str]:
        return ids_of((await store.users(HERE, users_where(text))).items)

    async def play(store: Store) -> None:
        ana = a_user(1, emails=[work, {"value": "bare@x"}])
        await store.create_user(ana)
        assert await found(store, 'emails[type eq "WORK" and value eq "ana@WORK.example"]') == [ana.id]
        assert await found(store, 'emails[value eq "bare@x"]') == [ana.id]
        assert await found(store, 'not (emails.value eq "bare@x")') == []
        for none in ('type eq "" and value eq "bare@x"', 'type eq "work" and value eq "bare@x"', 'value eq ""'):
            assert await found(store, f"emails[{none}]") == []
        await store.change_user(HERE, ana.id, lambda user: edited(user, emails=[home]))
        assert await found(store, 'emails.value eq "ana@work.example"') == []
        assert await found(store, 'emails.value eq "ana@home.example"') == [ana.id]
        await store.delete_user(HERE, ana.id, LATER)
        assert await found(store, 'emails.value eq "ana@home.example"') == []
        await store.create_user(ana)
        assert await found(store, 'emails.value eq "ana@work.example"') == [ana.id]

    in_memory(play)
