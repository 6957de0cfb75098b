"""The order of a list as SQL: what it is sorted by, and the condition that a page begins after a position.

It means what `vestibule.scim.sorting.sort_key` says. What stands in the document alone is sorted by `scan`.
"""

from dataclasses import dataclass
from typing import Any

from vestibule.scim.cursor import Position
from vestibule.scim.filter_ast import AttrPath
from vestibule.scim.sorting import Sort
from vestibule.store.answers import Unsupported
from vestibule.store.sql.where import TIMES, column_of, is_nullable

_MADE = frozenset({"users meta.location", "groups meta.location", "users meta.version"})
"""What is made for the answer."""


@dataclass(frozen=True, slots=True)
class Order:
    """`column` is what is sorted by, None for the order of ids alone."""

    column: str | None
    descending: bool
    nullable: bool = False
    """Whether some have no value of the column."""

    def clause(self) -> str:
        """What stands after ORDER BY."""
        way = " DESC" if self.descending else ""
        if self.column is None:
            return f"t.id{way}"
        # A name that everybody has is in the order of its index as it stands.
        last = f"({self.column} IS NULL){way}, " if self.nullable else ""
        return f"{last}{self.column}{way}, t.id{way}"

    def beyond(self, position: Position, first: int) -> tuple[str, tuple[Any, ...]]:
        """The condition of all that comes after a position in this order; its values begin with `$first`."""
        sign = "<" if self.descending else ">"
        if self.column is None:
            return f"t.id {sign} ${first}", (position.id,)
        if position.value is None:
            rest = f" OR {self.column} IS NOT NULL" if self.descending else ""
            return f"(({self.column} IS NULL AND t.id {sign} ${first}){rest})", (position.id,)
        rest = f" OR {self.column} IS NULL" if self.nullable and not self.descending else ""
        value = f"${first}"
        same = f"({self.column} = {value} AND t.id {sign} ${first + 1})"
        return f"({self.column} {sign} {value} OR {same}{rest})", (position.value, position.id)


def order_of(table: str, sort: Sort | None, *, backwards: bool = False) -> Order | None:
    """The order of a table's list; `backwards` walks it from the end. None when columns cannot tell it.

    Raises Unsupported for an attribute that has no order at all.
    """
    if sort is None:
        return Order(None, backwards)
    path = sort.path
    if path.uri is None and (path.name in ("groups", "members") or f"{table} {path}" in _MADE):
        raise Unsupported(f"a list cannot be sorted by `{path}`", str(path))
    column = _column(table, path)
    return None if column is None else Order(column, sort.descending is not backwards, is_nullable(table, column))


def _column(table: str, path: AttrPath) -> str | None:
    column = column_of(table, path)
    if column is not None and column.startswith("'"):
        # The same for all: PostgreSQL sorts by no constant.
        return None
    # As it is shown: in whole milliseconds.
    return f"({column} / 1000 * 1000)" if column in TIMES else column
