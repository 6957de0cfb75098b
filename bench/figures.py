"""The results of a run as values, and as the JSON file that a report can be made from again."""

import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

_ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Figure:
    """What one operation did. `cpu_us` is the server's CPU per request in microseconds, all its processes summed."""

    op: str
    connections: int
    requests: int
    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: float | None = None
    loader_busy: float = 0.0
    """The share of one core that the load generator used; near 1 it is the loader that is measured."""
    commits: int | None = None
    """How many transactions the database committed meanwhile, where that can be known."""
    wrong: str = ""
    """What is wrong with the answers; a wrong answer is in no ratio, however fast."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Cycle:
    """A whole initial cycle: `people` matched and created, then `groups` matched, created and filled."""

    people: int
    groups: int
    requests: int
    seconds: float
    cpu_us: float | None = None
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident megabytes: of the largest process (the worker) after the load and at the end, and of all together."""

    worker_loaded: float
    worker_end: float
    worker_peak: float
    all_end: float


@dataclass(frozen=True, slots=True)
class Run:
    """One target at one size."""

    target: str
    kind: str
    """`ours`, `durable` or `memory`."""
    version: str
    store: str
    form: str
    """How it was started."""
    users: int
    load_seconds: float
    load_how: str
    figures: tuple[Figure, ...]
    memory: Memory | None
    cycles: tuple[Cycle, ...] = ()

    def figure(self, op: str, connections: int) -> Figure | None:
        """The figure of an operation over so many connections."""
        return next((each for each in self.figures if (each.op, each.connections) == (op, connections)), None)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A target, or one of its sizes, that was not measured, and why."""

    target: str
    users: int | None
    reason: str

    @classmethod
    def because(cls, target: str, users: int | None, error: object) -> "Skipped":
        """With a reason in one line, without the machine's own paths and what the URL of a database gives away."""
        text = re.sub(r"(postgres\w*)://[^\s'\"]+", r"\1://…", str(error)).replace(str(_ROOT), ".")
        return cls(target, users, " ".join(text.split()))


@dataclass(frozen=True, slots=True)
class Plain:
    """The statements of one operation by the plain driver, `per_commit` operations a transaction (0: it reads)."""

    op: str
    store: str
    users: int
    per_commit: int
    per_second: float
    cpu_us: float


@dataclass(frozen=True, slots=True)
class Results:
    """A whole run."""

    machine: dict[str, str]
    arguments: dict[str, str]
    """How it was run, in words."""
    http: tuple[Figure, ...] = ()
    """The empty HTTP server: `empty_get`, `empty_post`."""
    runs: tuple[Run, ...] = ()
    plain: tuple[Plain, ...] = ()
    skipped: tuple[Skipped, ...] = field(default=())


def write(results: Results, path: Path) -> None:
    """Keep the results as JSON."""
    path.write_bytes(orjson.dumps(asdict(results), option=orjson.OPT_INDENT_2) + b"\n")


def read(path: Path) -> Results:
    """What `write` kept."""
    content: dict[str, Any] = orjson.loads(path.read_bytes())
    return Results(
        machine=content["machine"],
        arguments=content["arguments"],
        http=tuple(Figure(**each) for each in content["http"]),
        runs=tuple(_run(each) for each in content["runs"]),
        plain=tuple(Plain(**each) for each in content["plain"]),
        skipped=tuple(Skipped(**each) for each in content["skipped"]),
    )


def _run(content: dict[str, Any]) -> Run:
    memory: dict[str, Any] | None = content.pop("memory")
    figures: list[dict[str, Any]] = content.pop("figures")
    cycles: list[dict[str, Any]] = content.pop("cycles")
    return Run(
        figures=tuple(Figure(**each) for each in figures),
        cycles=tuple(Cycle(**each) for each in cycles),
        memory=Memory(**memory) if memory else None,
        **content,
    )
