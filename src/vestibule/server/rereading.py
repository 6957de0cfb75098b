"""What the server reads from Microsoft Graph while nobody asks: several groups at once, so none waits for another."""

import asyncio
import traceback
from dataclasses import dataclass, field
from typing import Final

import structlog

from vestibule.rollcall.standing import Anew, Rereading
from vestibule.scim.folding import fold
from vestibule.store.standing import StandingGroup

EVERY: Final = 60.0
"""Seconds between two looks at what is due."""
AT_ONCE: Final = 8
"""How many groups are read at once."""
_log = structlog.get_logger("vestibule.rereading")


@dataclass(slots=True)
class Rereader:
    """Reads what is due, each group in a task of its own."""

    rereading: Rereading
    _room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    _working: dict[tuple[str, str], asyncio.Task[None]] = field(
        default_factory=dict[tuple[str, str], asyncio.Task[None]]
    )

    async def run(self, every: float = EVERY) -> None:
        """Work until cancelled."""
        try:
            while True:
                await asyncio.sleep(every)
                await self._begin()
        finally:
            await self._leave()

    async def turn(self) -> None:
        """Read all that is due now."""
        await self._begin()
        await asyncio.gather(*self._working.values())

    async def _begin(self) -> None:
        try:
            due = await self.rereading.due()
        except Exception:  # noqa: BLE001 -- the next look tries again
            _log.error("what is to be read again cannot be looked up", traceback=traceback.format_exc())
            return
        for group in due:
            key = (group.connection_id, fold(group.group))
            if key not in self._working:
                task = asyncio.create_task(self._read(group))
                self._working[key] = task
                task.add_done_callback(lambda _, key=key: self._working.pop(key, None))

    async def _leave(self) -> None:
        working = list(self._working.values())
        for each in working:
            each.cancel()
        await asyncio.gather(*working, return_exceptions=True)

    async def _read(self, group: StandingGroup) -> None:
        try:
            async with self._room:
                anew = await self.rereading.read(group)
        except Exception:  # noqa: BLE001 -- the claim ends by itself, and then it is tried again
            told = {"connection": group.connection_id, "group": group.group}
            _log.error("a group could not be read again", **told, traceback=traceback.format_exc())
            return
        if anew is not None:
            _tell(anew)


def _tell(anew: Anew) -> None:
    told = {"connection": anew.group.connection_id, "group": anew.group.group}
    if anew.broken is not None:
        _log.error(
            "a group could not be read again", **told, traceback="".join(traceback.format_exception(anew.broken))
        )
    elif anew.fault is not None:
        _log.warning("a group could not be read from Microsoft Graph", **told, code=anew.fault.code)
    elif anew.changed:
        _log.info("a group has other people in Microsoft Graph than before", **told)
