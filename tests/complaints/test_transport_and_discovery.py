"""Complaints about what surrounds the resources: scopes, media types, headers, verbs, discovery."""

import http.client
from urllib.parse import urlsplit

import httpx2
import orjson
import pytest

from tests.complaints import shapes
from tests.complaints.provider import Provider
from tests.conftest import USER_SCOPES
from vestibule import connections
from vestibule.clock import SystemClock

SCIM_JSON = "application/scim+json"
GROUP_PROBE = '/Groups?filter=displayName+eq+"grp_all%40x.com"'
USER_PROBE = '/Users?filter=userName+eq+"5d5a3f0b-4f3c-4a8e-9d9c-0f6a4f6a0b1c"'


def test_complaint_01_a_token_without_group_scopes_is_told_which_one_is_missing(provider: Provider) -> None:
    """community.sonarsource.com/t/179377"""
    tenant = provider.tenant
    group = provider.new_group("grp_all@x.com")
    token, text = tenant.vestibule.token(tenant.connection_id, USER_SCOPES)
    with tenant.vestibule.client(tenant.connection_id, text) as narrow:
        green = narrow.get(USER_PROBE)
        assert (green.status_code, green.json()["totalResults"]) == (200, 0)
        refused = narrow.get(GROUP_PROBE)
        body = refused.json()
        assert (refused.status_code, body["status"], body["schemas"]) == (403, "403", [shapes.ERROR])
        assert "get:groups" in body["detail"]
        assert body["need"] == [{"selection": ["get:groups"]}]
        assert set(body["got"]) == USER_SCOPES
        assert group not in refused.text

        more = frozenset({"get:groups"})
        tenant.vestibule.admin(lambda store: connections.grant(store, SystemClock(), token.id, more))
        assert [each["id"] for each in narrow.get(GROUP_PROBE).json()["Resources"]] == [group]


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/Groups", "get:groups"),
        ("POST", "/Groups", "post:groups"),
        ("GET", "/Groups/{id}", "get:groups"),
        ("PUT", "/Groups/{id}", "put:groups"),
        ("PATCH", "/Groups/{id}", "patch:groups"),
        ("DELETE", "/Groups/{id}", "delete:groups"),
    ],
)
def test_complaint_01_every_group_request_names_its_scope_and_changes_nothing(
    provider: Provider, method: str, path: str, scope: str
) -> None:
    """community.sonarsource.com/t/179377"""
    tenant = provider.tenant
    group = provider.new_group("grp_all@x.com", *provider.new_users("a@x"))
    before = provider.group(group)
    _, text = tenant.vestibule.token(tenant.connection_id, USER_SCOPES)
    body = shapes.patch({"op": "Remove", "path": "members"}) if method == "PATCH" else {"displayName": "other"}
    with tenant.vestibule.client(tenant.connection_id, text) as narrow:
        refused = narrow.request(method, path.format(id=group), json=None if method in ("GET", "DELETE") else body)
    assert (refused.status_code, refused.json()["need"]) == (403, [{"selection": [scope]}])
    assert scope in refused.json()["detail"]
    assert provider.group(group) == before
    assert provider.found("/Groups", "displayName pr") == [group]


def test_complaint_21_every_answer_with_a_body_is_scim_json(provider: Provider) -> None:
    """azure-docs#116775, #104859; FusionAuth#1769; medplum#4143; SCIMReferenceCode#108"""
    user = provider.new_user("ana@x")["id"]
    group = provider.new_group("g", user)
    scim = provider.http
    base = provider.tenant.vestibule.scim_url(provider.tenant.connection_id)
    nowhere = provider.tenant.vestibule.scim_url("con_nowhere")
    answers: dict[int, list[httpx2.Response]] = {
        200: [
            scim.get("/Users"), scim.get("/Groups"), scim.get(f"/Users/{user}"), scim.get(f"/Groups/{group}"),
            scim.get(USER_PROBE), scim.put(f"/Groups/{group}", json={"displayName": "g"}),
            provider.patch_user(user, {"op": "Add", "path": "title", "value": "Lead"}),
            scim.get("/ServiceProviderConfig"), scim.get("/Schemas"), scim.get("/ResourceTypes"),
        ],
        201: [scim.post("/Users", json=shapes.entra_user("bob@x")), scim.post("/Groups", json=shapes.entra_group("h"))],
        400: [
            scim.get("/Users", params={"filter": "userName"}), scim.post("/Users", content=b"{"),
            provider.patch_user(user, {"op": "Replace", "path": "active", "value": "perhaps"}),
        ],
        401: [httpx2.get(f"{base}/Users", trust_env=False)],
        404: [
            scim.get("/Users/usr_nobody"), scim.get("/nothing"), scim.get("/Schemas/urn:none"),
            httpx2.get(f"{nowhere}/Users", trust_env=False),
        ],
        405: [scim.put("/Users", json={}), scim.delete("/Groups")],
        409: [scim.post("/Users", json=shapes.entra_user("ana@x"))],
        412: [scim.put(f"/Users/{user}", json=shapes.entra_user("ana@x"), headers={"If-Match": 'W/"99"'})],
        413: [scim.post("/Users", content=b"a" * 300_000)],
        415: [scim.post("/Users", content=b"<user/>", headers={"Content-Type": "text/xml"})],
        501: [scim.get("/Me")],
    }  # fmt: skip
    for status, those in answers.items():
        for answer in those:
            assert answer.status_code == status, (str(answer.request.url), answer.text)
            assert answer.headers["content-type"] == SCIM_JSON
            assert isinstance(answer.json(), dict)
            if status >= 400:
                assert answer.json()["schemas"] == [shapes.ERROR]
                assert answer.json()["status"] == str(status)


@pytest.mark.parametrize(
    "sent",
    ["application/scim+json", "application/scim+json; charset=utf-8", "application/json", "Application/SCIM+JSON"],
)
def test_complaint_21_both_json_types_are_accepted_with_any_parameter(provider: Provider, sent: str) -> None:
    """azure-docs#116775, #104859; medplum#4143; SCIMReferenceCode#108"""
    content = orjson.dumps(shapes.entra_user("jürgen@x"))
    answer = provider.http.post("/Users", content=content, headers={"Content-Type": sent, "Accept": sent})
    assert answer.status_code == 201, answer.text
    assert answer.headers["content-type"] == SCIM_JSON
    assert provider.user(answer.json()["id"])["userName"] == "jürgen@x"


def test_complaint_27_a_request_without_a_user_agent_is_served(provider: Provider) -> None:
    """kortix-ai/suna#7297"""
    where = urlsplit(provider.tenant.vestibule.scim_url(provider.tenant.connection_id))
    body = orjson.dumps(shapes.entra_user("ana@x"))
    raw = http.client.HTTPConnection(where.hostname or "", where.port, timeout=10)
    raw.putrequest("POST", f"{where.path}/Users", skip_accept_encoding=True)
    raw.putheader("Authorization", f"Bearer {provider.tenant.text}")
    raw.putheader("Content-Type", SCIM_JSON)
    raw.putheader("Content-Length", str(len(body)))
    raw.endheaders(body)
    answer = raw.getresponse()
    made = orjson.loads(answer.read())
    raw.close()
    assert (answer.status, answer.headers["content-type"]) == (201, SCIM_JSON)
    assert provider.user(made["id"])["userName"] == "ana@x"


def test_complaint_30_discovery_is_there(provider: Provider) -> None:
    """authentik#12244, #20764; Infisical#6552"""
    config = provider.http.get("/ServiceProviderConfig")
    assert config.status_code == 200
    assert config.json()["patch"] == {"supported": True}
    assert config.json()["filter"]["supported"] is True
    assert config.json()["bulk"]["supported"] is True
    assert config.json()["authenticationSchemes"][0]["type"] == "oauthbearertoken"
    kinds = provider.http.get("/ResourceTypes").json()
    assert {each["endpoint"] for each in kinds["Resources"]} == {"/Users", "/Groups"}
    schemas = provider.http.get("/Schemas").json()
    known = {each["id"] for each in schemas["Resources"]}
    assert {shapes.USER, shapes.GROUP, shapes.ENTERPRISE} <= known
    for each in kinds["Resources"]:
        assert provider.http.get(f"/ResourceTypes/{each['id']}").json() == each
        assert each["schema"] in known
        assert provider.http.get(each["endpoint"]).status_code == 200
    for each in schemas["Resources"]:
        assert provider.http.get(f"/Schemas/{each['id']}").json() == each


def test_complaint_30_every_verb_works_on_users(provider: Provider) -> None:
    """authentik#12244, #20764"""
    scim = provider.http
    made = scim.post("/Users", json=shapes.entra_user("ana@x"))
    assert made.status_code == 201
    path = f"/Users/{made.json()['id']}"
    assert scim.get(path).json() == made.json()
    assert scim.put(path, json=shapes.entra_user("ana@x", title="Lead")).status_code == 200
    assert scim.get(path).json()["title"] == "Lead"
    assert scim.patch(path, json=shapes.patch({"op": "Replace", "path": "title", "value": "Boss"})).status_code == 200
    assert scim.get(path).json()["title"] == "Boss"
    assert scim.delete(path).status_code == 204
    assert scim.get(path).status_code == 404


def test_complaint_30_every_verb_works_on_groups(provider: Provider) -> None:
    """Infisical#6552"""
    scim = provider.http
    ids = provider.new_users("a@x", "b@x")
    made = scim.post("/Groups", json={"displayName": "g", "members": [{"value": ids[0]}]})
    assert made.status_code == 201
    path = f"/Groups/{made.json()['id']}"
    assert scim.get(path).json() == made.json()
    put = scim.put(path, json={"displayName": "h", "members": [{"value": each} for each in ids]})
    assert put.status_code == 200, put.text
    assert (scim.get(path).json()["displayName"], len(scim.get(path).json()["members"])) == ("h", 2)
    assert scim.patch(path, json=shapes.patch(shapes.entra_remove(ids[0]))).status_code == 204
    assert [each["value"] for each in scim.get(path).json()["members"]] == [ids[1]]
    assert scim.delete(path).status_code == 204
    assert scim.get(path).status_code == 404
    assert provider.user(ids[1])["userName"] == "b@x"


def test_complaint_30_entras_group_with_microsofts_own_schema_is_made(provider: Provider) -> None:
    """Infisical#6552"""
    answer = provider.http.post("/Groups", json=shapes.entra_group("displayName"))
    assert answer.status_code == 201, answer.text
    shown = provider.group(answer.json()["id"])
    assert (shown["displayName"], shown["externalId"]) == ("displayName", "ext-displayName")
    assert shown["schemas"] == [shapes.GROUP]
