"""Complaints about members whom the server does not know yet, or no longer."""

import httpx2
import pytest

from tests.complaints import shapes
from tests.complaints.provider import Provider


@pytest.fixture
def refusing(provider: Provider) -> Provider:
    """The provider of a connection with references=refuse."""
    provider.tenant.set(references="refuse")
    return provider


def names_the_id(answer: httpx2.Response, member_id: str) -> bool:
    body = answer.json()
    return (answer.status_code, body["scimType"]) == (400, "invalidValue") and member_id in body["detail"]


def test_complaint_29_an_unknown_member_is_named_where_references_are_refused(refusing: Provider) -> None:
    """sentry#122540"""
    (known,) = refusing.new_users("a@x")
    group = refusing.new_group("g")
    pushed = {"displayName": "g", "members": [{"value": known}, {"value": "usr_nobody"}]}
    for answer in (
        refusing.patch_group(group, shapes.entra_add(known, "usr_nobody")),
        refusing.http.put(f"/Groups/{group}", json=pushed),
        refusing.http.post("/Groups", json=pushed | {"displayName": "h"}),
    ):
        assert names_the_id(answer, "usr_nobody"), answer.text
        assert known not in answer.json()["detail"]
    assert refusing.members(group) == set()
    assert refusing.found("/Groups", "displayName pr") == [group]


def test_complaint_29_the_new_id_of_a_recreated_user_is_a_member(provider: Provider) -> None:
    """sentry#122540"""
    (old,) = provider.new_users("ana@x")
    group = provider.new_group("g", old)
    assert provider.http.delete(f"/Users/{old}").status_code == 204
    (new,) = provider.new_users("ana@x")
    assert provider.patch_group(group, shapes.entra_add(new)).status_code == 204
    assert provider.members(group) == {new}


def test_complaint_29_an_unknown_member_is_accepted_and_not_shown(provider: Provider) -> None:
    """sentry#122540"""
    (known,) = provider.new_users("a@x")
    group = provider.new_group("g")
    answer = provider.patch_group(group, shapes.entra_add(known, "usr_nobody"))
    assert (answer.status_code, answer.content) == (204, b"")
    assert provider.members(group) == {known}
    assert "usr_nobody" not in provider.http.get(f"/Groups/{group}").text


@pytest.mark.parametrize("parked", ["00u-ana", "ana@x"], ids=["externalId", "userName"])
def test_complaint_29_somebody_named_too_early_becomes_a_member_when_he_appears(
    provider: Provider, parked: str
) -> None:
    """sentry#122540"""
    group = provider.new_group("g")
    assert provider.patch_group(group, shapes.entra_add(parked)).status_code == 204
    assert provider.members(group) == set()
    stranger = provider.new_user("bob@x", externalId="00u-bob")["id"]
    ana = provider.new_user("ana@x", externalId="00u-ana")["id"]
    assert provider.members(group) == {ana}
    assert "groups" not in provider.user(stranger)
    assert [each["value"] for each in provider.user(ana)["groups"]] == [group]


@pytest.mark.parametrize("verb", ["POST", "PUT"])
def test_complaint_29_a_pushed_list_parks_whom_the_server_does_not_know(provider: Provider, verb: str) -> None:
    """sentry#122540"""
    (known,) = provider.new_users("a@x")
    body = {"schemas": [shapes.GROUP], "displayName": "g", "members": [{"value": known}, {"value": "00u-ana"}]}
    path = "/Groups" if verb == "POST" else f"/Groups/{provider.new_group('g')}"
    answer = provider.http.request(verb, path, json=body)
    assert answer.status_code == (201 if verb == "POST" else 200), answer.text
    group = answer.json()["id"]
    assert provider.members(group) == {known}
    ana = provider.new_user("ana@x", externalId="00u-ana")["id"]
    assert provider.members(group) == {known, ana}


def test_complaint_29_somebody_who_appears_by_signing_in_becomes_a_member(provider: Provider) -> None:
    """sentry#122540"""
    group = provider.new_group("g")
    assert provider.patch_group(group, shapes.entra_add("ana@x")).status_code == 204
    ana = provider.made_elsewhere("ana@x", "login").id
    assert provider.members(group) == {ana}


def test_complaint_29_the_old_id_of_a_recreated_user_resolves_to_the_new_one(provider: Provider) -> None:
    """sentry#122540"""
    old = provider.new_user("ana@x", externalId="00u-ana")["id"]
    group = provider.new_group("g")
    assert provider.http.delete(f"/Users/{old}").status_code == 204
    assert provider.patch_group(group, shapes.entra_add(old)).status_code == 204
    assert provider.members(group) == set()
    provider.new_user("ben@x")
    new = provider.new_user("ANA@x", externalId="00u-ana")["id"]
    assert new != old
    assert provider.members(group) == {new}


def test_complaint_29_a_parked_member_who_is_removed_does_not_come_back(provider: Provider) -> None:
    """sentry#122540"""
    group = provider.new_group("g")
    assert provider.patch_group(group, shapes.entra_add("ana@x")).status_code == 204
    assert provider.patch_group(group, shapes.entra_remove("ana@x")).status_code == 204
    provider.new_user("ana@x")
    assert provider.members(group) == set()
