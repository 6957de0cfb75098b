"""Users and groups as the JSON that SCIM shows (RFC 7643 section 3), with what has to be read for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

from vestibule.clock import rfc3339
from vestibule.directory import Directory
from vestibule.model import Group, GroupRef, JsonObject, User
from vestibule.scim.group_schema import GROUP_SCHEMA
from vestibule.scim.messages import etag
from vestibule.scim.projection import Projection
from vestibule.server.call import Call

KEPT_REF = '"$ref":"../Users/'
"""How `manager.$ref` is kept, so that it outlives a change of the server's address."""


@dataclass(frozen=True, slots=True)
class Renderer:
    """Resources of a connection as JSON text. Memberships are read only when they will be shown."""

    directory: Directory

    async def users(self, call: Call, users: tuple[User, ...], projection: Projection) -> list[bytes]:
        """Users, each as a JSON object."""
        groups = await self.groups_of(call, users, projection)
        return [user_json(user, groups.get(user.id, ()), call.base, projection) for user in users]

    async def groups_of(
        self, call: Call, users: tuple[User, ...], projection: Projection
    ) -> Mapping[str, Sequence[GroupRef]]:
        """The groups that will be shown with each user."""
        return await self.directory.groups_of(call.connection_id, users if projection.wants("groups") else ())

    async def groups(self, call: Call, groups: tuple[Group, ...], projection: Projection) -> list[bytes]:
        """Groups, each as a JSON object; groups within them where the connection accepts them."""
        shown = groups if projection.wants("members") else ()
        members = await self.directory.member_ids_of(call.connection_id, shown)
        accepts = call.profile.nested_groups == "accept"
        nested = await self.directory.nested_of(call.connection_id, shown if accepts else ())
        return [
            group_json(group, members.get(group.id, ()), nested.get(group.id, ()), call.base, projection)
            for group in groups
        ]


def user_json(user: User, groups: Sequence[GroupRef], base: str, projection: Projection) -> bytes:
    """A user; the stored text is spliced in unparsed unless a projection was asked for."""
    # As JSON text this can only be the key and the begin of its value; kept relative, shown whole.
    document = user.document.replace(KEPT_REF, f'"$ref":"{base}/Users/')
    shown = f',"groups":{orjson.dumps(_groups(groups, base)).decode()}' if groups else ""
    meta = _user_meta(user, f"{base}/Users/{user.id}", user_tag(user, groups))
    whole = f'{document[:-1]},"id":"{user.id}"{shown},"meta":{meta}}}'
    if projection.is_default:
        return whole.encode()
    return orjson.dumps(projection.apply(orjson.loads(whole)))


def _groups(groups: Sequence[GroupRef], base: str) -> list[JsonObject]:
    return [
        {"value": each.id, "$ref": f"{base}/Groups/{each.id}", "display": each.display_name, "type": "direct"}
        for each in groups
    ]


def group_json(
    group: Group, members: Sequence[str], nested: Sequence[GroupRef], base: str, projection: Projection
) -> bytes:
    """A group with the members and the groups within it that were loaded for it."""
    shown: JsonObject = {
        "schemas": [GROUP_SCHEMA.id],
        "id": group.id,
        "displayName": group.display_name,
        "meta": _group_meta(group, f"{base}/Groups/{group.id}"),
    }
    if group.external_id is not None:
        shown["externalId"] = group.external_id
    if not (members or nested):
        return orjson.dumps(projection.apply(shown))
    # Spliced, as there may be very many of them; an id has nothing that would have to be escaped.
    listed = _members(members, "User", base) + _members([each.id for each in nested], "Group", base)
    whole = orjson.dumps(shown)[:-1] + f',"members":[{",".join(listed)}]}}'.encode()
    return whole if projection.is_default else orjson.dumps(projection.apply(orjson.loads(whole)))


def _members(ids: Sequence[str], kind: str, base: str) -> list[str]:
    at = orjson.dumps(f"{base}/{kind}s/").decode()[:-1]
    return [f'{{"value":"{each}","$ref":{at}{each}","type":"{kind}"}}' for each in ids]


def user_tag(user: User, groups: Sequence[GroupRef]) -> str:
    """The tag of a user as it is shown with these groups."""
    return etag(user.version, [f"{each.id} {each.display_name}" for each in groups])


def _group_meta(group: Group, location: str) -> JsonObject:
    return {
        "resourceType": "Group",
        "created": rfc3339(group.created_at),
        "lastModified": rfc3339(group.updated_at),
        "location": location,
        "version": etag(group.version),
    }


def _user_meta(user: User, location: str, tag: str) -> str:
    """The same as JSON text, as a list shows many of them. Only the tag's quotation marks have to be escaped."""
    created, changed = rfc3339(user.created_at), rfc3339(user.updated_at)
    version = tag.replace('"', '\\"')
    return (
        f'{{"resourceType":"User","created":"{created}","lastModified":"{changed}",'
        f'"location":"{location}","version":"{version}"}}'
    )
