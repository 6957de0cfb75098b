"""The twenty misconfigurations of customers: each is named, with the values that show it and what mends it.

What goes in is made by the verifier, the mapping and the admission themselves; pages that are shown at the identity
provider go in as the text that somebody pastes.
"""

import shlex
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.explain.admissions import ANA, TRUST, claims, signs_in
from tests.explain.saml_sign_ins import APP, SAML, STS, TENANT, but, failed, named, refused
from tests.saml import provider
from tests.saml.keys import NOW, SECOND, certificate, fingerprint
from tests.saml.provider import ACS, SP, Encrypting, Signing, encrypt, signed
from vestibule.claims.presets import GROUPS_LINK
from vestibule.explain import Explanation, explain
from vestibule.explain.outside import from_text
from vestibule.model import Exchange

OKTA = "http://www.okta.com/exk1"
OPAQUE = "AAAAAAAAAAAAAAAAAAAAAMFA2oAXgkVhPPcGpEsf1bQ"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
GUEST = "bob_partner.com#EXT#@contoso.onmicrosoft.com"
GUID = "e1c4ad1e-0000-4000-8000-000000000001"


def pasted(text: str) -> Exchange:
    found = from_text(text)
    assert found is not None
    return found


@dataclass(frozen=True)
class Case:
    """A misconfiguration: its number in the list, what it looks like, and what is told of it."""

    number: str
    made: Callable[[], Exchange]
    code: str
    sentence: tuple[str, ...]
    fix: str


CASES = [
    Case("1 literal", lambda: signs_in(claims(email=("user.email",)), required=("email",)),
         "email_literal", ("the text `user.email` itself",), "user.mail"),
    Case("1 literal, not required", lambda: signs_in(claims(email=("user.email",)), (), provisioned=False),
         "email_literal", ("must prove an address first", "`user.email`"), "user.mail"),
    Case("1 literal, let in", lambda: signs_in(claims(email=("user.email",)), (ANA,), **TRUST),
         "signed_in", ("ana@corp.example.com signed in", ", but the e-mail claim holds the text `user.email`"), "user.mail"),
    Case("2 no mailbox", lambda: signs_in(claims(email=None), required=("email",)),
         "email_missing", ("no mailbox", "emailaddress"), "IfEmpty(user.mail, user.userprincipalname)"),
    Case("3 opaque", lambda: signs_in(claims(name=None, oid=None), (ANA,), name_id=OPAQUE, form=PERSISTENT),
         "subject_opaque", (f"{len(OPAQUE)} characters", "format persistent"), "Unique User Identifier (Name ID)"),
    Case("4 other name", lambda: signs_in({"urn:oid:0.9.2342.19200300.100.1.3": ("ana@example.com",)}, required=("email",)),
         "claim_renamed", ("emailaddress", "came as `urn:oid:0.9.2342.19200300.100.1.3`"), "--claim email=urn:oid:0.9.2342.19200300.100.1.3"),
    Case("5 http", lambda: refused(but(destination=None, recipient=ACS.replace("https", "http"))),
         "recipient", (ACS, "http in place of https"), ACS),
    Case("5 slash", lambda: refused(but(destination=ACS + "/", recipient=ACS + "/")),
         "destination", (ACS + "/", "the slash at the end"), ACS),
    Case("5 old host", lambda: refused(but(destination=ACS.replace("app.", "old."), recipient=ACS)),
         "destination", ("the host, which is old.example in place of app.example",), "Reply URL"),
    Case("5 page", lambda: pasted(f"AADSTS50011: The reply URL '{ACS}/' specified in the request does not match."),
         "idp_status", ("AADSTS50011", "reply URL"), "Reply URL (Assertion Consumer Service URL)"),
    Case("6 slash", lambda: refused(but(audience=SP + "/")),
         "audience", (f"`{SP}/`", f"`{SP}`", "the slash at the end"), "Identifier (Entity ID)"),
    Case("6 spn", lambda: refused(but(audience=f"spn:{SP}")),
         "audience", (f"`spn:{SP}`", "`spn:`, which stands before it"), f"enter {SP}"),
    Case("6 page", lambda: pasted("AADSTS700016: Application with identifier 'https://x' was not found in the directory 'Acme'."),
         "idp_status", ("AADSTS700016", "identifier"), "Identifier (Entity ID)"),
    Case("7 slash", lambda: refused(but(issuer=STS, response_issuer=STS), idp_entity_id=STS.rstrip("/")),
         "issuer", (f"`{STS}`", "the slash at the end"), "--metadata"),
    Case("7 login address", lambda: refused(but(issuer=STS, response_issuer=STS), idp_entity_id="https://login.microsoftonline.com/3f0a/saml2"),
         "issuer", ("login.microsoftonline.com", STS), "--metadata"),
    Case("8 rolled over", lambda: refused(signed(signing=Signing(key="new", certificate=named("new", APP)))),
         "certificate_changed", (fingerprint(certificate("idp"))[:16], "made on 2026-11-21", "(to 2029-11-20)", "(to 2027-11-24)"), "--metadata"),
    Case("8 tenant's metadata", lambda: refused(
            signed(signing=Signing(key="new", certificate=named("new", APP))), certificates=(named("tenant", TENANT),)),
         "metadata_of_whole_tenant", ("the whole Entra tenant",), "?appid="),
    Case("9 expired", SAML["cert_expired"], "cert_expired", ("2026-10-20", "35 days ago"), "--allow-expired-until"),
    Case("9 not yet", SAML["cert_not_yet_valid"], "cert_not_yet_valid", ("2026-11-26", "2 days from now"), "clock"),
    Case("10 SHA-1", SAML["signature_algorithm"], "signature_algorithm", ("SHA-1", "rsa-sha1"), "choose SHA-256"),
    Case("11 unsigned", lambda: refused(signed(what="none"), "keycloak"),
         "unsigned", ("Neither the response nor the assertion is signed",), "Sign documents or Sign assertions"),
    Case("12 old key", lambda: refused(encrypt(signed(), Encrypting(key="old"))),
         "decrypt_failed", ("no key of this connection opens it",), "Token encryption"),
    Case("13 ahead", lambda: refused(but(not_before=provider.at(480)), "adfs"),
         "not_yet_valid", ("8 minutes from now",), "-NotBeforeSkew 8"),
    Case("13 behind", lambda: refused(but(), at=NOW + 700 * SECOND), "expired", ("6 minutes before it arrived",), "clock"),
    Case("14 Entra", lambda: pasted("Sorry, but we’re having trouble signing you in.\nAADSTS50105: Your administrator has configured the application to block users."),
         "not_assigned", ("Microsoft Entra ID", "AADSTS50105"), "Users and groups"),
    Case("14 Google", lambda: pasted("403. That’s an error.\nError: app_not_configured_for_user\nService is not configured for this user."),
         "not_assigned", ("Google Workspace",), "User access"),
    Case("14 Okta", lambda: pasted("User is not assigned to the client application."),
         "not_assigned", ("Okta",), "Assignments"),
    Case("15 tile", lambda: refused(but(in_response_to=None, confirmed_request=None), request_id=None),
         "unsolicited", ("tile",), "--allow-idp-initiated"),
    Case("16 context", lambda: refused(failed("Responder NoAuthnContext", "AADSTS75011: Authentication method 'X509'")),
         "authn_context_refused", ("the method of signing in", "AADSTS75011", "NoAuthnContext"), "method"),
    Case("16 policy", lambda: refused(failed("Requester InvalidNameIDPolicy", "no such format"), "keycloak"),
         "authn_context_refused", ("the form of NameID", "InvalidNameIDPolicy"), "Name ID format"),
    Case("17 Entra", lambda: pasted("AADSTS76021: The request sent by client is not signed while the application requires signed requests"),
         "signed_requests_wanted", ("Microsoft Entra ID wants signed requests",), "Verification certificates"),
    Case("17 Keycloak", lambda: pasted("We are sorry...\nInvalid requester"),
         "signed_requests_wanted", ("Keycloak wants signed requests",), "Client signature required"),
    Case("18 ids", lambda: signs_in(claims(groups=(GUID,)), (ANA,), **TRUST),
         "signed_in", ("the groups came as ids, not as names", GUID), "Groups assigned to the application"),
    Case("18 too many", lambda: signs_in({**claims(), GROUPS_LINK: ("https://graph.windows.net/x",)}, (ANA,), **TRUST),
         "signed_in", ("more than 150 groups", "a link"), "--groups never"),
    Case("19 guest", lambda: signs_in(claims(name=(GUEST,), email=("bob@partner.com",)), (), name_id=GUEST, provisioned=False),
         "email_unproven", ("bob@partner.com", "a guest's address"), "domain claim"),
    Case("20 UPN and mail", lambda: signs_in(
            claims(name=("ana.novak@example.com",), oid=None, upn=("ana@corp.example.com",)),
            (ANA | {"externalId": "a.novak"},), name_id="ana.novak@example.com"),
         "subject_matches_nobody", ("userName ana.novak@example.com", "userName ana@corp.example.com"), "--claim userName=upn --match userName"),
    Case("20 nobody alike", lambda: signs_in(
            {"mail": ("ana.novak@example.com",)}, (ANA | {"externalId": "a.novak"},), idp="okta", issuer=OKTA,
            name_id="a.novak", match=("userName",)),
         "not_provisioned", ("a.novak",), "--create-people"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.number)
def test_a_misconfiguration_is_named_with_its_values_and_its_fix(case: Case) -> None:
    told = explain(case.made())
    assert told.code == case.code
    assert [each for each in case.sentence if each not in told.sentence] == []
    assert case.fix in fixes(told)


def fixes(told: Explanation) -> str:
    return "\n".join(f"{fix.label} {fix.command or ''}" for fix in told.fixes)


def test_the_first_twenty_are_all_there() -> None:
    assert {int(case.number.split()[0]) for case in CASES} == set(range(1, 21))


def test_values_that_differ_are_marked_where_they_do() -> None:
    told = explain(refused(but(destination=ACS.replace("https:", "http:"), recipient=ACS)))
    (evidence,) = told.evidence
    assert (evidence.expected, evidence.received) == (ACS, ACS.replace("https:", "http:"))
    assert evidence.differs_at == len("http")


def test_a_wrong_certificate_is_shown_with_both_fingerprints_and_dates() -> None:
    new = named("new", APP)
    told = explain(refused(signed(signing=Signing(key="new", certificate=new))))
    (evidence,) = told.evidence
    assert evidence.expected is not None
    assert evidence.received is not None
    assert fingerprint(certificate("idp")) in evidence.expected
    assert fingerprint(new) in evidence.received
    assert "to 2027-11-24" in evidence.expected


def test_a_key_that_encrypted_for_another_is_named_by_its_certificate_where_the_response_tells_it() -> None:
    exchange = refused(encrypt(signed(), Encrypting(key="old")))
    assert "encrypted_to" in exchange.facts


def test_what_an_identity_provider_says_cannot_break_out_of_a_command() -> None:
    told = explain(signs_in({"a;id #/mail": ("ana@example.com",)}, required=("email",)))
    assert told.code == "claim_renamed"
    assert "email=a;id #/mail" in shlex.split(told.fixes[0].command or "")
