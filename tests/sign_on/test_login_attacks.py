"""The way to the identity provider and back under attack: a sign-in is finished by its own browser, answer and moment."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest

from tests.conftest import Vestibule, database_url
from tests.idp.browser import Form, Provider, form_of
from tests.process import serving
from tests.sign_on.test_saml_login import TRUSTED, _app_id  # pyright: ignore[reportPrivateUsage]
from tests.sign_on.walk import ANA, Walk, now, walking
from vestibule.model import PendingLogin
from vestibule.server.sign_on.desk import hashed

LATE = "lgn_" + "0" * 26


def begun_long_ago(walk: Walk, **document: Any) -> str:
    """A begun sign-in that is over, and that this browser holds."""
    login = PendingLogin(walk.id, LATE, hashed("secret"), now() - 10, now() - 1, document)
    walk.vestibule.admin(lambda store: store.begin_login(login))
    walk.browser.cookies.set(f"vst_login_{LATE[-16:]}", "secret", domain="127.0.0.1", path="/")
    return LATE


def unsolicited(walk: Walk) -> Form:
    """What the provider's own tile posts."""
    tile = walk.browser.get(f"{walk.provider.url}{walk.provider.home}/signin/{_app_id(walk)}")
    form = form_of(tile)
    return form if "SAMLResponse" in form.fields else form_of(
        walk.browser.post(form.url, data=form.fields | {"upn": ANA})
    )  # fmt: skip


def signed_in(walk: Walk) -> bool:
    return "You are not signed in" not in walk.session().text


def test_an_answer_is_too_late_when_the_sign_in_is_over(walk: Walk) -> None:
    walk.set(**TRUSTED)
    form = walk.answered()
    form.fields["RelayState"] = begun_long_ago(walk, request_id="_r", test=False)
    answer = walk.post(form)
    assert (walk.code_of(answer), walk.exchange(answer).facts["why"]) == ("request_unknown", "too_old")


def test_an_answer_to_a_connection_that_was_switched_off_meanwhile_lets_nobody_in(walk: Walk) -> None:
    walk.set(**TRUSTED)
    form = walk.answered()
    walk.set(enabled=False)
    answer = walk.post(form)
    assert (answer.status_code, walk.code_of(answer), walk.users()) == (403, "sign_on_disabled", [])


def test_a_begun_sign_out_finishes_no_sign_in(walk: Walk) -> None:
    """Else an unasked response would be taken as an answer, with the browser's own cookie."""
    walk.set(**TRUSTED, idp_initiated=True)
    walk.login()
    out = walk.browser.post(f"{walk.vestibule.base_url}/logout")
    relay_state = parse_qs(urlsplit(out.headers["location"]).query)["RelayState"][0]
    form = unsolicited(walk)
    form.fields["RelayState"] = relay_state
    answer = walk.post(form)
    assert (walk.code_of(answer), walk.exchange(answer).facts["why"]) == ("request_unknown", "no_sign_in")
    assert not signed_in(walk)


def test_an_unasked_response_does_not_pass_for_the_answer_that_is_awaited(walk: Walk) -> None:
    walk.set(**TRUSTED, idp_initiated=True)
    awaited = walk.answered().fields["RelayState"]
    form = unsolicited(walk)
    form.fields["RelayState"] = awaited
    answer = walk.post(form)
    assert walk.code_of(answer) == "unsolicited"
    assert not signed_in(walk)


def test_what_another_connection_began_is_not_finished_here(walk: Walk, door: Vestibule) -> None:
    walk.set(**TRUSTED)
    with walking(door, walk.provider) as other:
        other.browser = walk.browser
        theirs = other.answered().fields["RelayState"]
        form = walk.answered()
        own = form.fields["RelayState"]
        form.fields["RelayState"] = theirs
        assert walk.code_of(walk.post(form)) == "request_unknown"
        form.fields["RelayState"] = own
        assert walk.post(form).status_code == 303


@pytest.mark.parametrize(
    "relay_state", ["https://evil.example/", "lgn_", "lgn_" + "x" * 5_000, "lgn_\x00", "%0d%0aX: y"]
)
def test_a_relay_state_of_somebody_elses_is_an_odd_text_and_nothing_more(walk: Walk, relay_state: str) -> None:
    walk.set(**TRUSTED)
    form = walk.answered()
    form.fields["RelayState"] = relay_state
    answer = walk.post(form)
    assert (answer.status_code, walk.code_of(answer)) == (400, "request_unknown")


def test_a_page_is_ours_wherever_the_backslash_stands(walk: Walk) -> None:
    walk.set(**TRUSTED)
    assert walk.login(next="/session\\x").headers["location"] == "/session"
    assert walk.login(next="/" + "x" * 600).headers["location"] == "/session"


def test_an_answer_is_taken_once_by_all_workers_together(
    tmp_path: Path, company: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VESTIBULE_ALLOW_NETWORKS", "127.0.0.1/32")
    with serving(database_url(tmp_path), workers=2) as process, walking(process.vestibule, company) as walk:
        walk.set(**TRUSTED, idp_initiated=True)
        form = walk.answered()
        cookie = "; ".join(f"{each.name}={each.value}" for each in walk.browser.cookies.jar)
        tile = unsolicited(walk)

        def post(form: Form) -> int:
            # A connection of its own each time, so that both workers are asked.
            with httpx2.Client(trust_env=False, headers={"Cookie": cookie}) as browser:
                return browser.post(form.url, data=form.fields).status_code

        with ThreadPoolExecutor(8) as many:
            answers = sorted(many.map(post, [form] * 8))
            bounced = sorted(many.map(post, [tile] * 8))
        assert answers == [303] + [400] * 7
        assert bounced == [303] + [409] * 7


def returning(walk: Walk, who: str = ANA) -> str:
    """The address by which the provider sends the browser back."""
    walk.provider_forgets()
    form = form_of(walk.begin())
    return walk.browser.post(form.url, data=form.fields | {"upn": who}).headers["location"]


def changed(url: str, **parameters: str | None) -> str:
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()} | parameters
    return parts._replace(query=urlencode({n: v for n, v in query.items() if v is not None})).geturl()


def test_a_callback_of_long_ago_is_too_late(oidc_walk: Walk) -> None:
    walk = oidc_walk
    back = changed(returning(walk), state=begun_long_ago(walk, nonce="n", verifier="v" * 43, test=False))
    answer = walk.browser.get(back)
    assert (walk.code_of(answer), walk.exchange(answer).facts["why"]) == ("request_unknown", "too_old")


def test_a_callback_to_a_connection_that_was_switched_off_meanwhile_lets_nobody_in(oidc_walk: Walk) -> None:
    walk = oidc_walk
    back = returning(walk)
    walk.set(enabled=False)
    answer = walk.browser.get(back)
    assert (answer.status_code, walk.code_of(answer)) == (403, "sign_on_disabled")


def test_an_answer_of_another_issuer_is_not_taken_to_this_ones_token_endpoint(oidc_walk: Walk) -> None:
    """Mix-up (RFC 9207): whoever answered says that they are another one."""
    walk = oidc_walk
    answer = walk.browser.get(changed(returning(walk), iss="https://evil.example"))
    assert (answer.status_code, walk.code_of(answer)) == (400, "iss_mismatch")


def test_a_code_of_somebody_elses_sign_in_is_of_no_use(oidc_walk: Walk) -> None:
    """Code injection: the verifier of another sign-in does not fit it (RFC 7636)."""
    walk = oidc_walk
    stolen = parse_qs(urlsplit(returning(walk)).query)["code"][0]
    answer = walk.browser.get(changed(returning(walk, "ben@contoso.example"), code=stolen))
    assert (answer.status_code, walk.code_of(answer)) == (400, "token_endpoint_error")


def test_a_stranger_ends_nobodys_sign_in_with_an_error(oidc_walk: Walk) -> None:
    walk = oidc_walk
    back = returning(walk)
    with httpx2.Client(trust_env=False) as stranger:
        refused = stranger.get(changed(back, code=None, error="access_denied", error_description="<b>x</b>"))
    assert walk.code_of(refused) == "request_unknown"
    assert "<b>" not in refused.text
    assert walk.browser.get(back).status_code == 303


def test_a_saml_connection_is_none_by_oidc_and_the_other_way_round(walk: Walk, oidc_walk: Walk) -> None:
    for protocol, one in (("oidc", walk), ("saml", oidc_walk)):
        answer = one.browser.get(f"{one.vestibule.base_url}/sso/{protocol}/{one.id}/login")
        assert (answer.status_code, "set-cookie" in answer.headers) == (404, False)


def test_a_sign_out_that_was_not_asked_for_here_is_not_believed(walk: Walk) -> None:
    """An answer to a sign-out of another browser, and the same request a second time."""
    walk.set(**TRUSTED)
    walk.login()
    onward = walk.browser.post(f"{walk.provider.url}{walk.provider.home}/signout").headers["location"]
    assert walk.browser.get(onward).status_code in (302, 303)
    again = walk.browser.get(onward)
    assert (again.status_code, walk.code_of(again)) == (409, "replay")
    walk.login()
    out = walk.browser.post(f"{walk.vestibule.base_url}/logout").headers["location"]
    back = walk.browser.get(out).headers["location"]
    with httpx2.Client(trust_env=False) as stranger:
        assert walk.code_of(stranger.get(back)) == "in_response_to"


def test_a_sign_out_of_a_strangers_ends_nothing(walk: Walk) -> None:
    walk.set(**TRUSTED)
    walk.login()
    onward = walk.browser.post(f"{walk.provider.url}{walk.provider.home}/signout").headers["location"]
    for bad in (changed(onward, Signature=None, SigAlg=None), changed(onward, RelayState="x")):
        answer = walk.browser.get(bad)
        assert answer.status_code == 400
        assert walk.code_of(answer) in ("unsigned", "bad_signature")
    assert walk.session().status_code == 200
