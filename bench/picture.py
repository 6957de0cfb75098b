"""The picture of the ratios: against peers, against the machine, and against itself when there is more to hold."""
# matplotlib is installed in the benchmark's own environment only, so the type checker does not see it.
# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.figures import Results
from bench.goals import CPU, DURABLE, LARGE_GROUP, MEMORY, MORE_USERS, WORKER_MB
from bench.ratios import against_peers, by_group, by_users, costs, main_run, peer_size, sizes

_BLUE, _ORANGE, _GREY, _RED = "#1b6ca8", "#e08a1e", "#8a97a3", "#b3261e"


def draw(results: Results, path: Path) -> None:
    """Write the picture; its kind is that of the path's suffix."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    plain = {"axes.spines.top": False, "axes.spines.right": False, "svg.hashsalt": "vestibule"}
    with mpl.rc_context({"font.size": 9, **plain}):
        figure = pyplot.figure(figsize=(18, 10), layout="constrained")
        grid = figure.add_gridspec(2, 3, height_ratios=(2.4, 1), width_ratios=(1.2, 1.1, 0.9))
        _peers(results, figure.add_subplot(grid[:, 0]))
        _machine(results, figure.add_subplot(grid[:, 1]))
        _growth(results, figure.add_subplot(grid[0, 2]))
        _memory(results, figure.add_subplot(grid[1, 2]))
        date = results.machine.get("Date", "")
        figure.suptitle(f"Vestibule against other SCIM servers, the machine, and itself   ({date})")
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None, facecolor="white")
        pyplot.close(figure)


def _peers(results: Results, axes: Any) -> None:
    """Bars for each operation, log scale: to the right of the line of 1, ours is faster."""
    users = peer_size(results)
    found = {kind: against_peers(results, users, kind) if users else [] for kind in ("durable", "memory")}
    names = list(dict.fromkeys(ratio.op for ratios in found.values() for ratio in ratios))
    _rows(axes, names, "requests/s, ours over theirs (log scale)")
    for kind, shift, colour, goal in (("durable", -0.2, _BLUE, DURABLE), ("memory", 0.2, _ORANGE, MEMORY)):
        label = {"durable": "best durable peer", "memory": "best in-memory peer"}[kind]
        rows = [names.index(ratio.op) + shift for ratio in found[kind]]
        _from_one(axes, rows, [ratio.value for ratio in found[kind]], [colour] * len(rows), 0.36, label=label)
        axes.axvline(goal, color=colour, linestyle="--", linewidth=1.2, label=f"goal against it: {goal:g}×")
    axes.set_title(f"Against peers, {users:,} users" if users else "No peer was measured")
    _widen(axes, [ratio.value for ratios in found.values() for ratio in ratios])
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.06), ncols=2, frameon=False)


def _machine(results: Results, axes: Any) -> None:
    """What an operation cannot be without as one dot, ours as another, and between them how many times it is."""
    users = peer_size(results) or (sizes(results) or [0])[-1]
    run = main_run(results, users)
    found = costs(results, run) if run else []
    _rows(axes, [cost.op for cost in found], "microseconds of server CPU a request (log scale)")
    least = [cost.ours / cost.ratio for cost in found]
    rows = range(len(found))
    axes.hlines(rows, least, [cost.ours for cost in found], color="#c9d3dc", linewidth=2)
    axes.plot(least, rows, "o", color=_GREY, label="empty HTTP + plain SQL + row of the log")
    axes.plot(
        [CPU * each for each in least], rows, "|", color=_RED, markersize=14, markeredgewidth=2, label=f"goal: {CPU:g}×"
    )
    axes.plot([cost.ours for cost in found], rows, "D", color=_BLUE, label="Vestibule")
    for row, cost in enumerate(found):
        axes.text(cost.ours * 1.2, row, f"{cost.ratio:.1f}×", va="center", fontsize=8)
    axes.set_xscale("log")
    axes.margins(x=0.12)
    axes.set_title(f"Against the machine, {users:,} users, SQLite")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.06), ncols=2, frameon=False)


def _growth(results: Results, axes: Any) -> None:
    """The time of the large over the time of the small; 1 is no growth at all."""
    largest = sizes(results)[-1:]
    run = main_run(results, largest[0]) if largest else None
    groups = [(ratio, LARGE_GROUP) for ratio in (by_group(run) if run else [])]
    found = [*groups, *((ratio, MORE_USERS) for ratio in by_users(results))]
    _rows(
        axes,
        [f"{ratio.op}\n{ratio.against}" for ratio, _ in found],
        "p50, 1 connection, large over small (log)",
    )
    axes.tick_params(axis="y", labelsize=7.5)
    values = [ratio.value for ratio, _ in found]
    colours = [_BLUE if ratio.value <= goal else _ORANGE for ratio, goal in found]
    _from_one(axes, list(range(len(found))), values, colours, 0.6, least=MORE_USERS * 1.15)
    for row, (_, goal) in enumerate(found):
        axes.plot([goal], [row], "|", color=_RED, markersize=14, markeredgewidth=2)
    axes.set_title("With more to hold (red: goal)")
    _widen(axes, values)


def _memory(results: Results, axes: Any) -> None:
    """The worker's memory at the largest size of each target."""
    largest = {run.target: run for run in results.runs if run.memory is not None}
    shown = [
        (f"{run.target}, {run.users:,}", run.memory.worker_end, run.kind) for run in largest.values() if run.memory
    ]
    _rows(axes, [name for name, _, _ in shown], "MB of the worker at the end (red: goal)")
    for row, (_, size, kind) in enumerate(shown):
        axes.barh(row, size, height=0.6, color=_BLUE if kind == "ours" else _GREY)
        axes.text(size, row, f" {size:,.0f}", va="center", fontsize=8)
    axes.axvline(WORKER_MB, color=_RED, linewidth=1.5)
    axes.margins(x=0.15)
    axes.set_title("Memory")


def _from_one(
    axes: Any,
    rows: Sequence[float],
    values: Sequence[float],
    colours: Sequence[str],
    height: float,
    *,
    label: str | None = None,
    least: float = 1.0,
) -> None:
    """Bars that begin at 1 on a log scale, to the right when more; their numbers stand at `least` or further right."""
    axes.set_xscale("log")
    axes.axvline(1, color="#666666", linewidth=0.8)
    axes.barh(rows, [value - 1 for value in values], left=1, height=height, color=colours, label=label)
    for row, value in zip(rows, values, strict=True):
        text = f" {value:,.0f}× " if value >= 100 else f" {value:.1f}× " if value >= 10 else f" {value:.2f}× "
        side = "left" if value >= 1 else "right"
        box = {"facecolor": "white", "edgecolor": "none", "pad": 0.4, "alpha": 0.8}
        axes.text(max(value, least) if value >= 1 else value, row, text, va="center", ha=side, fontsize=7.5, bbox=box)


def _widen(axes: Any, values: Sequence[float]) -> None:
    """Room for the numbers beside the longest bars."""
    axes.set_xlim(min([0.7, *values]) / 3.5, max([15, *values]) * 3)


def _rows(axes: Any, names: Sequence[str], label: str) -> None:
    """One row for each name, the first on top."""
    axes.set_yticks(range(len(names)), labels=names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(axis="x", color="#e6e6e6", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_xlabel(label)
