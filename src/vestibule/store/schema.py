"""The schema of a database: numbered files beside this one, applied in order, each in a transaction with its number.

They are written in SQLite's types; PostgreSQL gets its own names for the same.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from vestibule.store.answers import SchemaMismatch

MIGRATIONS = Path(__file__).with_name("migrations")
VERSION_TABLE = "CREATE TABLE schema_version (version INTEGER NOT NULL)"


@dataclass(frozen=True, slots=True)
class Step:
    """One migration: the version that a database has after it, and its statements."""

    version: int
    statements: tuple[str, ...]


def steps(folder: Path = MIGRATIONS) -> tuple[Step, ...]:
    """All migrations in order."""
    files = sorted(folder.glob("[0-9][0-9][0-9][0-9]*.sql"))
    return tuple(Step(int(file.name[:4]), _statements(file.read_text())) for file in files)


def latest(folder: Path = MIGRATIONS) -> int:
    """The version that this Vestibule works with."""
    return steps(folder)[-1].version


def _statements(text: str) -> tuple[str, ...]:
    bare = re.sub(r"--[^\n]*", "", text)
    return tuple(each.strip() for each in bare.split(";") if each.strip())


def on_postgres(statement: str) -> str:
    """A statement of a migration in PostgreSQL's types. Texts are in the order of their code points, as everywhere."""
    statement = statement.replace("WITHOUT ROWID", "")
    for theirs, ours in (("INTEGER", "BIGINT"), ("BLOB", "BYTEA"), ("TEXT", 'TEXT COLLATE "C"')):
        statement = re.sub(rf"\b{theirs}\b", ours, statement)
    return statement


def apart(statement: str) -> tuple[str, str, tuple[str, ...]] | None:
    """The table that a statement makes, the statement without its composite foreign keys, and those; None of others.

    For Citus, where a table can refer to another one only when both are spread over the nodes.
    """
    made = re.match(r"CREATE TABLE (\w+)", statement)
    if made is None:
        return None
    key = r",\s*(FOREIGN KEY \([^)]*\) REFERENCES \w+ \([^)]*\))"
    return made[1], re.sub(key, "", statement), tuple(re.findall(key, statement))


def pending(present: int | None, known: tuple[Step, ...]) -> tuple[Step, ...]:
    """The migrations that a database of a version needs; all of them for an empty one. Raises SchemaMismatch."""
    first, last = known[0].version, known[-1].version
    if present is None:
        return known
    if present > last:
        raise SchemaMismatch(
            f"The database has schema version {present}, this Vestibule knows {last}: "
            "use the version of Vestibule that made it, or another file."
        )
    if present < first:
        raise SchemaMismatch(
            f"The database has schema version {present}, from before the first release; the oldest that can be "
            f"upgraded is {first}. Use another file and provision again, or the Vestibule that made it."
        )
    return tuple(each for each in known if each.version > present)


def not_upgraded(present: int, wanted: int) -> SchemaMismatch:
    """What is said of an older database when it is opened."""
    return SchemaMismatch(
        f"The database has schema version {present}, this Vestibule works with {wanted}: "
        "run `vestibule db upgrade` (after a `vestibule db backup`), or use another file."
    )
