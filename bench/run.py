"""The order of a run: the empty HTTP server, then each target at each size, each time afresh."""

import asyncio
import shutil
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from bench.figures import Results, Skipped
from bench.limits.http import empty_http
from bench.load import Refused, TooSlow
from bench.one import measure_target
from bench.plan import Plan, say
from bench.processes import Unavailable
from bench.target import Target, Traits


async def run(
    results: Results, plan: Plan, targets: Sequence[Target], scratch: Path, keep: Callable[[Results], None]
) -> Results:
    """Measure everything; `keep` gets what there is after each target and size."""
    say("empty HTTP …")
    async with _folder(scratch / "http") as folder:
        connections = sorted({*plan.connections, *plan.peer_connections})
        results = replace(results, http=tuple(await empty_http(folder, connections, max(1.0, plan.seconds))))
    for target in targets:
        try:
            traits = target.traits
        except Unavailable as error:
            results = _skip(results, Skipped.because(target.name, None, error))
            continue
        for users in plan.sizes:
            results = await _at_size(results, plan, target, traits, users, scratch)
            keep(results)
            if any((each.target, each.users) == (traits.name, users) for each in results.skipped):
                break
    return results


async def _at_size(results: Results, plan: Plan, target: Target, traits: Traits, users: int, scratch: Path) -> Results:
    say(f"{traits.name}, {users} users …")
    async with _folder(scratch / "run") as folder:
        try:
            measured = await measure_target(target, traits, users, plan, folder)
        except (Unavailable, TooSlow, Refused) as error:
            return _skip(results, Skipped.because(traits.name, users, f"{error}; larger sizes were not tried"))
    return replace(
        results,
        runs=(*results.runs, measured.run),
        plain=(*results.plain, *measured.plain),
        skipped=(*results.skipped, *measured.skipped),
    )


def _skip(results: Results, skipped: Skipped) -> Results:
    size = "" if skipped.users is None else f" at {skipped.users} users"
    say(f"skipped: {skipped.target}{size}: {skipped.reason}")
    return replace(results, skipped=(*results.skipped, skipped))


@asynccontextmanager
async def _folder(path: Path) -> AsyncGenerator[Path]:
    """An empty folder, removed at the end."""
    await asyncio.to_thread(shutil.rmtree, path, ignore_errors=True)
    path.mkdir(parents=True)
    try:
        yield path
    finally:
        await asyncio.to_thread(shutil.rmtree, path, ignore_errors=True)
