"""What every store promises of lists: no page counts its way through those before it, and nothing is looked at for ever."""

from unittest.mock import patch

import pytest

from tests.store.staging import HERE, LATER, THERE, Stage, ids_of, people, promise, user_id, users_where
from vestibule.scim.sorting import read_sort
from vestibule.scim.user_schema import USER
from vestibule.store import Store, TooMany
from vestibule.store.sql import pages, scan


class ListPromises(Stage):
    """Pages, totals, and bounds."""

    @promise
    async def test_a_late_page_of_a_walk_costs_what_the_first_one_does(self, store: Store) -> None:
        """2,000 users, twenty pages: each goes on where the one before ended."""
        await people(store, 2_000)
        costs: list[int] = []
        seen: list[str] = []
        for start in range(1, 2_001, 100):
            with self.work_of(store) as work:
                seen += ids_of((await store.users(HERE, None, start, 100)).items)
            costs.append(work.steps)
        assert seen == [user_id(number) for number in range(2_000)]
        assert max(costs) < costs[0] * 2.5

    @promise
    async def test_a_list_of_few_costs_the_same_among_many(self, store: Store) -> None:
        """The total is kept, not counted."""
        costs: list[int] = []
        for connection_id, count in ((HERE, 20), (THERE, 2_000)):
            await people(store, count, connection_id)
            with self.work_of(store) as work:
                assert (await store.users(connection_id, None, 1, 10)).total == count
            costs.append(work.steps)
        assert costs[1] < costs[0] * 1.5

    @promise
    async def test_a_page_that_nobody_has_come_near_is_found_in_hops(self, store: Store) -> None:
        """And beyond the end there is none."""
        await people(store, 300)
        with patch.object(pages, "HOP", 50):
            for start in (251, 120, 300):
                found = await store.users(HERE, None, start, 2)
                assert ids_of(found.items) == [user_id(each) for each in range(start - 1, min(start + 1, 300))]
                assert (found.total, found.more) == (300, start + 1 < 300)
            assert (await store.users(HERE, None, 301, 2)).items == ()
            assert (await store.users(HERE, None, 999, 2)).items == ()
            sort = read_sort("userName", "descending", USER)
            names = sorted((f"user{number}@example.com" for number in range(300)), reverse=True)
            found = await store.users(HERE, None, 281, 3, sort=sort)
            assert [each.user_name for each in found.items] == names[280:283]

    @promise
    async def test_a_walk_in_the_order_of_an_attribute_goes_on_where_it_ended(self, store: Store) -> None:
        """Though somebody who was on an earlier page has left."""
        await people(store, 9)
        sort = read_sort("userName", "descending", USER)
        seen = ids_of((await store.users(HERE, None, 1, 3, sort=sort)).items)
        await store.delete_user(HERE, user_id(8), LATER)
        for start in (4, 7):
            seen += ids_of((await store.users(HERE, None, start, 3, sort=sort)).items)
        assert seen == [user_id(number) for number in range(8, -1, -1)]

    @promise
    async def test_what_would_look_at_too_many_is_refused_and_indexes_know_no_bound(self, store: Store) -> None:
        """Neither half a list nor a wrong total."""
        await people(store, 60)
        sort = read_sort("title", None, USER)
        unknown = users_where('title eq "x"')
        with patch.object(scan, "ROW_BUDGET", 40), patch.object(scan, "CHUNK", 20):
            for where, order in ((unknown, None), (None, sort)):
                with pytest.raises(TooMany, match="more than 40 users"):
                    await store.users(HERE, where, sort=order)
            with patch.object(pages, "RANGE_BUDGET", 10), pytest.raises(TooMany):
                await store.users(HERE, users_where('userName sw "user1"'))
            assert (await store.users(HERE, users_where('userName sw "user1"'))).total == 11
            assert (await store.users(HERE, users_where("active eq true"), 1, 10)).total == 60
            assert (await store.users(HERE, None, 1, 10)).total == 60
        assert (await store.users(HERE, unknown)).total == 0

    @promise
    async def test_what_takes_too_long_is_refused(self, store: Store) -> None:
        """However few rows it was."""
        await people(store, 60)
        with (
            patch.object(scan, "TIME_BUDGET", 0.0),
            patch.object(scan, "CHUNK", 20),
            pytest.raises(TooMany, match="would have to be read"),
        ):
            await store.users(HERE, users_where('title eq "x"'))
