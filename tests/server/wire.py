"""What an identity provider sends to a fresh connection in these tests, and what is read back of it."""

import time
from typing import Any

import httpx2

from tests.conftest import Tenant
from vestibule import connections
from vestibule.clock import SystemClock
from vestibule.directory import Directory
from vestibule.model import Conflict, Exchange, Hold, Origin, User
from vestibule.store import NotFound, Store

PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CONTOSO = "urn:ietf:params:scim:schemas:extension:Contoso:2.0:User"
CLOCK = SystemClock()

Json = dict[str, Any]


def new_user(tenant: Tenant, user_name: str, **rest: Any) -> Json:
    answer = tenant.http.post("/Users", json={"schemas": [USER], "userName": user_name, **rest})
    assert answer.status_code == 201, answer.text
    return answer.json()


def new_users(tenant: Tenant, *names: str) -> list[str]:
    return [new_user(tenant, name)["id"] for name in names]


def new_group(tenant: Tenant, name: str, *ids: str) -> str:
    body = {"schemas": [GROUP], "displayName": name, "members": [{"value": each} for each in ids]}
    answer = tenant.http.post("/Groups", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def patch(tenant: Tenant, path: str, *operations: Json) -> httpx2.Response:
    return tenant.http.patch(path, json={"schemas": [PATCH], "Operations": list(operations)})


def add_members(tenant: Tenant, group_id: str, *refs: str) -> httpx2.Response:
    value = [{"value": each} for each in refs]
    return patch(tenant, f"/Groups/{group_id}", {"op": "add", "path": "members", "value": value})


def switch_off(tenant: Tenant, user_id: str) -> httpx2.Response:
    return patch(tenant, f"/Users/{user_id}", {"op": "replace", "path": "active", "value": False})


def user(tenant: Tenant, user_id: str, **parameters: str) -> Json:
    answer = tenant.http.get(f"/Users/{user_id}", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def group(tenant: Tenant, group_id: str) -> Json:
    answer = tenant.http.get(f"/Groups/{group_id}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def members(tenant: Tenant, group_id: str) -> set[str]:
    return {each["value"] for each in group(tenant, group_id).get("members", [])}


def groups_of(tenant: Tenant, user_id: str) -> set[str]:
    return {each["value"] for each in user(tenant, user_id).get("groups", [])}


def found(tenant: Tenant, filter_text: str, **parameters: str) -> list[str]:
    """The userNames that a filter finds; the total must say as many."""
    answer = tenant.http.get("/Users", params={"filter": filter_text, **parameters})
    assert answer.status_code == 200, answer.text
    listed = answer.json()
    assert listed["totalResults"] == len(listed["Resources"])
    return [each["userName"] for each in listed["Resources"]]


def everybody(tenant: Tenant) -> list[str]:
    return [each["userName"] for each in tenant.http.get("/Users").json()["Resources"]]


def reference(tenant: Tenant, user_id: str) -> Json:
    """A manager as it is shown."""
    return {"value": user_id, "$ref": f"{tenant.vestibule.scim_url(tenant.connection_id)}/Users/{user_id}"}


def refusal(answer: httpx2.Response, status: int, scim_type: str | None = None) -> str:
    """The detail of an error in SCIM's own form."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert (body["schemas"], body["status"], body.get("scimType")) == ([ERROR], str(status), scim_type), answer.text
    assert answer.headers["vestibule-request-id"] in body["detail"]
    return body["detail"]


def entry(tenant: Tenant, answer: httpx2.Response) -> Exchange:
    """What the provisioning log keeps of an answer; it is written soon after, not before."""
    deadline = time.monotonic() + 10
    while True:
        try:
            return tenant.vestibule.admin(lambda store: store.exchange(answer.headers["vestibule-request-id"]))
        except NotFound:
            assert time.monotonic() < deadline, "the log has no entry of the request"
            time.sleep(0.01)


def declare(tenant: Tenant, *attributes: Json, urn: str = CONTOSO) -> None:
    """Give the connection an extension schema of its own, or replace it."""
    declaration = {"id": urn, "name": "Contoso", "attributes": list(attributes)}
    tenant.vestibule.admin(lambda store: connections.declare_extension(store, CLOCK, tenant.connection_id, declaration))


def withdraw(tenant: Tenant, urn: str = CONTOSO) -> None:
    tenant.vestibule.admin(lambda store: connections.withdraw_extension(store, CLOCK, tenant.connection_id, urn))


def attribute(name: str, type: str = "string", **rest: Any) -> Json:
    """An attribute as it is declared."""
    return {"name": name, "type": type, **rest}


def made_elsewhere(tenant: Tenant, user_name: str, origin: Origin = "app", **rest: Any) -> str:
    """The id of a user whom the app or a sign-in has made, not the identity provider."""
    document = {"schemas": [USER], "userName": user_name, "active": True, **rest}

    async def work(store: Store) -> User:
        return await Directory(store, CLOCK).create_user(tenant.connection_id, document, origin)

    return tenant.vestibule.admin(work).id


def stored(tenant: Tenant, user_id: str) -> User:
    return tenant.vestibule.admin(lambda store: store.user(tenant.connection_id, user_id))


def conflicts(tenant: Tenant, state: str | None = None) -> list[Conflict]:
    return tenant.vestibule.admin(lambda store: store.conflicts(tenant.connection_id, state))


def holds(tenant: Tenant) -> list[Hold]:
    return tenant.vestibule.admin(lambda store: store.holds(tenant.connection_id))
