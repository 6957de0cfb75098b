"""The request bodies of the complaint threads, as identity providers really send them."""

from typing import Any

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
MICROSOFT_GROUP = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
MANAGER = f"{ENTERPRISE}:manager"

Body = dict[str, Any]


def entra_user(user_name: str, **rest: Any) -> Body:
    """Entra's POST /Users."""
    return {
        "schemas": [USER, ENTERPRISE],
        "externalId": f"ext-{user_name}",
        "userName": user_name,
        "active": True,
        "emails": [{"primary": True, "type": "work", "value": user_name}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": "Ana Lim", "familyName": "Lim", "givenName": "Ana"},
        "roles": [],
    } | rest


def okta_user(user_name: str, **rest: Any) -> Body:
    """Okta's POST /Users: a random password and the readOnly groups with it."""
    return {
        "schemas": [USER],
        "userName": user_name,
        "name": {"givenName": "Ana", "familyName": "Lim"},
        "emails": [{"primary": True, "value": user_name, "type": "work"}],
        "displayName": "Ana Lim",
        "locale": "en-US",
        "externalId": "00u1abcdefGHIJKL0h8",
        "groups": [],
        "password": "1mz050nq",
        "active": True,
    } | rest


def entra_group(name: str) -> Body:
    """Entra's POST /Groups: never with members, and with a schema of Microsoft's own."""
    return {
        "schemas": [GROUP, MICROSOFT_GROUP],
        "externalId": f"ext-{name}",
        "displayName": name,
        "meta": {"resourceType": "Group"},
    }


def patch(*operations: Body) -> Body:
    """A PATCH body around operations."""
    return {"schemas": [PATCH_OP], "Operations": list(operations)}


def entra_add(*ids: str) -> Body:
    """Entra adds members."""
    return {"op": "Add", "path": "members", "value": [{"$ref": None, "value": each} for each in ids]}


def entra_remove(*ids: str) -> Body:
    """Entra's default mode removes these members; servers were seen to empty the group."""
    return {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": each} for each in ids]}


def compliant_remove(member_id: str) -> Body:
    """Entra with aadOptscim062020, and Okta, remove one member."""
    return {"op": "remove", "path": f'members[value eq "{member_id}"]'}


DISABLED: dict[str, Body] = {
    "entra default": {"op": "Replace", "path": "active", "value": "False"},
    "entra lower case": {"op": "Replace", "path": "active", "value": "false"},
    "entra tutorial": {"op": "Replace", "path": "active", "value": False},
    "entra compliant": {"op": "replace", "path": "active", "value": False},
    "entra add": {"op": "Add", "path": "active", "value": "False"},
    "entra add boolean": {"op": "Add", "path": "active", "value": False},
    "okta": {"op": "replace", "value": {"active": False}},
    "path-less add": {"op": "add", "value": {"active": False}},
    "path-less text": {"op": "Replace", "value": {"active": "False"}},
    "full path": {"op": "replace", "path": f"{USER}:active", "value": "False"},
}
"""One operation each that disables a user."""

ENABLED: dict[str, Body] = {
    "entra default": {"op": "Replace", "path": "active", "value": "True"},
    "entra compliant": {"op": "replace", "path": "active", "value": True},
    "entra add": {"op": "Add", "path": "active", "value": "True"},
    "okta": {"op": "replace", "value": {"active": True}},
}
"""One operation each that enables a user."""
