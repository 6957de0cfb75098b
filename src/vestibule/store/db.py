"""What the store's statements run on: an engine's connection, behind three methods.

Statements are written once, in the common subset of SQLite and PostgreSQL, with two spellings of their own:
`$1`, `$2` … for values, and `EACH($1)` for the texts of a JSON array, as rows with one column `value`.
"""

import re
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from functools import lru_cache
from typing import Any, Protocol, TypeAlias

Row: TypeAlias = Any
"""A row of an answer: its columns by name and by number, as both drivers give them."""
PIECE = 2_000
"""How many rows of a long answer are held at once."""
_EACH = re.compile(r"EACH\((\$\d+)\)")
_AMONG = re.compile(r"(?<!NOT )IN \(SELECT value FROM EACH\((\$\d+)\)\)")
_PLACE = re.compile(r"\$(\d+)")


class Db(Protocol):
    """A connection of an engine. On SQLite its methods never wait, so that a whole write runs without a pause."""

    async def rows(self, sql: str, *values: Any) -> Sequence[Row]:
        """All rows of the answer."""
        ...

    async def row(self, sql: str, *values: Any) -> Any:
        """The first row of the answer; None when there is none."""
        ...

    async def run(self, sql: str, *values: Any) -> int:
        """How many rows were written."""
        ...

    async def many(self, sql: str, values: Iterable[Sequence[Any]]) -> None:
        """Run a statement once for each of `values`."""
        ...


class Transaction(Db, Protocol):
    """A connection within a write or a snapshot: all its statements see one state, and long answers come in pieces."""

    def stream(self, sql: str, *values: Any) -> AsyncIterator[Sequence[Row]]:
        """The answer in pieces of at most PIECE rows."""
        ...

    async def load(self, table: str, columns: Sequence[str], rows: Collection[Sequence[Any]]) -> None:
        """Insert whole rows, as fast as the engine can. Raises Clash when one breaks a rule of the table."""
        ...


@lru_cache(maxsize=1_024)
def for_sqlite(sql: str) -> str:
    """A statement in SQLite's spelling."""
    return _PLACE.sub(r"?\1", _EACH.sub(r"json_each(\1)", sql))


@lru_cache(maxsize=1_024)
def for_postgres(sql: str) -> str:
    """A statement in PostgreSQL's spelling."""
    # As an array, which is looked up in an index however little the planner knows of the table.
    sql = _AMONG.sub(r"= ANY(ARRAY(SELECT json_array_elements_text(\1::json)))", sql)
    return _EACH.sub(r"json_array_elements_text(\1::json) AS each(value)", sql)
