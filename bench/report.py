"""The report: what was measured, what it means, and how it was done, as one Markdown document with one picture."""

from pathlib import Path

from bench import tables
from bench.cycle import CONNECTIONS, MEMBERS_PER_PATCH
from bench.figures import Results, Run
from bench.picture import draw
from bench.ratios import COMPARED, ours

_WHAT = """\
Made by `make bench`, which measures Vestibule, other SCIM servers and the machine's own limit in one run. To make it
again from kept results: `python -m bench report FILE`."""
_CYCLE = f"""\
As Entra runs it, over {CONNECTIONS} connections: each person is looked for and created, then each group is looked for,
created and filled by {MEMBERS_PER_PATCH} members a PATCH."""
_HOW = f"""\
- Everything runs on one machine: the load generator (aiohttp on uvloop, one process) shares the cores with the server.
  † marks rates at which the generator used {tables.BUSY:.0%} of a core or more, so that the rate is its own.
- Cells are requests a second / p50 / p99 in milliseconds. Ours and peers are compared at {COMPARED} connections.
  ¹ marks what was called over one connection, as one call takes longer than the time that is measured.
- **wrong** means that the answers were: wrong status or number of results, `totalResults` that says less than there is,
  members that were asked to be left out, or a group that does not have the members that were acknowledged. A wrong
  answer is in no ratio.
- CPU is user and system time of all processes of the server from `/proc/PID/stat`, before and after, over the requests;
  for a PostgreSQL on this machine with those of the database.
- *Durable* is who has a write on disk when it is answered; the others lose everything with the process.
- *Empty HTTP* is an ASGI application that reads the request and answers nothing, on the same uvicorn with uvloop and
  httptools. *Plain SQL* is the same statements (rows, indexes, the row of the log included) by the plain driver on the
  very database that the server has filled, with as many operations a commit as the server had: SQLite's own counter of
  transactions tells how many that were; on PostgreSQL it is the number of connections, so that the limit is a hard one.
- A read is recorded in our log too; that row is a column of its own, so that a reader may leave it out.
- ² Memory that processes share, as those of PostgreSQL do, is counted in each of them.
- Peers are loaded over HTTP within a time budget and skipped where that does not suffice.
- What single parts cost, a sign-in's signature and the log, is in [Performance of parts](performance-parts.md).
"""


def write_report(results: Results, picture: Path | None) -> str:
    """The document; the picture is drawn to a file that it refers to when there is a path."""
    if picture is not None:
        draw(results, picture)
    shown = [f"![The ratios as a picture]({picture.name})"] if picture is not None else []
    parts = [
        "# Performance",
        _WHAT,
        "## Goals",
        tables.goals_table(results),
        *shown,
        "## The machine",
        tables.machine_table(results),
        *_against_peers(results),
        *_against_machine(results),
        "## What grows",
        tables.growth_table(results),
        "## A whole initial cycle",
        _CYCLE,
        tables.cycles_table(results),
        "## Memory",
        tables.memory_table(results),
        "## Ours, at every number of connections",
        *(part for run in ours(results) for part in (f"### {_title(run)}", tables.ours_table(run))),
        "## Who was measured, and how",
        _who(results),
        *_skipped(results),
        "## How to read this",
        _HOW,
    ]
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def _title(run: Run) -> str:
    return f"{run.target}, {run.users:,} users"


def _against_peers(results: Results) -> list[str]:
    parts = ["## Against other servers"]
    for users in sorted({run.users for run in results.runs if run.kind != "ours"}):
        parts += [f"### {users:,} users", tables.peers_table(results, users)]
    return parts if len(parts) > 1 else []


def _against_machine(results: Results) -> list[str]:
    parts = ["## Against the machine", tables.http_table(results)]
    for run in ours(results):
        parts += [f"### {_title(run)}", tables.costs_table(results, run), tables.plain_table(results, run)]
    return parts


def _who(results: Results) -> str:
    seen = {run.target: run for run in results.runs}
    rows = [
        (run.target, run.version, run.store, "no" if run.kind == "memory" else "yes", run.form) for run in seen.values()
    ]
    return tables.table(("Target", "Version", "Store", "Durable", "Started as"), rows).replace("--:|", "---|")


def _skipped(results: Results) -> list[str]:
    lines = [
        f"- {each.target}{'' if each.users is None else f' at {each.users:,} users'}: {each.reason}"
        for each in results.skipped
    ]
    return ["Not measured:", "\n".join(lines)] if lines else []
