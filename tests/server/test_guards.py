"""The guards of a connection over HTTP: what would empty a group, and a run of deactivations, waits for approval."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from tests.conftest import Tenant
from tests.server.wire import (
    CLOCK,
    GROUP,
    conflicts,
    entry,
    everybody,
    found,
    group,
    holds,
    made_elsewhere,
    members,
    new_group,
    new_user,
    new_users,
    patch,
    refusal,
    switch_off,
    user,
)
from vestibule import review
from vestibule.directory import Directory
from vestibule.explain import explain
from vestibule.scim.resource import Json
from vestibule.store import Store

HOUR = 3_600_000_000


@dataclass(frozen=True)
class Earlier:
    """A clock that is slow by so many microseconds."""

    by: int

    def now(self) -> int:
        return CLOCK.now() - self.by


def approve(tenant: Tenant, hold_id: str, ago: int = 0) -> None:
    tenant.vestibule.admin(lambda store: review.approve(store, Earlier(ago), tenant.connection_id, hold_id))


def refuse(tenant: Tenant, hold_id: str) -> None:
    tenant.vestibule.admin(lambda store: review.refuse(store, CLOCK, tenant.connection_id, hold_id))


def held(answer: httpx2.Response, *told: str) -> str:
    """The answer says that it is held, why, and how it is approved; this is its detail."""
    detail = refusal(answer, 403)
    assert detail.startswith("This waits for approval: ")
    assert "Nothing was changed." in detail
    assert all(each in detail for each in told), detail
    return detail


# Groups that would be emptied

Emptying = Callable[[Tenant, str, list[str]], httpx2.Response]


def _put(tenant: Tenant, group_id: str, **more: Any) -> httpx2.Response:
    return tenant.http.put(f"/Groups/{group_id}", json={"schemas": [GROUP], "displayName": "g", **more})


EMPTYING: dict[str, Emptying] = {
    "remove all": lambda t, g, _: patch(t, f"/Groups/{g}", {"op": "remove", "path": "members"}),
    "replace by none": lambda t, g, _: patch(t, f"/Groups/{g}", {"op": "replace", "path": "members", "value": []}),
    "path-less": lambda t, g, _: patch(t, f"/Groups/{g}", {"op": "replace", "value": {"members": []}}),
    "PUT": lambda t, g, _: _put(t, g, members=[]),
    "each named": lambda t, g, ids: patch(
        t, f"/Groups/{g}", {"op": "Remove", "path": "members", "value": [{"value": each} for each in ids]}
    ),
    "one operation each": lambda t, g, ids: patch(
        t, f"/Groups/{g}", *({"op": "remove", "path": f'members[value eq "{each}"]'} for each in ids)
    ),
    "by somebody unknown": lambda t, g, _: _put(t, g, members=[{"value": "00u-nobody"}]),
    "with a new name": lambda t, g, _: patch(
        t, f"/Groups/{g}", {"op": "replace", "value": {"displayName": "renamed", "members": []}}
    ),
}


@pytest.fixture
def three(tenant: Tenant) -> list[str]:
    """Three users of a connection that holds what would empty a group of three."""
    tenant.set(hold_emptied_group=3)
    return new_users(tenant, "a", "b", "c")


@pytest.mark.parametrize("way", EMPTYING)
def test_what_would_empty_a_group_is_held_until_it_is_approved(tenant: Tenant, three: list[str], way: str) -> None:
    group_id = new_group(tenant, "g", *three)
    before = group(tenant, group_id)
    answers = [EMPTYING[way](tenant, group_id, three) for _ in range(2)]
    (hold,) = holds(tenant)
    command = f"`vestibule hold approve {tenant.connection_id} {hold.id}`"
    for answer in answers:
        held(answer, "It would leave the group 'g' without any of its 3 members", command)
    assert group(tenant, group_id) == before
    assert (hold.guard, hold.subject, hold.subject_name) == ("emptied_group", group_id, "g")
    assert (hold.count, hold.threshold, hold.requests, hold.state) == (3, 3, 2, "open")
    approve(tenant, hold.id)
    assert EMPTYING[way](tenant, group_id, three).status_code < 300
    assert members(tenant, group_id) == set()
    assert [each.state for each in holds(tenant)] == ["approved"]


def test_a_group_without_approval_and_one_that_was_refused_are_still_held(tenant: Tenant, three: list[str]) -> None:
    one, two = new_group(tenant, "g", *three), new_group(tenant, "h", *three)
    remove = {"op": "remove", "path": "members"}
    for group_id in (one, two):
        held(patch(tenant, f"/Groups/{group_id}", remove))
    of = {each.subject: each.id for each in holds(tenant)}
    approve(tenant, of[one])
    refuse(tenant, of[two])
    held(patch(tenant, f"/Groups/{two}", remove), "'h'")
    assert patch(tenant, f"/Groups/{one}", remove).status_code == 204
    assert (members(tenant, one), members(tenant, two)) == (set(), set(three))
    assert sorted((each.subject == two, each.state) for each in holds(tenant)) == [
        (False, "approved"), (True, "open"), (True, "refused"),
    ]  # fmt: skip


def test_an_approval_that_is_taken_back_or_too_old_lets_nothing_through(tenant: Tenant, three: list[str]) -> None:
    group_id = new_group(tenant, "g", *three)
    remove = {"op": "remove", "path": "members"}
    held(patch(tenant, f"/Groups/{group_id}", remove))
    (hold,) = holds(tenant)
    approve(tenant, hold.id, ago=25 * HOUR)
    held(patch(tenant, f"/Groups/{group_id}", remove))
    approve(tenant, hold.id)
    refuse(tenant, hold.id)
    held(patch(tenant, f"/Groups/{group_id}", remove))
    assert members(tenant, group_id) == set(three)


def test_smaller_groups_and_partial_removals_are_not_held(tenant: Tenant, three: list[str]) -> None:
    small, large = new_group(tenant, "small", *three[:2]), new_group(tenant, "large", *three)
    assert patch(tenant, f"/Groups/{small}", {"op": "remove", "path": "members"}).status_code == 204
    assert _put(tenant, large, members=[{"value": three[0]}]).status_code == 200
    assert (members(tenant, small), members(tenant, large)) == (set(), {three[0]})


def test_members_who_leave_one_request_after_the_other_do_not_walk_around_the_guard(
    tenant: Tenant, three: list[str]
) -> None:
    group_id = new_group(tenant, "g", *three)
    leave = [{"op": "remove", "path": f'members[value eq "{each}"]'} for each in three]
    for number, each in enumerate(leave[:-1], 1):
        assert patch(tenant, f"/Groups/{group_id}", each).status_code == 204
        assert members(tenant, group_id) == set(three[number:])
    held(patch(tenant, f"/Groups/{group_id}", leave[-1]), "of its 3 members")
    assert members(tenant, group_id) == set(three[2:])


def test_even_the_last_member_is_held_where_one_is_enough(tenant: Tenant, three: list[str]) -> None:
    tenant.set(hold_emptied_group=1)
    group_id = new_group(tenant, "g", *three[:1])
    held(EMPTYING["each named"](tenant, group_id, three[:1]), "of its 1 members")
    assert members(tenant, group_id) == {three[0]}


def test_members_who_are_exchanged_empty_no_group(tenant: Tenant, three: list[str]) -> None:
    group_id = new_group(tenant, "g", *three)
    (new,) = new_users(tenant, "new")
    assert _put(tenant, group_id, members=[{"value": new}]).status_code == 200
    assert members(tenant, group_id) == {new}


def test_a_put_that_says_nothing_of_members_is_not_held(tenant: Tenant, three: list[str]) -> None:
    group_id = new_group(tenant, "g", *three)
    assert _put(tenant, group_id).status_code == 200
    assert members(tenant, group_id) == set(three)


def test_a_held_request_is_in_the_log_and_explained(tenant: Tenant, three: list[str]) -> None:
    group_id = new_group(tenant, "g", *three)
    logged = entry(tenant, patch(tenant, f"/Groups/{group_id}", {"op": "remove", "path": "members"}))
    (hold,) = holds(tenant)
    facts = {name: logged.facts[name] for name in ("hold", "guard", "count", "limit")}
    assert facts == {"hold": hold.id, "guard": "emptied_group", "count": 3, "limit": 3}
    told = explain(logged)
    assert (logged.error, logged.target, told.code) == ("held", "g", "patch_remove_all_guarded")
    assert "leave a group without members" in told.why
    assert told.fixes[0].command == f"vestibule hold approve {tenant.connection_id} {hold.id}"


# Deactivations


@pytest.fixture
def two(tenant: Tenant) -> Tenant:
    """A connection that lets two people go within an hour."""
    tenant.set(hold_deactivations=2)
    return tenant


LEAVING: dict[str, Callable[[Tenant, Json], httpx2.Response]] = {
    "PATCH": lambda t, each: switch_off(t, each["id"]),
    "Entra's PATCH": lambda t, each: patch(
        t, f"/Users/{each['id']}", {"op": "Replace", "value": {"active": "False", "title": "Gone"}}
    ),
    "PUT": lambda t, each: t.http.put(f"/Users/{each['id']}", json={"userName": each["userName"], "active": False}),
    "DELETE": lambda t, each: t.http.delete(f"/Users/{each['id']}"),
}


@pytest.mark.parametrize("way", LEAVING)
def test_more_than_so_many_are_held_until_they_are_approved(two: Tenant, way: str) -> None:
    users = [new_user(two, f"u{number}") for number in range(5)]
    for each in users[:2]:
        assert LEAVING[way](two, each).status_code < 300
    answers = [LEAVING[way](two, each) for each in users[2:4]]
    (hold,) = holds(two)
    command = f"`vestibule hold approve {two.connection_id} {hold.id}`"
    for answer in answers:
        held(answer, "the deactivation no. 3 of this run; 2 are let through", command)
    assert (hold.guard, hold.subject, hold.threshold, hold.requests) == ("deactivations", "", 2, 2)
    assert [user(two, each["id"]) for each in users[2:]] == users[2:]
    approve(two, hold.id)
    for each in users[2:]:
        assert LEAVING[way](two, each).status_code < 300
    assert found(two, "active eq true") == []


def test_all_ways_of_leaving_count_together(two: Tenant) -> None:
    users = [new_user(two, f"u{number}") for number in range(6)]
    assert LEAVING["DELETE"](two, users[0]).status_code == 204
    assert LEAVING["PATCH"](two, users[1]).status_code == 200
    for way, each in zip(LEAVING, users[2:], strict=True):
        held(LEAVING[way](two, each))
    assert sorted(found(two, "active eq true")) == ["u2", "u3", "u4", "u5"]


def test_what_takes_nobody_away_is_not_held(two: Tenant) -> None:
    users = [new_user(two, f"u{number}") for number in range(4)]
    for each in users[:2]:
        assert switch_off(two, each["id"]).status_code == 200
    assert switch_off(two, users[0]["id"]).status_code == 200
    assert two.http.delete(f"/Users/{users[0]['id']}").status_code == 204
    assert two.http.post("/Users", json={"userName": "off", "active": False}).status_code == 201
    other = {"op": "replace", "path": "title", "value": "Lead"}
    assert patch(two, f"/Users/{users[2]['id']}", other).status_code == 200
    assert everybody(two) == ["u1", "u2", "u3", "off"]


def test_who_comes_back_counts_no_longer(two: Tenant) -> None:
    ids = new_users(two, "a", "b", "c")
    for each in ids[:2]:
        assert switch_off(two, each).status_code == 200
    held(switch_off(two, ids[2]))
    assert patch(two, f"/Users/{ids[0]}", {"op": "replace", "path": "active", "value": True}).status_code == 200
    assert switch_off(two, ids[2]).status_code == 200
    assert found(two, "active eq true") == ["a"]


def test_only_the_window_counts(two: Tenant) -> None:
    ids = new_users(two, "a", "b", "c", "d")

    async def leave(store: Store) -> None:
        directory = Directory(store, Earlier(2 * HOUR))
        await directory.delete_user(two.connection_id, ids[0])
        await directory.replace_user(two.connection_id, ids[1], {"userName": "b", "active": False})

    two.vestibule.admin(leave)
    two.set(hold_window=180)
    held(switch_off(two, ids[2]))
    two.set(hold_window=60)
    assert switch_off(two, ids[2]).status_code == 200
    two.set(hold_window=180, hold_deactivations=4)
    assert switch_off(two, ids[3]).status_code == 200


def test_each_operation_of_a_bulk_request_counts(two: Tenant) -> None:
    ids = new_users(two, "a", "b", "c")
    operations = [{"method": "DELETE", "path": f"/Users/{each}"} for each in ids]
    schemas = ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"]
    answer = two.http.post("/Bulk", json={"schemas": schemas, "Operations": operations})
    assert [each["status"] for each in answer.json()["Operations"]] == ["204", "204", "403"]
    assert (everybody(two), holds(two)[0].requests) == (["c"], 1)


def test_the_guards_are_of_one_connection_and_off_by_default(two: Tenant) -> None:
    ids = new_users(two, "a", "b", "c")
    for each in ids[:2]:
        assert switch_off(two, each).status_code == 200
    other = two.vestibule.connection()
    token, text = two.vestibule.token(other.id)
    with two.vestibule.client(other.id, text) as http:
        elsewhere = Tenant(two.vestibule, other.id, token, text, http)
        there = new_users(elsewhere, "a", "b", "c")
        group_id = new_group(elsewhere, "g", *there)
        assert patch(elsewhere, f"/Groups/{group_id}", {"op": "remove", "path": "members"}).status_code == 204
        for each in there:
            assert switch_off(elsewhere, each).status_code == 200
        assert (found(elsewhere, "active eq true"), holds(elsewhere)) == ([], [])
    held(switch_off(two, ids[2]))
    two.set(hold_deactivations=None)
    assert switch_off(two, ids[2]).status_code == 200


def test_a_held_deactivation_is_in_the_log_and_explained(two: Tenant) -> None:
    ids = new_users(two, "a", "b", "c")
    logged = [entry(two, switch_off(two, each)) for each in ids][-1]
    told = explain(logged)
    assert (logged.facts["guard"], logged.facts["count"], logged.facts["limit"]) == ("deactivations", 3, 2)
    assert (told.code, logged.target) == ("held_for_approval", "c")
    assert "deactivations beyond a number" in told.why


def test_who_is_deactivated_and_then_deleted_counts(two: Tenant) -> None:
    ids = new_users(two, "a", "b", "c", "d")
    for each in ids:
        if switch_off(two, each).status_code == 200:
            two.http.delete(f"/Users/{each}")
    assert everybody(two) == ["c", "d"]


def test_accounts_that_are_linked_count_as_no_deactivation(tenant: Tenant) -> None:
    tenant.set(hold_deactivations=1)
    made_elsewhere(tenant, "app@x", emails=[{"value": "ana@x"}])
    ana = new_user(tenant, "ana", emails=[{"value": "ana@x"}])["id"]
    (conflict,) = conflicts(tenant)
    tenant.vestibule.admin(lambda store: review.link(store, CLOCK, tenant.connection_id, conflict.id))
    assert switch_off(tenant, ana).status_code == 200
    assert user(tenant, ana)["active"] is False


def test_a_post_that_adopts_and_deactivates_is_held_too(tenant: Tenant) -> None:
    tenant.set(hold_deactivations=1)
    app, (ana,) = made_elsewhere(tenant, "app@x"), new_users(tenant, "ana")
    assert switch_off(tenant, ana).status_code == 200
    held(tenant.http.post("/Users", json={"userName": "app@x", "active": False}))
    assert user(tenant, app)["active"] is True
