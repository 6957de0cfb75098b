"""What the validators have in common: their requests to a tenant, and how they look at the answers."""

import re
from typing import Any

from tests.conftest import Tenant

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
MANAGER = f"{ENTERPRISE}:manager"
SCIM_JSON = "application/scim+json"

Json = dict[str, Any]
_VALUE_PATH = re.compile(r'(\w+)\[(\w+) eq "(\w+)"]\.(\w+)')


def make(tenant: Tenant, endpoint: str, body: Json) -> Json:
    """POST; the new resource is answered whole and read back the same."""
    answer = tenant.http.post(endpoint, json=body)
    assert answer.status_code == 201, answer.text
    assert answer.headers["content-type"] == SCIM_JSON
    made: Json = answer.json()
    assert answer.headers["location"] == made["meta"]["location"]
    assert read(tenant, f"{endpoint}/{made['id']}") == made
    return made


def make_user(tenant: Tenant, user_name: str, **rest: Any) -> Json:
    return make(tenant, "/Users", {"schemas": [USER], "userName": user_name, "active": True, **rest})


def make_group(tenant: Tenant, display_name: str, **rest: Any) -> Json:
    return make(tenant, "/Groups", {"schemas": [GROUP], "displayName": display_name, **rest})


def read(tenant: Tenant, path: str, **parameters: Any) -> Json:
    answer = tenant.http.get(path, params=parameters)
    assert (answer.status_code, answer.headers["content-type"]) == (200, SCIM_JSON), answer.text
    return answer.json()


def find(tenant: Tenant, endpoint: str, filter: str, **parameters: Any) -> list[Json]:
    """The resources of a filtered list, whose frame is checked on the way."""
    listed = read(tenant, endpoint, filter=filter, **parameters)
    assert listed["schemas"] == [LIST]
    assert listed["totalResults"] == listed["itemsPerPage"] == len(listed["Resources"])
    return listed["Resources"]


def send_patch(tenant: Tenant, path: str, *operations: Json) -> Any:
    return tenant.http.patch(path, json={"schemas": [PATCH], "Operations": list(operations)})


def patch(tenant: Tenant, path: str, *operations: Json) -> Json:
    """PATCH, which must be 200 or 204; then what a GET shows, and a 200 must have shown the same."""
    answer = send_patch(tenant, path, *operations)
    assert answer.status_code in (200, 204), answer.text
    after = read(tenant, path)
    assert answer.json() == after if answer.status_code == 200 else answer.content == b""
    return after


def replace(path: str | None, value: Any, op: str = "replace") -> Json:
    return {"op": op, "value": value} | ({"path": path} if path else {})


def batched(values: Json) -> list[Json]:
    """The same replaces as the validators' compliant mode sends them: plain ones in one path-less operation."""
    plain = {path: value for path, value in values.items() if "[" not in path}
    return [replace(path, value) for path, value in values.items() if "[" in path] + [replace(None, plain)]


def members(group: Json) -> set[str]:
    return {each["value"] for each in group.get("members", [])}


def refused(answer: Any, status: int, scim_type: str | None = None) -> str:
    """A SCIM Error of this status; its detail."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, SCIM_JSON), answer.text
    error = answer.json()
    assert (error["schemas"], error["status"], error.get("scimType")) == ([ERROR], str(status), scim_type)
    assert error["detail"].strip()
    return error["detail"]


def gone(tenant: Tenant, path: str) -> bool:
    """Whether a resource is found neither by its id nor in the list."""
    endpoint, _, resource_id = path.rpartition("/")
    refused(tenant.http.get(path), 404)
    return find(tenant, endpoint, f'id eq "{resource_id}"') == []


def value_at(resource: Json, path: str) -> Any:
    """The value that a mapped attribute such as `emails[type eq "work"].value` has; None when it has none."""
    if matched := _VALUE_PATH.fullmatch(path):
        name, key, literal, sub = matched.groups()
        chosen = [each for each in resource.get(name, []) if str(each.get(key)) == literal]
        assert len(chosen) < 2, chosen
        return chosen[0].get(sub) if chosen else None
    if path.startswith("urn:"):
        uri, _, name = path.rpartition(":")
        return resource.get(uri, {}).get(name)
    name, _, sub = path.partition(".")
    return resource.get(name, {}).get(sub) if sub else resource.get(name)


def values_at(resource: Json, paths: Json) -> Json:
    return {path: value_at(resource, path) for path in paths}
