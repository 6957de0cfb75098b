"""A connection as lines (see `lines`), read from one state of the database while the server goes on."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import BinaryIO

from vestibule.model import Audit
from vestibule.store import schema
from vestibule.store.db import Transaction
from vestibule.store.engine import Engine
from vestibule.store.lines import KINDS, Header, Kind, settings_line
from vestibule.store.progress import Note, untold
from vestibule.store.sql.enterprises import one_connection
from vestibule.store.sql.log import insert_audit


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which connection, and whether the hashes of its tokens and its provisioning log go with it."""

    connection_id: str
    tokens: bool = False
    log: bool = False

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """What is exported."""
        asked_for = {"token": self.tokens, "exchange": self.log}
        return tuple(each for each in KINDS if asked_for.get(each.name, True))


async def export_connection(engine: Engine, wanted: Wanted, out: BinaryIO, entry: Audit, note: Note = untold) -> Header:
    """Write a connection to a file, and then the audit entry, whose id and time are those of the export.

    Raises NotFound for the connection, Declined for a row that cannot be shown.
    """
    async with engine.snapshot() as db:
        header = await _header(db, wanted, entry)
        out.write(header.line())
        async for piece in _lines(db, wanted, header, note):
            out.write(piece)
    await engine.write(wanted.connection_id, lambda db: insert_audit(db, entry))
    return header


async def _header(db: Transaction, wanted: Wanted, entry: Audit) -> Header:
    connection = await one_connection(db, wanted.connection_id)
    counts: dict[str, int] = {}
    for kind in wanted.kinds:
        row = await db.row(f"SELECT count(*) FROM {kind.table_name} WHERE connection_id = $1", connection.id)
        counts[kind.name] = row[0]
    export_id = f"exp_{entry.id.partition('_')[2]}"
    return Header(export_id, entry.at, connection.id, connection.idp, connection.created_at, counts, schema.latest())


async def _lines(db: Transaction, wanted: Wanted, header: Header, note: Note) -> AsyncIterator[bytes]:
    connection = await one_connection(db, wanted.connection_id)
    yield settings_line(connection.settings)
    done = 2
    for kind in wanted.kinds:
        names = ", ".join(kind.names)
        order = ", ".join(kind.table.key)
        sql = f"SELECT {names} FROM {kind.table_name} WHERE connection_id = $1 ORDER BY {order}"
        async for rows in db.stream(sql, wanted.connection_id):
            yield b"".join([kind.line(tuple(row)) for row in rows])
            done += len(rows)
            note("lines", done, header.lines)
