"""One user or one group: made, read, replaced, changed, deleted (RFC 7644 sections 3.3 to 3.6)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from vestibule.directory import Directory
from vestibule.model import Group, JsonObject, User
from vestibule.scim.errors import NotFound, PreconditionFailed, ScimError, Uniqueness
from vestibule.scim.messages import etag, expected_version, is_unchanged, names_version
from vestibule.scim.patch import GroupChange, compile_group, read_patch
from vestibule.scim.projection import Projection
from vestibule.scim.resource import read_group, read_user
from vestibule.scim.user_patch import compile_user
from vestibule.server.call import Answer, Call
from vestibule.server.listing import read_projections
from vestibule.server.noted import note_email, note_incoming, note_members, note_written
from vestibule.server.render import KEPT_REF, Renderer, user_json, user_tag

Handler: TypeAlias = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Resources:
    """The handlers of single resources; each name is a method and a resource type."""

    directory: Directory
    renderer: Renderer

    def of_one(self, name: str) -> dict[str, Handler]:
        """The methods of `/Users/{id}` or `/Groups/{id}`."""
        if name == "User":
            return {
                "GET": self.get_user, "PUT": self.put_user, "PATCH": self.patch_user, "DELETE": self.delete_user,
            }  # fmt: skip
        return {
            "GET": self.get_group, "PUT": self.put_group, "PATCH": self.patch_group, "DELETE": self.delete_group,
        }  # fmt: skip

    async def name_of(self, call: Call) -> str | None:
        """Whom a refused request is about, for the log and the roll call; the answer does not tell it."""
        try:
            if call.resource_type == "User":
                return (await self.directory.user(call.connection_id, _id(call))).user_name
            return (await self.directory.group(call.connection_id, _id(call))).display_name
        except NotFound:
            return None

    # Users

    async def create_user(self, call: Call) -> Answer:
        """POST /Users (section 3.3)."""
        projection = read_projections(call.parameters, call.profile.user)
        document = read_user(call.json(), call.notes, active=None, kind=call.profile.user)
        projection = _with_sent(projection, document)
        call.target = document["userName"]
        note_email(call, document)
        user = await self.directory.create_user(call.connection_id, document, profile=call.profile)
        if user.origin != "scim":
            call.facts["linked"] = user.origin
        return await self._user_answer(call, 201, user, projection)

    async def get_user(self, call: Call) -> Answer:
        """GET /Users/{id} (section 3.4.1)."""
        projection = read_projections(call.parameters, call.profile.user)
        user = await self.directory.user(call.connection_id, _id(call))
        _check_match(call, user.version)
        return await self._user_answer(call, 200, user, projection)

    async def put_user(self, call: Call) -> Answer:
        """PUT /Users/{id} (section 3.5.1)."""
        projection = read_projections(call.parameters, call.profile.user)
        document = read_user(call.json(), call.notes, active=None, kind=call.profile.user)
        projection = _with_sent(projection, document)
        call.target = document["userName"]
        note_email(call, document)
        expected = await self._if_match(call)
        written = await self.directory.replace_user(
            call.connection_id, _id(call), document, expected, call.profile, _only(call)
        )
        note_written(call, written)
        return await self._user_answer(call, 200, written.user, projection)

    async def patch_user(self, call: Call) -> Answer:
        """PATCH /Users/{id} (section 3.5.2); answers 200 and the user."""
        projection = read_projections(call.parameters, call.profile.user)
        try:
            change = compile_user(read_patch(call.json(), call.notes), _id(call), call.notes, call.profile.user)
            sent = frozenset((each.path.uri, each.path.attribute.name) for each in change.actions)
            projection = replace(projection, sent=sent)
            expected = await self._if_match(call)
            written = await self.directory.patch_user(
                call.connection_id, _id(call), change, expected, call.profile, _only(call)
            )
        except ScimError:
            call.target = await self.name_of(call)
            raise
        note_written(call, written)
        return await self._user_answer(call, 200, written.user, projection)

    async def delete_user(self, call: Call) -> Answer:
        """DELETE /Users/{id} (section 3.6)."""
        expected = await self._if_match(call)
        user = await self.directory.delete_user(call.connection_id, _id(call), expected, call.profile)
        call.target = user.user_name
        return Answer(204)

    async def _user_answer(self, call: Call, status: int, user: User, projection: Projection) -> Answer:
        call.resource_id = user.id
        call.target = user.user_name
        if call.method != "GET" and '"manager":{"value":' in user.document and KEPT_REF not in user.document:
            call.facts["manager_parked"] = True
        groups = (await self.renderer.groups_of(call, (user,), projection)).get(user.id, ())
        tag = user_tag(user, groups)
        if call.method == "GET" and is_unchanged(call.headers.get("if-none-match"), tag):
            return Answer(304, headers=(("ETag", tag),))
        body = user_json(user, groups, call.base, projection)
        return Answer(status, body, _resource_headers(f"{call.base}/Users/{user.id}", tag))

    # Groups

    async def create_group(self, call: Call) -> Answer:
        """POST /Groups (section 3.3)."""
        projection = read_projections(call.parameters, call.profile.group)
        draft = read_group(call.json(), call.notes)
        call.target = draft.display_name
        try:
            done = await self.directory.create_group(call.connection_id, draft, profile=call.profile)
        except Uniqueness as refusal:
            note_incoming(refusal, draft)
            raise
        note_members(call, done)
        return await self._group_answer(call, 201, done.group, projection)

    async def get_group(self, call: Call) -> Answer:
        """GET /Groups/{id} (section 3.4.1)."""
        projection = read_projections(call.parameters, call.profile.group)
        group = await self.directory.group(call.connection_id, _id(call))
        _check_match(call, group.version)
        if is_unchanged(call.headers.get("if-none-match"), etag(group.version)):
            return Answer(304, headers=(("ETag", etag(group.version)),))
        return await self._group_answer(call, 200, group, projection)

    async def put_group(self, call: Call) -> Answer:
        """PUT /Groups/{id} (section 3.5.1): the members named are the members; who says nothing of them keeps them."""
        projection = read_projections(call.parameters, call.profile.group)
        draft = read_group(call.json(), call.notes)
        change = GroupChange(
            add=frozenset(draft.members),
            clear=draft.names_members,
            display_name=draft.display_name,
            external_id=draft.external_id or "",
        )
        group = await self._change_group(call, change)
        return await self._group_answer(call, 200, group, projection)

    async def patch_group(self, call: Call) -> Answer:
        """PATCH /Groups/{id} (section 3.5.2): 204, or 200 when `attributes` are asked for."""
        projection = read_projections(call.parameters, call.profile.group)
        try:
            change = compile_group(read_patch(call.json(), call.notes), _id(call), call.notes)
            group = await self._change_group(call, change)
        except ScimError:
            call.target = await self.name_of(call)
            raise
        call.target = group.display_name
        if projection.only is None:
            return Answer(204, headers=(("ETag", etag(group.version)),))
        return await self._group_answer(call, 200, group, projection)

    async def delete_group(self, call: Call) -> Answer:
        """DELETE /Groups/{id} (section 3.6)."""
        call.target = await self.name_of(call)
        await self.directory.delete_group(call.connection_id, _id(call), await self._if_match(call), call.profile)
        return Answer(204)

    async def _change_group(self, call: Call, change: GroupChange) -> Group:
        expected = await self._if_match(call)
        done = await self.directory.change_group(call.connection_id, _id(call), change, expected, call.profile)
        call.facts.update(
            changed=done.changed,
            joined=len(done.joined),
            left=len(done.left),
            already=done.already,
            absent=done.absent,
        )
        note_members(call, done)
        return done.group

    async def _group_answer(self, call: Call, status: int, group: Group, projection: Projection) -> Answer:
        call.resource_id = group.id
        call.target = group.display_name
        body = (await self.renderer.groups(call, (group,), projection))[0]
        return Answer(status, body, _resource_headers(f"{call.base}/Groups/{group.id}", etag(group.version)))

    async def _if_match(self, call: Call) -> int | None:
        """The version that the write is for. Raises PreconditionFailed (RFC 9110 sections 13.1.1 and 13.1.2)."""
        tags, others = call.headers.get("if-match"), call.headers.get("if-none-match")
        if others is None and (tags is None or "," not in tags):
            return expected_version(tags)
        read = self.directory.user if call.resource_type == "User" else self.directory.group
        present = (await read(call.connection_id, _id(call))).version
        if names_version(others, present):
            raise PreconditionFailed(f"If-None-Match {(others or '')[:60]!r} names the present version.")
        return expected_version(tags, present)


def _with_sent(projection: Projection, document: JsonObject) -> Projection:
    """Show what is returned on request where the client has just sent it (RFC 7643 section 7)."""
    uris = (each.id for each in projection.resource_type.extensions)
    return replace(projection, sent=frozenset((uri, name) for uri in uris for name in document.get(uri, {})))


def _check_match(call: Call, version: int) -> None:
    """Raise PreconditionFailed when a GET is for another version only."""
    expected = expected_version(call.headers.get("if-match"), version)
    if expected not in (None, version):
        raise PreconditionFailed(f"If-Match names version {expected}, the present one is {version}.")


SELF_SERVICE = frozenset(
    {"name", "displayName", "nickName", "profileUrl", "preferredLanguage", "locale", "timezone", "phoneNumbers", "ims",
     "photos", "addresses"}
)  # fmt: skip
"""What people may change of themselves by way of /Me: nothing that says who they are or what they may do."""


def _only(call: Call) -> frozenset[str] | None:
    return SELF_SERVICE if call.token is not None and call.token.user_id is not None else None


def _resource_headers(location: str, tag: str) -> tuple[tuple[str, str], ...]:
    return (("Location", location), ("ETag", tag))


def _id(call: Call) -> str:
    return call.resource_id or ""
