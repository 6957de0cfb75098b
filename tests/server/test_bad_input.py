"""Bad input is told clearly, in SCIM's own form, with the right status, and changes nothing."""

import time

import httpx2
import pytest

from tests.conftest import Tenant, Vestibule
from vestibule.explain import explain
from vestibule.model import Exchange
from vestibule.store import NotFound

ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def is_error(answer: httpx2.Response, status: int, scim_type: str | None = None) -> str:
    body = answer.json()
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/scim+json"
    assert body["schemas"] == [ERROR]
    assert body["status"] == str(status)
    assert body.get("scimType") == scim_type
    assert answer.headers["vestibule-request-id"] in body["detail"]
    return body["detail"]


@pytest.mark.parametrize(
    ("body", "status", "scim_type", "told"),
    [
        (b'{"userName": "a"', 400, "invalidSyntax", "line 1"),
        (b"", 400, "invalidSyntax", "empty"),
        (b"[]", 400, "invalidSyntax", "object"),
        (b"\xff\xfe", 400, "invalidSyntax", "JSON"),
        (b'{"displayName": "no name"}', 400, "invalidValue", "userName"),
        (b'{"userName": 7}', 400, "invalidValue", "userName"),
        (b'{"userName": "a", "active": "perhaps"}', 400, "invalidValue", "active"),
        (b'{"userName": "a", "emails": "x", "name": 4}', 400, "invalidValue", "name"),
        (b'{"userName": "a", "emails": [{"primary": true, "value": "x"}, {"primary": true, "value": "y"}]}', 400,
         "invalidValue", "primary"),
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_read_is_refused(
    tenant: Tenant, body: bytes, status: int, scim_type: str, told: str
) -> None:
    assert told in is_error(tenant.http.post("/Users", content=body), status, scim_type)
    assert tenant.http.get("/Users").json()["totalResults"] == 0


def recorded(tenant: Tenant, answer: httpx2.Response) -> Exchange:
    """The entry of the log, which is kept some milliseconds after the answer."""
    request_id = answer.headers["vestibule-request-id"]
    for _ in range(100):
        try:
            return tenant.vestibule.admin(lambda store: store.exchange(request_id))
        except NotFound:
            time.sleep(0.01)
    raise AssertionError(f"{request_id} was not recorded")


def test_an_unknown_attribute_is_ignored_and_noted(tenant: Tenant) -> None:
    answer = tenant.http.post("/Users", json={"schemas": [USER], "userName": "a", "shoeSize": 43})
    assert answer.status_code == 201
    assert "shoeSize" not in answer.json()
    exchange = recorded(tenant, answer)
    assert exchange.facts["tolerated_in"] == {"unknown_attribute": ["shoeSize"]}
    assert "shoeSize" in explain(exchange).why


@pytest.mark.parametrize(
    "text",
    ["userName", "userName eq", 'userName xx "a"', 'shoeSize eq "43"', 'userName eq "a', '(userName eq "a"', "active gt true",
     'userName eq "a" and', "(" * 500 + 'userName eq "a"' + ")" * 500, 'emails[type eq "work"', "userName eq true", "members pr"],
)  # fmt: skip
def test_a_filter_that_cannot_be_read_is_refused_with_the_place(tenant: Tenant, text: str) -> None:
    assert "position" in is_error(tenant.http.get("/Users", params={"filter": text}), 400, "invalidFilter")


@pytest.mark.parametrize(
    ("operation", "scim_type"),
    [
        ({"op": "replace", "path": "shoe size", "value": 1}, "invalidPath"),
        ({"op": "replace", "path": 'emails[type eq "work"', "value": 1}, "invalidPath"),
        ({"op": "turn", "path": "title", "value": "x"}, "invalidSyntax"),
        ({"op": "remove"}, "noTarget"),
        ({"op": "replace", "path": "id", "value": "x"}, "mutability"),
        ({"op": "replace", "value": {"id": "other"}}, "mutability"),
        ({"op": "remove", "path": "userName"}, "mutability"),
        ({"op": "replace", "path": "title"}, "invalidValue"),
        ({"op": "add", "path": 'emails[value co "x"].type', "value": "work"}, "noTarget"),
    ],
)
def test_an_operation_that_makes_no_sense_is_refused(tenant: Tenant, operation: dict, scim_type: str) -> None:
    user = tenant.http.post("/Users", json={"userName": "a"}).json()
    answer = tenant.http.patch(f"/Users/{user['id']}", json={"schemas": [PATCH], "Operations": [operation]})
    is_error(answer, 400, scim_type)
    assert tenant.http.get(f"/Users/{user['id']}").json() == user


def test_a_body_over_the_limit_is_refused(tenant: Tenant) -> None:
    answer = tenant.http.post("/Users", content=b'{"userName": "' + b"a" * 300_000 + b'"}')
    assert "262144" in is_error(answer, 413)


def test_a_foreign_media_type_is_refused(tenant: Tenant) -> None:
    answer = tenant.http.post("/Users", content=b"<user/>", headers={"Content-Type": "text/xml"})
    is_error(answer, 415)


def test_what_does_not_exist_is_told(tenant: Tenant) -> None:
    assert "usr_nobody" in is_error(tenant.http.get("/Users/usr_nobody"), 404)
    is_error(tenant.http.get("/Gruops"), 404)
    is_error(tenant.http.get("/Me"), 501)
    answer = tenant.http.put("/Users", json={})
    is_error(answer, 405)
    assert answer.headers["allow"] == "GET, POST"


def test_an_unknown_connection_is_told(vestibule: Vestibule, tenant: Tenant) -> None:
    with vestibule.client("con_nowhere", tenant.text) as stranger:
        assert "connection" in is_error(stranger.get("/Users"), 404)


def test_another_connections_token_is_401_and_tells_nothing(vestibule: Vestibule, tenant: Tenant) -> None:
    other = vestibule.connection()
    tenant.http.post("/Users", json={"userName": "secret@example.com"})
    _, foreign = vestibule.token(other.id)
    with vestibule.client(tenant.connection_id, foreign) as stranger:
        for path in ("/Users", "/Groups", "/Users/usr_x", "/Schemas", "/nothing"):
            answer = stranger.get(path)
            detail = is_error(answer, 401)
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert tenant.connection_id not in detail
            assert "secret" not in answer.text


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer nonsense", "Basic YTpi", "Bearer vst_scim_" + "0" * 76])
def test_no_usable_token_is_401(vestibule: Vestibule, tenant: Tenant, header: str) -> None:
    answer = httpx2.get(f"{vestibule.scim_url(tenant.connection_id)}/Users", headers={"Authorization": header})
    is_error(answer, 401)


def test_a_tampered_secret_is_401(vestibule: Vestibule, tenant: Tenant) -> None:
    flipped = tenant.text[:50] + ("A" if tenant.text[50] != "A" else "B") + tenant.text[51:]
    with vestibule.client(tenant.connection_id, flipped) as stranger:
        is_error(stranger.get("/Users"), 401)


def test_an_expired_token_and_a_revoked_one_say_so_to_their_holder(vestibule: Vestibule, tenant: Tenant) -> None:
    from vestibule import connections
    from vestibule.clock import SystemClock

    _, short = vestibule.token(tenant.connection_id, lifetime=1)
    with vestibule.client(tenant.connection_id, short) as client:
        assert "expired" in is_error(client.get("/Users"), 401)
    vestibule.admin(lambda store: connections.revoke(store, SystemClock(), tenant.token.id))
    assert "revoked" in is_error(tenant.http.get("/Users"), 401)


def test_slashes_too_many_or_behind_do_no_harm(tenant: Tenant) -> None:
    base = tenant.vestibule.scim_url(tenant.connection_id)
    for path in ("//Users", "/Users/", "/Users?aadOptscim062020"):
        assert tenant.http.get(base + path).status_code == 200


def test_a_request_without_a_user_agent_is_served(vestibule: Vestibule, tenant: Tenant) -> None:
    import http.client
    from urllib.parse import urlsplit

    where = urlsplit(vestibule.scim_url(tenant.connection_id))
    raw = http.client.HTTPConnection(where.hostname or "", where.port)
    raw.putrequest("GET", where.path + "/Users", skip_accept_encoding=True)
    raw.putheader("Authorization", f"Bearer {tenant.text}")
    raw.endheaders()
    assert raw.getresponse().status == 200
    raw.close()


@pytest.mark.parametrize(
    "path", ["", "/", "/v2", "/v2/Users", "/v3/connections/x/Users", "/v2/connections", "/v2/connections/"]
)
def test_a_tenant_url_that_was_typed_wrong_is_told_in_scims_terms(tenant: Tenant, path: str) -> None:
    headers = {"Authorization": f"Bearer {tenant.text}"}
    answer = httpx2.get(f"{tenant.vestibule.base_url}/scim{path}", headers=headers, trust_env=False)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/scim+json")
    assert "connection" in answer.json()["detail"]
