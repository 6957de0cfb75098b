"""`vestibule rollcall`: expected against present, with a reason for each difference; and who is expected, kept."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from vestibule import connections
from vestibule.cli.expect import expect
from vestibule.cli.listing import Listing
from vestibule.cli.roll_table import a_console, history_lines, show
from vestibule.cli.session import FINDING, Session, command, fail
from vestibule.cli.source import read_expectations, read_members, read_number
from vestibule.connections import Refused
from vestibule.cycles import Run, overview
from vestibule.model import JsonObject
from vestibule.rollcall import Expectation, GroupRoll, call_roll, keeping, summary
from vestibule.rollcall.report import NAMES
from vestibule.rollcall.trend import cycle_before, roll_json
from vestibule.scim.folding import fold
from vestibule.store import ExchangeQuery, Store
from vestibule.store.roll_calls import RollRecord

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class _CallUnlessNamed(Listing):
    """`rollcall CON` is `rollcall call CON`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["call", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_CallUnlessNamed, options_metavar="", subcommand_metavar="CONNECTION_ID [OPTIONS]")
def rollcall() -> None:
    """Who is expected in the groups of a connection, who is present, and why each missing person is missing.

    `vestibule rollcall CONNECTION_ID` calls the roll of the groups of which it is kept who is expected; `vestibule
    rollcall call --help` tells the options.
    """


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What `rollcall call` is asked: expectations that are at hand, or groups of which they are kept."""

    at_hand: Sequence[Expectation]
    groups: Sequence[str]
    names: int | None


@rollcall.command()
@click.argument("connection_id")
@click.option("--expected", type=_FILE, help="The source directory (JSON, CSV), or a CSV with group and userName.")
@click.option("--group", "groups", multiple=True, metavar="NAME[=N]", help="Only this group; with =N expect N people.")
@click.option("--all", "show_all", is_flag=True, help="Name everybody, not only the first ones of each reason.")
@command
def call(session: Session, connection_id: str, expected: Path | None, groups: tuple[str, ...], show_all: bool) -> None:
    """Call the roll of CONNECTION_ID. Leaves with 1 when anybody is missing or too many.

    Without --expected and NAME=N, who is expected is what `vestibule rollcall expect` has kept.
    """
    named = [each for each in groups if not _is_number(each)]
    at_hand = [] if expected is None else _read(expected, named)
    at_hand += [read_number(each) for each in groups if _is_number(each)]
    if at_hand and named and expected is None:
        fail(f"--group {named[0]!r} has no number: write NAME=NUMBER, or leave the others out.")
    wanted = _Wanted(at_hand, named, None if show_all else NAMES)
    rolls = session.run(lambda store: _call(session, store, connection_id, wanted))
    if session.as_json:
        session.emit(summary(rolls), "")
    else:
        show(rolls, a_console(), show_all=show_all)
    if not all(each.balanced for each in rolls):
        sys.exit(FINDING)


def _read(file: Path, named: Sequence[str]) -> list[Expectation]:
    """What a file says of all its groups or of those that are named; a member export is of the one that is named."""
    members = read_members(file, named[0]) if len(named) == 1 else None
    found = [members] if members is not None else read_expectations(file)
    wanted = {fold(each) for each in named}
    kept = [each for each in found if not wanted or fold(each.group) in wanted]
    if not kept:
        known = ", ".join(repr(each.group) for each in found[:10])
        fail(f"{file.name} has nobody of {', '.join(map(repr, named))}; its groups are {known}.")
    return kept


def _is_number(text: str) -> bool:
    name, _, number = text.rpartition("=")
    return bool(name) and number.isdecimal()


async def _call(session: Session, store: Store, connection_id: str, wanted: _Wanted) -> list[GroupRoll]:
    await connections.the_connection(store, connection_id)
    if wanted.at_hand:
        rolls = await call_roll(store, connection_id, wanted.at_hand, wanted.names)
    else:
        rolls = await keeping.call(store, session.clock, connection_id, wanted.groups, wanted.names)
    if not await store.exchanges(connection_id, ExchangeQuery(limit=1)):
        click.echo("No identity provider has called this connection yet.", err=True)
    return rolls


@rollcall.command()
@click.argument("connection_id")
@click.option("--group", metavar="NAME", help="Only this group.")
@click.option("--limit", type=click.IntRange(1, 10_000), metavar="N", default=50, show_default=True, help="How many.")
@command
def history(session: Session, connection_id: str, group: str | None, limit: int) -> None:
    """The trend of CONNECTION_ID: the figures each time that they changed, and once a day; newest first.

    With each of them the cycle of the identity provider that it came after.
    """

    async def work(store: Store) -> list[tuple[RollRecord, Run | None]]:
        await connections.the_connection(store, connection_id)
        cycles = (await overview(store, connection_id, session.clock.now())).cycles
        return [(each, cycle_before(cycles, each.at)) for each in await store.rolls(connection_id, group, limit)]

    found = session.run(work)
    text = "\n".join(history_lines(found)) or "The roll of no group has been called yet: vestibule rollcall expect."
    session.emit({"history": [roll_json(*each) for each in found]}, text)


@rollcall.command()
@click.argument("connection_id")
@click.option("--group", metavar="NAME")
@click.option("--graph", is_flag=True, help="Instead: forget the client secret for Microsoft Graph; the lists stay.")
@command
def forget(session: Session, connection_id: str, group: str | None, graph: bool) -> None:
    """Expect nobody in a group of CONNECTION_ID any more; its trend stays.

    The client secret goes with the last group that is read with it.
    """
    if (group is not None) == graph:
        fail("Name the group: --group NAME; or give --graph, to forget the client secret alone.")

    async def work(store: Store) -> tuple[JsonObject, str]:
        await connections.the_connection(store, connection_id)
        if group is None:
            return await _forget_secret(session, store, connection_id)
        secret_too = await keeping.forget(store, session.clock, connection_id, group)
        told = " The client secret for Microsoft Graph is forgotten, too." if secret_too else ""
        return {"forgotten": group, "secret": secret_too}, f"It is no longer kept who is expected in {group}.{told}"

    session.emit(*session.run(work))


async def _forget_secret(session: Session, store: Store, connection_id: str) -> tuple[JsonObject, str]:
    from vestibule.rollcall import standing

    try:
        groups = await standing.forget_source(store, session.clock, connection_id)
    except standing.NothingStands as error:
        raise Refused(str(error)) from error
    told = f"The client secret is forgotten. No longer read again: {', '.join(groups)}; who is expected there stays."
    return {"forgotten": None, "secret": True, "groups": groups}, told


rollcall.add_command(expect)
