"""`python -m bench`: measure and report. `python -m bench report FILE`: the report of an earlier run again."""

import asyncio
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import click
import uvloop

from bench import figures, log_cost, postgres
from bench.figures import Results, Skipped
from bench.machine import describe
from bench.ours import OnPostgres, OnSqlite
from bench.peers.every import every_peer
from bench.plan import Plan, say
from bench.processes import Unavailable
from bench.report import write_report
from bench.run import run
from bench.target import Target

HERE = Path(__file__).parent
SCRATCH = HERE / ".peers"
"""Where peers are installed and databases are made: on the disk of the checkout, so that a flush is a real one."""


class _Numbers(click.ParamType[tuple[int, ...]]):
    name = "N,N,…"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """Numbers parted by commas, the smallest first."""
        try:
            return tuple(sorted({int(each) for each in str(value).replace("_", "").split(",") if each.strip()}))
        except ValueError:
            self.fail(f"{value!r} is not a list of numbers like 1000,20000", param, ctx)


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--sizes", type=_Numbers(), default="1000,20000", show_default=True, help="Users.")
@click.option("--groups", type=_Numbers(), default="100,10000,100000", show_default=True, help="Members.")
@click.option("--connections", type=_Numbers(), default="1,8,32", show_default=True, help="Of ours.")
@click.option("--peer-connections", type=_Numbers(), default="8", show_default=True)
@click.option("--cycles", type=_Numbers(), default="290", show_default=True, help="People of an initial cycle.")
@click.option("--seconds", type=float, default=0.5, show_default=True, help="How long each figure is timed.")
@click.option("--budget", type=float, default=120, show_default=True, help="Seconds that loading a peer may take.")
@click.option("--load", "way", type=click.Choice(["post", "bulk", "import"]), help="How ours is loaded.")
@click.option("--postgres", "url", metavar="URL", help="A PostgreSQL in which databases may be made.")
@click.option("--only", multiple=True, metavar="TEXT", help="Only targets with this in their name; may be repeated.")
@click.option("--json", "kept", type=click.Path(dir_okay=False, path_type=Path), help="Keep the results here.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="The report; a picture beside it.")
@click.pass_context
def main(
    context: click.Context, sizes: tuple[int, ...], groups: tuple[int, ...], connections: tuple[int, ...],
    peer_connections: tuple[int, ...], cycles: tuple[int, ...], seconds: float, budget: float, way: str | None,
    url: str | None, only: tuple[str, ...], kept: Path | None, out: Path | None,
) -> None:  # fmt: skip
    """Measure Vestibule, its peers and the machine's own limit, and write what came out."""
    if context.invoked_subcommand is not None:
        return
    plan = Plan(sizes, groups, connections, peer_connections, cycles, seconds, budget)
    SCRATCH.mkdir(exist_ok=True)
    with ExitStack() as stack:
        server, missing = _postgres(stack, url)
        targets: list[Target] = [OnSqlite(way), *([OnPostgres(server, way)] if server else []), *every_peer(server)]
        results = Results(
            machine=describe(SCRATCH, server.version if server else None),
            arguments=plan.told(),
            skipped=tuple(missing),
        )
        chosen = [each for each in targets if not only or any(text.lower() in each.name.lower() for text in only)]
        results = _measure(results, plan, chosen, kept)
    _report(results, out)


def _measure(results: Results, plan: Plan, targets: Sequence[Target], kept: Path | None) -> Results:
    def keep(results: Results) -> None:
        if kept is not None:
            figures.write(results, kept)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(run(results, plan, targets, SCRATCH, keep))


def _postgres(stack: ExitStack, url: str | None) -> tuple[postgres.Postgres | None, list[Skipped]]:
    try:
        return stack.enter_context(postgres.server(url, SCRATCH)), []
    except Unavailable as error:
        say(f"skipped: PostgreSQL: {error}")
        return None, [Skipped.because("PostgreSQL", None, error)]


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="The report; a picture beside it.")
def report(file: Path, out: Path | None) -> None:
    """The report of the results in FILE, which `--json` kept."""
    _report(figures.read(file), out)


@main.command("log")
@click.option("--calls", type=click.IntRange(8), default=2_000, show_default=True, help="Requests of each round.")
def log_costs(calls: int) -> None:
    """What the log costs a request: with recording and without, as a ratio."""
    SCRATCH.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=SCRATCH) as folder,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        click.echo(log_cost.told(runner.run(log_cost.measure(Path(folder), calls))))


def _report(results: Results, out: Path | None) -> None:
    if out is None:
        click.echo(write_report(results, None))
        return
    out.write_text(write_report(results, out.with_suffix(".svg")))
    say(f"written: {out} and {out.with_suffix('.svg').name}")


if __name__ == "__main__":
    main(prog_name="python -m bench")
