"""What every store promises of the work for references and guards: it does not grow with what is not named."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from tests.store.conformance_references import PARK
from tests.store.staging import AT, HERE, LATER, THERE, Stage, a_group, a_user, edited, people, promise, reporting_to
from vestibule.model import User
from vestibule.store import Guarded, Rules, Store
from vestibule.store.roll_calls import ExpectedPerson

NEWCOMER = 99_999
SIZES = {HERE: 10, THERE: 1_500}


async def made(store: Store, connection_id: str) -> None:
    """A user with all names comes."""
    await store.create_user(a_user(NEWCOMER, connection_id, externalId="X", userName="ana"))


async def reports(store: Store, connection_id: str, *refs: str) -> None:
    """Users come whose managers are named so."""
    await asyncio.gather(
        *(
            store.create_user(a_user(number, connection_id, **reporting_to(ref)), PARK)
            for number, ref in enumerate(refs, 20_000)
        )
    )


def left_at(at: int) -> Callable[[User], User]:
    """A change that deactivates a user at an instant."""
    return lambda user: replace(edited(user, active=False), updated_at=at)


class CostPromises(Stage):
    """Ten or fifteen hundred others: the same work."""

    async def costs_the_same(self, store: Store, act: Callable[[str], Awaitable[object]]) -> None:
        """Do it in both connections, of which one has little and the other one much."""
        costs: list[int] = []
        for connection_id in SIZES:
            with self.work_of(store) as work:
                await act(connection_id)
            costs.append(work.steps)
        few, many = costs
        assert 0 < many < few * 1.5

    @promise
    async def test_who_comes_is_looked_for_among_those_who_are_waited_for(self, store: Store) -> None:
        """As a member of some group."""
        for connection_id, count in SIZES.items():
            names = [f"name{number}" for number in range(count)]
            await store.create_group(a_group("Sales", connection_id), [*names, "X"], rules=PARK)
        await self.costs_the_same(store, lambda where: made(store, where))
        assert [each.user_id for each in await store.members(THERE, "grp_1")] == [a_user(NEWCOMER).id]

    @promise
    async def test_who_comes_is_looked_for_among_the_managers_who_are_waited_for(self, store: Store) -> None:
        """Of whomever."""
        for connection_id, count in SIZES.items():
            await reports(store, connection_id, *(f"name{number}" for number in range(count)), "X")
        await self.costs_the_same(store, lambda where: made(store, where))

    @promise
    async def test_who_comes_is_looked_for_among_those_who_went(self, store: Store) -> None:
        """By externalId and by userName."""
        for connection_id, count in SIZES.items():
            ids = await people(store, count, connection_id)
            await asyncio.gather(*(store.delete_user(connection_id, each, LATER) for each in ids))
        await self.costs_the_same(store, lambda where: made(store, where))

    @promise
    async def test_a_page_of_expected_people_is_looked_for_among_those_who_are_waited_for(self, store: Store) -> None:
        """However many they are, so that the roll of a group that waits for all its people takes no square of them."""
        for connection_id, count in SIZES.items():
            names = [f"name{number}" for number in range(count)]
            await store.create_group(a_group("Sales", connection_id), names, rules=PARK)
        asked = [ExpectedPerson(f"name{number}", frozenset({f"id{number}"})) for number in range(5)]
        await self.costs_the_same(store, lambda where: store.whereabouts(where, "grp_1", asked))

    @promise
    async def test_a_former_id_is_looked_up(self, store: Store) -> None:
        """Among many who are here."""
        for connection_id, count in SIZES.items():
            await people(store, count, connection_id)
            await store.create_user(a_user(NEWCOMER - 1, connection_id, externalId="X"))
            await store.delete_user(connection_id, a_user(NEWCOMER - 1).id, LATER)
            await made(store, connection_id)
        await self.costs_the_same(store, lambda where: reports(store, where, a_user(NEWCOMER - 1).id))

    @promise
    async def test_an_external_id_a_user_name_and_nobody_are_looked_up(self, store: Store) -> None:
        """As a manager, and as members."""
        for connection_id, count in SIZES.items():
            await people(store, count, connection_id)
            await made(store, connection_id)
        await self.costs_the_same(store, lambda where: reports(store, where, "X", "ANA", "nobody"))
        await self.costs_the_same(
            store, lambda where: store.create_group(a_group("G", where), ["X", "ANA", "nobody"], rules=PARK)
        )

    @promise
    async def test_a_group_goes_without_a_look_at_all_who_are_waited_for(self, store: Store) -> None:
        """It may be within other groups."""
        for connection_id, count in SIZES.items():
            names = [f"name{number}" for number in range(count)]
            await store.create_group(a_group("Sales", connection_id, "grp_2"), names, rules=PARK)
            await store.create_group(a_group("Ops", connection_id))
        await self.costs_the_same(store, lambda where: store.delete_group(where, "grp_1", LATER))

    @promise
    async def test_a_guard_counts_no_further_than_its_limit(self, store: Store) -> None:
        """However many have left, long ago or just now."""
        for connection_id, count in SIZES.items():
            ids = await people(store, count + 1, connection_id)
            await asyncio.gather(*(store.change_user(connection_id, each, left_at(AT)) for each in ids[: count // 2]))
            await asyncio.gather(*(store.delete_user(connection_id, each, AT) for each in ids[count // 2 : -1]))
        for window, kind in ((10, User), (LATER - AT + 1, Guarded)):
            rules = Rules(hold_deactivations=3, hold_window=window)
            answers: list[object] = []

            async def leave(where: str, rules: Rules = rules, answers: list[object] = answers) -> None:
                last = a_user(SIZES[where]).id
                change = store.change_user(where, last, left_at(LATER), rules=rules)
                answers += await asyncio.gather(change, return_exceptions=True)
                await store.change_user(where, last, lambda user: edited(user, active=True))

            await self.costs_the_same(store, leave)
            assert [type(each) for each in answers] == [kind, kind]

    @promise
    async def test_users_are_found_by_address_among_many(self, store: Store) -> None:
        """No scan of the addresses."""
        for connection_id, count in SIZES.items():
            addressed = [a_user(number, connection_id, emails=[{"value": f"a{number}@x"}]) for number in range(count)]
            await asyncio.gather(*(store.create_user(each) for each in addressed))
        await self.costs_the_same(store, lambda where: store.users_with_email(where, ["A3@X", "nobody"]))
        await self.costs_the_same(store, lambda where: store.users_with_email(where, ["A3@X"], unadopted=True))
