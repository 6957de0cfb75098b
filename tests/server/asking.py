"""What the tests of lists, cursors and bulk requests send, and how they read the answers."""

from typing import Any

import httpx2

from tests.conftest import Tenant

BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
BULK_ANSWER = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"


def search(tenant: Tenant, path: str = "", **parameters: Any) -> httpx2.Response:
    """POST {path}/.search with these parameters."""
    return tenant.http.post(f"{path}/.search", json={"schemas": [SEARCH], **parameters})


def ask(tenant: Tenant, way: str, path: str, **parameters: Any) -> httpx2.Response:
    """The same list by GET or by POST …/.search."""
    return search(tenant, path, **parameters) if way == "POST" else tenant.http.get(path or "/", params=parameters)


def listed(answer: httpx2.Response) -> dict[str, Any]:
    """A ListResponse whose counts agree with what it lists."""
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["schemas"] == [LIST]
    assert body["itemsPerPage"] == len(body["Resources"])
    return body


def names(answer: httpx2.Response) -> list[str]:
    """The userNames of users and the displayNames of groups, in the order of the list."""
    return [each.get("userName") or each["displayName"] for each in listed(answer)["Resources"]]


def walk(tenant: Tenant, way: str, path: str, **parameters: Any) -> list[dict[str, Any]]:
    """All pages by cursor."""
    pages = [listed(ask(tenant, way, path, cursor="", **parameters))]
    while "nextCursor" in pages[-1]:
        assert len(pages) < 100, "the walk does not end"
        pages.append(listed(ask(tenant, way, path, cursor=pages[-1]["nextCursor"], **parameters)))
    return pages


def ids(pages: list[dict[str, Any]]) -> list[str]:
    """The ids of all pages, in order."""
    return [each["id"] for page in pages for each in page["Resources"]]


def operation(method: str, path: str, data: Any = None, **rest: Any) -> dict[str, Any]:
    """One operation of a bulk request."""
    return {"method": method, "path": path, **({} if data is None else {"data": data}), **rest}


def bulk(tenant: Tenant, *operations: dict[str, Any], **rest: Any) -> list[dict[str, Any]]:
    """Send a bulk request that is read, and give the results of its operations."""
    answer = tenant.http.post("/Bulk", json={"schemas": [BULK], "Operations": list(operations), **rest})
    assert answer.status_code == 200, answer.text
    assert answer.json()["schemas"] == [BULK_ANSWER]
    return answer.json()["Operations"]


def statuses(results: list[dict[str, Any]]) -> list[str]:
    """The statuses of the results, in order."""
    return [each["status"] for each in results]


def patch_of(*operations: dict[str, Any]) -> dict[str, Any]:
    """A PatchOp message."""
    return {"schemas": [PATCH], "Operations": list(operations)}


def total(tenant: Tenant, path: str) -> int:
    """How many there are."""
    return tenant.http.get(path, params={"count": 0}).json()["totalResults"]
