"""The goals, and whether a run reaches them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bench.figures import Results
from bench.limits.plain import per_commit
from bench.ratios import (
    Ratio,
    against_peers,
    by_group,
    by_users,
    costs,
    main_run,
    ours,
    peer_size,
    plain_rate,
    sizes,
)

DURABLE = 10.0
MEMORY = 1.0
LARGE_GROUP = 1.2
MORE_USERS = 1.5
CPU = 2.0
POST = 0.5
WORKER_MB = 150.0
_LARGE_GROUP, _MANY_USERS = 100_000, 1_000_000
POST_CONNECTIONS = 32


@dataclass(frozen=True, slots=True)
class Goal:
    """What was wanted and what was measured. `reached` is None when the run was too small to tell."""

    wanted: str
    measured: str
    reached: bool | None


def goals(results: Results) -> list[Goal]:
    """All of them, in the order of the issue."""
    each: list[Callable[[Results], Goal]] = [_durable, _memory, _group, _users, _cpu, _post, _worker]
    return [goal(results) for goal in each]


def _durable(results: Results) -> Goal:
    return _peers(results, "durable", DURABLE, "the best durable peer")


def _memory(results: Results) -> Goal:
    return _peers(results, "memory", MEMORY, "the best in-memory peer")


def _peers(results: Results, kind: str, least: float, who: str) -> Goal:
    users = peer_size(results)
    wanted = f"every operation at 20,000 users against {who}: ≥ {least:g}×"
    ratios = against_peers(results, users, kind) if users else []
    if not ratios:
        return Goal(wanted, "no such peer was measured", None)
    worst = min(ratios, key=lambda ratio: ratio.value)
    short = sum(ratio.value < least for ratio in ratios)
    told = f"{worst.value:.2f}× at worst ({worst.op}, {worst.against}); {short} of {len(ratios)} below"
    return Goal(wanted, told if users == 20_000 else f"at {users:,} users: {told}", _if(users == 20_000, short == 0))


def _group(results: Results) -> Goal:
    wanted = f"add one member to a group of 100,000 against one of 100, time: ≤ {LARGE_GROUP:g}×"
    ratios = [ratio for run in ours(results)[::-1] for ratio in by_group(run) if ratio.op == "patch_add"]
    largest = [ratio for ratio in ratios if ratio.against.startswith(f"{_LARGE_GROUP:,}")]
    return _at_most(wanted, largest or ratios, LARGE_GROUP, decides=bool(largest))


def _users(results: Results) -> Goal:
    wanted = f"get, filter and page of 100 at 1,000,000 users against 1,000, time: ≤ {MORE_USERS:g}×"
    measured = sizes(results)
    decides = bool(measured) and (measured[0], measured[-1]) == (1_000, _MANY_USERS)
    return _at_most(wanted, by_users(results), MORE_USERS, decides=decides)


def _at_most(wanted: str, ratios: Iterable[Ratio], most: float, *, decides: bool) -> Goal:
    worst = max(ratios, key=lambda ratio: ratio.value, default=None)
    if worst is None:
        return Goal(wanted, "not measured", None)
    return Goal(wanted, f"{worst.value:.2f}× at worst ({worst.op}, {worst.against})", _if(decides, worst.value <= most))


def _cpu(results: Results) -> Goal:
    wanted = f"server CPU per request against empty HTTP + plain SQL: ≤ {CPU:g}×"
    every = [(cost, run) for run in ours(results) if run.store.startswith("SQLite") for cost in costs(results, run)]
    if not every:
        return Goal(wanted, "not measured", None)
    worst, run = max(every, key=lambda each: each[0].ratio)
    short = sum(cost.ratio > CPU for cost, _ in every)
    told = f"{worst.ratio:.2f}× at worst ({worst.op}, {run.users:,} users); {short} of {len(every)} above"
    return Goal(wanted, told, short == 0)


def _post(results: Results) -> Goal:
    wanted = (
        f"durable POST /Users over {POST_CONNECTIONS} connections against the plain driver, same commits: ≥ {POST:g}×"
    )
    found: list[tuple[float, str]] = []
    for run in ours(results):
        figure = run.figure("post_user", POST_CONNECTIONS)
        if figure is None or figure.wrong:
            continue
        together = per_commit(figure)
        rate = plain_rate(results, run, "post_user", together)
        if rate:
            ratio = figure.per_second / rate
            found.append((ratio, f"{ratio:.2f}× ({run.target}, {run.users:,} users, {together} a commit)"))
    if not found:
        return Goal(wanted, "not measured", None)
    worst = min(found)
    return Goal(wanted, worst[1], worst[0] >= POST)


def _worker(results: Results) -> Goal:
    wanted = f"memory of one worker at 1,000,000 users: ≤ {WORKER_MB:.0f} MB"
    largest = sizes(results)[-1:]
    run = main_run(results, largest[0]) if largest else None
    if run is None or run.memory is None:
        return Goal(wanted, "not measured", None)
    told = f"{run.memory.worker_end:.0f} MB at {run.users:,} users"
    return Goal(wanted, told, _if(run.users >= _MANY_USERS, run.memory.worker_end <= WORKER_MB))


def _if(decides: bool, reached: bool) -> bool | None:
    return reached if decides else None
