"""Signing in by SAML over real HTTP: who comes in, who does not, and what the log says of it."""

import pytest

from tests.conftest import Vestibule
from tests.idp.browser import form_of
from tests.sign_on.walk import ANA, Walk, walking
from vestibule import sp_keys
from vestibule.clock import SystemClock
from vestibule.sealing import Seal
from vestibule.store import Store

TRUSTED = {"email_policy": "trust_idp_claim"}


def test_a_person_signs_in_and_sees_who_they_are(walk: Walk) -> None:
    walk.set(**TRUSTED)
    answer = walk.login()
    assert (answer.status_code, answer.headers["location"]) == (303, "/session"), answer.text
    page = walk.session()
    assert page.status_code == 200
    assert "Ana García" in page.text
    assert walk.user().origin == "login"
    assert walk.document()["emails"] == [{"value": ANA, "type": "work", "primary": True}]
    exchange = walk.exchange(answer)
    assert (exchange.error, exchange.target, exchange.facts["match"]) == (None, ANA, "created")


def test_the_second_sign_in_is_the_same_person(walk: Walk) -> None:
    walk.set(**TRUSTED)
    walk.login()
    answer = walk.login()
    assert walk.exchange(answer).facts["match"] == "identity"
    assert len(walk.users()) == 1


def test_a_response_is_good_once(walk: Walk) -> None:
    walk.set(**TRUSTED)
    form = walk.answered()
    assert walk.post(form).status_code == 303
    again = walk.post(form)
    assert again.status_code == 400
    assert walk.code_of(again) == "request_unknown"


def test_another_browser_cannot_finish_a_sign_in(walk: Walk, door: Vestibule) -> None:
    walk.set(**TRUSTED)
    form = walk.answered()
    kept = list(walk.browser.cookies.jar)
    walk.browser.cookies.clear()
    refused = walk.post(form)
    assert (refused.status_code, walk.code_of(refused)) == (400, "request_unknown")
    assert walk.exchange(refused).facts["why"] == "cookie_missing"
    for cookie in kept:
        walk.browser.cookies.jar.set_cookie(cookie)
    assert walk.post(form).status_code == 303


def test_an_unsolicited_response_is_refused_unless_allowed_and_then_begins_a_sign_in(walk: Walk) -> None:
    walk.set(**TRUSTED)
    tile = walk.browser.get(f"{walk.provider.url}{walk.provider.home}/signin/{_app_id(walk)}")
    form = form_of(tile)
    if "SAMLResponse" not in form.fields:
        form = form_of(walk.browser.post(form.url, data=form.fields | {"upn": ANA}))
    refused = walk.post(form)
    assert (refused.status_code, walk.code_of(refused)) == (403, "unsolicited")
    walk.set(idp_initiated=True)
    form = form_of(walk.browser.get(f"{walk.provider.url}{walk.provider.home}/signin/{_app_id(walk)}"))
    bounced = walk.post(form)
    assert (bounced.status_code, bounced.headers["location"]) == (303, walk.url("login"))
    assert walk.session().status_code == 200
    assert "You are not signed in" in walk.session().text
    signed = walk.post(form_of(walk.follow(walk.follow(bounced))))
    assert signed.headers["location"] == "/session"
    replayed = walk.post(form)
    assert (replayed.status_code, walk.code_of(replayed)) == (409, "replay")


def _app_id(walk: Walk) -> str:
    entity = walk.url("metadata")
    return next(each.id for each in walk.provider.state.apps.values() if each.entity_id == entity)


def test_a_response_for_another_connection_is_refused(walk: Walk, door: Vestibule) -> None:
    with walking(door, walk.provider) as other:
        form = walk.answered()
        form.url = other.url("acs")
        answer = walk.browser.post(form.url, data={"SAMLResponse": form.fields["SAMLResponse"]})
        assert answer.status_code in (400, 403)
        assert other.code_of(answer) in ("bad_signature", "destination", "audience", "in_response_to")


def test_where_somebody_is_sent_to_is_a_page_of_ours(walk: Walk) -> None:
    walk.set(**TRUSTED)
    assert walk.login(next="/session?x=1").headers["location"] == "/session?x=1"
    for elsewhere in (
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
    ):
        assert walk.login(next=elsewhere).headers["location"] == "/session"


def test_a_disabled_sign_on_lets_nobody_in_and_ends_sessions(walk: Walk) -> None:
    walk.set(**TRUSTED)
    walk.login()
    walk.set(enabled=False)
    assert "switched off" in walk.session().text
    refused = walk.browser.get(walk.url("login"))
    assert refused.status_code == 403


def test_who_is_deactivated_is_signed_out_with_the_next_request(walk: Walk) -> None:
    walk.set(**TRUSTED)
    walk.login()
    _, text = walk.vestibule.token(walk.id)
    with walk.vestibule.client(walk.id, text) as scim:
        changed = scim.patch(
            f"/Users/{walk.user().id}",
            json={
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                "Operations": [{"op": "Replace", "path": "active", "value": "False"}],
            },
        )
        assert changed.status_code == 200, changed.text
    page = walk.session()
    assert page.status_code == 401
    assert "no longer active" in page.text
    refused = walk.login()
    assert (refused.status_code, walk.code_of(refused)) == (403, "person_deactivated")


def test_signing_out_ends_the_session_here_and_there(walk: Walk) -> None:
    walk.set(**TRUSTED)
    walk.login()
    out = walk.browser.post(f"{walk.vestibule.base_url}/logout", headers={"Origin": walk.vestibule.base_url})
    assert out.status_code == 302
    assert "SAMLRequest=" in out.headers["location"]
    assert "You are not signed in" in walk.session().text
    back = walk.follow(out)
    hops = 0
    while back.status_code in (302, 303) and hops < 5:
        back, hops = walk.follow(back), hops + 1
    assert "You are signed out" in back.text


def test_the_provider_signs_a_person_out_here_too(walk: Walk) -> None:
    walk.set(**TRUSTED)
    walk.login()
    page = walk.browser.post(f"{walk.provider.url}{walk.provider.home}/signout")
    hops = 0
    while page.status_code in (302, 303) and hops < 8:
        page, hops = walk.follow(page), hops + 1
    assert "You are signed out" in page.text
    sessions = walk.vestibule.admin(lambda store: store.sessions(walk.id))
    assert [each.session.ended_by for each in sessions] == ["single_logout"]


def test_each_binding_and_signature_is_taken(walk: Walk) -> None:
    walk.set(**TRUSTED)
    for mistake in ("sign_response", "sign_both", "encrypt"):
        walk.provider.control(mistakes=[mistake])
        answer = walk.login()
        assert answer.status_code == 303, f"{mistake}: {answer.text}"


def test_a_provider_that_reads_posts_is_posted_to(walk: Walk) -> None:
    walk.set(**TRUSTED)
    walk.set(saml={**walk.set().as_json()["saml"], "sso_binding": "post"})
    page = walk.browser.get(walk.url("login"))
    assert page.status_code == 200
    assert "form-action *; script-src 'sha256-" in page.headers["Content-Security-Policy"]
    form = form_of(page)
    answer = walk.browser.post(form.url, data=form.fields)
    assert answer.status_code == 200, answer.text


def test_the_roll_over_of_a_certificate_is_followed_without_anybody(walk: Walk) -> None:
    """The metadata are read again when an unknown key signs, and only then."""
    walk.set(**TRUSTED)
    saml = walk.set().as_json()["saml"]
    walk.set(saml={**saml, "metadata_tried_at": SystemClock().now() - 600_000_000})
    walk.provider.control(certificate="roll")
    walk.provider.control(certificate="activate")
    answer = walk.login()
    assert answer.status_code == 303, answer.text
    assert walk.exchange(answer).facts["metadata_read_again"] is True


def test_our_own_keys_roll_over(walk: Walk) -> None:
    walk.set(**TRUSTED)

    async def prepare(store: Store) -> None:
        await sp_keys.prepare(store, Seal((await store.key("secrets"),)), walk.id, SystemClock().now(), actor="test")

    walk.vestibule.admin(prepare)
    assert walk.browser.get(walk.url("metadata")).text.count('use="signing"') == 2
    walk.register()
    walk.vestibule.admin(lambda store: sp_keys.activate(store, walk.id, SystemClock().now(), actor="test"))
    assert walk.login().status_code == 303
    walk.provider.control(mistakes=["encrypt"])
    assert walk.login().status_code == 303


@pytest.mark.parametrize(
    "body", [b"", b"SAMLResponse=", b"SAMLResponse=%00", b"x=1", b"SAMLResponse=" + b"A" * 700_000]
)
def test_whatever_is_posted_is_answered_with_a_page(walk: Walk, body: bytes) -> None:
    answer = walk.browser.post(
        walk.url("acs"), content=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert 400 <= answer.status_code < 500
    assert answer.headers["Vestibule-Request-Id"].startswith("req_")
    assert "Traceback" not in answer.text
