"""What a schema is made of, and how a name is found in one (RFC 7643 sections 2, 3 and 7).

The schemas themselves are data in `user_schema` and `group_schema`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, cast

CORE_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
CORE_GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE_USER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

AttributeType = Literal["string", "boolean", "decimal", "integer", "dateTime", "reference", "binary", "complex"]


class Attributes(tuple["Attribute", ...]):
    """Attributes in their order, found by name, compared caseless (RFC 7643 section 2.1)."""

    by_name: "dict[str, Attribute]"
    """By the name as it is spelled here, and in lower case."""
    required: "tuple[Attribute, ...]"

    def __new__(cls, attributes: "Iterable[Attribute]" = ()) -> "Attributes":
        """The same attributes, with an index."""
        made = super().__new__(cls, attributes)
        made.by_name = {name: each for each in made for name in (each.name, each.name.casefold())}
        made.required = tuple(each for each in made if each.required)
        return made


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute with all characteristics of RFC 7643 section 7."""

    name: str
    type: AttributeType = "string"
    description: str = ""
    multi_valued: bool = False
    required: bool = False
    case_exact: bool = False
    mutability: Literal["readOnly", "readWrite", "immutable", "writeOnly"] = "readWrite"
    returned: Literal["always", "never", "default", "request"] = "default"
    uniqueness: Literal["none", "server", "global"] = "none"
    canonical_values: tuple[str, ...] = ()
    reference_types: tuple[str, ...] = ()
    sub_attributes: tuple["Attribute", ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "sub_attributes", Attributes(self.sub_attributes))

    def sub(self, name: str) -> "Attribute | None":
        """The sub-attribute of this name, compared caseless (RFC 7643 section 2.1)."""
        return named(self.sub_attributes, name)

    @property
    def value(self) -> "Attribute":
        """What a comparison with this attribute compares: itself, or a complex one's `value`."""
        return (self.sub("value") or self) if self.type == "complex" else self


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema: its URN and its attributes."""

    id: str
    name: str
    description: str
    attributes: tuple[Attribute, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "attributes", Attributes(self.attributes))


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A resource type: the core schema, the extensions, and the endpoint under the base URL.

    `withdrawn` are URNs of extensions that were declared once: what resources still have of them is not shown.
    """

    name: str
    endpoint: str
    description: str
    schema: Schema
    extensions: tuple[Schema, ...] = ()
    withdrawn: frozenset[str] = frozenset()
    core: Attributes = field(init=False, compare=False, repr=False)
    """The attributes that have no URN before them: those of all resources, and those of the core schema."""
    by_urn: dict[str, Schema] = field(init=False, compare=False, repr=False)
    keeps_back: bool = field(init=False, compare=False, repr=False)
    """Whether something of a resource is not shown unless it is asked for."""
    unreturned: frozenset[str] = field(init=False, compare=False, repr=False)
    """The names, in lower case, of what is never returned (RFC 7643 section 7); no log may have its values either."""
    returnable: frozenset[str] = field(init=False, compare=False, repr=False)
    """The names, in lower case, of all else that its schemas declare: no answer has any other."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "core", Attributes(COMMON + self.schema.attributes))
        on_request = any(each.returned == "request" for schema in self.extensions for each in schema.attributes)
        object.__setattr__(self, "keeps_back", bool(self.withdrawn) or on_request)
        declared = _declared((self.schema, *self.extensions))
        never = [each for each in declared if each.returned == "never"]
        object.__setattr__(self, "unreturned", frozenset(each.name.lower() for each in never))
        others = frozenset(each.name.lower() for each in declared if each.returned != "never")
        object.__setattr__(self, "returnable", others)
        object.__setattr__(self, "by_urn", {each.id.casefold(): each for each in reversed(self.extensions)})

    def extension(self, uri: str) -> Schema | None:
        """The extension with this URN, compared caseless."""
        return self.by_urn.get(uri.casefold())


def _declared(schemas: tuple[Schema, ...]) -> list[Attribute]:
    attributes = [each for schema in schemas for each in schema.attributes]
    return [*attributes, *(sub for each in attributes for sub in each.sub_attributes)]


def _read_only(name: str, type: AttributeType = "string", *, case_exact: bool = False) -> Attribute:  # noqa: A002
    return Attribute(name, type, mutability="readOnly", case_exact=case_exact)


SCHEMAS = Attribute("schemas", "reference", multi_valued=True, required=True, returned="always", case_exact=True)
ID = Attribute(
    "id", mutability="readOnly", returned="always", case_exact=True, uniqueness="server",
    description="Given by this server, never changed, never used again.",
)  # fmt: skip
EXTERNAL_ID = Attribute(
    "externalId", case_exact=True, uniqueness="server",
    description="The identity provider's own id of the resource; unique within the connection.",
)  # fmt: skip
META = Attribute(
    "meta", "complex", mutability="readOnly",
    sub_attributes=(
        _read_only("resourceType", case_exact=True),
        _read_only("created", "dateTime"),
        _read_only("lastModified", "dateTime"),
        _read_only("location", "reference", case_exact=True),
        _read_only("version", case_exact=True),
    ),
)  # fmt: skip
COMMON = (SCHEMAS, ID, EXTERNAL_ID, META)
"""The attributes of every resource (RFC 7643 sections 3 and 3.1); no schema lists them."""


def names_schema(schemas: object, urn: str) -> bool:
    """Whether the `schemas` of a message is a list with this URN in it, compared caseless."""
    items = cast("list[object]", schemas) if isinstance(schemas, list) else []
    return urn.casefold() in [each.casefold() for each in items if isinstance(each, str)]


def named(attributes: tuple[Attribute, ...], name: str) -> Attribute | None:
    """The attribute of this name, compared caseless."""
    known = attributes.by_name if isinstance(attributes, Attributes) else Attributes(attributes).by_name
    return known.get(name) or known.get(name.casefold())


def required(attributes: tuple[Attribute, ...]) -> tuple[Attribute, ...]:
    """Those that may not be left out."""
    return attributes.required if isinstance(attributes, Attributes) else Attributes(attributes).required


def find(resource_type: ResourceType, uri: str | None, name: str) -> tuple[str | None, Attribute] | None:
    """Where a name lives: the extension's URN (None for core and common) and the attribute; None if nowhere.

    Without a `uri`, a name that the core lacks is looked for in the extensions: Entra's older shape names
    `manager` and `department` bare. A bare name that several extensions have is nowhere.
    """
    if uri is None and (found := named(resource_type.core, name)) is not None:
        return None, found
    hits = homes(resource_type, uri, name)
    return hits[0] if len(hits) == 1 else None


def homes(resource_type: ResourceType, uri: str | None, name: str) -> list[tuple[str | None, Attribute]]:
    """Every place where a name lives, as in `find`: the core alone, else each extension that has it."""
    if uri is None or uri.casefold() == resource_type.schema.id.casefold():
        found = named(resource_type.core, name)
        if found is not None or uri is not None:
            return [(None, found)] if found else []
        return [(each.id, hit) for each in resource_type.extensions if (hit := named(each.attributes, name))]
    extension = resource_type.extension(uri)
    hit = named(extension.attributes, name) if extension else None
    return [(extension.id, hit)] if extension and hit else []
