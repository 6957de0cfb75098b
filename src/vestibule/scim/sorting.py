"""`sortBy` and `sortOrder` (RFC 7644 section 3.4.2.3), and the reference of what they mean."""

from dataclasses import dataclass
from typing import Any, cast

from vestibule.scim.errors import InvalidValue
from vestibule.scim.evaluate import values
from vestibule.scim.filter_ast import AttrPath
from vestibule.scim.folding import fold
from vestibule.scim.formats import instant_of
from vestibule.scim.path import split_uri
from vestibule.scim.schema import ResourceType, find

SortValue = str | int | float | None


@dataclass(frozen=True, slots=True)
class Sort:
    """By what a list is sorted. Resources without a value come last, in descending order first."""

    path: AttrPath
    descending: bool = False


def read_sort(sort_by: str, sort_order: str | None, kind: ResourceType) -> Sort:
    """Read the two parameters. Raises InvalidValue for an attribute that is none or has no order."""
    if (sort_order or "ascending").lower() not in ("ascending", "descending"):
        raise InvalidValue(
            f"`sortOrder` must be ascending or descending, not {(sort_order or '')[:40]!r}.", attribute="sortOrder"
        )
    uri, rest = split_uri(sort_by.strip(), kind)
    name, _, sub_name = rest.partition(".")
    found = find(kind, uri, name)
    if found is None:
        raise InvalidValue(f"`sortBy`: a {kind.name} has no attribute `{sort_by[:80]}`.", attribute="sortBy")
    home, attribute = found
    sub = attribute.sub(sub_name) if sub_name else attribute.value if attribute.type == "complex" else None
    if (sub_name and sub is None) or (sub is attribute):
        raise InvalidValue(f"`sortBy`: name a sub-attribute of `{attribute.name}`.", attribute="sortBy")
    if sub is None:
        path = AttrPath(home, attribute.name, None, attribute)
    else:
        path = AttrPath(home, attribute.name, sub.name, sub, attribute)
    return Sort(path, (sort_order or "").lower() == "descending")


def sort_value(resource: dict[str, Any], path: AttrPath) -> SortValue:
    """What a resource is sorted by: of several values the primary one's, else the first's; texts folded by schema."""
    found = values(resource, AttrPath(path.uri, path.name, None, path.parent or path.attribute))
    if path.sub is not None:
        elements = [cast("dict[str, Any]", each) for each in found if isinstance(each, dict)]
        elements.sort(key=lambda each: each.get("primary") is not True)
        found = [each.get(path.sub) for each in elements[:1]]
    value = found[0] if found else None
    if isinstance(value, bool):
        return int(value)
    if path.attribute.type == "dateTime" and isinstance(value, str):
        return instant_of(value)
    if isinstance(value, str):
        return value if path.attribute.case_exact else fold(value)
    return value if isinstance(value, int | float) else None


def sort_key(value: SortValue, resource_id: str) -> tuple[Any, ...]:
    """A key for `sorted(…, reverse=descending)`: by value, those without one after all others, then by id."""
    return (value is None, 0 if value is None else value, resource_id)
