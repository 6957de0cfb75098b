"""What is done while nobody asks: metadata read anew, mail domains checked again, the roll called of what has changed.

With several workers each looks, and the later ones find little left to do. A turn that fails is told and tried again;
it never ends the server.
"""

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from vestibule import identity_providers
from vestibule.clock import Clock
from vestibule.domains.checking import recheck
from vestibule.outbound.fetch import Fetcher
from vestibule.outbound.names import Names
from vestibule.rollcall.keeping import call_due
from vestibule.store import NotFound, Store

EVERY = 60.0
"""Seconds between two turns."""
_log = structlog.get_logger("vestibule.background")


@dataclass(frozen=True, slots=True)
class Background:
    """The work of every turn, over one store."""

    store: Store
    clock: Clock
    fetcher: Fetcher
    names: Names
    allow_http: bool

    async def run(self, every: float = EVERY) -> None:
        """Work until cancelled."""
        while True:
            await asyncio.sleep(every)
            await self.turn()

    async def turn(self) -> None:
        """All of it once, as far as it is due."""
        await self._attempt("metadata", self._read_metadata)
        await self._attempt("domains", self._check_domains)
        await self._attempt("roll calls", self._call_rolls)

    async def _attempt(self, what: str, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except Exception:  # noqa: BLE001 -- the next turn tries again
            _log.error("background work failed", what=what, traceback=traceback.format_exc())

    async def _read_metadata(self) -> None:
        now = self.clock.now()
        for row in await self.store.sign_ons():
            try:
                loaded = await identity_providers.load(self.store, row.connection_id)
            except NotFound:
                continue
            if row.enabled and identity_providers.is_due(loaded, now):
                await identity_providers.refresh_metadata(
                    self.store, self.fetcher, loaded, now, allow_http=self.allow_http
                )

    async def _call_rolls(self) -> None:
        async for each in call_due(self.store, self.clock):
            told = {"connection": each.kept.connection_id, "group": each.kept.group}
            if each.fault is not None:
                _log.error("roll call failed", **told, traceback="".join(traceback.format_exception(each.fault)))
            elif each.roll is not None and each.drifted:
                figures = {"missing": each.roll.missing_count, "extra": each.roll.extra_count}
                _log.warning("a group that balanced no longer does", **told, **figures)

    async def _check_domains(self) -> None:
        await recheck(self.store, self.names, self.clock)
