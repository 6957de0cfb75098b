"""Entra's engine against a connection whose limit is far below what it sends."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.rehearsal.target import Ticking
from vestibule import connections
from vestibule.entra.graph import Tenant, TenantGroup, TenantUser
from vestibule.rehearsal import Target, rehearse
from vestibule.scim.scopes import SCOPES
from vestibule.server.app import create_app
from vestibule.settings import Settings
from vestibule.store import ExchangeQuery
from vestibule.store.sqlite import SqliteStore

CYCLE = 40 * 60_000_000
PEOPLE = tuple(
    TenantUser(f"id{i}", f"user{i}@x.com", manager="id0" if i else None, attributes={"mail": f"user{i}@x.com"})
    for i in range(40)
)
ACME = Tenant(PEOPLE, (TenantGroup("gid", "team", tuple(each.id for each in PEOPLE)),))


@dataclass(frozen=True)
class Ended:
    """What the cycles came to, and what the log of the connection has of them."""

    cycles: list[Any]
    codes: list[str]
    missing: list[Any]
    statuses: list[int]


async def cycles(path: Path, rate: int, count: int, mode: str) -> Ended:
    clock = Ticking()
    store = SqliteStore.open(str(path / "v.db"), upgrade=True)
    enterprise = await connections.create_enterprise(store, clock, "Acme")
    connection = await connections.create_connection(store, clock, enterprise.id, "entra")
    made = await connections.create_token(store, clock, connection.id, frozenset(SCOPES))
    app = create_app(store, Settings(base_url="http://v.test", scim_rate=rate), clock)
    target = Target(f"http://v.test/scim/v2/connections/{connection.id}{mode}", made.text)
    reports, codes, done = [], [], None
    for _ in range(count):
        transport = httpx2.ASGITransport(app=app)  # pyright: ignore[reportArgumentType]
        done = await rehearse(ACME, target, str(path / "job.db"), clock=clock, transport=transport)
        reports += done.cycles
        infos = [each["provisioningStatusInfo"]["errorInformation"] for each in done.log]
        codes += [each["errorCode"] for each in infos if each]
        clock.time += CYCLE
    await store.flush()
    kept = await store.exchanges(connection.id, ExchangeQuery(limit=2_000))
    await store.close()
    assert done is not None
    return Ended(reports, codes, done.as_json()["rollcall"]["groups"][0]["missing"], [each.status for each in kept])


@pytest.mark.parametrize("mode", ["", "?aadOptscim062020"])
def test_a_tight_limit_makes_the_sync_late_and_not_wrong(tmp_path: Path, mode: str) -> None:
    done = asyncio.run(cycles(tmp_path, 1, 8, mode))
    assert done.missing == []
    assert set(done.codes) == {"TooManyRequests"}
    assert done.cycles[0].users["failed"] > 20
    assert done.cycles[-1].requests == 0
    # The rehearsal itself counts who is there at the end of each run, and is refused as well.
    assert done.statuses.count(429) >= len(done.codes)


def test_the_default_limit_is_in_nobodys_way(tmp_path: Path) -> None:
    done = asyncio.run(cycles(tmp_path, Settings().scim_rate, 2, ""))
    assert (done.missing, done.codes, done.statuses.count(429)) == ([], [], 0)
