"""Where an operation of a bulk request may say `bulkId:…` (RFC 7644 section 3.7.2): in its path, and in references.

A reference is by schema: an attribute of type reference, or the `value` of one that has a `$ref` (members, manager). A
displayName may be `bulkId:foo` as it likes.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, cast

from vestibule.scim.path import split_uri
from vestibule.scim.schema import Attribute, ResourceType, find, named

Fill: TypeAlias = Callable[[str], str]
"""From a bulkId to what stands in its place."""
Json = dict[str, Any]
_OUTSIDE = frozenset({"external", "uri"})
_WHOLE = re.compile(r"\AbulkId:(.+)\Z|(?<=/)bulkId:([^/]+)", re.DOTALL)
_SEGMENT = re.compile(r"(?<=/)bulkId:([^/]+)")
_QUOTED = re.compile(r'(?<=")bulkId:([^"]+)(?=")')
_FILTER = re.compile(r"\[.*\]", re.DOTALL)


def needs(method: str, path: str, data: Any, kinds: Sequence[ResourceType]) -> frozenset[str]:
    """The bulkIds that an operation refers to."""
    found: set[str] = set()

    def note(bulk_id: str) -> str:
        found.add(bulk_id)
        return ""

    _filled(method, path, data, kinds, note)
    return frozenset(found)


def with_ids(
    method: str, path: str, data: Any, ids: Mapping[str, str], kinds: Sequence[ResourceType]
) -> tuple[str, Any]:
    """The path and the data with every reference replaced by its id. Raises KeyError for one that was not made."""
    return _filled(method, path, data, kinds, ids.__getitem__)


def _filled(method: str, path: str, data: Any, kinds: Sequence[ResourceType], fill: Fill) -> tuple[str, Any]:
    head = next((each for each in path.split("/") if each), "").casefold()
    kind = next((each for each in kinds if each.endpoint.strip("/").casefold() == head), None)
    path = _put(_SEGMENT, path, fill)
    if kind is None or not isinstance(data, dict):
        return path, data
    content = cast("Json", data)
    return path, _message(content, kind, fill) if method == "PATCH" else _resource(content, kind, fill)


def _put(pattern: re.Pattern[str], text: str, fill: Fill) -> str:
    return pattern.sub(lambda match: fill(match[match.lastindex or 0]), text)


def _message(body: Json, kind: ResourceType, fill: Fill) -> Json:
    def operation(item: Any) -> Any:
        if not isinstance(item, dict):
            return item
        given = cast("Json", item)
        path = next((each for key, each in given.items() if key.casefold() == "path"), None)
        return {key: _part(key.casefold(), each, path, kind, fill) for key, each in given.items()}

    return {
        key: [operation(each) for each in cast("list[Any]", items)]
        if key.casefold() == "operations" and isinstance(items, list)
        else items
        for key, items in body.items()
    }


def _part(name: str, value: Any, path: Any, kind: ResourceType, fill: Fill) -> Any:
    """The `path` or the `value` of a PATCH operation."""
    if name == "path" and isinstance(value, str):
        attribute, _ = _pointed(value, kind)
        return _put(_QUOTED, value, fill) if attribute is not None and attribute.sub("$ref") is not None else value
    if name != "value":
        return value
    if not isinstance(path, str) or not path.strip():
        return _resource(value, kind, fill)
    if kind.extension(path.strip()) is not None:
        return _resource({path.strip(): value}, kind, fill)[path.strip()]
    attribute, sub = _pointed(path, kind)
    return _value(value, sub or attribute, attribute, fill)


def _pointed(text: str, kind: ResourceType) -> tuple[Attribute | None, Attribute | None]:
    """The attribute and the sub-attribute at which a path or a key points, whatever it filters."""
    uri, rest = split_uri(_FILTER.sub("", text.strip()), kind)
    name, _, sub_name = rest.partition(".")
    found = find(kind, uri, name)
    return (found[1], found[1].sub(sub_name) if sub_name else None) if found else (None, None)


def _resource(value: Any, kind: ResourceType, fill: Fill) -> Any:
    """An object of attributes, those of extensions within their URNs."""
    if not isinstance(value, dict):
        return value
    read: Json = {}
    for key, item in cast("Json", value).items():
        extension = kind.extension(key)
        if key.casefold() == kind.schema.id.casefold():
            read[key] = _resource(item, kind, fill)
        elif extension is not None:
            inner = cast("Json", item) if isinstance(item, dict) else {}
            filled = {name: _of(each, named(extension.attributes, name), fill) for name, each in inner.items()}
            read[key] = filled if isinstance(item, dict) else item
        else:
            attribute, sub = _pointed(key, kind)
            read[key] = _value(item, sub or attribute, attribute, fill)
    return read


def _of(value: Any, attribute: Attribute | None, fill: Fill) -> Any:
    return _value(value, attribute, attribute, fill)


def _value(value: Any, attribute: Attribute | None, parent: Attribute | None, fill: Fill) -> Any:
    """A value of an attribute, which is its own `parent` unless it is a sub-attribute."""
    if attribute is None or parent is None:
        return value
    if isinstance(value, list):
        return [_one(each, attribute, parent, fill) for each in cast("list[Any]", value)]
    return _one(value, attribute, parent, fill)


def _one(value: Any, attribute: Attribute, parent: Attribute, fill: Fill) -> Any:
    if isinstance(value, str):
        return _put(_WHOLE, value, fill) if _refers(attribute, parent) else value
    if isinstance(value, dict) and attribute.type == "complex":
        return _members(cast("Json", value), attribute, fill)
    return cast("Any", value)


def _members(value: Json, attribute: Attribute, fill: Fill) -> Json:
    subs = {key: attribute.sub(key) for key in value}
    return {
        key: each if (sub := subs[key]) is None else _one(each, sub, attribute, fill) for key, each in value.items()
    }


def _refers(attribute: Attribute, parent: Attribute) -> bool:
    """Whether a text there names a resource: of type reference, or the `value` beside a `$ref`."""
    if attribute.type == "reference":
        return not attribute.reference_types or not _OUTSIDE.issuperset(attribute.reference_types)
    return parent.sub("$ref") is not None and (attribute is parent or attribute.name == "value")
