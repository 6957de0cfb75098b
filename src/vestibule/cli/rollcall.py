"""`vestibule rollcall`: expected against present, with a reason for each difference."""

import sys
from collections import Counter
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from vestibule import connections
from vestibule.cli.session import FINDING, Session, command, fail
from vestibule.cli.source import read_expectations, read_number
from vestibule.model import Pending
from vestibule.rollcall import Expectation, GroupRoll, call_roll, summary
from vestibule.store import ExchangeQuery, Store

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("connection_id")
@click.option("--expected", type=_FILE, help="The source directory (JSON, CSV), or a CSV with group and userName.")
@click.option("--group", "numbers", multiple=True, metavar="NAME=N", help="Expect N people in a group; repeatable.")
@click.option("--all", "show_all", is_flag=True, help="List every missing person, not only the first ten of a reason.")
@command
def rollcall(
    session: Session, connection_id: str, expected: Path | None, numbers: tuple[str, ...], show_all: bool
) -> None:
    """Who is expected in the groups of CONNECTION_ID, who is present, and why each missing person is missing.

    Leaves with 1 when anybody is missing or too many.
    """
    wanted = (read_expectations(expected) if expected else []) + [read_number(each) for each in numbers]
    if not wanted:
        fail("Say who is expected: --expected FILE, or --group NAME=N.")
    rolls = session.run(lambda store: _call(store, connection_id, wanted))
    if session.as_json:
        session.emit(summary(rolls), "")
    else:
        show(rolls, a_console(), show_all=show_all)
    if not all(each.balanced for each in rolls):
        sys.exit(FINDING)


async def _call(store: Store, connection_id: str, wanted: list[Expectation]) -> list[GroupRoll]:
    await connections.the_connection(store, connection_id)
    rolls = await call_roll(store, connection_id, wanted)
    if not await store.exchanges(connection_id, ExchangeQuery(limit=1)):
        click.echo("No identity provider has called this connection yet.", err=True)
    return rolls


def a_console() -> Console:
    """Standard output; without a terminal it is wide enough that no name is cut."""
    console = Console(highlight=False, soft_wrap=True)
    return console if console.is_terminal else Console(highlight=False, soft_wrap=True, width=200)


def show(rolls: list[GroupRoll], console: Console, *, show_all: bool = False, names: int = 10) -> None:
    """The rolls as a table, and below it the missing and the extra ones by reason."""
    table = Table("Group", "Expected", "Present", "Missing", "Extra", "", box=None, header_style="bold", pad_edge=False)
    for column in table.columns[1:5]:
        column.justify = "right"
    for roll in rolls:
        missing = sum(each.count for each in roll.missing)
        verdict = "balanced" if roll.balanced else "not balanced"
        table.add_row(roll.name, str(roll.expected), str(roll.present), str(missing), str(len(roll.extra)), verdict)
    console.print(table)
    for roll in rolls:
        rows = [(each.who, each.detail, each.count) for each in roll.missing]
        limit = len(rows) if show_all else names
        _differences(console, roll.name, "missing", rows, limit)
        _differences(console, roll.name, "extra", [(each.who, each.reason, 1) for each in roll.extra], limit)
        _differences(console, roll.name, "waited for", [_waited_for(each) for each in roll.pending], limit)


def _waited_for(pending: Pending) -> tuple[str, str, int]:
    if pending.nested:
        return pending.ref, "groups within the group; their people must be assigned themselves", 1
    who = f"{pending.ref} (the former id of {pending.former})" if pending.former else pending.ref
    return who, "named as members, no users here (yet)", 1


def _differences(console: Console, group: str, kind: str, rows: list[tuple[str, str, int]], limit: int) -> None:
    counts = Counter[str]()
    for _, reason, count in rows:
        counts[reason] += count
    for reason, count in counts.most_common():
        console.print(f"\n{group}: {count} {kind}, {reason}", highlight=False, markup=False, soft_wrap=True)
        names = [who for who, why, _ in rows if why == reason]
        shown = names[:limit]
        for who in shown:
            console.print(f"  {who}", highlight=False, markup=False, soft_wrap=True)
        if len(shown) < len(names):
            console.print(f"  … and {len(names) - len(shown)} more (--all lists them)", highlight=False)
