"""Requests that no honest browser sends: to each an answer in words, at little cost, and nothing begun."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Vestibule
from tests.idp.browser import form_of
from tests.sign_on.walk import ANA, Walk
from vestibule import sp_keys

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def stream(size: int) -> Iterator[bytes]:
    """A body without a length in front."""
    yield b"SAMLResponse="
    for _ in range(size // 65_536):
        yield b"A" * 65_536


@pytest.mark.parametrize("end", ["acs", "slo"])
def test_a_form_that_never_ends_is_not_read_to_its_end(walk: Walk, end: str) -> None:
    answer = walk.browser.post(walk.url(end), content=stream(8_000_000), headers=FORM)
    assert answer.status_code == 413
    assert walk.code_of(answer) == "too_large"


def test_a_login_form_that_never_ends_is_not_read_to_its_end(walk: Walk) -> None:
    answer = walk.browser.post(f"{walk.vestibule.base_url}/login", content=stream(8_000_000), headers=FORM)
    assert answer.status_code == 413


@pytest.mark.parametrize("end", ["acs", "slo"])
@pytest.mark.parametrize(
    "body", [b"&".join(b"a%d=1" % each for each in range(500)), b"SAMLResponse=%ff%fe", b"\xff\xfe=\x00", b"&&&=&="]
)
def test_an_odd_form_is_no_fault_of_ours(walk: Walk, end: str, body: bytes) -> None:
    answer = walk.browser.post(walk.url(end), content=body, headers=FORM)
    assert (answer.status_code, walk.code_of(answer) == "server_fault") == (400, False)


def test_a_form_in_parts_is_no_response(walk: Walk) -> None:
    answer = walk.browser.post(walk.url("acs"), data={"SAMLResponse": "x"}, files={"a": b"b"})
    assert (answer.status_code, walk.code_of(answer)) == (400, "no_response")


def test_what_a_form_calls_its_fields_does_not_fill_the_log(walk: Walk) -> None:
    answer = walk.browser.post(walk.url("acs"), data={"n" * 100_000: "1"})
    assert len(str(walk.exchange(answer).facts)) < 2_000


def test_metadata_of_a_connection_that_is_none_make_no_keys(door: Vestibule, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    before = sp_keys.made
    monkeypatch.setattr(sp_keys, "made", lambda *given: made.append(given) or before(*given))
    import httpx2

    answer = httpx2.get(f"{door.base_url}/sso/saml/con_none/metadata", trust_env=False)
    assert (answer.status_code, made) == (404, [])


@pytest.mark.parametrize("end", ["login", "acs", "slo"])
def test_a_question_about_an_address_begins_nothing(walk: Walk, end: str) -> None:
    for method in ("HEAD", "OPTIONS", "PUT", "DELETE"):
        answer = walk.browser.request(method, walk.url(end))
        assert (answer.status_code, answer.headers.get("set-cookie")) == (405, None)


def test_a_callback_is_not_spent_by_a_look_at_it(oidc_walk: Walk) -> None:
    walk = oidc_walk
    form = form_of(walk.begin())
    back = walk.browser.post(form.url, data=form.fields | {"upn": ANA}).headers["location"]
    assert walk.browser.head(back).status_code == 405
    assert walk.browser.get(back).status_code == 303


def test_no_answer_of_signing_in_is_kept_by_anybody_or_told_onward(walk: Walk) -> None:
    walk.set(email_policy="trust_idp_claim")
    answers = [walk.browser.get(walk.url("login"), params={"next": "/session"}), walk.login(), walk.session()]
    answers += [walk.browser.get(f"{walk.vestibule.base_url}/login"), walk.browser.post(walk.url("acs"))]
    answers += [walk.browser.post(f"{walk.vestibule.base_url}/logout")]
    for answer in answers:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
