"""The SCIM endpoints of one connection (RFC 7644 section 3): authorize, find the handler, answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from vestibule.directory import Directory
from vestibule.scim import discovery
from vestibule.scim.errors import (
    Forbidden,
    InsufficientScope,
    MethodNotAllowed,
    NotFound,
    NotImplementedHere,
    TooManyRequests,
    Unauthorized,
)
from vestibule.scim.messages import list_response, read_search
from vestibule.scim.schema import ResourceType
from vestibule.server.authorize import authenticate, require_scope
from vestibule.server.bulk import Bulk
from vestibule.server.call import Answer, Call
from vestibule.server.listing import Listing
from vestibule.server.pace import Pace
from vestibule.server.render import Renderer
from vestibule.server.resources import Handler, Resources

_DISCOVERY = ("serviceproviderconfig", "resourcetypes", "schemas")


@dataclass(frozen=True, slots=True)
class ScimEndpoints:
    """Everything below `/scim/v2/connections/{connection_id}`."""

    directory: Directory
    resources: Resources
    listing: Listing
    max_body: int
    pace: Pace

    @classmethod
    def over(cls, directory: Directory, max_body: int, pace: Pace) -> "ScimEndpoints":
        """The endpoints over a directory. `max_body` in bytes."""
        renderer = Renderer(directory)
        return cls(directory, Resources(directory, renderer), Listing(directory, renderer), max_body, pace)

    async def handle(self, call: Call) -> Answer:
        """Answer a call. Raises ScimError for every refusal."""
        now = self.directory.clock.now()
        try:
            await authenticate(call, self.directory.store, now)
        except Unauthorized:
            self.pace.fail(call, now)
            raise
        try:
            self.pace.admit(call, now)
        except TooManyRequests:
            self._name(call)
            raise
        if call.refusal is not None:
            raise call.refusal
        segments = [each for each in call.path.split("/") if each]
        head = segments[0].lower() if segments else ""
        if head in _DISCOVERY:
            return self._discovery(call, head, "/".join(segments[1:]))
        if head == "me" and len(segments) == 1:
            return await self._me(call)
        if call.token is not None and call.token.user_id is not None:
            raise Forbidden(f"This token stands for the user {call.token.user_id}; it is good for /Me only.")
        if head in ("users", "groups"):
            return await self._resource(call)
        if head == "bulk" and len(segments) == 1:
            return await self._only(call, "POST", Bulk(self._resource, self.directory.clock, self.pace))
        if head in ("", ".search") and len(segments) <= 1:
            return await self._only(call, "POST" if head else "GET", self._root)
        raise NotFound(f"There is no endpoint {call.path or '/'} below the connection's base URL {call.base}.")

    def _name(self, call: Call) -> None:
        """What a refused call is about as far as its path tells, for the log and the roll call."""
        segments = [each for each in call.path.split("/") if each]
        kind = {"users": "User", "groups": "Group"}.get(segments[0].lower()) if segments else None
        if kind is not None:
            call.resource_type = kind
            call.resource_id = segments[1] if segments[1:] and segments[1] != ".search" else None

    async def _resource(self, call: Call) -> Answer:
        """A call on `/Users`, `/Groups`, one of their resources, or their `.search`."""
        segments = [each for each in call.path.split("/") if each]
        kind = call.profile.of("User" if segments[0].lower() == "users" else "Group")
        call.resource_type = kind.name
        if len(segments) > 2:
            raise NotFound(f"There is no endpoint {call.path} below the connection's base URL {call.base}.")
        if segments[1:] == [".search"]:
            return await self._only(call, "POST", lambda each: self._search(each, kind))
        call.resource_id = segments[1] if segments[1:] else None
        handlers = self.resources.of_one(kind.name) if segments[1:] else self._all(kind)
        return await self._handled(call, handlers)

    async def _handled(self, call: Call, handlers: Mapping[str, Handler]) -> Answer:
        handler = handlers.get(call.method)
        if handler is None:
            allow = ", ".join(handlers)
            raise MethodNotAllowed(f"{call.method} is not allowed on {call.path}, only {allow}.", allow=allow)
        try:
            require_scope(call, call.resource_type or "")
        except InsufficientScope:
            call.target = await self.resources.name_of(call)
            raise
        return await handler(call)

    def _all(self, kind: ResourceType) -> dict[str, Handler]:
        async def listed(call: Call) -> Answer:
            return await self.listing.of(call, kind, call.parameters)

        create = self.resources.create_user if kind.name == "User" else self.resources.create_group
        return {"GET": listed, "POST": create}

    async def _search(self, call: Call, kind: ResourceType) -> Answer:
        """POST /Users/.search (section 3.4.3)."""
        require_scope(call, kind.name, "GET")
        return await self.listing.of(call, kind, read_search(call.json(), call.notes))

    async def _root(self, call: Call) -> Answer:
        """GET / and POST /.search (sections 3.4.2.1 and 3.4.3): users and groups, so it needs the scopes of both."""
        kinds = (call.profile.user, call.profile.group)
        for kind in kinds:
            require_scope(call, kind.name, "GET")
        parameters = call.parameters if call.method == "GET" else read_search(call.json(), call.notes)
        call.facts["root"] = True
        return await self.listing.of_all(call, kinds, parameters)

    async def _me(self, call: Call) -> Answer:
        """/Me (section 3.11): the user whom the token stands for."""
        if call.token is None or call.token.user_id is None:
            raise NotImplementedHere(
                "/Me is the user whom the token stands for, and this token is an identity provider's, not a person's."
            )
        call.resource_type, call.resource_id = "User", call.token.user_id
        if not (await self.directory.user(call.connection_id, call.token.user_id)).active:
            raise Forbidden("The user whom this token stands for is deactivated.")
        handlers = self.resources.of_one("User")
        return await self._handled(call, {method: handlers[method] for method in ("GET", "PUT", "PATCH")})

    async def _only(self, call: Call, method: str, handler: Handler) -> Answer:
        if call.method != method:
            raise MethodNotAllowed(f"{call.method} is not allowed on {call.path or '/'}, only {method}.", allow=method)
        return await handler(call)

    def _discovery(self, call: Call, head: str, name: str) -> Answer:
        if call.method != "GET":
            raise MethodNotAllowed(f"{call.method} is not allowed on {call.path}, only GET.", allow="GET")
        if "filter" in call.parameters:
            raise Forbidden("Discovery endpoints take no filter (RFC 7644 section 4).")
        if head == "serviceproviderconfig" and not name:
            return _json(discovery.service_provider_config(call.base, self.max_body))
        kinds = (call.profile.user, call.profile.group)
        listed: list[dict[str, Any]] = []
        if head != "serviceproviderconfig":
            listed = (discovery.schemas if head == "schemas" else discovery.resource_types)(kinds, call.base)
        if not name:
            return Answer(200, list_response(len(listed), [orjson.dumps(each) for each in listed], start_index=1))
        for each in listed:
            if each["id"].casefold() == name.casefold():
                return _json(each)
        raise NotFound(f"There is no {name} at {call.base}/{call.path.split('/')[1]}.")


def _json(content: dict[str, Any]) -> Answer:
    return Answer(200, orjson.dumps(content))
