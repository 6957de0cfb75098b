"""The roll call over SCIM: who should be in each group, who is, and why not.

The engine itself never reads members back (reference 2.3), so these are requests of Vestibule's own.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from vestibule.entra import answers, wire
from vestibule.entra.answers import Answer, Found, Listed, Trouble
from vestibule.entra.graph import Tenant, TenantGroup, TenantUser
from vestibule.entra.memory import Memory
from vestibule.entra.wire import JsonObject, Request
from vestibule.rehearsal.drive import Line, Watch

USER_AGENT = "Vestibule-Rehearsal/0.1"
_STRANGERS = 200
"""So many members that the engine does not know are looked up by name; the rest are shown by id."""


class RollCall:
    """One roll call. `reasons` holds the last failure of each source object in this run."""

    def __init__(self, tenant: Tenant, memory: Memory, reasons: Mapping[str, str], line: Line) -> None:
        self.users = {each.id: each for each in tenant.users}
        scope = tenant.groups_in_scope()
        self.groups = [each for each in tenant.groups if each.id in scope]
        self.names = {each.id: each.display_name for each in tenant.groups}
        self.in_scope = tenant.users_in_scope()
        self.memory = memory
        self.reasons = reasons
        self.line = line

    async def call(self, watch: Watch | None) -> dict[str, Any]:
        """The roll call of all groups in scope."""
        rows: list[dict[str, Any]] = []
        for done, group in enumerate(self.groups, 1):
            rows.append(await self._group(group))
            if watch is not None:
                watch("rollcall", done, len(self.groups))
        return {"groups": rows}

    async def _ask(self, request: Request) -> Answer:
        return answers.read(request, await self.line.send(request, USER_AGENT))

    async def _group(self, group: TenantGroup) -> dict[str, Any]:
        people = [self.users[each] for each in group.members if each in self.users]
        row: dict[str, Any] = {"name": group.display_name, "expected": len(people)}
        # Groups within the group, whose people Entra does not provision by way of it (2.5).
        row["nested_groups"] = [self.names.get(each, each) for each in group.nested]
        found = await self._members(group.display_name)
        if isinstance(found, Trouble):
            detail = detail_of(found)
            missing = [_missing(each, "refused", detail) for each in people]
            return row | {"present": None, "missing": missing, "extra": []}
        linked = {target: each.id for each in people if (target := self._target(each.id)) in found}
        strangers = {
            ident: await self._name(ident, name, look_up=i < _STRANGERS)
            for i, (ident, name) in enumerate((i, n) for i, n in found.items() if i not in linked)
        }
        by_name = {name.casefold() for name in strangers.values()}
        here = set(linked.values())
        absent = [each for each in people if each.id not in here and each.user_name.casefold() not in by_name]
        wanted = {each.user_name.casefold() for each in people}
        extra = [{"who": name} for name in strangers.values() if name.casefold() not in wanted]
        missing = [_missing(each, *self._why(each, group)) for each in absent]
        return row | {"present": len(found), "missing": missing, "extra": extra}

    async def _members(self, name: str) -> dict[str, str | None] | Trouble:
        """Ids of a group's members with the name that is shown beside each; none when there is no group."""
        request = Request("GET", "/Groups", wire.match("User", "displayName", name).query, None, "list")
        answer = await self._ask(request)
        if isinstance(answer, Trouble):
            return answer
        if not isinstance(answer, Listed) or not answer.resources:
            return {}
        # The members are what is wanted here.
        one = replace(wire.read("Group", str(answer.resources[0]["id"])), query="")
        answer = await self._ask(one)
        return _listed(answer.resource) if isinstance(answer, Found) else _trouble(answer)

    async def _name(self, ident: str, shown: str | None, *, look_up: bool) -> str:
        owner = self.memory.records.get(self.memory.owner("User", ident) or "")
        if owner is not None or not look_up:
            return (owner and owner.name) or shown or ident
        answer = await self._ask(wire.read("User", ident))
        name: Any = answer.resource.get("userName") if isinstance(answer, Found) else None
        return name if isinstance(name, str) else shown or ident

    def _target(self, source_id: str) -> str | None:
        record = self.memory.records.get(source_id)
        return record.target_id if record else None

    def _why(self, user: TenantUser, group: TenantGroup) -> tuple[str, str]:
        if self._target(user.id) is None:
            if user.id not in self.in_scope:
                return "out_of_scope", "Not assigned to the application in the source."
            if not user.active:
                return "disabled_in_source", "Disabled in the source and never provisioned, so never created."
            return "never_provisioned", self._failure(user.id) or "No user was created or linked."
        failure = self._failure(group.id)
        if failure is not None:
            return "refused", failure
        if user.id not in self.in_scope:
            return "out_of_scope", "No longer assigned to the application in the source."
        if user.id in self.memory.members.get(group.id, ()):
            return "not_added", "Was added, but is no longer a member in the target. A restart sends it again."
        return "not_added", "Is in both systems, but was not added to the group. A restart sends it again."

    def _failure(self, source_id: str) -> str | None:
        record = self.memory.records.get(source_id)
        escrow = (record.escrow or record.reference_escrow) if record else None
        return escrow.reason if escrow else self.reasons.get(source_id)


def _missing(user: TenantUser, reason: str, detail: str) -> dict[str, str]:
    return {"who": user.user_name, "reason": reason, "detail": detail}


def _trouble(answer: Answer) -> Trouble:
    if not isinstance(answer, Trouble):
        raise TypeError(answer)
    return answer


def _listed(resource: JsonObject) -> dict[str, str | None]:
    members: Any = resource.get("members") or []
    rows = cast("list[Any]", members) if isinstance(members, list) else []
    return {
        str(each["value"]): each.get("display")
        for each in cast("Sequence[dict[str, Any]]", [row for row in rows if isinstance(row, dict)])
        if each.get("value") and str(each.get("type") or "User") == "User"
    }


def detail_of(trouble: Trouble) -> str:
    """The `detail` of a SCIM error, or what was answered instead."""
    try:
        body: Any = json.loads(trouble.text)
    except (ValueError, RecursionError):
        body = None
    detail: Any = cast("JsonObject", body).get("detail") if isinstance(body, dict) else None
    status = f"{trouble.status} " if trouble.status else ""
    return detail if isinstance(detail, str) else f"{status}{trouble.code}: {trouble.text[:300]}".strip()
