"""Read and write a tenant as JSON in Microsoft Graph's shapes (v1.0 user, group, appRoleAssignment)."""

import json
from typing import Any, cast

from vestibule.entra.graph import InvalidSource, Tenant, TenantGroup, TenantUser

_TYPED = ("id", "userPrincipalName", "accountEnabled", "deletedDateTime", "userType", "manager")
_NOT_PROVISIONED = ("device", "serviceprincipal", "application", "orgcontact")


def read_json(text: str, name: str) -> Tenant:
    """A tenant from `{"users":[…],"groups":[…],"assignments":[…]}`; each list may be wrapped in `value`.

    Without `assignments` everything is in scope. Raises InvalidSource.
    """
    try:
        document: Any = json.loads(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        raise InvalidSource(
            f"{name}, line {error.lineno}, column {error.colno}: this is not JSON ({error.msg}). "
            "Export the file again, or mend it at that place."
        ) from error
    except RecursionError as error:
        raise InvalidSource(f"{name}: the file is nested too deep to be an export of Graph.") from error
    del text  # it would weigh half as much again as what was read of it
    if not isinstance(document, dict):
        raise InvalidSource(f'{name}: the file must be one JSON object with "users" and "groups".')
    return _Reader(name).tenant(cast("dict[str, Any]", document))


class _Reader:
    def __init__(self, name: str) -> None:
        self.name = name

    def tenant(self, document: dict[str, Any]) -> Tenant:
        users = tuple(
            self.user(self.an_object(each, f"users[{i}]"), f"users[{i}]")
            for i, each in enumerate(self.a_list(document, "users", "users"))
        )
        rows = [
            self.an_object(each, f"groups[{i}]")
            for i, each in enumerate(self.a_list(document, "groups", "groups", default=True))
        ]
        group_ids = {str(row["id"]) for row in rows if "id" in row}
        self.unique([user.id for user in users], "users")
        user_ids = {user.id for user in users}
        groups = tuple(self.group(row, f"groups[{i}]", user_ids, group_ids) for i, row in enumerate(rows))
        self.unique([group.id for group in groups], "groups")
        for i, group in enumerate(groups):
            if group.id in user_ids:
                self.fault(f"groups[{i}].id", f"{group.id!r} is the id of a user too; ids are unique in a tenant")
        for i, user in enumerate(users):
            if user.manager is not None and user.manager not in user_ids:
                self.fault(
                    f"users[{i}].manager.id",
                    f"names {user.manager!r}, who is not in users; add this user or take the manager out",
                )
        return Tenant(users, groups, self.assigned(document))

    def user(self, row: dict[str, Any], place: str) -> TenantUser:
        attributes = {key: found for key, value in row.items() if key not in _TYPED and (found := _text_of(value))}
        enabled: Any = row.get("accountEnabled", True)
        if enabled is None:
            enabled = True
        if not isinstance(enabled, bool):
            self.fault(f"{place}.accountEnabled", f"must be true or false, not {enabled!r}")
        return TenantUser(
            self.a_text(row, "id", place),
            self.a_text(row, "userPrincipalName", place),
            enabled,
            bool(row.get("deletedDateTime")),
            row.get("userType") == "Guest",
            self.manager(row.get("manager"), place),
            attributes,
        )

    def manager(self, value: Any, place: str) -> str | None:
        if value is None or isinstance(value, str):
            return value or None
        return self.a_text(self.an_object(value, f"{place}.manager"), "id", f"{place}.manager")

    def group(self, row: dict[str, Any], place: str, users: set[str], groups: set[str]) -> TenantGroup:
        members: dict[str, None] = {}
        nested: dict[str, None] = {}
        for i, each in enumerate(self.a_list(row, "members", f"{place}.members", default=True)):
            at = f"{place}.members[{i}]"
            member: dict[str, Any] = {"id": each} if isinstance(each, str) else self.an_object(each, at)
            ident = self.a_text(member, "id", at)
            kind = str(member.get("@odata.type", "")).rpartition(".")[2].casefold()
            if ident in groups or kind == "group":
                nested[ident] = None
            elif ident in users:
                members[ident] = None
            elif kind not in _NOT_PROVISIONED:
                self.fault(at, f"names {ident!r}, which is neither in users nor in groups; export it too")
        return TenantGroup(
            self.a_text(row, "id", place), self.a_text(row, "displayName", place), tuple(members), tuple(nested)
        )

    def assigned(self, document: dict[str, Any]) -> frozenset[str] | None:
        if document.get("assignments") is None:
            return None
        found: set[str] = set()
        for i, each in enumerate(self.a_list(document, "assignments", "assignments")):
            place = f"assignments[{i}]"
            row: dict[str, Any] = {"principalId": each} if isinstance(each, str) else self.an_object(each, place)
            found.add(self.a_text(row, "principalId", place))
        return frozenset(found)

    def a_list(self, row: dict[str, Any], key: str, place: str, *, default: bool = False) -> list[Any]:
        value: Any = row.get(key)
        if isinstance(value, dict):
            value = cast("dict[str, Any]", value).get("value")
        if value is None and default:
            return []
        if not isinstance(value, list):
            self.fault(place, 'must be a list, or an object with a list "value" as Graph answers')
        return cast("list[Any]", value)

    def an_object(self, value: Any, place: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            self.fault(place, f"must be an object as Graph answers it, not {json.dumps(value)[:40]}")
        return cast("dict[str, Any]", value)

    def a_text(self, row: dict[str, Any], key: str, place: str) -> str:
        value: Any = row.get(key)
        if not isinstance(value, str) or not value.strip():
            self.fault(f"{place}.{key}", "is needed and must be a text; select it in the Graph query")
        return str(value)

    def unique(self, ids: list[str], place: str) -> None:
        seen: set[str] = set()
        for i, each in enumerate(ids):
            if each in seen:
                self.fault(f"{place}[{i}].id", f"{each!r} is there twice; take one of the two out")
            seen.add(each)

    def fault(self, place: str, what: str) -> None:
        raise InvalidSource(f"{self.name}, at {place}: {what}.")


def _text_of(value: Any) -> str | None:
    """A property as one text: Graph gives `businessPhones` as a list, of which Entra maps the first."""
    if isinstance(value, list):
        value = next(iter(cast("list[Any]", value)), None)
    return value.strip() or None if isinstance(value, str) else None


def write_json(tenant: Tenant) -> str:
    """The tenant in the shapes that `read_json` reads."""
    document: dict[str, Any] = {
        "users": [_user(user) for user in tenant.users],
        "groups": [_group(group) for group in tenant.groups],
    }
    if tenant.assigned is not None:
        document["assignments"] = [{"principalId": each} for each in sorted(tenant.assigned)]
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _user(user: TenantUser) -> dict[str, Any]:
    row: dict[str, Any] = {"id": user.id, "userPrincipalName": user.user_principal_name}
    row |= {key: [value] if key == "businessPhones" else value for key, value in user.attributes.items()}
    row |= {"accountEnabled": user.enabled, "userType": "Guest" if user.guest else "Member"}
    if user.deleted:
        # Graph gives the instant; only that there is one matters here.
        row["deletedDateTime"] = "2026-01-01T00:00:00Z"
    if user.manager is not None:
        row["manager"] = {"id": user.manager}
    return row


def _group(group: TenantGroup) -> dict[str, Any]:
    members = [{"@odata.type": "#microsoft.graph.user", "id": each} for each in group.members]
    members += [{"@odata.type": "#microsoft.graph.group", "id": each} for each in group.nested]
    return {"id": group.id, "displayName": group.display_name, "members": members}
