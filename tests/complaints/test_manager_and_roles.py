"""Complaints about the manager that comes as a text and must go back in the extension, and about roles in texts."""

import orjson
import pytest

from tests.complaints import shapes
from tests.complaints.provider import Provider


@pytest.mark.parametrize("op", ["Add", "Replace", "add"])
def test_complaint_14_a_manager_as_a_bare_text_is_understood(provider: Provider, op: str) -> None:
    """SCIM-SDK#541, #686; scimitar#48; directory-scimple#1242; azure-docs#69234"""
    boss, user = provider.new_users("boss@x", "ana@x")
    answer = provider.patch_user(user, {"op": op, "path": shapes.MANAGER, "value": boss})
    assert answer.status_code == 200, answer.text
    assert provider.user(user)[shapes.ENTERPRISE]["manager"]["value"] == boss


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "add", "value": {shapes.MANAGER: "271"}},
        {"op": "replace", "value": {shapes.ENTERPRISE: {"manager": "271"}}},
        {"op": "Add", "path": "manager", "value": [{"$ref": "http://localhost/scim/Users/271", "value": "271"}]},
        {"op": "replace", "path": shapes.MANAGER, "value": {"value": "271"}},
        {"op": "Add", "path": f"{shapes.MANAGER}.value", "value": "271"},
    ],
    ids=["path-less key", "path-less extension", "array without urn", "object", "value of the manager"],
)
def test_complaint_14_every_other_shape_of_the_manager_is_understood(
    provider: Provider, operation: shapes.Body
) -> None:
    """SCIM-SDK#541, #686; scimitar#48; azure-docs#69234"""
    user = provider.new_user("ana@x")["id"]
    answer = provider.patch_user(user, operation)
    assert answer.status_code == 200, answer.text
    assert provider.user(user)[shapes.ENTERPRISE]["manager"]["value"] == "271"


@pytest.mark.parametrize("manager", ["271", {"value": "271"}, {"Value": "271"}], ids=["text", "object", "capital"])
def test_complaint_14_a_user_is_created_with_his_manager(provider: Provider, manager: object) -> None:
    """directory-scimple#1242"""
    user = provider.new_user("ana@x", **{shapes.ENTERPRISE: {"manager": manager, "department": "R&D"}})["id"]
    shown = provider.user(user)[shapes.ENTERPRISE]
    assert (shown["manager"]["value"], shown["department"]) == ("271", "R&D")


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "Remove", "path": shapes.MANAGER},
        {"op": "Replace", "path": shapes.MANAGER, "value": ""},
        {"op": "Replace", "path": shapes.MANAGER, "value": None},
    ],
    ids=["remove", "empty", "null"],
)
def test_complaint_14_a_manager_who_is_taken_away_is_gone(provider: Provider, operation: shapes.Body) -> None:
    """SCIM-SDK#686"""
    user = provider.new_user("ana@x", **{shapes.ENTERPRISE: {"manager": "271", "department": "R&D"}})["id"]
    assert provider.patch_user(user, operation).status_code == 200
    assert provider.user(user)[shapes.ENTERPRISE] == {"department": "R&D"}


def test_complaint_15_the_manager_is_shown_under_the_extension_only(provider: Provider) -> None:
    """azure-docs#11784"""
    boss, user = provider.new_users("boss@x", "ana@x")
    assert provider.patch_user(user, {"op": "Add", "path": shapes.MANAGER, "value": boss}).status_code == 200
    listed = provider.http.get("/Users", params={"filter": 'userName eq "ana@x"'}).json()["Resources"][0]
    for shown in (provider.user(user), listed):
        assert shown[shapes.ENTERPRISE]["manager"]["value"] == boss
        assert "manager" not in shown
        assert shapes.ENTERPRISE in shown["schemas"]


def test_complaint_15_the_reference_check_of_the_second_cycle_finds_the_manager(provider: Provider) -> None:
    """azure-docs#11784"""
    boss, other, user = provider.new_users("boss@x", "other@x", "ana@x")
    assert provider.patch_user(user, {"op": "Add", "path": shapes.MANAGER, "value": boss}).status_code == 200
    for text in (
        f'id eq "{user}" and manager eq "{boss}"',
        f'manager eq "{boss}" and id eq "{user}"',
        f'id eq "{user}" and {shapes.MANAGER} eq "{boss}"',
        f'id eq "{user}" and {shapes.MANAGER}.value eq "{boss}"',
    ):
        assert provider.found("/Users", text, attributes="id") == [user], text
        assert provider.found("/Users", text.replace(boss, other), attributes="id") == [], text


def test_complaint_15_the_same_manager_sent_again_changes_nothing(provider: Provider) -> None:
    """azure-docs#11784"""
    boss, user = provider.new_users("boss@x", "ana@x")
    operation = {"op": "Add", "path": shapes.MANAGER, "value": boss}
    assert provider.patch_user(user, operation).status_code == 200
    before = provider.user(user)
    assert provider.patch_user(user, operation).status_code == 200
    assert provider.user(user) == before


ROLE = orjson.dumps({"id": "06b0c1e2", "value": "25", "displayName": "Role1234"}).decode()


@pytest.mark.parametrize("op", ["Add", "Replace"])
def test_complaint_16_a_role_as_json_in_a_text_is_kept(provider: Provider, op: str) -> None:
    """SCIM-SDK#516"""
    user = provider.new_user("ana@x")["id"]
    answer = provider.patch_user(user, {"op": op, "path": "roles", "value": [{"value": ROLE}]})
    assert answer.status_code == 200, answer.text
    assert [each["value"] for each in provider.user(user)["roles"]] == [ROLE]


def test_complaint_16_the_same_role_added_again_is_there_once(provider: Provider) -> None:
    """SCIM-SDK#516"""
    user = provider.new_user("ana@x")["id"]
    operation = {"op": "Add", "path": "roles", "value": [{"value": ROLE}]}
    assert provider.patch_user(user, operation).status_code == 200
    assert provider.patch_user(user, operation).status_code == 200
    assert [each["value"] for each in provider.user(user)["roles"]] == [ROLE]


def test_complaint_16_a_role_chosen_by_the_text_true_is_one_role(provider: Provider) -> None:
    """SCIM-SDK#516"""
    user = provider.new_user("ana@x")["id"]
    answer = provider.patch_user(
        user,
        {"op": "Add", "path": 'roles[primary eq "True"].display', "value": "Admin"},
        {"op": "Add", "path": 'roles[primary eq "True"].value', "value": "admin"},
        {"op": "Add", "path": 'roles[primary eq "True"].type', "value": "WindowsAzureActiveDirectoryRole"},
    )
    assert answer.status_code == 200, answer.text
    assert provider.user(user)["roles"] == [
        {"primary": True, "display": "Admin", "value": "admin", "type": "WindowsAzureActiveDirectoryRole"}
    ]


def test_complaint_16_roles_in_the_shape_of_a_post_are_kept(provider: Provider) -> None:
    """SCIM-SDK#516"""
    role = {"primary": True, "type": "WindowsAzureActiveDirectoryRole", "value": "Admin"}
    user = provider.new_user("ana@x", roles=[role])["id"]
    assert provider.user(user)["roles"] == [role]
    other = role | {"primary": False, "value": "Reader"}
    assert provider.patch_user(user, {"op": "replace", "path": "roles", "value": [other]}).status_code == 200
    assert provider.user(user)["roles"] == [other]
