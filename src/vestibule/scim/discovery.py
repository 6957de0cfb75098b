"""The discovery documents (RFC 7644 section 4, RFC 7643 sections 5 to 7), rendered from the schemas."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from vestibule.scim.cursor import CURSOR_TIMEOUT
from vestibule.scim.messages import DEFAULT_COUNT, MAX_COUNT
from vestibule.scim.schema import EXTERNAL_ID, Attribute, ResourceType, Schema

MAX_OPERATIONS = 1_000
"""How many operations one bulk request may have."""
_SPC = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
_RESOURCE_TYPE = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Schema"


def service_provider_config(base: str, max_body: int) -> dict[str, Any]:
    """What this server can do. `base` is the connection's SCIM base URL, `max_body` in bytes."""
    return {
        "schemas": [_SPC],
        "patch": {"supported": True},
        "bulk": {"supported": True, "maxOperations": MAX_OPERATIONS, "maxPayloadSize": max_body},
        "filter": {"supported": True, "maxResults": MAX_COUNT},
        "changePassword": {"supported": False},
        "sort": {"supported": True},
        "etag": {"supported": True},
        "pagination": {
            "cursor": True,
            "index": True,
            "defaultPaginationMethod": "index",
            "defaultPageSize": DEFAULT_COUNT,
            "maxPageSize": MAX_COUNT,
            "cursorTimeout": CURSOR_TIMEOUT,
        },
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "Bearer token",
                "description": "A token of this connection, sent as `Authorization: Bearer …`; "
                "its scopes say what it may do.",
                "specUri": "https://www.rfc-editor.org/info/rfc6750",
                "primary": True,
            }
        ],
        "meta": {"resourceType": "ServiceProviderConfig", "location": f"{base}/ServiceProviderConfig"},
    }  # fmt: skip


def resource_types(kinds: Sequence[ResourceType], base: str) -> list[dict[str, Any]]:
    """All resource types."""
    return [_resource_type(each, base) for each in kinds]


def schemas(kinds: Sequence[ResourceType], base: str) -> list[dict[str, Any]]:
    """All schemas, each once."""
    return [
        schema_json(each)
        | {"schemas": [_SCHEMA], "meta": {"resourceType": "Schema", "location": f"{base}/Schemas/{each.id}"}}
        for kind in kinds
        for each in (_with_external_id(kind.schema), *kind.extensions)
    ]


def _resource_type(kind: ResourceType, base: str) -> dict[str, Any]:
    return {
        "schemas": [_RESOURCE_TYPE],
        "id": kind.name,
        "name": kind.name,
        "endpoint": kind.endpoint,
        "description": kind.description,
        "schema": kind.schema.id,
        "schemaExtensions": [{"schema": each.id, "required": False} for each in kind.extensions],
        "meta": {"resourceType": "ResourceType", "location": f"{base}/ResourceTypes/{kind.name}"},
    }


def _with_external_id(schema: Schema) -> Schema:
    """A core schema with the one common attribute that clients map to: Microsoft's gallery test looks for it there."""
    return replace(schema, attributes=(EXTERNAL_ID, *schema.attributes))


def schema_json(schema: Schema) -> dict[str, Any]:
    """A schema as `extension.read_extension` reads it."""
    return {
        "id": schema.id,
        "name": schema.name,
        "description": schema.description,
        "attributes": [_attribute(each) for each in schema.attributes],
    }


def _attribute(attribute: Attribute) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "name": attribute.name,
        "type": attribute.type,
        "multiValued": attribute.multi_valued,
        "description": attribute.description or attribute.name,
        "required": attribute.required,
        "caseExact": attribute.case_exact,
        "mutability": attribute.mutability,
        "returned": attribute.returned,
        "uniqueness": attribute.uniqueness,
    }
    if attribute.canonical_values:
        shown["canonicalValues"] = list(attribute.canonical_values)
    if attribute.reference_types:
        shown["referenceTypes"] = list(attribute.reference_types)
    if attribute.sub_attributes:
        shown["subAttributes"] = [_attribute(each) for each in attribute.sub_attributes]
    return shown
