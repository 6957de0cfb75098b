"""Each mistake of the register changes what it says it changes, and nothing is left of it when it is switched off."""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509
from signxml.exceptions import InvalidInput

from tests.idp.browser import ACS, NOW, SP, Posted, Provider, authn_request, pair
from tests.idp.sealed import methods, opened, recipient
from vestibule.idp.conduct import Conduct
from vestibule.idp.mistakes import MISTAKES, NAMES, UnknownMistake, apply

EMAIL = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
GROUPS = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups"
NINA = "nina.maiden@contoso.example"
"""Somebody whose mail is another than her name."""
Check = Callable[[Provider, Posted], object]


def instant(posted: Posted) -> str:
    return posted.root.get("IssueInstant")


def confirmation(posted: Posted) -> Any:
    return posted.one("a:Assertion/a:Subject/a:SubjectConfirmation/a:SubjectConfirmationData")


def audience(posted: Posted) -> str:
    return posted.one("a:Assertion/a:Conditions/a:AudienceRestriction/a:Audience").text


def key_info(posted: Posted) -> str:
    return "".join(posted.one(".//ds:Signature/ds:KeyInfo//ds:X509Certificate").text.split())


def signed_by_nobody_known(idp: Provider, posted: Posted) -> None:
    assert key_info(posted) not in idp.certificates()
    posted.verify(key_info(posted), "./*/")


def signed_by_the_next(idp: Provider, posted: Posted) -> None:
    published = idp.certificates()
    assert key_info(posted) == published[1]
    posted.verify(published[1], "./*/")


def signed_by_one_that_ended(idp: Provider, posted: Posted) -> None:
    assert key_info(posted) == idp.certificates()[0]
    ended = x509.load_der_x509_certificate(base64.b64decode(key_info(posted))).not_valid_after_utc
    assert 0 < NOW / 1_000_000 - ended.timestamp() <= 2 * 86_400


def sha1(idp: Provider, posted: Posted) -> None:
    posted.verify(idp.certificates()[0], "./*/", sha1=True)
    with pytest.raises(Exception, match="forbidden"):
        posted.verify(idp.certificates()[0], "./*/")


def response_alone_signed(idp: Provider, posted: Posted) -> None:
    assert posted.signed == ["Response"]
    assert posted.verify(idp.certificates()[0], "./").get("ID") == posted.root.get("ID")


def both_signed(idp: Provider, posted: Posted) -> None:
    assert posted.signed == ["Response", "Assertion"]
    posted.verify(idp.certificates()[0], "./")
    posted.verify(idp.certificates()[0], "./*/")


def encrypted(idp: Provider, posted: Posted) -> None:
    assert (methods(posted), recipient(posted)) == (["aes256-cbc", "rsa-oaep-mgf1p"], pair().certificate)
    inner = opened(posted, pair())
    assert inner.name_id.text == NINA
    assert inner.verify(idp.certificates()[0], "./*/").get("ID") == inner.assertion.get("ID")


def encrypted_for_somebody_else(idp: Provider, posted: Posted) -> None:
    assert recipient(posted) != pair().certificate
    with pytest.raises(ValueError, match="Decryption"):
        opened(posted, pair())


def a_guest(idp: Provider, posted: Posted) -> None:
    assert posted.name_id.text == "nina.maiden_partner.example#EXT#@contoso.example"
    assert posted.attributes[EMAIL] == ["nina.maiden@partner.example"]
    provider = posted.attributes["http://schemas.microsoft.com/identity/claims/identityprovider"]
    assert provider != [idp.state.issuer]


def too_many_groups(idp: Provider, posted: Posted) -> None:
    assert GROUPS not in posted.attributes
    (link,) = posted.attributes["http://schemas.microsoft.com/claims/groups.link"]
    assert link.endswith("/getMemberObjects")


def failed(idp: Provider, posted: Posted) -> None:
    codes = [each.get("Value").rpartition(":")[2] for each in posted.root.iter("{*}StatusCode")]
    assert codes == ["Requester", "NoAuthnContext"]
    assert posted.one("p:Status/p:StatusMessage").text.startswith("AADSTS75011: ")
    assert posted.root.find("{*}Assertion") is None


SEEN: dict[str, Check] = {
    "email_literal": lambda _, posted: posted.attributes[EMAIL] == ["user.email"],
    "email_empty": lambda _, posted: posted.attributes[EMAIL] == [""],
    "no_mail": lambda _, posted: EMAIL not in posted.attributes and posted.name_id.text == NINA,
    "upn_as_email": lambda _, posted: posted.attributes[EMAIL] == [posted.name_id.text],
    "nameid_opaque": lambda _, posted: (
        len(posted.name_id.text) == 43 and posted.name_id.get("Format").endswith(":persistent")
    ),
    "nameid_email": lambda _, posted: posted.name_id.text == posted.attributes[EMAIL][0],
    "claim_short_names": lambda _, posted: {"email", "firstName", "lastName", "groups"} <= set(posted.attributes),
    "wrong_acs": lambda _, posted: confirmation(posted).get("Recipient") == posted.root.get("Destination") == f"{ACS}/",
    "wrong_audience": lambda _, posted: audience(posted) == f"{SP}/",
    "audience_spn": lambda _, posted: audience(posted) == f"spn:{SP}",
    "wrong_issuer": lambda idp, posted: (
        posted.one("a:Assertion/a:Issuer").text == posted.one("a:Issuer").text == idp.state.issuer.rstrip("/")
    ),
    "unknown_certificate": signed_by_nobody_known,
    "certificate_rolled": signed_by_the_next,
    "certificate_expired": signed_by_one_that_ended,
    "sha1": sha1,
    "unsigned": lambda _, posted: posted.signed == [],
    "sign_response": response_alone_signed,
    "sign_both": both_signed,
    "encrypt": encrypted,
    "encrypt_foreign_key": encrypted_for_somebody_else,
    "clock_ahead": lambda _, posted: instant(posted) == "2026-11-24T08:10:00.000Z",
    "clock_behind": lambda _, posted: instant(posted) == "2026-11-24T07:50:00.000Z",
    "idp_initiated": lambda _, posted: (
        posted.root.get("InResponseTo") is None and confirmation(posted).get("InResponseTo") is None
    ),
    "authn_context": failed,
    "groups_names": lambda _, posted: posted.attributes[GROUPS] == ["Everybody"],
    "groups_overage": too_many_groups,
    "guest": a_guest,
}
"""What an application sees of a mistake; a check of one expression holds when it is true."""
ON_THE_PAGE = {"user_not_assigned": "AADSTS50105", "requests_must_be_signed": "AADSTS76021"}
ELSEWHERE = {"replay", "wrong_nonce"}


def test_every_mistake_is_looked_at() -> None:
    assert set(NAMES) == set(SEEN) | set(ON_THE_PAGE) | ELSEWHERE
    assert len(set(NAMES)) == len(MISTAKES)


def holds(name: str, idp: Provider, posted: Posted) -> bool:
    try:
        return SEEN[name](idp, posted) is not False
    except (AssertionError, LookupError, InvalidInput):
        return False


@pytest.mark.parametrize("name", SEEN)
def test_a_mistake_is_seen_while_it_is_switched_on_and_only_then(idp: Provider, name: str) -> None:
    def posted() -> Posted:
        return idp.response(NINA, authn_request(issued=idp_time(idp)))

    assert not holds(name, idp, posted())
    idp.control(mistakes=[name])
    assert SEEN[name](idp, posted()) is not False
    idp.control(mistakes=[])
    assert not holds(name, idp, posted())


def idp_time(idp: Provider) -> str:
    """An IssueInstant that the provider takes for fresh, whatever its clock says."""
    from vestibule.clock import rfc3339

    return rfc3339(idp.state.now())


@pytest.mark.parametrize("name", ON_THE_PAGE)
def test_a_mistake_that_no_response_tells_is_on_the_providers_page(idp: Provider, name: str) -> None:
    idp.control(mistakes=[name])
    page = idp.ask()
    if page.status_code == 200:
        page = idp.be(page, "ana@contoso.example")
    assert page.status_code == 400
    assert ON_THE_PAGE[name] in page.text


def test_a_replay_is_the_last_answer_octet_for_octet(idp: Provider) -> None:
    first = idp.sign_on().fields["SAMLResponse"]
    assert idp.sign_on().fields["SAMLResponse"] != first
    last = idp.sign_on().fields["SAMLResponse"]
    idp.control(mistakes=["replay"])
    assert idp.sign_on().fields["SAMLResponse"] == last
    idp.control(mistakes=[])
    assert idp.sign_on().fields["SAMLResponse"] != last


def test_mistakes_add_up(idp: Provider) -> None:
    idp.control(mistakes=["sign_both", "no_mail", "clock_ahead=90"])
    posted = idp.response()
    assert posted.signed == ["Response", "Assertion"]
    assert EMAIL not in posted.attributes
    assert instant(posted) == "2026-11-24T08:01:30.000Z"


def test_an_email_for_a_subject_is_refused_by_the_provider_when_there_is_none(idp: Provider) -> None:
    idp.control(mistakes=["nameid_email"])
    page = idp.be(idp.ask(), "dmitri@contoso.example")
    assert (page.status_code, "AADSTS501241" in page.text) == (400, True)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("email", "There is no mistake 'email'. There are: email_literal"),
        ("sha1=3", "takes no number"),
        ("clock_ahead=soon", "whole seconds"),
        ("clock_ahead=-1", "whole seconds"),
    ],
)
def test_a_mistake_written_wrong_is_told_and_changes_nothing(idp: Provider, written: str, told: str) -> None:
    idp.control(mistakes=["sha1"])
    answer = idp.http.post("/control", json={"mistakes": ["no_mail", written]})
    assert (answer.status_code, told in answer.json()["error"]) == (400, True)
    assert idp.http.get("/control").json()["mistakes"] == ["sha1"]
    with pytest.raises(UnknownMistake):
        apply(Conduct(), [written])
