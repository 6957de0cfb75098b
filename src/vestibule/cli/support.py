"""`vestibule support`: one file that both sides of a support thread can read."""

from pathlib import Path

import click

from vestibule import connections
from vestibule.cli.session import Session, command, fail
from vestibule.cli.source import read_expectations, read_number
from vestibule.counting import counted
from vestibule.log import BadSearch, read_instant
from vestibule.store import Store

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("connection_id")
@click.option(
    "--since", default="7d", show_default=True, metavar="TIME", help="From then on: a day, an instant, or 7d."
)
@click.option("--until", metavar="TIME", help="Before then; now, if not said.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="FILE.zip, or a folder.")
@click.option("--expected", type=_FILE, help="Call the roll against this file, as `vestibule rollcall` does.")
@click.option("--group", "numbers", multiple=True, metavar="NAME=N", help="Expect N people in a group; repeatable.")
@click.option("--with-names", is_flag=True, help="Keep people's values. Only for who may see them.")
@command
def support(
    session: Session, connection_id: str, since: str, until: str | None, out: Path, expected: Path | None,
    numbers: tuple[str, ...], with_names: bool,
) -> None:  # fmt: skip
    """Write configuration, log with explanations, roll call and cycles of CONNECTION_ID into one bundle.

    There are no secrets in it, and people's values are replaced: the same person has the same other name throughout.
    index.html opens without a network.
    """
    from vestibule.support import Scope, write_bundle

    now = session.clock.now()
    expectations = (read_expectations(expected) if expected else []) + [read_number(each) for each in numbers]
    try:
        begin, end = read_instant(since, now), read_instant(until, now) if until else now + 1
    except BadSearch as error:
        fail(str(error))
    if begin >= end:
        fail("--since must come before --until.")
    if out.exists() and (out.is_file() or any(out.iterdir())):
        fail(f"{out} exists already; name another file, or an empty folder.")
    database = session.settings.database.partition(":")[0]
    scope = Scope(connection_id, begin, end, session.settings.base_url, database, tuple(expectations))

    async def work(store: Store) -> int:
        await connections.the_connection(store, connection_id)
        return await write_bundle(store, scope, now, out, with_names=with_names)

    try:
        entries = session.run(work)
    except OSError as error:
        fail(f"{out} cannot be written: {error.strerror}.")
    session.emit(
        {"out": str(out), "entries": entries, "names": "kept" if with_names else "replaced"},
        f"{out} has {counted(entries, 'entry', 'entries')} of the log. Look through index.html before you send it.",
    )
