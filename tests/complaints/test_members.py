"""Complaints about group members: removed, lost, ignored."""

import asyncio
from typing import Any

import pytest

from tests.complaints import shapes
from tests.complaints.provider import Provider
from vestibule.directory import Directory
from vestibule.model import Group
from vestibule.scim.resource import GroupDraft


@pytest.mark.parametrize("removed", [1, 2], ids=["one", "two"])
def test_complaint_04_remove_with_a_value_list_is_accepted_and_removes_only_those(
    provider: Provider, removed: int
) -> None:
    """Captain-P-Goldfish/SCIM-SDK#167, #149; ssoready#182; azure-docs#30826; pingidentity/scim2#174"""
    ids = provider.new_users("a@x", "b@x", "c@x", "d@x")
    group = provider.new_group("g", *ids)
    answer = provider.patch_group(group, shapes.entra_remove(*ids[:removed]))
    assert (answer.status_code, answer.content) == (204, b"")
    assert provider.members(group) == set(ids[removed:])


def test_complaint_04_remove_of_somebody_who_is_no_member_removes_nobody(provider: Provider) -> None:
    """SCIM-SDK#167, #149; ssoready#182"""
    member, other = provider.new_users("a@x", "b@x")
    group = provider.new_group("g", member)
    version = provider.group(group)["meta"]["version"]
    assert provider.patch_group(group, shapes.entra_remove(other)).status_code == 204
    assert provider.members(group) == {member}
    assert provider.group(group)["meta"]["version"] == version


def test_complaint_05_removing_one_member_leaves_the_other_two(provider: Provider) -> None:
    """directory-scimple#436; SimpleIdServer#164; segment-docs#6726; kortix-ai/suna#7297"""
    ids = provider.new_users("a@x", "b@x", "c@x")
    group = provider.new_group("g", *ids)
    assert provider.patch_group(group, shapes.entra_remove(ids[0])).status_code == 204
    assert provider.members(group) == set(ids[1:])
    assert "groups" not in provider.user(ids[0])
    assert [each["value"] for each in provider.user(ids[1])["groups"]] == [group]


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ([], 204),
        ([{}], 400),
        ([{"$ref": None}], 400),
        ([{"$ref": None, "value": None}], 400),
        ([{"id": "a"}], 400),
    ],
    ids=["empty list", "empty object", "only a reference", "null id", "id instead of value"],
)
def test_complaint_05_a_remove_that_names_nobody_empties_no_group(
    provider: Provider, value: list[Any], status: int
) -> None:
    """directory-scimple#436; SimpleIdServer#164; segment-docs#6726; kortix-ai/suna#7297"""
    ids = provider.new_users("a@x", "b@x", "c@x")
    group = provider.new_group("g", *ids)
    answer = provider.patch_group(group, {"op": "Remove", "path": "members", "value": value})
    assert answer.status_code == status, answer.text
    assert provider.members(group) == set(ids)


async def crowd(directory: Directory, connection_id: str, size: int) -> tuple[list[str], Group]:
    """Users straight in the store; all but the last 256 are members of a group."""
    made = await asyncio.gather(
        *(
            directory.create_user(connection_id, {"schemas": [shapes.USER], "userName": f"u{number}@x"})
            for number in range(size)
        )
    )
    ids = [user.id for user in made]
    group = await directory.create_group(connection_id, GroupDraft("grp_all@x", None, tuple(ids[:-256])))
    return ids, group.group


def test_complaint_20_a_group_of_5000_takes_256_at_once_and_loses_nobody(provider: Provider) -> None:
    """ory/polis#4080; FusionAuth#2784, #2834; wso2#6918, scim2#178; snipe-it#19115; SimpleIdServer#570"""
    connection_id = provider.tenant.connection_id
    ids, group = provider.by_hand(lambda directory: crowd(directory, connection_id, 5_256))
    assert provider.members(group.id) == set(ids[:5_000])

    added = provider.patch_group(group.id, shapes.entra_add(*ids[5_000:]))
    assert (added.status_code, added.content) == (204, b"")
    assert provider.members(group.id) == set(ids)

    gone = {ids[0], ids[99], ids[100], ids[2_500], ids[5_255]}
    removed = provider.patch_group(group.id, shapes.entra_remove(*gone))
    assert (removed.status_code, removed.content) == (204, b"")
    assert provider.members(group.id) == set(ids) - gone

    one_by_one = [shapes.compliant_remove(each) for each in ids[1:65]]
    assert provider.patch_group(group.id, *one_by_one).status_code == 204
    assert provider.members(group.id) == set(ids) - gone - set(ids[1:65])
    kept = provider.by_hand(lambda directory: directory.store.group(connection_id, group.id))
    assert kept.member_count == 5_256 - 5 - 64


def test_complaint_20_adding_the_same_256_again_changes_nothing(provider: Provider) -> None:
    """ory/polis#4080; snipe-it#19115"""
    connection_id = provider.tenant.connection_id
    ids, group = provider.by_hand(lambda directory: crowd(directory, connection_id, 512))
    assert provider.patch_group(group.id, shapes.entra_add(*ids[256:])).status_code == 204
    before = provider.group(group.id)
    assert provider.patch_group(group.id, shapes.entra_add(*ids[256:])).status_code == 204
    assert provider.group(group.id) == before
    assert len(before["members"]) == 512


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "value": {"displayName": "renamed"}},
        {"op": "Replace", "path": "displayName", "value": "renamed"},
        {"op": "replace", "path": f"{shapes.GROUP}:displayName", "value": "renamed"},
        {"op": "replace", "value": {f"{shapes.GROUP}:displayName": "renamed"}},
        {"op": "add", "value": {"displayName": "renamed"}},
    ],
    ids=["path-less", "entra default", "full path", "full key", "path-less add"],
)
def test_complaint_22_a_rename_keeps_the_members(provider: Provider, operation: shapes.Body) -> None:
    """langwatch#7131"""
    ids = provider.new_users("a@x", "b@x")
    group = provider.new_group("g", *ids)
    assert provider.patch_group(group, operation).status_code == 204
    assert provider.group(group)["displayName"] == "renamed"
    assert provider.members(group) == set(ids)


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "value": {"externalId": "8aa1a0c0"}},
        {"op": "Replace", "path": "externalId", "value": "8aa1a0c0"},
    ],
    ids=["path-less", "entra default"],
)
def test_complaint_22_replacing_another_attribute_keeps_the_members(provider: Provider, operation: shapes.Body) -> None:
    """langwatch#7131"""
    ids = provider.new_users("a@x", "b@x")
    group = provider.new_group("g", *ids)
    assert provider.patch_group(group, operation).status_code == 204
    assert provider.group(group)["externalId"] == "8aa1a0c0"
    assert provider.members(group) == set(ids)


def test_complaint_22_oktas_rename_with_the_id_inside_keeps_the_members(provider: Provider) -> None:
    """langwatch#7131"""
    ids = provider.new_users("a@x", "b@x")
    group = provider.new_group("g", *ids)
    answer = provider.patch_group(group, {"op": "replace", "value": {"id": group, "displayName": "renamed"}})
    assert answer.status_code == 204
    assert provider.group(group)["displayName"] == "renamed"
    assert provider.members(group) == set(ids)


def test_complaint_23_replacing_members_with_an_empty_list_empties_the_group(provider: Provider) -> None:
    """SCIM-SDK#757"""
    ids = provider.new_users("a@x", "b@x")
    group = provider.new_group("g", *ids)
    answer = provider.patch_group(group, {"op": "replace", "path": "members", "value": []})
    assert answer.status_code == 204
    assert provider.members(group) == set()
    assert "groups" not in provider.user(ids[0])


def test_complaint_23_okta_empties_a_group_without_a_path(provider: Provider) -> None:
    """scimgateway#113"""
    ids = provider.new_users("a@x", "b@x")
    group = provider.new_group("g", *ids)
    value = {"members": [], "id": group, "displayName": "g"}
    assert provider.patch_group(group, {"op": "replace", "value": value}).status_code == 204
    assert provider.members(group) == set()
    assert provider.group(group)["displayName"] == "g"


@pytest.mark.parametrize("op", ["add", "replace"])
def test_complaint_24_an_okta_member_without_a_type_is_added_as_a_user(provider: Provider, op: str) -> None:
    """SCIM-SDK#419"""
    (user,) = provider.new_users("ana@x")
    group = provider.new_group("g")
    member = {"value": user, "display": "ana@x"}
    assert provider.patch_group(group, {"op": op, "path": "members", "value": [member]}).status_code == 204
    (shown,) = provider.group(group)["members"]
    assert (shown["value"], shown["type"]) == (user, "User")


ANY_CLIENT = pytest.mark.parametrize(
    "user_agent", ["Okta SCIM Client 1.0.0", "azure-active-directory", "python-requests/2.32", "authentik/2026.2", ""]
)


@ANY_CLIENT
def test_complaint_25_put_replaces_the_members_for_any_client(provider: Provider, user_agent: str) -> None:
    """bitwarden/server#2919"""
    stays, leaves, joins = provider.new_users("a@x", "b@x", "c@x")
    group = provider.new_group("g", stays, leaves)
    body = {"schemas": [shapes.GROUP], "displayName": "g", "members": [{"value": stays}, {"value": joins}]}
    answer = provider.http.put(f"/Groups/{group}", json=body, headers={"User-Agent": user_agent})
    assert answer.status_code == 200, answer.text
    assert provider.members(group) == {stays, joins}


@ANY_CLIENT
def test_complaint_25_post_takes_the_members_for_any_client(provider: Provider, user_agent: str) -> None:
    """bitwarden/server#2919"""
    ids = provider.new_users("a@x", "b@x")
    body = {"schemas": [shapes.GROUP], "displayName": "g", "members": [{"value": each} for each in ids]}
    answer = provider.http.post("/Groups", json=body, headers={"User-Agent": user_agent})
    assert answer.status_code == 201, answer.text
    assert provider.members(answer.json()["id"]) == set(ids)


@pytest.mark.parametrize("active", [False, True], ids=["staged", "active"])
def test_complaint_32_a_full_list_by_put_lets_whoever_is_left_out_leave(provider: Provider, active: bool) -> None:
    """metabase#48276"""
    kept = provider.new_users("a@x", "b@x")
    staged = provider.new_user("staged@x", active=active)["id"]
    group = provider.new_group("g", *kept, staged)
    assert provider.members(group) == {*kept, staged}
    body = {
        "schemas": [shapes.GROUP], "id": group, "displayName": "g",
        "members": [{"value": each, "display": "somebody"} for each in kept],
    }  # fmt: skip
    assert provider.http.put(f"/Groups/{group}", json=body).status_code == 200
    assert provider.members(group) == set(kept)
    assert "groups" not in provider.user(staged)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"groups": []},
        {"groups": None},
        {"groups": [{"value": "grp_other", "display": "other"}]},
    ],
    ids=["no groups", "empty groups", "null groups", "other groups"],
)
def test_complaint_33_a_put_of_a_user_changes_no_membership(provider: Provider, body: shapes.Body) -> None:
    """Sonar Server troubleshooting page: above 150 groups the claim is a link, and users were dropped"""
    user, other = provider.new_users("ana@x", "bob@x")
    group = provider.new_group("g", user, other)
    answer = provider.http.put(f"/Users/{user}", json=shapes.entra_user("ana@x", title="Lead", **body))
    assert answer.status_code == 200, answer.text
    assert provider.user(user)["title"] == "Lead"
    assert provider.members(group) == {user, other}
    assert [each["value"] for each in provider.user(user)["groups"]] == [group]


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "value": {"title": "Lead"}},
        {"op": "replace", "value": {"title": "Lead", "groups": []}},
        {"op": "Add", "value": {"title": "Lead", "groups": [{"value": "grp_other"}]}},
        {"op": "replace", "path": "groups", "value": []},
        {"op": "Remove", "path": "groups"},
    ],
    ids=["no groups", "empty groups", "other groups", "path", "removed"],
)
def test_complaint_33_a_patch_of_a_user_changes_no_membership(provider: Provider, operation: shapes.Body) -> None:
    """Sonar Server troubleshooting page: above 150 groups the claim is a link, and users were dropped"""
    user, other = provider.new_users("ana@x", "bob@x")
    group = provider.new_group("g", user, other)
    answer = provider.patch_user(user, operation)
    if "path" in operation:
        assert (answer.status_code, answer.json()["scimType"]) == (400, "mutability")
    else:
        assert answer.status_code == 200, answer.text
        assert provider.user(user)["title"] == "Lead"
    assert provider.members(group) == {user, other}
    assert [each["value"] for each in provider.user(user)["groups"]] == [group]
