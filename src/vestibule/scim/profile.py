"""How one connection speaks SCIM: its dialect, its extension schemas, its rules for references and its guards."""

import re
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
MAX_DOMAINS = 200
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:\*\.)?{_LABEL}(?:\.{_LABEL})+")


@dataclass(frozen=True, slots=True)
class Profile:
    """The settings of a connection.

    `nested_groups` is the rule for a member that is a group: kept aside, shown as a member of type Group, or refused.
    `hold_emptied_group` holds a request that would empty a group of at least so many members, `hold_deactivations`
    one that would be more than so many deactivations and deletions within `hold_window` minutes; None holds nothing.
    `rate_limit` is how many requests a second are let through, 0 any number, None as the installation says.
    `allowed_domains` are those of which people's addresses may be (see `allows_domain`); none are all.
    """

    dialect: Dialect = TOLERANT
    references: References = "park"
    nested_groups: NestedGroups = "park"
    hold_emptied_group: int | None = None
    hold_deactivations: int | None = None
    hold_window: int = 60
    rate_limit: int | None = None
    allowed_domains: tuple[str, ...] = ()
    user: ResourceType = USER
    group: ResourceType = GROUP

    @property
    def extensions(self) -> tuple[Schema, ...]:
        """The schemas that the connection declared beside the standard's."""
        return self.user.extensions[len(USER.extensions) :]

    def allows_domain(self, domain: str | None) -> bool:
        """Whether an address may be of a domain (lower-case A-labels); None stands for one that cannot be read.

        `*.acme.example` allows what is below acme.example, and not acme.example.
        """
        if not self.allowed_domains:
            return True
        if domain is None:
            return False
        return any(
            domain.endswith(each[1:]) if each.startswith("*.") else domain == each for each in self.allowed_domains
        )

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
            "rate_limit": self.rate_limit,
            "allowed_domains": list(self.allowed_domains) or None,
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
        rate_limit=_number(settings, "rate_limit", None, least=0),
        allowed_domains=_domains(settings, "allowed_domains"),
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


def _number(settings: Mapping[str, Any], name: str, default: int | None, least: int = 1) -> int | None:
    value = settings.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= 1_000_000:
        raise InvalidValue(f"`{name}` must be a whole number from {least} to 1000000, or null.", attribute=name)
    return value


def _domains(settings: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = settings.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or not 1 <= len(cast("list[Any]", value)) <= MAX_DOMAINS:
        raise InvalidValue(
            f"`{name}` must be a list of 1 to {MAX_DOMAINS} domains, or null, which allows all.", attribute=name
        )
    for each in cast("list[Any]", value):
        if not isinstance(each, str) or len(each) > 255 or not _DOMAIN.fullmatch(each):
            raise InvalidValue(
                f"`{name}` names domains as in acme.example, or *.acme.example for all below it, in small letters; "
                f"{str(each)[:80]!r} is none.",
                attribute=name,
                value=str(each)[:255],
            )
    return tuple(dict.fromkeys(cast("list[str]", value)))


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
