"""Each missing person has one reason, and what shows it; each extra one, too."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rollcall.stage import CON, Stage, play
from vestibule.rollcall import Expectation, ExpectedPerson, GroupRoll, Missing, call_roll, keeping
from vestibule.rollcall.reasons import REASONS, Situation, reason_for
from vestibule.scim.patch import GroupChange
from vestibule.store import Rules
from vestibule.store.roll_calls import Departed, Whereabouts

UNIQUE = {"attribute": "userName", "value": "ana", "holder": "usr_other"}
LACKS = {"need": ["patch:groups"], "got": ["get:users"]}


async def missing(stage: Stage, who: ExpectedPerson | str) -> Missing:
    """The one reason for the one person, the same whether the expectation is kept or at hand."""
    await stage.expect("Sales", who)
    (kept,) = (await stage.call("Sales")).missing
    person = ExpectedPerson(who) if isinstance(who, str) else who
    (roll,) = await call_roll(stage.store, CON, [Expectation("Sales", 1, (person,))])
    assert roll.missing == (kept,)
    assert kept.reason in REASONS
    return kept


def test_somebody_who_was_never_sent_is_told_so() -> None:
    async def work(stage: Stage) -> None:
        told = await missing(stage, "ana")
        assert (told.reason, told.evidence) == ("never_provisioned", {})

    play(work)


def test_a_refusal_of_the_person_is_named_by_its_request() -> None:
    async def work(stage: Stage) -> None:
        request = await stage.refused("User", "ANA", "POST", 400, error="invalid_value", facts={"detail": "Bad."})
        told = await missing(stage, "ana")
        assert (told.reason, told.request_id) == ("refused", request)

    play(work)


def test_a_name_that_another_account_has_is_a_conflict_with_its_holder() -> None:
    async def work(stage: Stage) -> None:
        request = await stage.refused("User", "ana", "POST", 409, error="uniqueness", facts=UNIQUE)
        told = await missing(stage, "ana")
        assert (told.reason, told.request_id, told.evidence["holder"]) == ("other_identity", request, "usr_other")

    play(work)


def test_an_address_that_another_account_has_is_told_with_that_account() -> None:
    async def work(stage: Stage) -> None:
        other = await stage.user("a.li", emails=[{"value": "Ana@acme.example", "type": "work"}])
        await stage.group("Sales", other)
        told = await missing(stage, "ana@acme.example")
        assert told.evidence == {"user_id": other, "user_name": "a.li"}
        assert told.reason == "other_identity"

    play(work)


def test_a_group_that_is_refused_names_the_request_and_the_account() -> None:
    async def work(stage: Stage) -> None:
        ana = await stage.user("ana")
        await stage.group("Sales")
        request = await stage.refused("Group", "sales", "PATCH", 403, error="insufficient_scope", facts=LACKS)
        told = await missing(stage, "ana")
        assert (told.reason, told.request_id, told.evidence) == ("refused", request, {"user_id": ana})
        assert "patch:groups" in told.detail
        await stage.refused("Group", "sales", "PATCH", 204)
        assert (await missing(stage, "ana")).reason == "not_added"

    play(work)


def test_what_a_guard_holds_is_told_with_the_hold() -> None:
    async def work(stage: Stage) -> None:
        await stage.user("ana")
        await stage.group("Sales")
        facts = {"hold": "hld_1", "guard": "emptied_group", "detail": "It would empty the group."}
        request = await stage.refused("Group", "Sales", "PUT", 403, error="held", facts=facts)
        told = await missing(stage, "ana")
        assert (told.reason, told.request_id, told.evidence["hold_id"]) == ("held", request, "hld_1")

    play(work)


def test_a_deactivated_account_and_a_deleted_one_are_told_apart() -> None:
    async def work(stage: Stage) -> None:
        off, gone = await stage.user("off", active=False), await stage.user("gone")
        await stage.directory.delete_user(CON, gone)
        told = await missing(stage, "Off")
        assert (told.reason, told.evidence) == ("deactivated", {"user_id": off})
        told = await missing(stage, "gone")
        assert (told.reason, told.evidence["user_id"]) == ("removed", gone)
        assert told.evidence["deleted_at"].startswith("2025-11-24")

    play(work)


@pytest.mark.parametrize("here", [True, False])
@pytest.mark.parametrize(
    ("rest", "reason"),
    [
        ({"via": "Inner"}, "nested_group"),
        ({"in_scope": False}, "out_of_scope"),
        ({"known": False}, "unknown_to_source"),
        ({"enabled": False}, "disabled_in_source"),
    ],
)
def test_what_the_source_says_of_a_person_is_a_reason_when_nothing_was_refused(
    here: bool, rest: dict[str, Any], reason: str
) -> None:
    async def work(stage: Stage) -> None:
        if here:
            await stage.user("ana", externalId="X")
        told = await missing(stage, ExpectedPerson("somebody", frozenset({"X"}), **rest))
        # Who is here although the source has disabled them lacks the group for another reason.
        assert told.reason == ("no_group" if here and reason == "disabled_in_source" else reason)
        if reason == "nested_group":
            assert told.evidence["via"] == "Inner"

    play(work)


def test_somebody_named_too_early_is_parked_since_then() -> None:
    async def work(stage: Stage) -> None:
        group = await stage.group("Sales")
        change = GroupChange(add=frozenset({"OID-7"}))
        await stage.store.change_group(CON, group, change, stage.clock.now(), rules=Rules(park=True))
        told = await missing(stage, ExpectedPerson("ana", frozenset({"oid-7"})))
        assert (told.reason, told.evidence["waiting_since"][:10]) == ("parked", "2025-11-24")

    play(work)


def test_who_is_too_many_is_told_by_who_put_them_there() -> None:
    async def work(stage: Stage) -> None:
        names = {origin: await stage.user(origin) for origin in ("app", "login", "scim", "both")}
        group = await stage.group("Sales", names["app"], names["both"], origin="app")
        await stage.change(group, add=[names["scim"], names["both"]])
        login = GroupChange(add=frozenset({names["login"]}))
        await stage.store.change_group(CON, group, login, stage.clock.now(), "login")
        await stage.expect("Sales")
        roll = await stage.call("Sales")
        assert {each.who: (each.origin, each.user_id) for each in roll.extra} == {
            "app": ("app", names["app"]),
            "login": ("login", names["login"]),
            "scim": ("left_over", names["scim"]),
            "both": ("left_over", names["both"]),
        }
        assert (roll.missing, roll.extra_count, roll.balanced) == ((), 4, False)

    play(work)


ADDS = '{"Operations":[{"op":"Add","path":"members","value":[{"value":"%s"}]}]}'
RENAMES = '{"Operations":[{"op":"replace","path":"displayName","value":""}]}'


@pytest.mark.parametrize(
    ("method", "status", "body", "reason"),
    [
        ("DELETE", 403, None, "not_added"),
        ("PATCH", 400, RENAMES, "not_added"),
        ("PATCH", 400, ADDS % "somebody-else", "not_added"),
        ("PATCH", 400, ADDS % "{ana}", "refused"),
        ("PATCH", 400, ADDS % "OID-7", "refused"),
        ("PATCH", 400, '{"Operations":[{"op":"add","path":"members[value eq \\"{ana}\\"]"}]}', "refused"),
        ("PATCH", 400, '{"Operations":[{"op":"Remove","path":"members[value eq \\"{ana}\\"]"}]}', "not_added"),
        ("PATCH", 400, "(70000 bytes, not kept)", "refused"),
        ("PATCH", 400, None, "refused"),
        ("PATCH", 403, ADDS % "somebody-else", "refused"),
        ("PATCH", 429, ADDS % "somebody-else", "refused"),
        ("PATCH", 500, ADDS % "somebody-else", "refused"),
        ("PUT", 400, '{"members":[{"value":"{ana}"}]}', "refused"),
        ("POST", 409, "{}", "refused"),
        ("GET", 403, None, "refused"),
    ],
)
def test_a_refusal_is_the_reason_only_for_those_whom_it_kept_out(
    method: str, status: int, body: str | None, reason: str
) -> None:
    async def work(stage: Stage) -> None:
        ana = await stage.user("ana", externalId="oid-7")
        await stage.group("Sales")
        sent = None if body is None else body.replace("{ana}", ana)
        await stage.refused("Group", "Sales", method, status, error="invalid_value", request_body=sent)
        assert (await missing(stage, "ana")).reason == reason
        (counted,) = await call_roll(stage.store, CON, [Expectation("Sales", 2)])
        everybody = reason == "refused" and (method not in ("PATCH", "PUT") or status != 400 or sent is None)
        whole = everybody or body == "(70000 bytes, not kept)"
        assert counted.reasons == {"refused" if whole else "unnamed": 2}

    play(work)


def test_nothing_is_said_that_is_not_known() -> None:
    """Who was a member once is not told to have never been one; a group that was here is not told to be unknown."""

    async def work(stage: Stage) -> None:
        ana = await stage.user("ana")
        group = await stage.group("Sales", ana)
        await stage.change(group, remove=[ana])
        assert "never" not in (await missing(stage, "ana")).detail
        await stage.directory.delete_group(CON, group)
        told = await missing(stage, "ana")
        assert (told.reason, "never" in told.detail, "deleted" in told.detail) == ("no_group", False, True)

    play(work)


def test_a_person_is_a_member_by_any_of_the_names() -> None:
    """Also when another account, which is no member, has one of them."""

    async def work(stage: Stage) -> None:
        await stage.user("other", externalId="X")
        await stage.group("Sales", await stage.user("ana"))
        person = ExpectedPerson("ANA", frozenset({"X"}))
        await stage.expect("Sales", person)
        (at_hand,) = await call_roll(stage.store, CON, [Expectation("Sales", 1, (person,))])
        assert (await stage.call("Sales")).balanced
        assert at_hand.balanced

    play(work)


@pytest.mark.parametrize(("merged_into", "reason"), [(None, "removed"), ("usr_2", "other_identity")])
def test_somebody_whose_account_was_linked_with_another_is_not_told_as_deleted(
    merged_into: str | None, reason: str
) -> None:
    where = Whereabouts(departed={"ana": Departed("usr_1", 1_764_000_000_000_000, merged_into)})
    told = reason_for(ExpectedPerson("Ana"), where, Situation(known=True), {})
    assert (told.reason, told.evidence.get("holder")) == (reason, merged_into)
    assert told.evidence["user_id"] == "usr_1"


def test_a_taken_name_of_a_group_is_no_other_identity() -> None:
    async def work(stage: Stage) -> None:
        await stage.user("ana")
        request = await stage.refused("Group", "Sales", "POST", 409, error="uniqueness", facts=UNIQUE)
        told = await missing(stage, "ana")
        assert (told.reason, told.request_id) == ("refused", request)

    play(work)


async def called(stage: Stage, *people: ExpectedPerson) -> GroupRoll:
    """The roll of Sales, kept; at hand it is the same."""
    await stage.expect("Sales", *people)
    kept = await stage.call("Sales")
    (at_hand,) = await call_roll(stage.store, CON, [Expectation("Sales", len(people), tuple(people))])
    for name in ("present", "reasons", "extras", "inactive_count", "balanced"):
        assert getattr(kept, name) == getattr(at_hand, name), name
    assert (sorted(kept.inactive, key=str), sorted(kept.extra, key=str)) == (
        sorted(at_hand.inactive, key=str), sorted(at_hand.extra, key=str),
    )  # fmt: skip
    return kept


def test_who_is_present_but_switched_off_here_is_told_unless_the_source_has_switched_them_off_too() -> None:
    async def work(stage: Stage) -> None:
        off = {name: await stage.user(name, active=False) for name in ("ana", "ben", "cleo")}
        await stage.group("Sales", *off.values(), await stage.user("dan"))
        people = [ExpectedPerson("ana"), ExpectedPerson("ben", enabled=False), ExpectedPerson("dan")]
        roll = await called(stage, *people, ExpectedPerson("Cleo C.", frozenset({"oid-3"})))
        assert roll.reasons == {"never_provisioned": 1}
        cleo = ExpectedPerson("CLEO")
        roll = await called(stage, *people, cleo)
        assert (roll.balanced, roll.present, roll.inactive_count) == (True, 4, 2)
        assert {each.who: each.user_id for each in roll.inactive} == {"ana": off["ana"], "CLEO": off["cleo"]}
        assert roll.as_json()["inactive"][0] == {"who": "ana", "user_id": off["ana"]}
        (newest, *_) = await stage.store.rolls(CON, "Sales", 1)
        assert (newest.balanced, newest.reasons) == (True, {"inactive": 2})
        (short,) = await keeping.call(stage.store, stage.clock, CON, ["Sales"], 1)
        assert (len(short.inactive), short.inactive_count) == (1, 2)
        await stage.directory.delete_user(CON, off["ana"])
        assert (await called(stage, *people, cleo)).inactive_count == 1

    play(work)


def test_a_second_account_of_somebody_who_is_expected_once_is_too_many() -> None:
    async def work(stage: Stage) -> None:
        by_name, by_id = await stage.user("ana"), await stage.user("a.li", externalId="oid-1")
        await stage.group("Sales", by_name, by_id)
        roll = await called(stage, ExpectedPerson("ana", frozenset({"oid-1"})))
        assert (roll.present, roll.expected, roll.balanced, roll.extras) == (2, 1, False, {"double": 1})
        (extra,) = roll.extra
        assert (extra.who, extra.user_id, by_id in extra.reason) == ("ana", by_name, True)
        assert (await called(stage, ExpectedPerson("ana", frozenset({"oid-1"})), ExpectedPerson("a.li"))).extras == {
            "double": 1
        }

    play(work)


def test_a_second_account_that_is_somebody_elses_first_is_not_too_many() -> None:
    async def work(stage: Stage) -> None:
        await stage.group("Sales", await stage.user("ana", externalId="oid-2"), await stage.user("ben", externalId="1"))
        people = (ExpectedPerson("ana", frozenset({"1"})), ExpectedPerson("benedict", frozenset({"oid-2"})))
        assert (await called(stage, *people)).balanced

    play(work)


_IDS = st.frozensets(st.sampled_from(["1", "2", "3", "4"]), max_size=2)
_LISTS = st.lists(st.tuples(st.sampled_from("abcd"), _IDS), max_size=4, unique_by=lambda each: each[0])
_MEMBERS = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from(["1", "2", "3", "4", None])),
    max_size=5,
    unique_by=(lambda each: each[0], lambda each: each[1] or each[0]),
)


@settings(max_examples=60)
@given(_LISTS, _MEMBERS)
def test_a_balanced_group_has_no_more_members_than_are_expected(
    people: list[tuple[str, frozenset[str]]], members: list[tuple[str, str | None]]
) -> None:
    """Whoever is present is expected or told as one too many, however names and ids overlap."""

    async def work(stage: Stage) -> None:
        ids = [await stage.user(name, externalId=ident) if ident else await stage.user(name) for name, ident in members]
        await stage.group("Sales", *ids)
        roll = await called(stage, *[ExpectedPerson(name, some) for name, some in people])
        assert roll.present - roll.extra_count <= roll.expected - roll.missing_count
        assert len({each.user_id for each in roll.extra}) == roll.extra_count

    play(work)
