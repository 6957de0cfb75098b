"""The only loop of a test over HTTP: sends what the plan asks for, and cleans up however it ends."""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias, TypeVar

import httpx2

from vestibule import canary, ids
from vestibule.clock import Clock, SystemClock
from vestibule.entra.wire import Request, endpoint
from vestibule.probe.cleanup import clean_up
from vestibule.probe.line import Line, Unusable
from vestibule.probe.plan import Names, Plan, Steps
from vestibule.probe.reply import Reply
from vestibule.probe.report import Cell, Leftover, Report
from vestibule.probe.sweep import sweep
from vestibule.scim.scopes import SCOPES

T = TypeVar("T")
Watch: TypeAlias = Callable[[Request, Reply], None]
"""Told of each request and its answer as they happen."""
LATE = 0.5
"""Seconds to let an interrupted request come to its end at the server, before what it made is looked for."""


class Interrupted(asyncio.CancelledError):
    """The test was cancelled and has cleaned up; `report` says what was found and what was left behind."""

    def __init__(self, report: Report) -> None:
        super().__init__("the connection test was interrupted")
        self.report = report


async def probe(
    url: str,
    token: str,
    *,
    writes: bool = True,
    clock: Clock | None = None,
    watch: Watch | None = None,
    transport: httpx2.AsyncBaseTransport | None = None,
) -> Report:
    """Test a tenant URL with a token: reads alone, or with `writes` on a marked user and group as well.

    The URL may carry Entra's feature flag `?aadOptscim062020`; the test then speaks as Entra does with it.
    Raises Unusable for what is no address or no token, Unreachable when nobody answers, Interrupted when cancelled.
    """
    try:
        base, mode = endpoint(url)
    except ValueError as error:
        raise Unusable(f"{url!r} is no address of a SCIM server: write https://HOST/PATH.") from error
    async with Line(base, token, transport) as line:
        now = (clock or SystemClock()).now()
        plan = Plan(base, _names(now), mode, ids.token_id_of(token.strip()))
        swept = 0
        try:
            await _drive(plan.run(writes=writes), line, watch)
            # Within the try: an interruption of the cleaning begins it anew.
            leftovers = await _clean_up(plan, line, watch)
            # Last: Entra sends no such filter, and a server may fall over it.
            if writes and plan.trouble is None:
                for kind in ("Group", "User"):
                    swept += await _drive(sweep(kind, now), line, watch)
        except asyncio.CancelledError as error:
            await asyncio.sleep(LATE)
            report = _report(plan, await _clean_up(plan, line, watch), writes=writes)
            raise Interrupted(replace(report, interrupted=True)) from error
        except BaseException:
            await _clean_up(plan, line, watch)
            raise
        return replace(_report(plan, leftovers, writes=writes), swept=swept)


async def _drive(steps: Steps[T], line: Line, watch: Watch | None, *, patient: bool = False) -> T:
    """Send what is asked for until the end; `patient` waits for a server that is busy."""
    try:
        request = next(steps)
        while True:
            reply = await line.send(request)
            if watch is not None:
                watch(request, reply)
            # However fast the answers come, a cancellation gets through.
            await asyncio.sleep(reply.pause if patient else 0)
            request = steps.send(reply)
    except StopIteration as end:
        return end.value


async def _clean_up(plan: Plan, line: Line, watch: Watch | None) -> list[Leftover]:
    left = [await _drive(clean_up(made), line, watch, patient=True) for made in plan.made]
    return [each for each in left if each is not None]


def _names(now: int) -> Names:
    """Fresh names; randomness comes from `ids`."""
    marks = [canary.mark(ids.new_id("can", now)) for _ in range(4)]
    guids = [str(uuid.uuid5(uuid.NAMESPACE_URL, ids.new_id("prb", now))) for _ in range(3)]
    return Names(marks[0], marks[1], marks[2], marks[3], guids[0], guids[1], guids[2])


def _report(plan: Plan, leftovers: list[Leftover], *, writes: bool) -> Report:
    got = None if plan.got is None else tuple(each for each in SCOPES if each in plan.got)
    return Report(
        url=plan.base,
        mode="canary" if writes else "dry",
        ours=plan.ours,
        cells={key: replace(cell, held=_held(cell, got)) for key, cell in plan.cells.items()},
        token_id=plan.token_id,
        got=got,
        discovery=tuple(plan.discovery),
        leftovers=tuple(leftovers),
        trouble=plan.trouble,
    )


def _held(cell: Cell, got: tuple[str, ...] | None) -> bool | None:
    if got is not None:
        return cell.scope in got
    return True if cell.verdict == "yes" else None
