"""The SCIM endpoints of one connection (RFC 7644 section 3): authorize, read, act, answer."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import unquote

import orjson

from vestibule.directory import Directory
from vestibule.model import Group, User
from vestibule.scim import discovery
from vestibule.scim.errors import Forbidden, InsufficientScope, MethodNotAllowed, NotFound, NotImplementedHere
from vestibule.scim.evaluate import sought_name
from vestibule.scim.filter_ast import Filter
from vestibule.scim.group_schema import GROUP
from vestibule.scim.messages import etag, expected_version, list_response, read_list_query
from vestibule.scim.patch import GroupChange, compile_group, read_patch
from vestibule.scim.path import parse_filter
from vestibule.scim.projection import Projection, read_projection
from vestibule.scim.resource import read_group, read_user
from vestibule.scim.schema import ResourceType
from vestibule.scim.user_patch import compile_user
from vestibule.scim.user_schema import USER
from vestibule.server.authorize import authenticate, require_scope
from vestibule.server.call import Answer, Call
from vestibule.server.render import group_json, user_json

Handler: TypeAlias = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class ScimEndpoints:
    """Everything below `/scim/v2/connections/{connection_id}`."""

    directory: Directory
    max_body: int

    async def handle(self, call: Call) -> Answer:
        """Answer a call. Raises ScimError for every refusal."""
        await authenticate(call, self.directory.store, self.directory.clock)
        segments = [unquote(each) for each in call.path.split("/") if each]
        head = segments[0].lower() if segments else ""
        if head in ("users", "groups") and len(segments) <= 2 and segments[-1] != ".search":
            return await self._resource(call, USER if head == "users" else GROUP, segments[1:])
        if head in ("serviceproviderconfig", "resourcetypes", "schemas"):
            return self._discovery(call, head, "/".join(segments[1:]))
        if head in ("bulk", "me") or ".search" in segments[-1:]:
            raise NotImplementedHere(f"This server does not have {call.path}.")
        raise NotFound(f"There is no endpoint {call.path or '/'} below the connection's base URL {call.base}.")

    async def _resource(self, call: Call, kind: ResourceType, rest: list[str]) -> Answer:
        call.resource_type = kind.name
        call.resource_id = rest[0] if rest else None
        handlers = (self._one if rest else self._all)(kind)
        handler = handlers.get(call.method)
        if handler is None:
            allow = ", ".join(handlers)
            raise MethodNotAllowed(f"{call.method} is not allowed on {call.path}, only {allow}.", allow=allow)
        try:
            require_scope(call, kind.name)
        except InsufficientScope:
            call.target = await self._name_of(call, kind)
            raise
        return await handler(call)

    async def _name_of(self, call: Call, kind: ResourceType) -> str | None:
        """Whom a refused request is about, for the log and the roll call; the answer does not tell it."""
        if call.resource_id is None:
            return None
        try:
            if kind is USER:
                return (await self.directory.user(call.connection_id, call.resource_id)).user_name
            return (await self.directory.group(call.connection_id, call.resource_id)).display_name
        except NotFound:
            return None

    def _all(self, kind: ResourceType) -> dict[str, Handler]:
        if kind is USER:
            return {"GET": self.list_users, "POST": self.create_user}
        return {"GET": self.list_groups, "POST": self.create_group}

    def _one(self, kind: ResourceType) -> dict[str, Handler]:
        if kind is USER:
            return {
                "GET": self.get_user, "PUT": self.put_user, "PATCH": self.patch_user, "DELETE": self.delete_user,
            }  # fmt: skip
        return {
            "GET": self.get_group, "PUT": self.put_group, "PATCH": self.patch_group, "DELETE": self.delete_group,
        }  # fmt: skip

    # Users

    async def list_users(self, call: Call) -> Answer:
        """GET /Users (RFC 7644 section 3.4.2)."""
        projection = _projection(call, USER)
        query = read_list_query(call.parameters)
        where = _filter(call, USER, query.filter)
        page = await self.directory.users(call.connection_id, where, query.start_index, query.count)
        call.facts["total"] = page.total
        shown = await self._users_json(call, page.items, projection)
        return Answer(200, list_response(page.total, query.start_index, shown))

    async def create_user(self, call: Call) -> Answer:
        """POST /Users (section 3.3)."""
        projection = _projection(call, USER)
        document = read_user(call.json(), call.notes)
        call.target = document["userName"]
        user = await self.directory.create_user(call.connection_id, document)
        return await self._user_answer(call, 201, user, projection)

    async def get_user(self, call: Call) -> Answer:
        """GET /Users/{id} (section 3.4.1)."""
        projection = _projection(call, USER)
        user = await self.directory.user(call.connection_id, _id(call))
        if call.headers.get("if-none-match") in (etag(user.version), "*"):
            return Answer(304, headers=(("ETag", etag(user.version)),))
        return await self._user_answer(call, 200, user, projection)

    async def put_user(self, call: Call) -> Answer:
        """PUT /Users/{id} (section 3.5.1)."""
        projection = _projection(call, USER)
        document = read_user(call.json(), call.notes, active=None)
        call.target = document["userName"]
        before = await self.directory.user(call.connection_id, _id(call))
        user = await self.directory.replace_user(call.connection_id, before.id, document, _if_match(call))
        call.facts["changed"] = user.version != before.version
        return await self._user_answer(call, 200, user, projection)

    async def patch_user(self, call: Call) -> Answer:
        """PATCH /Users/{id} (section 3.5.2); answers 200 and the user."""
        projection = _projection(call, USER)
        change = compile_user(read_patch(call.json(), call.notes), _id(call), call.notes)
        before = await self.directory.user(call.connection_id, _id(call))
        call.target = before.user_name
        user = await self.directory.patch_user(call.connection_id, before.id, change, _if_match(call))
        call.facts["changed"] = user.version != before.version
        return await self._user_answer(call, 200, user, projection)

    async def delete_user(self, call: Call) -> Answer:
        """DELETE /Users/{id} (section 3.6)."""
        await self.directory.delete_user(call.connection_id, _id(call), _if_match(call))
        return Answer(204)

    async def _user_answer(self, call: Call, status: int, user: User, projection: Projection) -> Answer:
        call.resource_id = user.id
        call.target = user.user_name
        body = (await self._users_json(call, (user,), projection))[0]
        return Answer(status, body, _resource_headers(f"{call.base}/Users/{user.id}", user.version))

    async def _users_json(self, call: Call, users: tuple[User, ...], projection: Projection) -> list[bytes]:
        shown = users if projection.wants("groups") else ()
        groups = await self.directory.groups_of(call.connection_id, shown)
        return [user_json(user, groups.get(user.id, ()), call.base, projection) for user in users]

    # Groups

    async def list_groups(self, call: Call) -> Answer:
        """GET /Groups (section 3.4.2); members are read only when they will be shown."""
        projection = _projection(call, GROUP)
        query = read_list_query(call.parameters)
        where = _filter(call, GROUP, query.filter)
        page = await self.directory.groups(call.connection_id, where, query.start_index, query.count)
        call.facts["total"] = page.total
        shown = await self._groups_json(call, page.items, projection)
        return Answer(200, list_response(page.total, query.start_index, shown))

    async def create_group(self, call: Call) -> Answer:
        """POST /Groups (section 3.3)."""
        projection = _projection(call, GROUP)
        draft = read_group(call.json(), call.notes)
        call.target = draft.display_name
        group = await self.directory.create_group(call.connection_id, draft)
        return await self._group_answer(call, 201, group, projection)

    async def get_group(self, call: Call) -> Answer:
        """GET /Groups/{id} (section 3.4.1)."""
        projection = _projection(call, GROUP)
        group = await self.directory.group(call.connection_id, _id(call))
        if call.headers.get("if-none-match") in (etag(group.version), "*"):
            return Answer(304, headers=(("ETag", etag(group.version)),))
        return await self._group_answer(call, 200, group, projection)

    async def put_group(self, call: Call) -> Answer:
        """PUT /Groups/{id} (section 3.5.1): the members named are the members."""
        projection = _projection(call, GROUP)
        draft = read_group(call.json(), call.notes)
        change = GroupChange(
            add=frozenset(draft.members),
            clear=True,
            display_name=draft.display_name,
            external_id=draft.external_id or "",
        )
        group = await self._change_group(call, change)
        return await self._group_answer(call, 200, group, projection)

    async def patch_group(self, call: Call) -> Answer:
        """PATCH /Groups/{id} (section 3.5.2): 204, or 200 when `attributes` are asked for."""
        projection = _projection(call, GROUP)
        change = compile_group(read_patch(call.json(), call.notes), _id(call), call.notes)
        group = await self._change_group(call, change)
        if projection.only is None:
            return Answer(204, headers=(("ETag", etag(group.version)),))
        return await self._group_answer(call, 200, group, projection)

    async def delete_group(self, call: Call) -> Answer:
        """DELETE /Groups/{id} (section 3.6)."""
        await self.directory.delete_group(call.connection_id, _id(call), _if_match(call))
        return Answer(204)

    async def _change_group(self, call: Call, change: GroupChange) -> Group:
        done = await self.directory.change_group(call.connection_id, _id(call), change, _if_match(call))
        call.target = done.group.display_name
        call.facts.update(
            changed=done.changed,
            joined=len(done.joined),
            left=len(done.left),
            already=done.already,
            absent=done.absent,
        )
        return done.group

    async def _group_answer(self, call: Call, status: int, group: Group, projection: Projection) -> Answer:
        call.resource_id = group.id
        call.target = group.display_name
        body = (await self._groups_json(call, (group,), projection))[0]
        return Answer(status, body, _resource_headers(f"{call.base}/Groups/{group.id}", group.version))

    async def _groups_json(self, call: Call, groups: tuple[Group, ...], projection: Projection) -> list[bytes]:
        shown = groups if projection.wants("members") else ()
        members = await self.directory.members_of(call.connection_id, shown)
        return [group_json(group, members.get(group.id, ()), call.base, projection) for group in groups]

    # Discovery

    def _discovery(self, call: Call, head: str, name: str) -> Answer:
        if call.method != "GET":
            raise MethodNotAllowed(f"{call.method} is not allowed on {call.path}, only GET.", allow="GET")
        if call.parameters.get("filter"):
            raise Forbidden("Discovery endpoints take no filter (RFC 7644 section 4).")
        if head == "serviceproviderconfig":
            return _json(discovery.service_provider_config(call.base, self.max_body))
        listed = discovery.schemas(call.base) if head == "schemas" else discovery.resource_types(call.base)
        if not name:
            return Answer(200, list_response(len(listed), 1, [orjson.dumps(each) for each in listed]))
        for each in listed:
            if each["id"].casefold() == name.casefold():
                return _json(each)
        raise NotFound(f"There is no {name} among the {'schemas' if head == 'schemas' else 'resource types'}.")


def _json(content: dict[str, Any]) -> Answer:
    return Answer(200, orjson.dumps(content))


def _resource_headers(location: str, version: int) -> tuple[tuple[str, str], ...]:
    return (("Location", location), ("ETag", etag(version)))


def _projection(call: Call, kind: ResourceType) -> Projection:
    return read_projection(call.parameters.get("attributes"), call.parameters.get("excludedAttributes"), kind)


def _filter(call: Call, kind: ResourceType, text: str | None) -> Filter | None:
    if text is None:
        return None
    where = parse_filter(text, kind)
    call.target = sought_name(where, "userName" if kind is USER else "displayName")
    return where


def _id(call: Call) -> str:
    return call.resource_id or ""


def _if_match(call: Call) -> int | None:
    return expected_version(call.headers.get("if-match"))
