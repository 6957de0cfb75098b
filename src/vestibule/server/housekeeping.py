"""What the server does beside requests: it reads on in the log of each connection, and prunes it, in small pieces.

Each piece is a short transaction of its own, and between two of them requests come first. It may be done by any number
of processes at once. A fault is told to the operator and tried again; no request sees it.
"""

import asyncio
import traceback
from dataclasses import dataclass, field
from typing import Final

import structlog

from vestibule.clock import Clock, monotonic_us
from vestibule.cycles import AHEAD, advance
from vestibule.store import NotFound, Store, Unreachable

ROUND: Final = 5.0
"""Seconds between two looks at the connections that were called."""
SWEEP: Final = 3_600.0
"""Seconds between two looks at all connections, for what has grown old in those that nobody calls."""
BREATH: Final = 0.02
"""Seconds between two pieces, at the least."""
PRUNED: Final = 100
"""How many exchanges are deleted in one transaction."""
_DAY: Final = 86_400_000_000
_log = structlog.get_logger("vestibule.housekeeping")


@dataclass(slots=True)
class Housekeeper:
    """Keeps the logs. `days` and `most` (bytes for each connection) are the bounds."""

    store: Store
    clock: Clock
    days: int
    most: int
    due: set[str] = field(default_factory=set[str])
    """Connections whose log has something new, perhaps too new to be read."""

    async def run(self) -> None:
        """Do rounds until cancelled."""
        swept: int | None = None
        while True:
            await asyncio.sleep(ROUND)
            try:
                if swept is None or monotonic_us() - swept > SWEEP * 1_000_000:
                    self.due |= {each.id for each in await self.store.connections()}
                    swept = monotonic_us()
                await self.round()
            except Unreachable as error:
                _log.error("the log waits to be kept", error=str(error))
            except Exception:  # noqa: BLE001 -- the next round may go better, and nobody else would begin it
                _tell_fault()

    async def round(self) -> None:
        """Look once at each connection that was called."""
        self.due |= self.store.take_recorded()
        for connection_id in sorted(self.due):
            self.due.discard(connection_id)
            try:
                await self.keep(connection_id)
            except NotFound:
                continue
            except Unreachable:
                self.due.add(connection_id)
                raise
            except Exception:  # noqa: BLE001 -- what is the matter with one log must not keep the others
                self.due.add(connection_id)
                _tell_fault(connection_id=connection_id)

    async def keep(self, connection_id: str) -> None:
        """Read on to the end of what has settled, and prune."""
        while await advance(self.store, connection_id, self.clock.now(), pieces=1):
            await asyncio.sleep(BREATH)
        traffic = await self.store.traffic(connection_id)
        if await self.store.unread(connection_id, traffic.read_to, 1, self.clock.now() + AHEAD):
            self.due.add(connection_id)
        before = self.clock.now() - self.days * _DAY
        while await self.store.prune_log(connection_id, before, self.most, PRUNED):
            await asyncio.sleep(BREATH)


def _tell_fault(**about: str) -> None:
    _log.error("the log could not be kept", **about, traceback=traceback.format_exc())
