"""The page behind the link in an error's detail."""

import html
from dataclasses import replace

import httpx2
import pytest

from tests.conftest import USER_SCOPES, Tenant
from tests.explain import recorded
from tests.saml.keys import NOW
from vestibule import ids
from vestibule.explain import explain
from vestibule.store import Store


def test_the_link_in_a_refusal_opens_a_page_with_the_sentence_alone(tenant: Tenant) -> None:
    token, text = tenant.vestibule.token(tenant.connection_id, USER_SCOPES)
    with tenant.vestibule.client(tenant.connection_id, text) as client:
        detail = client.get('/Groups?filter=displayName+eq+"grp_all"').json()["detail"]
    page = httpx2.get(detail.rsplit(" ", 1)[1], trust_env=False)
    assert page.status_code == 200
    assert "This token may not read groups: it lacks get:groups." in page.text
    assert token.id not in page.text
    assert "grp_all" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_a_sentence_that_names_a_person_is_not_shown_to_outsiders(tenant: Tenant) -> None:
    tenant.http.post("/Users", json={"userName": "ana.secret@example.com"})
    answer = tenant.http.post("/Users", json={"userName": "ana.secret@example.com"})
    page = httpx2.get(answer.json()["detail"].rsplit(" ", 1)[1], trust_env=False)
    assert page.status_code == 200
    assert "ana.secret" not in page.text


@pytest.mark.parametrize(
    ("method", "path", "told"),
    [
        ("GET", "/Users/ana.secret", "There is no user of this id in this connection."),
        ("DELETE", "/Users/ana.secret@example.com", "There is no user of this id in this connection."),
        ("GET", "/ana.secret/Users", "GET /…/Users is not served."),
        ("GET", "/Users/Users/ana.secret", "/Users/Users/… was asked for"),
        ("GET", '/Users?filter=ana.secret eq "ana.secret"', "The filter cannot be read."),
        ("PUT", "/Groups/ana.secret", "group of this id"),
    ],
)
def test_what_a_request_named_is_not_shown_to_outsiders(tenant: Tenant, method: str, path: str, told: str) -> None:
    answer = tenant.http.request(method, path, json={"displayName": "x"} if method == "PUT" else None)
    page = httpx2.get(answer.json()["detail"].rsplit(" ", 1)[1], trust_env=False)
    assert page.status_code == 200
    assert told in html.unescape(page.text)
    assert "ana.secret" not in page.text


@pytest.mark.parametrize(
    "code", ["email_literal", "subject_matches_nobody", "recipient", "email_unproven", "signed_in"]
)
def test_of_a_sign_in_an_outsider_sees_what_the_person_is_told_and_the_code_and_no_value(
    tenant: Tenant, code: str
) -> None:
    exchange = replace(recorded.exchange(code), connection_id=tenant.connection_id, id=ids.new_id("req", NOW))
    told = explain(exchange)

    async def work(store: Store) -> None:
        store.record(exchange)
        await store.flush()

    tenant.vestibule.admin(work)
    page = httpx2.get(f"{tenant.vestibule.base_url}/e/{exchange.id}", trust_env=False)
    assert page.status_code == 200
    text = html.unescape(page.text)
    assert told.end_user is not None
    assert told.end_user in text
    assert f"<code>{code}</code>" in text
    assert "Sign-in" in text
    for hidden in (told.sentence, told.why, "@example.com", "app.example", "user.email", tenant.connection_id):
        assert hidden not in text


def test_an_unknown_request_is_told_and_escaped(tenant: Tenant) -> None:
    page = httpx2.get(f"{tenant.vestibule.base_url}/e/<script>", trust_env=False)
    assert page.status_code == 404
    assert "<script>" not in page.text
