"""`POST /Bulk` over HTTP (RFC 7644 section 3.7)."""

import time
from itertools import permutations
from typing import Any

import pytest

from tests.conftest import USER_SCOPES, Tenant
from tests.server.asking import BULK, PATCH, SEARCH, bulk, operation, patch_of, statuses, total
from tests.server.test_bad_input import ERROR, is_error
from tests.server.test_scim import ENTERPRISE, create_group, create_user, members
from vestibule.model import Exchange
from vestibule.store import ExchangeQuery, Store


def user(bulk_id: str, **rest: Any) -> dict[str, Any]:
    return operation("POST", "/Users", {"userName": bulk_id, **rest}, bulkId=bulk_id)


def group(bulk_id: str, *ids: str, **rest: Any) -> dict[str, Any]:
    data = {"displayName": bulk_id, "members": [{"value": each} for each in ids], **rest}
    return operation("POST", "/Groups", data, bulkId=bulk_id)


def id_of(result: dict[str, Any]) -> str:
    return result["location"].rpartition("/")[2]


def named(tenant: Tenant, path: str, attribute: str, name: str) -> list[dict[str, Any]]:
    answer = tenant.http.get(path, params={"filter": f'{attribute} eq "{name}"'})
    assert answer.status_code == 200
    return answer.json()["Resources"]


# References (sections 3.7.1 and 3.7.2)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_users_and_their_group_are_made_in_whatever_order_they_come(tenant: Tenant, order: tuple[int, ...]) -> None:
    sent = [user("Alice"), user("Bob"), group("Tour Guides", "bulkId:Alice", "bulkId:Bob")]
    results = bulk(tenant, *(sent[each] for each in order))
    assert statuses(results) == ["201"] * 3
    made = {each["bulkId"]: id_of(each) for each in results}
    assert [each["bulkId"] for each in results] == [sent[each]["bulkId"] for each in order]
    assert members(tenant, made["Tour Guides"]) == {made["Alice"], made["Bob"]}
    assert (total(tenant, "/Users"), total(tenant, "/Groups")) == (2, 1)


def test_a_new_users_manager_may_be_new_too(tenant: Tenant) -> None:
    worker = user("worker", **{ENTERPRISE: {"employeeNumber": "11250", "manager": {"value": "bulkId:boss"}}})
    made = {each["bulkId"]: each for each in bulk(tenant, worker, user("boss"))}
    shown = tenant.http.get(made["worker"]["location"]).json()
    assert shown[ENTERPRISE]["manager"]["value"] == id_of(made["boss"])


def test_what_was_made_can_be_changed_and_deleted_by_its_bulk_id(tenant: Tenant) -> None:
    kept, old = create_user(tenant, "kept")["id"], create_group(tenant, "old")["id"]
    take = {"op": "remove", "path": 'members[value eq "bulkId:b"]'}
    add = {"op": "add", "path": "members", "value": [{"value": "bulkId:a"}]}
    results = bulk(
        tenant,
        operation("PATCH", "/Groups/bulkId:g", patch_of(take)),
        operation("PATCH", f"/Groups/{old}", patch_of(add)),
        operation("PUT", "/Users/bulkId:a", {"userName": "a", "title": "Lead"}),
        operation("DELETE", "/Users/bulkId:c"),
        group("g", "bulkId:b", kept),
        user("a"), user("b"), user("c"),
    )  # fmt: skip
    assert statuses(results) == ["204", "204", "200", "204", "201", "201", "201", "201"]
    made = {each["bulkId"]: id_of(each) for each in results if "bulkId" in each}
    assert members(tenant, made["g"]) == {kept}
    assert members(tenant, old) == {made["a"]}
    assert tenant.http.get(f"/Users/{made['a']}").json()["title"] == "Lead"
    assert tenant.http.get(f"/Users/{made['c']}").status_code == 404
    assert [id_of(each) for each in results[:4]] == [made["g"], old, made["a"], made["c"]]


def test_a_text_that_reads_like_a_reference_is_one_only_where_the_schema_has_one(tenant: Tenant) -> None:
    (made,) = bulk(tenant, user("ana", displayName="bulkId:foo", title="bulkId:ana"))
    assert made["status"] == "201"
    shown = tenant.http.get(made["location"]).json()
    assert (shown["displayName"], shown["title"]) == ("bulkId:foo", "bulkId:ana")


def test_a_reference_in_a_path_may_be_escaped(tenant: Tenant) -> None:
    assert statuses(bulk(tenant, operation("DELETE", "/Users/bulkId%3Aana"), user("ana"))) == ["204", "201"]


def test_a_circle_is_refused_and_the_rest_is_done(tenant: Tenant) -> None:
    tenant.set(nested_groups="accept")
    results = bulk(
        tenant, group("Group A", "bulkId:B"), user("ana"), group("free", "bulkId:ana"),
        group("X", "bulkId:A") | {"bulkId": "B"}, group("Y", "bulkId:B") | {"bulkId": "A"},
    )  # fmt: skip
    assert statuses(results) == ["409", "201", "201", "409", "409"]
    for refused in (results[0], results[3], results[4]):
        assert refused["response"]["schemas"] == [ERROR]
        assert refused["response"]["status"] == "409"
        assert "location" not in refused
    assert (total(tenant, "/Users"), total(tenant, "/Groups")) == (1, 1)
    assert members(tenant, id_of(results[2])) == {id_of(results[1])}


def test_a_circle_is_told_by_name(tenant: Tenant) -> None:
    (first, _) = bulk(tenant, group("first", "bulkId:second"), group("second", "bulkId:first"))
    told = first["response"]["detail"]
    assert "userName" not in told
    assert "first → second" in told


def test_an_unknown_bulk_id_fails_alone_and_by_name(tenant: Tenant) -> None:
    results = bulk(tenant, group("g", "bulkId:ghost"), user("ana"), operation("DELETE", "/Users/bulkId:nobody"))
    assert statuses(results) == ["400", "201", "400"]
    assert (results[0]["response"]["scimType"], results[2]["response"]["scimType"]) == ("invalidValue", "invalidValue")
    assert "ghost" in results[0]["response"]["detail"]
    assert "nobody" in results[2]["response"]["detail"]
    assert (total(tenant, "/Users"), total(tenant, "/Groups")) == (1, 0)


def test_those_that_need_what_failed_fail_too_and_the_others_are_done(tenant: Tenant) -> None:
    create_user(tenant, "taken")
    results = bulk(tenant, group("g", "bulkId:taken"), user("taken"), group("h", "bulkId:new"), user("new"))
    assert statuses(results) == ["400", "409", "201", "201"]
    assert "taken" in results[0]["response"]["detail"]
    assert results[1]["response"]["scimType"] == "uniqueness"
    assert named(tenant, "/Groups", "displayName", "g") == []
    assert members(tenant, id_of(results[2])) == {id_of(results[3])}


def test_a_bulk_id_means_nothing_in_another_request(tenant: Tenant) -> None:
    assert statuses(bulk(tenant, user("ana"))) == ["201"]
    assert statuses(bulk(tenant, group("g", "bulkId:ana"))) == ["400"]
    assert total(tenant, "/Groups") == 0


# Failing (section 3.7.3)


def test_one_that_fails_undoes_no_other_and_each_is_done_whole_or_not_at_all(tenant: Tenant) -> None:
    ana = create_user(tenant, "ana", title="Lead")
    half = patch_of(
        {"op": "replace", "path": "title", "value": "Boss"}, {"op": "replace", "path": "active", "value": 1}
    )
    results = bulk(
        tenant, user("first"), operation("PATCH", f"/Users/{ana['id']}", half),
        operation("DELETE", "/Users/usr_nobody"), operation("PUT", f"/Users/{ana['id']}", {"title": "no name"}),
        user("FIRST") | {"bulkId": "again"}, user("last"),
    )  # fmt: skip
    assert statuses(results) == ["201", "400", "404", "400", "409", "201"]
    assert tenant.http.get(f"/Users/{ana['id']}").json() == ana
    assert total(tenant, "/Users") == 3
    for each in results[1:5]:
        assert each["response"]["status"] == each["status"]
        assert each["response"]["schemas"] == [ERROR]
        assert each["response"]["detail"]


@pytest.mark.parametrize(("limit", "done"), [(1, 2), (2, 4), (3, 5), (None, 5)])
def test_so_many_errors_end_the_request(tenant: Tenant, limit: int | None, done: int) -> None:
    gone = operation("DELETE", "/Users/usr_nobody")
    rest = {} if limit is None else {"failOnErrors": limit}
    results = bulk(tenant, user("a"), gone, user("b"), gone, user("c"), **rest)
    assert statuses(results) == ["201", "404", "201", "404", "201"][:done]
    assert [bool(named(tenant, "/Users", "userName", name)) for name in "abc"] == [True, done > 2, done > 4]


def test_what_cannot_be_done_at_all_keeps_nothing_from_being_done(tenant: Tenant) -> None:
    """Circles and bulkIds that nobody has are counted as errors after the others were tried."""
    circle = [group("A", "bulkId:B"), group("B", "bulkId:A")]
    results = bulk(tenant, *circle, group("ghost", "bulkId:nobody"), user("ana"), user("bob"), failOnErrors=1)
    assert statuses(results) == ["409", "201", "201"]
    assert [each["bulkId"] for each in results] == ["A", "ana", "bob"]
    assert (total(tenant, "/Users"), total(tenant, "/Groups")) == (2, 0)


# Versions


def test_a_stale_version_is_refused_and_the_present_one_is_not(tenant: Tenant) -> None:
    made = [create_user(tenant, name) for name in ("a", "b", "c")]
    paths = [f"/Users/{each['id']}" for each in made]
    old = made[0]["meta"]["version"]
    title = patch_of({"op": "add", "path": "title", "value": "Lead"})
    now = [tenant.http.patch(path, json=title).headers["etag"] for path in paths]
    assert old not in now

    def operations(versions: list[str]) -> list[dict[str, Any]]:
        one, two, three = versions
        boss = patch_of({"op": "replace", "path": "title", "value": "Boss"})
        return [
            operation("PUT", paths[0], {"userName": "a", "title": "Chief"}, version=one),
            operation("PATCH", paths[1], boss, version=two),
            operation("DELETE", paths[2], version=three),
        ]

    assert statuses(bulk(tenant, *operations([old] * 3))) == ["412"] * 3
    assert [tenant.http.get(path).json()["title"] for path in paths] == ["Lead"] * 3
    results = bulk(tenant, *operations(now))
    assert statuses(results) == ["200", "200", "204"]
    assert [tenant.http.get(path).json()["title"] for path in paths[:2]] == ["Chief", "Boss"]
    assert [each["version"] for each in results[:2]] == [tenant.http.get(path).headers["etag"] for path in paths[:2]]
    assert tenant.http.get(paths[2]).status_code == 404


def test_a_groups_version_counts_too(tenant: Tenant) -> None:
    one = create_group(tenant, "one")
    path, version = f"/Groups/{one['id']}", one["meta"]["version"]
    rename = operation(
        "PATCH", path, patch_of({"op": "replace", "path": "displayName", "value": "two"}), version=version
    )
    results = bulk(tenant, rename, rename, operation("DELETE", path, version=version))
    assert statuses(results) == ["204", "412", "412"]
    shown = tenant.http.get(path)
    assert shown.json()["displayName"] == "two"
    assert results[0]["version"] == shown.headers["etag"]


def test_a_version_of_another_type_never_writes(tenant: Tenant) -> None:
    ana = create_user(tenant, "ana", title="Lead")
    boss = patch_of({"op": "replace", "path": "title", "value": "Boss"})
    body = {"schemas": [BULK], "Operations": [operation("PATCH", f"/Users/{ana['id']}", boss, version=99)]}
    tenant.http.post("/Bulk", json=body)
    assert tenant.http.get(f"/Users/{ana['id']}").json()["title"] == "Lead"


def test_the_requests_own_if_match_is_none_of_its_operations(tenant: Tenant) -> None:
    ana = create_user(tenant, "ana")
    body = {"schemas": [BULK], "Operations": [operation("DELETE", f"/Users/{ana['id']}")]}
    answer = tenant.http.post("/Bulk", json=body, headers={"If-Match": 'W/"99"'})
    assert statuses(answer.json()["Operations"]) == ["204"]
    assert tenant.http.get(f"/Users/{ana['id']}").status_code == 404


# Forms


def test_a_result_has_the_form_of_the_rfc(tenant: Tenant) -> None:
    one, base = create_group(tenant, "one"), tenant.vestibule.scim_url(tenant.connection_id)
    add = patch_of({"op": "add", "path": "externalId", "value": "x"})
    made, changed, lost, refused, gone = bulk(
        tenant, user("ana"), operation("patch", f"Groups/{one['id']}", add), operation("DELETE", "/Users/usr_nobody"),
        user("ANA") | {"bulkId": "twin"}, operation("DELETE", f"/Groups/{one['id']}", bulkId="mine"),
    )  # fmt: skip
    assert made.keys() == {"method", "bulkId", "version", "location", "status"}
    shown = tenant.http.get(made["location"])
    assert shown.json()["userName"] == "ana"
    assert shown.json()["meta"]["location"] == made["location"]
    assert (made["method"], made["bulkId"], made["version"]) == ("POST", "ana", shown.headers["etag"])
    assert changed["method"] == "PATCH"
    assert (changed["location"], changed["status"]) == (f"{base}/Groups/{one['id']}", "204")
    assert lost.keys() == {"method", "location", "status", "response"}
    assert (lost["method"], lost["location"], lost["status"]) == ("DELETE", f"{base}/Users/usr_nobody", "404")
    assert refused.keys() == {"method", "bulkId", "status", "response"}
    assert gone == {"method": "DELETE", "bulkId": "mine", "location": f"{base}/Groups/{one['id']}", "status": "204"}
    assert tenant.http.get("/Groups").json()["totalResults"] == 0


@pytest.mark.parametrize(
    "path", ["/Bulk", "/bulk", "/Me", "/", "/.search", "/Schemas", "/ServiceProviderConfig", "/%42ulk"]
)
def test_only_users_and_groups_are_operated_on(tenant: Tenant, path: str) -> None:
    inner = {"schemas": [BULK, SEARCH, PATCH], "Operations": [user("hidden")], "userName": "hidden"}
    sent = operation("POST", path, inner, bulkId="x")
    answer = tenant.http.post("/Bulk", json={"schemas": [BULK], "Operations": [sent]})
    if answer.status_code == 200:
        (result,) = answer.json()["Operations"]
        assert int(result["status"]) >= 400
        assert "location" not in result
    else:
        assert answer.status_code == 400
    assert total(tenant, "/Users") == 0


def test_a_search_is_no_operation(tenant: Tenant) -> None:
    (result,) = bulk(tenant, operation("POST", "/Users/.search", {"schemas": [SEARCH]}, bulkId="s"))
    assert int(result["status"]) >= 400


def test_a_method_that_a_path_has_not_is_refused(tenant: Tenant) -> None:
    ana = create_user(tenant, "ana")
    results = bulk(
        tenant, operation("DELETE", "/Users"), operation("PUT", "/Groups", {"displayName": "x"}),
        operation("POST", f"/Users/{ana['id']}", {"userName": "b"}, bulkId="b"), operation("DELETE", "/Users/a/b"),
    )  # fmt: skip
    assert statuses(results) == ["405", "405", "405", "404"]
    assert [each["id"] for each in tenant.http.get("/Users").json()["Resources"]] == [ana["id"]]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"Operations": [{"method": "DELETE", "path": "/Users/x"}]}'])
def test_what_is_no_bulk_request_is_refused(tenant: Tenant, body: bytes) -> None:
    is_error(tenant.http.post("/Bulk", content=body), 400, "invalidSyntax")


def test_nothing_is_done_of_a_request_that_cannot_be_read(tenant: Tenant) -> None:
    body = {"schemas": [BULK], "Operations": [user("ana"), {"method": "FETCH", "path": "/Users"}]}
    is_error(tenant.http.post("/Bulk", json=body), 400, "invalidSyntax")
    assert total(tenant, "/Users") == 0
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        answer = tenant.http.request(method, "/Bulk")
        is_error(answer, 405)
        assert answer.headers["allow"] == "POST"


# Limits (section 3.7.4)


def too_many(tenant: Tenant) -> tuple[int, Any]:
    most = tenant.http.get("/ServiceProviderConfig").json()["bulk"]["maxOperations"]
    gone = operation("DELETE", "/Users/x")
    return most, {"schemas": [BULK], "Operations": [user("ana"), *[gone] * most]}


def test_more_operations_or_bytes_than_announced_are_refused_whole(tenant: Tenant) -> None:
    most, body = too_many(tenant)
    assert str(most) in is_error(tenant.http.post("/Bulk", json=body), 413)
    largest = tenant.http.get("/ServiceProviderConfig").json()["bulk"]["maxPayloadSize"]
    long = {"schemas": [BULK], "Operations": [user("ana", title="x" * largest)]}
    assert str(largest) in is_error(tenant.http.post("/Bulk", json=long), 413)
    assert total(tenant, "/Users") == 0


def test_the_limit_that_was_exceeded_is_told(tenant: Tenant) -> None:
    told = is_error(tenant.http.post("/Bulk", json=too_many(tenant)[1]), 413)
    assert "operations" in told
    assert "bytes" not in told


# Scopes and the log


def test_each_operation_needs_its_own_scope(tenant: Tenant) -> None:
    ana, old = create_user(tenant, "ana")["id"], create_group(tenant, "old")["id"]
    _, text = tenant.vestibule.token(tenant.connection_id, {*USER_SCOPES, "patch:groups"} - {"delete:users"})
    body = {
        "schemas": [BULK],
        "Operations": [
            user("new"), group("fresh"), operation("DELETE", f"/Users/{ana}"), operation("DELETE", f"/Groups/{old}"),
            operation("PATCH", f"/Groups/{old}", patch_of({"op": "add", "path": "members", "value": [{"value": ana}]})),
        ],
    }  # fmt: skip
    with tenant.vestibule.client(tenant.connection_id, text) as http:
        results = http.post("/Bulk", json=body).json()["Operations"]
    assert statuses(results) == ["201", "403", "403", "403", "204"]
    needed = [each["response"]["need"][0]["selection"] for each in results[1:4]]
    assert needed == [["post:groups"], ["delete:users"], ["delete:groups"]]
    assert members(tenant, old) == {ana}
    assert (total(tenant, "/Users"), total(tenant, "/Groups")) == (2, 1)


def logged(tenant: Tenant, path: str, count: int) -> list[Exchange]:
    """The entries of the provisioning log since the first call of a path, which are written a moment later."""

    async def read(store: Store) -> list[Exchange]:
        return await store.exchanges(tenant.connection_id, ExchangeQuery())

    deadline = time.monotonic() + 10
    while True:
        entries = tenant.vestibule.admin(read)[::-1]
        if len(entries) >= count and path in {each.path for each in entries}:
            return entries
        assert time.monotonic() < deadline, [each.path for each in entries]
        time.sleep(0.02)


def test_each_operation_has_an_entry_of_its_own_in_the_log(tenant: Tenant) -> None:
    sent = [group("g", "bulkId:ana"), user("ana"), group("h", "bulkId:ghost"), operation("DELETE", "/Users/usr_nobody")]
    answer = tenant.http.post("/Bulk", json={"schemas": [BULK], "Operations": sent})
    results = answer.json()["Operations"]
    entries = {each.id: each for each in logged(tenant, "/Bulk", 5)}
    whole = entries.pop(answer.headers["vestibule-request-id"])
    assert (whole.method, whole.path, whole.status) == ("POST", "/Bulk", 200)
    inner = sorted(entries.values(), key=lambda each: each.facts["operation"])
    assert [each.facts["bulk"] for each in inner] == [whole.id] * 4
    assert [(each.method, str(each.status)) for each in inner] == [(each["method"], each["status"]) for each in results]
    assert [each.error for each in inner] == [None, None, "invalid_value", "not_found"]
    assert [each.resource_type for each in inner[:2]] == ["Group", "User"]
    assert [each.target for each in inner[:2]] == ["g", "ana"]
    assert [each.resource_id for each in inner[:2]] == [id_of(each) for each in results[:2]]
    assert {each.token_id for each in inner} == {tenant.token.id}
    for entry, result in zip(inner[2:], results[2:], strict=True):
        assert entry.id in result["response"]["detail"]
