"""What the server does by itself while it serves: it calls the roll of the groups that have changed."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator

from vestibule.clock import Clock
from vestibule.rollcall.keeping import call_due
from vestibule.store import Store, StoreError

EVERY = 60.0
"""Seconds between two looks for what has changed."""
_log = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def roll_calls(store: Store, clock: Clock, every: float = EVERY) -> AsyncGenerator[None]:
    """Call the roll again and again, until the server stops. Of several processes the quickest keeps what it found."""
    task = asyncio.create_task(_again_and_again(store, clock, every))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _again_and_again(store: Store, clock: Clock, every: float) -> None:
    while True:
        await asyncio.sleep(every)
        try:
            await call_due(store, clock)
        except StoreError as error:
            _log.warning("The roll call waits: %s", error)
        except Exception:  # noqa: BLE001 -- whatever is wrong with one roll call, the server goes on
            _log.exception("The roll call failed.")
