"""A test sign-in over HTTP: what an admin has set up wrongly is named, with what to do, and nobody is signed in."""

import re
from html import unescape

import orjson
import pytest

from tests.sign_on.walk import ANA, Walk
from vestibule.explain import explain
from vestibule.sealing import Seal
from vestibule.server.sign_on.evidence import context
from vestibule.store import Store

EMAIL = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", re.sub(r"</?code>", "`", page))))


def test_a_good_sign_in_is_told_with_every_check_and_nothing_is_written(walk: Walk) -> None:
    walk.set(email_policy="trust_idp_claim")
    answer = walk.login(test="1")
    assert answer.status_code == 200
    text = plain(answer.text)
    assert "Nobody was signed in" in text
    assert "Ana García would be signed in" in text
    assert "a new account would be made" in text
    assert "nothing would be asked" in text
    assert text.count("✓") > 15
    assert "✗" not in text
    assert EMAIL in text
    assert walk.users() == []
    assert walk.vestibule.admin(lambda store: store.identities(walk.id)) == []
    assert "You are not signed in" in walk.session().text


def test_a_claim_that_came_and_is_no_good_is_no_success(walk: Walk) -> None:
    walk.provider.control(mistakes=["email_literal"])
    text = plain(walk.login(test="1").text)
    assert "✗ email" in text
    assert "✓ email" not in text


def test_it_says_that_a_code_would_be_asked(walk: Walk) -> None:
    walk.set(email_policy="always_code")
    assert "a code would be asked" in plain(walk.login(test="1").text)
    assert walk.vestibule.admin(lambda store: store.verifications(walk.id)) == []


def test_the_result_is_kept_on_the_server_and_sealed(walk: Walk) -> None:
    answer = walk.login(test="1")
    test_id = walk.exchange(answer).facts["test_id"]

    async def kept(store: Store) -> tuple[str, str]:
        found = await store.evidence(walk.id, test_id)
        seal = Seal((await store.key("secrets"),))
        return found.document, seal.open(found.document, context(walk.id, test_id))

    sealed, opened = walk.vestibule.admin(kept)
    assert ANA not in sealed
    assert orjson.loads(opened)["claims"][EMAIL] == [ANA]


def test_the_claims_of_the_last_sign_in_are_kept_hidden_in_part(walk: Walk) -> None:
    walk.set(email_policy="trust_idp_claim")
    walk.login()

    async def kept(store: Store) -> str:
        found = await store.evidence(walk.id, "claims")
        return Seal((await store.key("secrets"),)).open(found.document, context(walk.id, "claims"))

    text = walk.vestibule.admin(kept)
    assert ANA not in text
    assert orjson.loads(text)["claims"][EMAIL] == ["a…@contoso.example"]


MISTAKES: dict[str, tuple[str, str]] = {
    "email_literal": ("claim_missing", "user.email"),
    "wrong_audience": ("audience", "/metadata"),
    "audience_spn": ("audience", "spn:"),
    "wrong_issuer": ("issuer", "sts.windows.net"),
    "sha1": ("signature_algorithm", "SHA-256"),
    "unsigned": ("unsigned", "signed"),
    "unknown_certificate": ("bad_signature", "certificate"),
    "certificate_expired": ("cert_expired", "expired"),
    "encrypt_foreign_key": ("decrypt_failed", "encrypt"),
    "clock_ahead=500": ("not_yet_valid", "clock"),
    "clock_behind=590": ("expired", "clock"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_what_to_do(walk: Walk, mistake: str) -> None:
    code, said = MISTAKES[mistake]
    walk.set(claims={"email": {"claims": [EMAIL], "required": True}}, email_policy="trust_idp_claim")
    walk.provider.control(mistakes=[mistake])
    if mistake == "certificate_expired":
        walk.register()
        walk.set(claims={"email": {"claims": [EMAIL], "required": True}})
    answer = walk.login(test="1")
    assert answer.status_code == 200, answer.text
    exchange = walk.exchange(answer)
    assert exchange.error == code
    told = explain(exchange)
    assert said in f"{told.sentence} {told.why} {' '.join(fix.label for fix in told.fixes)} {told.evidence}"
    assert told.fixes
    text = plain(answer.text)
    assert told.sentence in text, text[:600]
    assert told.fixes[0].label in text
    assert "✗" in text
    assert walk.users() == []


@pytest.mark.parametrize("mistake", ["email_literal", "unsigned", "wrong_audience"])
def test_a_real_sign_in_is_refused_with_a_page_that_betrays_nothing(walk: Walk, mistake: str) -> None:
    walk.set(claims={"email": {"claims": [EMAIL], "required": True}})
    walk.provider.control(mistakes=[mistake])
    answer = walk.login()
    assert answer.status_code == 400
    text = plain(answer.text)
    assert answer.headers["Vestibule-Request-Id"] in text
    assert "contoso" not in text
    assert "user.email" not in text
    assert walk.exchange(answer).error is not None
