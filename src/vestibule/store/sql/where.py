"""Compile a filter to a WHERE fragment, as far as columns and rows can answer it.

What stands in the document alone is left to `vestibule.scim.evaluate`: the fragment then lets through all that may
match, and says that it is not exact. Every fragment is true or false, never NULL, so that NOT turns it round.
Values are bound, never written into the text; `$1` is the connection.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from vestibule.scim.filter_ast import And, AttrPath, Compare, Filter, Not, Or, Present, ValuePath
from vestibule.scim.filter_ast import Literal as Value
from vestibule.scim.folding import fold
from vestibule.scim.formats import instant_of
from vestibule.scim.schema import CORE_GROUP, ENTERPRISE_USER
from vestibule.store.answers import Unsupported

_INDEXED = frozenset({"eq", "sw", "gt", "ge", "lt", "le"})
_SIGNS = {"eq": "=", "ne": "<>", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_COLUMNS = {
    "users": {
        "id": "t.id", "externalId": "t.external_id", "userName": "t.user_name_ci", "active": "t.active",
        "displayName": "t.display_name_ci",
    },
    "groups": {"id": "t.id", "externalId": "t.external_id", "displayName": "t.display_name_ci"},
}  # fmt: skip
_TIMES = {"created": "t.created_at", "lastModified": "t.updated_at"}
TIMES = frozenset(_TIMES.values())
VERSION_TAG = "('W/\"' || t.version || '\"')"
_SHOWN = 1_000
"""Times are kept in microseconds and shown in whole milliseconds."""
# The joined rows of a list that is kept as rows: which side of `members` is `t`, and what its sub-attributes are.
_MEMBERSHIP = {
    ("groups", "members"): ("m.group_id", "", {"value": "m.user_id", "type": "'user'"}),
    ("users", "groups"): (
        "m.user_id",
        " JOIN groups g ON g.connection_id = m.connection_id AND g.id = m.group_id",
        {"value": "m.group_id", "display": "g.display_name_ci", "type": "'direct'"},
    ),
}
_NULLABLE = frozenset({"t.external_id", "t.manager_id"}) | {"users t.display_name_ci"}
_WITH_GROUPS = (
    "(SELECT connection_id, group_id, user_id, 'user' AS kind FROM members WHERE connection_id = $1 UNION ALL "
    "SELECT connection_id, group_id, ref, 'group' FROM pending_members WHERE connection_id = $1 AND nested = 1)"
)
NEVER, ALWAYS = "(1 = 0)", "(1 = 1)"


Narrowed: TypeAlias = Literal["point", "range"] | None
_POINTS = {"users": frozenset({"t.id", "t.external_id", "t.user_name_ci"})}
_POINTS["groups"] = frozenset({"t.id", "t.external_id", "t.display_name_ci"})
_RANGES = {"users": frozenset({"t.display_name_ci", "t.manager_id", "t.updated_at"}) | _POINTS["users"]}
_RANGES["groups"] = frozenset({"t.updated_at"}) | _POINTS["groups"]


class _InTheDocument(Exception):
    """Columns cannot answer this part."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A fragment over the table alias `t`, and its values from `$1` on. One that is not `exact` lets others through.

    `narrowed` says what an index knows of it: a `point` is a few rows, of a `range` (`driver` is the condition of that
    part alone) there may be many, None is all rows. `active` is the flag where that is all that is asked for.
    """

    sql: str
    values: tuple[Any, ...]
    exact: bool
    narrowed: Narrowed = None
    driver: "Condition | None" = None
    active: bool | None = None


def compile_filter(table: str, connection_id: str, tree: Filter | None, *, nested: bool = False) -> Condition:
    """The condition for a filter of `users` or `groups`. Raises Unsupported for what can be answered in no way.

    With `nested`, groups within a group count as its members.
    """
    where = _Where(table, nested, [connection_id])
    if tree is None:
        return Condition("", tuple(where.values), exact=True)
    _check(table, tree)
    operands = _operands(_pushed(tree), And)
    parts = where.all_of(operands)
    sql = "".join(f" AND {part}" for part in parts.values())
    exact = len(parts) == len(operands)
    kinds = {number: _narrowed(table, operands[number]) for number in parts}
    values = tuple(where.values)
    if "point" in kinds.values():
        return Condition(sql, values, exact, "point")
    for number, kind in kinds.items():
        if kind == "range":
            alone = _Where(table, nested, [connection_id])
            driver = Condition(f" AND {alone.compile(operands[number])}", tuple(alone.values), exact=True)
            return Condition(sql, values, exact, "range", driver)
    return Condition(sql, values, exact, active=_only_active(operands) if exact else None)


def _only_active(operands: list[Filter]) -> bool | None:
    match operands:
        case [Compare(AttrPath(None, "active", None) as path, "eq", bool(flag))] if not path.absent:
            return flag
        case _:
            return None


def _narrowed(table: str, tree: Filter) -> Narrowed:
    """What an index of a table knows of a condition."""
    match tree:
        case Compare(AttrPath(None, "emails", "value"), "eq", str()):
            return "point"
        case ValuePath(AttrPath(None, "emails"), inner):
            return "point" if _address(inner) else None
        case Compare(path, "eq", str()) if _is_named(table, path):
            return "range"
        case Compare(path, op, str()) if op in _INDEXED:
            column = column_of(table, path)
            if op == "eq" and column in _POINTS[table]:
                return "point"
            return "range" if column in _RANGES[table] else None
        case Or(left, right):
            return "point" if {_narrowed(table, left), _narrowed(table, right)} == {"point"} else None
        case And(left, right):
            return "point" if "point" in (_narrowed(table, left), _narrowed(table, right)) else None
        case _:
            return None


def _is_named(table: str, path: AttrPath) -> bool:
    """Whether a path is who is a member, or the group that one is a member of."""
    return _is_membership(table, path) and path.sub in (None, "value")


def _is_membership(table: str, path: AttrPath) -> bool:
    return path.uri is None and (table, path.name) in _MEMBERSHIP


def _check(table: str, tree: Filter) -> None:
    """Raise Unsupported for an attribute that is made for the answer, which nobody can ask for."""
    match tree:
        case And(left, right) | Or(left, right):
            _check(table, left)
            _check(table, right)
        case Not(inner):
            _check(table, inner)
        case Present(path) | Compare(path) | ValuePath(path):
            # The version of a user is shown with a mark of the groups that are shown.
            shown = (None, "location", "version") if table == "users" else (None, "location")
            made = path.uri is None and path.name == "meta" and path.sub in shown
            if made and not path.absent:
                raise Unsupported(f"`{path}` is made for the answer and cannot be asked for", str(path))
            if isinstance(tree, Compare) and isinstance(tree.value, str) and "\0" in tree.value:
                raise Unsupported("a text with a NUL cannot be compared", str(path))


@dataclass(slots=True)
class _Where:
    table: str
    nested: bool
    values: list[Any] = field(default_factory=list[Any])

    def bind(self, value: Any) -> str:
        self.values.append(value)
        return f"${len(self.values)}"

    def all_of(self, operands: list[Filter]) -> dict[int, str]:
        """Those operands, by number, that columns can answer."""
        parts: dict[int, str] = {}
        for number, each in enumerate(operands):
            kept = len(self.values)
            try:
                parts[number] = self.compile(each)
            except _InTheDocument:
                del self.values[kept:]
        return parts

    def compile(self, tree: Filter, row: str | None = None) -> str:
        """The fragment for a tree; within an element of the list `row` when there is one."""
        match tree:
            case ValuePath(path) | Present(path) if path.absent:
                return NEVER
            case Compare(path, op, value) if path.absent:
                return ALWAYS if (value is None) is (op == "eq") and op in ("eq", "ne") else NEVER
            case ValuePath(AttrPath(None, "emails"), inner) if asked := _address(inner):
                return self._emails(*asked)
            case Compare(AttrPath(None, "emails", "value"), "eq", str(value)) if row is None:
                return self._emails(value)
            case And() as both:
                return self._joined(" AND ", _operands(both, And), row)
            case Or() as either:
                return self._either(_operands(either, Or), row)
            case Not(inner):
                return f"(NOT {self.compile(inner, row)})"
            case ValuePath(path, inner) if self._is_row(path):
                return self._some_row(path.name, lambda: self.compile(inner, path.name))
            case Present(path):
                return self._over(path, row, lambda column: f"({column} IS NOT NULL)")
            case Compare(path, op, value):
                return self._compare(path, op, value, row)
            case _:
                raise _InTheDocument

    def _emails(self, value: str, kind: str | None = None) -> str:
        # Not bound to the row `t`, so that the engine may begin with the address and look up its users.
        condition = f"x.value_ci = {self.bind(fold(value))}"
        if kind is not None:
            condition += f" AND x.type_ci = {self.bind(fold(kind))}"
        return f"(t.id IN (SELECT x.user_id FROM user_emails x WHERE x.connection_id = $1 AND {condition}))"

    def _either(self, operands: list[Filter], row: str | None) -> str:
        """Each by its own index, where there is one for each, however the whole is ordered."""
        if row is not None or any(_narrowed(self.table, each) != "point" for each in operands):
            return self._joined(" OR ", operands, row)
        found = [
            f"SELECT t.id FROM {self.table} t WHERE t.connection_id = $1 AND {self.compile(each)}" for each in operands
        ]
        return f"(t.id IN ({' UNION ALL '.join(found)}))"

    def _among(self, name: str, value: str, path: AttrPath) -> str:
        """By who is a member of one group, or which groups one is a member of."""
        own, _, columns = _MEMBERSHIP[self.table, name]
        members = _WITH_GROUPS if self.nested and name == "members" else "members"
        if not path.attribute.case_exact:
            value = fold(value)
        asked = f"m.connection_id = $1 AND {columns['value']} = {self.bind(value)}"
        return f"(t.id IN (SELECT {own} FROM {members} m WHERE {asked}))"

    def _joined(self, word: str, operands: list[Filter], row: str | None) -> str:
        # SQLite's parser keeps at most 100 open places: a chain opens one bracket, and the deepest operand comes first.
        operands.sort(key=_depth, reverse=True)
        return f"({word.join(self.compile(each, row) for each in operands)})"

    def _is_row(self, path: AttrPath) -> bool:
        return _is_membership(self.table, path)

    def _some_row(self, name: str, test: Callable[[], str]) -> str:
        own, join, _ = _MEMBERSHIP[self.table, name]
        members = _WITH_GROUPS if self.nested and name == "members" else "members"
        return f"EXISTS (SELECT 1 FROM {members} m{join} WHERE m.connection_id = $1 AND {own} = t.id AND {test()})"

    def _row_column(self, name: str, path: AttrPath, sub: str | None) -> str:
        column = _MEMBERSHIP[self.table, name][2].get(sub or "value")
        if (name, sub) == ("members", "type") and self.nested:
            return "m.kind"
        if column is None:
            raise Unsupported(f"`{path}` is made for the answer and cannot be asked for", str(path))
        return column

    def _compare(self, path: AttrPath, op: str, value: Value, row: str | None) -> str:
        if row is None and op == "eq" and isinstance(value, str) and _is_named(self.table, path):
            return self._among(path.name, value, path)
        if value is None:
            present = self._over(path, row, lambda column: f"({column} IS NOT NULL)")
            return f"(NOT {present})" if op == "eq" else present
        some = self._over(path, row, lambda column: self._one(column, op, value, path))
        if op != "ne":
            return some
        return f"({some} OR NOT {self._over(path, row, lambda column: f'({column} IS NOT NULL)')})"

    def _over(self, path: AttrPath, row: str | None, test: Callable[[str], str]) -> str:
        """Apply a test to a column, or to some one row of a list."""
        if row is not None:
            return test(self._row_column(row, path, path.name))
        if self._is_row(path):
            column = self._row_column(path.name, path, path.sub)
            return self._some_row(path.name, lambda: test(column))
        column = column_of(self.table, path)
        if column is None:
            raise _InTheDocument
        return test(column)

    def _one(self, column: str, op: str, value: Value, path: AttrPath) -> str:
        if column in TIMES:
            return self._time(column, op, value, path)
        if isinstance(value, str) and not path.attribute.case_exact:
            value = fold(value)
            column = fold(column) if column.startswith("'") else column
        if isinstance(value, bool):
            value = int(value)
        present = f"{column} IS NOT NULL AND " if is_nullable(self.table, column) else ""
        if op in _SIGNS:
            return f"({present}{column} {_SIGNS[op]} {self.bind(value)})"
        if value == "":
            return f"({column} IS NOT NULL)"
        text = str(value)
        if op == "co":
            return f"({present}replace({column}, {self.bind(text)}, '') <> {column})"
        if op == "sw":
            # A range, for the index.
            after = _successor(text)
            end = f" AND {column} < {self.bind(after)}" if after else ""
            return f"({present}{column} >= {self.bind(text)}{end})"
        length = len(text)
        tail = f"substr({column}, length({column}) - {length - 1})"
        return f"({present}length({column}) >= {length} AND {tail} = {self.bind(text)})"

    def _time(self, column: str, op: str, value: Value, path: AttrPath) -> str:
        """A time is compared as it is shown, but asked for as it is kept, for the index."""
        if op not in _SIGNS:
            raise Unsupported(f"`{path}` is a time, kept as a number: it has no `{op}`", str(path))
        instant = instant_of(value) if isinstance(value, str) else None
        if instant is None:
            raise Unsupported("a time is compared with a time", str(path))
        this = instant - instant % _SHOWN
        here = this if this == instant else this + _SHOWN
        if op in ("eq", "ne"):
            within = f"({column} >= {self.bind(here)} AND {column} < {self.bind(this + _SHOWN)})"
            return within if op == "eq" else f"(NOT {within})"
        sign, bound = {"gt": (">=", this + _SHOWN), "ge": (">=", here), "lt": ("<", here), "le": ("<", this + _SHOWN)}[
            op
        ]
        return f"({column} {sign} {self.bind(bound)})"


def _successor(text: str) -> str | None:
    """The first text, in the order of code points, after all that begin with this one; None when there is none."""
    while text:
        last = ord(text[-1])
        if last < 0x10FFFF:
            return text[:-1] + chr(0xE000 if last == 0xD7FF else last + 1)
        text = text[:-1]
    return None


def is_nullable(table: str, column: str) -> bool:
    """Whether a column may be without a value."""
    return column in _NULLABLE or f"{table} {column}" in _NULLABLE


def column_of(table: str, path: AttrPath) -> str | None:
    """The column that holds an attribute's value, folded where the schema says so; None when the document does."""
    if table == "users" and (path.uri, path.name, path.sub) == (ENTERPRISE_USER, "manager", "value"):
        return "t.manager_id"
    if path.uri is not None:
        return None
    if path.name == "meta":
        shown = {"resourceType": f"'{'User' if table == 'users' else 'Group'}'", "version": VERSION_TAG}
        return (_TIMES | shown).get(path.sub or "")
    if path.name == "schemas" and table == "groups":
        return f"'{CORE_GROUP}'"
    return _COLUMNS[table].get(path.name)


def _address(inner: Filter) -> tuple[str, str | None] | None:
    """The value, and the type if any, of `value eq "…"` or `type eq "…" and value eq "…"`; None of all else."""
    asked: dict[str, str] = {}
    operands = _operands(inner, And)
    for each in operands:
        match each:
            case Compare(AttrPath(None, ("value" | "type") as name), "eq", str(text)) if text:
                asked[name] = text
            case _:
                return None
    return (asked["value"], asked.get("type")) if "value" in asked and len(asked) == len(operands) else None


def _pushed(tree: Filter, negated: bool = False) -> Filter:
    """The same meaning with NOT only around leaves, so that it opens no bracket of its own on the way down."""
    match tree:
        case Not(inner):
            return _pushed(inner, not negated)
        case And(left, right) | Or(left, right):
            kind = Or if isinstance(tree, And) is negated else And
            return kind(_pushed(left, negated), _pushed(right, negated))
        case _:
            return Not(tree) if negated else tree


def _operands(tree: Filter, kind: type[And | Or]) -> list[Filter]:
    if isinstance(tree, And | Or) and isinstance(tree, kind):
        return _operands(tree.left, kind) + _operands(tree.right, kind)
    return [tree]


def _depth(tree: Filter) -> int:
    """How many brackets a tree opens, one within the other."""
    match tree:
        case And() | Or():
            return 1 + max(_depth(each) for each in _operands(tree, type(tree)))
        case _:
            return 0
