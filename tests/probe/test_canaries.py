"""What a connection test makes is there for who asks for it by name, and nowhere else."""

import asyncio
import contextlib
import sqlite3
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tests.conftest import Tenant
from tests.probe.test_at_our_server import kept
from tests.server.wire import entry
from vestibule.canary import HEADER, PREFIX, SUFFIX, is_canary, mark
from vestibule.clock import SystemClock
from vestibule.cycles import overview
from vestibule.ids import new_id
from vestibule.probe import Report, probe
from vestibule.rollcall import Expectation, call_roll
from vestibule.scim.scopes import SCOPES
from vestibule.store import ExchangeQuery
from vestibule.store.sql.canaries import uncanny
from vestibule.store.verify import verify


def a_mark() -> str:
    return mark(new_id("can", SystemClock().now()))


def canary_user(tenant: Tenant, **rest: Any) -> Any:
    name = a_mark()
    body = {"userName": name, "externalId": name, "displayName": "Vestibule connection test", **rest}
    answer = tenant.http.post("/Users", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def canary_group(tenant: Tenant, *members: str) -> Any:
    name = a_mark()
    body = {"displayName": name, "externalId": name, "members": [{"value": each} for each in members]}
    answer = tenant.http.post("/Groups", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def run(tenant: Tenant) -> Report:
    return asyncio.run(probe(tenant.vestibule.scim_url(tenant.connection_id), tenant.text))


def listed(tenant: Tenant, path: str, **query: Any) -> tuple[int, list[str]]:
    body = tenant.http.get(path, params=query).json()
    return body["totalResults"], [each["id"] for each in body["Resources"]]


def is_clean(tenant: Tenant) -> bool:
    async def work(store: Any) -> bool:
        return (await verify(store.engine)).left == 0

    return tenant.vestibule.admin(work)


@pytest.mark.parametrize("query", [{}, {"filter": "active eq true"}, {"filter": "userName pr"}, {"sortBy": "userName"},
                                   {"filter": 'displayName co "connection test"'}, {"filter": "title pr or userName pr"},
                                   {"count": 0}, {"cursor": ""}], ids=str)  # fmt: skip
def test_a_canary_is_in_no_list_and_in_no_total(tenant: Tenant, query: dict[str, Any]) -> None:
    ana = tenant.http.post("/Users", json={"userName": "ana@example.com", "displayName": "connection test"}).json()
    before = listed(tenant, "/Users", **query)
    assert before[0] == 1
    canary_user(tenant)
    assert listed(tenant, "/Users", **query) == before
    assert ana["id"] in before[1] or query == {"count": 0}


@pytest.mark.parametrize("query", [{}, {"filter": "displayName pr"}, {"sortBy": "displayName"}], ids=str)
def test_a_canary_group_is_in_no_list(tenant: Tenant, query: dict[str, Any]) -> None:
    tenant.http.post("/Groups", json={"displayName": "Sales"}).raise_for_status()
    before = listed(tenant, "/Groups", **query)
    canary_group(tenant, canary_user(tenant)["id"])
    assert listed(tenant, "/Groups", **query) == before
    assert before[0] == 1


def test_who_asks_for_a_canary_by_name_id_or_mark_finds_it(tenant: Tenant) -> None:
    user = canary_user(tenant)
    group = canary_group(tenant, user["id"])
    for path, of, name in (("/Users", user, "userName"), ("/Groups", group, "displayName")):
        for attribute in ("id", "externalId", name):
            assert listed(tenant, path, filter=f'{attribute} eq "{of[attribute]}"') == (1, [of["id"]])
        assert listed(tenant, path, filter=f'{name} sw "vestibule-canary-"') == (1, [of["id"]])
        assert tenant.http.get(f"{path}/{of['id']}").status_code == 200


@pytest.mark.parametrize(
    ("name", "external_id"),
    [
        ("ana@example.com", "MARK"),
        ("MARK", "ana"),
        ("MARK", None),
        ("vestibule-canary-x@canary.example.com", "MARK"),
        ("MARK2", "MARKx"),
    ],
)
def test_one_mark_alone_hides_nobody(tenant: Tenant, name: str, external_id: str | None) -> None:
    marks = {"MARK": a_mark(), "MARK2": a_mark()}
    body = {"userName": marks.get(name, name), "externalId": marks.get(external_id or "", external_id)}
    assert not is_canary(body["userName"] or "", body["externalId"])
    made = tenant.http.post("/Users", json=body)
    assert made.status_code == 201
    assert listed(tenant, "/Users") == (1, [made.json()["id"]])


def test_counters_follow_who_becomes_a_canary_and_who_stops_to_be_one(tenant: Tenant) -> None:
    before = kept(tenant)
    user = canary_user(tenant)
    assert kept(tenant) == before
    rename: Any = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "replace", "path": "userName", "value": "ana@example.com"}],
    }
    assert tenant.http.patch(f"/Users/{user['id']}", json=rename).status_code == 200
    assert listed(tenant, "/Users") == (1, [user["id"]])
    rename["Operations"][0]["value"] = a_mark()
    assert tenant.http.patch(f"/Users/{user['id']}", json=rename).status_code == 200
    assert listed(tenant, "/Users") == (0, [])
    group = canary_group(tenant)
    rename["Operations"][0] |= {"path": "displayName", "value": "Sales"}
    assert tenant.http.patch(f"/Groups/{group['id']}", json=rename).status_code == 204
    assert listed(tenant, "/Groups") == (1, [group["id"]])
    assert is_clean(tenant)
    assert tenant.http.delete(f"/Groups/{group['id']}").status_code == 204
    assert tenant.http.delete(f"/Users/{user['id']}").status_code == 204
    assert kept(tenant)[0] == before[0]


def test_a_database_with_a_canary_in_it_is_verified_clean(tenant: Tenant) -> None:
    canary_group(tenant, canary_user(tenant)["id"])
    canary_user(tenant, active=False)
    assert is_clean(tenant)


def test_a_test_trips_no_guard_and_uses_up_nothing_of_it(tenant: Tenant) -> None:
    tenant.set(hold_deactivations=1, hold_emptied_group=1)
    people = [tenant.http.post("/Users", json={"userName": f"user{n}@example.com"}).json()["id"] for n in range(2)]
    for _ in range(3):
        assert run(tenant).proven
    before = kept(tenant)
    assert before[5] == [], "nothing is held"
    assert tenant.http.delete(f"/Users/{people[0]}").status_code == 204, "the one that is let through is still free"
    assert run(tenant).proven, "a test is not held when the guard is used up"
    assert tenant.http.delete(f"/Users/{people[1]}").status_code != 204, "the guard holds as before"


def test_a_canary_makes_no_conflict(tenant: Tenant) -> None:
    user = canary_user(tenant)
    body = {"userName": user["userName"], "externalId": user["externalId"]}
    assert tenant.http.post("/Users", json=body).status_code == 409
    assert kept(tenant)[4] == []


@pytest.mark.parametrize("scopes", [SCOPES, ("get:users",), ("get:users", "post:users", "patch:users", "delete:users")])
def test_a_test_is_in_no_cycle_and_changes_nothing_of_what_is_told_of_them(
    tenant: Tenant, scopes: tuple[str, ...]
) -> None:
    """Of a test with a token for users alone it was told that Entra has stopped its initial sync."""
    token, text = tenant.vestibule.token(tenant.connection_id, scopes)

    def told() -> tuple[str, int, int]:
        seen = tenant.vestibule.admin(lambda store: overview(store, tenant.connection_id, SystemClock().now()))
        return seen.verdict.state, seen.verdict.waiting, seen.history.contacts

    def recorded() -> int:
        query = ExchangeQuery(token_id=token.id, limit=1_000)
        return len(tenant.vestibule.admin(lambda store: store.exchanges(tenant.connection_id, query)))

    def tried() -> None:
        asyncio.run(probe(tenant.vestibule.scim_url(tenant.connection_id), text))
        # When this one is in the log, so is all that came before it.
        entry(tenant, tenant.http.get("/Users", params={"count": 0}, headers={HEADER: "1"}))

    tried()
    assert told() == ("never_called", 0, 0)
    assert recorded() >= 5
    tenant.http.post("/Users", json={"userName": "ana@example.com"}).raise_for_status()
    tried()
    assert told() == ("running", 0, 1)


def test_a_canary_is_in_no_roll_call(tenant: Tenant) -> None:
    ana = tenant.http.post("/Users", json={"userName": "ana@example.com"}).json()
    tenant.http.post("/Groups", json={"displayName": "Sales", "members": [{"value": ana["id"]}]}).raise_for_status()
    canary_group(tenant, canary_user(tenant)["id"])
    run(tenant)
    wanted = [Expectation("Sales", 1)]
    (roll,) = tenant.vestibule.admin(lambda store: call_roll(store, tenant.connection_id, wanted))
    assert (roll.balanced, roll.present, roll.extra, roll.pending) == (True, 1, (), ())


_PIECES = st.sampled_from([PREFIX, SUFFIX, "0" * 26, "0" * 25, "x", "\u212a", "", PREFIX.upper(), "@", "é" * 26])
_NAMES = st.lists(_PIECES, max_size=4).map("".join) | st.text(max_size=60)


@given(name=_NAMES, external_id=st.none() | _NAMES)
@example(a_mark(), a_mark())
@example(PREFIX + "é" * 26 + SUFFIX, PREFIX + "0" * 26 + SUFFIX)
def test_sql_and_python_agree_on_what_a_canary_is(name: str, external_id: str | None) -> None:
    assume("\0" not in name + (external_id or ""))
    assume(not any("\ud800" <= each <= "\udfff" for each in name + (external_id or "")))
    with contextlib.closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE TABLE users (user_name TEXT, external_id TEXT)")
        db.execute("INSERT INTO users VALUES (?, ?)", (name, external_id))
        (found,) = db.execute(f"SELECT {uncanny('users')} FROM users").fetchone()
    assert bool(found) is not is_canary(name, external_id)
