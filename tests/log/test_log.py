"""The log of a running server: told, searched, followed, exported."""

import asyncio
import csv
import io
from typing import Any

import orjson
import pytest

from tests.conftest import Tenant
from tests.server.wire import add_members, entry, new_group, new_user, switch_off
from tests.store.staging import an_exchange
from vestibule.clock import SystemClock
from vestibule.log import (
    BadSearch,
    Format,
    Known,
    Search,
    export,
    follow,
    known_of,
    query_of,
    search,
    story_line,
    story_of,
    wire_line,
    wire_of,
)  # fmt: skip
from vestibule.log.export import COLUMNS, harmless
from vestibule.model import Exchange
from vestibule.store import ExchangeQuery, Store

CLOCK = SystemClock()


def found(tenant: Tenant, **wanted: Any) -> list[Exchange]:
    return tenant.vestibule.admin(lambda store: search(store, tenant.connection_id, Search(**wanted), 1_000))


def known(tenant: Tenant) -> Known:
    return tenant.vestibule.admin(lambda store: known_of(store, tenant.connection_id, CLOCK.now()))


def exported(tenant: Tenant, form: Format, **query: Any) -> bytes:
    async def work(store: Store) -> bytes:
        told = await known_of(store, tenant.connection_id, CLOCK.now())
        return b"".join(
            [piece async for piece, _ in export(store, tenant.connection_id, ExchangeQuery(**query), told, form)]
        )

    return tenant.vestibule.admin(work)


@pytest.fixture
def busy(tenant: Tenant) -> Tenant:
    """A connection that was called in many ways; the last call is in the log."""
    ana, ben = (new_user(tenant, f"{name}@example.com")["id"] for name in ("ana", "ben"))
    group_id = new_group(tenant, "Sales", ana)
    add_members(tenant, group_id, ana)
    add_members(tenant, group_id, ben, "nobody")
    tenant.http.post("/Users", json={"userName": "ANA@example.com"})
    entry(tenant, switch_off(tenant, ben))
    return tenant


def test_a_story_tells_who_what_outcome_and_cycle(busy: Tenant) -> None:
    told = known(busy)
    stories = [story_of(each, told) for each in found(busy)][::-1]
    assert [(each.kind, each.who, each.outcome) for each in stories] == [
        ("user", "ana@example.com", "done"),
        ("user", "ben@example.com", "done"),
        ("group", "Sales", "done"),
        ("group", "Sales", "no_change"),
        ("group", "Sales", "parked"),
        ("user", "ANA@example.com", "blocked"),
        ("user", "ben@example.com", "done"),
    ]
    assert len({each.cycle for each in stories}) == 1
    assert (stories[0].cycle or "").startswith("cyc_")
    assert "Blocked" in story_line(stories[5])
    assert stories[5].sentence in story_line(stories[5])


def test_a_story_tells_how_many_like_it_were_not_kept() -> None:
    facts = {"reason": "missing", "left_out": 1_234}
    told = story_of(an_exchange(1, status=401, error="unauthorized", facts=facts), Known())
    assert told.sentence == (
        "The request carries no bearer token. Before it 1,234 more without a good token came and were not kept."
    )
    for other in (an_exchange(1, status=401, facts={"reason": "missing"}), an_exchange(1, facts={"left_out": 3})):
        assert "not kept" not in story_of(other, Known()).sentence


def test_the_wire_tells_method_status_time_token_and_quirks(busy: Tenant) -> None:
    refused = found(busy, outcome="blocked")[0]
    wire = wire_of(refused, known(busy))
    assert (wire.method, wire.path, wire.status, wire.scim_type) == ("POST", "/Users", 409, "uniqueness")
    assert (wire.token_id, wire.token_last_four, wire.token_name) == (
        busy.token.id, busy.token.last_four, busy.token.name,
    )  # fmt: skip
    assert wire.milliseconds > 0
    assert orjson.loads(wire.request_body or "")["userName"] == "ANA@example.com"
    line = wire_line(wire)
    assert f"409 uniqueness  {wire.milliseconds:.1f} ms  {busy.token.id} …{busy.token.last_four}" in line
    quirky = an_exchange(1, facts={"tolerated": ["op_case"]})
    assert "no token -  ~op_case  req_0001" in wire_line(wire_of(quirky, Known()))


def test_the_log_is_searched_by_person_group_token_and_kind(busy: Tenant) -> None:
    ana = found(busy, person="ANA@EXAMPLE.COM")
    assert [each.method for each in ana] == ["POST", "POST"]
    assert found(busy, person=ana[-1].resource_id) == ana
    sales = found(busy, group="sales")
    assert len(sales) == 3
    assert found(busy, group=sales[0].resource_id) == sales
    assert found(busy, group="sales", outcome="parked") == [sales[0]]
    assert found(busy, token="tok_none") == []
    assert len(found(busy, token=busy.token.id)) == 7
    assert found(busy, sign_ins=True) == []
    assert [each.status for each in found(busy, refused=True)] == [409]


@pytest.mark.parametrize(
    "wanted",
    [
        {"person": "usr_01m88dqx5cewdaqqgbv9wmp71p"},
        {"group": "grp_01m88dqx5gf4dbmr2enc7j3ykt"},
        {"person": "a", "group": "b"},
        {"since": 2, "until": 1},
    ],
    ids=str,
)
def test_a_search_that_cannot_be_is_refused(tenant: Tenant, wanted: dict[str, Any]) -> None:
    with pytest.raises(BadSearch):
        tenant.vestibule.admin(lambda store: query_of(store, tenant.connection_id, Search(**wanted), 1))


def test_the_log_is_followed_from_now_on_each_entry_once(busy: Tenant) -> None:
    async def work(store: Store) -> list[str]:
        query = await query_of(store, busy.connection_id, Search(group="Ops"), 1)
        came: list[str] = []
        following = follow(store, busy.connection_id, query, CLOCK, pause=0.01)
        first = asyncio.ensure_future(anext(following))
        await asyncio.sleep(0.05)
        await asyncio.to_thread(new_group, busy, "Ops")
        await asyncio.to_thread(new_user, busy, "cai@example.com")
        came.append((await asyncio.wait_for(first, 10)).method)
        second = asyncio.ensure_future(anext(following))
        await asyncio.to_thread(busy.http.get, "/Groups", params={"filter": 'displayName eq "Ops"'})
        came.append((await asyncio.wait_for(second, 10)).method)
        return came

    assert busy.vestibule.admin(work) == ["POST", "GET"]


class Moved:
    """A clock that can be set."""

    def __init__(self) -> None:
        self.ahead = 3_600_000_000

    def now(self) -> int:
        return CLOCK.now() + self.ahead


def test_the_log_is_followed_on_after_the_clock_was_set_back(tenant: Tenant) -> None:
    async def work(store: Store) -> str:
        clock = Moved()
        following = follow(store, tenant.connection_id, ExchangeQuery(), clock, pause=0.01)
        first = asyncio.ensure_future(anext(following))
        await asyncio.sleep(0.1)
        clock.ahead = 0
        await asyncio.to_thread(new_user, tenant, "ana@example.com")
        return (await asyncio.wait_for(first, 20)).target or ""

    assert tenant.vestibule.admin(work) == "ana@example.com"


def test_the_ndjson_has_both_lenses_bodies_and_facts_oldest_first(busy: Tenant) -> None:
    lines = [orjson.loads(each) for each in exported(busy, "ndjson").splitlines()]
    assert [each["id"] for each in lines] == [each.id for each in found(busy)][::-1]
    assert (lines[4]["outcome"], lines[4]["facts"]["parked"], lines[4]["token"]["id"]) == (
        "parked", ["nobody"], busy.token.id,
    )  # fmt: skip
    assert orjson.loads(lines[0]["request_body"])["userName"] == "ana@example.com"


def test_the_csv_is_one_row_an_entry_and_has_no_formula(tenant: Tenant) -> None:
    entry(tenant, tenant.http.post("/Users", json={"userName": '=HYPERLINK("http://x","a, b")\nnext'}))
    text = exported(tenant, "csv").decode()
    header, row = csv.reader(io.StringIO(text, newline=""))
    assert tuple(header) == COLUMNS
    shown = dict(zip(header, row, strict=True))
    assert shown["who"] == '\'=HYPERLINK("http://x","a, b")\nnext'
    assert (shown["outcome"], shown["status"], shown["token_last_four"]) == ("done", "201", tenant.token.last_four)


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "  =1",
        "|x",
        "%x",
        "＝1",
        "\ta",
        "\x00=1",
        "\xa0=1",
        "\u200b=1",
        "\ufeff@x",
        "\x0b-1",
    ],
)
def test_a_cell_that_begins_like_a_formula_is_made_harmless(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["ana@example.com", "a=b", "", 3, -3, 1.5, None])
def test_any_other_cell_stays_as_it_is(cell: object) -> None:
    assert harmless(cell) == cell


def test_a_long_log_is_exported_in_pieces(tenant: Tenant) -> None:
    async def work(store: Store) -> list[int]:
        for number in range(1, 1_203):
            store.record(an_exchange(number, tenant.connection_id))
        await store.flush()
        pieces = export(store, tenant.connection_id, ExchangeQuery(limit=1), Known(), "ndjson")
        return [count async for _, count in pieces]

    assert tenant.vestibule.admin(work) == [500, 500, 202]
