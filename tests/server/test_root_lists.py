"""`GET /` and `POST /.search`: lists over users and groups at once (RFC 7644 sections 3.4.2.1 and 3.4.3)."""

from typing import Any

import pytest

from tests.conftest import Tenant
from tests.server.asking import ask, listed, names, search
from tests.server.test_bad_input import is_error
from tests.server.test_scim import create_group, create_user

WAYS = pytest.mark.parametrize("way", ["GET", "POST"])
USERS = ["dora", "Ana", "cleo", "bob"]
GROUPS = ["Zoo", "beta", "Crew", "alpha", "delta"]
ALL = USERS + GROUPS
SHOWN = {"dora": "Mid", "Ana": "zed", "bob": "Beta2"}
"""The displayNames of the users; cleo has none."""


@pytest.fixture
def both(tenant: Tenant) -> Tenant:
    """Four users and five groups, in this order."""
    made = [create_user(tenant, name, **({"displayName": SHOWN[name]} if name in SHOWN else {})) for name in USERS]
    for name in GROUPS:
        create_group(tenant, name, *([made[0]["id"]] if name == "Zoo" else []))
    return tenant


def paged(tenant: Tenant, way: str, size: int, **asked: Any) -> list[str]:
    """All pages by index, one after the other."""
    seen: list[str] = []
    for start in range(1, 12, size):
        answer = ask(tenant, way, "", startIndex=start, count=size, **asked)
        assert listed(answer)["startIndex"] == start
        seen += names(answer)
    return seen


@WAYS
def test_both_types_are_listed(both: Tenant, way: str) -> None:
    answer = ask(both, way, "")
    assert names(answer) == ALL
    body = listed(answer)
    assert (body["totalResults"], body["startIndex"]) == (9, 1)
    assert [each["meta"]["resourceType"] for each in body["Resources"]] == ["User"] * 4 + ["Group"] * 5
    for each in body["Resources"]:
        assert both.http.get(each["meta"]["location"]).json() == each


@WAYS
@pytest.mark.parametrize("size", range(1, 11))
def test_pages_cross_the_border_of_the_types(both: Tenant, way: str, size: int) -> None:
    assert paged(both, way, size) == ALL
    assert paged(both, way, size, filter="id pr") == ALL


@pytest.mark.parametrize(
    ("asked", "start", "expected"),
    [
        ({"startIndex": 4, "count": 2}, 4, ["bob", "Zoo"]),
        ({"startIndex": 5, "count": 1}, 5, ["Zoo"]),
        ({"startIndex": 9}, 9, ["delta"]),
        ({"startIndex": 10}, 10, []),
        ({"startIndex": -1, "count": 1}, 1, ["dora"]),
        ({"count": 0}, 1, []),
        ({"startIndex": 6, "count": 0}, 6, []),
        ({"count": -4}, 1, []),
    ],
)  # fmt: skip
@WAYS
def test_a_page_of_both_types(both: Tenant, way: str, asked: dict[str, int], start: int, expected: list[str]) -> None:
    for extra in ({}, {"filter": "id pr"}):
        answer = ask(both, way, "", **asked, **extra)
        assert names(answer) == expected
        assert (listed(answer)["totalResults"], listed(answer)["startIndex"]) == (9, start)


@WAYS
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('meta.resourceType eq "User"', USERS),
        ('meta.resourceType eq "Group"', GROUPS),
        ('meta.resourceType ne "User"', GROUPS),
        ('not (meta.resourceType eq "Group")', USERS),
        ('meta.resourceType eq "Robot"', []),
        ('userName eq "ANA"', ["Ana"]),
        ("userName pr", USERS),
        ("not (userName pr)", GROUPS),
        ('userName ne "Ana"', ["dora", "cleo", "bob", *GROUPS]),
        ("userName eq null", GROUPS),
        ("members pr", ["Zoo"]),
        ('members[type eq "User"]', ["Zoo"]),
        ("groups pr", ["dora"]),
        ('displayName sw "beta"', ["bob", "beta"]),
        ('userName sw "d" or displayName eq "crew"', ["dora", "Crew"]),
        ('userName sw "d" and displayName eq "delta"', []),
        ('meta.resourceType eq "Group" and displayName co "ta"', ["beta", "delta"]),
    ],
)
def test_a_filter_over_both_types(both: Tenant, way: str, text: str, expected: list[str]) -> None:
    """What a type has not is unassigned there (section 3.4.2.1), which is no error and matches accordingly."""
    answer = ask(both, way, "", filter=text)
    assert names(answer) == expected
    assert listed(answer)["totalResults"] == len(expected)
    assert paged(both, way, 2, filter=text) == expected


@WAYS
def test_a_filter_that_neither_type_understands_is_refused(both: Tenant, way: str) -> None:
    for text in ('shoeSize eq "43"', "userName", 'userName eq "'):
        is_error(ask(both, way, "", filter=text), 400, "invalidFilter")


# Sorts across both types

BY_DISPLAY_NAME = ["alpha", "beta", "bob", "Crew", "delta", "dora", "Ana", "Zoo", "cleo"]
BY_USER_NAME = ["Ana", "bob", "cleo", "dora", *GROUPS]


@WAYS
@pytest.mark.parametrize("size", [1, 2, 3, 4, 10])
@pytest.mark.parametrize(
    ("sort_by", "order", "expected"),
    [
        ("displayName", "ascending", BY_DISPLAY_NAME),
        ("displayName", "descending", BY_DISPLAY_NAME[::-1]),
        ("userName", "ascending", BY_USER_NAME),
    ],
)
def test_a_sort_goes_through_both_types(
    both: Tenant, way: str, size: int, sort_by: str, order: str, expected: list[str]
) -> None:
    asked = {"sortBy": sort_by, "sortOrder": order}
    assert names(ask(both, way, "", **asked)) == expected
    assert paged(both, way, size, **asked) == expected


@WAYS
def test_a_sort_by_time_goes_through_both_types(both: Tenant, way: str) -> None:
    made = listed(ask(both, way, ""))["Resources"]
    made.sort(key=lambda each: (each["meta"]["created"], each["id"]))
    expected = [each.get("userName") or each["displayName"] for each in made]
    assert paged(both, way, 2, sortBy="meta.created") == expected
    assert paged(both, way, 2, sortBy="meta.created", sortOrder="descending") == expected[::-1]


@WAYS
@pytest.mark.parametrize(
    "size",
    [1, 2, 3, 4, 10],
)  # fmt: skip
def test_the_type_without_the_attribute_is_first_in_descending_order(both: Tenant, way: str, size: int) -> None:
    asked = {"sortBy": "userName", "sortOrder": "descending"}
    whole = names(ask(both, way, "", **asked))
    assert set(whole[:5]) == set(GROUPS)
    assert whole[5:] == ["dora", "cleo", "bob", "Ana"]
    assert paged(both, way, size, **asked) == whole


@WAYS
def test_a_filtered_sort_over_both_types(both: Tenant, way: str) -> None:
    asked = {"filter": 'displayName co "e" or userName co "e"', "sortBy": "displayName", "sortOrder": "descending"}
    expected = ["cleo", "Ana", "delta", "Crew", "bob", "beta"]
    assert names(ask(both, way, "", **asked)) == expected
    assert paged(both, way, 4, **asked) == expected
    assert listed(ask(both, way, "", count=0, **asked))["totalResults"] == 6


@WAYS
def test_a_sort_by_what_neither_type_has_is_refused(both: Tenant, way: str) -> None:
    is_error(ask(both, way, "", sortBy="shoeSize"), 400, "invalidValue")
    is_error(ask(both, way, "", sortBy="displayName", startIndex=5_000), 400, "tooMany")


# What is shown, and to whom


@WAYS
def test_each_type_shows_what_it_has_of_the_attributes(both: Tenant, way: str) -> None:
    body = listed(ask(both, way, "", attributes="displayName,userName,members"))
    user, group = body["Resources"][0], body["Resources"][4]
    assert user.keys() == {"schemas", "id", "userName", "displayName"}
    assert group.keys() == {"schemas", "id", "displayName", "members"}
    less = listed(ask(both, way, "", excludedAttributes="members,groups,meta", sortBy="meta.created"))
    assert less["Resources"][0].keys() == {"schemas", "id", "userName", "displayName", "active"}
    assert less["Resources"][4].keys() == {"schemas", "id", "displayName"}
    is_error(ask(both, way, "", attributes="id", excludedAttributes="name"), 400, "invalidValue")


@WAYS
@pytest.mark.parametrize("held", ["get:users", "get:groups"])
@pytest.mark.parametrize("asked", [{}, {"filter": 'meta.resourceType eq "User"'}, {"sortBy": "displayName"}])
def test_without_the_scopes_of_both_types_nothing_is_told(both: Tenant, way: str, held: str, asked: Any) -> None:
    _, text = both.vestibule.token(both.connection_id, {held, "post:users", "post:groups"})
    with both.vestibule.client(both.connection_id, text) as http:
        answer = ask(Tenant(both.vestibule, both.connection_id, both.token, text, http), way, "", **asked)
    is_error(answer, 403)
    lacking = "get:groups" if held == "get:users" else "get:users"
    assert answer.json()["need"] == [{"selection": [lacking]}]
    assert "Resources" not in answer.json()


def test_the_root_reads_with_get_and_searches_with_post(both: Tenant) -> None:
    for method, path, allow in (("POST", "/", "GET"), ("DELETE", "/", "GET"), ("GET", "/.search", "POST")):
        answer = both.http.request(method, path)
        is_error(answer, 405)
        assert answer.headers["allow"] == allow
    is_error(both.http.post("/.search", json={}), 400, "invalidSyntax")
    assert names(search(both)) == ALL
