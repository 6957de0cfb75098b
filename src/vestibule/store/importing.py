"""A connection out of lines (see `lines`): batch by batch, each in a transaction with how far the import is.

An import that was interrupted goes on behind its last batch; one that is whole is not done again. What is imported
comes as rows: nobody is resolved, linked or waited for anew, and ids, versions and times stay what they were.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import cast

import orjson

from vestibule.model import Audit, Connection, JsonObject
from vestibule.scim.errors import ScimError
from vestibule.scim.profile import read_profile
from vestibule.store import schema
from vestibule.store.answers import Clash, Declined, NotFound
from vestibule.store.db import Transaction
from vestibule.store.engine import Engine
from vestibule.store.lines import SETTINGS, BadLine, Header, read_header, read_object
from vestibule.store.loading import Line, load_lines, load_one_by_one, read_line
from vestibule.store.progress import Note, untold
from vestibule.store.sql import enterprises
from vestibule.store.sql.log import insert_audit

BATCH = 5_000
"""How many lines share a transaction."""
_FILLS = {
    "users": "users",
    "groups": "groups",
    "deleted_users": "deleted users",
    "conflicts": "conflicts",
    "holds": "holds",
}
"""A connection that has none of these is empty; tokens and a log do not count."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where it goes: a connection of this enterprise, under the id that the export has or another one."""

    enterprise_id: str
    connection_id: str | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import came to; `lines_before` were in already, all of them when nothing was to be done."""

    header: Header
    connection_id: str
    lines_before: int


async def import_connection(
    engine: Engine, target: Target, lines: Iterable[bytes], entry: Audit, note: Note = untold
) -> Imported:
    """Put a connection in, and then the audit entry, which gets the connection's id.

    Raises Declined for a file that is none, that ends too soon or has a bad line, for an enterprise that is not
    there, and for a connection that has something else in it.
    """
    numbered = enumerate(lines, 1)
    _, first = next(numbered, (1, b""))
    header = read_header(first, schema.latest())
    connection_id = target.connection_id or header.connection_id
    if not re.fullmatch(r"con_[0-9a-z_]{1,60}", connection_id):
        raise Declined(f"{connection_id!r} cannot be the id of a connection: con_ and small letters and digits.")
    detail: JsonObject = {"export": header.export_id, "from": header.connection_id, "counts": header.counts}
    entry = replace(entry, connection_id=connection_id, target=connection_id, detail=detail)
    work = _Import(engine, header, connection_id, entry)
    before = await engine.write(connection_id, lambda db: work.begin(db, target.enterprise_id))
    if before < header.lines:
        await work.go_on(islice(numbered, before - 1, None), before, note)
    return Imported(header, connection_id, before)


@dataclass(frozen=True, slots=True)
class _Import:
    engine: Engine
    header: Header
    connection_id: str
    entry: Audit

    async def begin(self, db: Transaction, enterprise_id: str) -> int:
        """Make the connection, or find it as it was left; how many lines are in."""
        known = await db.row(
            "SELECT lines FROM imports WHERE connection_id = $1 AND export_id = $2",
            self.connection_id, self.header.export_id,
        )  # fmt: skip
        await self._make(db, enterprise_id)
        if known is not None:
            return known[0]
        for table, told in _FILLS.items():
            if await db.row(f"SELECT 1 FROM {table} WHERE connection_id = $1 LIMIT 1", self.connection_id):
                raise Declined(
                    f"{self.connection_id} has {told} already that are not out of this file. Nothing was changed; "
                    "import it under another id with --as."
                )
        await db.run(
            "INSERT INTO imports (connection_id, export_id, lines, started_at) VALUES ($1, $2, 1, $3)",
            self.connection_id, self.header.export_id, self.entry.at,
        )  # fmt: skip
        return 1

    async def _make(self, db: Transaction, enterprise_id: str) -> None:
        try:
            await enterprises.one(db, enterprise_id)
        except NotFound as error:
            raise Declined(
                f"There is no enterprise {enterprise_id}; `vestibule enterprise list` shows them."
            ) from error
        present = await db.row("SELECT enterprise_id FROM connections WHERE id = $1", self.connection_id)
        if present is None:
            made = Connection(self.connection_id, enterprise_id, self.header.idp, self.header.created_at)
            await enterprises.insert_connection(db, made)
        elif present[0] != enterprise_id:
            raise Declined(f"{self.connection_id} is of the enterprise {present[0]}, not of {enterprise_id}.")

    async def go_on(self, numbered: Iterator[tuple[int, bytes]], done: int, note: Note) -> None:
        """The lines behind those that are in."""
        while batch := list(islice(numbered, BATCH)):
            try:
                await self._batch(batch, done)
            except BadLine as error:
                raise self._stopped(f"Line {error.number}: {error.why}.", done) from error
            done += len(batch)
            note("lines", done, self.header.lines)
        if done < self.header.lines:
            raise self._stopped(f"The file ends after {done} of {self.header.lines} lines.", done)

    def _stopped(self, why: str, done: int) -> Declined:
        return Declined(
            f"{why} Of {self.connection_id} {done} lines are in, and none of those after them: "
            "mend the file and run the same command again, it goes on from there."
        )

    async def _batch(self, batch: Sequence[tuple[int, bytes]], done: int) -> None:
        settings: str | None = None
        lines: list[Line] = []
        whole = self.header.lines
        for number, text in batch:
            shown = read_object(number, text)
            if number > whole:
                raise BadLine(number, f"the header counts {whole} lines, and here is one more")
            if number == 2:
                settings = _settings(shown)
            else:
                lines.append(read_line(number, shown))
        part = _Part(self, settings, lines, done)
        try:
            await self.engine.write(self.connection_id, part.write)
        except Clash:
            await self.engine.write(self.connection_id, part.write_slowly)


@dataclass(frozen=True, slots=True)
class _Part:
    """One transaction of an import."""

    whole: _Import
    settings: str | None
    lines: list[Line]
    done: int

    async def write(self, db: Transaction) -> None:
        """All lines at once. Raises Clash."""
        await load_lines(db, self.whole.connection_id, self.lines)
        await self._note(db)

    async def write_slowly(self, db: Transaction) -> None:
        """One by one, to tell which one cannot be. Raises BadLine."""
        await load_one_by_one(db, self.whole.connection_id, self.lines)
        await self._note(db)

    async def _note(self, db: Transaction) -> None:
        connection_id, header, entry = self.whole.connection_id, self.whole.header, self.whole.entry
        if self.settings is not None:
            await db.run("UPDATE connections SET settings = $1 WHERE id = $2", self.settings, connection_id)
        now = self.done + len(self.lines) + (self.settings is not None)
        finished = now == header.lines
        moved = await db.run(
            "UPDATE imports SET lines = $3, finished_at = $4 "
            "WHERE connection_id = $1 AND export_id = $2 AND lines = $5",
            connection_id, header.export_id, now, entry.at if finished else None, self.done,
        )  # fmt: skip
        if not moved:
            raise Declined("This file is being imported by another command; it goes on alone.")
        if finished:
            await insert_audit(db, entry)


def _settings(shown: JsonObject) -> str:
    settings = shown.get(SETTINGS)
    if shown.get("kind") != SETTINGS or not isinstance(settings, dict):
        raise BadLine(2, "it is not the line with the settings")
    try:
        read_profile(cast("JsonObject", settings))
    except ScimError as error:
        raise BadLine(2, f"the settings cannot be used: {error.detail}") from error
    return orjson.dumps(settings).decode()
