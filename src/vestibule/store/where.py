"""Compile a filter to a WHERE fragment that means what `vestibule.scim.evaluate` says, or raise Unsupported.

Every fragment is 0 or 1, never NULL, so that NOT turns it round. Values are bound, never written into the text.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from vestibule.scim.filter_ast import And, AttrPath, Compare, Filter, Literal, Not, Or, Present, ValuePath
from vestibule.scim.path import instant_of
from vestibule.scim.schema import CORE_GROUP, ENTERPRISE_USER, Attribute
from vestibule.store import Unsupported

_SIGNS = {"eq": "=", "ne": "<>", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_COLUMNS = {
    "users": {"id": "t.id", "externalId": "t.external_id", "userName": "t.user_name_ci", "active": "t.active"},
    "groups": {"id": "t.id", "externalId": "t.external_id", "displayName": "t.display_name_ci"},
}
# As they are shown: in whole milliseconds.
_META = {"created": "(t.created_at / 1000 * 1000)", "lastModified": "(t.updated_at / 1000 * 1000)"}
# The joined rows of a list that is kept as rows: which side of `members` is `t`, and what its sub-attributes are.
_MEMBERSHIP = {
    ("groups", "members"): ("m.group_id", "", {"value": "m.user_id", "type": "'user'"}),
    ("users", "groups"): (
        "m.user_id",
        " JOIN groups g ON g.connection_id = m.connection_id AND g.id = m.group_id",
        {"value": "m.group_id", "display": "g.display_name_ci", "type": "'direct'"},
    ),
}
_NEVER_NULL = frozenset(
    {"t.id", "t.user_name_ci", "t.display_name_ci", "t.active", *_META.values()}.union(
        *(columns.values() for _, _, columns in _MEMBERSHIP.values())
    )
)
VERSION_TAG = "('W/\"' || t.version || '\"')"
_WITH_GROUPS = (
    "(SELECT connection_id, group_id, user_id, 'user' AS kind FROM members UNION ALL "
    "SELECT connection_id, group_id, ref, 'group' FROM pending_members WHERE nested = 1)"
)
NEVER, ALWAYS = "(1 = 0)", "(1 = 1)"


@dataclass(slots=True)
class Where:
    """A fragment over the table alias `t` and its values in order."""

    table: str
    connection_id: str
    nested: bool = False
    """Whether groups count as members of the groups that they are in."""
    values: list[Any] = field(default_factory=list[Any])

    def compile(self, tree: Filter, element: str | None = None) -> str:
        """The fragment for a tree; within an element of a list when `element` is its SQL expression."""
        match _pushed(tree):
            case ValuePath(path) | Present(path) if path.absent:
                return NEVER
            case Compare(path, op, value) if path.absent:
                return ALWAYS if (value is None) is (op == "eq") and op in ("eq", "ne") else NEVER
            case ValuePath(AttrPath(None, "emails"), inner) if asked := _address(inner):
                return self._emails(*asked)
            case Compare(AttrPath(None, "emails", "value"), "eq", str(value)) if element is None:
                return self._emails(value)
            case And() as both:
                return self._joined(" AND ", _operands(both, And), element)
            case Or() as either:
                return self._joined(" OR ", _operands(either, Or), element)
            case Not(inner):
                return f"(NOT {self.compile(inner, element)})"
            case ValuePath(path, inner):
                return self._value_path(path, inner)
            case Present(path):
                return self._present(path, element)
            case Compare(path, op, value):
                return self._compare(path, op, value, element)

    def _emails(self, value: str, kind: str | None = None) -> str:
        # Not bound to the row `t`, so that SQLite may begin with the address and look up its users.
        asked = {"value_ci": value, "type_ci": kind}
        given = {column: text.casefold() for column, text in asked.items() if text is not None}
        self.values += [self.connection_id, *given.values()]
        conditions = "".join(f" AND x.{column} = ?" for column in given)
        return f"(t.id IN (SELECT x.user_id FROM user_emails x WHERE x.connection_id = ?{conditions}))"

    def _joined(self, word: str, operands: list[Filter], element: str | None) -> str:
        # SQLite's parser keeps at most 100 open places: a chain opens one bracket, and the deepest operand comes first.
        operands.sort(key=_depth, reverse=True)
        return f"({word.join(self.compile(each, element) for each in operands)})"

    def _value_path(self, path: AttrPath, inner: Filter) -> str:
        if self._is_joined(path):
            return self._joined_row(path.name, lambda: self.compile(inner, path.name))
        listed = self._list(path)
        return f"EXISTS (SELECT 1 FROM {listed} e WHERE {self.compile(inner, 'e.value')})"

    def _is_joined(self, path: AttrPath) -> bool:
        return path.uri is None and (self.table, path.name) in _MEMBERSHIP

    def _joined_row(self, name: str, test: Callable[[], str]) -> str:
        own, join, _ = _MEMBERSHIP[self.table, name]
        members = _WITH_GROUPS if self.nested and name == "members" else "members"
        return (
            f"EXISTS (SELECT 1 FROM {members} m{join} WHERE m.connection_id = t.connection_id AND {own} = t.id "
            f"AND {test()})"
        )

    def _row_column(self, name: str, path: AttrPath, sub: str | None) -> str:
        column = _MEMBERSHIP[self.table, name][2].get(sub or "value")
        if (name, sub) == ("members", "type") and self.nested:
            return "m.kind"
        if column is None:
            raise Unsupported(f"`{path}` is made for the answer and cannot be asked for", str(path))
        return column

    def _list(self, path: AttrPath) -> str:
        self.values.append(json_path(path.uri, path.name))
        return "json_each(t.document, ?)"

    def _present(self, path: AttrPath, element: str | None) -> str:
        return self._over(path, element, lambda value: f"({value} IS NOT NULL)")

    def _compare(self, path: AttrPath, op: str, value: Literal, element: str | None) -> str:
        if value is None:
            present = self._present(path, element)
            return f"(NOT {present})" if op == "eq" else present
        some = self._over(
            path, element, lambda have: self._one(have, op, value, path.attribute, folded=False), op, value
        )
        if op != "ne":
            return some
        return f"({some} OR NOT {self._present(path, element)})"

    def _over(
        self, path: AttrPath, element: str | None, test: Callable[[str], str], op: str = "", value: Literal = None
    ) -> str:
        """Apply a test to a column, to a place in the document, or to some one element of a list."""
        if element is not None and (self.table, element) in _MEMBERSHIP:
            return self._tested(self._row_column(element, path, path.name), path, op, value, test)
        if element is not None:
            return self._at(element, json_path(None, path.name), test)
        if self._is_joined(path):
            column = self._row_column(path.name, path, path.sub)
            return self._joined_row(path.name, lambda: self._tested(column, path, op, value, test))
        column = column_of(self.table, path)
        if column is not None:
            if not op:
                return test(column)
            if column in _META.values():
                if op not in _SIGNS:
                    raise Unsupported(f"`{path}` is a time, kept as a number: it has no `{op}`", str(path))
                return self._one(column, op, _instant(value), path.attribute, folded=True)
            return self._tested(column, path, op, value, test)
        if self.table == "groups" or (path.uri is None and path.name == "meta"):
            raise Unsupported(f"`{path}` is made for the answer and cannot be asked for", str(path))
        whole = path.parent or path.attribute
        if not whole.multi_valued:
            return self._at("t.document", json_path(path.uri, path.name, path.sub), test)
        listed = self._list(path)
        inner = test("e.value") if path.sub is None else self._at("e.value", json_path(None, path.sub), test)
        return f"EXISTS (SELECT 1 FROM {listed} e WHERE {inner})"

    def _tested(self, column: str, path: AttrPath, op: str, value: Literal, test: Callable[[str], str]) -> str:
        """A test on a column, or on a constant, that holds the value folded already where the schema says so."""
        if not op:
            return test(column)
        return self._one(column, op, value, path.attribute, folded=column.endswith(("_ci", "'", "m.kind")))

    def _at(self, document: str, path: str, test: Callable[[str], str]) -> str:
        # A subquery, so that the value is extracted once however often the test names it; the test's own values
        # stand before the path in the text, so they are bound first.
        tested = test("v")
        self.values.append(path)
        return f"(SELECT {tested} FROM (SELECT json_extract({document}, ?) AS v))"

    def _one(self, have: str, op: str, value: Literal, attribute: Attribute, *, folded: bool) -> str:
        if isinstance(value, str) and "\0" in value:
            raise Unsupported("a text with a NUL cannot be compared")
        if attribute.type == "dateTime" and op in _SIGNS and have not in _META.values():
            value, have = _instant(value), f"instant({have})"
        elif isinstance(value, str) and not attribute.case_exact and attribute.type != "boolean":
            value = value.casefold()
            have = have if folded else f"casefold({have})"
        if isinstance(value, bool):
            value = int(value)
        if op in _SIGNS:
            self.values.append(value)
            # No COALESCE around a column: it would hide the column from its index.
            present = "" if have in _NEVER_NULL else f"{have} IS NOT NULL AND "
            return f"({present}{have} {_SIGNS[op]} ?)"
        if value == "":
            return f"({have} IS NOT NULL)"
        if op == "co":
            self.values.append(value)
            return f"COALESCE(instr({have}, ?) > 0, 0)"
        self.values.append(value)
        length = len(str(value))
        place = f"substr({have}, 1, {length})" if op == "sw" else f"substr({have}, -{length})"
        return f"COALESCE({place} = ?, 0)"


def column_of(table: str, path: AttrPath) -> str | None:
    """The column, or the expression over columns, that holds an attribute's value; None when the document does."""
    if table == "users" and (path.uri, path.name, path.sub) == (ENTERPRISE_USER, "manager", "value"):
        return "t.manager_id"
    if path.uri is not None:
        return None
    if path.name == "meta":
        shown = {"resourceType": f"'{'User' if table == 'users' else 'Group'}'", "version": VERSION_TAG}
        return (_META | shown).get(path.sub or "")
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


def _instant(value: Literal) -> int:
    instant = instant_of(value) if isinstance(value, str) else None
    if instant is None:
        raise Unsupported("a time is compared with a time")
    return instant


def json_path(uri: str | None, name: str, sub: str | None = None) -> str:
    """A place in a document, for SQLite's JSON functions."""
    # Names come from the schema, never from a client, so they hold no quotation mark.
    return "$" + "".join(f'."{part}"' for part in (uri, name, sub) if part)
