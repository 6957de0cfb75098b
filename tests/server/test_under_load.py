"""Many clients at once, several processes, and a plug that is pulled: on both engines nothing answered is lost."""

import threading
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

from tests.conftest import ENGINES, Tenant, a_tenant, database_url
from tests.process import Process, serving
from tests.server.wire import GROUP, PATCH, USER

CLIENTS = 32


@pytest.fixture(params=ENGINES)
def process(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[Process]:
    """Two processes that serve one database."""
    with serving(database_url(tmp_path_factory.mktemp("load"), request.param), workers=2) as made:
        yield made


@pytest.fixture
def tenant(process: Process) -> Generator[Tenant]:
    with a_tenant(process.vestibule) as made:
        yield made


def members_patch(op: str, *ids: str) -> dict[str, Any]:
    value = [{"value": each} for each in ids]
    return {"schemas": [PATCH], "Operations": [{"op": op, "path": "members", "value": value}]}


@dataclass
class Answered:
    """What the server said it had done."""

    users: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    leaving: list[str] = field(default_factory=list)
    """Who was asked to go, answered or not."""
    gone: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, listed: list[str], user_id: str) -> None:
        with self.lock:
            listed.append(user_id)


def provision(tenant: Tenant, number: int, group_id: str, answered: Answered, until: float) -> None:
    """Make users, put each into the group, and take every fifth out again, until the server is gone."""
    with tenant.vestibule.client(tenant.connection_id, tenant.text) as http:
        for count in range(10_000):
            if time.monotonic() > until:
                return
            try:
                name = f"user-{number}-{count}@example.com"
                made = http.post("/Users", json={"schemas": [USER], "userName": name})
                if made.status_code != 201:
                    return
                user_id = made.json()["id"]
                answered.note(answered.users, user_id)
                if http.patch(f"/Groups/{group_id}", json=members_patch("add", user_id)).status_code == 204:
                    answered.note(answered.members, user_id)
                if count % 5 < 4:
                    continue
                answered.note(answered.leaving, user_id)
                if http.patch(f"/Groups/{group_id}", json=members_patch("remove", user_id)).status_code == 204:
                    answered.note(answered.gone, user_id)
            except httpx2.TransportError:
                return


def test_what_was_answered_outlives_a_kill_in_the_middle_of_the_work(process: Process, tenant: Tenant) -> None:
    group_id = tenant.http.post("/Groups", json={"schemas": [GROUP], "displayName": "everybody"}).json()["id"]
    answered = Answered()
    with ThreadPoolExecutor(8) as clients:
        until = time.monotonic() + 30
        work = [clients.submit(provision, tenant, number, group_id, answered, until) for number in range(8)]
        while len(answered.members) < 150:
            assert time.monotonic() < until
            time.sleep(0.01)
        process.kill()
        for each in work:
            each.result()
    process.start()
    for user_id in answered.users:
        assert tenant.http.get(f"/Users/{user_id}").status_code == 200
    group = tenant.http.get(f"/Groups/{group_id}").json()
    present = {each["value"] for each in group["members"]}
    assert set(answered.members) - set(answered.leaving) <= present
    assert answered.gone
    assert not present & set(answered.gone)
    total = tenant.http.get("/Users?count=0").json()["totalResults"]
    assert len(answered.users) <= total <= len(answered.users) + 8
    kept = tenant.vestibule.admin(lambda store: store.group(tenant.connection_id, group_id))
    assert kept.member_count == len(present)


def test_32_clients_that_patch_one_group_lose_nothing(tenant: Tenant) -> None:
    """Each adds 6 people, one by one, and takes two of them out again; in the end exactly the others are there."""
    bulk = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": [
            {"method": "POST", "path": "/Users", "bulkId": str(n), "data": {"schemas": [USER], "userName": f"u{n}"}}
            for n in range(CLIENTS * 6)
        ],
    }
    made = tenant.http.post("/Bulk", json=bulk, timeout=60).json()["Operations"]
    ids = [each["location"].rsplit("/", 1)[1] for each in made]
    group_id = tenant.http.post("/Groups", json={"schemas": [GROUP], "displayName": "hot"}).json()["id"]
    begin = threading.Barrier(CLIENTS)

    def patch(number: int) -> None:
        own = ids[number * 6 : number * 6 + 6]
        with tenant.vestibule.client(tenant.connection_id, tenant.text) as http:
            begin.wait(30)
            for op, who in [*(("add", each) for each in own), *(("remove", each) for each in own[:2])]:
                answer = http.patch(f"/Groups/{group_id}", json=members_patch(op, who), timeout=60)
                assert answer.status_code == 204, answer.text

    with ThreadPoolExecutor(CLIENTS) as clients:
        list(clients.map(patch, range(CLIENTS)))
    wanted = {each for number, each in enumerate(ids) if number % 6 >= 2}
    group = tenant.http.get(f"/Groups/{group_id}").json()
    assert {each["value"] for each in group["members"]} == wanted
    kept = tenant.vestibule.admin(lambda store: store.group(tenant.connection_id, group_id))
    assert (kept.member_count, kept.version) == (len(wanted), 1 + CLIENTS * 8)
