"""What every store promises of the roll call: who is expected is kept whole, and held against the members where they lie."""

from dataclasses import replace
from typing import Any

import pytest

from tests.store.staging import (
    AT,
    HERE,
    LATER,
    THERE,
    Stage,
    a_group,
    a_user,
    an_audit,
    an_exchange,
    people,
    promise,
    user_id,
)
from vestibule.model import Audit
from vestibule.scim.patch import GroupChange
from vestibule.store import NotFound, Rules, Store
from vestibule.store.roll_calls import Account, ExpectedPerson, KeptExpectation, RollRecord

HOUR, DAY = 3_600_000_000, 86_400_000_000


def expecting(number: int = 1, connection_id: str = HERE, **rest: Any) -> KeptExpectation:
    """Expectation `rll_1` and so on, of the group Sales."""
    fields: dict[str, Any] = {"group": "Sales", "source": "list", "count": 0, "taken_at": AT} | rest
    return KeptExpectation(connection_id, f"rll_{number}", **fields)


def named(*names: str, **rest: Any) -> list[ExpectedPerson]:
    return [ExpectedPerson(each, **rest) for each in names]


def taken(number: int, connection_id: str = HERE) -> Audit:
    return Audit(f"aud_r{number}", connection_id, AT, "cli", "rollcall.expected", f"rll_{number}", {})


async def keep(store: Store, expectation: KeptExpectation, who: list[ExpectedPerson]) -> KeptExpectation:
    await store.begin_expectation(expectation)
    await store.add_expected(expectation.connection_id, expectation.id, who)
    number = int(expectation.id.removeprefix("rll_"))
    return await store.settle_expectation(
        expectation.connection_id, expectation.id, taken(number, expectation.connection_id)
    )


def a_roll(at: int = LATER, missing: int = 1, **rest: Any) -> RollRecord:
    fields: dict[str, Any] = {"expected": 3, "present": 3 - missing, "extra": 0, "reasons": {"refused": missing}} | rest
    return RollRecord(HERE, "Sales", at, missing=missing, **fields)


class RollCallPromises(Stage):
    """Expectations, absences, the trend."""

    @promise
    async def test_who_is_not_plainly_present_is_told_apart_and_who_is_expected_as_an_account(
        self, store: Store
    ) -> None:
        """A member who is deactivated though the list does not say so; and one person who is two members."""
        for number in range(5):
            await store.create_user(a_user(number, externalId=f"ext-{number}", active=number not in (1, 2)))
        await store.create_group(a_group(), [user_id(number) for number in range(5)])
        who = [
            *named("user0@example.com", "USER1@example.com"),
            ExpectedPerson("user2@example.com", frozenset({"ext-2"}), enabled=False),
            ExpectedPerson("user3@example.com", frozenset({"aaa", "ext-4"})),
            ExpectedPerson("user4@example.com", frozenset({"ext-1", "ext-4"})),
        ]
        await keep(store, expecting(1), who)
        assert await store.people_to_explain(HERE, "rll_1", "grp_1", "", 9) == ([who[1], *who[3:]], None)
        accounts = [Account(user_id(4), "USER4@example.com", "ext-4", active=True, member=True)]
        assert await store.expected_as(HERE, "rll_1", accounts) == who[3:]
        by_id = [Account("x", "x", ident, active=True, member=True) for ident in ("ext-2", None)]
        assert await store.expected_as(HERE, "rll_1", by_id) == [who[2]]
        assert (await store.expected_as(THERE, "rll_1", accounts), await store.expected_as(HERE, "rll_1", [])) == (
            [],
            [],
        )

    @promise
    async def test_an_expectation_counts_when_it_is_whole_and_takes_the_place_of_the_one_before(
        self, store: Store
    ) -> None:
        """A draft is nobody's expectation; names that differ in case are one person."""
        draft = expecting(1, external_id="G", nested=("Inner",), detail={"file": "a.csv"})
        await store.begin_expectation(draft)
        await store.add_expected(HERE, "rll_1", named("Ana", "ben", "ANA"))
        with pytest.raises(NotFound):
            await store.expectation(HERE, "Sales")
        assert await store.settle_expectation(HERE, "rll_1", taken(1)) == replace(draft, count=2)
        await store.begin_expectation(expecting(2))
        await store.add_expected(HERE, "rll_2", named("cleo"))
        assert await store.expectation(HERE, "SALES") == replace(draft, count=2)
        await store.begin_expectation(expecting(3))
        with pytest.raises(NotFound):
            await store.settle_expectation(HERE, "rll_2", taken(2))
        for connection_id, ident in ((HERE, "rll_2"), (THERE, "rll_3")):
            with pytest.raises(NotFound):
                await store.add_expected(connection_id, ident, named("eve"))
        await store.add_expected(HERE, "rll_3", named("dan"))
        after = await store.settle_expectation(HERE, "rll_3", taken(3))
        assert await store.expectations(HERE) == [after] == [expecting(3, count=1)]
        assert await store.people_to_explain(HERE, "rll_1", None, "", 9) == ([], None)
        assert await store.people_to_explain(HERE, "rll_2", None, "", 9) == ([], None)
        assert {each.id for each in await store.audit(HERE)} == {"aud_r1", "aud_r3"}
        await store.begin_expectation(expecting(5))
        await store.add_expected(HERE, "rll_5", named("fay"))
        for connection_id, ident in ((THERE, "rll_5"), (HERE, "rll_3")):
            await store.give_up_expectation(connection_id, ident)
            assert (await store.people_to_explain(HERE, "rll_5", None, "", 9))[0] == named("fay")
        await store.give_up_expectation(HERE, "rll_5")
        await store.give_up_expectation(HERE, "rll_5")
        assert await store.people_to_explain(HERE, "rll_5", None, "", 9) == ([], None)
        with pytest.raises(NotFound):
            await store.settle_expectation(HERE, "rll_5", taken(5))
        assert await store.expectations(HERE) == [after]
        assert (await store.people_to_explain(HERE, "rll_3", None, "", 9))[0] == named("dan")
        with pytest.raises(NotFound):
            await store.begin_expectation(expecting(4, "con_none"))

    @promise
    async def test_a_forgotten_expectation_is_gone_and_its_trend_stays(self, store: Store) -> None:
        kept = await keep(store, expecting(1), named("ana"))
        assert await store.note_roll(replace(kept, called_at=LATER, balanced=False), a_roll(), None, None)
        with pytest.raises(NotFound):
            await store.forget_expectation(THERE, "Sales", taken(2, THERE))
        await store.forget_expectation(HERE, "sales", taken(2))
        assert await store.expectations(HERE) == []
        assert await store.people_to_explain(HERE, "rll_1", None, "", 9) == ([], None)
        assert await store.rolls(HERE, "Sales", 9) == [a_roll()]
        with pytest.raises(NotFound):
            await store.forget_expectation(HERE, "Sales", taken(3))

    @promise
    async def test_missing_and_extra_are_told_in_pages_by_name_and_by_either_id(self, store: Store) -> None:
        for number in range(6):
            await store.create_user(a_user(number, externalId=f"ext-{number}"))
        await store.create_group(a_group(), [user_id(number) for number in range(5)])
        who = [
            *named("USER0@example.com"),
            ExpectedPerson("renamed", frozenset({"ext-1"})),
            ExpectedPerson("other", frozenset({"aaa", "ext-2"})),
            ExpectedPerson("user5@example.com", frozenset({"ext-5"}), enabled=False, in_scope=False),
            ExpectedPerson("zoe", known=False, via="Inner"),
        ]
        await keep(store, expecting(1), who)
        assert await store.people_to_explain(HERE, "rll_1", "grp_1", "", 9) == ([who[3], who[4]], None)
        assert await store.people_to_explain(HERE, "rll_1", "grp_1", "user5@example.com", 9) == ([who[4]], None)
        assert await store.people_to_explain(HERE, "rll_1", "grp_1", "", 3) == ([], "user0@example.com")
        assert await store.people_to_explain(HERE, "rll_1", "grp_1", "renamed", 2) == ([who[3]], "user5@example.com")
        assert len((await store.people_to_explain(HERE, "rll_1", None, "", 9))[0]) == 5
        assert await store.people_to_explain(THERE, "rll_1", None, "", 9) == ([], None)
        extra, following = await store.extra_members(HERE, "rll_1", "grp_1", "", 4)
        assert ([each.user_id for each in extra], following) == ([user_id(3)], user_id(3))
        (last,), following = await store.extra_members(HERE, "rll_1", "grp_1", user_id(3), 9)
        assert (last.user_id, last.origin, last.claimed, following) == (user_id(4), "scim", True, None)
        assert [each.user_id for each in await store.members_after(HERE, "grp_1", user_id(2), 1)] == [user_id(3)]

    @promise
    async def test_whereabouts_tell_accounts_addresses_departures_and_who_is_kept_aside(self, store: Store) -> None:
        await store.create_user(a_user(1, userName="Ana", externalId="A", emails=[{"value": "Ana@x.example"}]))
        await store.create_user(a_user(2, userName="ben", active=False))
        await store.create_user(a_user(3, userName="gone"))
        await store.delete_user(HERE, user_id(3), LATER)
        parking = Rules(park=True)
        await store.create_group(a_group(), [user_id(1), "Early@x.example", user_id(3)], rules=parking)
        asked = [
            ExpectedPerson("ana@X.example", frozenset({"A"})), *named("BEN", "Gone", "early@x.example", "nobody")
        ]  # fmt: skip
        found = await store.whereabouts(HERE, "grp_1", asked)
        assert {name: (each.user_id, each.active, each.member) for name, each in found.by_name.items()} == {
            "ben": (user_id(2), False, False)
        }
        assert {name: (each.user_id, each.member) for name, each in found.by_id.items()} == {"A": (user_id(1), True)}
        assert {name: [each.user_name for each in rows] for name, rows in found.by_address.items()} == {
            "ana@x.example": ["Ana"]
        }
        assert {name: (each.user_id, each.deleted_at, each.merged_into) for name, each in found.departed.items()} == {
            "gone": (user_id(3), LATER, None)
        }
        assert dict(found.waiting) == {"early@x.example": AT, "gone": AT}
        assert (await store.whereabouts(HERE, None, asked)).waiting == {}
        assert (await store.whereabouts(THERE, "grp_1", asked)).by_name == {}
        kept, people_waiting = await store.waiting_for(HERE, "grp_1", 1)
        assert ([each.ref for each in kept], people_waiting) == (["Early@x.example"], 2)

    @promise
    async def test_a_refusal_stands_until_its_method_or_a_write_succeeds(self, store: Store) -> None:
        story = (
            ("a", "GET", 403), ("a", "GET", 200),
            ("b", "POST", 409), ("b", "GET", 200),
            ("c", "PATCH", 403), ("c", "PUT", 200),
            ("d", "GET", 200), ("d", "PATCH", 403), ("d", "GET", 403),
            ("e", "POST", 201), ("e", "PATCH", 400),
            ("g", "DELETE", 403),
        )  # fmt: skip
        for number, (name, method, status) in enumerate(story):
            facts = {"detail": name}
            store.record(
                an_exchange(
                    number, method=method, status=status, target=name.upper(), resource_type="User", facts=facts,
                    request_body="{}",
                )
            )  # fmt: skip
        store.record(an_exchange(90, method="POST", status=403, target="b", resource_type="Group"))
        await store.flush()
        found = await store.refusals(HERE, "User", ["A", "b", "c", "d", "e", "f", "g"])
        assert {name: each.id for name, each in found.items()} == {
            "b": "req_0002", "d": "req_0008", "e": "req_0010",
        }  # fmt: skip
        assert (found["b"].facts, found["b"].request_body) == ({"detail": "b"}, None)
        assert await store.refusals(THERE, "User", ["b"]) == {}

    @promise
    async def test_the_trend_has_a_point_for_each_change_and_each_day(self, store: Store) -> None:
        """And of two that call the roll at once, one keeps what it found."""
        kept = await keep(store, expecting(1), named("ana"))
        last: int | None = None
        for at, missing in ((LATER, 1), (LATER + 1, 1), (LATER + 2, 0), (LATER + DAY, 0)):
            seen = replace(kept, called_at=at, group_id="grp_1", group_version=7, balanced=not missing)
            assert await store.note_roll(seen, a_roll(at, missing), last, an_audit(at))
            assert not await store.note_roll(seen, a_roll(at, 9), last, an_audit(at + 7))
            last = at
        assert [(each.at, each.missing) for each in await store.rolls(HERE, "SALES", 9)] == [
            (LATER + DAY, 0), (LATER + 2, 0), (LATER, 1),
        ]  # fmt: skip
        assert len(await store.rolls(HERE, None, 2)) == 2
        assert await store.rolls(THERE, None, 9) == []
        found = await store.expectation(HERE, "Sales")
        assert (found.called_at, found.group_id, found.group_version, found.balanced) == (LATER + DAY, "grp_1", 7, True)
        assert len(await store.audit(HERE)) == 5
        anew = await keep(store, expecting(2), named("ana"))
        assert (anew.called_at, anew.group_id, anew.balanced) == (None, None, True)

    @promise
    async def test_only_what_changed_since_the_last_roll_call_is_due(self, store: Store) -> None:
        ids = await people(store, 2)
        await store.create_group(a_group(), ids[:1])
        await store.create_group(a_group("Renamed", id="grp_2", external_id="G"))
        await keep(store, expecting(1), named("ana"))
        await keep(store, expecting(2, group="Old", external_id="G"), named("ana"))

        async def due(quiet: int = LATER, called: int = 0, day: int = 0) -> list[str]:
            return [each.id for each in await store.expectations_due(quiet, called, day)]

        async def call(number: int, group_id: str, version: int, at: int) -> None:
            kept = (await store.expectations(HERE))[2 - number]
            assert kept.id == f"rll_{number}"
            seen = replace(kept, called_at=at, group_id=group_id, group_version=version, balanced=True)
            assert await store.note_roll(seen, replace(a_roll(at), group=kept.group), kept.called_at, None)

        assert await due() == ["rll_2", "rll_1"]
        await call(1, "grp_1", 1, LATER)
        await call(2, "grp_2", 1, LATER)
        assert await due() == []
        assert await due(day=LATER + 1) == ["rll_2", "rll_1"]
        await store.change_group(HERE, "grp_1", GroupChange(add=frozenset(ids[1:])), LATER + HOUR)
        assert await due(quiet=LATER) == []
        assert await due(quiet=LATER + HOUR) == ["rll_1"]
        assert await due(quiet=LATER, called=LATER + 1) == ["rll_1"]
        await call(1, "grp_1", 2, LATER + HOUR)
        assert await due(quiet=LATER + HOUR) == []
        await keep(store, expecting(4, taken_at=LATER + DAY), named("ben"))
        assert await due() == ["rll_4"]

    @promise
    async def test_what_did_not_balance_is_due_when_the_connection_was_called_since(self, store: Store) -> None:
        """A balanced one is not, nor one of another connection; and not while it is still being called."""
        for number, balanced in ((1, False), (2, True)):
            kept = await keep(store, expecting(number, group=f"g{number}"), named("ana"))
            seen = replace(kept, called_at=LATER, balanced=balanced)
            assert await store.note_roll(seen, replace(a_roll(LATER), group=kept.group), None, None)

        async def due(quiet: int, called: int = 0) -> list[str]:
            return [each.id for each in await store.expectations_due(quiet, called, 0)]

        store.record(replace(an_exchange(1), at=LATER - 1))
        store.record(replace(an_exchange(2, THERE), at=LATER + HOUR))
        await store.flush()
        assert await due(LATER + DAY) == []
        store.record(replace(an_exchange(3), at=LATER + HOUR))
        await store.flush()
        assert await due(LATER + HOUR) == ["rll_1"]
        assert await due(LATER + HOUR - 1) == []
        assert await due(LATER + HOUR - 1, called=LATER + 1) == ["rll_1"]
        kept = await store.expectation(HERE, "g1")
        seen = replace(kept, called_at=LATER + DAY, balanced=False)
        assert await store.note_roll(seen, replace(a_roll(LATER + DAY), group="g1"), LATER, None)
        assert await due(LATER + DAY) == []

    @promise
    async def test_a_sign_in_names_groups_for_the_hints_that_were_asked_for(self, store: Store) -> None:
        """Other expectations are left as they are; who no longer names a group is taken out of its hint."""
        await keep(store, expecting(1, source="claims"), [])
        await keep(store, expecting(2, group="By id", source="claims", external_id="guid"), [])
        await keep(store, expecting(3, group="Listed"), named("zoe"))
        store.groups_told(HERE, "Ana", "A", ["SALES", "Listed", "guid"], complete=True)
        store.groups_told(HERE, "ben", None, ["sales"], complete=False)
        store.groups_told(THERE, "eve", None, ["sales"], complete=True)
        await store.flush()
        counts = {each.group: each.count for each in await store.expectations(HERE)}
        assert counts == {"By id": 1, "Listed": 1, "Sales": 2}
        assert await store.people_to_explain(HERE, "rll_2", None, "", 9) == (
            [ExpectedPerson("Ana", frozenset({"A"}))],
            None,
        )
        store.groups_told(HERE, "ana", "A", ["guid"], complete=False)
        store.groups_told(HERE, "BEN", None, [], complete=True)
        await store.flush()
        assert (await store.expectation(HERE, "Sales")).count == 1
        store.groups_told(HERE, "ana", "A", ["guid"], complete=True)
        await store.flush()
        counts = {each.group: each.count for each in await store.expectations(HERE)}
        assert counts == {"By id": 1, "Listed": 1, "Sales": 0}
        await store.create_group(a_group("Sales", external_id="object-id"))
        await store.create_group(a_group("Listed", id="grp_2", external_id="other-id"))
        store.groups_told(HERE, "ana", "A", ["object-id", ""], complete=True)
        store.groups_told(HERE, "ben", "B", ["other-id", "OBJECT-ID"], complete=True)
        await store.flush()
        counts = {each.group: each.count for each in await store.expectations(HERE)}
        assert counts == {"By id": 0, "Listed": 1, "Sales": 1}
        store.groups_told(HERE, "ana", "A", ["else"], complete=True)
        await store.flush()
        assert (await store.expectation(HERE, "Sales")).count == 0
