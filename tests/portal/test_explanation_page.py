"""The page behind the link in an error's detail."""

import httpx2

from tests.conftest import USER_SCOPES, Tenant


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


def test_an_unknown_request_is_told_and_escaped(tenant: Tenant) -> None:
    page = httpx2.get(f"{tenant.vestibule.base_url}/e/<script>", trust_env=False)
    assert page.status_code == 404
    assert "<script>" not in page.text
