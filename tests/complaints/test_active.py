"""Complaints about `active`: refused, answered but not done, hidden, confused with deletion."""

from typing import Any

import pytest

from tests.complaints import shapes
from tests.complaints.provider import Provider

TEXTS = pytest.mark.parametrize("text", ["False", "false"])


@TEXTS
def test_complaint_06_active_as_the_text_false_is_stored_as_false(provider: Provider, text: str) -> None:
    """scimmyjs#86; rancher#52996; Unleash#9336; sourcegraph#49325"""
    user = provider.new_user("ana@x")["id"]
    answer = provider.patch_user(user, {"op": "Replace", "path": "active", "value": text})
    assert answer.status_code == 200, answer.text
    assert answer.json()["active"] is False
    assert provider.user(user)["active"] is False


@TEXTS
def test_complaint_06_a_user_created_with_the_text_false_is_inactive(provider: Provider, text: str) -> None:
    """scimmyjs#86; rancher#52996; Unleash#9336; sourcegraph#49325"""
    user = provider.new_user("ana@x", active=text)["id"]
    assert provider.user(user)["active"] is False
    assert provider.found("/Users", "active eq false") == [user]


@pytest.mark.parametrize("text", ["no", "0", " False"])
def test_complaint_06_another_text_is_refused_and_changes_nothing(provider: Provider, text: str) -> None:
    """scimmyjs#86; Unleash#9336"""
    user = provider.new_user("ana@x", active=False)["id"]
    answer = provider.patch_user(user, {"op": "Replace", "path": "active", "value": text})
    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidValue")
    assert provider.user(user)["active"] is False
    assert provider.stored(user).active is False


@pytest.mark.parametrize("value", ["False", "false", False], ids=["False", "false", "boolean"])
def test_complaint_07_add_is_accepted_for_active(provider: Provider, value: Any) -> None:
    """rancher/rancher#54025"""
    user = provider.new_user("ana@x")["id"]
    answer = provider.patch_user(user, {"op": "Add", "path": "active", "value": value})
    assert answer.status_code == 200, answer.text
    assert provider.user(user)["active"] is False


@pytest.mark.parametrize(
    "operations",
    [
        [
            {"op": "Replace", "path": "userName", "value": "ana.lim@x"},
            {"op": "Replace", "path": "active", "value": "False"},
        ],
        [
            {"op": "Replace", "path": "active", "value": "False"},
            {"op": "Replace", "path": "userName", "value": "ana.lim@x"},
        ],
        [{"op": "replace", "value": {"userName": "ana.lim@x", "active": False}}],
    ],
    ids=["name first", "active first", "path-less"],
)
def test_complaint_08_user_name_and_active_change_in_one_patch(
    provider: Provider, operations: list[shapes.Body]
) -> None:
    """ssoready#166"""
    user = provider.new_user("ana@x")["id"]
    assert provider.patch_user(user, *operations).status_code == 200
    shown = provider.user(user)
    assert (shown["userName"], shown["active"]) == ("ana.lim@x", False)
    assert provider.found("/Users", 'userName eq "ana.lim@x"') == [user]
    assert provider.found("/Users", 'userName eq "ana@x"') == []


@pytest.mark.parametrize("operation", shapes.ENABLED.values(), ids=shapes.ENABLED)
def test_complaint_09_enabling_an_active_user_is_accepted_and_changes_nothing(
    provider: Provider, operation: shapes.Body
) -> None:
    """sentry-docs#16258"""
    user = provider.new_user("ana@x")
    assert provider.patch_user(user["id"], operation).status_code in (200, 204)
    assert provider.user(user["id"]) == user


@pytest.mark.parametrize("operation", shapes.ENABLED.values(), ids=shapes.ENABLED)
def test_complaint_09_a_disabled_user_comes_back(provider: Provider, operation: shapes.Body) -> None:
    """sentry-docs#16258"""
    user = provider.new_user("ana@x", active=False)["id"]
    assert provider.patch_user(user, operation).status_code in (200, 204)
    assert provider.user(user)["active"] is True
    assert provider.stored(user).active is True


def is_inactive_everywhere(provider: Provider, user_id: str) -> bool:
    return (
        provider.user(user_id)["active"] is False
        and provider.found("/Users", "active eq false") == [user_id]
        and provider.found("/Users", "active eq true") == []
        and provider.stored(user_id).active is False
    )


@pytest.mark.parametrize("operation", shapes.DISABLED.values(), ids=shapes.DISABLED)
def test_complaint_10_a_user_disabled_by_patch_is_inactive_everywhere(
    provider: Provider, operation: shapes.Body
) -> None:
    """Cogtrix#122"""
    user = provider.new_user("ana@x")["id"]
    assert provider.stored(user).active is True
    assert provider.patch_user(user, operation).status_code in (200, 204)
    assert is_inactive_everywhere(provider, user)


@pytest.mark.parametrize("value", [False, "False"], ids=["boolean", "text"])
def test_complaint_10_a_user_disabled_by_put_is_inactive_everywhere(provider: Provider, value: Any) -> None:
    """Cogtrix#122"""
    user = provider.new_user("ana@x")["id"]
    answer = provider.http.put(f"/Users/{user}", json=shapes.okta_user("ana@x", active=value))
    assert answer.status_code == 200, answer.text
    assert is_inactive_everywhere(provider, user)


@pytest.mark.parametrize("value", [False, "False"], ids=["boolean", "text"])
def test_complaint_10_a_user_created_disabled_is_inactive_everywhere(provider: Provider, value: Any) -> None:
    """Cogtrix#122"""
    assert is_inactive_everywhere(provider, provider.new_user("ana@x", active=value)["id"])


EMPTIED = pytest.mark.parametrize(
    "operation",
    [
        {"op": "Replace", "path": "active", "value": ""},
        {"op": "Replace", "path": "active", "value": None},
        {"op": "Remove", "path": "active"},
    ],
    ids=["empty", "null", "removed"],
)


@EMPTIED
def test_complaint_10_a_disabled_user_whose_active_is_emptied_is_still_inactive(
    provider: Provider, operation: shapes.Body
) -> None:
    """Cogtrix#122; an attribute that was removed is not shown (RFC 7644 3.5.2.2), but the person stays out."""
    user = provider.new_user("ana@x", active=False)["id"]
    assert "active" not in provider.patch_user(user, operation).json()
    assert provider.found("/Users", "active eq false") == [user]
    provider.patch_user(user, {"op": "Replace", "path": "title", "value": "Lead"})
    assert is_inactive_everywhere(provider, user)


@EMPTIED
def test_complaint_10_a_disabled_user_whose_active_is_emptied_is_not_enabled_by_a_put(
    provider: Provider, operation: shapes.Body
) -> None:
    """Cogtrix#122"""
    user = provider.new_user("ana@x", active=False)["id"]
    provider.patch_user(user, operation)
    put = provider.http.put(f"/Users/{user}", json={"schemas": [shapes.USER], "userName": "ana@x"})
    assert put.status_code == 200, put.text
    assert is_inactive_everywhere(provider, user)


def test_complaint_26_an_invited_user_who_never_signed_in_is_active(provider: Provider) -> None:
    """kortix-ai/suna#4244"""
    body = shapes.okta_user("ana@x")
    del body["active"]
    answer = provider.http.post("/Users", json=body)
    assert (answer.status_code, answer.json()["active"]) == (201, True)
    invited = provider.made_elsewhere("bob@x", "app")
    for user in (answer.json()["id"], invited.id):
        assert provider.user(user)["active"] is True
    assert len(provider.found("/Users", "active eq true")) == 2


def test_complaint_26_okta_updates_by_put_of_what_it_has_read(provider: Provider) -> None:
    """kortix-ai/suna#4244"""
    made = provider.http.post("/Users", json=shapes.okta_user("ana@x"))
    assert made.status_code == 201
    user = provider.user(made.json()["id"])
    again = provider.http.put(f"/Users/{user['id']}", json=user)
    assert again.status_code == 200, again.text
    assert provider.user(user["id"]) == user
    changed = provider.http.put(f"/Users/{user['id']}", json=user | {"active": False, "title": "Lead"})
    assert changed.status_code == 200, changed.text
    shown = provider.user(user["id"])
    assert (shown["active"], shown["title"], shown["externalId"]) == (False, "Lead", "00u1abcdefGHIJKL0h8")


def test_complaint_26_oktas_random_password_is_accepted_and_never_shown(provider: Provider) -> None:
    """kortix-ai/suna#4244"""
    made = provider.http.post("/Users", json=shapes.okta_user("ana@x"))
    assert made.status_code == 201, made.text
    user = made.json()["id"]
    put = provider.http.put(f"/Users/{user}", json=shapes.okta_user("ana@x"))
    patched = provider.patch_user(user, {"op": "replace", "value": {"password": "1mz050nq", "title": "Lead"}})
    assert (put.status_code, patched.status_code) == (200, 200)
    shown = provider.http.get(f"/Users/{user}")
    asked = provider.http.get(f"/Users/{user}", params={"attributes": "password,title"})
    listed = provider.http.get("/Users")
    for answer in (made, put, patched, shown, asked, listed):
        assert "password" not in answer.text
        assert "1mz050nq" not in answer.text
    assert shown.json()["title"] == "Lead"
    assert "1mz050nq" not in provider.stored(user).document


@pytest.mark.parametrize("operation", shapes.DISABLED.values(), ids=shapes.DISABLED)
def test_complaint_28_a_disabled_user_is_still_shown_and_found(provider: Provider, operation: shapes.Body) -> None:
    """azure-docs#30269; ssoready#155; scimgateway#47"""
    user = provider.new_user("ana@x")["id"]
    group = provider.new_group("g", user)
    assert provider.patch_user(user, operation).status_code in (200, 204)
    assert provider.user(user)["userName"] == "ana@x"
    for text in ('userName eq "ana@x"', 'externalId eq "ext-ana@x"', 'emails[type eq "work"].value eq "ana@x"'):
        assert provider.found("/Users", text) == [user], text
    assert provider.members(group) == {user}


def test_complaint_28_a_deleted_user_is_gone_for_every_request(provider: Provider) -> None:
    """azure-docs#30269; ssoready#155; scimgateway#47"""
    user, other = provider.new_users("ana@x", "bob@x")
    group = provider.new_group("g", user, other)
    deleted = provider.http.delete(f"/Users/{user}")
    assert (deleted.status_code, deleted.content) == (204, b"")
    for answer in (
        provider.http.get(f"/Users/{user}"),
        provider.http.put(f"/Users/{user}", json=shapes.entra_user("ana@x")),
        provider.patch_user(user, shapes.ENABLED["entra default"]),
        provider.http.delete(f"/Users/{user}"),
    ):
        assert (answer.status_code, answer.json()["status"]) == (404, "404")
    for text in ('userName eq "ana@x"', 'externalId eq "ext-ana@x"', f'id eq "{user}"'):
        assert provider.found("/Users", text) == [], text
    assert provider.found("/Users", "userName pr") == [other]
    assert provider.members(group) == {other}
