"""What a rightly signed response says: each defect is refused by its own code, the good twin is accepted."""

from typing import Any

import pytest

from tests.saml.keys import DAY, NOW, SECOND, certificate, fingerprint
from tests.saml.provider import (
    ACS,
    IDP,
    NS,
    REQUEST,
    SP,
    Reply,
    Signing,
    at,
    expected,
    find,
    parse,
    posted,
    sign,
    signed,
)  # fmt: skip
from vestibule.saml.errors import CODES, SamlError
from vestibule.saml.response import CHECK_NAMES, examine, in_response_to, verify

STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
NO_SUBJECT_DATA = (
    "<saml:Subject><saml:NameID>alice@example.com</saml:NameID>"
    '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"/></saml:Subject>'
)
DEFECTS: dict[str, tuple[str, dict[str, Any]]] = {
    "response_of_saml_1_1": ("version", {"response_version": "1.1"}),
    "assertion_of_saml_1_1": ("version", {"version": "1.1"}),
    "issuer_of_assertion": ("issuer", {"issuer": "https://evil.example"}),
    "issuer_of_response": ("issuer", {"response_issuer": "https://evil.example"}),
    "issuer_with_slash": ("issuer", {"issuer": IDP + "/"}),
    "no_issuer": ("issuer", {"issuer": None}),
    "destination": ("destination", {"destination": "https://other.example/acs"}),
    "destination_over_http": ("destination", {"destination": ACS.replace("https", "http")}),
    "request_of_response": ("in_response_to", {"in_response_to": "_other"}),
    "request_of_confirmation": ("in_response_to", {"confirmed_request": "_other"}),
    "request_of_both": ("in_response_to", {"in_response_to": "_other", "confirmed_request": "_other"}),
    "no_request": ("unsolicited", {"in_response_to": None, "confirmed_request": None}),
    "holder_of_key": ("no_bearer", {"method": "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"}),
    "no_subject": ("no_bearer", {"subject": ""}),
    "recipient": ("recipient", {"recipient": "https://other.example/acs"}),
    "no_recipient": ("recipient", {"recipient": None}),
    "no_end_of_confirmation": ("scd_time", {"scd_not_on_or_after": None}),
    "begin_of_confirmation": ("scd_time", {"scd_not_before": at(-60)}),
    "confirmation_over": ("expired", {"scd_not_on_or_after": at(-180)}),
    "conditions_over": ("expired", {"not_on_or_after": at(-180)}),
    "conditions_not_begun": ("not_yet_valid", {"not_before": at(181)}),
    "audience": ("audience", {"audience": "https://other.example"}),
    "audience_with_slash": ("audience", {"audience": SP + "/"}),
    "no_audience": ("audience_missing", {"audience": None}),
    "second_audience_restriction": (
        "audience",
        {"conditions": "<saml:AudienceRestriction><saml:Audience>x</saml:Audience></saml:AudienceRestriction>"},
    ),
    "unknown_condition": ("condition", {"conditions": '<x:y xmlns:x="urn:x"/>'}),
    "time_without_zone": ("bad_time", {"not_on_or_after": "2026-11-24T09:00:00"}),
    "time_that_is_none": ("bad_time", {"not_on_or_after": "2026-02-30T09:00:00Z"}),
    "session_over": ("session_expired", {"session_end": at(-180)}),
    "no_authn_statement": ("no_authn_statement", {"authn": ""}),
    "name_is_empty": ("no_name_id", {"name_id": "  "}),
    "elements_in_name": ("bad_value", {"name_id": "admin@example.com<x/>.evil"}),
    "no_id": ("no_id", {"id": ""}),
    "not_success": ("idp_status", {"status": f'<samlp:StatusCode Value="{STATUS}Responder"/>'}),
    "no_status": ("idp_status", {"status": ""}),
}
ALLOWED: dict[str, dict[str, Any]] = {
    "no_issuer_of_response": {"response_issuer": None},
    "no_destination_of_unsigned_response": {"destination": None},
    "request_only_in_confirmation": {"in_response_to": None},
    "one_time_use": {"conditions": "<saml:OneTimeUse/>"},
    "just_not_over": {"not_on_or_after": at(-179), "scd_not_on_or_after": at(-179), "session_end": at(-179)},
    "just_begun": {"not_before": at(180)},
    "no_times_of_conditions": {"not_before": None, "not_on_or_after": None},
    "fractions_and_zones": {"not_before": "2026-11-24T08:59:59.1234567+01:00"},
    "white_space_around": {"name_id": "\n  alice@example.com\t", "audience": f" {SP}\n"},
    "other_namespaces": {"outer_namespaces": 'xmlns:q="urn:q"', "assertion_namespaces": 'xmlns="urn:d"'},
}


def refused(root: Any, **changes: Any) -> SamlError:
    with pytest.raises(SamlError) as refusal:
        verify(posted(root), expected(**changes), NOW)
    return refusal.value


@pytest.mark.parametrize("what", ["assertion", "both"])
@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_is_refused_by_its_code_though_it_is_signed(name: str, what: str) -> None:
    code, changes = DEFECTS[name]
    if name == "no_id":
        root = parse(Reply().xml())
        del find(root, "saml:Assertion").attrib["ID"]
        assert refused(sign(root)).code == code
        return
    assert refused(signed(Reply(**changes), what)).code == code


@pytest.mark.parametrize("name", ALLOWED)
def test_what_may_differ_is_accepted(name: str) -> None:
    assert verify(posted(signed(Reply(**ALLOWED[name]))), expected(), NOW).name_id == "alice@example.com"


def test_a_signed_response_must_say_where_it_was_sent() -> None:
    assert refused(signed(Reply(destination=None), "response")).code == "destination"


def test_a_confirmation_must_have_its_data() -> None:
    assert refused(signed(Reply(subject=NO_SUBJECT_DATA), "response")).code == "recipient"
    assert refused(signed(Reply(subject=NO_SUBJECT_DATA))).code == "in_response_to"


def test_an_unsolicited_response_is_accepted_only_where_the_connection_allows_it() -> None:
    reply = Reply(in_response_to=None, confirmed_request=None)
    assert refused(signed(reply), request_id=None).code == "unsolicited"
    allowed = verify(posted(signed(reply)), expected(request_id=None, allow_unsolicited=True), NOW)
    assert allowed.in_response_to is None
    # A response that answers something is none of those.
    assert refused(signed(), request_id=None, allow_unsolicited=True).code == "in_response_to"


def test_one_bearer_confirmation_of_several_must_hold_wholly() -> None:
    def confirmation(recipient: str, end: str) -> str:
        return (
            '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData'
            f' InResponseTo="{REQUEST}" Recipient="{recipient}" NotOnOrAfter="{end}"/></saml:SubjectConfirmation>'
        )

    def subject(*confirmations: str) -> Reply:
        inside = "".join(confirmations)
        return Reply(subject=f"<saml:Subject><saml:NameID>alice@example.com</saml:NameID>{inside}</saml:Subject>")

    over, other, good = confirmation(ACS, at(-999)), confirmation("https://x", at(99)), confirmation(ACS, at(99))
    assert verify(posted(signed(subject(over, other, good))), expected(), NOW)
    assert refused(signed(subject(over, other))).code == "expired"
    assert refused(signed(subject(other, over))).code == "recipient"


def test_a_difference_of_clocks_is_told_in_seconds() -> None:
    facts = refused(signed(Reply(not_before=at(600)))).facts
    assert (facts["seconds"], facts["what"], facts["skew_seconds"]) == (600, "NotBefore of Conditions", 180)
    assert refused(signed(Reply(scd_not_on_or_after=at(-600)))).facts["seconds"] == 600


def test_a_refusal_of_the_identity_provider_is_told_signed_or_not() -> None:
    status = (
        f'<samlp:StatusCode Value="{STATUS}Requester"><samlp:StatusCode Value="{STATUS}NoAuthnContext"/>'
        "</samlp:StatusCode><samlp:StatusMessage>AADSTS75011: Authentication method mismatch.</samlp:StatusMessage>"
    )
    root = signed(Reply(status=status), "none")
    root.remove(find(root, "saml:Assertion"))
    facts = refused(root).facts
    assert facts["received"] == [STATUS + "Requester", STATUS + "NoAuthnContext"]
    assert (facts["aadsts"], facts["message"][:12]) == ("75011", "AADSTS75011:")


def test_what_is_no_response_is_told_by_what_it_is() -> None:
    assert refused(find(signed(), "saml:Assertion")).facts["received"] == f"{{{NS['saml']}}}Assertion"
    assert refused(b"hello").code == "not_xml"
    for field, code in (("", "not_base64"), ("@@@", "not_base64"), ("YQ", "not_base64"), ("é", "not_base64")):
        with pytest.raises(SamlError) as refusal:
            verify(field, expected(), NOW)
        assert refusal.value.code == code
    with pytest.raises(SamlError) as refusal:
        verify("A" * 800_000, expected(), NOW)
    assert refusal.value.code == "too_large"


def test_base64_in_lines_is_read() -> None:
    field = posted(signed())
    lines = "\r\n".join(field[start : start + 76] for start in range(0, len(field), 76))
    assert verify(lines, expected(), NOW)
    assert in_response_to(lines) == REQUEST


# Certificates.


def test_any_of_several_certificates_may_sign_and_is_named() -> None:
    pinned = (certificate("old"), certificate("idp"), certificate("next"))
    for name in ("old", "idp", "next"):
        found = verify(posted(signed(signing=Signing(name))), expected(certificates=pinned), NOW)
        assert found.certificate == fingerprint(certificate(name))


def test_each_signature_may_have_a_key_of_its_own_and_both_must_hold() -> None:
    root = sign(signed(signing=Signing("next")), Signing("idp"))
    assert verify(posted(root), expected(certificates=(certificate("idp"), certificate("next"))), NOW).signed == "both"
    assert refused(root).code == "bad_signature"


def test_an_expired_certificate_is_refused_unless_an_admin_allows_it_for_a_time() -> None:
    old, root = certificate("idp", -800, -3), signed()
    facts = refused(root, certificates=(old,)).facts
    assert (facts["seconds"], facts["fingerprint"]) == (3 * 86_400, fingerprint(old))
    allowed = verify(posted(root), expected(certificates=(old,), allow_expired_until=NOW + DAY), NOW)
    assert "certificate_expired" in allowed.notes
    assert allowed.certificate_not_after == NOW - 3 * DAY
    assert refused(root, certificates=(old,), allow_expired_until=NOW).code == "cert_expired"


def test_a_certificate_renewed_with_the_same_key_is_as_good_as_its_dates() -> None:
    pinned = (certificate("idp", -800, -3), certificate("idp"))
    assert verify(posted(signed()), expected(certificates=pinned), NOW).certificate == fingerprint(pinned[1])


def test_a_certificate_of_the_future_is_refused_even_where_expired_ones_are_allowed() -> None:
    pinned = (certificate("idp", 2, 365),)
    assert refused(signed(), certificates=pinned, allow_expired_until=NOW + DAY).code == "cert_not_yet_valid"


def test_a_short_key_is_refused_though_it_verifies() -> None:
    root = signed(signing=Signing("weak"))
    assert refused(root, certificates=(certificate("weak"), certificate("idp"))).code == "weak_key"


def test_without_certificates_nothing_is_verified() -> None:
    assert refused(signed(), certificates=()).code == "no_certificate"


def test_a_signer_that_is_not_known_is_told_beside_those_that_are() -> None:
    facts = refused(signed(signing=Signing("next"))).facts
    assert facts["received"]["fingerprint"] == fingerprint(certificate("next"))
    assert [each["fingerprint"] for each in facts["tried"]] == [fingerprint(certificate("idp"))]


def test_the_answer_to_a_wrong_digest_and_a_wrong_key_differ_in_their_reason() -> None:
    root = signed()
    find(root, "saml:Assertion/saml:Subject/saml:NameID").text = "eve@example.com"
    assert refused(root).facts["reason"] == "digest"
    assert refused(signed(signing=Signing("evil"))).facts["reason"] == "signature"


# The examination.


def test_an_examination_has_every_check_in_order_whatever_comes() -> None:
    for field in ("", "@", posted(b"<a/>"), posted(signed()), posted(signed(Reply(audience="x"), "both"))):
        examination = examine(field, expected(), NOW)
        assert tuple(check.name for check in examination.checks) == CHECK_NAMES
        assert (examination.assertion is None) != (examination.error is None)
        failed = [check for check in examination.checks if check.passed is False]
        assert [check.code for check in failed[:1]] == ([examination.error.code] if examination.error else [])
        assert all(check.code in CODES for check in failed)


def test_an_examination_tells_all_that_is_wrong_and_not_only_the_first() -> None:
    reply = Reply(audience="x", recipient="y", not_on_or_after=at(-999))
    checks = examine(posted(signed(reply)), expected(), NOW).checks
    assert {check.name for check in checks if check.passed is False} == {"subject", "conditions", "audience"}
    # The values are not given out.
    assert [check.passed for check in checks if check.name == "values"] == [None]


def test_an_assertion_must_not_be_accepted_again_as_long_as_it_could_be() -> None:
    found = verify(posted(signed()), expected(skew=60 * SECOND), NOW)
    assert found.replay_until == NOW + (4200 + 60) * SECOND
    found = verify(posted(signed(Reply(not_on_or_after=None))), expected(skew=60 * SECOND), NOW)
    assert found.replay_until == NOW + (300 + 60) * SECOND
