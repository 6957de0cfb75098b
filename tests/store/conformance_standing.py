"""What every store promises of groups that are read from Microsoft Graph again and again."""

from dataclasses import replace
from typing import Any

import pytest

from tests.store.conformance_roll_calls import expecting, keep, named, taken
from tests.store.staging import AT, HERE, LATER, THERE, Stage, a_group, a_user, promise, user_id
from vestibule.model import Audit
from vestibule.scim.patch import GroupChange
from vestibule.store import NotFound, Store
from vestibule.store.roll_calls import ExpectedPerson, KeptExpectation
from vestibule.store.standing import GraphSource, ReadFault, StandingGroup

DAY = 86_400_000_000
SOURCE = GraphSource(HERE, "acme.example", "app", "v1.sealed", "https://graph", "https://login", AT)
FAULT = ReadFault("graph_token_refused", "The secret has expired.", "Make a new one.")


def out_of_graph(number: int = 1, group: str = "Sales", connection_id: str = HERE) -> KeptExpectation:
    return expecting(number, connection_id, group=group, source="graph", external_id=f"oid-{group}")


def standing(group: str = "Sales", connection_id: str = HERE, **rest: Any) -> StandingGroup:
    fields: dict[str, Any] = {"read_at": AT, "tried_at": AT, "due_at": AT + DAY} | rest
    return StandingGroup(connection_id, group, f"oid-{group}", **fields)


def told(number: int, action: str = "rollcall.source_kept", connection_id: str = HERE) -> Audit:
    return Audit(f"aud_s{number}", connection_id, AT, "graph", action, "oid", {})


async def begin(store: Store, *names: str, who: tuple[str, ...] = ("ana",)) -> None:
    """Lists out of Graph of some groups, which are read again."""
    for number, name in enumerate(names, 1):
        await keep(store, out_of_graph(number, name), named(*who))
        await store.keep_standing(SOURCE, standing(name), told(number))


class StandingPromises(Stage):
    """Sources, claims, and what reads come to."""

    @promise
    async def test_a_source_is_kept_with_its_groups_and_what_failed_is_due_when_it_is_kept_anew(
        self, store: Store
    ) -> None:
        with pytest.raises(NotFound):
            await store.keep_standing(SOURCE, standing(), told(1))
        with pytest.raises(NotFound):
            await store.graph_source(HERE)
        await begin(store, "Sales", "Ärzte")
        assert await store.graph_source(HERE) == SOURCE
        assert await store.standing_groups(HERE) == [standing(), standing("Ärzte")]
        assert await store.standing_group(HERE, "ÄRZTE") == standing("Ärzte")
        assert (await store.standing_groups(THERE), await store.standing_group(THERE, "Sales")) == ([], None)
        failing = standing(failing_since=LATER, fault=FAULT)
        assert await store.note_standing(standing(), failing, None)
        assert await store.standing_group(HERE, "sales") == failing
        renewed = replace(SOURCE, secret="v1.newer", kept_at=LATER)
        await store.keep_standing(renewed, standing("Ärzte", read_at=LATER), told(9))
        assert await store.graph_source(HERE) == renewed
        assert await store.standing_group(HERE, "Sales") == replace(failing, due_at=LATER)
        with pytest.raises(NotFound):
            await store.keep_standing(SOURCE, replace(standing(), graph_id="another"), told(8))
        assert {each.id for each in await store.audit(HERE)} >= {"aud_s1", "aud_s2", "aud_s9"}
        assert "aud_s8" not in {each.id for each in await store.audit(HERE)}

    @promise
    async def test_a_group_is_due_by_its_time_or_when_it_was_changed_here_but_not_while_it_fails(
        self, store: Store
    ) -> None:
        """One whose name here is another is found by its Object ID."""
        for number in (1, 2):
            await store.create_user(a_user(number))
        await store.create_group(a_group())
        await store.create_group(a_group("Renamed", id="grp_2", external_id="oid-Buyers"))
        await begin(store, "Sales", "Buyers")

        async def due(now: int, tried_before: int) -> list[str]:
            return [each.group for each in await store.standing_due(now, tried_before)]

        assert (await due(AT + DAY - 1, AT + DAY), await due(AT + DAY, 0)) == ([], ["Buyers", "Sales"])
        change = GroupChange(add=frozenset({user_id(1)}))
        await store.change_group(HERE, "grp_2", change, LATER)
        assert (await due(LATER, AT - 1), await due(LATER, AT)) == ([], ["Buyers"])
        await store.change_group(HERE, "grp_1", change, LATER)
        assert await due(LATER, AT) == ["Buyers", "Sales"]
        claimed = await store.claim_standing(standing(), LATER, LATER + 9)
        assert claimed is not None
        failing = replace(claimed, due_at=LATER + DAY, failing_since=LATER, fault=FAULT)
        assert await store.note_standing(claimed, failing, None)
        await store.change_group(HERE, "grp_1", GroupChange(add=frozenset({user_id(2)})), LATER + 5)
        assert await due(LATER + 6, LATER + 6) == ["Buyers"]
        assert await due(LATER + DAY, 0) == ["Buyers", "Sales"]

    @promise
    async def test_of_several_one_reads_a_group_and_what_is_noted_late_is_not_kept(self, store: Store) -> None:
        await begin(store, "Sales")
        first = await store.claim_standing(standing(), LATER, LATER + 9)
        assert first == standing(tried_at=LATER, due_at=LATER + 9)
        assert await store.claim_standing(standing(), LATER, LATER + 9) is None
        assert await store.standing_due(LATER + 8, LATER - 1) == []
        (again,) = await store.standing_due(LATER + 9, 0)
        second = await store.claim_standing(again, LATER + 10, LATER + 20)
        assert (first is not None, second is not None) == (True, True)
        if first is None or second is None:
            return
        after = replace(first, read_at=LATER + 11, due_at=LATER + DAY)
        assert not await store.note_standing(first, after, told(7, "rollcall.source_failed"))
        assert await store.note_standing(second, replace(after, tried_at=second.tried_at), told(8))
        assert await store.standing_groups(HERE) == [replace(after, tried_at=second.tried_at)]
        ids = {each.id for each in await store.audit(HERE)}
        assert ("aud_s7" in ids, "aud_s8" in ids) == (False, True)

    @promise
    async def test_a_new_list_is_settled_only_by_who_holds_the_claim(self, store: Store) -> None:
        await begin(store, "Sales")
        claimed = await store.claim_standing(standing(), LATER, LATER + 9)
        assert claimed is not None
        await store.begin_expectation(out_of_graph(5))
        await store.add_expected(HERE, "rll_5", named("ana", "ben"))
        after = replace(claimed, read_at=LATER, due_at=LATER + DAY)
        audit = [taken(5), told(6, "rollcall.source_read_again")]
        assert not await store.settle_standing(standing(), after, "rll_5", audit, ["Inner"])
        assert (await store.expectation(HERE, "Sales")).id == "rll_1"
        assert await store.settle_standing(claimed, after, "rll_5", audit, ["Inner"])
        kept = await store.expectation(HERE, "Sales")
        assert (kept.id, kept.count, kept.nested) == ("rll_5", 2, ("Inner",))
        assert await store.standing_groups(HERE) == [after]
        assert {each.id for each in await store.audit(HERE)} >= {"aud_r5", "aud_s6"}

    @promise
    async def test_a_draft_is_told_to_be_as_the_current_list_or_not(self, store: Store) -> None:
        people = [*named("Ana", "ben"), ExpectedPerson("cleo", frozenset({"1", "2"}), enabled=False, via="Inner")]
        await keep(store, out_of_graph(), people)

        async def alike(*who: ExpectedPerson, nested: tuple[str, ...] = (), **rest: Any) -> bool:
            await store.begin_expectation(replace(out_of_graph(2), **rest))
            await store.add_expected(HERE, "rll_2", who)
            told = await store.is_as_current(HERE, "rll_2", nested)
            await store.give_up_expectation(HERE, "rll_2")
            return told

        assert await alike(*reversed(people))
        assert await alike(*people, *named("ANA"))
        assert not await alike(*people, nested=("Inner",))
        assert not await alike(*people[:2])
        assert not await alike(*people, *named("dan"))
        assert not await alike(*named("Ana", "BEN"), people[2])
        for other in ({"enabled": True}, {"via": None}, {"external_ids": frozenset({"1"})}, {"user_name": "dan"}):
            changed: dict[str, Any] = other
            assert not await alike(*people[:2], replace(people[2], **changed)), other
        assert not await alike(*people, external_id="another")
        assert not await alike(*people, group="Other")

    @promise
    async def test_the_secret_goes_with_the_last_group_that_is_read_with_it(self, store: Store) -> None:
        """Be it forgotten, or expected by another list; a list of the same group out of Graph changes nothing."""
        await begin(store, "Sales", "Buyers", "Makers")
        await keep(store, out_of_graph(4), named("eve"))
        assert len(await store.standing_groups(HERE)) == 3
        await keep(store, expecting(5), named("eve"))
        await keep(store, replace(out_of_graph(6, "Buyers"), external_id="another"), named("eve"))
        assert await store.standing_groups(HERE) == [standing("Makers")]
        assert await store.graph_source(HERE) == SOURCE
        await store.forget_expectation(HERE, "MAKERS", told(7, "rollcall.forgotten"))
        with pytest.raises(NotFound):
            await store.graph_source(HERE)
        with pytest.raises(NotFound):
            await store.forget_source(HERE, told(8))
        await keep(store, out_of_graph(9), named("eve"))
        await store.keep_standing(SOURCE, standing(), told(9))
        claimed = await store.claim_standing(standing(), LATER, LATER + 9)
        await store.forget_source(HERE, told(10))
        assert (await store.standing_groups(HERE), (await store.expectation(HERE, "Sales")).id) == ([], "rll_9")
        assert claimed is not None
        assert not await store.note_standing(claimed, claimed, None)
        assert await store.claim_standing(standing(), LATER, LATER + 9) is None
