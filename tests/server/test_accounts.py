"""One person, two accounts: what is linked, what is only proposed, what is decided by hand, and who is protected."""

from typing import Any

import httpx2
import pytest

from tests.conftest import Tenant
from tests.server.wire import (
    CLOCK,
    CONTOSO,
    ENTERPRISE,
    USER,
    add_members,
    attribute,
    conflicts,
    declare,
    entry,
    everybody,
    found,
    groups_of,
    made_elsewhere,
    members,
    new_group,
    new_user,
    patch,
    reference,
    refusal,
    stored,
    switch_off,
    user,
)
from vestibule import review
from vestibule.explain import explain
from vestibule.model import Conflict
from vestibule.review import CannotDecide

APP: dict[str, Any] = {"displayName": "Ana", "title": "Lead", "emails": [{"value": "ana@x", "type": "work"}]}


def posted(tenant: Tenant, user_name: str, **rest: Any) -> httpx2.Response:
    return tenant.http.post("/Users", json={"schemas": [USER], "userName": user_name, **rest})


def link(tenant: Tenant, conflict: Conflict) -> Conflict:
    return tenant.vestibule.admin(lambda store: review.link(store, CLOCK, tenant.connection_id, conflict.id))


def dismiss(tenant: Tenant, conflict: Conflict) -> Conflict:
    return tenant.vestibule.admin(lambda store: review.dismiss(store, CLOCK, tenant.connection_id, conflict.id))


def protect(tenant: Tenant, user_id: str, *, protected: bool = True) -> None:
    tenant.vestibule.admin(
        lambda store: review.protect(store, CLOCK, tenant.connection_id, user_id, protected=protected)
    )


# The link rule


@pytest.mark.parametrize("origin", ["app", "login"])
@pytest.mark.parametrize(
    ("user_name", "external_id"),
    [("ana.lim@new", "00u-ana"), ("ANA@X", None), ("Ana@x", "00u-new"), ("ana@x", "00u-ana")],
    ids=["externalId", "userName", "userName and a new externalId", "both"],
)
def test_a_post_takes_over_an_account_of_the_apps_or_a_sign_ins(
    tenant: Tenant, origin: Any, user_name: str, external_id: str | None
) -> None:
    held = {} if external_id == "00u-new" else {"externalId": "00u-ana"}
    app = made_elsewhere(tenant, "ana@x", origin, **APP, **held)
    mates = new_group(tenant, "mates", app)
    sent = {"title": "Boss", "active": True} | ({"externalId": external_id} if external_id else {})
    answer = posted(tenant, user_name, **sent)
    assert answer.status_code == 201, answer.text
    shown = answer.json()
    assert (shown["id"], shown["userName"], shown["title"]) == (app, user_name, "Boss")
    assert (shown["displayName"], shown["emails"]) == (APP["displayName"], APP["emails"])
    assert shown.get("externalId") == (external_id or "00u-ana")
    assert answer.headers["location"].endswith(f"/Users/{app}")
    assert user(tenant, app) == shown
    assert (groups_of(tenant, app), members(tenant, mates)) == ({mates}, {app})
    assert (everybody(tenant), conflicts(tenant)) == ([user_name], [])
    kept = stored(tenant, app)
    assert (kept.origin, kept.adopted_at is not None, kept.version) == (origin, True, 2)
    logged = entry(tenant, answer)
    assert (logged.facts["linked"], logged.resource_id, explain(logged).code) == (origin, app, "linked")


def test_who_takes_over_an_account_cannot_change_what_is_immutable(tenant: Tenant) -> None:
    declare(tenant, attribute("number", "integer", mutability="immutable"), attribute("badge"))
    app = made_elsewhere(tenant, "ana@x", "app", **{CONTOSO: {"number": 7, "badge": "a"}})
    before = user(tenant, app)
    assert "number" in refusal(posted(tenant, "ana@x", **{CONTOSO: {"number": 8}}), 400, "mutability")
    assert (user(tenant, app), stored(tenant, app).adopted_at) == (before, None)
    answer = posted(tenant, "ana@x", **{CONTOSO: {"badge": "b"}})
    assert (answer.status_code, answer.json()["id"]) == (201, app)
    assert user(tenant, app)[CONTOSO] == {"number": 7, "badge": "b"}


def test_a_second_post_is_refused_and_changes_nothing(tenant: Tenant) -> None:
    app = made_elsewhere(tenant, "ana@x", externalId="00u-ana")
    assert posted(tenant, "ana@x", title="Boss").status_code == 201
    before = user(tenant, app)
    for name, rest in (("ana@x", {}), ("other@x", {"externalId": "00u-ana"})):
        refusal(posted(tenant, name, title="Again", **rest), 409, "uniqueness")
    assert (user(tenant, app), everybody(tenant)) == (before, ["ana@x"])


def test_the_strict_dialect_takes_over_nobody(tenant: Tenant) -> None:
    tenant.set(dialect="strict")
    app = made_elsewhere(tenant, "ana@x", externalId="00u-ana", **APP)
    before = user(tenant, app)
    for name, rest in (("ANA@x", {}), ("other@x", {"externalId": "00u-ana"})):
        refusal(posted(tenant, name, title="Boss", **rest), 409, "uniqueness")
    assert (user(tenant, app), everybody(tenant), stored(tenant, app).adopted_at) == (before, ["ana@x"], None)
    assert {(each.attribute, each.user_id) for each in conflicts(tenant, "open")} == {
        ("userName", app), ("externalId", app),
    }  # fmt: skip


def test_two_accounts_that_each_have_half_of_the_name_are_not_mixed(tenant: Tenant) -> None:
    one = made_elsewhere(tenant, "ana@x")
    two = made_elsewhere(tenant, "other@x", externalId="00u-ana")
    before = user(tenant, one), user(tenant, two)
    refusal(posted(tenant, "ana@x", externalId="00u-ana", title="Boss"), 409, "uniqueness")
    assert (user(tenant, one), user(tenant, two)) == before
    assert stored(tenant, one).adopted_at is None


def test_an_extension_is_merged_attribute_by_attribute(tenant: Tenant) -> None:
    app = made_elsewhere(tenant, "ana@x", "app", **{ENTERPRISE: {"costCenter": "c-1", "department": "IT"}})
    assert posted(tenant, "ana@x", **{ENTERPRISE: {"department": "R&D"}}).status_code == 201
    assert user(tenant, app)[ENTERPRISE] == {"costCenter": "c-1", "department": "R&D"}


def test_a_post_that_says_nothing_of_active_brings_nobody_back(tenant: Tenant) -> None:
    app = made_elsewhere(tenant, "ana@x", active=False)
    assert posted(tenant, "ana@x", title="Boss").status_code == 201
    assert user(tenant, app)["active"] is False


# E-mail addresses only propose


def shared(tenant: Tenant, *names: str) -> tuple[str, list[str]]:
    """An account of the app's with the address team@x, and the identity provider's accounts with the same."""
    app = made_elsewhere(tenant, "app@x", emails=[{"value": "Team@x"}])
    return app, [new_user(tenant, name, emails=[{"value": "team@X"}])["id"] for name in names]


def test_the_same_address_makes_a_second_account_and_a_proposal(tenant: Tenant) -> None:
    app, (ana,) = shared(tenant, "ana")
    assert app != ana
    (conflict,) = conflicts(tenant, "open")
    assert (conflict.attribute, conflict.user_id, conflict.other_id) == ("emails", app, ana)
    assert (conflict.value, conflict.incoming["userName"]) == ("team@x", "ana")
    assert everybody(tenant) == ["app@x", "ana"]
    assert stored(tenant, app).adopted_at is None


def test_nobody_is_proposed_for_an_address_of_the_identity_providers_own(tenant: Tenant) -> None:
    for name in ("ana", "bob"):
        new_user(tenant, name, emails=[{"value": "team@x"}])
    new_user(tenant, "cid", emails=[{"type": "work", "display": "no value"}])
    adopted = made_elsewhere(tenant, "app@x", emails=[{"value": "other@x"}])
    assert switch_off(tenant, adopted).status_code == 200
    new_user(tenant, "dan", emails=[{"value": "other@x"}])
    assert conflicts(tenant) == []


def test_linked_accounts_become_one_with_the_memberships_of_both(tenant: Tenant) -> None:
    app, (ana,) = shared(tenant, "ana")
    of_app, of_ana, of_both = new_group(tenant, "1", app), new_group(tenant, "2", ana), new_group(tenant, "3", app, ana)
    empty = new_group(tenant, "4")
    before = user(tenant, ana)
    assert link(tenant, conflicts(tenant)[0]).state == "linked"
    assert tenant.http.get(f"/Users/{app}").status_code == 404
    assert (everybody(tenant), conflicts(tenant, "open")) == (["ana"], [])
    assert groups_of(tenant, ana) == {of_app, of_ana, of_both}
    assert [members(tenant, each) for each in (of_app, of_ana, of_both)] == [{ana}] * 3
    # With other groups it has another tag.
    aside = {"groups": None, "meta": None}
    assert user(tenant, ana) | aside == before | aside
    # The id that is gone means the account that stayed.
    assert add_members(tenant, empty, app).status_code == 204
    assert members(tenant, empty) == {ana}
    gone = patch(tenant, f"/Groups/{of_app}", {"op": "remove", "path": f'members[value eq "{app}"]'})
    assert (gone.status_code, members(tenant, of_app)) == (204, set())


def test_dismissed_accounts_stay_two_and_only_a_new_one_is_proposed_again(tenant: Tenant) -> None:
    app, (ana,) = shared(tenant, "ana")
    assert dismiss(tenant, conflicts(tenant)[0]).state == "dismissed"
    patched = patch(tenant, f"/Users/{ana}", {"op": "add", "path": "emails", "value": [{"value": "TEAM@x"}]})
    assert (patched.status_code, conflicts(tenant, "open")) == (200, [])
    assert (everybody(tenant), user(tenant, app)["active"]) == (["app@x", "ana"], True)
    assert tenant.http.delete(f"/Users/{ana}").status_code == 204
    again = new_user(tenant, "ana", emails=[{"value": "team@X"}])["id"]
    assert [each.other_id for each in conflicts(tenant, "open")] == [again]


def test_what_was_decided_or_is_gone_cannot_be_decided(tenant: Tenant) -> None:
    app, _ = shared(tenant, "ana")
    (conflict,) = conflicts(tenant)
    assert tenant.http.delete(f"/Users/{app}").status_code == 204
    with pytest.raises(CannotDecide, match=f"{app} is no longer here; dismiss the conflict instead"):
        link(tenant, conflict)
    assert (everybody(tenant), conflicts(tenant, "open")) == (["ana"], [conflict])
    dismiss(tenant, conflict)
    for decide in (link, dismiss):
        with pytest.raises(CannotDecide, match=f"{conflict.id} was dismissed already"):
            decide(tenant, conflict)
    other = tenant.vestibule.connection()
    with pytest.raises(CannotDecide, match="There is no conflict"):
        tenant.vestibule.admin(lambda store: review.link(store, CLOCK, other.id, conflict.id))


def test_each_account_with_the_address_is_proposed(tenant: Tenant) -> None:
    _, ids = shared(tenant, "ana", "bob")
    assert {each.other_id for each in conflicts(tenant, "open")} == set(ids)


def test_a_proposal_names_the_shared_address(tenant: Tenant) -> None:
    made_elsewhere(tenant, "app@x", emails=[{"value": "team@x"}])
    new_user(tenant, "ana", emails=[{"value": "ana@x"}, {"value": "team@x"}])
    (conflict,) = conflicts(tenant)
    assert conflict.value == "team@x"


def test_the_reports_of_a_linked_account_have_the_one_that_stayed(tenant: Tenant) -> None:
    app, (ana,) = shared(tenant, "ana")
    report = new_user(tenant, "report", **{ENTERPRISE: {"manager": {"value": app}}})["id"]
    link(tenant, conflicts(tenant)[0])
    assert user(tenant, report)[ENTERPRISE]["manager"] == reference(tenant, ana)


# Requests that were refused


@pytest.mark.parametrize(("user_name", "external_id"), [("ANA@x", None), ("other@x", "00u-ana")])
def test_a_refused_post_waits_and_once_linked_the_next_one_takes_over(
    tenant: Tenant, user_name: str, external_id: str | None
) -> None:
    ana = new_user(tenant, "ana@x", externalId="00u-ana", displayName="Ana")["id"]
    held = new_group(tenant, "g", ana)
    sent = {"title": "Boss"} | ({"externalId": external_id} if external_id else {})
    for _ in range(2):
        detail = refusal(posted(tenant, user_name, **sent), 409, "uniqueness")
        assert f"vestibule conflict list {tenant.connection_id}" in detail
    (conflict,) = conflicts(tenant, "open")
    assert (conflict.user_id, conflict.other_id, conflict.requests) == (ana, None, 2)
    assert conflict.attribute == ("externalId" if external_id else "userName")
    assert conflict.incoming == {"userName": user_name, "externalId": external_id}
    link(tenant, conflict)
    refusal(posted(tenant, "ana@X" if not external_id else "ANA@X", title="Else"), 409, "uniqueness")
    taken_over = posted(tenant, user_name, **sent)
    assert (taken_over.status_code, taken_over.json()["id"]) == (201, ana)
    shown = user(tenant, ana)
    assert (shown["userName"], shown["title"], shown["displayName"]) == (user_name, "Boss", "Ana")
    assert (everybody(tenant), members(tenant, held)) == ([user_name], {ana})


def test_a_refused_post_that_is_dismissed_is_refused_on(tenant: Tenant) -> None:
    ana = new_user(tenant, "ana@x", title="Lead")["id"]
    refusal(posted(tenant, "ana@x", title="Boss"), 409, "uniqueness")
    dismiss(tenant, conflicts(tenant)[0])
    refusal(posted(tenant, "ana@x", title="Boss"), 409, "uniqueness")
    assert (user(tenant, ana)["title"], conflicts(tenant, "open")) == ("Lead", [])


def test_only_the_next_post_takes_over(tenant: Tenant) -> None:
    ana = new_user(tenant, "ana@x")["id"]
    refusal(posted(tenant, "ana@x"), 409, "uniqueness")
    link(tenant, conflicts(tenant)[0])
    assert posted(tenant, "ana@x", title="Boss").status_code == 201
    refusal(posted(tenant, "ana@x", title="Again"), 409, "uniqueness")
    assert user(tenant, ana)["title"] == "Boss"


# Who comes back


@pytest.mark.parametrize("external_id", [None, "00u-ana"])
def test_somebody_hired_again_has_none_of_the_old_groups(tenant: Tenant, external_id: str | None) -> None:
    rest = {"externalId": external_id} if external_id else {}
    old = new_user(tenant, "ana@x", title="Lead", **rest)["id"]
    held = new_group(tenant, "g", old)
    assert tenant.http.delete(f"/Users/{old}").status_code == 204
    new = new_user(tenant, "ANA@x", **rest)
    assert new["id"] != old
    assert "title" not in new
    assert (groups_of(tenant, new["id"]), members(tenant, held)) == (set(), set())
    assert tenant.http.get(f"/Users/{old}").status_code == 404
    assert found(tenant, f'groups.value eq "{held}"') == []


# Protected accounts


@pytest.fixture
def boss(tenant: Tenant) -> str:
    """The id of a protected account."""
    made = new_user(tenant, "boss@x", externalId="00u-boss", active=True)["id"]
    protect(tenant, made)
    return made


REFUSED = {
    "rename": lambda t, path: patch(t, path, {"op": "replace", "path": "userName", "value": "other@x"}),
    "rename by PUT": lambda t, path: t.http.put(path, json={"userName": "other@x", "title": "Gone"}),
    "deactivate": lambda t, path: patch(
        t, path, {"op": "add", "path": "title", "value": "Gone"}, {"op": "Replace", "path": "active", "value": "False"}
    ),
    "deactivate by PUT": lambda t, path: t.http.put(path, json={"userName": "boss@x", "active": False}),
    "delete": lambda t, path: t.http.delete(path),
}


@pytest.mark.parametrize("act", REFUSED)
def test_a_protected_account_is_neither_renamed_nor_deactivated_nor_deleted(
    tenant: Tenant, boss: str, act: str
) -> None:
    before = user(tenant, boss)
    answer = REFUSED[act](tenant, f"/Users/{boss}")
    detail = refusal(answer, 403)
    assert "is protected" in detail
    assert f"`vestibule user unprotect {tenant.connection_id} {boss}`" in detail
    assert user(tenant, boss) == before
    logged = entry(tenant, answer)
    assert (logged.error, explain(logged).code) == ("protected", "account_protected")
    protect(tenant, boss, protected=False)
    assert REFUSED[act](tenant, f"/Users/{boss}").status_code < 300


def test_all_else_of_a_protected_account_may_change(tenant: Tenant, boss: str) -> None:
    path = f"/Users/{boss}"
    body = {"userName": "boss@x", "externalId": "00u-new", "title": "Chief", "active": True}
    assert tenant.http.put(path, json=body).status_code == 200
    assert patch(tenant, path, {"op": "add", "path": "nickName", "value": "B"}).status_code == 200
    held = new_group(tenant, "g", boss)
    assert patch(tenant, f"/Groups/{held}", {"op": "remove", "path": "members"}).status_code == 204
    shown = user(tenant, boss)
    assert (shown["externalId"], shown["title"], shown["nickName"]) == ("00u-new", "Chief", "B")
    assert (shown["active"], stored(tenant, boss).protected, groups_of(tenant, boss)) == (True, True, set())


@pytest.mark.parametrize("sent", [{"userName": "other@x"}, {"userName": "app@x", "active": False}])
def test_a_post_changes_no_protected_account(tenant: Tenant, sent: dict[str, Any]) -> None:
    app = made_elsewhere(tenant, "app@x", externalId="00u-app")
    protect(tenant, app)
    posted(tenant, sent["userName"], **(sent | {"externalId": "00u-app"}))
    shown = user(tenant, app)
    assert (shown["userName"], shown["active"]) == ("app@x", True)


def test_linking_keeps_the_protection(tenant: Tenant) -> None:
    app, (ana,) = shared(tenant, "ana")
    protect(tenant, app)
    link(tenant, conflicts(tenant)[0])
    refusal(switch_off(tenant, ana), 403)
