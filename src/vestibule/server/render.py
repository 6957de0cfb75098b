"""Users and groups as the JSON that SCIM shows (RFC 7643 section 3)."""

from collections.abc import Sequence

import orjson

from vestibule.clock import rfc3339
from vestibule.model import Group, GroupRef, JsonObject, Member, User
from vestibule.scim.group_schema import GROUP_SCHEMA
from vestibule.scim.messages import etag
from vestibule.scim.projection import Projection


def user_json(user: User, groups: Sequence[GroupRef], base: str, projection: Projection) -> bytes:
    """A user; the stored text is spliced in unparsed unless a projection was asked for."""
    added: JsonObject = {"id": user.id}
    if groups:
        added["groups"] = [
            {"value": each.id, "$ref": f"{base}/Groups/{each.id}", "display": each.display_name, "type": "direct"}
            for each in groups
        ]
    added["meta"] = _meta("User", user, f"{base}/Users/{user.id}")
    if projection.is_default:
        return user.document.encode()[:-1] + b"," + orjson.dumps(added)[1:]
    return orjson.dumps(projection.apply(orjson.loads(user.document) | added))


def group_json(group: Group, members: Sequence[Member], base: str, projection: Projection) -> bytes:
    """A group with the members that were loaded for it."""
    shown: JsonObject = {
        "schemas": [GROUP_SCHEMA.id],
        "id": group.id,
        "displayName": group.display_name,
        "meta": _meta("Group", group, f"{base}/Groups/{group.id}"),
    }
    if group.external_id is not None:
        shown["externalId"] = group.external_id
    if members:
        shown["members"] = [
            {"value": each.user_id, "$ref": f"{base}/Users/{each.user_id}", "type": "User"} for each in members
        ]
    return orjson.dumps(projection.apply(shown))


def _meta(kind: str, resource: User | Group, location: str) -> JsonObject:
    return {
        "resourceType": kind,
        "created": rfc3339(resource.created_at),
        "lastModified": rfc3339(resource.updated_at),
        "location": location,
        "version": etag(resource.version),
    }
