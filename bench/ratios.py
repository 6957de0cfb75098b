"""What the figures say of each other: ours against peers, against the machine, and against itself at another size."""

from collections.abc import Iterable
from dataclasses import dataclass

from bench.figures import Figure, Plain, Results, Run
from bench.limits.plain import BATCH, per_commit

COMPARED = 8
"""The number of connections at which ours is compared with peers and with the machine."""
_READS = ("get_", "filter_", "list_")


@dataclass(frozen=True, slots=True)
class Ratio:
    """One figure over another. `against` says whose the other is."""

    op: str
    value: float
    ours: float
    other: float
    against: str
    cpu: float | None = None
    """The same of the server's CPU, which other work on the machine disturbs less."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Microseconds of CPU for one request: ours, and what it cannot be done without."""

    op: str
    ours: float
    http: float
    sql: float
    log: float

    @property
    def ratio(self) -> float:
        """Ours over the sum of the rest."""
        return self.ours / (self.http + self.sql + self.log)


def ours(results: Results) -> list[Run]:
    """The runs of Vestibule, on SQLite before others."""
    return [run for run in results.runs if run.kind == "ours"]


def main_run(results: Results, users: int) -> Run | None:
    """Ours on its first store at a size."""
    return next((run for run in ours(results) if run.users == users), None)


def sizes(results: Results) -> list[int]:
    """The sizes at which ours was measured."""
    return sorted({run.users for run in ours(results)})


def peer_size(results: Results) -> int | None:
    """The size at which ours is compared with peers: 20,000 users, else the largest at which there is a peer."""
    found = sorted({run.users for run in results.runs if run.kind != "ours"} & set(sizes(results)))
    return 20_000 if 20_000 in found else (found[-1] if found else None)


def against_peers(results: Results, users: int, kind: str) -> list[Ratio]:
    """Requests a second of ours over those of the best peer of a kind that answers rightly, for each operation."""
    mine = main_run(results, users)
    if mine is None:
        return []
    peers = [run for run in results.runs if run.kind == kind and run.users == users]
    found: list[Ratio] = []
    for figure in mine.figures:
        best = _best(peers, figure.op) if figure.connections == COMPARED and not figure.wrong else None
        if best is not None:
            rate, name = best
            found.append(Ratio(figure.op, figure.per_second / rate, figure.per_second, rate, name))
    return found


def _best(peers: Iterable[Run], op: str) -> tuple[float, str] | None:
    right = [
        (figure.per_second, run.target)
        for run in peers
        if (figure := _over_any(run, op)) is not None and not figure.wrong and figure.per_second
    ]
    return max(right, default=None)


def _over_any(run: Run, op: str) -> Figure | None:
    """A peer's figure at the number of connections that is compared, else at its own."""
    return run.figure(op, COMPARED) or next((figure for figure in run.figures if figure.op == op), None)


def costs(results: Results, run: Run) -> list[Cost]:
    """For each operation of ours its CPU beside that of an empty HTTP answer and the plain driver."""
    empty = {figure.op: figure.cpu_us or 0.0 for figure in results.http if figure.connections == COMPARED}
    log = _plain_cpu(results, run, "log_row", BATCH) or 0.0
    found: list[Cost] = []
    for figure in run.figures:
        if figure.connections != COMPARED or figure.cpu_us is None or figure.wrong:
            continue
        reads = figure.op.startswith(_READS)
        sql = _plain_cpu(results, run, figure.op, 0 if reads else per_commit(figure))
        http = empty.get("empty_get" if reads else "empty_post")
        if sql is not None and http:
            found.append(Cost(figure.op, figure.cpu_us, http, sql, log if reads else 0.0))
    return found


def _plain_cpu(results: Results, run: Run, op: str, commits: int) -> float | None:
    return next((each.cpu_us for each in _plain(results, run, op) if each.per_commit == commits), None)


def plain_rate(results: Results, run: Run, op: str, commits: int) -> float | None:
    """Operations a second of the plain driver on the same database."""
    return next((each.per_second for each in _plain(results, run, op) if each.per_commit == commits), None)


def _plain(results: Results, run: Run, op: str) -> list[Plain]:
    store = run.store.split(",")[0].split()[0]
    return [each for each in results.plain if (each.op, each.users, each.store) == (op, run.users, store)]


def by_group(run: Run) -> list[Ratio]:
    """The median time for the largest group over that for the smallest one, over one connection."""
    found: list[Ratio] = []
    for base in ("patch_add", "patch_remove", "filter_group", "get_group"):
        figures = {int(size): figure for figure in run.figures if (size := _size(figure, base)) and _alone(figure)}
        if len(figures) > 1:
            small, large = min(figures), max(figures)
            found.append(_times(base, figures[large], figures[small], f"{large:,} members over {small:,}"))
    return found


def by_users(results: Results) -> list[Ratio]:
    """The median time at the largest size over that at the smallest one, over one connection."""
    measured = sizes(results)
    if len(measured) < 2:
        return []
    small, large = main_run(results, measured[0]), main_run(results, measured[-1])
    if small is None or large is None:
        return []
    found: list[Ratio] = []
    for figure in large.figures:
        same = small.figure(figure.op, 1)
        if _alone(figure) and same is not None and "group" not in figure.op and not figure.op.startswith("patch_add"):
            found.append(_times(figure.op, figure, same, f"{large.users:,} users over {small.users:,}"))
    return [each for each in found if each.op.startswith(_READS)]


def _size(figure: Figure, base: str) -> str | None:
    head, _, size = figure.op.rpartition("_")
    return size if head == base and size.isdigit() else None


def _alone(figure: Figure) -> bool:
    return figure.connections == 1 and not figure.wrong and figure.p50_ms > 0


def _times(op: str, large: Figure, small: Figure, against: str) -> Ratio:
    cpu = large.cpu_us / small.cpu_us if large.cpu_us and small.cpu_us else None
    return Ratio(op, large.p50_ms / small.p50_ms, large.p50_ms, small.p50_ms, against, cpu)
