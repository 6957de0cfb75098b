"""The syntax tree of SCIM filters (RFC 7644 section 3.4.2.2), resolved against a schema.

A tree is made by `vestibule.scim.path.parse_filter`; a store compiles it, `vestibule.scim.evaluate.evaluate` is the
reference that says what it means.
"""

from dataclasses import dataclass
from typing import TypeAlias

from vestibule.scim.schema import Attribute

Literal: TypeAlias = str | int | float | bool | None
OPERATORS = ("eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le")


@dataclass(frozen=True, slots=True)
class AttrPath:
    """An attribute, or a sub-attribute of it, in the schema's own spelling.

    `uri` is None for core and common attributes, else the URN of the extension. `attribute` describes what the path
    ends at (the sub-attribute when there is one). `parent` describes `name` when there is a `sub`. Inside a
    value path (`emails[type eq "work"]`) `name` is the sub-attribute itself, `sub` and `parent` are None.
    """

    uri: str | None
    name: str
    sub: str | None
    attribute: Attribute
    parent: Attribute | None = None
    absent: bool = False
    """The resource type that is asked has no such attribute, another of the same query has (RFC 7644 3.4.2.1)."""

    def __str__(self) -> str:
        name = f"{self.uri}:{self.name}" if self.uri else self.name
        return f"{name}.{self.sub}" if self.sub else name


@dataclass(frozen=True, slots=True)
class Compare:
    """`path op value`. The literal already has the attribute's type (boolean "True" became True)."""

    path: AttrPath
    op: str
    value: Literal


@dataclass(frozen=True, slots=True)
class Present:
    """`path pr`: the attribute has a non-empty value."""

    path: AttrPath


@dataclass(frozen=True, slots=True)
class ValuePath:
    """`path[filter]`: some one element of a multi-valued complex attribute matches the whole filter."""

    path: AttrPath
    filter: "Filter"


@dataclass(frozen=True, slots=True)
class Not:
    """`not (filter)`."""

    filter: "Filter"


@dataclass(frozen=True, slots=True)
class And:
    """`left and right`."""

    left: "Filter"
    right: "Filter"


@dataclass(frozen=True, slots=True)
class Or:
    """`left or right`."""

    left: "Filter"
    right: "Filter"


Filter: TypeAlias = Compare | Present | ValuePath | Not | And | Or
