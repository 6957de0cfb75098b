"""The SCIM endpoints over real HTTP: users, groups, lists, versions, discovery."""

from typing import Any

import pytest

from tests.conftest import Tenant

PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def create_user(tenant: Tenant, user_name: str, **rest: Any) -> dict[str, Any]:
    answer = tenant.http.post("/Users", json={"schemas": [USER], "userName": user_name, **rest})
    assert answer.status_code == 201, answer.text
    return answer.json()


def create_group(tenant: Tenant, name: str, *ids: str) -> dict[str, Any]:
    body = {"displayName": name, "members": [{"value": each} for each in ids]}
    answer = tenant.http.post("/Groups", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def patch(tenant: Tenant, path: str, *operations: dict[str, Any]) -> Any:
    return tenant.http.patch(path, json={"schemas": [PATCH], "Operations": list(operations)})


def members(tenant: Tenant, group_id: str) -> set[str]:
    return {each["value"] for each in tenant.http.get(f"/Groups/{group_id}").json().get("members", [])}


def test_a_created_user_is_answered_whole_and_read_back_the_same(tenant: Tenant) -> None:
    body = {
        "schemas": [USER, ENTERPRISE],
        "userName": "jürgen.müller@example.com",
        "externalId": "ext-1",
        "name": {"givenName": "Jürgen", "familyName": "O'Müller"},
        "emails": [{"type": "work", "value": "j@example.com", "primary": True}],
        "active": True,
        "roles": [],
        ENTERPRISE: {"department": "R&D"},
        "meta": {"resourceType": "User"},
    }
    answer = tenant.http.post("/Users", json=body)
    user = answer.json()
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/scim+json"
    assert answer.headers["location"] == user["meta"]["location"]
    assert answer.headers["vestibule-request-id"].startswith("req_")
    assert user["name"]["familyName"] == "O'Müller"
    assert user[ENTERPRISE] == {"department": "R&D"}
    assert user["schemas"] == [USER, ENTERPRISE]
    assert "roles" not in user
    assert tenant.http.get(f"/Users/{user['id']}").json() == user


def test_a_user_name_is_unique_whatever_its_case(tenant: Tenant) -> None:
    create_user(tenant, "Ana@Example.com")
    answer = tenant.http.post("/Users", json={"userName": "ana@example.COM"})
    assert (answer.status_code, answer.json()["scimType"], answer.json()["status"]) == (409, "uniqueness", "409")


def test_a_deleted_users_name_can_be_used_again(tenant: Tenant) -> None:
    user = create_user(tenant, "back@example.com")
    assert tenant.http.delete(f"/Users/{user['id']}").status_code == 204
    assert tenant.http.get(f"/Users/{user['id']}").status_code == 404
    assert create_user(tenant, "back@example.com")["id"] != user["id"]


@pytest.mark.parametrize(
    "filter_text",
    [
        'userName eq "ANA@example.com"',
        'externalId eq "ext-ana"',
        'emails[type eq "work"].value eq "ana.mail@example.com"',
        'emails.value eq "ana.mail@example.com"',
        'name.familyName sw "Ny" and active eq true',
        'not (userName eq "bob@example.com")',
        f'{ENTERPRISE}:department eq "Sales"',
        'department eq "sales"',
        'USERNAME Eq "ana@example.com"',
        'userName co "%" or userName sw "ana"',
        "title pr",
        'roles[primary eq "True"].value eq "boss"',
    ],
)
def test_a_filter_finds_exactly_the_one(tenant: Tenant, filter_text: str) -> None:
    ana = create_user(
        tenant,
        "ana@example.com",
        externalId="ext-ana",
        title="Lead",
        name={"familyName": "Nygård"},
        emails=[{"type": "work", "value": "ana.mail@example.com"}],
        roles=[{"primary": "True", "value": "boss"}],
        **{ENTERPRISE: {"department": "Sales"}},
    )
    create_user(tenant, "bob@example.com", active=False, emails=[{"type": "home", "value": "b@example.com"}])
    answer = tenant.http.get("/Users", params={"filter": filter_text}).json()
    assert [each["id"] for each in answer["Resources"]] == [ana["id"]]
    assert answer["totalResults"] == 1


def test_a_filter_that_matches_nobody_is_an_empty_list(tenant: Tenant) -> None:
    answer = tenant.http.get("/Users", params={"filter": 'userName eq "nobody"'})
    assert answer.status_code == 200
    assert (answer.json()["totalResults"], answer.json()["Resources"]) == (0, [])


def test_pages_count_everybody_and_repeat_nobody(tenant: Tenant) -> None:
    made = [create_user(tenant, f"user{number}")["id"] for number in range(7)]
    seen: list[str] = []
    for start in (1, 4, 7):
        page = tenant.http.get("/Users", params={"startIndex": start, "count": 3}).json()
        assert (page["totalResults"], page["startIndex"]) == (7, start)
        seen += [each["id"] for each in page["Resources"]]
    assert seen == made
    empty = tenant.http.get("/Users", params={"startIndex": -3, "count": 0}).json()
    assert (empty["totalResults"], empty["Resources"], empty["startIndex"]) == (7, [], 1)


def test_only_the_attributes_asked_for_are_shown(tenant: Tenant) -> None:
    user = create_user(tenant, "ana", displayName="Ana", name={"givenName": "A", "familyName": "N"})
    some = tenant.http.get(f"/Users/{user['id']}", params={"attributes": "name.givenName,displayname"}).json()
    assert some == {"schemas": [USER], "id": user["id"], "displayName": "Ana", "name": {"givenName": "A"}}
    rest = tenant.http.get(f"/Users/{user['id']}", params={"excludedAttributes": "name,meta"}).json()
    assert "name" not in rest
    assert "meta" not in rest
    assert rest["displayName"] == "Ana"


def test_a_group_match_without_members_shows_none(tenant: Tenant) -> None:
    user = create_user(tenant, "ana")
    group = create_group(tenant, "grp_all@example.com", user["id"])
    query = 'excludedAttributes=members&filter=displayName+eq+"GRP_ALL%40example.com"'
    (found,) = tenant.http.get(f"/Groups?{query}").json()["Resources"]
    assert found["id"] == group["id"]
    assert "members" not in found
    assert tenant.http.get(f"/Users/{user['id']}").json()["groups"][0]["value"] == group["id"]


def test_a_membership_check_finds_the_group_in_every_spelling(tenant: Tenant) -> None:
    user = create_user(tenant, "ana")
    group = create_group(tenant, "g", user["id"])
    for spelling in (
        f'members eq "{user["id"]}"',
        f'members[value eq "{user["id"]}"]',
        f'members.value eq "{user["id"]}"',
    ):
        for text in (f'id eq "{group["id"]}" and {spelling}', f'{spelling} and id eq "{group["id"]}"'):
            answer = tenant.http.get("/Groups", params={"filter": text, "attributes": "id"}).json()
            assert answer["totalResults"] == 1, text
    none = tenant.http.get("/Groups", params={"filter": f'id eq "{group["id"]}" and members eq "usr_other"'}).json()
    assert none["totalResults"] == 0


def test_removing_one_member_with_a_value_list_leaves_the_others(tenant: Tenant) -> None:
    ids = [create_user(tenant, name)["id"] for name in ("a", "b", "c")]
    group = create_group(tenant, "g", *ids)
    gone = patch(tenant, f"/Groups/{group['id']}", {"op": "Remove", "path": "members", "value": [{"value": ids[0]}]})
    assert gone.status_code == 204
    assert members(tenant, group["id"]) == set(ids[1:])
    patch(tenant, f"/Groups/{group['id']}", {"op": "remove", "path": f'members[value eq "{ids[1]}"]'})
    assert members(tenant, group["id"]) == {ids[2]}


def test_an_unknown_member_is_named_and_nobody_is_added_where_references_must_exist(tenant: Tenant) -> None:
    tenant.set(references="refuse")
    known = create_user(tenant, "a")["id"]
    group = create_group(tenant, "g")
    answer = patch(
        tenant, f"/Groups/{group['id']}",
        {"op": "add", "path": "members", "value": [{"value": known}, {"value": "usr_nobody"}]},
    )  # fmt: skip
    assert answer.status_code == 400
    assert "usr_nobody" in answer.json()["detail"]
    assert members(tenant, group["id"]) == set()


def test_a_deactivated_member_stays_and_a_deleted_one_leaves(tenant: Tenant) -> None:
    one, two = create_user(tenant, "a")["id"], create_user(tenant, "b")["id"]
    group = create_group(tenant, "g", one, two)
    off = patch(tenant, f"/Users/{one}", {"op": "Replace", "path": "active", "value": "False"})
    assert off.json()["active"] is False
    assert tenant.http.get("/Users", params={"filter": 'userName eq "a"'}).json()["totalResults"] == 1
    tenant.http.delete(f"/Users/{two}")
    assert members(tenant, group["id"]) == {one}


def test_a_patch_that_changes_nothing_keeps_the_version(tenant: Tenant) -> None:
    user = create_user(tenant, "ana", active=True)
    answer = patch(tenant, f"/Users/{user['id']}", {"op": "replace", "path": "active", "value": "True"})
    assert answer.status_code == 200
    assert answer.json()["meta"] == user["meta"]


def test_a_patch_is_all_or_nothing(tenant: Tenant) -> None:
    user = create_user(tenant, "ana", title="Lead")
    answer = patch(
        tenant, f"/Users/{user['id']}",
        {"op": "replace", "path": "title", "value": "Boss"},
        {"op": "replace", "path": "active", "value": "perhaps"},
    )  # fmt: skip
    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidValue")
    assert tenant.http.get(f"/Users/{user['id']}").json()["title"] == "Lead"


def test_a_stale_if_match_is_refused(tenant: Tenant) -> None:
    user = create_user(tenant, "ana")
    path = f"/Users/{user['id']}"
    changed = patch(tenant, path, {"op": "add", "path": "title", "value": "Lead"})
    stale = tenant.http.put(path, json={"userName": "ana"}, headers={"If-Match": user["meta"]["version"]})
    assert stale.status_code == 412
    tag = {"If-None-Match": changed.headers["etag"]}
    same = tenant.http.get(path, headers=tag)
    assert (same.status_code, same.content) == (304, b"")


def test_put_replaces_a_groups_members(tenant: Tenant) -> None:
    one, two = create_user(tenant, "a")["id"], create_user(tenant, "b")["id"]
    group = create_group(tenant, "g", one)
    answer = tenant.http.put(f"/Groups/{group['id']}", json={"displayName": "renamed", "members": [{"value": two}]})
    assert (answer.status_code, answer.json()["displayName"]) == (200, "renamed")
    assert members(tenant, group["id"]) == {two}


def test_discovery_tells_the_schemas_with_canonical_values(tenant: Tenant) -> None:
    schemas = tenant.http.get("/Schemas").json()
    user = next(each for each in schemas["Resources"] if each["id"] == USER)
    emails = next(each for each in user["attributes"] if each["name"] == "emails")
    kinds = next(each for each in emails["subAttributes"] if each["name"] == "type")
    assert "work" in kinds["canonicalValues"]
    assert tenant.http.get(f"/Schemas/{USER}").json() == user
    assert tenant.http.get("/ResourceTypes").json()["totalResults"] == 2
    assert tenant.http.get("/ServiceProviderConfig").json()["patch"] == {"supported": True}
    assert tenant.http.get("/Schemas", params={"filter": "id pr"}).status_code == 403
    assert tenant.http.post("/Schemas", json={}).status_code == 405


def test_a_put_that_says_nothing_of_active_brings_nobody_back(tenant: Tenant) -> None:
    user = create_user(tenant, "gone@example.com", active=False)
    put = tenant.http.put(f"/Users/{user['id']}", json={"userName": "gone@example.com", "title": "Lead"})
    assert (put.status_code, put.json()["active"], put.json()["title"]) == (200, False, "Lead")


def test_removing_active_from_somebody_deactivated_brings_nobody_back(tenant: Tenant) -> None:
    user = create_user(tenant, "gone@example.com", active=False)
    assert patch(tenant, f"/Users/{user['id']}", {"op": "remove", "path": "active"}).status_code == 200
    found = tenant.http.get("/Users", params={"filter": "active eq true"}).json()
    assert found["totalResults"] == 0
