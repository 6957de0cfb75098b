"""Complaints about people who are there already: made by a sign-in, with somebody's e-mail, or a moment ago."""

import pytest

from tests.complaints import shapes
from tests.complaints.provider import Provider
from vestibule.model import Origin

MADE_BY = pytest.mark.parametrize("origin", ["login", "app"])


@MADE_BY
def test_complaint_02_a_user_made_elsewhere_is_found_and_adopted_by_the_first_patch(
    provider: Provider, origin: Origin
) -> None:
    """community.sonarsource.com/t/181997"""
    user = provider.made_elsewhere("ana@x", origin, displayName="Ana")
    assert user.adopted_at is None
    assert provider.found("/Users", 'userName eq "ANA@x"') == [user.id]
    answer = provider.patch_user(
        user.id,
        {"op": "Add", "path": "externalId", "value": "ext-ana@x"},
        {"op": "Add", "path": 'emails[type eq "work"].value', "value": "ana@x"},
    )
    assert answer.status_code == 200, answer.text
    shown = provider.user(user.id)
    assert (shown["externalId"], shown["displayName"]) == ("ext-ana@x", "Ana")
    assert provider.found("/Users", 'externalId eq "ext-ana@x"') == [user.id]
    kept = provider.stored(user.id)
    assert (kept.adopted_at is not None, kept.origin) == (True, origin)


@MADE_BY
def test_complaint_02_a_patch_that_changes_nothing_adopts_too(provider: Provider, origin: Origin) -> None:
    """community.sonarsource.com/t/181997"""
    user = provider.made_elsewhere("ana@x", origin)
    assert provider.patch_user(user.id, shapes.ENABLED["entra default"]).status_code == 200
    assert provider.stored(user.id).adopted_at is not None


@MADE_BY
def test_complaint_02_a_user_made_elsewhere_can_be_a_member(provider: Provider, origin: Origin) -> None:
    """community.sonarsource.com/t/181997"""
    elsewhere = provider.made_elsewhere("ana@x", origin).id
    (user,) = provider.new_users("bob@x")
    group = provider.new_group("g")
    assert provider.patch_group(group, shapes.entra_add(user, elsewhere)).status_code == 204
    assert provider.members(group) == {user, elsewhere}
    assert [each["value"] for each in provider.user(elsewhere)["groups"]] == [group]


@MADE_BY
def test_complaint_02_the_first_post_adopts_and_the_second_is_409(provider: Provider, origin: Origin) -> None:
    """community.sonarsource.com/t/181997"""
    user = provider.made_elsewhere("ana@x", origin)
    group = provider.new_group("g", user.id)
    first = provider.http.post("/Users", json=shapes.entra_user("Ana@x", title="Lead"))
    assert first.status_code == 201, first.text
    assert first.json()["id"] == user.id
    shown = provider.user(user.id)
    assert (shown["externalId"], shown["title"]) == ("ext-Ana@x", "Lead")
    assert provider.stored(user.id).adopted_at is not None
    assert provider.members(group) == {user.id}
    second = provider.http.post("/Users", json=shapes.entra_user("ana@x"))
    assert (second.status_code, second.json()["scimType"]) == (409, "uniqueness")
    assert provider.user(user.id) == shown
    assert provider.found("/Users", "userName pr") == [user.id]


def test_complaint_02_after_an_adoption_by_patch_a_post_is_409(provider: Provider) -> None:
    """community.sonarsource.com/t/181997"""
    user = provider.made_elsewhere("ana@x", "login")
    assert provider.patch_user(user.id, {"op": "Add", "path": "title", "value": "Lead"}).status_code == 200
    answer = provider.http.post("/Users", json=shapes.entra_user("ana@x", title="Boss"))
    assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")
    assert provider.user(user.id)["title"] == "Lead"


def test_complaint_03_two_users_may_share_an_e_mail_address(provider: Provider) -> None:
    """community.sonarsource.com/t/96585"""
    emails = [{"primary": True, "type": "work", "value": "team@x"}]
    one = provider.new_user("ana@x", emails=emails)["id"]
    two = provider.new_user("bob@x", emails=emails)["id"]
    assert one != two
    assert provider.found("/Users", 'emails[type eq "work"].value eq "team@x"') == [one, two]
    for user, name in ((one, "ana@x"), (two, "bob@x")):
        assert (provider.user(user)["userName"], provider.user(user)["emails"]) == (name, emails)


def test_complaint_03_a_patch_may_give_a_user_somebody_elses_address(provider: Provider) -> None:
    """community.sonarsource.com/t/96585"""
    ana, bob = provider.new_users("ana@x", "bob@x")
    operation = {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "ana@x"}
    assert provider.patch_user(bob, operation).status_code == 200
    assert provider.found("/Users", 'emails[type eq "work"].value eq "ana@x"') == [ana, bob]


@pytest.mark.parametrize("user_name", ["ana@x", "ANA@X"])
def test_complaint_31_a_repeated_post_is_409_and_wipes_no_field(provider: Provider, user_name: str) -> None:
    """croffasia/itsaplan#250"""
    whole = shapes.entra_user("ana@x", title="Lead", **{shapes.ENTERPRISE: {"department": "R&D", "manager": "271"}})
    made = provider.http.post("/Users", json=whole)
    assert made.status_code == 201
    before = provider.user(made.json()["id"])
    for body in ({"schemas": [shapes.USER], "userName": user_name}, whole, whole | {"externalId": "another"}):
        again = provider.http.post("/Users", json=body)
        assert (again.status_code, again.json()["scimType"]) == (409, "uniqueness")
    assert provider.user(before["id"]) == before
    assert (before["externalId"], before["title"]) == ("ext-ana@x", "Lead")
    assert provider.found("/Users", "userName pr") == [before["id"]]


def test_complaint_31_a_repeated_post_of_a_group_is_409_and_keeps_its_members(provider: Provider) -> None:
    """croffasia/itsaplan#250"""
    ids = provider.new_users("a@x", "b@x")
    group = provider.new_group("g", *ids)
    before = provider.group(group)
    again = provider.http.post("/Groups", json=shapes.entra_group("g"))
    assert (again.status_code, again.json()["scimType"]) == (409, "uniqueness")
    assert provider.group(group) == before
    assert provider.found("/Groups", "displayName pr") == [group]


def test_complaint_31_a_repeated_post_brings_no_disabled_user_back(provider: Provider) -> None:
    """croffasia/itsaplan#250"""
    user = provider.new_user("ana@x", active=False)["id"]
    assert provider.http.post("/Users", json=shapes.entra_user("ana@x")).status_code == 409
    assert provider.user(user)["active"] is False
    assert provider.stored(user).active is False
