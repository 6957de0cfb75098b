"""Markdown tables of the figures."""

from collections.abc import Iterable, Sequence

from bench.figures import Figure, Results, Run
from bench.goals import goals
from bench.limits.plain import BATCH, per_commit
from bench.ratios import COMPARED, against_peers, by_group, by_users, costs, main_run, ours, plain_rate

BUSY = 0.9
"""From this share of a core on it is the load generator that a rate shows."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; all columns but the first are aligned to the right."""
    lines = [f"| {' | '.join(head)} |", f"|---|{'--:|' * (len(head) - 1)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def machine_table(results: Results) -> str:
    """What was measured on."""
    return table(("", ""), [*results.machine.items(), *results.arguments.items()]).replace("|---|--:|", "|---|---|")


def goals_table(results: Results) -> str:
    """Each goal with yes, no, or why it cannot be told."""
    told = {True: "yes", False: "**no**", None: "not told by this run"}
    rows = [(goal.wanted, goal.measured, told[goal.reached]) for goal in goals(results)]
    return table(("Goal", "Measured", "Reached"), rows).replace("--:|", "---|")


def peers_table(results: Results, users: int) -> str:
    """Requests a second, p50 and p99 of everybody at one size, and what ours is over the best."""
    runs = [run for run in results.runs if run.users == users]
    durable = {ratio.op: ratio for ratio in against_peers(results, users, "durable")}
    memory = {ratio.op: ratio for ratio in against_peers(results, users, "memory")}
    head = ["Operation", *(_headed(run) for run in runs), "× durable", "× memory"]
    mine = main_run(results, users)
    names = [figure.op for figure in mine.figures if figure.connections == COMPARED] if mine else []
    rows = [
        [
            f"`{op}`",
            *(_cell(run.figure(op, COMPARED)) for run in runs),
            *(_times(each.get(op)) for each in (durable, memory)),
        ]
        for op in names
    ]
    return table(head, rows)


def _headed(run: Run) -> str:
    store = run.store.split(",")[0]
    return run.target + {"ours": "", "durable": f" ({store}, durable)", "memory": " (memory)"}[run.kind]


def _cell(figure: Figure | None) -> str:
    if figure is None:
        return "–"
    if figure.wrong.startswith("fails"):
        return _text(figure.wrong)
    told = f"{_rate(figure.per_second)} / {figure.p50_ms:.2f} / {figure.p99_ms:.2f}"
    note = " ¹" if figure.note else ""
    return f"{told}{note} **wrong: {_text(figure.wrong)}**" if figure.wrong else f"{told}{note}{_busy(figure)}"


def _busy(figure: Figure) -> str:
    return " †" if figure.loader_busy >= BUSY else ""


def _text(text: str) -> str:
    return text[:60].replace("|", "\\|").replace("<", "&lt;")


def _rate(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _times(ratio: object) -> str:
    value = getattr(ratio, "value", None)
    return "–" if value is None else f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def ours_table(run: Run) -> str:
    """Ours at every number of connections."""
    counts = sorted({figure.connections for figure in run.figures})
    head = ["Operation"]
    for count in counts:
        head += [f"{count} conn: /s", "p50 ms", "p99 ms", "CPU µs"]
    rows: list[list[str]] = []
    for op in dict.fromkeys(figure.op for figure in run.figures):
        row = [f"`{op}`"]
        for count in counts:
            row += _four(run.figure(op, count))
        rows.append(row)
    return table(head, rows)


def _four(figure: Figure | None) -> list[str]:
    if figure is None:
        return ["–"] * 4
    wrong = f" **wrong: {_text(figure.wrong)}**" if figure.wrong else ""
    cpu = "–" if figure.cpu_us is None else f"{figure.cpu_us:,.0f}"
    return [f"{_rate(figure.per_second)}{_busy(figure)}{wrong}", f"{figure.p50_ms:.2f}", f"{figure.p99_ms:.2f}", cpu]


def costs_table(results: Results, run: Run) -> str:
    """CPU of ours beside the parts that it cannot be without."""
    rows = [
        (f"`{cost.op}`", *(f"{part:,.0f}" for part in (cost.ours, cost.http, cost.sql, cost.log)), f"{cost.ratio:.2f}")
        for cost in costs(results, run)
    ]
    return table(("Operation", "Server µs", "Empty HTTP µs", "Plain SQL µs", "Row of the log µs", "×"), rows)


def plain_table(results: Results, run: Run) -> str:
    """Writes a second over the most connections beside the plain driver."""
    most = max((figure.connections for figure in run.figures), default=0)
    rows: list[list[str]] = []
    for figure in run.figures:
        together = per_commit(figure)
        same = plain_rate(results, run, figure.op, together)
        if figure.connections != most or not same or not figure.op.startswith(("post_", "patch_")):
            continue
        others = [plain_rate(results, run, figure.op, commits) for commits in (BATCH, 1)]
        rates = [_rate(rate) if rate else "–" for rate in (same, *others)]
        rows.append(
            [f"`{figure.op}`", _rate(figure.per_second), str(together), *rates, f"{figure.per_second / same:.2f}"]
        )
    head = (
        f"Operation, {most} connections",
        "Ours /s",
        "A commit",
        "Plain /s, same commits",
        f"{BATCH} a commit",
        "1 a commit",
        "×",
    )
    return table(head, rows)


def growth_table(results: Results) -> str:
    """How the median time over one connection grows, and the CPU with it."""
    found = [(f"`{each.op}`, {run.target}", each) for run in ours(results) for each in by_group(run)]
    found += [(f"`{each.op}`", each) for each in by_users(results)]
    rows = [
        (
            name, each.against, f"{each.other:.2f}", f"{each.ours:.2f}", f"{each.value:.2f}",
            "–" if each.cpu is None else f"{each.cpu:.2f}",
        )
        for name, each in found
    ]  # fmt: skip
    return table(("Operation", "What grows", "Small, p50 ms", "Large, p50 ms", "×", "CPU ×"), rows)


def cycles_table(results: Results) -> str:
    """Whole initial cycles."""
    rows = [
        (
            run.target, f"{run.users:,}", f"{cycle.people:,}", str(cycle.groups), f"{cycle.requests:,}",
            f"{cycle.seconds:.2f}", _rate(cycle.people / cycle.seconds),
            f"**wrong: {_text(cycle.wrong)}**" if cycle.wrong else "right",
        )
        for run in results.runs
        for cycle in run.cycles
    ]  # fmt: skip
    return table(("Target", "Users before", "People", "Groups", "Requests", "Seconds", "People /s", "Result"), rows)


def memory_table(results: Results) -> str:
    """Resident memory."""
    rows = [
        (
            run.target, f"{run.users:,}", f"{run.load_seconds:.1f} ({run.load_how})",
            *(f"{size:,.0f}" for size in (weight.worker_loaded, weight.worker_end, weight.worker_peak, weight.all_end)),
        )
        for run in results.runs
        if (weight := run.memory) is not None
    ]  # fmt: skip
    head = (
        "Target",
        "Users",
        "Loaded in s",
        "Worker, loaded MB",
        "Worker, at the end MB",
        "Worker, peak MB",
        "All processes MB ²",
    )
    return table(head, rows)


def http_table(results: Results) -> str:
    """The empty HTTP server: what the load generator reaches at all."""
    rows = [
        (
            f"`{figure.op}`", str(figure.connections), f"{_rate(figure.per_second)}{_busy(figure)}",
            f"{figure.p50_ms:.2f}", f"{figure.cpu_us or 0:.0f}", f"{figure.loader_busy:.0%}",
        )
        for figure in results.http
    ]  # fmt: skip
    return table(("Empty HTTP", "Connections", "/s", "p50 ms", "Server µs", "Load generator's core"), rows)
