"""`vestibule connection export` and `import`: a connection moved between installations and engines."""

import sys
from pathlib import Path
from typing import BinaryIO

import click

from vestibule import connections, ids
from vestibule.cli.progress import progress
from vestibule.cli.session import FINDING, Session, command, fail
from vestibule.model import Audit, JsonObject
from vestibule.store.exporting import Wanted, export_connection
from vestibule.store.importing import Imported, Target, import_connection
from vestibule.store.lines import Header
from vestibule.store.private_file import private_file
from vestibule.store.relational import RelationalStore


@click.command()
@click.argument("connection_id")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
@click.option("--with-tokens", is_flag=True, help="The hashes of the tokens, so that they go on working.")
@click.option("--with-log", is_flag=True, help="The provisioning log.")
@command
def export(session: Session, connection_id: str, file: str, with_tokens: bool, with_log: bool) -> None:
    """Write CONNECTION_ID to FILE (- for standard output) as NDJSON, while the server goes on.

    Ids, versions, times and origins are in it, people's data, and with --with-tokens what a token is known by: keep it
    safe. Nobody but you can read it.
    """
    wanted = Wanted(connection_id, tokens=with_tokens, log=with_log)
    now = session.clock.now()
    detail: JsonObject = {"tokens": with_tokens, "log": with_log}
    entry = Audit(ids.new_id("aud", now), connection_id, now, "cli", "connection.exported", connection_id, detail)

    async def write(store: RelationalStore, out: BinaryIO) -> Header:
        await connections.the_connection(store, connection_id)
        with progress("Exporting") as note:
            return await export_connection(store.engine, wanted, out, entry, note)

    if file == "-":
        session.say(_exported(session.run(lambda store: write(store, sys.stdout.buffer)), "standard output"))
        return
    with private_file(Path(file)) as made, made.open("wb") as out:
        header = session.run(lambda store: write(store, out))
    session.emit(
        {"file": file, "export": header.export_id, "connection_id": connection_id, "counts": header.counts},
        _exported(header, file),
    )


def _exported(header: Header, file: str) -> str:
    return f"{header.connection_id}: {_counts(header)} to {file}."


@click.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--enterprise", "enterprise_id", required=True, metavar="ENT", help="Whose connection it will be.")
@click.option("--as", "connection_id", metavar="CON", help="Another id than that of the export.")
@command
def import_(session: Session, file: BinaryIO, enterprise_id: str, connection_id: str | None) -> None:
    """Put the connection in FILE (- for standard input) into this installation, with the ids that everything has.

    It may be interrupted and run again: it goes on where it stopped, and does nothing when all is in. A connection
    that has users or groups of its own is not touched.
    """
    now = session.clock.now()
    entry = Audit(ids.new_id("aud", now), "", now, "cli", "connection.imported", "", {})
    target = Target(enterprise_id, connection_id)
    try:
        with progress("Importing") as note:
            done = session.run(lambda store: import_connection(store.engine, target, file, entry, note))
    except KeyboardInterrupt:
        fail("Interrupted. What is in stays in, and the same command goes on from there.", FINDING)
    session.emit(
        {
            "connection_id": done.connection_id,
            "export": done.header.export_id,
            "counts": done.header.counts,
            "lines": done.header.lines,
            "lines_before": done.lines_before,
        },
        _imported(done),
    )


def _imported(done: Imported) -> str:
    if done.lines_before == done.header.lines:
        return f"{done.connection_id} was imported from this file before; nothing was changed."
    resumed = f" It went on after line {done.lines_before}." if done.lines_before > 1 else ""
    tokens = (
        "" if done.header.counts.get("token") else f"\nNext: vestibule token create {done.connection_id} --all-scopes"
    )
    return f"{done.connection_id}: {_counts(done.header)}.{resumed}{tokens}"


def _counts(header: Header) -> str:
    return ", ".join(f"{count:,} {name.replace('_', ' ')} lines" for name, count in header.counts.items() if count)
