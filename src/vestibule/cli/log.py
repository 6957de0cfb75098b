"""`vestibule log`: what was asked and what became of it, as a story or as it went over the wire."""

import asyncio
import contextlib
import sys
from collections.abc import Generator
from pathlib import Path
from typing import IO, Any

import click
import orjson

from vestibule import connections
from vestibule.cli.listing import Listing
from vestibule.cli.printable import printable, printable_lines
from vestibule.cli.session import Session, command, fail
from vestibule.log import (
    BadSearch,
    Format,
    Known,
    Search,
    entry_json,
    export,
    follow_known,
    known_of,
    query_of,
    read_instant,
    read_outcome,
    search,
    story_line,
    story_of,
    wire_line,
    wire_of,
)
from vestibule.model import Exchange
from vestibule.store import NotFound, Store
from vestibule.store.private_file import private_file

_FORMATS: dict[str, Format] = {"csv": "csv", "ndjson": "ndjson"}
_FILE = click.Path(dir_okay=False, writable=True, allow_dash=True, path_type=Path)


class _Log(Listing):
    """`vestibule log CONNECTION_ID …` is `vestibule log show CONNECTION_ID …`."""

    unsaid = "show"

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the name of the first command where there is none."""
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help"):
            args = [self.unsaid, *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Log, options_metavar="", subcommand_metavar="CONNECTION_ID [OPTIONS]")
def log() -> None:
    """What a connection was asked, and what became of it.

    `vestibule log CONNECTION_ID` shows it; `vestibule log show --help` tells the options.
    """


def _narrowing(function: Any) -> Any:
    """The options that say what is looked for."""
    for option in reversed(
        (
            click.option("--person", metavar="NAME", help="Only about this user: a userName or an id."),
            click.option("--group", metavar="NAME", help="Only about this group: a displayName or an id."),
            click.option("--target", metavar="NAME", help="Only about this name, a user's or a group's."),
            click.option("--token", metavar="TOK", help="Only with this token, be it expired or revoked."),
            click.option("--outcome", metavar="OUTCOME", help="done, no_change, held, parked, blocked, or failed."),
            click.option("--refused", is_flag=True, help="Only requests that were refused."),
            click.option("--sign-ins", "sign_ins", flag_value=True, type=bool, default=None, help="Only sign-ins."),
            click.option("--provisioning", "sign_ins", flag_value=False, type=bool, help="Only provisioning."),
            click.option("--since", metavar="TIME", help="From then on: 2026-11-24, 2026-11-24T08:00:00Z, 40m, 7d."),
            click.option("--until", metavar="TIME", help="Before then."),
        )
    ):
        function = option(function)
    return function


def _search(session: Session, **asked: Any) -> Search:
    """The options as a search. Leaves with 2 for one that cannot be."""
    now = session.clock.now()
    try:
        return Search(
            person=asked["person"],
            group=asked["group"],
            name=asked["target"],
            token=asked["token"],
            outcome=None if asked["outcome"] is None else read_outcome(asked["outcome"]),
            refused=asked["refused"],
            sign_ins=asked["sign_ins"],
            since=None if asked["since"] is None else read_instant(asked["since"], now),
            until=None if asked["until"] is None else read_instant(asked["until"], now),
        )
    except BadSearch as error:
        fail(str(error))


@log.command()
@click.argument("connection_id")
@_narrowing
@click.option("--request", "request_id", metavar="REQ", help="One request, with all that is kept of it.")
@click.option("--limit", type=click.IntRange(1, 10_000), metavar="N", default=50, show_default=True, help="How many.")
@click.option("--wire", is_flag=True, help="Methods and paths instead of sentences.")
@click.option("--follow", "following", is_flag=True, help="Show what comes from now on, until Ctrl-C.")
@command
def show(
    session: Session, connection_id: str, request_id: str | None, limit: int, wire: bool, following: bool, **asked: Any
) -> None:
    """What CONNECTION_ID's identity provider asked, newest first, and what became of it. --json prints NDJSON."""
    wanted = _search(session, **asked)
    if request_id is not None:
        _show_one(session, connection_id, request_id)
    elif following:
        _follow(session, connection_id, wanted, wire=wire)
    else:
        _show_all(session, connection_id, wanted, limit, wire=wire)


def _show_all(session: Session, connection_id: str, wanted: Search, limit: int, *, wire: bool) -> None:
    async def work(store: Store) -> tuple[list[Exchange], Known]:
        await connections.the_connection(store, connection_id)
        known = await known_of(store, connection_id, session.clock.now())
        return await search(store, connection_id, wanted, limit), known

    found, known = _run(session, work)
    for each in found:
        click.echo(_line(session, each, known, wire=wire))
    if found or session.as_json:
        return
    if wanted == Search():
        session.say("Nothing recorded yet. The identity provider calls when provisioning is started there.")
    else:
        session.say("Nothing in the log is like that.")


def _follow(session: Session, connection_id: str, wanted: Search, *, wire: bool) -> None:
    async def work(store: Store) -> None:
        await connections.the_connection(store, connection_id)
        query = await query_of(store, connection_id, wanted, 1)
        async for each, known in follow_known(store, connection_id, query, session.clock):
            click.echo(_line(session, each, known, wire=wire))
            sys.stdout.flush()

    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        _run(session, work)


def _show_one(session: Session, connection_id: str, request_id: str) -> None:
    async def work(store: Store) -> tuple[Exchange, Known]:
        await connections.the_connection(store, connection_id)
        try:
            found = await store.exchange(request_id)
        except NotFound:
            found = None
        if found is None or found.connection_id != connection_id:
            raise BadSearch(f"There is no request {request_id} in the log of this connection (any more).")
        return found, await known_of(store, connection_id, session.clock.now())

    found, known = _run(session, work)
    story, wire = story_of(found, known), wire_of(found, known)
    bodies = (("asked", wire.request_body), ("answered", wire.response_body))
    told = [printable(story_line(story)), printable(wire_line(wire))]
    told += [printable_lines(f"{name}: {body}") for name, body in bodies if body]
    session.emit(entry_json(found, known), "\n".join(told))


def _line(session: Session, exchange: Exchange, known: Known, *, wire: bool) -> str:
    if session.as_json:
        return orjson.dumps(entry_json(exchange, known)).decode()
    return printable(wire_line(wire_of(exchange, known)) if wire else story_line(story_of(exchange, known)))


def _run(session: Session, work: Any) -> Any:
    try:
        return session.run(work)
    except BadSearch as error:
        fail(str(error))


@contextlib.contextmanager
def _opened(file: Path) -> Generator[IO[bytes]]:
    """Standard output, or a file for its owner alone, as people's data are in it."""
    if str(file) == "-":
        yield sys.stdout.buffer
        return
    with private_file(file) as made, made.open("wb") as out:
        yield out


@log.command("export")
@click.argument("connection_id")
@click.argument("file", type=_FILE)
@click.option("--format", "form", type=click.Choice(["csv", "ndjson"]), help="By FILE's ending, if not said.")
@_narrowing
@command
def export_log(session: Session, connection_id: str, file: Path, form: str | None, **asked: Any) -> None:
    """Write the log of CONNECTION_ID to FILE (- is standard output), oldest first, however long it is.

    The CSV has what a spreadsheet can show; the NDJSON has bodies and facts, too.
    """
    wanted = _search(session, **asked)
    ending = file.suffix.lower().removeprefix(".")
    chosen = _FORMATS.get(form or ending)
    if chosen is None:
        fail("Say --format csv or --format ndjson, or name a FILE that ends in .csv or .ndjson.")

    async def work(store: Store) -> int:
        await connections.the_connection(store, connection_id)
        known = await known_of(store, connection_id, session.clock.now())
        query = await query_of(store, connection_id, wanted, 1)
        count = 0
        with _opened(file) as out:
            async for piece, entries in export(
                store, connection_id, query, known, "csv" if chosen == "csv" else "ndjson"
            ):
                out.write(piece)
                count += entries
        return count

    count = _run(session, work)
    if str(file) != "-":
        session.emit({"file": str(file), "format": chosen, "entries": count}, f"{count} entries are in {file}.")
