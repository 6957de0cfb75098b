"""Lists over HTTP: pages, sorts and searches of one type (RFC 7644 sections 3.4.2 and 3.4.3)."""

import time
from typing import Any

import httpx2
import pytest

from tests.conftest import Tenant
from tests.server.asking import ask, bulk, listed, names, operation, search, statuses
from tests.server.test_bad_input import is_error
from tests.server.test_scim import ENTERPRISE, USER, create_group, create_user
from vestibule import connections
from vestibule.clock import SystemClock

WAYS = pytest.mark.parametrize("way", ["GET", "POST"])
CONTOSO = "urn:ietf:params:scim:schemas:extension:Contoso:2.0:User"


@pytest.fixture
def people(tenant: Tenant) -> Tenant:
    """Six users in the order of making; what each lacks is what the sorts are about."""
    mail = [{"value": "zoe@example.com"}, {"value": "b@example.com", "primary": True}]
    create_user(tenant, "delta", title="Lead", externalId="b", emails=mail, active=False)
    create_user(tenant, "Alpha", title="boss", externalId="B", emails=[{"value": "A@example.com"}])
    create_user(
        tenant,
        "charlie",
        externalId="a",
        name={"familyName": "Östlund"},
        emails=[{"type": "work", "value": "c@example.com"}],
    )
    create_user(tenant, "Bravo", title="Boss", name={"familyName": "aaron"}, active=False)
    create_user(tenant, "echo", title="Älteste", name={"familyName": "Berg"}, **{ENTERPRISE: {"department": "Sales"}})
    create_user(tenant, "foxtrot", name={"givenName": "F"}, **{ENTERPRISE: {"department": "auditing"}})
    return tenant


MADE = ["delta", "Alpha", "charlie", "Bravo", "echo", "foxtrot"]


# Pages (section 3.4.2.4)


@WAYS
@pytest.mark.parametrize(
    ("asked", "start", "expected"),
    [
        ({}, 1, MADE),
        ({"startIndex": 1, "count": 4}, 1, MADE[:4]),
        ({"startIndex": 3, "count": 2}, 3, MADE[2:4]),
        ({"startIndex": 6, "count": 10}, 6, MADE[5:]),
        ({"startIndex": 0, "count": 2}, 1, MADE[:2]),
        ({"startIndex": -7, "count": 2}, 1, MADE[:2]),
        ({"startIndex": 5}, 5, MADE[4:]),
        ({"count": 6}, 1, MADE),
        ({"count": 0}, 1, []),
        ({"count": -1}, 1, []),
        ({"startIndex": 7, "count": 2}, 7, []),
        ({"startIndex": 10**12}, 10**12, []),
    ],
)  # fmt: skip
def test_a_page_holds_what_was_asked_for_and_counts_all(
    people: Tenant, way: str, asked: dict[str, int], start: int, expected: list[str]
) -> None:
    answer = ask(people, way, "/Users", **asked)
    assert names(answer) == expected
    assert (listed(answer)["totalResults"], listed(answer)["startIndex"]) == (6, start)
    filtered = ask(people, way, "/Users", filter="userName pr", **asked)
    assert names(filtered) == expected
    assert listed(filtered)["totalResults"] == 6


@WAYS
def test_a_total_counts_what_the_filter_leaves(people: Tenant, way: str) -> None:
    for start, expected in ((1, ["delta", "Alpha"]), (3, ["Bravo", "echo"]), (5, [])):
        answer = ask(people, way, "/Users", filter="title pr", startIndex=start, count=2)
        assert names(answer) == expected
        assert listed(answer)["totalResults"] == 4


@WAYS
@pytest.mark.parametrize("name", ["startIndex", "count"])
def test_what_is_no_whole_number_is_refused(people: Tenant, way: str, name: str) -> None:
    is_error(ask(people, way, "/Users", **{name: "two"}), 400, "invalidValue")


@WAYS
def test_a_page_is_never_longer_than_announced(tenant: Tenant, way: str) -> None:
    most = tenant.http.get("/ServiceProviderConfig").json()["filter"]["maxResults"]
    made = [operation("POST", "/Users", {"userName": f"user{each}"}, bulkId=str(each)) for each in range(most + 3)]
    assert set(statuses(bulk(tenant, *made))) == {"201"}
    first = listed(ask(tenant, way, "/Users", count=most + 100))
    assert (first["totalResults"], first["itemsPerPage"]) == (most + 3, most)
    rest = listed(ask(tenant, way, "/Users", startIndex=most + 1, count=most + 100))
    assert [each["userName"] for each in rest["Resources"]] == [f"user{each}" for each in range(most, most + 3)]


# Sorts (section 3.4.2.3)


@WAYS
@pytest.mark.parametrize(
    ("sort_by", "expected"),
    [
        ("userName", ["Alpha", "Bravo", "charlie", "delta", "echo", "foxtrot"]),
        ("USERNAME", ["Alpha", "Bravo", "charlie", "delta", "echo", "foxtrot"]),
        (f"{USER}:userName", ["Alpha", "Bravo", "charlie", "delta", "echo", "foxtrot"]),
        ("externalId", ["Alpha", "charlie", "delta", "Bravo", "echo", "foxtrot"]),
        ("title", ["Alpha", "Bravo", "delta", "echo", "charlie", "foxtrot"]),
        ("name.familyName", ["Bravo", "echo", "charlie", "delta", "Alpha", "foxtrot"]),
        ("emails", ["Alpha", "delta", "charlie", "Bravo", "echo", "foxtrot"]),
        ("emails.value", ["Alpha", "delta", "charlie", "Bravo", "echo", "foxtrot"]),
        ("emails.type", ["charlie", "delta", "Alpha", "Bravo", "echo", "foxtrot"]),
        (f"{ENTERPRISE}:department", ["foxtrot", "echo", "delta", "Alpha", "charlie", "Bravo"]),
        ("active", ["delta", "Bravo", "Alpha", "charlie", "echo", "foxtrot"]),
        ("id", MADE),
        ("meta.created", MADE),
    ],
)
def test_a_sort_and_its_reverse(people: Tenant, way: str, sort_by: str, expected: list[str]) -> None:
    """Caseless unless caseExact, the primary value else the first, those without one last, or first in descending."""
    assert names(ask(people, way, "/Users", sortBy=sort_by)) == expected
    assert names(ask(people, way, "/Users", sortBy=sort_by, sortOrder="ascending")) == expected
    assert names(ask(people, way, "/Users", sortBy=sort_by, sortOrder="descending")) == expected[::-1]


@WAYS
def test_a_sorted_list_has_filtered_pages(people: Tenant, way: str) -> None:
    asked = {"filter": "title pr or name.familyName pr", "sortBy": "title", "sortOrder": "Descending", "count": 2}
    seen = [names(ask(people, way, "/Users", startIndex=start, **asked)) for start in (1, 3, 5, 7)]
    assert seen == [["charlie", "echo"], ["delta", "Bravo"], ["Alpha"], []]
    assert listed(ask(people, way, "/Users", **asked))["totalResults"] == 5


def test_a_change_moves_a_user_to_the_end_of_the_sort_by_its_time(people: Tenant) -> None:
    first = listed(ask(people, "GET", "/Users"))["Resources"][0]
    time.sleep(0.005)  # times are told in milliseconds
    people.http.put(f"/Users/{first['id']}", json={"userName": "delta", "title": "New"})
    assert names(ask(people, "GET", "/Users", sortBy="meta.lastModified"))[-1] == "delta"
    assert names(ask(people, "GET", "/Users", sortBy="meta.lastModified", sortOrder="descending"))[0] == "delta"


def test_an_order_without_a_sort_changes_nothing(people: Tenant) -> None:
    assert names(ask(people, "GET", "/Users", sortOrder="descending")) == MADE


@WAYS
@pytest.mark.parametrize("sort_by", ["shoeSize", "name", "name.shoeSize", "addresses", "members", "userName.value"])
def test_a_sort_by_what_is_no_attribute_is_refused(people: Tenant, way: str, sort_by: str) -> None:
    assert sort_by.partition(".")[0] in is_error(ask(people, way, "/Users", sortBy=sort_by), 400, "invalidValue")
    is_error(ask(people, way, "/Users", sortBy="userName", sortOrder="sideways"), 400, "invalidValue")


@WAYS
def test_groups_are_sorted_caseless(tenant: Tenant, way: str) -> None:
    for name in ("beta", "Gamma", "alpha"):
        create_group(tenant, name)
    assert names(ask(tenant, way, "/Groups", sortBy="displayName")) == ["alpha", "beta", "Gamma"]
    assert names(ask(tenant, way, "/Groups", sortBy="displayName", sortOrder="descending", count=1)) == ["Gamma"]
    is_error(ask(tenant, way, "/Groups", sortBy="userName"), 400, "invalidValue")


@pytest.fixture
def contoso(tenant: Tenant) -> Tenant:
    """Three users with an extension of the connection's own, and one without."""
    kinds = {"weight": "integer", "rate": "decimal", "since": "dateTime"}
    schema = {"id": CONTOSO, "name": "X", "attributes": [{"name": name, "type": kind} for name, kind in kinds.items()]}
    tenant.vestibule.admin(
        lambda store: connections.declare_extension(store, SystemClock(), tenant.connection_id, schema)
    )
    create_user(tenant, "a", **{CONTOSO: {"weight": 10, "rate": 1.5, "since": "2024-01-01T00:00:00Z"}})
    create_user(tenant, "b", **{CONTOSO: {"weight": 9, "rate": 10, "since": "2024-01-01T00:30:00+02:00"}})
    create_user(tenant, "c", **{CONTOSO: {"weight": -3, "rate": 9.25, "since": "2023-12-31T23:00:00Z"}})
    create_user(tenant, "d")
    return tenant


@pytest.mark.parametrize(("attribute", "expected"), [("weight", "cbad"), ("rate", "acbd")])
def test_numbers_are_sorted_as_numbers(contoso: Tenant, attribute: str, expected: str) -> None:
    assert names(ask(contoso, "GET", "/Users", sortBy=f"{CONTOSO}:{attribute}")) == list(expected)
    down = ask(contoso, "GET", "/Users", sortBy=f"{CONTOSO}:{attribute}", sortOrder="descending")
    assert names(down) == list(expected[::-1])


def test_times_are_sorted_as_times(contoso: Tenant) -> None:
    assert names(ask(contoso, "GET", "/Users", sortBy=f"{CONTOSO}:since")) == list("bcad")


# What is shown, and to whom


@WAYS
def test_a_list_shows_the_attributes_asked_for(people: Tenant, way: str) -> None:
    asked: dict[str, Any] = {"filter": 'userName eq "charlie"', "attributes": "name.familyName,userName"}
    if way == "POST":
        asked["attributes"] = asked["attributes"].split(",")
    (only,) = listed(ask(people, way, "/Users", **asked))["Resources"]
    assert only.keys() == {"schemas", "id", "name", "userName"}
    assert only["name"] == {"familyName": "Östlund"}
    (rest,) = listed(ask(people, way, "/Users", filter=asked["filter"], excludedAttributes="emails,name"))["Resources"]
    assert rest.keys() == {"schemas", "id", "externalId", "userName", "active", "meta"}
    is_error(ask(people, way, "/Users", attributes="id", excludedAttributes="name"), 400, "invalidValue")


@WAYS
def test_groups_show_their_members_unless_excluded(tenant: Tenant, way: str) -> None:
    user = create_user(tenant, "ana")
    create_group(tenant, "g", user["id"])
    (whole,) = listed(ask(tenant, way, "/Groups", filter='displayName eq "G"'))["Resources"]
    assert [each["value"] for each in whole["members"]] == [user["id"]]
    (less,) = listed(ask(tenant, way, "/Groups", excludedAttributes="members"))["Resources"]
    assert less.keys() == whole.keys() - {"members"}


@pytest.mark.parametrize(("path", "scope"), [("/Users", "get:users"), ("/Groups", "get:groups")])
def test_a_search_needs_the_scope_to_read_and_no_other(people: Tenant, path: str, scope: str) -> None:
    create_group(people, "grp")
    _, text = people.vestibule.token(people.connection_id, {scope})
    with people.vestibule.client(people.connection_id, text) as http:
        reader = Tenant(people.vestibule, people.connection_id, people.token, text, http)
        assert names(search(reader, path)) == names(people.http.get(path))
        other = "/Groups" if path == "/Users" else "/Users"
        refused = search(reader, other)
        is_error(refused, 403)
        assert refused.json()["need"] == [{"selection": [f"get:{other[1:].lower()}"]}]


@pytest.mark.parametrize("path", ["/Users", "/Groups"])
def test_a_search_is_no_other_method_and_no_other_message(tenant: Tenant, path: str) -> None:
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        answer: httpx2.Response = tenant.http.request(method, f"{path}/.search")
        is_error(answer, 405)
        assert answer.headers["allow"] == "POST"
    is_error(tenant.http.post(f"{path}/.search", json={"count": 1}), 400, "invalidSyntax")
    is_error(tenant.http.post(f"{path}/.search", content=b"x"), 400, "invalidSyntax")
    is_error(search(tenant, path, filter="nothing at all"), 400, "invalidFilter")


def test_a_post_scope_alone_does_not_search(people: Tenant) -> None:
    _, text = people.vestibule.token(people.connection_id, {"post:users"})
    with people.vestibule.client(people.connection_id, text) as http:
        answer = search(Tenant(people.vestibule, people.connection_id, people.token, text, http), "/Users")
    assert "alpha" not in is_error(answer, 403).lower()
