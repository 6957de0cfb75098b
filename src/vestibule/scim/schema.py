"""Attribute definitions of User, Group and Enterprise User as data (RFC 7643 sections 4, 7 and 8.7)."""

from dataclasses import dataclass
from typing import Literal

CORE_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
CORE_GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE_USER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

AttributeType = Literal["string", "boolean", "decimal", "integer", "dateTime", "reference", "binary", "complex"]


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

    def sub(self, name: str) -> "Attribute | None":
        """The sub-attribute of this name, compared caseless (RFC 7643 section 2.1)."""
        wanted = name.casefold()
        return next((each for each in self.sub_attributes if each.name.casefold() == wanted), None)


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema: its URN and its attributes."""

    id: str
    name: str
    description: str
    attributes: tuple[Attribute, ...]


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A resource type: the core schema, the extensions, and the endpoint under the base URL."""

    name: str
    endpoint: str
    description: str
    schema: Schema
    extensions: tuple[Schema, ...] = ()
