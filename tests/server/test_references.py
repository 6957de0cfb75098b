"""Members and managers who are not here, and groups within groups: parked, accepted or refused."""

from typing import Any

import httpx2
import pytest

from tests.conftest import Tenant
from tests.server.wire import (
    ENTERPRISE,
    GROUP,
    add_members,
    entry,
    group,
    groups_of,
    members,
    new_group,
    new_user,
    new_users,
    patch,
    reference,
    refusal,
    user,
)
from tests.server.wire import PATCH as PATCH_OP
from vestibule.explain import explain

MANAGER = f"{ENTERPRISE}:manager"


def manager(tenant: Tenant, user_id: str) -> dict[str, Any] | None:
    return user(tenant, user_id).get(ENTERPRISE, {}).get("manager")


def pending(tenant: Tenant, group_id: str) -> list[tuple[str, bool]]:
    found = tenant.vestibule.admin(lambda store: store.pending(tenant.connection_id, group_id))
    return [(each.ref, each.nested) for each in found]


def written(tenant: Tenant, group_id: str, form: str, *refs: str) -> httpx2.Response:
    """The same members in one of the forms of a request."""
    value = [{"value": each} for each in refs]
    if form == "PUT":
        body = {"schemas": [GROUP], "displayName": "g", "members": value}
        return tenant.http.put(f"/Groups/{group_id}", json=body)
    operation = {
        "add": {"op": "add", "path": "members", "value": value},
        "replace": {"op": "replace", "path": "members", "value": value},
        "path-less": {"op": "add", "value": {"members": value}},
    }[form]
    return patch(tenant, f"/Groups/{group_id}", operation)


FORMS = pytest.mark.parametrize("form", ["PUT", "add", "replace", "path-less"])


# Members


@FORMS
def test_members_who_are_not_here_are_parked_and_join_when_they_come(tenant: Tenant, form: str) -> None:
    (known,) = new_users(tenant, "known")
    held = new_group(tenant, "g")
    answer = written(tenant, held, form, known, "00u-ana", "BOB@x")
    assert answer.status_code == (200 if form == "PUT" else 204), answer.text
    assert members(tenant, held) == {known}
    before = group(tenant, held)["meta"]["version"]
    ana = new_user(tenant, "ana@x", externalId="00u-ana")["id"]
    assert (members(tenant, held), groups_of(tenant, ana)) == ({known, ana}, {held})
    assert group(tenant, held)["meta"]["version"] != before
    bob = new_user(tenant, "bob@X")["id"]
    assert members(tenant, held) == {known, ana, bob}
    assert pending(tenant, held) == []


@FORMS
def test_members_who_are_not_here_are_refused_and_nobody_is_changed(tenant: Tenant, form: str) -> None:
    tenant.set(references="refuse")
    one, two = new_users(tenant, "one", "two")
    held = new_group(tenant, "g", one)
    before = group(tenant, held)
    answer = written(tenant, held, form, two, "00u-ana")
    detail = refusal(answer, 400, "invalidValue")
    assert "00u-ana" in detail
    assert f"vestibule connection set {tenant.connection_id} --references park" in detail
    assert group(tenant, held) == before
    new_user(tenant, "ana", externalId="00u-ana")
    assert members(tenant, held) == {one}
    logged = entry(tenant, answer)
    assert (logged.error, logged.facts["ids"], explain(logged).code) == (
        "unknown_members",
        ["00u-ana"],
        "member_unresolved",
    )


def test_a_post_with_members_who_are_not_here(tenant: Tenant) -> None:
    body = {"schemas": [GROUP], "displayName": "g", "members": [{"value": "00u-ana"}]}
    made = tenant.http.post("/Groups", json=body)
    assert (made.status_code, "members" in made.json()) == (201, False)
    tenant.set(references="refuse")
    assert "00u-ana" in refusal(tenant.http.post("/Groups", json=body | {"displayName": "h"}), 400, "invalidValue")
    assert tenant.http.get("/Groups").json()["totalResults"] == 1
    ana = new_user(tenant, "ana", externalId="00u-ana")["id"]
    assert members(tenant, made.json()["id"]) == {ana}


def test_parked_members_are_in_the_log_and_explained(tenant: Tenant) -> None:
    (known,) = new_users(tenant, "known")
    held = new_group(tenant, "g")
    answer = add_members(tenant, held, known, *(f"00u-{number:03}" for number in range(120)))
    logged = entry(tenant, answer)
    assert (logged.facts["joined"], logged.facts["parked_count"]) == (1, 120)
    assert logged.facts["parked"] == [f"00u-{number:03}" for number in range(100)]
    told = explain(logged)
    assert told.code == "member_unresolved_parked"
    assert told.sentence.startswith(
        'The group "g" was handled, but 120 of those named are no users here (yet): 00u-000'
    )
    assert told.sentence.endswith("00u-004 and 115 more.")
    assert len(pending(tenant, held)) == 120


def test_a_member_named_by_another_name_than_the_id_is_found_and_logged(tenant: Tenant) -> None:
    ana = new_user(tenant, "ana@x", externalId="00u-ana")["id"]
    held = new_group(tenant, "g")
    answer = add_members(tenant, held, "00u-ana", "ANA@x")
    assert answer.status_code == 204
    assert members(tenant, held) == {ana}
    assert entry(tenant, answer).facts["resolved"] == {"00u-ana": ana, "ANA@x": ana}
    gone = patch(tenant, f"/Groups/{held}", {"op": "remove", "path": 'members[value eq "00u-ana"]'})
    assert (gone.status_code, members(tenant, held)) == (204, set())


def test_only_ids_are_taken_where_references_are_refused(tenant: Tenant) -> None:
    tenant.set(references="refuse")
    new_user(tenant, "ana@x", externalId="00u-ana")
    held = new_group(tenant, "g")
    for name in ("00u-ana", "ana@x"):
        assert name in refusal(add_members(tenant, held, name), 400, "invalidValue")
    assert members(tenant, held) == set()


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": 'members[value eq "00u-ana"]'},
        {"op": "remove", "path": "members"},
        {"op": "replace", "path": "members", "value": []},
    ],
)
def test_a_parked_member_who_is_taken_away_does_not_come(tenant: Tenant, operation: dict[str, Any]) -> None:
    held = new_group(tenant, "g", "00u-ana")
    assert pending(tenant, held) == [("00u-ana", False)]
    assert patch(tenant, f"/Groups/{held}", operation).status_code == 204
    new_user(tenant, "ana", externalId="00u-ana")
    assert members(tenant, held) == set()


def test_who_is_parked_for_a_group_that_is_gone_joins_nothing(tenant: Tenant) -> None:
    held, other = new_group(tenant, "g", "00u-ana"), new_group(tenant, "h", "00u-ana")
    assert tenant.http.delete(f"/Groups/{held}").status_code == 204
    ana = new_user(tenant, "ana", externalId="00u-ana")["id"]
    assert groups_of(tenant, ana) == {other}


def test_somebody_who_is_renamed_to_what_was_waited_for_joins(tenant: Tenant) -> None:
    held = new_group(tenant, "g", "ana@x")
    ana = new_user(tenant, "a@x")["id"]
    assert patch(tenant, f"/Users/{ana}", {"op": "replace", "path": "userName", "value": "Ana@x"}).status_code == 200
    assert members(tenant, held) == {ana}


@pytest.mark.parametrize("ref", ["x" * 513, "a\0b"])
def test_a_name_that_cannot_be_waited_for_is_refused(tenant: Tenant, ref: str) -> None:
    held = new_group(tenant, "g")
    assert refusal(add_members(tenant, held, ref), 400, "invalidValue")
    assert pending(tenant, held) == []


@pytest.mark.parametrize("name", ["formerMembers", "nonmembers"])
def test_an_unknown_attribute_empties_no_group(tenant: Tenant, name: str) -> None:
    (ana,) = new_users(tenant, "ana")
    held = new_group(tenant, "g", ana)
    answer = tenant.http.put(f"/Groups/{held}", json={"schemas": [GROUP], "displayName": "g", name: []})
    assert answer.status_code == 200
    assert members(tenant, held) == {ana}


# Managers


def test_a_manager_who_is_here_is_linked(tenant: Tenant) -> None:
    boss = new_user(tenant, "boss@x", externalId="00u-boss")["id"]
    linked = reference(tenant, boss)
    made = new_user(tenant, "ana", **{ENTERPRISE: {"manager": {"value": boss, "$ref": "https://other/1"}}})
    assert made[ENTERPRISE]["manager"] == manager(tenant, made["id"]) == linked
    for number, ref in enumerate(("00u-boss", "BOSS@x")):
        named = new_user(tenant, f"named{number}", **{ENTERPRISE: {"manager": {"value": ref}}})["id"]
        assert manager(tenant, named) == linked
    found = tenant.http.get("/Users", params={"filter": f'{MANAGER}.value eq "{boss}"'}).json()
    assert found["totalResults"] == 3


def test_a_manager_who_is_not_here_is_kept_as_named_and_linked_when_they_come(tenant: Tenant) -> None:
    ana = new_user(tenant, "ana", **{ENTERPRISE: {"manager": {"value": "00u-boss"}, "department": "IT"}})
    assert ana[ENTERPRISE] == {"manager": {"value": "00u-boss"}, "department": "IT"}
    boss = new_user(tenant, "boss", externalId="00u-boss")["id"]
    shown = user(tenant, ana["id"])
    assert shown[ENTERPRISE] == {"manager": reference(tenant, boss), "department": "IT"}
    assert shown["meta"]["version"] != ana["meta"]["version"]
    same = patch(tenant, f"/Users/{ana['id']}", {"op": "replace", "path": f"{MANAGER}.value", "value": "00u-boss"})
    assert same.json() == shown


@pytest.mark.parametrize("form", ["POST", "PUT", "PATCH", "path-less"])
def test_a_manager_who_is_not_here_is_refused_and_nothing_is_changed(tenant: Tenant, form: str) -> None:
    tenant.set(references="refuse")
    boss = new_user(tenant, "boss", externalId="00u-boss")["id"]
    ana = new_user(tenant, "ana", **{ENTERPRISE: {"manager": {"value": boss}}})
    path, wanted = f"/Users/{ana['id']}", {ENTERPRISE: {"manager": {"value": "00u-boss"}}}
    if form in ("POST", "PUT"):
        body = {"userName": "ana" if form == "PUT" else "bob", "title": "Lead", **wanted}
        answer = tenant.http.request(form, path if form == "PUT" else "/Users", json=body)
    else:
        value = wanted if form == "path-less" else {"value": "00u-boss"}
        operation = {"op": "replace", "value": value} | ({} if form == "path-less" else {"path": MANAGER})
        answer = patch(tenant, path, {"op": "add", "path": "title", "value": "Lead"}, operation)
    assert "00u-boss" in refusal(answer, 400, "invalidValue")
    assert user(tenant, ana["id"]) == ana
    assert tenant.http.get("/Users").json()["totalResults"] == 2
    logged = entry(tenant, answer)
    assert (logged.error, explain(logged).code) == ("unknown_manager", "member_unresolved")


def test_another_change_of_a_user_whose_manager_is_not_here_is_no_matter(tenant: Tenant) -> None:
    ana = new_user(tenant, "ana", **{ENTERPRISE: {"manager": {"value": "00u-boss"}}})["id"]
    tenant.set(references="refuse")
    assert patch(tenant, f"/Users/{ana}", {"op": "add", "path": "title", "value": "Lead"}).status_code == 200
    assert (user(tenant, ana)["title"], manager(tenant, ana)) == ("Lead", {"value": "00u-boss"})


def test_a_manager_who_is_taken_back_before_they_come_is_not_set(tenant: Tenant) -> None:
    ana, bob = (
        new_user(tenant, name, **{ENTERPRISE: {"manager": {"value": "00u-boss"}}})["id"] for name in ("ana", "bob")
    )
    assert patch(tenant, f"/Users/{ana}", {"op": "remove", "path": MANAGER}).status_code == 200
    changed = {"op": "replace", "path": MANAGER, "value": {"value": ana}}
    assert patch(tenant, f"/Users/{bob}", changed).status_code == 200
    new_user(tenant, "boss", externalId="00u-boss")
    assert (manager(tenant, ana), manager(tenant, bob)) == (None, reference(tenant, ana))


def test_a_manager_who_is_deleted_is_linked_no_longer(tenant: Tenant) -> None:
    boss = new_user(tenant, "boss", externalId="00u-boss")["id"]
    ana = new_user(tenant, "ana", **{ENTERPRISE: {"manager": {"value": boss}}})["id"]
    assert tenant.http.delete(f"/Users/{boss}").status_code == 204
    assert "$ref" not in (manager(tenant, ana) or {})


# Groups within groups


@FORMS
@pytest.mark.parametrize("rule", ["park", "accept", "refuse"])
def test_a_group_as_a_member(tenant: Tenant, rule: str, form: str) -> None:
    tenant.set(nested_groups=rule)
    (ana,) = new_users(tenant, "ana")
    inner, outer = new_group(tenant, "inner"), new_group(tenant, "g", ana)
    answer = written(tenant, outer, form, ana, inner)
    if rule == "refuse":
        assert inner in refusal(answer, 400, "invalidValue")
        assert members(tenant, outer) == {ana}
        assert entry(tenant, answer).facts["groups"] == [inner]
        told = explain(entry(tenant, answer))
        assert "groups within groups" in told.why
        assert told.code == "nested_group_member"
        assert told.fixes[0].command == f"vestibule connection set {tenant.connection_id} --nested-groups park"
        return
    assert answer.status_code < 300, answer.text
    shown = group(tenant, outer)["members"]
    assert shown[0]["value"] == ana
    base = tenant.vestibule.scim_url(tenant.connection_id)
    nested = {"value": inner, "$ref": f"{base}/Groups/{inner}", "type": "Group"}
    assert shown[1:] == ([nested] if rule == "accept" else [])
    assert pending(tenant, outer) == [(inner, True)]
    logged = entry(tenant, answer)
    told = (logged.facts.get("parked"), explain(logged).code)
    assert told == (([inner], "nested_group_member") if rule == "park" else (None, "done"))


def test_a_group_that_leaves_or_is_deleted_is_a_member_no_longer(tenant: Tenant) -> None:
    tenant.set(nested_groups="accept")
    one, two = new_group(tenant, "one"), new_group(tenant, "two")
    outer = new_group(tenant, "g", one, two)
    assert members(tenant, outer) == {one, two}
    leave = {"op": "remove", "path": f'members[value eq "{one}"]'}
    assert patch(tenant, f"/Groups/{outer}", leave).status_code == 204
    assert members(tenant, outer) == {two}
    assert tenant.http.delete(f"/Groups/{two}").status_code == 204
    assert (members(tenant, outer), pending(tenant, outer)) == (set(), [])


def test_a_group_changes_when_one_within_it_is_deleted(tenant: Tenant) -> None:
    tenant.set(nested_groups="accept")
    inner = new_group(tenant, "inner")
    outer = new_group(tenant, "g", inner)
    before = group(tenant, outer)["meta"]
    assert tenant.http.delete(f"/Groups/{inner}").status_code == 204
    after = tenant.http.get(f"/Groups/{outer}", headers={"If-None-Match": before["version"]})
    assert (after.status_code, "members" in after.json()) == (200, False)
    assert after.json()["meta"]["lastModified"] >= before["lastModified"]
    title = {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": "displayName", "value": "new"}]}
    stale = tenant.http.patch(f"/Groups/{outer}", json=title, headers={"If-Match": before["version"]})
    assert stale.status_code == 412


def test_a_group_is_not_a_member_of_itself(tenant: Tenant) -> None:
    tenant.set(nested_groups="accept")
    held = new_group(tenant, "g")
    add_members(tenant, held, held)
    assert members(tenant, held) == set()


def test_the_version_changes_with_the_groups_within(tenant: Tenant) -> None:
    tenant.set(nested_groups="accept")
    inner, outer = new_group(tenant, "inner"), new_group(tenant, "g")
    before = group(tenant, outer)["meta"]["version"]
    assert add_members(tenant, outer, inner).status_code == 204
    assert members(tenant, outer) == {inner}
    assert tenant.http.get(f"/Groups/{outer}", headers={"If-None-Match": before}).status_code == 200


@pytest.mark.parametrize("text", ['members.value eq "{}"', 'members[value eq "{}" and type eq "Group"]'])
def test_a_filter_finds_the_group_that_a_group_is_a_member_of(tenant: Tenant, text: str) -> None:
    tenant.set(nested_groups="accept")
    inner = new_group(tenant, "inner")
    outer = new_group(tenant, "g", inner)
    listed = tenant.http.get("/Groups", params={"filter": text.format(inner)}).json()
    assert [each["id"] for each in listed["Resources"]] == [outer]


def test_groups_and_people_who_are_refused_are_told_apart(tenant: Tenant) -> None:
    tenant.set(references="refuse", nested_groups="refuse")
    inner, outer = new_group(tenant, "inner"), new_group(tenant, "g")
    told = explain(entry(tenant, add_members(tenant, outer, inner, "usr_nobody")))
    assert ["--nested-groups park" in str(told.fixes[0].command), "--references park" in str(told.fixes[1].command)] == [
        True, True,
    ]  # fmt: skip
    told = explain(entry(tenant, add_members(tenant, outer, "usr_nobody")))
    assert "--references park" in str(told.fixes[0].command)
    assert "groups within groups" not in told.why
