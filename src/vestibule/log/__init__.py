"""The log of a connection: searched, told through two lenses, followed, exported, and kept within bounds."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Final

from vestibule import ids
from vestibule.clock import Clock
from vestibule.cycles import cycle_at, overview
from vestibule.log.export import Format, export
from vestibule.log.lenses import Known, Story, Wire, entry_json, story_line, story_of, wire_line, wire_of
from vestibule.log.search import BadSearch, Search, query_of, read_instant, read_outcome
from vestibule.model import Exchange
from vestibule.store import ExchangeQuery, Store

__all__ = [
    "BadSearch",
    "Format",
    "Known",
    "Search",
    "Story",
    "Wire",
    "entry_json",
    "export",
    "follow",
    "follow_known",
    "known_of",
    "query_of",
    "read_instant",
    "read_outcome",
    "search",
    "story_line",
    "story_of",
    "wire_line",
    "wire_of",
]

LATE: Final = 30_000_000
"""So many microseconds after it began a request may appear in the log, as it is recorded when it is answered."""
PAUSE: Final = 0.5
"""Seconds between two looks at the log."""
_PIECE: Final = 1_000


async def known_of(store: Store, connection_id: str, now: int) -> Known:
    """What entries of the log are told with. Raises NotFound for the connection."""
    tokens = await store.tokens(connection_id)
    seen = await overview(store, connection_id, now)
    return Known({each.id: each for each in tokens}, seen.cycles)


async def search(store: Store, connection_id: str, wanted: Search, limit: int) -> list[Exchange]:
    """The newest exchanges of a connection that are looked for, newest first. Raises BadSearch."""
    return await store.exchanges(connection_id, await query_of(store, connection_id, wanted, limit))


async def follow(
    store: Store, connection_id: str, query: ExchangeQuery, clock: Clock, pause: float = PAUSE
) -> AsyncGenerator[Exchange]:
    """The exchanges that come from now on, each once, for ever; those of slow requests come a little out of order."""
    began = clock.now()
    told: dict[str, int] = {}
    while True:
        now = clock.now()
        if now < began:  # A clock that was set back must not hide what comes, nor what came since.
            began = now - LATE
        after, found = ids.first_id("req", max(began, now - LATE)), None
        while found is None or len(found) == _PIECE:
            found = await store.exchanges(connection_id, replace(query, after_id=after, limit=_PIECE))
            for each in found:
                if each.id not in told:
                    told[each.id] = each.at
                    yield each
            after = found[-1].id if found else after
        told = {ident: at for ident, at in told.items() if at > now - 4 * LATE}
        await asyncio.sleep(pause)


async def follow_known(
    store: Store, connection_id: str, query: ExchangeQuery, clock: Clock, pause: float = PAUSE
) -> AsyncGenerator[tuple[Exchange, Known]]:
    """As `follow`, each with what it is told with, which grows along: the cycle that goes on, a token that is new."""
    known, looked = await known_of(store, connection_id, clock.now()), clock.now()
    async for each in follow(store, connection_id, query, clock, pause):
        now = clock.now()
        if cycle_at(known.cycles, each.id) is None and abs(now - looked) > pause * 500_000:
            known, looked = await known_of(store, connection_id, now), now
        yield each, known
