"""A SCIM server that is not ours, small and written apart, with the oddities of real ones as switches."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


@dataclass
class Foreign:
    """Every switch is off in a server that does as the standard says."""

    no_patch: int = 0
    no_filters: bool = False
    filters_refused: bool = False
    missing_404: bool = False
    soft_delete: bool = False
    delete_answer: int = 204
    create_answer: int = 201
    no_id: bool = False
    members_at_creation_refused: bool = False
    members_always_shown: bool = False
    forgets_to_add: bool = False
    forgets_to_remove: bool = False
    forgets_to_deactivate: bool = False
    no_groups: bool = False
    no_discovery: bool = False
    no_delete: bool = False
    names_hidden: bool = False
    id_is_number: bool = False
    members_never_shown: bool = False
    forgets: tuple[str, ...] = ()
    media_type: str = "application/scim+json"
    before: Callable[[httpx2.Request], httpx2.Response | None] = lambda request: None
    after: Callable[[httpx2.Request], None] = lambda request: None
    things: dict[str, dict[str, dict[str, Any]]] = field(default_factory=lambda: {"Users": {}, "Groups": {}})
    gone: set[str] = field(default_factory=set)
    seen: list[httpx2.Request] = field(default_factory=list)
    made: int = 0

    def left(self) -> list[str]:
        """What is there and not deleted."""
        return [ident for kind in self.things.values() for ident in kind if ident not in self.gone]

    def asked(self) -> list[str]:
        return [f"{each.method} {urlsplit(str(each.url)).path.removeprefix('/scim/v2')}" for each in self.seen]

    def transport(self) -> httpx2.AsyncBaseTransport:
        return httpx2.MockTransport(self.handle)

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        self.seen.append(request)
        answer = self.before(request) or self._answer(request)
        self.after(request)
        return answer

    def _json(self, status: int, body: Any) -> httpx2.Response:
        return httpx2.Response(status, json=body, headers={"content-type": self.media_type})

    def _error(self, status: int, detail: str, **more: Any) -> httpx2.Response:
        return self._json(status, {"schemas": [ERROR], "status": str(status), "detail": detail, **more})

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        parts = urlsplit(str(request.url))
        kind, _, ident = parts.path.removeprefix("/scim/v2/").partition("/")
        if kind not in self.things:
            return self._error(404, "no such endpoint") if self.no_discovery else self._json(200, {"schemas": ["x"]})
        if kind == "Groups" and self.no_groups:
            return self._error(404, "no such endpoint")
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        body = json.loads(request.content) if request.content else {}
        if not ident:
            return self._create(kind, body) if request.method == "POST" else self._list(kind, query)
        return self._one(request.method, kind, ident, query, body)

    def _list(self, kind: str, query: dict[str, str]) -> httpx2.Response:
        if self.filters_refused:
            return self._error(400, "filters are not supported", scimType="invalidFilter")
        found = dict(self.things[kind])
        if not self.no_filters:
            name, how, wanted = re.fullmatch(r'(\w+) (eq|sw) "(.*)"', query["filter"]).groups()  # type: ignore[union-attr]
            fits = str.startswith if how == "sw" else str.__eq__
            found = {i: each for i, each in found.items() if fits(each.get(name, ""), wanted) and i not in self.gone}
        if not found and self.missing_404:
            return self._error(404, "nobody matches")
        shown = [self._shown(kind, ident, query) for ident in found]
        return self._json(200, {"schemas": [LIST], "totalResults": len(shown), "Resources": shown})

    def _create(self, kind: str, body: dict[str, Any]) -> httpx2.Response:
        if body.get("members") and self.members_at_creation_refused:
            return self._error(400, "members cannot be set at creation")
        self.made += 1
        ident = str(self.made) if self.id_is_number else f"{kind[0].lower()}{self.made}"
        self.things[kind][ident] = {"members": [], **body} if kind == "Groups" else body
        shown = self._shown(kind, ident, {})
        return self._json(self.create_answer, {"ok": True} if self.no_id else shown)

    def _one(self, method: str, kind: str, ident: str, query: dict[str, str], body: Any) -> httpx2.Response:
        if method == "PATCH" and self.no_patch:
            return self._error(self.no_patch, "no PATCH here")
        if method == "DELETE" and self.no_delete:
            return self._error(405, "no DELETE here")
        if ident not in self.things[kind] or (ident in self.gone and not self.soft_delete):
            return self._error(404, "no such thing")
        if method == "DELETE":
            self.gone.add(ident)
            return httpx2.Response(self.delete_answer)
        if method == "PATCH":
            for operation in body["Operations"]:
                self._patch(self.things[kind][ident], operation)
        return self._json(200, self._shown(kind, ident, query))

    def _patch(self, thing: dict[str, Any], operation: dict[str, Any]) -> None:
        what, path, value = operation["op"].lower(), operation.get("path"), operation.get("value", [])
        if path is None:
            for name, each in value.items():
                self._put(thing, name, each)
        elif path == "active":
            if not self.forgets_to_deactivate:
                thing["active"] = str(value).lower() == "true"
        elif path.startswith("members"):
            ids = re.findall(r'value eq "(.*)"', path) or [each["value"] for each in value]
            if what == "remove" and not self.forgets_to_remove:
                thing["members"] = [each for each in thing["members"] if each["value"] not in ids]
            elif what == "add" and not self.forgets_to_add:
                thing["members"] += [{"value": each} for each in ids]
        else:
            self._put(thing, path, value)

    def _put(self, thing: dict[str, Any], path: str, value: Any) -> None:
        if path in self.forgets:
            return
        outer, _, inner = path.rpartition(".")
        (thing.setdefault(outer, {}) if outer else thing)[inner] = value

    def _shown(self, kind: str, ident: str, query: dict[str, str]) -> dict[str, Any]:
        if self.names_hidden:
            return {"id": ident}
        shown = {**self.things[kind][ident], "id": int(ident) if self.id_is_number else ident}
        if kind == "Groups" and self.members_never_shown:
            shown["members"] = []
        if query.get("excludedAttributes") == "members" and not self.members_always_shown:
            shown.pop("members", None)
        return shown
