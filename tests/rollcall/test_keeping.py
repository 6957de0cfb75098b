"""What is expected is kept, called when something changed, and its drift is in the audit."""

import tracemalloc
from typing import Any

import pytest

from tests.rollcall.stage import CON, Stage, play
from vestibule.model import Audit, Pending
from vestibule.outbound.fetch import Fetcher
from vestibule.outbound.names import Resolvers
from vestibule.rollcall import CannotExpect, Expectation, ExpectedPerson, call_roll, keeping
from vestibule.rollcall.keeping import NothingExpected
from vestibule.rollcall.report import expectation_json
from vestibule.server.background import Background
from vestibule.store.roll_calls import KeptExpectation

ENTRY = Audit("aud_1", CON, 1, "test", "rollcall.forgotten", "rll_1", {})


def test_without_an_expectation_it_is_said_how_to_keep_one() -> None:
    async def work(stage: Stage) -> None:
        with pytest.raises(NothingExpected, match="vestibule rollcall expect con_1 --group GROUP --csv"):
            await keeping.call(stage.store, stage.clock, CON)
        with pytest.raises(NothingExpected, match="--group Sales --csv"):
            await keeping.call(stage.store, stage.clock, CON, ["Sales"])
        with pytest.raises(NothingExpected, match="Nothing is kept of who is expected in 'Sales'"):
            await keeping.forget(stage.store, stage.clock, CON, "Sales")

    play(work)


def test_a_renamed_group_is_found_by_its_id() -> None:
    async def work(stage: Stage) -> None:
        await stage.group("New name", await stage.user("ana"), external_id='guid"\\')
        await stage.expect("Old name", "ana", external_id='guid"\\')
        roll = await stage.call("Old name")
        assert (roll.balanced, roll.present) == (True, 1)
        assert await stage.due() == []

    play(work)


def test_drift_and_its_end_are_in_the_audit_and_the_trend_has_each_change() -> None:
    async def work(stage: Stage) -> None:
        ana, ben = await stage.user("ana"), await stage.user("ben")
        group = await stage.group("Sales", ana, ben)
        await stage.expect("Sales", "ana", "ben")
        assert (await stage.call("Sales")).balanced
        await stage.change(group, remove=[ben])
        stage.clock.pass_minutes(3)
        (drifted,) = await stage.due()
        assert drifted.reasons == {"not_added": 1}
        await stage.change(group, add=[ben])
        stage.clock.pass_minutes(3)
        await stage.due()
        told = await stage.audit()
        assert [action for action, _ in told] == ["rollcall.balanced", "rollcall.drifted", "rollcall.expected"]
        assert (told[1][1]["missing"], told[1][1]["reasons"]) == (["ben"], {"not_added": 1})
        assert [each.missing for each in await stage.store.rolls(CON, "Sales", 9)] == [0, 1, 0]

    play(work)


def test_only_groups_that_changed_are_called_once_they_are_quiet_and_all_of_them_once_a_day() -> None:
    async def work(stage: Stage) -> None:
        ana = await stage.user("ana")
        groups = [await stage.group(name) for name in ("A", "B", "C")]
        for name in ("A", "B", "C"):
            await stage.expect(name, "ana")

        async def due() -> list[str]:
            return [each.name for each in await stage.due()]

        assert await due() == ["A", "B", "C"]
        assert await due() == []
        await stage.change(groups[1], add=[ana])
        assert await due() == []
        stage.clock.pass_minutes(2)
        assert await due() == ["B"]
        for _ in range(8):
            stage.clock.pass_minutes(1)
            await stage.change(groups[2], add=[ana])
            await stage.change(groups[2], remove=[ana])
            assert await due() == []
        stage.clock.pass_minutes(8)
        await stage.change(groups[2], add=[ana])
        assert await due() == ["C"]
        stage.clock.pass_minutes(24 * 60)
        assert await due() == ["A", "B", "C"]

    play(work)


def test_a_number_that_is_exceeded_is_no_balance() -> None:
    async def work(stage: Stage) -> None:
        group = await stage.group("Sales", await stage.user("ana"), await stage.user("ben"))
        for count, missing, extra in ((2, 0, 0), (1, 0, 1), (5, 3, 0)):
            await keeping.expect_number(stage.store, stage.clock, CON, "Sales", count)
            roll = await stage.call("Sales")
            assert (roll.expected, roll.present, roll.missing_count, roll.extra_count) == (count, 2, missing, extra)
            assert roll.balanced is (count == 2)
        await stage.directory.delete_group(CON, group)
        assert (await stage.call("Sales")).reasons == {"no_group": 5}

    play(work)


def test_a_hint_grows_with_sign_ins_and_calls_nobody_too_many() -> None:
    async def work(stage: Stage) -> None:
        await stage.group("Sales", await stage.user("ana"), await stage.user("silent"))
        await stage.expect("Sales", source="claims")
        for name in ("ana", "ben"):
            stage.store.groups_told(CON, name, None, ["sales"], complete=True)
        await stage.store.flush()
        roll = await stage.call("Sales")
        assert (roll.expected, roll.extra, [each.who for each in roll.missing]) == (2, (), ["ben"])
        assert roll.as_json()["expectation"]["hint"] is True

    play(work)


def test_a_large_group_is_called_in_little_memory_and_names_a_bounded_number() -> None:
    async def work(stage: Stage) -> tuple[int, Any]:
        people = [
            ExpectedPerson(f"person{number:06}@acme.example", frozenset({f"{number:036}"})) for number in range(20_000)
        ]
        await stage.expect("Sales", *people)
        del people
        tracemalloc.start()
        roll = await stage.call("Sales", names=50)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak, roll

    peak, roll = play(work)
    assert (roll.missing_count, len(roll.missing), roll.reasons) == (20_000, 50, {"never_provisioned": 20_000})
    # Twenty thousand people as values are more than 8 MB.
    assert peak < 3_000_000


def test_the_server_calls_the_roll_by_itself_and_goes_on_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(stage: Stage) -> None:
        await stage.group("Sales", await stage.user("ana"))
        await stage.expect("Sales", "ana")
        due, failures = stage.store.expectations_due, [RuntimeError("first")]

        async def failing_once(*instants: int) -> Any:
            if failures:
                raise failures.pop()
            return await due(*instants)

        monkeypatch.setattr(stage.store, "expectations_due", failing_once)
        background = Background(stage.store, stage.clock, Fetcher(), Resolvers.read(()), allow_http=False)
        await background.turn()
        assert (await stage.store.expectation(CON, "Sales")).balanced is None
        await background.turn()
        assert not failures
        assert (await stage.store.expectation(CON, "Sales")).balanced is not None

    play(work)


def test_drift_is_told_although_who_is_expected_was_said_anew_meanwhile() -> None:
    async def work(stage: Stage) -> None:
        await stage.group("Sales", await stage.user("ana"))
        await stage.expect("Sales", "ana")
        await stage.due()
        await stage.expect("Sales", "ana", "ben")
        kept = await stage.store.expectation(CON, "Sales")
        assert expectation_json(kept)["balanced"] is None
        (called,) = [each async for each in keeping.call_due(stage.store, stage.clock)]
        assert called.drifted
        assert [action for action, _ in await stage.audit()][:1] == ["rollcall.drifted"]
        stage.clock.pass_minutes(25 * 60)
        (called,) = [each async for each in keeping.call_due(stage.store, stage.clock)]
        assert not called.drifted
        await stage.expect("Sales", "ana")
        await stage.due()
        assert [action for action, _ in await stage.audit()][:1] == ["rollcall.balanced"]

    play(work)


def test_a_group_whose_roll_cannot_be_called_keeps_no_other_waiting(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def work(stage: Stage) -> None:
        await stage.group("Sales", await stage.user("ana"))
        for name in ("A", "B", "Sales"):
            await stage.expect(name, "ana")
        named = stage.store.group_named

        async def failing(connection_id: str, name: str) -> Any:
            if name == "B":
                raise RuntimeError("broken")
            return await named(connection_id, name)

        monkeypatch.setattr(stage.store, "group_named", failing)
        called = {each.kept.group: each async for each in keeping.call_due(stage.store, stage.clock)}
        assert [name for name, each in called.items() if each.roll is None] == ["B"]
        background = Background(stage.store, stage.clock, Fetcher(), Resolvers.read(()), allow_http=False)
        await background.turn()
        monkeypatch.setattr(stage.store, "group_named", named)
        assert {each.name for each in await stage.due()} == {"B"}

    play(work)
    told = capsys.readouterr()
    assert "roll call failed" in told.out + told.err
    assert "broken" in told.out + told.err


@pytest.mark.parametrize("name", ["u" * 801, "ü" * 401, "a\0b", "a\ud800"])
def test_a_name_that_no_index_holds_is_refused_and_nothing_of_the_draft_stays(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    async def work(stage: Stage) -> None:
        begin, drafts = stage.store.begin_expectation, list[KeptExpectation]()

        async def begun(draft: KeptExpectation) -> None:
            drafts.append(draft)
            await begin(draft)
            await stage.store.add_expected(CON, draft.id, [ExpectedPerson("first")])

        monkeypatch.setattr(stage.store, "begin_expectation", begun)
        await stage.expect("Sales", "before")
        for person in (ExpectedPerson(name), ExpectedPerson("ana", frozenset({name}))):
            with pytest.raises(CannotExpect, match=r"longer than 800 bytes|is no text"):
                await stage.expect("Sales", "ana", person)
            with pytest.raises(CannotExpect):
                await call_roll(stage.store, CON, [Expectation("Sales", 1, (person,))])
        with pytest.raises(CannotExpect):
            await stage.expect(name, "ana")
        with pytest.raises(CannotExpect):
            await call_roll(stage.store, CON, [Expectation(name, 1)])
        await stage.expect("u" * 800, "ü" * 400)
        await stage.store.forget_expectation(CON, "u" * 800, ENTRY)
        kept = await stage.store.expectation(CON, "Sales")
        assert kept.count == 2
        stayed = [each.id for each in drafts if (await stage.store.people_to_explain(CON, each.id, None, "", 9))[0]]
        assert stayed == [kept.id]

    play(work)


def test_of_two_that_find_a_drift_at_once_one_tells_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(stage: Stage) -> None:
        await stage.group("Sales", await stage.user("ana"))
        await stage.expect("Sales", "ana")
        await stage.due()
        await stage.expect("Sales", "ana", "ben")

        async def too_late(*_: Any) -> bool:
            return False

        monkeypatch.setattr(stage.store, "note_roll", too_late)
        (called,) = [each async for each in keeping.call_due(stage.store, stage.clock)]
        assert (called.roll is not None and called.roll.balanced, called.drifted) == (False, False)

    play(work)


def test_a_group_within_the_group_is_none_of_a_number_of_people(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(stage: Stage) -> None:
        group = await stage.group("Sales")

        people = 1

        async def waiting(*_: Any) -> tuple[list[Pending], int]:
            return [Pending("Inner", group, 1, nested=True), Pending("early@x", group, 1)], people

        monkeypatch.setattr(stage.store, "waiting_for", waiting)
        await keeping.expect_number(stage.store, stage.clock, CON, "Sales", 3)
        roll = await stage.call("Sales")
        assert [(each.who, each.reason) for each in roll.missing] == [
            ("early@x", "parked"), ("2 people (not named)", "unnamed"),
        ]  # fmt: skip
        people = 3
        await keeping.expect_number(stage.store, stage.clock, CON, "Sales", 5)
        roll = await stage.call("Sales")
        assert [(each.who, each.reason, each.count) for each in roll.missing] == [
            ("early@x", "parked", 1), ("2 people (not named)", "parked", 2), ("2 people (not named)", "unnamed", 2),
        ]  # fmt: skip

    play(work)


def test_an_id_of_any_letters_is_looked_for() -> None:
    async def work(stage: Stage) -> None:
        for number, ident in enumerate(("line\nbreak", 'quo"te', "back\\slash", "tab\t", "\u2028", "ü")):
            await stage.expect(f"Old {number}", external_id=ident)
            assert not (await stage.call(f"Old {number}")).group_id
            group = await stage.group(f"New {number}", external_id=ident)
            assert (await stage.call(f"Old {number}")).group_id == group

    play(work)
