"""One target at one size: start it, load it, time its operations, run a cycle, weigh it; then the plain driver."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import load
from bench.cycle import initial_cycle
from bench.figures import Cycle, Figure, Memory, Plain, Run, Skipped
from bench.group_ops import group_ops
from bench.limits.driver import Driver, Sqlite
from bench.limits.plain import Limits, plain
from bench.limits.postgres_driver import AsyncpgDriver
from bench.list_ops import list_ops
from bench.loader import measure
from bench.ops import Op, PatchActive, PostUser, user_reads
from bench.plan import Plan, say
from bench.processes import Unavailable, weight
from bench.session import connect
from bench.target import Service, Target, Traits
from bench.world import KnownGroup, World


@dataclass(frozen=True, slots=True)
class Measured:
    """A run and what belongs to it."""

    run: Run
    plain: tuple[Plain, ...]
    skipped: tuple[Skipped, ...]


async def measure_target(target: Target, traits: Traits, users: int, plan: Plan, folder: Path) -> Measured:
    """Measure a fresh server. Raises Unavailable, load.TooSlow, load.Refused."""
    skipped: list[Skipped] = []
    async with target.start(folder) as service:
        began = time.monotonic()
        world = await _load(service, traits, users, plan)
        load_seconds = time.monotonic() - began
        say(f"  loaded in {load_seconds:.1f} s")
        loaded = weight(service.roots[:1])
        skipped += await _fill_groups(service, traits, world, plan)
        figures = await _figures(service, traits, world, plan)
        cycles = await _cycles(service, traits, users, plan, skipped)
        end = weight(service.roots[:1])
        everything = weight(service.roots)
        memory = Memory(*(round(each, 1) for each in (loaded.largest, end.largest, end.peak, everything.total)))
        limits = await _limits(service, world, figures, plan)
        beside = f"the plain driver beside {traits.name}"
        skipped += [Skipped.because(beside, users, reason) for reason in limits.failed]
    run = Run(
        traits.name, traits.kind, traits.version, traits.store, traits.form, users, round(load_seconds, 2),
        service.load_how or load.way_by_size(users), tuple(figures), memory, tuple(cycles),
    )  # fmt: skip
    return Measured(run, limits.reached, tuple(skipped))


async def _load(service: Service, traits: Traits, users: int, plan: Plan) -> World:
    budget = float("inf") if traits.kind == "ours" else plan.budget
    async with connect(service.base_url, service.headers, load.LANES) as session:
        return World(await service.load(session, users, budget))


async def _fill_groups(service: Service, traits: Traits, world: World, plan: Plan) -> list[Skipped]:
    """Make the groups that there are enough people for; one that cannot be made is skipped with its reason."""
    skipped: list[Skipped] = []
    async with connect(service.base_url, service.headers, 1) as session:
        for size in plan.groups_of(world.users):
            name = f"bench-group-{size}"
            joining = world.ids[:size]
            try:
                async with asyncio.timeout(None if traits.kind == "ours" else plan.budget):
                    on_post = traits.takes_members_on_post
                    group_id = await load.group(service, session, name, joining, on_post=on_post)
            except TimeoutError:
                skipped.append(_no_group(traits, size, f"filling it took more than {plan.budget:.0f} s"))
            except load.Refused as error:
                skipped.append(_no_group(traits, size, str(error)))
            else:
                world.groups[size] = KnownGroup(group_id, name, size, size, world.ids[size:])
    return skipped


def _no_group(traits: Traits, size: int, reason: str) -> Skipped:
    return Skipped.because(f"{traits.name}, group of {size}", None, reason)


async def _figures(service: Service, traits: Traits, world: World, plan: Plan) -> list[Figure]:
    """What reads comes before what writes, and what adds people comes last, so that the size is what it is called."""
    ops: list[Op] = [*user_reads(world), *list_ops(world, cursors=traits.cursors)]
    for group in world.groups.values():
        ops += group_ops(world, group, traits)
    return await _each([*ops, PatchActive(world), PostUser(world)], service, traits, plan)


async def _each(ops: Sequence[Op], service: Service, traits: Traits, plan: Plan) -> list[Figure]:
    """Each operation over each number of connections; who was added to a group leaves it before the next number."""
    found: list[Figure] = []
    counts = plan.connections if traits.kind == "ours" else plan.peer_connections
    adds: list[Op] = []
    for op in ops:
        if op.name.startswith("patch_add"):
            adds = [op]
            continue
        together = [*adds, op] if op.name.startswith("patch_remove") else [op]
        for connections in counts:
            for each in together:
                found.append(await measure(each, service, connections, plan.seconds))
                _tell(found[-1])
    return found


def _tell(figure: Figure) -> None:
    cpu = "" if figure.cpu_us is None else f"  {figure.cpu_us:.0f} µs CPU"
    wrong = f"  WRONG: {figure.wrong}" if figure.wrong else ""
    say(
        f"  {figure.op:<24}{figure.connections:>3} conn {figure.per_second:>9.1f}/s  p50 {figure.p50_ms:.2f} ms  "
        f"p99 {figure.p99_ms:.2f} ms{cpu}{wrong}"
    )


async def _cycles(service: Service, traits: Traits, users: int, plan: Plan, skipped: list[Skipped]) -> list[Cycle]:
    """Initial cycles; a peer that does not end within its budget is skipped."""
    found: list[Cycle] = []
    for people in plan.cycles:
        try:
            async with asyncio.timeout(None if traits.kind == "ours" else plan.budget):
                cycle = await initial_cycle(service, traits, people)
        except TimeoutError:
            reason = f"it took more than {plan.budget:.0f} s"
            skipped.append(Skipped.because(f"{traits.name}, a cycle of {people} people", users, reason))
            continue
        wrong = f"  WRONG: {cycle.wrong}" if cycle.wrong else ""
        say(f"  cycle of {people}: {cycle.seconds:.2f} s, {cycle.requests} requests{wrong}")
        found.append(cycle)
    return found


async def _limits(service: Service, world: World, figures: list[Figure], plan: Plan) -> Limits:
    """In a thread of its own, as the plain driver of PostgreSQL brings its own event loop."""

    def work() -> Limits:
        driver = _driver(service)
        try:
            return plain(driver, world, figures, plan.connections, min(0.3, plan.seconds))
        finally:
            driver.close()

    try:
        return await asyncio.to_thread(work) if service.database else Limits((), ())
    except Unavailable as error:
        return Limits((), (str(error),))


def _driver(service: Service) -> Driver:
    path = service.database.removeprefix("sqlite:///")
    return Sqlite(path) if path != service.database else AsyncpgDriver(service.database, *service.roots[1:2])
