"""The Okta SCIM 2.0 SPEC test, older and newer edition, without its limits of time."""

import uuid
from collections.abc import Generator
from typing import Any

import httpx2
import pytest

from tests.conftest import Tenant
from tests.validators.exchange import LIST, SCIM_JSON, USER, Json, find, make_group, make_user, refused

HEADERS = {
    "Accept": "application/scim+json",
    "Accept-Charset": "utf-8",
    "Content-Type": "application/scim+json; charset=utf-8",
    "User-Agent": "OKTA SCIM Integration",
}
RANDOM: Json = {
    "schemas": [USER],
    "userName": "runscope300abc@atko.example",
    "name": {"givenName": "Runscope", "familyName": "User"},
    "emails": [{"primary": True, "value": "runscope300abc@atko.example", "type": "work"}],
    "displayName": "Runscope User",
    "active": True,
}


@pytest.fixture
def okta(tenant: Tenant) -> Generator[httpx2.Client]:
    """A client with Okta's headers, in a directory that has one person and one group, as the test asks for."""
    name = {"givenName": "Ana", "familyName": "Lim"}
    make_user(tenant, "ana@example.com", name=name, emails=[{"type": "work", "value": "ana@example.com"}])
    make_group(tenant, "Everyone")
    headers = {**HEADERS, "Authorization": f"Bearer {tenant.text}"}
    with httpx2.Client(base_url=tenant.http.base_url, headers=headers, trust_env=False) as client:
        yield client


def listed(answer: Any) -> Json:
    """A ListResponse whose numbers are numbers."""
    assert (answer.status_code, answer.headers["content-type"]) == (200, SCIM_JSON), answer.text
    body = answer.json()
    assert body["schemas"] == [LIST]
    assert [type(body[name]) for name in ("totalResults", "startIndex", "itemsPerPage")] == [int, int, int]
    assert len(body["Resources"]) == body["itemsPerPage"]
    return body


def check_person(person: Json) -> None:
    assert person["id"]
    assert person["userName"] == "ana@example.com"
    assert person["name"] == {"givenName": "Ana", "familyName": "Lim"}
    assert person["active"] is True
    assert person["emails"][0]["value"] == "ana@example.com"


# Discovery


def test_service_provider_config(okta: httpx2.Client) -> None:
    answer = okta.get("/ServiceProviderConfig")
    assert (answer.status_code, answer.headers["content-type"]) == (200, SCIM_JSON)
    config = answer.json()
    assert config["schemas"] == ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"]
    for name in ("patch", "bulk", "filter", "changePassword", "sort", "etag"):
        assert config[name]["supported"] in (True, False), name
    numbers = (config["filter"]["maxResults"], config["bulk"]["maxOperations"], config["bulk"]["maxPayloadSize"])
    assert [type(each) for each in numbers] == [int, int, int]
    assert config["patch"]["supported"] is True
    scheme = config["authenticationSchemes"][0]
    assert (scheme["type"], bool(scheme["description"])) == ("oauthbearertoken", True)


def test_resource_types(okta: httpx2.Client) -> None:
    first = listed(okta.get("/ResourceTypes"))["Resources"][0]
    assert (first["name"], first["endpoint"], first["schema"]) == ("User", "/Users", USER)


def test_schemas(okta: httpx2.Client) -> None:
    for each in listed(okta.get("/Schemas"))["Resources"]:
        assert each["id"].startswith("urn:")
        assert each["attributes"]


@pytest.mark.parametrize("endpoint", ["/ServiceProviderConfig", "/ResourceTypes", "/Schemas"])
def test_discovery_is_read_only(okta: httpx2.Client, endpoint: str) -> None:
    """A POST of what is not even JSON is 405, and changes nothing."""
    before = okta.get(endpoint).json()
    answer = okta.post(endpoint, content=b"test\r\n\r\n")
    refused(answer, 405)
    assert answer.headers["allow"] == "GET"
    assert okta.get(endpoint).json() == before


# Users


def test_users_endpoint(okta: httpx2.Client) -> None:
    body = listed(okta.get("/Users?count=1&startIndex=1"))
    assert (body["totalResults"], body["startIndex"], body["itemsPerPage"]) == (1, 1, 1)
    check_person(body["Resources"][0])


def test_get_user_by_id(okta: httpx2.Client) -> None:
    first = okta.get("/Users?count=1&startIndex=1").json()["Resources"][0]
    answer = okta.get(f"/Users/{first['id']}")
    assert (answer.status_code, answer.json()) == (200, first)
    check_person(answer.json())


def test_users_list_with_an_empty_filter(okta: httpx2.Client) -> None:
    """A filter that nobody fits is an empty list, never 404; the person who is there is not in it."""
    body = listed(okta.get('/Users?filter=userName eq "abcdefgh@atko.example"'))
    assert (body["totalResults"], body["Resources"]) == (0, [])


def test_users_list_with_a_form_encoded_filter(okta: httpx2.Client) -> None:
    body = listed(okta.get("/Users?filter=userName%20eq%20%22ana%40example.com%22&startIndex=1&count=100"))
    check_person(body["Resources"][0])


def test_invalid_user_by_id(okta: httpx2.Client) -> None:
    assert "010101001010101011001010101011" in refused(okta.get("/Users/010101001010101011001010101011"), 404)


def test_a_random_user_does_not_exist(okta: httpx2.Client) -> None:
    body = listed(okta.get(f'/Users?filter=userName eq "{uuid.uuid4()}@atko.example"'))
    assert body["totalResults"] == 0


@pytest.mark.parametrize("content_type", [None, "application/json", "application/json; charset=utf-8"])
def test_create_a_user_with_realistic_values(okta: httpx2.Client, content_type: str | None) -> None:
    """The older edition sends no Content-Type at all, the newer one `application/json`."""
    request = okta.build_request(
        "POST", "/Users", json=RANDOM, headers={"Accept": "application/scim+json; charset=utf-8"}
    )
    del request.headers["content-type"]
    if content_type:
        request.headers["content-type"] = content_type
    answer = okta.send(request)
    assert (answer.status_code, answer.headers["content-type"]) == (201, SCIM_JSON), answer.text
    user = answer.json()
    assert {name: user[name] for name in RANDOM} == RANDOM
    assert user["id"]
    assert okta.get(f"/Users/{user['id']}").json() == user


def test_recreating_a_user_with_the_same_values_fails(okta: httpx2.Client) -> None:
    made = okta.post("/Users", json=RANDOM).json()
    answer = okta.post("/Users", json={**RANDOM, "displayName": "Second"}, headers={"Content-Type": "application/json"})
    assert RANDOM["userName"] in refused(answer, 409, "uniqueness")
    assert okta.get(f"/Users/{made['id']}").json() == made
    assert okta.get("/Users").json()["totalResults"] == 2


def test_user_name_case_sensitivity_older_edition(okta: httpx2.Client) -> None:
    """A filter without an operator is a 400, not everybody."""
    okta.post("/Users", json=RANDOM)
    refused(okta.get("/Users?filter=RUNSCOPE300ABC@ATKO.EXAMPLE"), 400, "invalidFilter")
    refused(okta.get("/Users?filter=RANDOMCAPS"), 400, "invalidFilter")


def test_user_name_case_sensitivity_newer_edition(okta: httpx2.Client) -> None:
    made = okta.post("/Users", json=RANDOM).json()
    body = listed(okta.get('/Users?filter=userName eq "RUNSCOPE300ABC@ATKO.EXAMPLE"'))
    assert body["Resources"] == [made]


# Groups, statuses


def test_groups_endpoint(okta: httpx2.Client) -> None:
    body = listed(okta.get("/Groups"))
    assert [each["displayName"] for each in body["Resources"]] == ["Everyone"]
    assert body["totalResults"] == 1


def test_groups_endpoint_without_groups(tenant: Tenant) -> None:
    body = listed(tenant.http.get("/Groups", headers=HEADERS))
    assert (body["totalResults"], body["Resources"]) == (0, [])


@pytest.mark.parametrize("authorization", ["non-token", "Bearer non-token", "Basic YTpi", ""])
def test_check_status_401(okta: httpx2.Client, authorization: str) -> None:
    """Without a token of this connection: a SCIM Error with a detail, and nothing of the directory."""
    answer = okta.get('/Users?filter=userName eq "ANA@EXAMPLE.COM"', headers={"Authorization": authorization})
    refused(answer, 401)
    assert "Resources" not in answer.json()


def test_a_401_writes_nothing(tenant: Tenant, okta: httpx2.Client) -> None:
    refused(okta.post("/Users", json=RANDOM, headers={"Authorization": "non-token"}), 401)
    assert find(tenant, "/Users", f'userName eq "{RANDOM["userName"]}"') == []


def test_check_status_404(okta: httpx2.Client) -> None:
    refused(okta.get("/Users/00919288221112222"), 404)
