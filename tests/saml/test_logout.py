"""Single logout: ours can be read by us, and whatever is not rightly signed, for us and of now is refused."""

import base64
import zlib
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.saml.keys import NOW, SECOND, certificate, fingerprint, private_pem
from tests.saml.provider import IDP, NS, Signing, at, etree, find, parse, posted, sign
from vestibule.saml.bindings import MAX_INFLATED, inflated, read_query
from vestibule.saml.errors import CODES, SamlError
from vestibule.saml.logout import (
    ExpectedLogout,
    LogoutRequest,
    LogoutResponse,
    NameId,
    Received,
    post,
    read_post,
    read_redirect,
    redirect,
)  # fmt: skip

SLO = "https://app.example/sso/saml/con_1/slo"
EXPECTED = ExpectedLogout(SLO, IDP, (certificate("next"), certificate("idp")), request_id="_asked")
NAME = NameId("alice@example.com", "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress", "idp", "sp")
ASKED = LogoutRequest("_l1", NOW, IDP, SLO, NAME, ("_s1", "_s2"), NOW + 60 * SECOND)
ANSWER = LogoutResponse("_l2", NOW, IDP, SLO, "_asked")
STATUS = "urn:oasis:names:tc:SAML:2.0:status:"


def query_of(message: Any, key: str = "idp", relay_state: str | None = "rs") -> str:
    return urlsplit(redirect(message, relay_state, private_pem(key))).query


def by_redirect(query: str, **changes: Any) -> Received:
    return read_redirect(query, replace(EXPECTED, **changes), NOW)


def by_post(message: Any, key: str = "idp", **changes: Any) -> Received:
    form = post(message, "rs", private_pem(key), certificate(key))
    (parameter,) = set(form.fields) - {"RelayState"}
    return read_post(parameter, form.fields[parameter], "rs", replace(EXPECTED, **changes), NOW)


def refused(read: Any, *arguments: Any, **changes: Any) -> str:
    with pytest.raises(SamlError) as refusal:
        read(*arguments, **changes)
    assert refusal.value.code in CODES
    return refusal.value.code


@pytest.mark.parametrize("message", [ASKED, ANSWER, replace(ASKED, session_indexes=(), not_on_or_after=None)])
def test_a_message_comes_back_as_it_was_sent_by_either_binding(message: Any) -> None:
    for received in (by_redirect(query_of(message)), by_post(message)):
        assert (received.message, received.relay_state) == (message, "rs")
        assert received.certificate == fingerprint(certificate("idp"))
    assert by_redirect(query_of(message, relay_state=None)).relay_state is None


def test_a_partial_logout_is_told_by_its_codes() -> None:
    chain = (STATUS + "Responder", STATUS + "PartialLogout")
    answer = replace(ANSWER, status=chain, message="one application did not answer")
    found = by_redirect(query_of(answer)).message
    assert found == answer
    assert (ANSWER.succeeded, answer.succeeded) == (True, False)


DEFECTS: dict[str, tuple[str, Any]] = {
    "issuer": ("issuer", replace(ASKED, issuer="https://evil.example")),
    "destination": ("destination", replace(ASKED, destination="https://other.example/slo")),
    "old": ("expired", replace(ASKED, issued=NOW - 600 * SECOND)),
    "over": ("expired", replace(ASKED, not_on_or_after=NOW - 180 * SECOND)),
    "of the future": ("not_yet_valid", replace(ASKED, issued=NOW + 200 * SECOND)),
    "nobody": ("no_name_id", replace(ASKED, name_id=NameId(" "))),
    "answer to another": ("in_response_to", replace(ANSWER, in_response_to="_other")),
    "answer to nothing": ("in_response_to", replace(ANSWER, in_response_to=None)),
}


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_is_refused_by_its_code_though_it_is_signed(name: str) -> None:
    code, message = DEFECTS[name]
    assert refused(by_redirect, query_of(message)) == code
    assert refused(by_post, message) == code


def test_an_answer_that_nobody_awaits_is_refused() -> None:
    assert refused(by_redirect, query_of(ANSWER), request_id=None) == "in_response_to"
    assert refused(by_redirect, query_of(replace(ANSWER, in_response_to=None)), request_id=None) == "in_response_to"


def test_a_query_that_is_not_signed_as_it_is_read_is_refused() -> None:
    query = query_of(ASKED)
    unsigned = query.partition("&SigAlg=")[0]
    assert refused(by_redirect, unsigned) == "unsigned"
    assert refused(by_redirect, query.partition("&Signature=")[0]) == "query"
    assert refused(by_redirect, query_of(ASKED, "evil")) == "bad_signature"
    assert refused(by_redirect, query.replace("RelayState=rs", "RelayState=other")) == "bad_signature"
    assert refused(by_redirect, query.replace("RelayState=rs&", "")) == "bad_signature"
    other = query_of(replace(ASKED, name_id=NameId("eve@example.com")))
    swapped = other.partition("&RelayState")[0] + "&RelayState" + query.partition("&RelayState")[2]
    assert refused(by_redirect, swapped) == "bad_signature"
    sha1 = query.replace("rsa-sha256", "rsa-sha1").replace("2001%2F04%2Fxmldsig-more", "2000%2F09%2Fxmldsig")
    assert refused(by_redirect, sha1) == "signature_algorithm"
    assert refused(by_redirect, query + "&SAMLRequest=x") == "query"
    assert refused(by_redirect, query + "&SAMLResponse=x") == "query"
    assert refused(by_redirect, "x=y") == "query"
    assert refused(by_redirect, query.replace("SAMLRequest=", "SAMLResponse=")) == "not_a_logout"


def test_other_parameters_of_the_query_do_not_matter() -> None:
    assert by_redirect(f"a=b&{query_of(ASKED)}&c=d").message == ASKED


def test_certificates_are_judged_as_for_a_login() -> None:
    query = query_of(ASKED)
    assert refused(by_redirect, query, certificates=()) == "no_certificate"
    assert refused(by_redirect, query, certificates=(certificate("idp", -800, -3),)) == "cert_expired"
    assert by_redirect(query, certificates=(certificate("idp", -800, -3),), allow_expired_until=NOW + 1)
    assert refused(by_redirect, query_of(ASKED, "weak"), certificates=(certificate("weak"),)) == "weak_key"


def test_a_posted_message_must_be_signed_as_a_whole() -> None:
    form = post(ASKED, None, private_pem("idp"), certificate("idp"))
    root = parse(base64.b64decode(form.fields["SAMLRequest"]))
    find(root, "saml:NameID").text = "eve@example.com"
    assert refused(read_post, "SAMLRequest", posted(root), None, EXPECTED, NOW) == "bad_signature"
    root.remove(find(root, "ds:Signature"))
    assert refused(read_post, "SAMLRequest", posted(root), None, EXPECTED, NOW) == "unsigned"
    assert refused(read_post, "SAMLResponse", form.fields["SAMLRequest"], None, EXPECTED, NOW) == "not_a_logout"
    assert refused(by_post, ASKED, "evil") == "bad_signature"


def test_a_message_that_another_library_has_signed_is_read() -> None:
    root = parse(
        f'<samlp:LogoutRequest xmlns:samlp="{NS["samlp"]}" xmlns:saml="{NS["saml"]}" ID="_l" Version="2.0"'
        f' IssueInstant="{at(0)}" Destination="{SLO}"><saml:Issuer>{IDP}</saml:Issuer>'
        "<saml:NameID>alice@example.com</saml:NameID><samlp:SessionIndex>_s1</samlp:SessionIndex></samlp:LogoutRequest>"
    )
    received = read_post("SAMLRequest", posted(sign(root, Signing())), None, EXPECTED, NOW)
    assert isinstance(received.message, LogoutRequest)
    assert (received.message.name_id, received.message.session_indexes) == (NameId("alice@example.com"), ("_s1",))
    assert received.replay_until == NOW + 480 * SECOND


def test_a_signature_inside_a_redirected_document_is_none() -> None:
    form = post(ASKED, None, private_pem("idp"), certificate("idp"))
    machine = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = machine.compress(base64.b64decode(form.fields["SAMLRequest"])) + machine.flush()
    query = f"SAMLRequest={quote(base64.b64encode(packed), safe='')}"
    assert refused(by_redirect, query) == "signature_in_odd_place"


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    def packed(data: bytes) -> bytes:
        machine = zlib.compressobj(9, zlib.DEFLATED, -15)
        return machine.compress(data) + machine.flush()

    assert inflated(packed(b"a" * MAX_INFLATED)) == b"a" * MAX_INFLATED
    assert refused(inflated, packed(b"a" * (MAX_INFLATED + 1))) == "too_large"
    assert refused(inflated, packed(b"\0" * 50_000_000)) == "too_large"
    assert refused(inflated, packed(b"abc")[:-2]) == "not_deflate"
    assert refused(inflated, packed(b"abc") + b"more") == "not_deflate"
    assert refused(inflated, b"\xff\xff\xff") == "not_deflate"


@given(st.text(max_size=60) | st.text("SAMLRequest=&%Signature+RelayState", max_size=60))
def test_any_query_is_read_or_refused(query: str) -> None:
    for text in (query, f"SAMLRequest={query}", f"SAMLRequest=q1bKS1RQBAA%3D&RelayState={query}"):
        try:
            read_query(text)
        except SamlError as error:
            assert error.code in CODES


def test_no_posted_field_raises_anything_but_a_refusal() -> None:
    for root in (etree.Element("x"), parse(f'<samlp:LogoutRequest xmlns:samlp="{NS["samlp"]}"/>')):
        assert refused(read_post, "SAMLRequest", posted(root), None, EXPECTED, NOW) in {"not_a_logout", "unsigned"}
    assert refused(read_post, "other", posted(root), None, EXPECTED, NOW) == "not_a_logout"
