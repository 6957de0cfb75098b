"""What is expected is kept, called when something changed, and its drift is in the audit."""

import tracemalloc
from typing import Any

import pytest

from tests.rollcall.stage import CON, Stage, play
from vestibule.outbound.fetch import Fetcher
from vestibule.outbound.names import Resolvers
from vestibule.rollcall import ExpectedPerson, keeping
from vestibule.rollcall.keeping import NothingExpected
from vestibule.server.background import Background


def test_without_an_expectation_it_is_said_how_to_keep_one() -> None:
    async def work(stage: Stage) -> None:
        with pytest.raises(NothingExpected, match="vestibule rollcall expect con_1 --group GROUP --csv"):
            await keeping.call(stage.store, stage.clock, CON)
        with pytest.raises(NothingExpected, match="--group Sales"):
            await keeping.forget(stage.store, stage.clock, CON, "Sales")

    play(work)


def test_a_renamed_group_is_found_by_its_id() -> None:
    async def work(stage: Stage) -> None:
        await stage.group("New name", await stage.user("ana"), external_id='guid"\\')
        await stage.expect("Old name", "ana", external_id='guid"\\')
        roll = await stage.call("Old name")
        assert (roll.balanced, roll.present) == (True, 1)
        assert await keeping.call_due(stage.store, stage.clock) == []

    play(work)


def test_drift_and_its_end_are_in_the_audit_and_the_trend_has_each_change() -> None:
    async def work(stage: Stage) -> None:
        ana, ben = await stage.user("ana"), await stage.user("ben")
        group = await stage.group("Sales", ana, ben)
        await stage.expect("Sales", "ana", "ben")
        assert (await stage.call("Sales")).balanced
        await stage.change(group, remove=[ben])
        stage.clock.pass_minutes(3)
        (drifted,) = await keeping.call_due(stage.store, stage.clock)
        assert drifted.reasons == {"not_added": 1}
        await stage.change(group, add=[ben])
        stage.clock.pass_minutes(3)
        await keeping.call_due(stage.store, stage.clock)
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
            return [each.name for each in await keeping.call_due(stage.store, stage.clock)]

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
