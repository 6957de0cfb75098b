"""How one connection speaks SCIM: its dialect, its extension schemas, its rules for references and its guards."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal, cast

import orjson

from vestibule.scim.dialects import DIALECTS, TOLERANT, Dialect, References
from vestibule.scim.discovery import schema_json
from vestibule.scim.errors import InvalidValue
from vestibule.scim.extension import read_extension
from vestibule.scim.group_schema import GROUP
from vestibule.scim.schema import ResourceType, Schema
from vestibule.scim.user_schema import USER

NestedGroups = Literal["park", "accept", "refuse"]
MAX_EXTENSIONS = 20


@dataclass(frozen=True, slots=True)
class Profile:
    """The settings of a connection.

    `nested_groups` is the rule for a member that is a group: kept aside, shown as a member of type Group, or refused.
    `hold_emptied_group` holds a request that would empty a group of at least so many members, `hold_deactivations`
    one that would be more than so many deactivations and deletions within `hold_window` minutes; None holds nothing.
    """

    dialect: Dialect = TOLERANT
    references: References = "park"
    nested_groups: NestedGroups = "park"
    hold_emptied_group: int | None = None
    hold_deactivations: int | None = None
    hold_window: int = 60
    user: ResourceType = USER
    group: ResourceType = GROUP

    @property
    def extensions(self) -> tuple[Schema, ...]:
        """The schemas that the connection declared beside the standard's."""
        return self.user.extensions[len(USER.extensions) :]

    def of(self, name: str) -> ResourceType:
        """The resource type `User` or `Group`."""
        return self.user if name == "User" else self.group

    def as_json(self) -> dict[str, Any]:
        """The settings as `read_profile` reads them."""
        return {
            "dialect": self.dialect.name,
            "references": self.references,
            "nested_groups": self.nested_groups,
            "hold_emptied_group": self.hold_emptied_group,
            "hold_deactivations": self.hold_deactivations,
            "hold_window": self.hold_window,
            "extensions": [schema_json(each) for each in self.extensions],
        }


def read_profile(settings: Mapping[str, Any]) -> Profile:
    """Settings as a profile; what is not said is as by default, or by the dialect's.

    Raises InvalidValue naming the setting, what came and what is due.
    """
    unknown = sorted(settings.keys() - _SETTINGS)
    if unknown:
        raise InvalidValue(f"There is no setting `{unknown[0]}`: they are {', '.join(sorted(_SETTINGS))}.")
    extensions, withdrawn = _schemas(settings, "extensions"), _schemas(settings, "withdrawn")
    dialect = DIALECTS[_choice(settings, "dialect", tuple(DIALECTS), TOLERANT.name)]
    return Profile(
        dialect=dialect,
        references=_choice(settings, "references", ("park", "refuse"), dialect.references),
        nested_groups=_choice(settings, "nested_groups", ("park", "accept", "refuse"), dialect.references),
        hold_emptied_group=_number(settings, "hold_emptied_group", None),
        hold_deactivations=_number(settings, "hold_deactivations", None),
        hold_window=_number(settings, "hold_window", 60) or 60,
        user=replace(
            USER,
            extensions=USER.extensions + extensions,
            withdrawn=frozenset(each.id for each in withdrawn) - {each.id for each in extensions},
        ),
    )


@lru_cache(maxsize=1_024)
def kept_profile(text: str) -> Profile:
    """The profile of settings that were checked and kept as JSON text."""
    return read_profile(orjson.loads(text))


_SETTINGS = frozenset(Profile().as_json()) | {"withdrawn"}


def _choice(settings: Mapping[str, Any], name: str, allowed: tuple[str, ...], default: str) -> Any:
    value = settings.get(name)
    if value is None:
        return default
    if value not in allowed:
        raise InvalidValue(f"`{name}` must be one of {', '.join(allowed)}, not {str(value)[:40]!r}.", attribute=name)
    return value


def _number(settings: Mapping[str, Any], name: str, default: int | None) -> int | None:
    value = settings.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 1_000_000:
        raise InvalidValue(f"`{name}` must be a whole number from 1 to 1000000, or null.", attribute=name)
    return value


def _schemas(settings: Mapping[str, Any], name: str) -> tuple[Schema, ...]:
    value = settings.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or len(cast("list[Any]", value)) > MAX_EXTENSIONS:
        raise InvalidValue(f"`{name}` must be a list of at most {MAX_EXTENSIONS} schemas.", attribute=name)
    read = tuple(read_extension(each) for each in cast("list[Any]", value))
    ids = [each.id.casefold() for each in read]
    if len(set(ids)) < len(ids):
        raise InvalidValue(f"`{name}` names one schema twice.", attribute=name)
    return read
