"""Whatever is sent over HTTP, the answer is one of SCIM's: never our own fault, never half of a change."""

from collections.abc import Generator
from typing import Any

import httpx2
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Tenant, Vestibule, a_tenant
from tests.effort import examples
from tests.scim.strategies import json_objects, json_values, messages, paths_as_text, texts

PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Group"
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
URN = "urn:ietf:params:scim:schemas:extension:Contoso:2.0:User"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")

filters = st.sampled_from(
    ['userName eq "a"', "members pr", 'groups.display sw "g"', 'members[value eq "x"]', 'meta.version eq "W/\\"1\\""', "(",
     'meta.created co "2"', "active eq True", 'emails[type eq "work"].value pr', f'{URN}:level gt 3', "schemas pr", ""]
)  # fmt: skip
parameters = st.dictionaries(
    st.sampled_from(["filter", "startIndex", "count", "cursor", "sortBy", "sortOrder", "attributes", "excludedAttributes"]),
    filters | texts | paths_as_text | st.integers(-5, 300).map(str) | st.sampled_from(["descending", "emails", "meta.created"]),
    max_size=4,
)  # fmt: skip
bulk_operations = st.fixed_dictionaries(
    {"method": st.sampled_from(METHODS), "path": st.sampled_from(["/Users", "/Groups", "/Users/bulkId:a", "/Bulk", "/x"])},
    optional={"bulkId": st.sampled_from(["a", "b"]), "data": json_objects | st.just({"userName": "bulkId:b"}),
              "version": texts},
)  # fmt: skip
bodies = st.one_of(
    json_values,
    json_objects,
    messages,
    st.builds(
        lambda schemas, rest: {"schemas": schemas, **rest},
        st.just([SEARCH]) | json_values,
        st.dictionaries(
            st.sampled_from(["filter", "sortBy", "count", "cursor", "attributes", "startIndex"]), json_values
        ),
    ),
    st.builds(
        lambda schemas, each: {"schemas": schemas, "Operations": each},
        st.just([BULK]) | json_values,
        st.lists(bulk_operations, max_size=4),
    ),
)
headers = st.dictionaries(
    st.sampled_from(["if-match", "if-none-match"]), st.sampled_from(['W/"1"', '"1", W/"2"', "*", "x", ""]), max_size=1
)


@pytest.fixture(scope="module", params=["tolerant", "strict"])
def place(request: pytest.FixtureRequest, vestibule: Vestibule) -> Generator[tuple[Tenant, list[str]]]:
    """A connection with something in it, and the paths that lead there."""
    with a_tenant(vestibule) as tenant:
        levels = {
            "id": URN,
            "attributes": [{"name": "level", "type": "integer"}, {"name": "since", "type": "dateTime"}],
        }
        tenant.set(dialect=request.param, extensions=[levels], nested_groups="accept", references="park")
        user = tenant.http.post(
            "/Users",
            json={
                "schemas": [USER_SCHEMA],
                "userName": "a",
                "emails": [{"value": "a@b", "type": "work"}],
                URN: {"level": 3},
            },
        )
        group = tenant.http.post(
            "/Groups", json={"schemas": [GROUP_SCHEMA], "displayName": "g", "members": [{"value": user.json()["id"]}]}
        )
        kept = [f"/Users/{user.json()['id']}", f"/Groups/{group.json()['id']}"]
        assert (user.status_code, group.status_code) == (201, 201)
        others = ["/Users", "/Groups", "/", "/.search", "/Users/.search", "/Groups/.search", "/Bulk", "/Me", "/Schemas"]
        yield (
            tenant,
            [
                *kept,
                *others,
                "/Users/x/y",
                "/Users/%00",
                "/ServiceProviderConfig",
                "/ResourceTypes/User",
                "/\U0001f600",
            ],
        )


@examples(200)
@given(data=st.data())
def test_no_request_is_answered_with_a_fault_of_ours(place: tuple[Tenant, list[str]], data: st.DataObject) -> None:
    tenant, paths = place
    method = data.draw(st.sampled_from(METHODS))
    path = data.draw(st.sampled_from(paths))
    if method == "DELETE" and path in paths[:2]:
        method = "PATCH"
    content = data.draw(bodies.map(orjson.dumps) | st.binary(max_size=40))
    answer = tenant.http.request(
        method, path, params=data.draw(parameters), content=content if method != "GET" else None,
        headers=data.draw(headers),
    )  # fmt: skip
    is_one_of_scims(answer)
    for each in paths[:2]:
        is_whole(tenant.http.get(each))


def is_one_of_scims(answer: httpx2.Response) -> None:
    assert answer.status_code < 500 or answer.status_code == 501, answer.text
    assert answer.headers["vestibule-request-id"].startswith("req_")
    if not answer.content:
        return
    assert answer.headers["content-type"] == "application/scim+json"
    body: Any = answer.json()
    if answer.status_code >= 400:
        assert body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
        assert (body["status"], bool(body["detail"])) == (str(answer.status_code), True)


def is_whole(answer: httpx2.Response) -> None:
    """What is kept can be read, and has what every resource has."""
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["schemas"][0].startswith("urn:ietf:params:scim:schemas:core:2.0:")
    assert body["meta"]["version"] == answer.headers["etag"]
    assert (body.get("userName") or body.get("displayName", "")).strip()
