"""What the log keeps of a request: whose it was, and nothing that is never returned."""

import time
from dataclasses import replace

import httpx2
import orjson
import pytest

from tests.conftest import Tenant
from tests.server.asking import BULK, PATCH, operation
from tests.server.wire import CONTOSO, USER, entry, new_user, patch
from vestibule import connections
from vestibule.clock import SystemClock
from vestibule.explain import explain
from vestibule.model import Exchange
from vestibule.scim.schema import Attribute, Schema
from vestibule.scim.user_schema import USER as USER_TYPE
from vestibule.server.redaction import HIDDEN, kept_answer, kept_body, kept_query
from vestibule.server.sparse import LIMITED, Sparse
from vestibule.server.sparse import STRANGERS as MOST
from vestibule.store import ExchangeQuery


def knock(tenant: Tenant, authorization: str | None, body: object = None) -> httpx2.Response:
    headers = {} if authorization is None else {"Authorization": authorization}
    url = f"{tenant.vestibule.scim_url(tenant.connection_id)}/Users"
    return httpx2.post(url, json=body or {"userName": "ana"}, headers=headers, trust_env=False)


def test_a_call_with_an_expired_or_a_revoked_token_is_the_tokens(tenant: Tenant) -> None:
    expired, expired_text = tenant.vestibule.token(tenant.connection_id, lifetime=-1)
    answer = knock(tenant, f"Bearer {expired_text}")
    assert (answer.status_code, entry(tenant, answer).token_id) == (401, expired.id)
    tenant.vestibule.admin(lambda store: connections.revoke(store, SystemClock(), expired.id))
    answer = knock(tenant, f"Bearer {expired_text}")
    found = entry(tenant, answer)
    assert (found.token_id, found.facts["reason"], found.request_body) == (expired.id, "revoked", None)


def test_a_call_with_a_foreign_token_is_the_connections_in_the_path(tenant: Tenant) -> None:
    other, text = tenant.vestibule.token(tenant.vestibule.connection().id)
    found = entry(tenant, knock(tenant, f"Bearer {text}"))
    assert (found.connection_id, found.token_id, found.request_body) == (tenant.connection_id, None, None)
    assert found.facts["presented"] == {"claims": other.id, "last_four": text[-4:], "length": len(text)}
    assert explain(found).why.endswith(f"that ends in …{text[-4:]} and says of itself to be {other.id}.")


@pytest.mark.parametrize(
    ("authorization", "facts"),
    [
        (None, {}),
        ("Basic YWRtaW46c2VjcmV0", {"scheme": "basic"}),
        ("a-secret-that-was-pasted-alone", {"scheme": "none that is known"}),
        ("Bearer sh0rt", {"presented": {"claims": None, "last_four": None, "length": 5}}),
        ("Bearer " + "x" * 36 + "7890", {"presented": {"claims": None, "last_four": "7890", "length": 40}}),
    ],
)
def test_of_what_is_no_token_of_ours_the_log_keeps_what_tells_no_secret(
    tenant: Tenant, authorization: str | None, facts: dict[str, object]
) -> None:
    found = entry(tenant, knock(tenant, authorization))
    assert {each: found.facts[each] for each in facts} == facts
    assert found.facts.keys() - facts.keys() == {"reason", "detail"}
    secret = (authorization or "").rpartition(" ")[2]
    assert not secret or secret not in repr(found)


def test_strangers_cannot_push_out_the_log(tenant: Tenant) -> None:
    for _ in range(MOST + 5):
        assert knock(tenant, "Bearer nothing").status_code == 401
    new_user(tenant, "ana@example.com")

    assert sum(each.status == 401 for each in everything(tenant)) == MOST


def test_who_has_a_token_that_is_over_cannot_push_out_the_log(tenant: Tenant) -> None:
    token, text = tenant.vestibule.token(tenant.connection_id, lifetime=-1)
    with tenant.vestibule.client(tenant.connection_id, text) as client:
        assert {client.get("/Users").status_code for _ in range(LIMITED + 10)} <= {401, 429}
    assert sum(each.token_id == token.id for each in everything(tenant)) == LIMITED


def test_who_sends_too_much_is_asked_for_a_token_first(tenant: Tenant) -> None:
    long = {"userName": "x" * 300_000}
    for _ in range(MOST + 3):
        assert knock(tenant, None, long).status_code == 401
    assert sum(each.token_id is None for each in everything(tenant)) == MOST
    answer = tenant.http.post("/Users", json=long)
    assert answer.status_code == 413
    assert (entry(tenant, answer).token_id, entry(tenant, answer).error) == (tenant.token.id, "payload_too_large")


def test_what_is_sent_to_a_connection_that_is_none_is_in_no_log_however_long_it_is(tenant: Tenant) -> None:
    nowhere = tenant.vestibule.scim_url("con_nowhere")
    for content in (b"x", b"x" * 300_000):
        assert httpx2.post(f"{nowhere}/Users", content=content, trust_env=False).status_code == 404
    everything(tenant)
    assert tenant.vestibule.admin(lambda store: store.exchanges("con_nowhere", ExchangeQuery())) == []


def everything(tenant: Tenant) -> list[Exchange]:
    """The log, once nothing more comes into it."""
    before: list[Exchange] | None = None
    while True:
        found = tenant.vestibule.admin(lambda store: store.exchanges(tenant.connection_id, ExchangeQuery(limit=1_000)))
        if found == before:
            return found
        before = found
        time.sleep(0.2)


def test_what_a_refused_operation_quotes_is_not_kept_with_the_whole_of_a_bulk_request(tenant: Tenant) -> None:
    patched = {"schemas": [PATCH], "Operations": [{"op": "remove", "path": 'password[value eq "s3cret"]'}]}
    body = {"schemas": [BULK], "Operations": [operation("PATCH", "/Users/usr_1", patched)]}
    answer = tenant.http.post("/Bulk", json=body)
    assert "s3cret" in answer.text
    kept = entry(tenant, answer)
    assert "s3cret" not in f"{kept.request_body} {kept.response_body}"


def test_a_long_path_of_a_strangers_is_kept_in_part(tenant: Tenant) -> None:
    answer = httpx2.get(f"{tenant.vestibule.scim_url(tenant.connection_id)}/Users/{'x' * 20_000}", trust_env=False)
    assert answer.status_code == 401
    assert entry(tenant, answer).path == f"/Users/{'x' * 20_000}"[:2_048]


def test_what_was_left_out_is_told_with_the_next_one_that_is_kept() -> None:
    strangers = Sparse(MOST)
    assert [strangers.admit("con_1", 0) for _ in range(MOST + 2)] == [*([0] * MOST), None, None]
    assert strangers.admit("con_2", 0) == 0
    assert (strangers.admit("con_1", 60_000_000), strangers.admit("con_1", 60_000_001)) == (2, 0)


def test_what_no_answer_shows_the_log_does_not_keep(tenant: Tenant) -> None:
    body = {"schemas": [USER], "userName": "ana@example.com", "Password": "s3cret", "title": "Dr"}
    answer = tenant.http.post("/Users", json=body)
    assert answer.status_code == 201, answer.text
    kept = orjson.loads(entry(tenant, answer).request_body or "")
    assert (kept["Password"], kept["title"]) == (HIDDEN, "Dr")
    changed = patch(
        tenant, f"/Users/{answer.json()['id']}",
        {"op": "replace", "path": f"{USER}:password", "value": "9999"},
        {"op": "replace", "value": {f"{USER}:password": "8888", "title": "Prof"}},
    )  # fmt: skip
    kept_text = entry(tenant, changed).request_body or ""
    assert not {"9999", "8888"} & set(kept_text.split('"'))
    assert '"title":"Prof"' in kept_text


def test_no_secret_that_a_refusal_quotes_is_kept(tenant: Tenant) -> None:
    """Filters and paths are quoted to whoever sent them, and nowhere else."""
    ana = new_user(tenant, "ana@example.com")["id"]
    search = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}
    answers = [
        tenant.http.get("/Users", params={"filter": 'password eq "hunter2"'}),
        tenant.http.get('/Users?filter=%70assword+eq+"hunter2"'),
        tenant.http.get("/Users", params={"filter": 'userName eq "x" and password eq "hunter2"'}),
        tenant.http.get("/Users", params={"access_token": "hunter2"}),
        tenant.http.post("/Users/.search", json={**search, "filter": 'password eq "hunter2"'}),
        tenant.http.post("/Users/.search", json={"filter": 'password eq "hunter2"'}),
        patch(tenant, f"/Users/{ana}", {"op": "add", "path": 'password[value eq "hunter2"]', "value": "x"}),
        patch(tenant, f"/Users/{ana}", {"op": "add", "path": "password eq hunter2", "value": "x"}),
    ]
    for answer in answers:
        kept = entry(tenant, answer)
        assert "hunter2" not in repr(kept), kept
        assert "hunter2" not in repr(explain(kept))
    assert "hunter2" in answers[0].text
    assert explain(entry(tenant, answers[0])).sentence.startswith("What was sent asks for an attribute that is never")
    usual = entry(tenant, tenant.http.get("/Users", params={"filter": "nonsense"}))
    assert usual.facts["text"] == "nonsense"
    assert "nonsense" in (usual.response_body or "")


def test_what_is_hidden_follows_from_the_schemas() -> None:
    assert USER_TYPE.unreturned == {"password"}
    assert {"username", "givenname", "department"} < USER_TYPE.returnable
    assert "password" not in USER_TYPE.returnable
    pin = Attribute("Pin", returned="never")
    schema = Schema(CONTOSO, "Contoso", "", (Attribute("badge", "complex", sub_attributes=(pin,)),))
    assert replace(USER_TYPE, extensions=(schema,)).unreturned == {"password", "pin"}
    assert replace(USER_TYPE, extensions=(schema,)).returnable >= {"badge"}


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b"", None),
        (b'{"a":1}', '{"a":1}'),
        (b'{"PassWord":"x","n":{"pin":"1"}}', f'{{"PassWord":"{HIDDEN}","n":{{"pin":"{HIDDEN}"}}}}'),
        (rb'{"pass\u0077ord":"x"}', f'{{"password":"{HIDDEN}"}}'),
        (b'{"path":"pins[type eq \\"a:b\\"].value","value":"7"}', None),
        (b"not JSON", "(8 bytes that are not JSON, not kept)"),
        (b"[" + b"1," * 40_000 + b"1]", "(80003 bytes, not kept)"),
    ],
)
def test_bodies_are_kept_bounded_and_without_secrets(body: bytes, kept: str | None) -> None:
    found = kept_body(body, frozenset({"pin", "pins"}))
    if b"pins[" in body:
        assert orjson.loads(found or "")["value"] == HIDDEN
    else:
        assert found == kept


def test_an_answer_is_kept_without_what_goes_by_the_name_of_a_secret() -> None:
    answer = b'{"userName":"ana","urn:x":{"token":"t0p"}}'
    assert (
        kept_answer(answer, frozenset({"username", "token"})) == f'{{"userName":"ana","urn:x":{{"token":"{HIDDEN}"}}}}'
    )
    assert kept_answer(b'{"userName":"ana"}', frozenset({"username"})) == '{"userName":"ana"}'
    assert kept_answer(b"", frozenset()) is None
    assert kept_answer(b"[" + b"1," * 40_000 + b"1]", frozenset()) == "(80003 bytes, not kept)"


def test_what_an_extension_calls_a_token_is_in_the_answer_and_not_in_the_log(tenant: Tenant) -> None:
    card = "urn:ietf:params:scim:schemas:extension:Contoso:2.0:User"
    declared = {"id": card, "name": "Card", "attributes": [{"name": "token", "type": "string"}]}
    tenant.set(extensions=[declared])
    answer = tenant.http.post("/Users", json={"schemas": [USER, card], "userName": "a", card: {"token": "t0p"}})
    assert answer.json()[card] == {"token": "t0p"}
    kept = entry(tenant, answer)
    assert "t0p" not in (kept.request_body or "") + (kept.response_body or "")


def test_a_query_that_asks_for_a_secret_is_not_kept() -> None:
    assert kept_query("filter=userName+eq+%22ana%22", frozenset({"pin"})) == "filter=userName+eq+%22ana%22"
    assert kept_query("filter=PIN+eq+1", frozenset({"pin"})) == HIDDEN
    assert kept_query("filter=password+pr") == HIDDEN
