"""Paging by cursor over HTTP (RFC 9865)."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.conftest import Tenant, Vestibule
from tests.server.asking import LIST, ask, ids, listed, search, walk
from tests.server.test_bad_input import is_error
from tests.server.test_scim import create_group, create_user
from vestibule import connections
from vestibule.scim.scopes import SCOPES
from vestibule.server.app import create_app
from vestibule.settings import Settings
from vestibule.store.sqlite import SqliteStore

WAYS = pytest.mark.parametrize("way", ["GET", "POST"])
TITLES = ["b", None, "B", "a", None, "Ä", "b"]
"""What the seven users have; two have none and three the same."""
LISTS: list[tuple[str, dict[str, Any]]] = [
    ("/Users", {}),
    ("/Users", {"filter": "id pr"}),
    ("/Users", {"filter": 'title eq "b"'}),
    ("/Users", {"sortBy": "userName"}),
    ("/Users", {"sortBy": "title"}),
    ("/Users", {"sortBy": "title", "sortOrder": "descending"}),
    ("/Users", {"sortBy": "title", "filter": 'userName ne "u3"', "attributes": "userName"}),
    ("/Users", {"sortBy": "meta.created", "sortOrder": "descending"}),
    ("/Users", {"sortBy": "active"}),
    ("/Users", {"sortBy": "emails"}),
    ("/Groups", {}),
    ("/Groups", {"sortBy": "displayName", "sortOrder": "descending"}),
    ("/Groups", {"filter": 'displayName sw "g"', "excludedAttributes": "members"}),
]


def filled(tenant: Tenant) -> Tenant:
    for number, title in enumerate(TITLES):
        rest = {} if title is None else {"title": title, "emails": [{"value": f"{title}@x"}]}
        create_user(tenant, f"u{number}", active=number % 3 > 0, **rest)
    for name in ("g2", "G1", "h", "g3"):
        create_group(tenant, name)
    return tenant


@pytest.fixture
def crowd(tenant: Tenant) -> Tenant:
    """Seven users and four groups."""
    return filled(tenant)


def whole(tenant: Tenant, path: str, asked: dict[str, Any]) -> list[str]:
    return [each["id"] for each in listed(tenant.http.get(path or "/", params=asked))["Resources"]]


@WAYS
@pytest.mark.parametrize(("path", "asked"), LISTS)
def test_a_walk_shows_each_once_in_order_with_every_size_of_page(
    crowd: Tenant, way: str, path: str, asked: dict[str, Any]
) -> None:
    expected = whole(crowd, path, asked)
    assert len(expected) >= 3
    for size in range(1, len(expected) + 2):
        pages = walk(crowd, way, path, count=size, **asked)
        assert ids(pages) == expected, size
        assert {page["totalResults"] for page in pages} == {len(expected)}
        assert [len(page["Resources"]) for page in pages[:-1]] == [size] * (len(pages) - 1)
        assert pages[-1]["Resources"]


@WAYS
@pytest.mark.parametrize("asked", [{}, {"filter": "id pr"}, {"filter": "title pr or displayName pr"}])
def test_a_walk_crosses_the_border_of_the_types(crowd: Tenant, way: str, asked: dict[str, Any]) -> None:
    expected = whole(crowd, "", asked)
    assert len(expected) in (9, 11)
    for size in range(1, 13):
        pages = walk(crowd, way, "", count=size, **asked)
        assert ids(pages) == expected, size
        assert {page["totalResults"] for page in pages} == {len(expected)}
        assert pages[-1]["Resources"]


@pytest.mark.parametrize(("path", "asked"), LISTS)
@pytest.mark.parametrize("size", [1, 2])
def test_previous_cursors_retrace_the_walk(crowd: Tenant, path: str, asked: dict[str, Any], size: int) -> None:
    there = walk(crowd, "GET", path, count=size, **asked)
    page, back = there[-1], [there[-1]]
    while "previousCursor" in page:
        page = listed(ask(crowd, "GET", path, cursor=page["previousCursor"], count=size, **asked))
        back.insert(0, page)
    assert [page["Resources"] for page in back] == [page["Resources"] for page in there]
    assert "previousCursor" not in there[0]
    assert all("previousCursor" in page for page in there[1:])
    again = listed(ask(crowd, "GET", path, cursor=back[0]["nextCursor"], count=size, **asked))
    assert again["Resources"] == there[1]["Resources"]


@pytest.mark.parametrize("asked", [{}, {"sortBy": "title"}, {"sortBy": "title", "sortOrder": "descending"}])
@pytest.mark.parametrize("gone", [0, 1, 2, 3])
def test_a_deletion_between_two_pages_loses_nobody_who_stays(tenant: Tenant, asked: dict[str, Any], gone: int) -> None:
    """The last of the page, those before it, or the first of the next page: the cursor still knows its place."""
    filled(tenant)
    expected = whole(tenant, "/Users", asked)
    first = listed(ask(tenant, "GET", "/Users", cursor="", count=3, **asked))
    assert tenant.http.delete(f"/Users/{expected[gone]}").status_code == 204
    seen, cursor = ids([first]), first.get("nextCursor")
    while cursor is not None:
        page = listed(ask(tenant, "GET", "/Users", cursor=cursor, count=3, **asked))
        seen, cursor = seen + ids([page]), page.get("nextCursor")
    assert seen == expected[:3] + [each for each in expected[3:] if each != expected[gone]]


@pytest.mark.parametrize("gone", [5, 6, 7])
def test_a_deletion_at_the_border_of_the_types_loses_nobody_who_stays(crowd: Tenant, gone: int) -> None:
    expected = whole(crowd, "", {})
    first = listed(ask(crowd, "GET", "", cursor="", count=6))
    assert crowd.http.delete(f"/{'Users' if gone < 7 else 'Groups'}/{expected[gone]}").status_code == 204
    rest = listed(ask(crowd, "GET", "", cursor=first["nextCursor"]))
    assert ids([rest]) == [each for each in expected[6:] if each != expected[gone]]
    assert rest["totalResults"] == 10


def test_a_walk_meets_those_who_come_behind_it(crowd: Tenant) -> None:
    first = listed(ask(crowd, "GET", "/Users", cursor="", count=6))
    late = create_user(crowd, "late")["id"]
    rest = listed(ask(crowd, "GET", "/Users", cursor=first["nextCursor"], count=6))
    assert ids([first, rest])[-1] == late
    assert len(ids([first, rest])) == rest["totalResults"] == 8


def test_a_list_whose_rest_is_gone_ends_without_a_cursor(crowd: Tenant) -> None:
    first = listed(ask(crowd, "GET", "/Groups", cursor="", count=3))
    (last,) = set(whole(crowd, "/Groups", {})) - set(ids([first]))
    assert crowd.http.delete(f"/Groups/{last}").status_code == 204
    rest = listed(ask(crowd, "GET", "/Groups", cursor=first["nextCursor"], count=3))
    assert (rest["Resources"], rest["totalResults"]) == ([], 3)
    assert "nextCursor" not in rest


@WAYS
@pytest.mark.parametrize("path", ["", "/Users", "/Groups"])
def test_a_cursor_comes_only_to_those_who_ask_and_an_index_only_to_the_others(
    crowd: Tenant, way: str, path: str
) -> None:
    head = {"schemas", "totalResults", "itemsPerPage", "Resources"}
    by_index = listed(ask(crowd, way, path, count=2))
    assert by_index.keys() == head | {"startIndex"}
    by_cursor = listed(ask(crowd, way, path, count=2, cursor=""))
    assert by_cursor.keys() == head | {"nextCursor"}
    assert re.fullmatch(r"[A-Za-z0-9._~-]+", by_cursor["nextCursor"])
    assert by_cursor["Resources"] == by_index["Resources"]
    assert listed(ask(crowd, way, path, cursor="")).keys() == head


@WAYS
def test_a_count_of_none_only_counts(crowd: Tenant, way: str) -> None:
    for path, most in (("", 11), ("/Users", 7), ("/Groups", 4)):
        for count in (0, -3):
            page = listed(ask(crowd, way, path, cursor="", count=count))
            assert (page["totalResults"], page["Resources"]) == (most, [])
        is_error(ask(crowd, way, path, cursor="", count="some"), 400, "invalidCount")
        is_error(ask(crowd, way, path, cursor="", startIndex=1), 400, "invalidValue")


def test_the_size_of_the_page_and_the_way_may_change_on_the_way(crowd: Tenant) -> None:
    expected = whole(crowd, "/Users", {})
    first = listed(crowd.http.get("/Users", params={"cursor": "", "count": 1}))
    then = listed(search(crowd, "/Users", cursor=first["nextCursor"], count=4, attributes=["userName"]))
    assert all(each.keys() == {"schemas", "id", "userName"} for each in then["Resources"])
    rest = listed(crowd.http.get("/Users", params={"cursor": then["nextCursor"]}))
    assert ids([first, then, rest]) == expected


OTHERS: list[tuple[str, dict[str, Any]]] = [
    ("/Users", {}),
    ("/Users", {"filter": "title pr"}),
    ("/Users", {"filter": "id pr", "sortBy": "title"}),
    ("/Users", {"filter": "id pr", "sortBy": "userName", "sortOrder": "descending"}),
    ("/Groups", {"filter": "id pr"}),
    ("", {"filter": "id pr"}),
]


@WAYS
@pytest.mark.parametrize(("path", "asked"), OTHERS)
def test_a_cursor_of_another_list_is_refused(crowd: Tenant, way: str, path: str, asked: dict[str, Any]) -> None:
    own = {"filter": "id pr", "sortBy": "userName"}
    cursor = listed(crowd.http.get("/Users", params={"cursor": "", "count": 2, **own}))["nextCursor"]
    listed(ask(crowd, way, "/Users", cursor=cursor, **own))
    refused = ask(crowd, way, path, cursor=cursor, **asked)
    is_error(refused, 400, "invalidCursor")
    assert "Resources" not in refused.json()


@WAYS
@pytest.mark.parametrize("path", ["/Users", "/Groups", ""])
def test_a_cursor_of_another_connection_or_made_up_is_refused(
    vestibule: Vestibule, crowd: Tenant, way: str, path: str
) -> None:
    cursor = listed(ask(crowd, way, path, cursor="", count=1))["nextCursor"]
    other = vestibule.connection()
    _, text = vestibule.token(other.id)
    with vestibule.client(other.id, text) as http:
        stranger = Tenant(vestibule, other.id, crowd.token, text, http)
        filled(stranger)
        is_error(ask(stranger, way, path, cursor=cursor, count=1), 400, "invalidCursor")
    middle = len(cursor) // 2
    changed = cursor[:middle] + ("A" if cursor[middle] != "A" else "B") + cursor[middle + 1 :]
    for forged in (changed, cursor[:-4], "1", "%00", "nextCursor"):
        is_error(ask(crowd, way, path, cursor=forged, count=1), 400, "invalidCursor")
    assert len(listed(ask(crowd, way, path, cursor=cursor, count=1))["Resources"]) == 1


@WAYS
def test_a_sorted_walk_over_both_types_is_refused_by_name(crowd: Tenant, way: str) -> None:
    assert "sorted" in is_error(ask(crowd, way, "", cursor="", sortBy="displayName"), 400, "invalidValue")


# Time


class FakeClock:
    """Stands until it is moved."""

    at = 1_800_000_000_000_000

    def now(self) -> int:
        """The instant that was set."""
        return self.at


def with_clock(
    path: Path, work: Callable[[httpx2.AsyncClient, FakeClock], Awaitable[None]], lifetime: int | None = None
) -> None:
    """Serve a new database on a clock of the test's own."""

    async def run() -> None:
        clock, base = FakeClock(), "http://127.0.0.1:1"
        store = SqliteStore.open(str(path / "clock.db"))
        try:
            enterprise = await connections.create_enterprise(store, clock, "Acme")
            connection = await connections.create_connection(store, clock, enterprise.id, "entra")
            minted = await connections.create_token(store, clock, connection.id, frozenset(SCOPES), lifetime=lifetime)
            app = create_app(store, Settings(f"sqlite:///{path}", base), clock)
            async with httpx2.AsyncClient(
                transport=httpx2.ASGITransport(app=app),  # pyright: ignore[reportArgumentType]
                base_url=f"{base}/scim/v2/connections/{connection.id}",
                headers={"Authorization": f"Bearer {minted.text}"},
            ) as client:
                await work(client, clock)
        finally:
            await store.close()

    asyncio.run(run())


def test_a_cursor_expires_and_says_so(tmp_path: Path) -> None:
    async def work(client: httpx2.AsyncClient, clock: FakeClock) -> None:
        for name in ("a", "b", "c"):
            assert (await client.post("/Users", json={"userName": name})).status_code == 201
        announced = (await client.get("/ServiceProviderConfig")).json()["pagination"]["cursorTimeout"]
        first = listed(await client.get("/Users", params={"cursor": "", "count": 1}))
        asked = {"cursor": first["nextCursor"], "count": 1}
        clock.at += announced * 1_000_000
        second = listed(await client.get("/Users", params=asked))
        assert [each["userName"] for each in second["Resources"]] == ["b"]
        clock.at += 1_000_000
        is_error(await client.get("/Users", params=asked), 400, "expiredCursor")
        for path in ("/Groups", "/"):
            is_error(await client.get(path, params=asked), 400, "invalidCursor")
        # Each page's cursor has a time of its own.
        third = await client.get("/Users", params={"cursor": second["nextCursor"]})
        assert [each["userName"] for each in listed(third)["Resources"]] == ["c"]
        back = await client.get("/Users", params={"cursor": second["previousCursor"]})
        assert back.json()["schemas"] == [LIST]
        assert [each["userName"] for each in back.json()["Resources"]] == ["a"]

    with_clock(tmp_path, work)
