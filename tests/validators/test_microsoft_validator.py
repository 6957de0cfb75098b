"""The tests of Microsoft's hosted SCIM Validator, by their names there: 25 mandatory ones and 7 in preview."""

from typing import Any

import pytest

from tests.conftest import Tenant
from tests.validators.exchange import (
    ENTERPRISE,
    GROUP,
    MANAGER,
    USER,
    Json,
    batched,
    find,
    gone,
    make,
    make_group,
    make_user,
    members,
    patch,
    read,
    refused,
    replace,
    send_patch,
    values_at,
)

NEW_VALUES: Json = {
    "externalId": "7f1d0a52-new",
    "displayName": "NEWDISPLAY",
    "title": "NEWTITLE",
    "preferredLanguage": "fr-CH",
    "userType": "NEWTYPE",
    "nickName": "NEWNICK",
    "locale": "NEWLOCALE",
    "timezone": "Europe/Zurich",
    "profileUrl": "NEWPROFILE",
    "name.givenName": "Nora",
    "name.familyName": "Neumann",
    "name.formatted": "Nora Neumann",
    "name.middleName": "N.",
    "name.honorificPrefix": "Dr.",
    "name.honorificSuffix": "III",
    'emails[type eq "work"].value': "nora@example.net",
    'emails[type eq "work"].primary': True,
    'phoneNumbers[type eq "work"].value': "11-111-1111",
    'phoneNumbers[type eq "work"].primary': True,
    'phoneNumbers[type eq "mobile"].value': "22-222-2222",
    'phoneNumbers[type eq "fax"].value': "33-333-3333",
    'addresses[type eq "work"].formatted': "1 New Row",
    'addresses[type eq "work"].streetAddress': "1 New Row",
    'addresses[type eq "work"].locality': "NEWCITY",
    'addresses[type eq "work"].region': "NEWREGION",
    'addresses[type eq "work"].postalCode': "NW1 1AA",
    'addresses[type eq "work"].country': "New Zealand",
    'addresses[type eq "work"].primary': True,
    'roles[primary eq "True"].display': "NEWROLE",
    'roles[primary eq "True"].value': "newrole",
    'roles[primary eq "True"].type': "NEWROLETYPE",
    f"{ENTERPRISE}:employeeNumber": "E-NEW",
    f"{ENTERPRISE}:department": "NEWDEPARTMENT",
    f"{ENTERPRISE}:costCenter": "NEWCENTRE",
    f"{ENTERPRISE}:organization": "NEWORGANISATION",
    f"{ENTERPRISE}:division": "NEWDIVISION",
}
"""What the validator replaces in one PATCH, by path: 36 operations in its verbose mode."""


def random_user(user_name: str, **rest: Any) -> Json:
    """A user as the validator fills it: every attribute, the role's `primary` a text, a time zone of its own."""
    return {
        "schemas": [USER, ENTERPRISE],
        "userName": user_name,
        "active": True,
        "displayName": "QWERTZ",
        "title": "ASDFGH",
        "emails": [{"type": "work", "value": f"mail.{user_name}", "primary": True}],
        "preferredLanguage": "hi",
        "name": {"givenName": "Elfi", "familyName": "Orban", "formatted": "Elfi Orban", "middleName": "C."},
        "addresses": [{"type": "work", "streetAddress": "2 Row", "postalCode": "cx4 4mz", "primary": True}],
        "phoneNumbers": [
            {"type": "work", "value": "10-040-1308", "primary": True},
            {"type": "mobile", "value": "10-040-1308"},
            {"type": "fax", "value": "10-040-1308"},
        ],
        ENTERPRISE: {"employeeNumber": "YXCVBN", "department": "POIUZT", "costCenter": "LKJHGF"},
        "roles": [{"primary": "True", "display": "MNBVCX", "value": "boss", "type": "XVTUOH"}],
        "userType": "GZILLR",
        "nickName": "FOGSIQ",
        "locale": "RJWNTU",
        "timezone": "America/Guayaquil",
        "profileUrl": "BAPNQL",
        **rest,
    }


@pytest.fixture
def user(tenant: Tenant) -> Json:
    return make(tenant, "/Users", random_user("elfi@example.com", externalId="7f1d0a52-old"))


@pytest.fixture
def user_path(user: Json) -> str:
    return f"/Users/{user['id']}"


@pytest.fixture
def group(tenant: Tenant) -> Json:
    return make_group(tenant, "ZGHZBQ", externalId="087af0b9-old")


@pytest.fixture
def group_path(group: Json) -> str:
    return f"/Groups/{group['id']}"


# Mandatory, users


def test_create_a_new_user(tenant: Tenant) -> None:
    sent = random_user("elfi@example.com")
    user = make(tenant, "/Users", sent)
    (found,) = find(tenant, "/Users", 'userName eq "elfi@example.com"')
    assert found == user
    role = {**sent["roles"][0], "primary": True}
    assert {name: user[name] for name in sent} == {**sent, "roles": [role]}


def test_create_a_duplicate_user(tenant: Tenant, user: Json) -> None:
    refused(tenant.http.post("/Users", json=random_user(user["userName"])), 409, "uniqueness")
    assert find(tenant, "/Users", f'userName eq "{user["userName"]}"') == [user]


def test_filter_for_an_existing_user(tenant: Tenant, user: Json) -> None:
    make_user(tenant, "other@example.com")
    assert find(tenant, "/Users", 'userName eq "elfi@example.com"') == [user]


def test_filter_for_a_non_existing_user(tenant: Tenant, user: Json) -> None:
    assert find(tenant, "/Users", 'userName eq "6d1ca7c2-09f0-4be1-bba9-a7a2668d5540"') == []


def test_filter_for_an_existing_user_with_a_different_case(tenant: Tenant, user: Json) -> None:
    assert find(tenant, "/Users", 'userName eq "ELFI@Example.COM"') == [user]


def test_patch_user_replace_attributes(tenant: Tenant, user: Json, user_path: str) -> None:
    """Compliant mode: filtered paths apart, everything else in one operation without a path."""
    after = patch(tenant, user_path, *batched(NEW_VALUES))
    assert values_at(after, NEW_VALUES) == NEW_VALUES
    assert set(after) == set(user)


def test_patch_user_replace_attributes_verbose(tenant: Tenant, user: Json, user_path: str) -> None:
    after = patch(tenant, user_path, *(replace(path, value) for path, value in NEW_VALUES.items()))
    assert values_at(after, NEW_VALUES) == NEW_VALUES
    assert set(after) == set(user)


def test_update_user_user_name(tenant: Tenant, user: Json, user_path: str) -> None:
    after = patch(tenant, user_path, replace(None, {"userName": "renamed@example.com"}))
    assert after == {**user, "userName": "renamed@example.com", "meta": after["meta"]}
    assert find(tenant, "/Users", 'userName eq "elfi@example.com"') == []


def test_patch_user_disable_user(tenant: Tenant, user: Json, user_path: str) -> None:
    after = patch(tenant, user_path, replace(None, {"active": False}))
    assert after == {**user, "active": False, "meta": after["meta"]}
    assert find(tenant, "/Users", 'userName eq "elfi@example.com"') == [after]


def test_patch_user_add_manager(tenant: Tenant, user: Json, user_path: str) -> None:
    boss = make_user(tenant, "boss@example.com")
    after = patch(tenant, user_path, replace(MANAGER, {"value": boss["id"]}, "add"))
    assert after[ENTERPRISE]["manager"]["value"] == boss["id"]
    assert after[ENTERPRISE]["department"] == user[ENTERPRISE]["department"]


def test_patch_user_replace_manager(tenant: Tenant) -> None:
    bosses = [make_user(tenant, name)["id"] for name in ("boss1@example.com", "boss2@example.com")]
    user = make(tenant, "/Users", random_user("elfi@example.com", **{ENTERPRISE: {"manager": {"value": bosses[0]}}}))
    after = patch(tenant, f"/Users/{user['id']}", replace(MANAGER, {"value": bosses[1]}))
    assert after[ENTERPRISE]["manager"]["value"] == bosses[1]


def test_patch_user_remove_manager(tenant: Tenant) -> None:
    """Its "remove" is a replace with an empty value; nothing of the manager may be left."""
    content = {"department": "POIUZT", "manager": {"value": "IHZXFL"}}
    user = make(tenant, "/Users", random_user("elfi@example.com", **{ENTERPRISE: content}))
    assert user[ENTERPRISE]["manager"] == {"value": "IHZXFL"}
    after = patch(tenant, f"/Users/{user['id']}", replace(MANAGER, {"value": ""}))
    assert after[ENTERPRISE] == {"department": "POIUZT"}


def test_delete_a_user(tenant: Tenant, user_path: str) -> None:
    assert tenant.http.delete(user_path).status_code == 204
    assert gone(tenant, user_path)


# Mandatory, groups


def test_get_group_by_id_excluding_members(tenant: Tenant, user: Json) -> None:
    group = make_group(tenant, "ZGHZBQ", members=[{"value": user["id"]}])
    shown = read(tenant, f"/Groups/{group['id']}", excludedAttributes="members")
    assert shown == {name: value for name, value in group.items() if name != "members"}
    assert "members" in group


def test_filter_for_an_existing_group_excluding_members(tenant: Tenant, user: Json) -> None:
    group = make_group(tenant, "ZGHZBQ", members=[{"value": user["id"]}])
    (found,) = find(tenant, "/Groups", 'displayName eq "ZGHZBQ"', excludedAttributes="members")
    assert found == {name: value for name, value in group.items() if name != "members"}


def test_filter_for_an_existing_group(tenant: Tenant, user: Json) -> None:
    make_group(tenant, "Other")
    group = make_group(tenant, "ZGHZBQ", members=[{"value": user["id"]}])
    (found,) = find(tenant, "/Groups", 'displayName eq "ZGHZBQ"')
    assert found == group
    assert members(found) == {user["id"]}


def test_filter_for_a_non_existing_group(tenant: Tenant, group: Json) -> None:
    assert find(tenant, "/Groups", 'displayName eq "6d1ca7c2-09f0-4be1-bba9-a7a2668d5540"') == []


def test_filter_for_an_existing_group_with_a_different_case(tenant: Tenant, group: Json) -> None:
    assert find(tenant, "/Groups", 'displayName eq "zghzbq"') == [group]


def test_create_a_new_group(tenant: Tenant) -> None:
    body = {"displayName": "ZGHZBQ", "externalId": "087af0b9-old", "schemas": [GROUP]}
    group = make(tenant, "/Groups", body)
    assert {name: group[name] for name in body} == body
    assert group["meta"]["resourceType"] == "Group"


def test_create_a_duplicate_group(tenant: Tenant, group: Json) -> None:
    body = {"schemas": [GROUP], "displayName": "ZGHZBQ", "externalId": "087af0b9-second"}
    refused(tenant.http.post("/Groups", json=body), 409, "uniqueness")
    assert find(tenant, "/Groups", 'displayName eq "ZGHZBQ"') == [group]


def test_patch_group_replace_attributes(tenant: Tenant, group: Json, group_path: str) -> None:
    after = patch(tenant, group_path, replace(None, {"externalId": "663fa3a8-new"}))
    assert after == {**group, "externalId": "663fa3a8-new", "meta": after["meta"]}


def test_update_group_display_name(tenant: Tenant, group: Json, group_path: str) -> None:
    after = patch(tenant, group_path, replace(None, {"displayName": "WUZPWM"}))
    assert after == {**group, "displayName": "WUZPWM", "meta": after["meta"]}
    assert find(tenant, "/Groups", 'displayName eq "ZGHZBQ"') == []


def test_patch_group_add_member(tenant: Tenant, user: Json, group_path: str) -> None:
    """Its "add" is a replace of `members`."""
    after = patch(tenant, group_path, replace("members", [{"value": user["id"]}]))
    assert members(after) == {user["id"]}


def test_patch_group_remove_member(tenant: Tenant, user: Json, group_path: str) -> None:
    other = make_user(tenant, "other@example.com")["id"]
    patch(tenant, group_path, replace("members", [{"value": user["id"]}, {"value": other}]))
    after = patch(tenant, group_path, {"op": "remove", "path": f'members[value eq "{user["id"]}"]'})
    assert members(after) == {other}


def test_delete_a_group(tenant: Tenant, user: Json, user_path: str, group_path: str) -> None:
    patch(tenant, group_path, replace("members", [{"value": user["id"]}]))
    assert tenant.http.delete(group_path).status_code == 204
    assert gone(tenant, group_path)
    assert "groups" not in read(tenant, user_path)


# Preview


def test_patch_user_multiple_operations_on_different_attributes(tenant: Tenant, user: Json, user_path: str) -> None:
    after = patch(
        tenant, user_path,
        {"op": "remove", "path": "nickName"},
        replace(None, {"externalId": "7f1d0a52-new"}, "add"),
        replace(None, {"displayName": "NEWDISPLAY"}),
    )  # fmt: skip
    wanted = {**user, "externalId": "7f1d0a52-new", "displayName": "NEWDISPLAY", "meta": after["meta"]}
    del wanted["nickName"]
    assert after == wanted


def test_patch_user_multiple_operations_on_same_attribute(tenant: Tenant, user: Json, user_path: str) -> None:
    after = patch(
        tenant, user_path,
        {"op": "remove", "path": "externalId"},
        replace(None, {"externalId": "7f1d0a52-between"}, "add"),
        replace(None, {"externalId": "7f1d0a52-last"}),
    )  # fmt: skip
    assert after == {**user, "externalId": "7f1d0a52-last", "meta": after["meta"]}


def test_patch_group_multiple_operations_on_same_attribute(tenant: Tenant, user: Json, group_path: str) -> None:
    """A member comes and goes in one PATCH; the other stays."""
    other = make_user(tenant, "other@example.com")["id"]
    patch(tenant, group_path, replace("members", [{"value": other}]))
    after = patch(
        tenant, group_path,
        replace("members", [{"value": user["id"]}], "add"),
        {"op": "remove", "path": f'members[value eq "{user["id"]}"]'},
    )  # fmt: skip
    assert members(after) == {other}


def test_delete_a_non_existent_user(tenant: Tenant, user: Json) -> None:
    refused(tenant.http.delete("/Users/d950a5ce-61da-4979-8423-4600c745a897"), 404)
    assert read(tenant, "/Users")["Resources"] == [user]


def test_delete_the_same_user_twice(tenant: Tenant, user_path: str) -> None:
    assert tenant.http.delete(user_path).status_code == 204
    refused(tenant.http.delete(user_path), 404)
    assert gone(tenant, user_path)


def test_delete_a_non_existent_group(tenant: Tenant, group: Json) -> None:
    refused(tenant.http.delete("/Groups/d950a5ce-61da-4979-8423-4600c745a897"), 404)
    assert read(tenant, "/Groups")["Resources"] == [group]


def test_delete_the_same_group_twice(tenant: Tenant, group_path: str) -> None:
    assert tenant.http.delete(group_path).status_code == 204
    refused(tenant.http.delete(group_path), 404)
    assert gone(tenant, group_path)


def test_a_refused_patch_leaves_all_36_values(tenant: Tenant, user: Json, user_path: str) -> None:
    """Not the validator's, but what makes its verbose PATCH safe: the last operation fails, nothing is kept."""
    operations = [replace(path, value) for path, value in NEW_VALUES.items()]
    refused(send_patch(tenant, user_path, *operations, replace("userName", "")), 400, "invalidValue")
    assert read(tenant, user_path) == user
