"""What the log tells of a sign-in: the mistakes of an identity provider over real HTTP, each with its own story."""

import html

import httpx2
import pytest

from tests.idp.browser import form_of
from tests.sign_on.test_people import provision, scim
from tests.sign_on.walk import ANA, Walk
from vestibule.explain import Explanation, explain
from vestibule.explain.outside import from_text
from vestibule.idp.mistakes import MISTAKES

__all__ = ["scim"]
PROVED = {"email_policy": "trust_idp_claim"}
TOLD = {
    "email_literal": ("email_literal", "`user.email`"),
    "email_empty": ("email_missing", "no e-mail came"),
    "no_mail": ("email_missing", "no mailbox"),
    "upn_as_email": ("signed_in", ANA),
    "nameid_opaque": ("signed_in", ANA),
    "nameid_email": ("signed_in", ANA),
    "claim_short_names": ("claim_renamed", "came as `email`"),
    "wrong_acs": ("destination", "the slash at the end"),
    "wrong_audience": ("audience", "the slash at the end"),
    "audience_spn": ("audience", "`spn:`, which stands before it"),
    "wrong_issuer": ("issuer", "the slash at the end"),
    "unknown_certificate": ("certificate_changed", "that is not on this connection's list"),
    "certificate_expired": ("cert_expired", "ended on"),
    "sha1": ("signature_algorithm", "SHA-1"),
    "unsigned": ("unsigned", "Neither the response nor the assertion is signed"),
    "sign_response": ("signed_in", ANA),
    "sign_both": ("signed_in", ANA),
    "encrypt_foreign_key": ("decrypt_failed", "no key of this connection opens it"),
    "clock_ahead": ("not_yet_valid", "minutes from now"),
    "clock_behind": ("expired", "before it arrived"),
    "idp_initiated": ("unsolicited", "tile"),
    "authn_context": ("authn_context_refused", "AADSTS75011"),
    "groups_overage": ("signed_in", "more than 150 groups"),
    "guest": ("email_unproven", "guest"),
}
"""Mistake → the code of its story, and some of its sentence."""
ELSEWHERE = {
    "certificate_rolled", "encrypt", "groups_names", "replay", "requests_must_be_signed", "user_not_assigned",
    "wrong_nonce",
}  # fmt: skip
"""Mistakes that are mended by themselves, are none of SAML's, or are told below."""


def told(walk: Walk, answer: httpx2.Response) -> Explanation:
    return explain(walk.exchange(answer))


@pytest.mark.parametrize("mistake", TOLD)
def test_a_mistake_of_the_identity_provider_is_told_from_what_was_recorded(walk: Walk, mistake: str) -> None:
    walk.set(**PROVED)
    # A request that is ten minutes off is refused there already.
    walk.provider.control(mistakes=["clock_ahead=400" if mistake == "clock_ahead" else mistake])
    if mistake == "certificate_expired":
        walk.register()
    answer = walk.login()
    found = told(walk, answer)
    code, words = TOLD[mistake]
    assert (found.code, words in found.sentence) == (code, True), found.sentence
    if answer.status_code >= 400:
        assert found.end_user
        assert found.end_user in html.unescape(answer.text)


def test_every_mistake_of_the_register_has_its_story() -> None:
    assert set(TOLD) | ELSEWHERE == {mistake.name for mistake in MISTAKES}


@pytest.mark.parametrize(
    ("mistake", "code"), [("user_not_assigned", "not_assigned"), ("requests_must_be_signed", "signed_requests_wanted")]
)
def test_an_error_page_of_the_identity_providers_is_told_when_it_is_pasted(walk: Walk, mistake: str, code: str) -> None:
    walk.set(sign_requests=False)
    walk.provider.control(mistakes=[mistake])
    page = walk.begin()
    if "AADSTS" not in page.text:
        form = form_of(page)
        page = walk.browser.post(form.url, data=form.fields | {"upn": ANA})
    found = from_text(page.text)
    assert found is not None
    assert explain(found).code == code


def test_a_person_whom_scim_knows_by_another_name_is_found_by_the_claim_that_is_proposed(
    walk: Walk, scim: httpx2.Client
) -> None:
    provision(scim, ANA)
    walk.set(**PROVED, claims={"userName": "http://schemas.microsoft.com/identity/claims/displayname"})
    found = told(walk, walk.login())
    assert found.code == "subject_matches_nobody"
    assert ANA in found.sentence
    command = next(fix.command for fix in found.fixes if fix.command and "--claim" in fix.command)
    attribute, _, claim = command.split()[5].partition("=")
    walk.set(claims={attribute: claim}, match=["userName"])
    assert told(walk, walk.login()).code == "signed_in"


def test_a_sign_in_that_was_only_begun_says_what_to_do_when_nothing_comes_back(walk: Walk) -> None:
    begun = walk.browser.get(walk.url("login"))
    found = told(walk, begun)
    assert found.code == "sign_in_begun"
    assert "vestibule explain --text" in (found.fixes[0].command or "")


def test_a_lost_cookie_is_told_by_its_cause(walk: Walk) -> None:
    form = walk.answered()
    walk.browser.cookies.clear()
    found = told(walk, walk.post(form))
    assert (found.code, "brought no cookie" in found.why) == ("request_unknown", True)


def test_a_test_sign_in_with_a_literal_e_mail_says_so(walk: Walk) -> None:
    walk.set(**PROVED)
    walk.provider.control(mistakes=["email_literal"])
    answer = walk.login(test="1")
    found = told(walk, answer)
    assert "`user.email`" in found.sentence
    assert "signs nobody in" in found.why


def test_a_wrong_nonce_is_told(oidc_walk: Walk) -> None:
    oidc_walk.provider.control(mistakes=["wrong_nonce"])
    assert told(oidc_walk, oidc_walk.login()).code == "id_token_nonce"
