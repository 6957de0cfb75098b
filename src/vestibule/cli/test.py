"""`vestibule test scim`: prove what a token can do, for users and for groups."""

import asyncio
import re
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import click

from vestibule.cli import matrix
from vestibule.cli.listing import Listing
from vestibule.cli.printable import printable
from vestibule.cli.session import FINDING, UNREACHABLE, Session, command, fail
from vestibule.entra.wire import Request
from vestibule.log import follow
from vestibule.model import JsonObject
from vestibule.probe import Interrupted, Report, Unreachable, Unusable, probe
from vestibule.probe.grants import NoConnection, from_grants
from vestibule.probe.listen import LOOK_AGAIN, Wait, listen
from vestibule.probe.reply import Reply
from vestibule.store import ExchangeQuery, NotFound
from vestibule.store.relational import RelationalStore

_FILE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
_CONNECTION = re.compile(r"/scim/v2/connections/(con_[0-9a-z]+)")


@click.group(cls=Listing)
def test() -> None:
    """Tests of a connection, from this side."""


@test.command()
@click.argument("url")
@click.option("--token", help="The bearer token; it is seen in the list of processes.")
@click.option("--token-file", type=_FILE, help="A file with the token; - is standard input.")
@click.option("--dry", "mode", flag_value="dry", help="No write: from the token's grants, or by reading.")
@click.option("--canary", "mode", flag_value="canary", default=True, help="Make a marked user and group (default).")
@click.option("--listen", "mode", flag_value="listen", help="Wait for the identity provider's own test.")
@click.option(
    "--wait",
    type=click.FloatRange(min=0.1),
    default=300,
    metavar="SECONDS",
    show_default=True,
    help="How long to listen.",
)
@click.option("--verbose", is_flag=True, help="Show each request.")
@command
def scim(
    session: Session, url: str, token: str | None, token_file: Path | None, mode: str, wait: float, verbose: bool
) -> None:
    """Test the tenant URL with a token as Entra uses it: users and groups, by every verb.

    Leaves with 0 when nothing is wrong, 1 when anything is, 2 for wrong usage, 3 when URL cannot be reached.
    """
    if mode == "listen":
        report = _listen(session, url, wait)
    else:
        text = read_token(token, token_file)
        report = (_from_grants(session, url, text) if mode == "dry" else None) or _probe(
            session, url, text, writes=mode == "canary", verbose=verbose
        )
    if session.as_json:
        session.emit(report.as_json(), "")
    else:
        matrix.show(report)
    if report.finding:
        sys.exit(FINDING)


def _probe(session: Session, url: str, text: str, *, writes: bool, verbose: bool) -> Report:
    def watch(request: Request, reply: Reply) -> None:
        if verbose:
            session.say(printable(f"{reply.status or 'lost'} {reply.ms:>5} ms  {request.method} {request.target}"))

    async def work() -> Report:
        task = asyncio.current_task()
        if task is not None:
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        try:
            return await probe(url, text, writes=writes, clock=session.clock, watch=watch)
        except Interrupted as interrupted:
            if task is not None:
                task.uncancel()
            return interrupted.report

    try:
        return asyncio.run(work())
    except Unusable as error:
        fail(str(error))
    except Unreachable as error:
        fail(str(error), UNREACHABLE)
    except KeyboardInterrupt:
        fail(
            "Interrupted twice, so nothing was cleaned up. Look for users and groups whose externalId begins with "
            "vestibule-canary- and delete them.",
            FINDING,
        )


def _from_grants(session: Session, url: str, text: str) -> Report | None:
    """The matrix out of the grants, when the URL names a connection of this database; else None."""
    connection_id = _connection_in(session, url)
    if connection_id is None:
        return None
    try:
        return session.run(lambda store: from_grants(store, session.clock, url, connection_id, text))
    except NoConnection:
        return None


def _listen(session: Session, url: str, wait: float) -> Report:
    connection_id = _connection_in(session, url)
    if connection_id is None or not _is_here(session, connection_id):
        fail(
            f"{url} is no connection of this database. --listen reads its log: give the tenant URL of a connection "
            "here, and --database."
        )
    session.say(f"Press Test Connection in the identity provider now; listening for {wait:g} seconds.")

    def heard(row: JsonObject) -> None:
        for line in (f"{row['sign']} {row['status']}  {row['method']} {row['path']}", f"       {row['sentence']}"):
            click.echo(printable(line), err=session.as_json)

    def work(store: RelationalStore) -> Coroutine[Any, Any, Report]:
        calls = follow(store, connection_id, ExchangeQuery(), session.clock, LOOK_AGAIN)
        return listen(store, session.clock, url, calls, Wait(wait), heard)

    return session.run(work)


def _is_here(session: Session, connection_id: str) -> bool:
    async def work(store: RelationalStore) -> bool:
        try:
            await store.connection(connection_id)
        except NotFound:
            return False
        return True

    return session.run(work)


def _connection_in(session: Session, url: str) -> str | None:
    """The connection that a URL names, if there is a database to look for it in."""
    named = _CONNECTION.search(url)
    if named is None:
        return None
    database = session.settings.database
    if database.startswith("sqlite:///") and not Path(database.removeprefix("sqlite:///")).exists():
        # Opening it would make one.
        return None
    return named[1]


def read_token(token: str | None, file: Path | None) -> str:
    """The token of an option or of a file. Leaves with 2 when there is none."""
    if (token is None) == (file is None):
        fail("Give the token: --token-file FILE (or -, standard input), or --token TOKEN.")
    if file is None:
        return token or ""
    try:
        return (sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")).strip()
    except UnicodeDecodeError:
        fail(f"{file} is not a text; it should hold the token and nothing else.")
