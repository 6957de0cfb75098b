"""What a filter means: the reference evaluator over a resource as JSON, and a filter as text again."""

import operator
from collections.abc import Callable
from typing import Any, cast

import orjson

from vestibule.scim.filter_ast import And, AttrPath, Compare, Filter, Literal, Not, Or, Present, ValuePath
from vestibule.scim.folding import fold
from vestibule.scim.formats import instant_of
from vestibule.scim.schema import Attribute

_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_TEXT: dict[str, Callable[[str, str], bool]] = {
    "co": lambda have, want: want in have,
    "sw": lambda have, want: have.startswith(want),
    "ew": lambda have, want: have.endswith(want),
}


def evaluate(filter: Filter, resource: dict[str, Any]) -> bool:  # noqa: A002 -- the RFC's word
    """Whether a resource (URN-keyed extensions, as in an answer) matches.

    A multi-valued attribute matches when some one value does. An absent value equals null, differs from all
    else and is in no order with anything. Texts compare caseless unless the attribute is caseExact.
    """
    match filter:
        case And(left, right):
            return evaluate(left, resource) and evaluate(right, resource)
        case Or(left, right):
            return evaluate(left, resource) or evaluate(right, resource)
        case Not(inner):
            return not evaluate(inner, resource)
        case ValuePath(path, inner):
            found = _elements(resource, path)
            return any(evaluate(inner, cast("dict[str, Any]", each)) for each in found if isinstance(each, dict))
        case Present(path):
            return bool(values(resource, path))
        case Compare(path, op, wanted):
            return _compare(values(resource, path), op, wanted, path.attribute)


def values(resource: dict[str, Any], path: AttrPath) -> list[Any]:
    """All non-empty values that a path leads to; a complex value counts as present."""
    found = _elements(resource, path)
    if path.sub is not None:
        found = [each[path.sub] for each in found if isinstance(each, dict) and path.sub in each]
    return [each for each in found if each is not None and each != "" and each not in ([], {})]


def _elements(resource: dict[str, Any], path: AttrPath) -> list[Any]:
    if path.absent:
        return []
    home: Any = resource.get(path.uri, {}) if path.uri else resource
    value = home.get(path.name) if isinstance(home, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


def _compare(found: list[Any], op: str, wanted: Literal, attribute: Attribute) -> bool:
    if wanted is None:
        return (not found) if op == "eq" else bool(found)
    if not found:
        return op == "ne"
    return any(_one(each, op, wanted, attribute) for each in found)


def _one(have: Any, op: str, wanted: Literal, attribute: Attribute) -> bool:
    if attribute.type == "dateTime" and op not in _TEXT:
        have = instant_of(have) if isinstance(have, str) else None
        wanted = instant_of(wanted) if isinstance(wanted, str) else None
        if have is None:
            return op == "ne"
    elif isinstance(have, str) and isinstance(wanted, str) and not attribute.case_exact:
        have, wanted = fold(have), fold(wanted)
    if isinstance(have, bool) != isinstance(wanted, bool) or isinstance(have, str) != isinstance(wanted, str):
        return op == "ne"
    if op == "eq":
        return have == wanted
    if op == "ne":
        return have != wanted
    if op in _TEXT:
        return isinstance(have, str) and isinstance(wanted, str) and _TEXT[op](have, wanted)
    return _ORDER[op](have, wanted)


def format_filter(filter: Filter) -> str:  # noqa: A002 -- the RFC's word
    """The filter as text that reads back to an equal tree; brackets only where the reading needs them."""
    match filter:
        case Or(left, right):
            return f"{format_filter(left)} or {_bracketed(right, Or)}"
        case And(left, right):
            return f"{_bracketed(left, Or)} and {_bracketed(right, Or, And)}"
        case Not(inner):
            return f"not ({format_filter(inner)})"
        case ValuePath(path, inner):
            return f"{path}[{format_filter(inner)}]"
        case Present(path):
            return f"{path} pr"
        case Compare(path, op, wanted):
            return f"{path} {op} {orjson.dumps(wanted).decode()}"


def _bracketed(inner: Filter, *kinds: type[Or | And]) -> str:
    return f"({format_filter(inner)})" if isinstance(inner, kinds) else format_filter(inner)


def sought_name(filter: Filter, attribute: str) -> str | None:  # noqa: A002 -- the RFC's word
    """The name that a filter looks for, e.g. the userName of `userName eq "ana"`; None when it looks for no one."""
    match filter:
        case Compare(path, "eq", str(value)) if path.name == attribute and path.sub is None:
            return value
        case And(left, right):
            return sought_name(left, attribute) or sought_name(right, attribute)
        case _:
            return None
