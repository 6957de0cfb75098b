"""Sessions under attack: what ended stays ended, and nobody is signed out by a stranger."""

import httpx2
import pytest

from tests.conftest import Vestibule
from tests.sign_on.walk import ANA, Walk, walking

PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
TRUSTED = {"email_policy": "trust_idp_claim"}


def set_active(walk: Walk, active: bool) -> None:
    _, text = walk.vestibule.token(walk.id)
    with walk.vestibule.client(walk.id, text) as scim:
        operation = {"op": "replace", "path": "active", "value": active}
        changed = scim.patch(f"/Users/{walk.user().id}", json={"schemas": [PATCH], "Operations": [operation]})
        assert changed.status_code == 200, changed.text


def test_a_session_that_deactivation_ended_does_not_come_back_with_the_person(walk: Walk) -> None:
    """Whoever holds a stolen cookie would else be signed in again, without ever having been seen in between."""
    walk.set(**TRUSTED)
    walk.login()
    set_active(walk, False)
    set_active(walk, True)
    assert "no longer active" in walk.session().text
    assert walk.login().status_code == 303
    assert walk.session().status_code == 200


def test_a_session_that_a_disabled_connection_ended_does_not_come_back_with_it(walk: Walk) -> None:
    walk.set(**TRUSTED)
    walk.login()
    walk.set(enabled=False)
    walk.set(enabled=True)
    assert "switched off" in walk.session().text


def test_a_form_of_another_site_does_not_sign_out(walk: Walk) -> None:
    """Such a form comes without the cookie (SameSite=Lax), and with an origin that a page can make `null`."""
    walk.set(**TRUSTED)
    walk.login()
    with httpx2.Client(trust_env=False) as stranger:
        answer = stranger.post(f"{walk.vestibule.base_url}/logout", headers={"Origin": "null"})
    assert "set-cookie" not in answer.headers


def test_a_form_of_another_site_with_the_cookie_ends_nothing(walk: Walk) -> None:
    walk.set(**TRUSTED)
    walk.login()
    answer = walk.browser.post(f"{walk.vestibule.base_url}/logout", headers={"Origin": "https://evil.example"})
    assert "set-cookie" not in answer.headers
    assert walk.session().status_code == 200


def test_a_provider_signs_nobody_out_of_another_connection(walk: Walk, door: Vestibule) -> None:
    walk.set(**TRUSTED)
    walk.login()
    with walking(door, walk.provider) as other:
        other.set(**TRUSTED)
        other.login()
        onward = other.browser.post(f"{other.provider.url}{other.provider.home}/signout")
        request = onward.headers["location"]
        assert request.startswith(other.url("slo"))
    answer = walk.browser.get(request)
    assert "set-cookie" not in answer.headers
    assert walk.session().status_code == 200


def text_of(walk: Walk) -> str:
    return next(each.value or "" for each in walk.browser.cookies.jar if each.name == "vst_session")


WRONG = {
    "of another connection": "{other}.{ses}.{secret}",
    "another secret": "{con}.{ses}.{turned}",
    "no secret": "{con}.{ses}.",
    "cut off": "{con}.{ses}",
    "of no session": "{con}.ses_none.{secret}",
    "longer": "{con}.{ses}.{secret}AAAA",
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_session_is_known_by_all_that_its_browser_holds(walk: Walk, door: Vestibule, wrong: str) -> None:
    walk.set(**TRUSTED)
    walk.login()
    con, ses, secret = text_of(walk).split(".")
    with walking(door, walk.provider) as other, httpx2.Client(trust_env=False) as browser:
        text = WRONG[wrong].format(con=con, ses=ses, secret=secret, turned=secret[::-1], other=other.id)
        page = browser.get(f"{door.base_url}/session", headers={"Cookie": f"vst_session={text}"})
    assert "You are not signed in" in page.text
    assert ANA not in page.text
