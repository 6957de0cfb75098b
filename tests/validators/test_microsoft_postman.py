"""The requests of the Postman collection of Microsoft's SCIM reference code, by their names there.

They are sent as `application/json`, to a directory that is empty at the start. What the collection expects against
the RFC, and what we answer instead, is at the end.
"""

from collections.abc import Generator
from typing import Any

import httpx2
import pytest

from tests.conftest import Tenant
from tests.validators.exchange import ENTERPRISE, GROUP, PATCH, SCIM_JSON, USER, Json, gone, members, refused
from tests.validators.people import BOB, EMPLOYEE, OFFICE, OMALLEY, OTHER


@pytest.fixture
def postman(tenant: Tenant) -> Generator[httpx2.Client]:
    headers = {"Authorization": f"Bearer {tenant.text}", "Content-Type": "application/json"}
    with httpx2.Client(base_url=tenant.http.base_url, headers=headers, trust_env=False) as client:
        yield client


def post(postman: httpx2.Client, endpoint: str, body: Json) -> Json:
    answer = postman.post(endpoint, json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (201, SCIM_JSON), answer.text
    assert show(postman, f"{endpoint}/{answer.json()['id']}") == answer.json()
    return answer.json()


def show(postman: httpx2.Client, path: str) -> Json:
    answer = postman.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, SCIM_JSON), answer.text
    return answer.json()


def put(postman: httpx2.Client, path: str, body: Json) -> Json:
    answer = postman.put(path, json={"id": path.rpartition("/")[2], **body})
    assert answer.status_code == 200, answer.text
    assert show(postman, path) == answer.json()
    return answer.json()


def patch(postman: httpx2.Client, path: str, operation: Json) -> Any:
    return postman.patch(path, json={"schemas": [PATCH], "Operations": [operation]})


def names(listed: Json) -> set[str]:
    assert listed["totalResults"] == len(listed["Resources"])
    return {each["userName"] for each in listed["Resources"]}


@pytest.fixture
def omalley(postman: httpx2.Client) -> str:
    return f"/Users/{post(postman, '/Users', OMALLEY)['id']}"


@pytest.fixture
def group(postman: httpx2.Client) -> str:
    body = {"schemas": [GROUP], "displayName": "Group 1", "externalId": "015489ea-9410", "members": []}
    return f"/Groups/{post(postman, '/Groups', body)['id']}"


@pytest.fixture
def staff(postman: httpx2.Client, omalley: str) -> list[str]:
    """OMalley, emp1, emp2, emp3 and somebody of the enterprise, who are five; their ids."""
    ids = [omalley.rpartition("/")[2]]
    for name in ("emp1", "emp2", "emp3", "enterprise"):
        ids.append(post(postman, "/Users", {**EMPLOYEE, "userName": name, "externalId": f"ext-{name}"})["id"])
    return ids


# Endpoint tests


@pytest.mark.parametrize("endpoint", ["/users", "/Groups"])
def test_get_empty(postman: httpx2.Client, endpoint: str) -> None:
    """Get empty Users, whose path is in small letters; Get empty Groups."""
    listed = show(postman, endpoint)
    assert (listed["totalResults"], listed["Resources"]) == (0, [])


def test_get_resource_types(postman: httpx2.Client) -> None:
    assert [each["endpoint"] for each in show(postman, "/ResourceTypes")["Resources"]] == ["/Users", "/Groups"]


def test_get_service_provider_config(postman: httpx2.Client) -> None:
    assert show(postman, "/ServiceProviderConfig")["patch"] == {"supported": True}


def test_get_schemas(postman: httpx2.Client) -> None:
    assert "User Account" in [each["description"] for each in show(postman, "/Schemas")["Resources"]]


# User tests


def test_post_user(postman: httpx2.Client) -> None:
    """`Primary` with a capital is `primary`."""
    user = post(postman, "/Users", BOB)
    assert [(each["type"], each["primary"]) for each in user["emails"]] == [("work", True), ("home", False)]
    assert "Primary" not in user["emails"][0]


def test_post_enterprise_user(postman: httpx2.Client) -> None:
    """Capitals inside the extension, and a manager whom nobody knows."""
    content = {"Department": "bob", "Manager": {"Value": "SuzzyQ"}}
    user = post(postman, "/Users", {**BOB, "schemas": [ENTERPRISE, USER], ENTERPRISE: content})
    assert user[ENTERPRISE] == {"department": "bob", "manager": {"value": "SuzzyQ"}}
    assert set(user["schemas"]) == {USER, ENTERPRISE}


def test_get_user_attributes(postman: httpx2.Client) -> None:
    user = post(postman, "/Users", BOB)
    (shown,) = show(postman, "/Users?attributes=userName,emails")["Resources"]
    assert shown == {name: user[name] for name in ("schemas", "id", "userName", "emails")}


def test_get_user_filters(postman: httpx2.Client) -> None:
    """A slash before the question mark, and a capital in the attribute's name."""
    user = post(postman, "/Users", BOB)
    post(postman, "/Users", {**BOB, "userName": "other", "displayName": "Other"})
    assert show(postman, "/Users/?filter=DisplayName+eq+%22BobIsAmazing%22")["Resources"] == [user]


def test_patch_user1(postman: httpx2.Client) -> None:
    user = post(postman, "/Users", BOB)
    assert patch(postman, f"/Users/{user['id']}", {"op": "replace", "path": "userName", "value": "ryan3"}).is_success
    after = show(postman, f"/Users/{user['id']}")
    assert after == {**user, "userName": "ryan3", "meta": after["meta"]}


def test_user_2_replace(postman: httpx2.Client) -> None:
    user = post(postman, "/Users", {**BOB, ENTERPRISE: {"Department": "bob"}})
    after = put(postman, f"/Users/{user['id']}", {**BOB, "userName": "Replaced2", "name": {"formatted": "NewName"}})
    assert (after["userName"], after["name"]) == ("Replaced2", {"formatted": "NewName"})
    assert ENTERPRISE not in after


def test_delete_user1(postman: httpx2.Client, tenant: Tenant, omalley: str) -> None:
    assert postman.delete(omalley).status_code == 204
    assert gone(tenant, omalley)


# Group tests


def test_create_empty_group(postman: httpx2.Client, group: str) -> None:
    shown = show(postman, group)
    assert (shown["displayName"], members(shown)) == ("Group 1", set())


def test_create_filled_group_2(postman: httpx2.Client, staff: list[str]) -> None:
    body = {"schemas": [GROUP], "displayName": "Group2", "members": [{"value": staff[1], "display": "VP"}]}
    assert members(post(postman, "/Groups", body)) == {staff[1]}


def test_put_replace_group3(postman: httpx2.Client, group: str, staff: list[str]) -> None:
    wanted = [{"value": staff[1], "display": "VP"}, {"value": staff[2], "display": "SenorVP"}]
    after = put(postman, group, {"schemas": [GROUP], "displayName": "putName", "members": wanted})
    assert (after["displayName"], members(after)) == ("putName", {staff[1], staff[2]})


def test_patch_add_and_remove_user4(postman: httpx2.Client, group: str, staff: list[str]) -> None:
    """The operation has a `name`, the member a `displayName`: neither is of the RFC, neither disturbs."""
    value = [{"displayName": "new User", "value": staff[3]}]
    add = {"name": "addMember", "op": "add", "path": "members", "value": value}
    for operation, left in (
        (add, {staff[3]}),
        ({"op": "remove", "path": f'members[value eq "{staff[3]}"]'}, set[str]()),
        (add, {staff[3]}),
    ):
        assert patch(postman, group, operation).status_code == 204
        assert members(show(postman, group)) == left


def test_patch_remove_all_users(postman: httpx2.Client, group: str, staff: list[str]) -> None:
    patch(postman, group, {"op": "add", "path": "members", "value": [{"value": each} for each in staff]})
    assert members(show(postman, group)) == set(staff)
    assert patch(postman, group, {"op": "remove", "path": "members"}).status_code == 204
    assert members(show(postman, group)) == set()


def test_delete_group_1(postman: httpx2.Client, tenant: Tenant, group: str) -> None:
    assert postman.delete(group).status_code == 204
    assert gone(tenant, group)


# User tests with garbage


def test_post_user_omalley(postman: httpx2.Client, omalley: str) -> None:
    """What is null or empty is left out, and `meta` is ours."""
    user = show(postman, omalley)
    assert (user["userName"], user["active"]) == ("OMalley", True)
    assert user["addresses"][1] == {name: value for name, value in OTHER.items() if value is not None}
    assert "honorificPrefix" not in user["name"]
    assert "roles" not in user
    assert user["meta"]["created"] > "2019-10"


def test_post_emp1_with_string_true(postman: httpx2.Client) -> None:
    user = post(postman, "/Users", {**EMPLOYEE, "userName": "emp1", "active": "True"})
    assert user["active"] is True
    assert user["emails"] == EMPLOYEE["emails"]


def test_get_all_users_and_post_emp2_emp3(postman: httpx2.Client, staff: list[str]) -> None:
    """That they share their mail addresses is no obstacle."""
    assert names(show(postman, "/Users")) == {"OMalley", "emp1", "emp2", "emp3", "enterprise"}


def test_post_no_username(postman: httpx2.Client) -> None:
    assert "userName" in refused(postman.post("/Users", json=EMPLOYEE), 400, "invalidValue")
    assert show(postman, "/Users")["totalResults"] == 0


def test_post_junk(postman: httpx2.Client) -> None:
    junk = b'{\r\n "acve": tre,\r\n "adadfdresses": [{"locality": null,\r\n les": [], "title": "Site engineer"}'
    refused(postman.post("/Users", content=junk), 400, "invalidSyntax")
    assert show(postman, "/Users")["totalResults"] == 0


def test_post_emp3_exists_and_try_again(postman: httpx2.Client, staff: list[str]) -> None:
    for _ in range(2):
        assert "emp3" in refused(postman.post("/Users", json={**EMPLOYEE, "userName": "emp3"}), 409, "uniqueness")
    assert show(postman, "/Users")["totalResults"] == len(staff)


def test_put_a_user_no_username(postman: httpx2.Client, omalley: str) -> None:
    """The name is misspelt, so none came, and nothing is replaced."""
    before = show(postman, omalley)
    body = {**EMPLOYEE, "id": before["id"], "userame": "OMalley", "active": False}
    refused(postman.put(omalley, json=body), 400, "invalidValue")
    assert show(postman, omalley) == before


def test_put_a_user_misspelled_attribute(postman: httpx2.Client, omalley: str) -> None:
    """An unknown attribute is passed over; the one that it should have been is gone."""
    body = {name: value for name, value in OMALLEY.items() if name != "addresses"}
    after = put(postman, omalley, {**body, "active": False, "adreses": [OFFICE]})
    assert {"addresses", "adreses", "Addresses"}.isdisjoint(after)
    assert after["active"] is False


def test_patch_user_omalley_new_username_and_active_with_boolean(postman: httpx2.Client, omalley: str) -> None:
    patch(postman, omalley, {"op": "Replace", "path": "userName", "value": "newusername"})
    patch(postman, omalley, {"op": "Replace", "path": "active", "value": False})
    after = show(postman, omalley)
    assert (after["userName"], after["active"]) == ("newusername", False)


def test_put_a_user_omalley(postman: httpx2.Client, omalley: str) -> None:
    after = put(postman, omalley, {**OMALLEY, "active": False, "addresses": [{**OFFICE, "country": "Germany"}]})
    assert (after["userName"], after["active"]) == ("OMalley", False)
    assert [each["country"] for each in after["addresses"]] == ["Germany"]


def test_paginate(postman: httpx2.Client, staff: list[str]) -> None:
    page = show(postman, "/Users?startIndex=1&count=2")
    assert (page["totalResults"], page["itemsPerPage"], len(page["Resources"])) == (5, 2, 2)


FILTERS = {
    'name.FamilyName eq {q}Employee{q} and (emails.Value co {q}example.com{q} or emails.Value co {q}example.org{q})': {
        "emp1", "emp2", "emp3", "enterprise",
    },
    "userName sw {q}O{q}": {"OMalley"},
    "emails.Value co {q}gmail{q} and userName eq {q}EMP1{q}": {"emp1"},
    "meta.Created gt {q}2015-10-10T14:38:21.8617979-07:00{q}": {"OMalley", "emp1", "emp2", "emp3", "enterprise"},
    "meta.Created lt {q}2015-10-10T14:38:21.8617979-07:00{q}": set[str](),
}  # fmt: skip


@pytest.mark.parametrize("text", FILTERS)
def test_filter_with_quotation_marks(postman: httpx2.Client, staff: list[str], text: str) -> None:
    """The collection's filters as the RFC writes them."""
    assert names(postman.get("/Users", params={"filter": text.format(q='"')}).json()) == FILTERS[text]


@pytest.mark.parametrize("text", FILTERS)
def test_filter_without_quotation_marks(postman: httpx2.Client, staff: list[str], text: str) -> None:
    """As the collection sends them: `filter starts with`, `filter greater than`, `filter eq and (val or val)`."""
    assert names(postman.get("/Users", params={"filter": text.format(q="")}).json()) == FILTERS[text]


# Group tests with garbage


def test_group_patch_add_member_with_a_bare_string(postman: httpx2.Client, group: str, staff: list[str]) -> None:
    for count in (1, 2):
        answer = patch(postman, group, {"op": "add", "path": "members", "value": staff[count - 1]})
        assert (answer.status_code, answer.content) == (204, b"")
        assert members(show(postman, group)) == set(staff[:count])


def test_group_patch_add_member_whom_nobody_knows(postman: httpx2.Client, group: str) -> None:
    """The collection's own `string id 1` and `string id 2`: taken, but never shown as members."""
    for name in ("string id 1", "string id 2"):
        assert patch(postman, group, {"op": "add", "path": "members", "value": name}).status_code == 204
        assert members(show(postman, group)) == set()


def test_get_group_exclude_members(postman: httpx2.Client, group: str, staff: list[str]) -> None:
    patch(postman, group, {"op": "add", "path": "members", "value": [{"value": staff[0]}]})
    whole = show(postman, group)
    assert members(whole) == {staff[0]}
    assert show(postman, f"{group}?excludedAttributes=members") == {k: v for k, v in whole.items() if k != "members"}


def test_group_put(postman: httpx2.Client, group: str) -> None:
    after = put(postman, group, {"displayName": "Tiffany", "externalId": "6c6b54c2-fa81", "schemas": [GROUP]})
    assert (after["displayName"], after["externalId"], members(after)) == ("Tiffany", "6c6b54c2-fa81", set())


def test_teardown(postman: httpx2.Client, group: str, staff: list[str]) -> None:
    for path in [group, *(f"/Users/{each}" for each in staff)]:
        assert postman.delete(path).status_code == 204
    assert show(postman, "/Users?attributes=userName")["Resources"] == []
    assert show(postman, "/Groups")["Resources"] == []


# Refused on purpose
#
# | the collection asks for                   | and expects       | our answer          | because                  |
# |-------------------------------------------|-------------------|---------------------|--------------------------|
# | GET /serviceConfiguration (older edition) | the configuration | 404                 | RFC 7644 section 4       |
# | GET /Token                                | a token, unasked  | 404                 | an operator makes tokens |
# | attributes=emails[type eq "work"]         | the addresses     | none: unknown name  | RFC 7644 section 3.9     |
# | PATCH of a user                           | 204               | 200 and the user    | RFC 7644 section 3.5.2   |
# | members[].displayName sent                | the same, shown   | a member without it | RFC 7643 section 8.7.1   |
# | four people with one externalId           | 201               | 409, who is who?    | RFC 7643 section 3.1     |


@pytest.mark.parametrize("path", ["/serviceConfiguration", "/Token"])
def test_refused_endpoints(postman: httpx2.Client, path: str) -> None:
    assert path in refused(postman.get(path), 404)


@pytest.mark.parametrize("name", ['emails[type eq "work"]', 'emails[value eq "anna@example.com"]'])
def test_refused_filter_in_attributes(postman: httpx2.Client, omalley: str, name: str) -> None:
    """Not a fault: a name that no attribute has shows nothing, and what is always shown stays."""
    user = show(postman, omalley)
    (shown,) = postman.get("/Users", params={"attributes": name}).json()["Resources"]
    assert shown == {"schemas": user["schemas"], "id": user["id"]}


def test_refused_204_to_the_patch_of_a_user(postman: httpx2.Client, omalley: str) -> None:
    answer = patch(postman, omalley, {"op": "Replace", "path": "userName", "value": "newusername"})
    assert (answer.status_code, answer.json()) == (200, show(postman, omalley))


def test_refused_display_name_of_a_member(postman: httpx2.Client, group: str, staff: list[str]) -> None:
    patch(postman, group, {"op": "add", "path": "members", "value": [{"displayName": "new User", "value": staff[1]}]})
    answer = postman.get(group)
    assert members(answer.json()) == {staff[1]}
    assert "new User" not in answer.text


def test_refused_second_user_with_one_external_id(postman: httpx2.Client, omalley: str) -> None:
    body = {**EMPLOYEE, "userName": "emp1", "externalId": OMALLEY["externalId"]}
    assert "externalId" in refused(postman.post("/Users", json=body), 409, "uniqueness")
    assert names(show(postman, "/Users")) == {"OMalley"}
