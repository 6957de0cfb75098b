"""`vestibule db`: the database as a whole."""

import asyncio
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

import click

from vestibule.cli.listing import Listing
from vestibule.cli.progress import progress
from vestibule.cli.session import FINDING, Session, command
from vestibule.counting import counted
from vestibule.model import JsonObject
from vestibule.store.backup import Copied, backup, restore
from vestibule.store.distribute import distribute
from vestibule.store.findings import MEANINGS, Report
from vestibule.store.repair import Repairer
from vestibule.store.status import Status, status
from vestibule.store.upgrade import Upgraded, upgrade
from vestibule.store.verify import verify
from vestibule.store.whole import whole

T = TypeVar("T")
_SECRETS = "It holds the hashes of tokens and the installation's keys: keep it as safe as the database."


@click.group(cls=Listing)
def db() -> None:
    """The database as a whole."""


@db.command("upgrade")
@command
def upgrade_(session: Session) -> None:
    """Bring the database up to the schema of this Vestibule, or make it. Stop the server and back up first."""
    done = asyncio.run(upgrade(session.settings.database))
    session.emit(asdict(done) | {"upgraded": done.before != done.after}, _upgraded(done))


def _upgraded(done: Upgraded) -> str:
    if done.before is None:
        return f"A new database, with schema version {done.after}."
    if done.before == done.after:
        return f"The database has schema version {done.after} already; nothing was to be done."
    return f"Upgraded from schema version {done.before} to {done.after}."


@db.command("status")
@command
def status_(session: Session) -> None:
    """Show engine, schema version, sizes and counts; on Citus also what lies on which node."""
    found = asyncio.run(status(session.settings.database))
    session.emit(asdict(found), "\n".join(_status(found)))
    if found.schema_version < found.known_version:
        session.say(f"This Vestibule works with schema version {found.known_version}: run `vestibule db upgrade`.")


def _status(found: Status) -> list[str]:
    lines = [
        f"{found.server}, schema version {found.schema_version}, {_size(found.size)}",
        ", ".join(f"{count:,} {name}" for name, count in found.counts.items()),
    ]
    if found.sessions is not None:
        lines.append(f"{found.sessions} of {found.max_sessions} sessions are open.")
    for name, size in sorted(found.sizes.items(), key=lambda each: -each[1]):
        lines.append(f"  {name:<18} {_size(size):>10}  {found.kinds.get(name, '')}".rstrip())
    lines += [f"  {node.address:<24} {node.shards:>4} shards {_size(node.size):>10}" for node in found.nodes]
    return lines


def _size(count: int) -> str:
    for unit, factor in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count} B"


@db.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@command
def backup_(session: Session, file: Path) -> None:
    """Write the whole database to FILE while the server goes on.

    FILE is an SQLite database, whichever engine it comes from, and can be restored into either. It holds the hashes of
    tokens and the installation's keys: keep it as safe as the database. Nobody but you can read it.
    """
    with progress("Backing up") as note:
        copied = asyncio.run(backup(session.settings.database, file, note))
    session.emit(_copied(copied, file), f"{file} has {_rows(copied)}.")
    session.say(_SECRETS)


@db.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@command
def restore_(session: Session, file: Path) -> None:
    """Put the backup in FILE into an empty database (--database), of either engine.

    All of it or nothing: what was written is read back and compared before it stays. A backup of an earlier version is
    upgraded on the way.
    """
    with progress("Restoring") as note:
        copied = session.run(lambda store: restore(store.engine, file, note), makes=True)
    session.emit(_copied(copied, file), f"{_rows(copied)} are back, and are as in {file}.")


def _copied(copied: Copied, file: Path) -> JsonObject:
    return {"file": str(file), "schema_version": copied.version, "rows": copied.rows}


def _rows(copied: Copied) -> str:
    return ", ".join(counted(copied.rows[f"{noun}s"], noun) for noun in ("connection", "user", "group", "member"))


@db.command("verify")
@click.option("--repair", is_flag=True, help="Mend what can be derived: columns, counts, the index of addresses.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="List so many of a kind.")
@command
def verify_(session: Session, repair: bool, limit: int) -> None:
    """Check counts, references, versions, unique names and all that is kept twice.

    It reads one state while the server goes on. Leaves with 1 when anything is wrong and not mended.
    """
    asyncio.run(_look(session.settings.database))
    with progress("Verifying") as note:
        report = session.run(
            lambda store: verify(
                store.engine, limit, Repairer(store.engine, session.clock.now()) if repair else None, note
            )
        )
    session.emit(_findings(report), "\n".join(_told(report)))
    if report.left:
        sys.exit(FINDING)


async def _look(database: str) -> None:
    """A database that is not there is not made only to be found in order."""
    async with whole(database):
        pass


def _findings(report: Report) -> JsonObject:
    return {
        "checked": report.looked_at,
        "findings": {kind: asdict(kept) for kind, kept in report.kinds.items()},
        "left": report.left,
    }


def _told(report: Report) -> list[str]:
    checked = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in report.looked_at.items())
    lines = [f"Checked {checked or 'an empty database'}: {report.left or 'no'} findings."]
    for kind, kept in report.kinds.items():
        mended = f", {kept.repaired} of them mended" if kept.repaired else ""
        lines.append(f"\n{kind}: {kept.count}{mended}. {MEANINGS[kind]}")
        lines += [f"  {each.connection_id} {each.id}: {each.told}" for each in kept.first]
        if kept.count > len(kept.first):
            lines.append(f"  … and {kept.count - len(kept.first)} more")
    return lines


@db.command("distribute")
@click.option("--shards", type=click.IntRange(1, 1024), help="Into how many pieces; Citus' default, unless given.")
@command
def distribute_(session: Session, shards: int | None) -> None:
    """Spread the tables over the nodes of a Citus cluster by connection; the small shared ones go to each node.

    It may be run on an empty or on a filled database, and again at any time.
    """
    done = asyncio.run(distribute(session.settings.database, shards))
    told = "All tables are where they belong; nothing was to be done."
    if done.distributed or done.reference:
        told = f"Spread over the nodes: {', '.join(done.distributed)}\nOn each node: {', '.join(done.reference)}"
    session.emit(asdict(done), told)
