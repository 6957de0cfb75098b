"""What every store promises of the log: how it is searched, read on and pruned."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.store.staging import AT, HERE, THERE, Stage, an_exchange, promise
from vestibule import ids
from vestibule.model import Exchange
from vestibule.store import ExchangeQuery, NotFound, Store, Trace, Traffic

SECOND = 1_000_000
ALWAYS = AT + 10_000 * SECOND
NO_LIMIT = 10**12


def at(second: int, connection_id: str = HERE, **rest: Any) -> Exchange:
    """An exchange whose id tells when it came, so many seconds after AT."""
    return replace(an_exchange(second, connection_id, **rest), id=id_at(second))


def id_at(second: int) -> str:
    return ids.first_id("req", AT + second * SECOND)


async def recorded(store: Store, *exchanges: Exchange) -> None:
    for each in exchanges:
        store.record(each)
    await store.flush()


async def seconds(store: Store, connection_id: str = HERE, **query: Any) -> list[int]:
    """The seconds of the exchanges that are found."""
    found = await store.exchanges(connection_id, ExchangeQuery(**query))
    return [(each.at - AT) // SECOND for each in found]


def numbered(document: str, found: Sequence[Trace]) -> str:
    """A fold that writes down which exchanges it was given."""
    return ",".join([*([] if document == "{}" else [document]), *(str((each.at - AT) // SECOND) for each in found)])


class LogPromises(Stage):
    """Searched by index, read once, pruned from its oldest end."""

    @promise
    async def test_the_log_is_searched_by_outcome_and_by_kind(self, store: Store) -> None:
        """Alone and with others, newest first or followed."""
        parked, same = {"parked": ["x"], "parked_count": 1}, {"changed": False}
        await recorded(
            store,
            at(1), at(2, facts=parked), at(3, facts=same), at(4, status=403, error="held"),
            at(5, status=403, error="insufficient_scope", resource_type="Group", target="Sales"),
            at(6, status=500, error="internal"), at(7, resource_type="SignIn", target="ana"),
            at(8, status=403, resource_type="SignIn", target="ana", error="audience"), at(9, THERE, status=403),
        )  # fmt: skip
        cases: tuple[tuple[dict[str, Any], list[int]], ...] = (
            ({"outcome": "parked"}, [2]),
            ({"outcome": "no_change"}, [3]),
            ({"outcome": "held"}, [4]),
            ({"outcome": "blocked"}, [8, 5]),
            ({"outcome": "failed"}, [6]),
            ({"outcome": "done"}, [7, 1]),
            ({"outcome": "blocked", "target": "SALES"}, [5]),
            ({"refused": True}, [8, 6, 5, 4]),
            ({"refused": True, "limit": 2}, [8, 6]),
            ({"refused": True, "after_id": id_at(4), "limit": 2}, [5, 6]),
            ({"sign_ins": True}, [8, 7]),
            ({"sign_ins": True, "outcome": "blocked"}, [8]),
            ({"sign_ins": False, "limit": 3}, [6, 5, 4]),
        )
        for query, expected in cases:
            assert await seconds(store, **query) == expected, query

    @promise
    async def test_the_log_is_searched_by_time(self, store: Store) -> None:
        """From an instant on, and before another one, though an id may have been made a little before."""
        await recorded(store, *(at(second) for second in range(1, 6)), at(3, THERE))
        assert await seconds(store, since=AT + 2 * SECOND, before=AT + 4 * SECOND) == [3, 2]
        assert await seconds(store, since=AT + 4 * SECOND) == [5, 4]
        await recorded(store, replace(at(700), id=id_at(130)))
        assert await seconds(store, since=AT + 700 * SECOND) == [700]

    @promise
    async def test_a_search_costs_the_same_in_a_long_log(self, store: Store) -> None:
        """By name, by token, by outcome, by kind, by time, and the refused ones, where few are found."""
        rare: dict[str, Any] = {"status": 403, "error": "insufficient_scope", "token_id": "tok_2", "target": "rare"}
        for connection_id, count in ((HERE, 60), (THERE, 3_000)):
            await recorded(
                store,
                *(
                    at(second, connection_id, token_id="tok_1", target=f"u{second}", facts={"changed": False})
                    for second in range(2, count)
                ),
                at(0, connection_id, resource_type="User", **rare), at(1, connection_id, resource_type="SignIn"),
            )  # fmt: skip
        queries: tuple[dict[str, Any], ...] = (
            {"target": "rare"}, {"target": "u9", "outcome": "no_change"}, {"token_id": "tok_2"}, {"outcome": "blocked"}, {"refused": True}, {"sign_ins": True},
            {"since": AT, "before": AT + 1}, {"after_id": id_at(50), "limit": 5},
        )  # fmt: skip
        for query in queries:
            steps: list[int] = []
            for connection_id in (HERE, THERE):
                with self.work_of(store) as work:
                    assert await seconds(store, connection_id, **query), query
                steps.append(work.steps)
            # A search by time looks at what came within ten minutes of it; a plan by a bitmap counts that twice.
            assert steps[1] < steps[0] * (24 if "since" in query else 1.6), (query, steps)

    @promise
    async def test_the_log_is_read_on_once_by_whoever_asks(self, store: Store) -> None:
        """In pieces, oldest first, no further than an instant, without bodies; a fault in the fold changes nothing."""
        await recorded(store, *(at(second, request_body="{}") for second in range(1, 8)), at(2, THERE))
        assert await store.traffic(HERE) == Traffic()

        def fails(document: str, found: Sequence[Trace]) -> str:
            raise RuntimeError(document)

        with pytest.raises(RuntimeError):
            await store.read_traffic(HERE, ALWAYS, 3, fails)
        pieces = await asyncio.gather(*(store.read_traffic(HERE, AT + 6 * SECOND, 2, numbered) for _ in range(4)))
        assert sorted(pieces) == [0, 1, 2, 2]
        traffic = await store.traffic(HERE)
        assert (traffic.document, traffic.read_to) == ("1,2,3,4,5", id_at(5))
        assert 5 * 600 < traffic.size < 5 * 700
        (six, seven) = await store.unread(HERE, traffic.read_to, 10)
        assert (six.id, seven.id, six.at) == (id_at(6), id_at(7), AT + 6 * SECOND)
        assert await store.read_traffic(THERE, ALWAYS, 9, numbered) == 1
        await recorded(store, at(1, "con_none"))
        with pytest.raises(NotFound):
            await store.read_traffic("con_none", ALWAYS, 9, numbered)

    @promise
    async def test_after_a_clock_was_set_back_the_log_is_read_on_from_then(self, store: Store) -> None:
        """A year of what came would wait for the clock otherwise. Clocks that differ a little change nothing."""
        await recorded(store, *(at(second) for second in (10_000, 10_001)))
        await store.read_traffic(HERE, AT + 20_000 * SECOND, 9, numbered)
        assert await store.read_traffic(HERE, AT + 9_500 * SECOND, 9, numbered) == 0
        assert (await store.traffic(HERE)).read_to == id_at(10_001)
        assert await store.read_traffic(HERE, AT + 20 * SECOND, 9, numbered) == 0
        await recorded(store, at(21), at(22))
        assert await store.read_traffic(HERE, AT + 22 * SECOND, 9, numbered) == 1
        assert (await store.traffic(HERE)).document == "10000,10001,21"
        assert [each.id for each in await store.unread(HERE, id_at(21), 9, AT + 600 * SECOND)] == [id_at(22)]

    @promise
    async def test_the_log_is_pruned_by_age_and_by_size(self, store: Store) -> None:
        """The oldest go first, in pieces, and never what was not read."""
        await recorded(store, *(at(second) for second in range(1, 11)), at(1, THERE))
        assert await store.prune_log(HERE, ALWAYS, 0, 100) == 0
        await store.read_traffic(HERE, AT + 9 * SECOND, 100, numbered)
        size = (await store.traffic(HERE)).size
        assert await store.prune_log(HERE, AT + 4 * SECOND, NO_LIMIT, 2) == 2
        assert await store.prune_log(HERE, AT + 4 * SECOND, NO_LIMIT, 2) == 1
        assert await store.prune_log(HERE, AT + 4 * SECOND, NO_LIMIT, 2) == 0
        assert await seconds(store) == [10, 9, 8, 7, 6, 5, 4]
        assert (await store.traffic(HERE)).size == size * 5 // 8
        assert await store.prune_log(HERE, 0, size * 2 // 8, 100) == 3
        assert await seconds(store) == [10, 9, 8, 7]
        assert await store.prune_log(HERE, ALWAYS, NO_LIMIT, 100) == 2
        assert ((await store.traffic(HERE)).size, await seconds(store)) == (0, [10, 9])
        assert await seconds(store, THERE) == [1]

    @promise
    async def test_the_connections_that_were_recorded_are_told_once(self, store: Store) -> None:
        """For who reads their logs on."""
        store.record(at(1))
        store.record(at(2, THERE))
        assert store.take_recorded() == {HERE, THERE}
        assert store.take_recorded() == set()
