"""The log is read on and pruned in the background, and no request waits for it or fails by it."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.conftest import Vestibule, database_url, running
from tests.store.staging import HERE, THERE, an_exchange, two_connections
from vestibule import connections, ids, settings
from vestibule.clock import SystemClock
from vestibule.cycles import SETTLED, overview
from vestibule.model import Exchange
from vestibule.server import housekeeping
from vestibule.server.housekeeping import Housekeeper
from vestibule.settings import InvalidSettings
from vestibule.store import ExchangeQuery, Store, Unreachable
from vestibule.store.opening import open_store

DAY = 86_400_000_000
NOW = 1_795_507_200_000_000


class At:
    """A clock that stands still."""

    def __init__(self, now: int = NOW) -> None:
        self.instant = now

    def now(self) -> int:
        return self.instant


def exchange(days: float, connection_id: str = HERE, **rest: Any) -> Exchange:
    """An exchange so many days ago."""
    at = NOW - int(days * DAY)
    return replace(an_exchange(1, connection_id, **rest), id=ids.first_id("req", at), at=at)


def kept(folder: Path, work: Any) -> Any:
    async def play() -> Any:
        store = open_store(database_url(folder))
        try:
            await store.ready()
            await two_connections(store)
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(play())


async def ages(store: Store, connection_id: str = HERE) -> list[int]:
    found = await store.exchanges(connection_id, ExchangeQuery(limit=10_000))
    return [round((NOW - each.at) / DAY) for each in found]


@pytest.fixture(autouse=True)
def breathless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "BREATH", 0)
    monkeypatch.setattr(housekeeping, "PRUNED", 3)


def test_what_is_older_than_the_days_goes_and_what_it_told_of_cycles_stays(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        for days in (31, 30.5, 29, 1):
            store.record(exchange(days, resource_type="User", target="ana"))
        store.record(exchange(40, THERE))
        await store.flush()
        await Housekeeper(store, At(), 30, 10**9).round()
        assert await ages(store) == [1, 29]
        assert await ages(store, THERE) == []
        assert '"contacts":4' in (await store.traffic(HERE)).document

    kept(tmp_path, work)


def test_of_a_log_that_is_too_large_the_oldest_go(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        for days in range(1, 21):
            store.record(exchange(days, request_body="x" * 5_000))
        await store.flush()
        await Housekeeper(store, At(), 30, 30_000).round()
        assert await ages(store) == [1, 2, 3, 4, 5]
        assert 25_000 < (await store.traffic(HERE)).size <= 30_000

    kept(tmp_path, work)


def test_what_has_just_come_is_read_a_little_later(tmp_path: Path) -> None:
    """As a slower request that began before may be recorded after it."""

    async def work(store: Store) -> None:
        store.record(exchange(0))
        await store.flush()
        clock = At()
        keeper = Housekeeper(store, clock, 30, 10**9)
        await keeper.round()
        assert (await store.traffic(HERE)).read_to == ""
        assert keeper.due == {HERE}
        clock.instant += SETTLED + 1_000
        await keeper.round()
        assert ((await store.traffic(HERE)).read_to, keeper.due) == (exchange(0).id, set())

    kept(tmp_path, work)


def test_after_a_clock_was_set_back_what_comes_is_told_and_nobody_waits_for_the_future(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        store.record(exchange(-400, resource_type="User", target="ana", method="POST", status=201))
        await store.flush()
        await Housekeeper(store, At(NOW + 401 * DAY), 30, 10**9).round()
        store.record(exchange(0, resource_type="User", target="ben", method="POST", status=409))
        await store.flush()
        keeper = Housekeeper(store, At(NOW + 1_000), 30, 10**9)
        await keeper.round()
        await keeper.round()
        seen = await overview(store, HERE, NOW + 1_000)
        assert (seen.history.last_contact, seen.verdict.state, seen.telling) == (NOW, "escrow", exchange(0).id)
        later = Housekeeper(store, At(NOW + 60_000_000), 30, 10**9, keeper.due)
        await later.round()
        assert (later.due, (await store.traffic(HERE)).read_to) == (set(), exchange(0).id)

    kept(tmp_path, work)


def test_two_processes_may_keep_the_same_log(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        for number in range(1, 700):
            store.record(exchange(number / 1_000))
        await store.flush()
        keepers = [Housekeeper(store, At(NOW + DAY), 1, 10**9, {HERE}) for _ in range(3)]
        await asyncio.gather(*(each.round() for each in keepers))
        assert '"contacts":699' in (await store.traffic(HERE)).document
        assert await ages(store) == []
        assert (await store.traffic(HERE)).size == 0

    kept(tmp_path, work)


def test_a_fault_is_told_and_the_rounds_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "ROUND", 0.01)

    async def work(store: Store) -> None:
        store.record(exchange(40))
        await store.flush()
        real, faults = store.read_traffic, [Unreachable("The disk is full."), RuntimeError("odd")]

        async def read_traffic(*arguments: Any) -> int:
            if faults:
                raise faults.pop()
            return await real(*arguments)

        monkeypatch.setattr(store, "read_traffic", read_traffic)
        with capture_logs() as said:
            keeping = asyncio.create_task(Housekeeper(store, At(), 30, 10**9).run())
            deadline = time.monotonic() + 20
            while await ages(store):
                assert time.monotonic() < deadline
                await asyncio.sleep(0.02)
            keeping.cancel()
        assert [each["event"] for each in said] == ["the log could not be kept", "the log waits to be kept"]

    kept(tmp_path, work)


def test_a_log_that_cannot_be_read_does_not_keep_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(store: Store) -> None:
        for connection_id in (HERE, THERE):
            store.record(exchange(40, connection_id))
        await store.flush()
        real = store.read_traffic

        async def read_traffic(connection_id: str, *rest: Any) -> int:
            if connection_id == HERE:
                raise ValueError("odd")
            return await real(connection_id, *rest)

        monkeypatch.setattr(store, "read_traffic", read_traffic)
        keeper = Housekeeper(store, At(), 30, 10**9)
        with capture_logs() as said:
            await keeper.round()
        assert (await ages(store, HERE), await ages(store, THERE), keeper.due) == ([40], [], {HERE})
        assert [(each["event"], each["connection_id"]) for each in said] == [("the log could not be kept", HERE)]

    assert HERE < THERE
    kept(tmp_path, work)


def test_a_running_server_prunes_what_is_too_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "ROUND", 0.05)
    with running(database_url(tmp_path), log_days=1) as vestibule:
        connection_id = vestibule.connection().id
        token, text = vestibule.token(connection_id)
        assert token.connection_id == connection_id
        old(vestibule, connection_id)
        with vestibule.client(connection_id, text) as client:
            deadline = time.monotonic() + 20
            while True:
                assert client.get("/Users?count=0").status_code == 200
                found = vestibule.admin(lambda store: store.exchanges(connection_id, ExchangeQuery(limit=1_000)))
                if all(each.at > NOW for each in found):
                    break
                assert time.monotonic() < deadline
                time.sleep(0.1)
        made = vestibule.admin(lambda store: connections.the_connection(store, connection_id))
        assert made.id == connection_id


def old(vestibule: Vestibule, connection_id: str) -> None:
    async def work(store: Store) -> None:
        at = SystemClock().now() - 3 * DAY
        for number in range(10):
            made = an_exchange(number, connection_id)
            store.record(replace(made, id=ids.first_id("req", at + number * 1_000), at=min(at, NOW - 1)))
        await store.flush()

    vestibule.admin(work)


@pytest.mark.parametrize("value", ["0", "-1", "x", "1.5", "99999999", "١"])
def test_a_bound_that_is_none_is_refused_by_name(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VESTIBULE_LOG_DAYS", "VESTIBULE_LOG_MEGABYTES"):
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            with pytest.raises(InvalidSettings, match=name):
                settings.read()


def test_the_bounds_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (settings.read().log_days, settings.read().log_megabytes) == (30, 256)
    monkeypatch.setenv("VESTIBULE_LOG_DAYS", "7")
    monkeypatch.setenv("VESTIBULE_LOG_MEGABYTES", "1000")
    assert (settings.read().log_days, settings.read().log_megabytes) == (7, 1_000)
