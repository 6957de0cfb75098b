"""The front door to a source directory: its types, its readers, and who the roll call expects."""

from vestibule.entra.graph import Expected, ExpectedGroup, InvalidSource, Tenant, TenantGroup, TenantUser
from vestibule.entra.graph_csv import read_csv
from vestibule.entra.graph_json import read_json, write_json
from vestibule.entra.mapping import external_id

__all__ = [
    "Expected",
    "ExpectedGroup",
    "InvalidSource",
    "Tenant",
    "TenantGroup",
    "TenantUser",
    "expected_members",
    "read_csv",
    "read_json",
    "write_json",
]


def expected_members(tenant: Tenant) -> tuple[ExpectedGroup, ...]:
    """Per group in scope: its direct user members as they are provisioned, and the names nested in it."""
    users = {user.id: user for user in tenant.users}
    names = {group.id: group.display_name for group in tenant.groups}
    in_scope, groups = tenant.users_in_scope(), tenant.groups_in_scope()
    return tuple(
        ExpectedGroup(
            group.display_name,
            tuple(_expected(users[each], in_scope) for each in group.members if each in users),
            tuple(names.get(each, each) for each in group.nested),
        )
        for group in tenant.groups
        if group.id in groups
    )


def _expected(user: TenantUser, in_scope: frozenset[str]) -> Expected:
    name = user.attributes.get("displayName", user.user_name)
    return Expected(user.user_name, external_id(user), name, user.active, user.id in in_scope)
