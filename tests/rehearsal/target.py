"""A small SCIM target in memory, written apart from both engine and server."""

import asyncio
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

from vestibule.entra.tenant import Tenant
from vestibule.rehearsal import Rehearsal, Target, rehearse

URN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


class Killed(BaseException):
    """The process dies."""


class Ticking:
    """A clock that goes a millisecond further at each look."""

    def __init__(self, start: int = 1_790_000_000_000_000) -> None:
        self.time = start

    def now(self) -> int:
        self.time += 1_000
        return self.time


class FakeTarget:
    """Users as flat dictionaries of path to value, groups with a set of member ids."""

    def __init__(self) -> None:
        self.users: dict[str, dict[str, Any]] = {}
        self.groups: dict[str, dict[str, Any]] = {}
        self.scopes = {"users", "groups"}
        self.seen: list[httpx2.Request] = []
        self.hook: Callable[[httpx2.Request], httpx2.Response | None] = lambda request: None
        self.after: Callable[[httpx2.Request], None] = lambda request: None
        self.ids = 0

    def engine_requests(self) -> list[str]:
        return [f"{r.method} {r.url.path}" for r in self.seen if "user-agent" not in r.headers]

    def add_user(self, user_name: str, **more: Any) -> str:
        self.ids += 1
        self.users[f"u{self.ids}"] = {"userName": user_name, "active": True} | more
        return f"u{self.ids}"

    def add_group(self, name: str, members: set[str] | None = None) -> str:
        self.ids += 1
        self.groups[f"g{self.ids}"] = {"displayName": name, "members": set(members or ())}
        return f"g{self.ids}"

    def transport(self) -> httpx2.AsyncBaseTransport:
        return httpx2.MockTransport(self.handle)

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        self.seen.append(request)
        answer = self.hook(request) or self.answer(request)
        self.after(request)
        return answer

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        parts = urlsplit(str(request.url))
        _, kind, *rest = parts.path.removeprefix("/scim/v2").split("/")
        if kind.lower() not in self.scopes:
            return error(403, "Insufficient scope", need=[{"selection": [f"get:{kind.lower()}"]}])
        things = self.users if kind == "Users" else self.groups
        query = {k: v[0] for k, v in parse_qs(parts.query).items()}
        if not rest:
            body = json.loads(request.content) if request.content else {}
            return self.create(kind, body) if request.method == "POST" else self.search(kind, query)
        if rest[0] not in things:
            return error(404, "no such thing")
        if request.method == "DELETE":
            del things[rest[0]]
            for group in self.groups.values():
                group["members"].discard(rest[0])
            return httpx2.Response(204)
        if request.method == "PATCH":
            for op in json.loads(request.content)["Operations"]:
                self.patch(things[rest[0]], op)
            return httpx2.Response(204)
        return httpx2.Response(200, json=self.show(kind, rest[0], query))

    def create(self, kind: str, body: dict[str, Any]) -> httpx2.Response:
        flat = flatten(body)
        key = "userName" if kind == "Users" else "displayName"
        things = self.users if kind == "Users" else self.groups
        if any(each[key].casefold() == flat[key].casefold() for each in things.values()):
            return error(409, "taken", scimType="uniqueness")
        self.ids += 1
        ident = f"{kind[0].lower()}{self.ids}"
        things[ident] = flat if kind == "Users" else flat | {"members": set()}
        return httpx2.Response(201, json=self.show(kind, ident, {}))

    def search(self, kind: str, query: dict[str, str]) -> httpx2.Response:
        wanted = {k: json.loads(v) for k, v in re.findall(r'(\w+) eq ("(?:[^"\\]|\\.)*")', query["filter"])}
        wanted = {f"{URN}:manager" if k == "manager" else k: v for k, v in wanted.items()}
        things = self.users if kind == "Users" else self.groups
        found = [
            self.show(kind, ident, query)
            for ident, each in things.items()
            if all(str((each | {"id": ident}).get(k, "")).casefold() == v.casefold() for k, v in wanted.items())
        ]
        return httpx2.Response(200, json={"totalResults": len(found), "Resources": found})

    def patch(self, thing: dict[str, Any], op: dict[str, Any]) -> None:
        what, path, value = op["op"].lower(), op.get("path"), op.get("value", {})
        if path is None:
            thing.update(value)
        elif path.startswith("members"):
            ids = re.findall(r'value eq "(.*)"', path) or [each["value"] for each in value]
            if any(each not in self.users for each in ids):
                raise AssertionError(f"unknown member in {ids}")
            (thing["members"].difference_update if what == "remove" else thing["members"].update)(ids)
        elif what == "remove":
            thing.pop(path, None)
        else:
            thing[path] = value == "True" if path == "active" and isinstance(value, str) else value

    def show(self, kind: str, ident: str, query: dict[str, str]) -> dict[str, Any]:
        if kind == "Groups":
            group = dict(self.groups[ident], id=ident)
            members = [{"value": each} for each in sorted(group.pop("members"))]
            return group if query.get("excludedAttributes") == "members" else group | {"members": members}
        shown: dict[str, Any] = {"id": ident}
        for path, value in self.users[ident].items():
            urn, _, rest = path.rpartition(":")
            holder = shown.setdefault(urn, {}) if urn else shown
            if found := re.fullmatch(r'(\w+)\[type eq "(\w+)"\]\.(\w+)', rest):
                elements = holder.setdefault(found[1], [])
                element = next((e for e in elements if e["type"] == found[2]), None)
                if element is None:
                    elements.append(element := {"type": found[2]})
                element[found[3]] = value
            elif "." in rest:
                name, sub = rest.split(".")
                holder.setdefault(name, {})[sub] = value
            else:
                holder[rest] = value
        return shown


def flatten(body: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in body.items():
        if key in ("schemas", "meta", "roles"):
            continue
        if isinstance(value, list):
            for each in value:
                flat |= {
                    f'{key}[type eq "{each["type"]}"].{s}': v for s, v in each.items() if s not in ("type", "primary")
                }
        elif isinstance(value, dict):
            flat |= {f"{key}{':' if ':' in key else '.'}{sub}": v for sub, v in value.items()}
        else:
            flat[key] = value
    return flat


def error(status: int, detail: str, **more: Any) -> httpx2.Response:
    return httpx2.Response(status, json={"status": str(status), "detail": detail} | more)


def run(tenant: Tenant, target: FakeTarget, state: str | None = None, mode: str = "", **more: Any) -> Rehearsal:
    """One rehearsal against the fake."""
    where = Target("https://app.example/scim/v2" + mode, "secret", batch=more.pop("batch", 100))
    more.setdefault("clock", Ticking())
    return asyncio.run(rehearse(tenant, where, state, transport=target.transport(), **more))
