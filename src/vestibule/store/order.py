"""The order of a list as SQL: what it is sorted by, and the condition that a page begins after a position.

It means what `vestibule.scim.sorting.sort_key` says.
"""

from dataclasses import dataclass
from typing import Any

from vestibule.scim.cursor import Position
from vestibule.scim.filter_ast import AttrPath
from vestibule.scim.sorting import Sort
from vestibule.store import Unsupported
from vestibule.store.where import column_of, json_path


@dataclass(frozen=True, slots=True)
class Order:
    """`value` is the SQL expression that is sorted by (with its `values`), None for the order of ids alone."""

    value: str | None
    values: tuple[Any, ...]
    descending: bool

    def clause(self) -> str:
        """What stands after ORDER BY, over the aliases `sort_value` and `id`."""
        way = " DESC" if self.descending else ""
        if self.value is None:
            return f"id{way}"
        return f"sort_value IS NULL{way}, sort_value{way}, id{way}"

    def beyond(self, position: Position) -> tuple[str, tuple[Any, ...]]:
        """The condition, over the same aliases, of all that comes after a position in this order."""
        sign = "<" if self.descending else ">"
        if self.value is None:
            return f"id {sign} ?", (position.id,)
        if position.value is None:
            rest = " OR sort_value IS NOT NULL" if self.descending else ""
            return f"((sort_value IS NULL AND id {sign} ?){rest})", (position.id,)
        rest = "" if self.descending else " OR sort_value IS NULL"
        same = f"(sort_value = ? AND id {sign} ?)"
        return f"(sort_value {sign} ? OR {same}{rest})", (position.value, position.value, position.id)


def order_of(table: str, sort: Sort | None, *, backwards: bool = False) -> Order:
    """The order of a table's list; `backwards` walks it from the end. Raises Unsupported."""
    if sort is None:
        return Order(None, (), backwards)
    value, values = _expression(table, sort.path)
    return Order(value, values, sort.descending is not backwards)


def _expression(table: str, path: AttrPath) -> tuple[str, tuple[Any, ...]]:
    column = column_of(table, path)
    if column is not None:
        return column, ()
    if table == "groups" or (path.uri is None and path.name in ("meta", "groups")):
        raise Unsupported(f"a list cannot be sorted by `{path}`", str(path))
    fold = "" if path.attribute.case_exact or path.attribute.type == "boolean" else "casefold"
    if path.attribute.type == "dateTime":
        fold = "instant"
    whole = path.parent or path.attribute
    if not whole.multi_valued:
        return f"{fold}(json_extract(t.document, ?))", (json_path(path.uri, path.name, path.sub),)
    inner = "json_extract(e.value, ?)" if path.sub else "e.value"
    first = (
        f"(SELECT {fold}({inner}) FROM json_each(t.document, ?) e "
        "ORDER BY COALESCE(json_extract(e.value, '$.primary'), 0) DESC, e.key LIMIT 1)"
    )
    if path.sub is None:
        # The elements of a list of plain values have no `primary` to look for.
        first = f"(SELECT {fold}(e.value) FROM json_each(t.document, ?) e ORDER BY e.key LIMIT 1)"
        return first, (json_path(path.uri, path.name),)
    return first, (json_path(None, path.sub), json_path(path.uri, path.name))
