"""The tables of the present schema as its migrations make them: columns, keys, and what refers to what.

They are read back from an empty database, so that what moves, checks or spreads whole tables lists none by hand.
"""

import sqlite3
from dataclasses import dataclass
from functools import cache

from vestibule.store import schema

TENANT = "connection_id"


@dataclass(frozen=True, slots=True)
class Column:
    """`type` is SQLite's: TEXT, INTEGER or BLOB. One with a `default` may be left out when a row is made."""

    name: str
    type: str
    nullable: bool
    default: bool


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key: these columns name a row of `table` by those."""

    columns: tuple[str, ...]
    table: str
    theirs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """One table."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    references: tuple[Reference, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(each.name for each in self.columns)

    @property
    def shared(self) -> bool:
        """Whether its rows belong to no connection."""
        return TENANT not in self.names


@cache
def tables(version: int | None = None) -> tuple[Table, ...]:
    """All tables but the one with the schema's version, in the order of making: what is referred to comes first.

    Those of the present schema, or of an earlier version.
    """
    db = sqlite3.connect(":memory:")
    for step in schema.steps():
        for statement in step.statements if version is None or step.version <= version else ():
            db.execute(statement)
    names = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid")]
    found = tuple(_table(db, name) for name in names)
    db.close()
    return found


def table(name: str) -> Table:
    """One table of the present schema."""
    return next(each for each in tables() if each.name == name)


def _table(db: sqlite3.Connection, name: str) -> Table:
    columns: list[Column] = []
    key: dict[int, str] = {}
    for _, column, kind, not_null, default, place in db.execute(f"PRAGMA table_info({name})"):
        columns.append(Column(column, kind, not (not_null or place), default is not None))
        if place:
            key[place] = column
    pairs: dict[int, tuple[str, list[tuple[str, str]]]] = {}
    for number, _, parent, ours, theirs, *_ in db.execute(f"PRAGMA foreign_key_list({name})"):
        pairs.setdefault(number, (parent, []))[1].append((ours, theirs))
    references = tuple(
        Reference(tuple(ours for ours, _ in each), parent, tuple(theirs for _, theirs in each))
        for parent, each in pairs.values()
    )
    return Table(name, tuple(columns), tuple(key[place] for place in sorted(key)), references)
