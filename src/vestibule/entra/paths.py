"""Put a value at a mapped SCIM path of a resource, or find what is there."""

import re
from typing import Any, NamedTuple, cast

_PATH = re.compile(r'(?:(?P<urn>urn:.+):)?(?P<name>\w+)(?:\[(?P<key>\w+) eq "(?P<value>[^"]*)"\])?(?:\.(?P<sub>\w+))?')


class Path(NamedTuple):
    """The parts of `urn:…:name[key eq "value"].sub`."""

    urn: str | None
    name: str
    key: str | None
    value: str | None
    sub: str | None


def parse(path: str) -> Path:
    """The parts of a path of the mapping."""
    found = _PATH.fullmatch(path)
    if found is None:
        raise ValueError(f"not a mapped SCIM path: {path}")
    return Path(*found.group("urn", "name", "key", "value", "sub"))


def put(resource: dict[str, Any], path: str, value: object) -> None:
    """Set a value in a resource that is being built, making what lies between."""
    at = parse(path)
    holder = cast("dict[str, Any]", resource.setdefault(at.urn, {})) if at.urn else resource
    if at.key is not None:
        elements: list[dict[str, Any]] = holder.setdefault(at.name, [])
        element: dict[str, Any] | None = next((e for e in elements if e.get(at.key) == at.value), None)
        if element is None:
            # Microsoft's samples mark the one work address as primary, and nothing else.
            element = cast("dict[str, Any]", {"primary": True} if at.name == "emails" else {})
            element[at.key] = at.value
            elements.append(element)
        element[at.sub or "value"] = value
    elif at.sub is not None:
        holder.setdefault(at.name, {})[at.sub] = value
    else:
        holder[at.name] = value


def find(resource: dict[str, Any], path: str) -> Any:
    """What a target's resource has at a path, or None; names are compared without case (RFC 7643 2.1)."""
    at = parse(path)
    holder: Any = _get(resource, at.urn) if at.urn else resource
    found: Any = _get(holder, at.name)
    if at.key is not None:
        elements = cast("list[Any]", found) if isinstance(found, list) else []
        found = next((each for each in elements if str(_get(each, at.key)).casefold() == at.value), None)
    return _get(found, at.sub) if at.sub is not None else found


def _get(holder: Any, name: str) -> Any:
    if not isinstance(holder, dict):
        return None
    row = cast("dict[str, Any]", holder)
    if name in row:
        return row[name]
    return next((value for key, value in row.items() if key.casefold() == name.casefold()), None)
