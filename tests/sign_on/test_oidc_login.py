"""Signing in by OpenID Connect over real HTTP."""

from tests.idp.browser import form_of
from tests.sign_on.walk import ANA, Walk
from vestibule.clock import SystemClock

TRUSTED = {"email_policy": "always_code"}


def test_a_person_signs_in_by_the_code_flow(oidc_walk: Walk) -> None:
    walk = oidc_walk
    walk.set(email_policy="trust_directory", create_people="always")
    answer = walk.login()
    # Who is new here has come by no directory, so the address is asked for.
    assert answer.headers["location"].startswith("/sso/verify/"), answer.text
    assert walk.code_of(answer) == "email_unproven"


def test_the_key_of_a_person_is_the_object_id_and_the_tenant(oidc_walk: Walk) -> None:
    walk = oidc_walk
    walk.vestibule.admin(lambda store: _made(walk, store))
    walk.set(email_policy="trust_directory")
    answer = walk.login()
    assert answer.headers["location"] == "/session", answer.text
    identities = walk.vestibule.admin(lambda store: store.identities(walk.id))
    tenant, _, oid = identities[0].subject.partition("/")
    assert (len(tenant), len(oid)) == (36, 36)
    assert ANA in walk.session().text


async def _made(walk: Walk, store: object) -> None:
    from vestibule.directory import Directory

    document = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": ANA, "emails": [{"value": ANA}]}
    await Directory(store, SystemClock()).create_user(walk.id, document)  # pyright: ignore[reportArgumentType]


def test_the_state_belongs_to_one_browser_and_is_used_once(oidc_walk: Walk) -> None:
    walk = oidc_walk
    form = form_of(walk.begin())
    answer = walk.browser.post(form.url, data=form.fields | {"upn": ANA})
    back = answer.headers["location"]
    cookies = list(walk.browser.cookies.jar)
    walk.browser.cookies.clear()
    assert walk.code_of(walk.browser.get(back)) == "request_unknown"
    for cookie in cookies:
        walk.browser.cookies.jar.set_cookie(cookie)
    first, second = walk.browser.get(back), walk.browser.get(back)
    assert first.status_code == 303, first.text
    assert walk.code_of(second) == "request_unknown"


def test_a_wrong_nonce_is_refused(oidc_walk: Walk) -> None:
    walk = oidc_walk
    walk.provider.control(mistakes=["wrong_nonce"])
    answer = walk.login()
    assert (answer.status_code, walk.code_of(answer)) == (400, "id_token_nonce")


def test_a_tenant_that_is_not_let_in_is_refused(oidc_walk: Walk) -> None:
    walk = oidc_walk
    oidc = walk.set().as_json()["oidc"]
    walk.set(oidc={**oidc, "tenants": ["00000000-0000-4000-8000-000000000000"]})
    answer = walk.login()
    assert (answer.status_code, walk.code_of(answer)) == (403, "id_token_tenant")


def test_a_wrong_secret_is_told(oidc_walk: Walk) -> None:
    walk = oidc_walk
    from dataclasses import replace

    walk.provider.state.clients["vestibule"] = replace(walk.provider.state.clients["vestibule"], secret="another")
    answer = walk.login()
    assert (answer.status_code, walk.code_of(answer)) == (400, "token_endpoint_error")


def test_new_keys_are_read_when_a_token_names_one(oidc_walk: Walk) -> None:
    walk = oidc_walk
    assert walk.login().status_code == 303
    walk.provider.control(certificate="roll")
    walk.provider.control(certificate="activate")
    oidc = walk.set().as_json()["oidc"]
    ago = SystemClock().now() - 600_000_000
    walk.set(oidc={**oidc, "jwks_read_at": ago, "jwks_tried_at": ago})
    assert walk.login().status_code == 303


def test_a_test_sign_in_shows_the_steps_and_signs_nobody_in(oidc_walk: Walk) -> None:
    walk = oidc_walk
    answer = walk.login(test="1")
    assert answer.status_code == 200
    assert "Nobody was signed in" in answer.text
    assert "id token" in answer.text
    assert walk.users() == []
    assert "You are not signed in" in walk.session().text
