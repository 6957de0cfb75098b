"""What we send to sign somebody in: well-formed, signed as others verify it, and asking for nothing that is refused."""

import base64
import zlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import xmlsec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from hypothesis import given
from hypothesis import strategies as st

from tests.saml.keys import NOW, certificate, key, private_pem
from tests.saml.provider import ACS, SP, find, parse
from vestibule.saml.errors import SamlError
from vestibule.saml.request import AuthnRequest, post, redirect

SSO = "https://idp.example/sso"
REQUEST = AuthnRequest("_r1", NOW, SP, ACS, SSO)


def carried(url: str) -> tuple[Any, dict[str, str]]:
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query, strict_parsing=True).items()}
    return parse(zlib.decompress(base64.b64decode(query["SAMLRequest"]), -15)), query


def test_a_request_asks_for_a_login_and_for_nothing_else() -> None:
    root, query = carried(redirect(REQUEST, "state"))
    assert dict(root.attrib) == {
        "ID": "_r1", "Version": "2.0", "IssueInstant": "2026-11-24T08:00:00Z", "Destination": SSO,
        "AssertionConsumerServiceURL": ACS, "ProtocolBinding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
    }  # fmt: skip
    assert [(each.tag.rpartition("}")[2], each.text) for each in root] == [("Issuer", SP)]
    assert set(query) == {"SAMLRequest", "RelayState"}


def test_a_fresh_or_a_silent_login_may_be_asked_for() -> None:
    root, _ = carried(redirect(AuthnRequest("_r1", NOW, SP, ACS, SSO, force_authn=True, is_passive=True), None))
    assert (root.get("ForceAuthn"), root.get("IsPassive")) == ("true", "true")


@given(relay_state=st.text(max_size=40), login_hint=st.none() | st.text(max_size=40))
def test_a_signed_query_verifies_over_its_own_octets_whatever_is_in_it(
    relay_state: str, login_hint: str | None
) -> None:
    url = redirect(AuthnRequest("_r1", NOW, SP, ACS, f"{SSO}?a=b"), relay_state, private_pem("sp"), login_hint)
    query = urlsplit(url).query
    covered, _, signature = query[query.index("SAMLRequest=") :].partition("&Signature=")
    signer: Any = key("sp")
    value = base64.b64decode(parse_qs(f"s={signature}")["s"][0])
    signer.public_key().verify(value, covered.encode(), padding.PKCS1v15(), hashes.SHA256())
    assert [part.partition("=")[0] for part in covered.split("&")] == ["SAMLRequest", "RelayState", "SigAlg"]
    found = parse_qs(query, keep_blank_values=True)
    assert (found["a"], found["RelayState"]) == (["b"], [relay_state])
    assert found.get("login_hint") == (None if login_hint is None else [login_hint])


def test_a_posted_request_is_signed_right_after_its_issuer() -> None:
    form = post(REQUEST, "state", private_pem("sp"), certificate("sp"), "a@b.example")
    assert (form.action, form.fields["RelayState"]) == (f"{SSO}?login_hint=a%40b.example", "state")
    root = parse(base64.b64decode(form.fields["SAMLRequest"]))
    assert [each.tag.rpartition("}")[2] for each in root] == ["Issuer", "Signature"]
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(certificate("sp"), xmlsec.constants.KeyDataFormatCertPem)
    context.register_id(root, "ID")
    context.verify(find(root, "ds:Signature"))


def test_a_posted_request_without_a_key_is_not_signed() -> None:
    form = post(REQUEST, None)
    assert set(form.fields) == {"SAMLRequest"}
    assert [each.tag.rpartition("}")[2] for each in parse(base64.b64decode(form.fields["SAMLRequest"]))] == ["Issuer"]


def test_a_key_without_its_certificate_is_a_fault_of_ours() -> None:
    with pytest.raises(ValueError, match="both or neither"):
        post(REQUEST, None, private_pem("sp"))


@pytest.mark.parametrize("id", ["", "1abc", "a b", "_a\n", "-a", "ä"])
def test_an_id_that_some_identity_provider_refuses_is_a_fault_of_ours(id: str) -> None:
    with pytest.raises(ValueError, match="letter or an underscore"):
        AuthnRequest(id, NOW, SP, ACS, SSO)


def test_a_key_that_is_none_is_refused_without_being_told() -> None:
    for text in ("", "secret", certificate("sp"), private_pem("ec")):
        with pytest.raises(SamlError) as refusal:
            redirect(REQUEST, None, text)
        assert refusal.value.code == "key_unreadable"
        assert "secret" not in repr(refusal.value.facts)
