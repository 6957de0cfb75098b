"""Microsoft's gallery validation, by the names of its tests: the SCIM ones as they are sent, the engine's as requests.

Not here: Validate_Credentials and Federated_Identity (OAuth), and the on-demand tests, whose requests are those of
the creations.
"""

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
    replace,
    value_at,
    values_at,
)

ADDRESS = ("formatted", "streetAddress", "locality", "region", "postalCode", "country")
NEW_VALUES: Json = {
    "displayName": "upd-display",
    "title": "upd-title",
    "preferredLanguage": "upd-language",
    "name.givenName": "upd-given",
    "name.familyName": "upd-family",
    "name.formatted": "upd-formatted",
    'emails[type eq "work"].value': "upd@example.com",
    **{f'addresses[type eq "work"].{part}': f"upd-{part}" for part in ADDRESS},
    **{f'phoneNumbers[type eq "{kind}"].value': f"upd-{kind}" for kind in ("work", "mobile", "fax")},
    f"{ENTERPRISE}:employeeNumber": "upd-number",
    f"{ENTERPRISE}:department": "upd-department",
}
"""A value for every optional attribute of Entra's default mapping of users, by its name there."""

MAPPED = {"userName", "active", "externalId", MANAGER, *NEW_VALUES}
MAPPED_OF_GROUPS = {"displayName", "externalId", "members"}


def mapped_user(user_name: str, **rest: Any) -> Json:
    """A user with a value for everything that is mapped."""
    return {
        "schemas": [USER, ENTERPRISE],
        "userName": user_name,
        "externalId": f"ext-{user_name}",
        "active": True,
        "displayName": "Test One",
        "title": "TestTitle",
        "preferredLanguage": "en-US",
        "name": {"givenName": "Test", "familyName": "One", "formatted": "Test One"},
        "emails": [{"type": "work", "primary": True, "value": f"mail.{user_name}"}],
        "addresses": [{"type": "work", "primary": True, **{part: f"Test {part}" for part in ADDRESS}}],
        "phoneNumbers": [
            {"type": kind, "primary": kind == "work", "value": f"555-{kind}"} for kind in ("work", "mobile", "fax")
        ],
        ENTERPRISE: {"employeeNumber": "4711", "department": "Test"},
        **rest,
    }


@pytest.fixture
def user(tenant: Tenant) -> Json:
    return make(tenant, "/Users", mapped_user("test1@example.com"))


@pytest.fixture
def user_path(user: Json) -> str:
    return f"/Users/{user['id']}"


# Schema_Discoverability


def flattened(attribute: Json) -> list[str]:
    """An attribute of /Schemas under the names by which a mapping points at it, as the validation makes them."""
    name, subs = attribute["name"], attribute.get("subAttributes", [])
    if name in ("manager", "members"):
        return [name]
    if attribute["type"] == "complex" and attribute["multiValued"]:
        kinds = next((each.get("canonicalValues", []) for each in subs if each["name"] == "type"), [])
        if kinds:
            named = [sub["name"] for sub in subs if sub["name"] not in ("type", "primary")]
            return [f'{name}[type eq "{kind}"].{sub}' for kind in kinds for sub in named]
        return [f'{name}[primary eq "True"].{sub["name"]}' for sub in subs if sub["name"] != "primary"]
    if attribute["type"] == "complex":
        return [f"{name}.{sub['name']}" for sub in subs if sub["type"] not in ("complex", "reference")]
    return [] if attribute["type"] == "reference" else [name]


def discovered(tenant: Tenant) -> tuple[set[str], set[str]]:
    """Every name, in small letters, that /Schemas lets a mapping of users and one of groups use."""
    schemas = {each["id"]: each["attributes"] for each in read(tenant, "/Schemas")["Resources"]}
    of_groups = [name for each in schemas.pop(GROUP) for name in flattened(each)]
    of_users = [name for each in schemas.pop(USER) for name in flattened(each)]
    of_users += [f"{uri}:{each['name']}" for uri, attributes in schemas.items() for each in attributes]
    return {name.lower() for name in of_users}, {name.lower() for name in of_groups}


def missing(mapped: set[str], known: set[str]) -> list[str]:
    return sorted(name for name in mapped if name.lower() not in known)


def test_schema_discoverability(tenant: Tenant) -> None:
    of_users, of_groups = discovered(tenant)
    assert missing(MAPPED - {"externalId"}, of_users) == []
    assert missing(MAPPED_OF_GROUPS - {"externalId"}, of_groups) == []
    assert {f'roles[primary eq "true"].{each}' for each in ("display", "type", "value")} <= of_users


def test_schema_discoverability_of_external_id(tenant: Tenant) -> None:
    """The validation leaves only `id` out of its search, although externalId is a common attribute in the RFC."""
    of_users, of_groups = discovered(tenant)
    assert missing({"externalId"}, of_users) == []
    assert missing({"externalId"}, of_groups) == []


def test_schema_discoverability_has_no_nulls_and_camel_case(tenant: Tenant) -> None:
    """Entra reads the characteristics as they are spelled in the RFC, and no null."""

    def values(attributes: list[Json]) -> list[tuple[str, Any]]:
        own = [pair for each in attributes for pair in each.items() if pair[0] != "subAttributes"]
        return own + [pair for each in attributes for pair in values(each.get("subAttributes", []))]

    found = [pair for each in read(tenant, "/Schemas")["Resources"] for pair in values(each["attributes"])]
    assert None not in [value for _, value in found]
    assert {value for name, value in found if name == "mutability"} == {
        "readWrite", "readOnly", "writeOnly", "immutable",
    }  # fmt: skip
    assert {value for name, value in found if name == "returned"} <= {"default", "always", "never", "request"}


# The direct tests


@pytest.mark.parametrize("verbose", [True, False], ids=["one operation each", "batched"])
def test_scim_null_update(tenant: Tenant, user: Json, user_path: str, verbose: bool) -> None:
    """Every optional attribute is replaced with "", which empties it, and then with null, which keeps it empty."""
    assert None not in values_at(user, NEW_VALUES).values()
    for nothing in ("", None):
        wanted = dict.fromkeys(NEW_VALUES, nothing)
        operations = [replace(path, nothing) for path in wanted] if verbose else batched(wanted)
        after = patch(tenant, user_path, *operations)
        assert values_at(after, NEW_VALUES) == dict.fromkeys(NEW_VALUES)
    assert set(after) == {"schemas", "id", "meta", "userName", "externalId", "active"}
    assert after["schemas"] == [USER]


def test_scim_null_update_with_null_first(tenant: Tenant, user: Json, user_path: str) -> None:
    after = patch(tenant, user_path, *(replace(path, None) for path in NEW_VALUES))
    assert values_at(after, NEW_VALUES) == dict.fromkeys(NEW_VALUES)
    assert (after["userName"], after["externalId"]) == (user["userName"], user["externalId"])


def test_scim_user_create(tenant: Tenant) -> None:
    sent = mapped_user("test1@example.com")
    user = make(tenant, "/Users", sent)
    assert {name: user[name] for name in sent} == sent
    assert user["id"]


@pytest.mark.parametrize("verbose", [True, False], ids=["one operation each", "batched"])
def test_scim_user_update(tenant: Tenant, user_path: str, verbose: bool) -> None:
    wanted = {**NEW_VALUES, "userName": "upd-user@example.com", "externalId": "upd-external"}
    operations = [replace(path, value) for path, value in wanted.items()] if verbose else batched(wanted)
    assert values_at(patch(tenant, user_path, *operations), wanted) == wanted


def test_scim_user_update_makes_what_was_not_there(tenant: Tenant) -> None:
    """The same update of a user with nothing but a name: each element is made once."""
    bare = make_user(tenant, "bare@example.com")
    after = patch(tenant, f"/Users/{bare['id']}", *(replace(path, value) for path, value in NEW_VALUES.items()))
    assert values_at(after, NEW_VALUES) == NEW_VALUES
    assert [len(after[name]) for name in ("emails", "addresses", "phoneNumbers")] == [1, 1, 3]


def test_scim_group_create(tenant: Tenant) -> None:
    sent = {"schemas": [GROUP], "displayName": "Test Group", "externalId": "ext-group"}
    group = make(tenant, "/Groups", sent)
    assert {name: group[name] for name in sent} == sent
    assert group["id"]


@pytest.mark.parametrize("verbose", [True, False], ids=["one operation each", "batched"])
def test_scim_group_update(tenant: Tenant, user: Json, verbose: bool) -> None:
    group = make_group(tenant, "Test Group", externalId="ext-group", members=[{"value": user["id"]}])
    wanted = {"displayName": "upd-group", "externalId": "upd-external"}
    operations = [replace(path, value) for path, value in wanted.items()] if verbose else batched(wanted)
    after = patch(tenant, f"/Groups/{group['id']}", *operations)
    assert after == {**group, **wanted, "meta": after["meta"]}


@pytest.mark.parametrize("endpoint", ["/Users", "/Groups"])
def test_scim_pagination(tenant: Tenant, endpoint: str) -> None:
    """SCIM_User_Pagination and SCIM_Group_Pagination: 11 of them, five to a page, each shown once."""
    made = make_user if endpoint == "/Users" else make_group
    ids = [made(tenant, f"page{number}")["id"] for number in range(11)]
    seen: list[str] = []
    for number, size in enumerate((5, 5, 1)):
        page = read(tenant, endpoint, startIndex=number * 5 + 1, count=5)
        assert (page["startIndex"], page["itemsPerPage"], page["totalResults"]) == (number * 5 + 1, size, 11)
        seen += [each["id"] for each in page["Resources"]]
    assert sorted(seen) == sorted(ids)
    beyond = read(tenant, endpoint, startIndex=16, count=5)
    assert (beyond["startIndex"], beyond["totalResults"], beyond["Resources"]) == (16, 11, [])


def test_scim_update_manager(tenant: Tenant, user: Json, user_path: str) -> None:
    """Add, replace, and replace with nothing, each with the bare id as value."""
    first, second = (make_user(tenant, name)["id"] for name in ("mgr1@example.com", "mgr2@example.com"))
    after = patch(tenant, user_path, replace(MANAGER, first, "Add"))
    assert after[ENTERPRISE]["manager"]["value"] == first
    after = patch(tenant, user_path, replace(MANAGER, second))
    assert after[ENTERPRISE]["manager"]["value"] == second
    after = patch(tenant, user_path, replace(MANAGER, ""))
    assert after[ENTERPRISE] == user[ENTERPRISE]


# The engine's tests of users


def test_create_user(tenant: Tenant) -> None:
    """Create_User_Test and POD_User_Test: probe, match, create, found by its name."""
    assert find(tenant, "/Users", 'userName eq "b4fdc4f7-4e6c-4d7d-a7a5-2f0c1b9f3f11"') == []
    assert find(tenant, "/Users", 'userName eq "new@example.com"') == []
    user = make(tenant, "/Users", mapped_user("new@example.com", meta={"resourceType": "User"}, roles=[]))
    assert find(tenant, "/Users", 'userName eq "new@example.com"') == [user]


def test_update_user(tenant: Tenant, user: Json, user_path: str) -> None:
    """What had a value comes as Replace, what had none as Add."""
    after = patch(
        tenant, user_path,
        replace("title", "Engineer", "Replace"),
        replace(f"{ENTERPRISE}:department", "R&D", "Replace"),
        replace("nickName", "Tess", "Add"),
    )  # fmt: skip
    enterprise = {**user[ENTERPRISE], "department": "R&D"}
    changed = {"title": "Engineer", "nickName": "Tess", ENTERPRISE: enterprise, "meta": after["meta"]}
    assert after == {**user, **changed}


@pytest.mark.parametrize("disabled", [replace("active", "False", "Replace"), replace("active", False)], ids=str)
def test_disable_user(tenant: Tenant, user: Json, user_path: str, disabled: Json) -> None:
    after = patch(tenant, user_path, disabled)
    assert after == {**user, "active": False, "meta": after["meta"]}


def test_delete_user(tenant: Tenant, user_path: str) -> None:
    patch(tenant, user_path, replace("active", "False", "Replace"))
    assert tenant.http.delete(user_path).status_code == 204
    assert gone(tenant, user_path)


def test_user_update_manager(tenant: Tenant, user: Json, user_path: str) -> None:
    """Assigned, changed, removed, each with the engine's own question whether it is so already."""
    first, second = (make_user(tenant, name)["id"] for name in ("mgr1@example.com", "mgr2@example.com"))

    def is_manager(manager: str) -> bool:
        question = f'id eq "{user["id"]}" and manager eq "{manager}"'
        return [each["id"] for each in find(tenant, "/Users", question, attributes="id")] == [user["id"]]

    assert not is_manager(first)
    patch(tenant, user_path, replace(MANAGER, first, "Add"))
    assert is_manager(first)
    patch(tenant, user_path, replace(MANAGER, second, "Replace"))
    assert (is_manager(first), is_manager(second)) == (False, True)
    patch(tenant, user_path, {"op": "Remove", "path": MANAGER})
    assert not is_manager(second)
    assert value_at(read(tenant, user_path), MANAGER) is None


def test_restore_user_that_was_disabled(tenant: Tenant, user: Json, user_path: str) -> None:
    """Restore_User_Test, tagged SoftDeleteRestore: the memberships outlive it, for they are not sent again."""
    group = make_group(tenant, "Test Group", members=[{"value": user["id"]}])
    patch(tenant, user_path, replace("active", "False", "Replace"))
    assert members(read(tenant, f"/Groups/{group['id']}")) == {user["id"]}
    after = patch(tenant, user_path, replace("active", "True", "Replace"))
    assert after["active"] is True
    assert [each["value"] for each in after["groups"]] == [group["id"]]


def test_restore_user_that_was_deleted(tenant: Tenant, user_path: str) -> None:
    """Restore_User_Test, tagged UnassignReassign: the same person is made again under the same name."""
    assert tenant.http.delete(user_path).status_code == 204
    assert gone(tenant, user_path)
    again = make(tenant, "/Users", mapped_user("test1@example.com"))
    assert find(tenant, "/Users", 'userName eq "test1@example.com"') == [again]
    assert f"/Users/{again['id']}" != user_path


# The engine's tests of groups


@pytest.fixture
def group(tenant: Tenant) -> Json:
    schemas = [GROUP, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"]
    return make(tenant, "/Groups", {"schemas": schemas, "displayName": "Test Group", "externalId": "ext-group"})


@pytest.fixture
def group_path(group: Json) -> str:
    return f"/Groups/{group['id']}"


def test_create_group(tenant: Tenant, group: Json) -> None:
    """Create_Group_Test and POD_Group_Test; Microsoft's own schema in the request is passed over."""
    assert find(tenant, "/Groups", 'displayName eq "Test Group"', excludedAttributes="members") == [group]
    assert group["schemas"] == [GROUP]


@pytest.mark.parametrize(
    "renamed", [replace("displayName", "Renamed", "Replace"), replace(None, {"displayName": "Renamed"})], ids=str
)
def test_update_group(tenant: Tenant, user: Json, group_path: str, renamed: Json) -> None:
    patch(tenant, group_path, replace("members", [{"$ref": None, "value": user["id"]}], "Add"))
    after = patch(tenant, group_path, renamed)
    assert (after["displayName"], members(after)) == ("Renamed", {user["id"]})
    assert find(tenant, "/Groups", 'displayName eq "Test Group"') == []


def test_delete_group(tenant: Tenant, user: Json, user_path: str, group_path: str) -> None:
    patch(tenant, group_path, replace("members", [{"value": user["id"]}], "Add"))
    assert tenant.http.delete(group_path).status_code == 204
    assert gone(tenant, group_path)
    assert read(tenant, user_path) == user


def test_group_update_add_member(tenant: Tenant, user: Json, group: Json, group_path: str) -> None:
    question = f'id eq "{group["id"]}" and members eq "{user["id"]}"'
    assert find(tenant, "/Groups", question, attributes="id") == []
    after = patch(tenant, group_path, replace("members", [{"$ref": None, "value": user["id"]}], "Add"))
    assert members(after) == {user["id"]}
    assert [each["id"] for each in find(tenant, "/Groups", question, attributes="id")] == [group["id"]]


@pytest.mark.parametrize("compliant", [False, True], ids=["with value", "by path"])
def test_group_update_remove_member(tenant: Tenant, user: Json, group_path: str, compliant: bool) -> None:
    other = make_user(tenant, "other@example.com")["id"]
    patch(tenant, group_path, replace("members", [{"value": user["id"]}, {"value": other}], "Add"))
    old = {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": user["id"]}]}
    new = {"op": "remove", "path": f'members[value eq "{user["id"]}"]'}
    assert members(patch(tenant, group_path, new if compliant else old)) == {other}


def test_restore_group(tenant: Tenant, user: Json, group_path: str) -> None:
    """Restore_Group_Test: deleted and made again, it starts without its former members."""
    patch(tenant, group_path, replace("members", [{"value": user["id"]}], "Add"))
    assert tenant.http.delete(group_path).status_code == 204
    assert gone(tenant, group_path)
    again = make_group(tenant, "Test Group", externalId="ext-group")
    assert members(again) == set()
    after = patch(tenant, f"/Groups/{again['id']}", replace("members", [{"value": user["id"]}], "Add"))
    assert members(after) == {user["id"]}
