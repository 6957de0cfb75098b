"""Which attributes an answer shows: `attributes` and `excludedAttributes` (RFC 7644 section 3.9)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from vestibule.scim.errors import InvalidValue
from vestibule.scim.path import split_uri
from vestibule.scim.schema import COMMON, Attribute, ResourceType, find

Key = tuple[str | None, str, str | None]
"""URN of the extension (None for core), attribute, sub-attribute; all folded."""


@dataclass(frozen=True, slots=True)
class Projection:
    """What a client asked to see. With both sets empty it sees what is returned by default."""

    resource_type: ResourceType
    only: frozenset[Key] | None = None
    without: frozenset[Key] = frozenset()
    sent: frozenset[tuple[str | None, str]] = frozenset()
    """What the client wrote just now: it is shown although it is returned on request only."""

    @property
    def is_default(self) -> bool:
        """Whether nothing was asked and nothing is kept back, so that stored text can be sent as it is."""
        return self.only is None and not self.without and not self.resource_type.keeps_back

    def wants(self, name: str) -> bool:
        """Whether a core attribute will be shown at all, so that what it needs is worth reading."""
        folded = name.casefold()
        if self.only is not None:
            return any(uri is None and each in (folded, "") for uri, each, _ in self.only)
        return self.without.isdisjoint({(None, folded, None), (None, "", None)})

    def apply(self, resource: dict[str, Any]) -> dict[str, Any]:
        """The part of a resource that is shown; what is `returned: always` always is."""
        if self.is_default:
            return resource
        shown: dict[str, Any] = {}
        for name, value in resource.items():
            if name in self.resource_type.withdrawn:
                continue
            extension = self.resource_type.extension(name)
            if extension is not None:
                part = self._part(extension.id.casefold(), cast("dict[str, Any]", value), extension.attributes)
                if part:
                    shown[name] = part
            else:
                attributes = COMMON + self.resource_type.schema.attributes
                shown.update(self._part(None, {name: value}, attributes))
        return shown

    def _part(self, uri: str | None, values: dict[str, Any], attributes: tuple[Attribute, ...]) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        for name, value in values.items():
            if name == "schemas" and uri is None:
                shown[name] = [each for each in value if each not in self.resource_type.withdrawn]
                continue
            attribute = next((each for each in attributes if each.name == name), None)
            if attribute is not None and attribute.returned == "always":
                shown[name] = value
                continue
            if attribute is not None and attribute.returned == "request" and not self._is_asked(uri, name):
                continue
            kept = self._value(uri, name.casefold(), value)
            if kept not in (None, {}, []):
                shown[name] = kept
        return shown

    def _is_asked(self, uri: str | None, name: str) -> bool:
        sent = {(home.casefold() if home else None, each) for home, each in self.sent}
        return self.only is not None or (uri, name) in sent

    def _value(self, uri: str | None, name: str, value: Any) -> Any:
        if self.only is not None:
            if (uri, name, None) in self.only or (uri, "", None) in self.only:
                return value
            subs = {sub for home, each, sub in self.only if home == uri and each == name}
            return _subs(value, lambda sub: sub in subs) if subs else None
        if (uri, name, None) in self.without or (uri, "", None) in self.without:
            return None
        subs = {sub for home, each, sub in self.without if home == uri and each == name}
        return _subs(value, lambda sub: sub not in subs) if subs else value


def _subs(value: Any, keep: Callable[[str | None], bool]) -> Any:
    if isinstance(value, list):
        parts = [_subs(each, keep) for each in cast("list[Any]", value)]
        return [each for each in parts if each]
    if isinstance(value, dict):
        return {name: each for name, each in cast("dict[str, Any]", value).items() if keep(name.casefold())}
    return value


def read_projection(attributes: str | None, excluded: str | None, resource_type: ResourceType) -> Projection:
    """Read the two query parameters. Unknown names are ignored. Raises InvalidValue when both are given."""
    if attributes and excluded:
        raise InvalidValue("Give either `attributes` or `excludedAttributes`, not both.", attribute="attributes")
    return Projection(
        resource_type,
        _keys(attributes, resource_type) if attributes else None,
        _keys(excluded, resource_type) if excluded else frozenset(),
    )


def _keys(names: str, resource_type: ResourceType) -> frozenset[Key]:
    keys: set[Key] = set()
    for name in names.split(","):
        uri, rest = split_uri(name.strip(), resource_type)
        if uri is not None and not rest:
            keys.add((uri.casefold() if uri != resource_type.schema.id else None, "", None))
            continue
        head, _, sub = rest.partition(".")
        found = find(resource_type, uri, head)
        if found is not None:
            home, attribute = found
            keys.add((home.casefold() if home else None, attribute.name.casefold(), sub.casefold() or None))
    return frozenset(keys)
