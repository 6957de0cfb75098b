"""Complaints about PATCH paths: dotted keys stored literally, elements that are not there yet, elements made thrice."""

import pytest

from tests.complaints import shapes
from tests.complaints.provider import Provider

DOTTED = {
    "displayName": "Bjfe",
    "name.givenName": "Kkom",
    "name.familyName": "Unua",
    f"{shapes.ENTERPRISE}:employeeNumber": "Aklq",
    f"{shapes.ENTERPRISE}:department": "R&D",
}


@pytest.mark.parametrize("op", ["replace", "add", "Replace", "Add"])
def test_complaint_11_dotted_keys_without_a_path_change_the_nested_values(provider: Provider, op: str) -> None:
    """SCIM-SDK#267; scim-patch#132; scimmy#10; pingidentity/scim2#224; scimitar#123; SimpleIdServer#388"""
    user = provider.new_user("ana@x")["id"]
    answer = provider.patch_user(user, {"op": op, "value": DOTTED})
    assert answer.status_code == 200, answer.text
    shown = provider.user(user)
    assert shown["displayName"] == "Bjfe"
    assert shown["name"] == {"formatted": "Ana Lim", "givenName": "Kkom", "familyName": "Unua"}
    assert shown[shapes.ENTERPRISE] == {"employeeNumber": "Aklq", "department": "R&D"}
    assert provider.found("/Users", 'name.familyName eq "Unua"') == [user]


def test_complaint_11_no_literal_dotted_key_remains(provider: Provider) -> None:
    """SCIM-SDK#267; scim-patch#132; scimmy#10; pingidentity/scim2#224; scimitar#123; SimpleIdServer#388"""
    user = provider.new_user("ana@x")["id"]
    assert provider.patch_user(user, {"op": "replace", "value": DOTTED}).status_code == 200
    for text in (provider.http.get(f"/Users/{user}").text, provider.stored(user).document):
        for key in ("name.givenName", "name.familyName", "User:employeeNumber", "User:department"):
            assert f'{key}"' not in text
    assert shapes.ENTERPRISE in provider.user(user)["schemas"]


def test_complaint_11_filtered_paths_beside_dotted_keys_all_arrive(provider: Provider) -> None:
    """scimitar#123; pingidentity/scim2#224"""
    user = provider.new_user("ana@x")["id"]
    answer = provider.patch_user(
        user,
        {"op": "replace", "path": 'emails[type eq "work"].value', "value": "a@b"},
        {"op": "replace", "value": {"name.givenName": "Kkom", 'phoneNumbers[type eq "mobile"].value': "+41 79"}},
    )
    assert answer.status_code == 200, answer.text
    shown = provider.user(user)
    assert shown["emails"] == [{"primary": True, "type": "work", "value": "a@b"}]
    assert shown["phoneNumbers"] == [{"type": "mobile", "value": "+41 79"}]
    assert shown["name"]["givenName"] == "Kkom"


@pytest.mark.parametrize("op", ["Add", "Replace"])
@pytest.mark.parametrize(
    ("attribute", "kind", "sub"),
    [
        ("emails", "work", "value"),
        ("emails", "other", "value"),
        ("phoneNumbers", "work", "value"),
        ("phoneNumbers", "mobile", "value"),
        ("phoneNumbers", "fax", "value"),
        ("addresses", "work", "streetAddress"),
        ("addresses", "work", "formatted"),
    ],
)
def test_complaint_12_an_element_that_is_absent_is_created(
    provider: Provider, op: str, attribute: str, kind: str, sub: str
) -> None:
    """scim-patch#176; scimmy#95; scim-for-keycloak#73; keycloak-scim-server#35, #40; wire-server#5419; SCIM-SDK#416"""
    user = provider.new_user("ana@x", emails=[])["id"]
    assert attribute not in provider.user(user)
    answer = provider.patch_user(user, {"op": op, "path": f'{attribute}[type eq "{kind}"].{sub}', "value": "new"})
    assert answer.status_code == 200, answer.text
    assert provider.user(user)[attribute] == [{"type": kind, sub: "new"}]
    assert provider.found("/Users", f'{attribute}[type eq "{kind}"].{sub} eq "new"') == [user]


def test_complaint_12_an_element_of_another_type_stays_as_it_is(provider: Provider) -> None:
    """scim-patch#176; scimmy#95; SCIM-SDK#416"""
    user = provider.new_user("ana@x", emails=[{"type": "home", "value": "ana@home", "primary": True}])["id"]
    answer = provider.patch_user(user, {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "ana@x"})
    assert answer.status_code == 200, answer.text
    assert provider.user(user)["emails"] == [
        {"type": "home", "value": "ana@home", "primary": True},
        {"type": "work", "value": "ana@x"},
    ]


def test_complaint_12_entras_capital_f_in_formatted_is_understood(provider: Provider) -> None:
    """keycloak-scim-server#35, #40"""
    user = provider.new_user("ana@x")["id"]
    operation = {"op": "Add", "path": 'addresses[type eq "other"].Formatted', "value": "Room 12"}
    assert provider.patch_user(user, operation).status_code == 200
    assert provider.user(user)["addresses"] == [{"type": "other", "formatted": "Room 12"}]


ADDRESS = {"streetAddress": "Bahnhofstrasse 1", "locality": "Zürich", "postalCode": "8001"}


def test_complaint_13_three_adds_with_one_filter_make_one_address(provider: Provider) -> None:
    """pingidentity/scim2#213"""
    user = provider.new_user("ana@x")["id"]
    adds = [
        {"op": "Add", "path": f'addresses[type eq "work"].{name}', "value": value} for name, value in ADDRESS.items()
    ]
    assert provider.patch_user(user, *adds).status_code == 200
    assert provider.user(user)["addresses"] == [{"type": "work"} | ADDRESS]


def test_complaint_13_the_same_three_adds_again_still_leave_one_address(provider: Provider) -> None:
    """pingidentity/scim2#213"""
    user = provider.new_user("ana@x")["id"]
    adds = [
        {"op": "Add", "path": f'addresses[type eq "work"].{name}', "value": value} for name, value in ADDRESS.items()
    ]
    assert provider.patch_user(user, *adds).status_code == 200
    before = provider.user(user)
    assert provider.patch_user(user, *adds).status_code == 200
    assert provider.user(user) == before
    assert before["addresses"] == [{"type": "work"} | ADDRESS]
