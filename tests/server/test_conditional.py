"""Versions over HTTP: ETag, If-Match, If-None-Match, HEAD (RFC 7644 section 3.14, RFC 9110 section 13)."""

from typing import Any

import httpx2
import pytest

from tests.conftest import Tenant
from tests.server.asking import patch_of
from tests.server.test_bad_input import is_error
from tests.server.test_scim import create_group, create_user

BOTH = pytest.mark.parametrize("path", ["/Users", "/Groups"])
WRITES = ["PUT", "PATCH", "DELETE"]
STALE = 'W/"99"'


def made(tenant: Tenant, path: str) -> tuple[str, str]:
    """The path of a new resource that has been changed once, and its version."""
    one = create_user(tenant, "ana") if path == "/Users" else create_group(tenant, "staff")
    place = f"{path}/{one['id']}"
    changed = tenant.http.patch(place, json=patch_of({"op": "add", "path": "externalId", "value": "first"}))
    assert changed.headers["etag"] != one["meta"]["version"]
    return place, changed.headers["etag"]


def write(tenant: Tenant, method: str, place: str, tags: Any, header: str = "If-Match") -> httpx2.Response:
    """Rename it or delete it, on a condition; several tags are sent in lines of their own."""
    body = {
        "PUT": {"userName": "new", "displayName": "new"},
        "PATCH": patch_of({"op": "replace", "path": "displayName", "value": "new"}),
    }
    lines = [tags] if isinstance(tags, str) else tags
    headers = [("Content-Type", "application/scim+json"), *((header, each) for each in lines)]
    return tenant.http.request(method, place, json=body.get(method), headers=headers)


def was_written(tenant: Tenant, place: str, method: str) -> bool:
    shown = tenant.http.get(place)
    return shown.status_code == 404 if method == "DELETE" else shown.json().get("displayName") == "new"


@BOTH
def test_a_version_is_told_wherever_a_resource_is_and_changes_with_it(tenant: Tenant, path: str) -> None:
    place, version = made(tenant, path)
    shown = tenant.http.get(place)
    assert version.startswith('W/"')
    assert shown.headers["etag"] == shown.json()["meta"]["version"] == version
    (listed,) = tenant.http.get(path).json()["Resources"]
    assert listed["meta"]["version"] == version
    put = write(tenant, "PUT", place, version)
    assert put.headers["etag"] == put.json()["meta"]["version"] != version
    assert tenant.http.get(place).headers["etag"] == put.headers["etag"]


def test_a_new_member_is_a_new_version_of_the_group(tenant: Tenant) -> None:
    place, version = made(tenant, "/Groups")
    member = create_user(tenant, "ana")
    add = patch_of({"op": "add", "path": "members", "value": [{"value": member["id"]}]})
    joined = tenant.http.patch(place, json=add, headers={"If-Match": version})
    assert joined.status_code == 204
    assert joined.headers["etag"] != version
    assert tenant.http.get(place, headers={"If-None-Match": version}).status_code == 200
    assert tenant.http.patch(place, json=add, headers={"If-Match": version}).status_code == 412
    again = tenant.http.patch(place, json=add, headers={"If-Match": joined.headers["etag"]})
    assert again.headers["etag"] == joined.headers["etag"] == tenant.http.get(place).headers["etag"]


@BOTH
@pytest.mark.parametrize("method", WRITES)
@pytest.mark.parametrize(
    "tags", ["{now}", "*", "{bare}", '"x", {now}', "{now}, " + STALE, STALE + ",{now}", 'W/"1", {now}, "a,b"']
)
def test_if_match_with_the_present_version_writes(tenant: Tenant, path: str, method: str, tags: str) -> None:
    place, version = made(tenant, path)
    answer = write(tenant, method, place, tags.format(now=version, bare=version.removeprefix("W/")))
    assert answer.status_code in (200, 204), answer.text
    assert was_written(tenant, place, method)


@BOTH
@pytest.mark.parametrize("method", WRITES)
@pytest.mark.parametrize("tags", [STALE, 'W/"1"', 'W/"1", ' + STALE, '"x"', '"x", "y"', "nonsense", ""])
def test_if_match_without_the_present_version_writes_nothing(tenant: Tenant, path: str, method: str, tags: str) -> None:
    place, _ = made(tenant, path)
    before = tenant.http.get(place).json()
    is_error(write(tenant, method, place, tags), 412)
    assert tenant.http.get(place).json() == before


@BOTH
@pytest.mark.parametrize("method", WRITES)
def test_what_is_not_there_matches_nothing(tenant: Tenant, path: str, method: str) -> None:
    for tags in ("*", 'W/"1"', 'W/"1", W/"2"'):
        assert write(tenant, method, f"{path}/nowhere", tags).status_code in (404, 412)
    assert tenant.http.get(path).json()["totalResults"] == 0


@BOTH
@pytest.mark.parametrize("tags", ["{now}", "*", '"x", {now}', STALE + ",{now}"])
def test_what_is_known_is_not_sent_again(tenant: Tenant, path: str, tags: str) -> None:
    place, version = made(tenant, path)
    for method in ("GET", "HEAD"):
        # The groups that are shown with a user are none of its version's.
        known, without = {"If-None-Match": tags.format(now=version)}, {"excludedAttributes": "groups"}
        answer = tenant.http.request(method, place, params=without, headers=known)
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", version)
        assert "content-type" not in answer.headers


@BOTH
@pytest.mark.parametrize("tags", [STALE, 'W/"1"', '"x"', '"x", ' + STALE, ""])
def test_what_is_not_known_is_sent(tenant: Tenant, path: str, tags: str) -> None:
    place, version = made(tenant, path)
    answer = tenant.http.get(place, headers={"If-None-Match": tags})
    assert (answer.status_code, answer.headers["etag"]) == (200, version)
    assert answer.json()["externalId"] == "first"


def test_a_known_version_of_what_is_gone_is_not_found(tenant: Tenant) -> None:
    place, version = made(tenant, "/Users")
    assert tenant.http.delete(place).status_code == 204
    is_error(tenant.http.get(place, headers={"If-None-Match": version}), 404)


@pytest.mark.parametrize("path", ["/Users", "/Groups", "", "/Schemas", "/ServiceProviderConfig", "{one}"])
def test_head_is_get_without_the_body(tenant: Tenant, path: str) -> None:
    place, _ = made(tenant, "/Users")
    path = path.format(one=place)
    get, head = tenant.http.get(path), tenant.http.head(path)
    assert (head.status_code, head.content) == (200, b"")
    own = {"date", "vestibule-request-id"}
    assert {**head.headers} | dict.fromkeys(own) == {**get.headers} | dict.fromkeys(own)
    assert int(head.headers["content-length"]) == len(get.content)


def test_head_is_refused_as_get_is(tenant: Tenant) -> None:
    _, text = tenant.vestibule.token(tenant.connection_id, {"post:users", "get:groups"})
    place, _ = made(tenant, "/Users")
    assert [tenant.http.head(each).status_code for each in ("/Users/nowhere", "/Nothing", "/Bulk")] == [404, 404, 405]
    assert tenant.http.head("/Users", params={"filter": "nonsense"}).status_code == 400
    with tenant.vestibule.client(tenant.connection_id, text) as http:
        assert [http.head(each).status_code for each in ("/Users", place, "/Groups", "")] == [403, 403, 200, 403]
    with tenant.vestibule.client(tenant.connection_id, "nonsense") as http:
        refused = http.head("/Users")
    assert (refused.status_code, refused.content) == (401, b"")


# Not yet as RFC 9110 has it


@BOTH
@pytest.mark.parametrize("method", WRITES)
def test_several_lines_are_one_list(tenant: Tenant, path: str, method: str) -> None:
    place, version = made(tenant, path)
    assert write(tenant, method, place, [version, STALE]).status_code in (200, 204)
    assert was_written(tenant, place, method)


@BOTH
@pytest.mark.parametrize("method", WRITES)
@pytest.mark.parametrize("tags", ["{now}", "*"])
def test_a_write_on_the_condition_that_it_is_not_there_writes_nothing(
    tenant: Tenant, path: str, method: str, tags: str
) -> None:
    place, version = made(tenant, path)
    before = tenant.http.get(place).json()
    answer = write(tenant, method, place, tags.format(now=version), "If-None-Match")
    assert answer.status_code == 412
    assert tenant.http.get(place).json() == before


@BOTH
def test_a_get_of_a_version_that_is_no_more_is_refused(tenant: Tenant, path: str) -> None:
    place, _ = made(tenant, path)
    assert tenant.http.get(place, headers={"If-Match": STALE}).status_code == 412


@BOTH
@pytest.mark.parametrize("method", WRITES)
def test_a_tag_that_was_never_given_out_writes_nothing(tenant: Tenant, path: str, method: str) -> None:
    place, version = made(tenant, path)
    assert write(tenant, method, place, version.replace('"', '"00', 1)).status_code == 412
    assert not was_written(tenant, place, method)


def test_a_user_as_it_was_is_not_sent_again_and_with_another_group_it_is(tenant: Tenant) -> None:
    """The groups are shown with the user, so the tag tells them apart (RFC 7644 section 3.14)."""
    user = create_user(tenant, "ana")
    place = f"/Users/{user['id']}"
    alone = tenant.http.get(place).headers["etag"]
    assert tenant.http.get(place, headers={"If-None-Match": alone}).status_code == 304
    assert tenant.http.get(place, headers={"If-None-Match": "*"}).status_code == 304
    group = create_group(tenant, "staff", user["id"])
    shown = tenant.http.get(place, headers={"If-None-Match": alone})
    assert (shown.status_code, shown.json()["groups"][0]["display"]) == (200, "staff")
    grouped = shown.headers["etag"]
    assert grouped == shown.json()["meta"]["version"] != alone
    (listed,) = tenant.http.get("/Users").json()["Resources"]
    assert listed["meta"]["version"] == grouped
    unchanged = tenant.http.get(place, headers={"If-None-Match": f'"x", {grouped}'})
    assert (unchanged.status_code, unchanged.headers["etag"], unchanged.content) == (304, grouped, b"")
    rename = patch_of({"op": "replace", "path": "displayName", "value": "people"})
    assert tenant.http.patch(f"/Groups/{group['id']}", json=rename).status_code == 204
    assert tenant.http.get(place, headers={"If-None-Match": grouped}).status_code == 200
    title = patch_of({"op": "replace", "path": "title", "value": "Lead"})
    assert tenant.http.patch(place, json=title, headers={"If-Match": grouped}).status_code == 200
    assert tenant.http.patch(place, json=title, headers={"If-Match": grouped}).status_code == 412
    without = {"excludedAttributes": "groups"}
    bare = tenant.http.get(place, params=without).headers["etag"]
    assert tenant.http.get(place, params=without, headers={"If-None-Match": bare}).status_code == 304
