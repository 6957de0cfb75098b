"""The discovery documents (RFC 7644 section 4, RFC 7643 sections 5 to 7), rendered from the schemas."""

from typing import Any

from vestibule.scim.group_schema import GROUP
from vestibule.scim.messages import MAX_COUNT
from vestibule.scim.schema import Attribute, ResourceType, Schema
from vestibule.scim.user_schema import USER

RESOURCE_TYPES = (USER, GROUP)
_SPC = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
_RESOURCE_TYPE = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Schema"


def service_provider_config(base: str, max_body: int) -> dict[str, Any]:
    """What this server can do. `base` is the connection's SCIM base URL, `max_body` in bytes."""
    return {
        "schemas": [_SPC],
        "patch": {"supported": True},
        "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": max_body},
        "filter": {"supported": True, "maxResults": MAX_COUNT},
        "changePassword": {"supported": False},
        "sort": {"supported": False},
        "etag": {"supported": True},
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


def resource_types(base: str) -> list[dict[str, Any]]:
    """All resource types."""
    return [_resource_type(each, base) for each in RESOURCE_TYPES]


def schemas(base: str) -> list[dict[str, Any]]:
    """All schemas, each once."""
    return [_schema(each, base) for kind in RESOURCE_TYPES for each in (kind.schema, *kind.extensions)]


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


def _schema(schema: Schema, base: str) -> dict[str, Any]:
    return {
        "schemas": [_SCHEMA],
        "id": schema.id,
        "name": schema.name,
        "description": schema.description,
        "attributes": [_attribute(each) for each in schema.attributes],
        "meta": {"resourceType": "Schema", "location": f"{base}/Schemas/{schema.id}"},
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
