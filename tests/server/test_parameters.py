"""What is sent around a list or a body is read to the letter or refused: nothing is silently ignored."""

from typing import Any

import httpx2
import pytest

from tests.conftest import Tenant
from tests.server.asking import BULK, ask, operation, statuses
from tests.server.test_bad_input import is_error, recorded
from tests.server.wire import GROUP, USER, everybody, new_user
from vestibule.explain import explain

WAYS = pytest.mark.parametrize("way", ["GET", "POST"])


def get(tenant: Tenant, query: str, path: str = "/Users") -> httpx2.Response:
    return tenant.http.get(f"{path}?{query}")


@pytest.mark.parametrize("path", ["/.search", "/Users/.search", "/Groups/.search", "/Bulk"])
@pytest.mark.parametrize("schemas", [True, 5, 1.5, None, "x", {}, {"a": 1}, [5], [[]], []])
def test_a_message_whose_schemas_are_no_list_of_its_own_is_refused(tenant: Tenant, path: str, schemas: Any) -> None:
    body = {"schemas": schemas, "Operations": [operation("DELETE", "/Users/x")]}
    is_error(tenant.http.post(path, json=body), 400, "invalidSyntax")


@WAYS
@pytest.mark.parametrize("path", ["", "/Users", "/Groups"])
@pytest.mark.parametrize("text", ["", " ", "\t"])
def test_an_empty_filter_never_lists_everybody(tenant: Tenant, way: str, path: str, text: str) -> None:
    new_user(tenant, "ana")
    answer = ask(tenant, way, path, filter=text)
    is_error(answer, 400, "invalidFilter")
    assert recorded(tenant, answer).facts["position"] == 0


@pytest.mark.parametrize(
    ("query", "scim_type", "named"),
    [
        ("filter=userName%20eq%20%22ana%22&filter=", "invalidFilter", "filter"),
        ("filter=userName%20pr&FILTER=userName%20pr", "invalidFilter", "filter"),
        ("sortBy=userName&sortby=title", "invalidValue", "sortBy"),
        ("sortOrder=ascending&sortOrder=descending", "invalidValue", "sortOrder"),
        ("cursor=&cursor=", "invalidValue", "cursor"),
        ("startIndex=1&STARTINDEX=1", "invalidValue", "startIndex"),
        ("count=1&count=2", "invalidValue", "count"),
        ("filter=userName%20eq%20%22%FF%22", "invalidFilter", "UTF-8"),
        ("sortBy=%FF", "invalidValue", "UTF-8"),
    ],
)
def test_a_parameter_that_comes_twice_or_is_no_text_is_refused_by_name(
    tenant: Tenant, query: str, scim_type: str, named: str
) -> None:
    for path in ("/Users", "/Groups", "/"):
        assert named in is_error(get(tenant, query, path), 400, scim_type)


def test_a_stranger_is_told_nothing_but_that_he_is_one(tenant: Tenant) -> None:
    tenant.http.headers["Authorization"] = "Bearer x"
    is_error(get(tenant, "filter=&filter=%FF"), 401)


def test_the_names_of_attributes_may_come_in_several_parameters(tenant: Tenant) -> None:
    made = new_user(tenant, "ana", title="Lead", nickName="A", displayName="Ana")
    (shown,) = get(tenant, "attributes=title&Attributes=nickName").json()["Resources"]
    assert shown.keys() - {"schemas", "id"} == {"title", "nickName"}
    (shown,) = get(tenant, "excludedAttributes=title&excludedattributes=nickName").json()["Resources"]
    assert shown.keys() == made.keys() - {"title", "nickName"}


def test_names_that_are_not_a_parameter_may_be_what_they_like(tenant: Tenant) -> None:
    assert get(tenant, "%FF=%FE&x=1&x=2&aadOptscim062020").status_code == 200


@pytest.mark.parametrize("path", ["/Schemas", "/ResourceTypes", "/ServiceProviderConfig"])
def test_discovery_takes_no_filter_not_even_an_empty_one(tenant: Tenant, path: str) -> None:
    is_error(get(tenant, "filter=", path), 403)


@WAYS
@pytest.mark.parametrize("attribute", ["meta.location", "meta.version", "groups", "groups.display", "urn:x"])
def test_a_sort_by_what_has_no_order_is_a_bad_value_and_no_bad_filter(tenant: Tenant, way: str, attribute: str) -> None:
    is_error(ask(tenant, way, "/Users", sortBy=attribute), 400, "invalidValue")
    is_error(ask(tenant, way, "", sortBy=attribute), 400, "invalidValue")


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/Users", "sortBy=userName&sortOrder=DESC"),
        ("/Users", "attributes=title&excludedAttributes=userName"),
        ("/", "cursor=&sortBy=userName"),
        ("/Users", "sortBy=groups"),
        ("/Users", "count=x"),
    ],
)
def test_a_wrong_parameter_is_not_blamed_on_the_attribute_mapping(tenant: Tenant, path: str, query: str) -> None:
    answer = get(tenant, query, path)
    is_error(answer, 400, "invalidValue")
    assert explain(recorded(tenant, answer)).code == "paging_invalid"


def test_a_count_is_written_in_digits_of_ascii_and_as_long_as_one_likes(tenant: Tenant) -> None:
    new_user(tenant, "ana")
    is_error(get(tenant, "count=%D9%A3"), 400, "invalidValue")
    assert get(tenant, "count=" + "9" * 30).json()["itemsPerPage"] == 1


# The body


def test_a_body_is_plain_utf8_or_refused_with_the_reason(tenant: Tenant) -> None:
    body = b'{"schemas": ["%s"], "userName": "z\xc3\xb6e"}' % USER.encode()
    for header, value, told in (
        ("Content-Encoding", "gzip", "gzip"),
        ("Content-Type", "application/scim+json; charset=iso-8859-1", "iso-8859-1"),
        ("Content-Type", 'application/json;charset="UTF-16"', "UTF-16"),
    ):
        assert told in is_error(tenant.http.post("/Users", content=body, headers={header: value}), 415)
    assert everybody(tenant) == []
    fine = {"Content-Encoding": "identity", "Content-Type": 'application/scim+json; charset="utf-8"'}
    assert tenant.http.post("/Users", content=body, headers=fine).status_code == 201
    assert everybody(tenant) == ["zöe"]


def test_a_byte_order_mark_is_skipped(tenant: Tenant) -> None:
    body = b'\xef\xbb\xbf{"schemas": ["%s"], "displayName": "g"}' % GROUP.encode()
    assert tenant.http.post("/Groups", content=body).status_code == 201
    is_error(tenant.http.post("/Groups", content=b"\xef\xbb\xbf"), 400, "invalidSyntax")


@pytest.mark.parametrize("header", ["If-Match", "If-None-Match"])
def test_a_bulk_requests_own_conditions_are_none_of_its_operations(tenant: Tenant, header: str) -> None:
    made = new_user(tenant, "ana")
    body = {"schemas": [BULK], "Operations": [operation("DELETE", f"/Users/{made['id']}")]}
    tag = {"If-Match": 'W/"99"', "If-None-Match": "*"}[header]
    answer = tenant.http.post("/Bulk", json=body, headers={header: tag})
    assert statuses(answer.json()["Operations"]) == ["204"]
