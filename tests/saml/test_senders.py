"""Responses in the shapes of the identity providers that customers have, signed in every way that each can be set to."""

import base64
from pathlib import Path
from typing import Any

import pytest
import xmlsec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from tests.saml.keys import NOW, certificate, key
from tests.saml.provider import (
    ACS,
    IDP,
    REQUEST,
    SP,
    Encrypting,
    Reply,
    Signing,
    encrypt,
    etree,
    expected,
    find,
    parse,
    posted,
    sign,
    signed,
)  # fmt: skip
from vestibule.saml.response import verify

SENDERS = sorted(path.stem for path in (Path(__file__).parent / "assertions").glob("*.xml"))
ENTRA_GROUPS = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups"
VALUES: dict[str, tuple[str, tuple[str, ...]]] = {
    "entra": (ENTRA_GROUPS, ("c1a1d7a0-0000-4000-8000-000000000001", "c1a1d7a0-0000-4000-8000-000000000002")),
    "okta": ("groups", ("Everyone", "Engineers")),
    "google": ("phone", ()),
    "adfs": ("http://schemas.xmlsoap.org/claims/Group", ("Domain Users", "Engineers")),
    "keycloak": ("Role", ("offline_access", "engineer")),
    "simplesamlphp": ("eduPersonTargetedID", ("7d1f",)),
}


def sent(sender: str) -> Any:
    text = (Path(__file__).parent / "assertions" / f"{sender}.xml").read_text()
    return parse(text.format(acs=ACS, sp=SP, idp=IDP, request=REQUEST))


def signed_as(root: Any, what: str) -> Any:
    signing = Signing(prefixes="xs")
    if what in {"assertion", "both"}:
        sign(find(root, "saml:Assertion"), signing)
    if what in {"response", "both"}:
        sign(root, signing)
    return root


@pytest.mark.parametrize("what", ["assertion", "response", "both"])
@pytest.mark.parametrize("sender", SENDERS)
def test_a_login_is_accepted_however_the_sender_signs(sender: str, what: str) -> None:
    found = verify(posted(signed_as(sent(sender), what)), expected(), NOW)
    name, values = VALUES[sender]
    assert (found.name_id, found.signed, found.encrypted) == ("alice@example.com", what, False)
    assert found.attributes[name] == values


@pytest.mark.parametrize("content", [xmlsec.constants.TransformAes256Cbc, xmlsec.constants.TransformAes256Gcm])
@pytest.mark.parametrize("what", ["assertion", "response", "both"])
@pytest.mark.parametrize("sender", SENDERS)
def test_a_login_is_accepted_encrypted(sender: str, what: str, content: Any) -> None:
    root = sent(sender)
    if what != "response":
        sign(find(root, "saml:Assertion"))
    encrypt(root, Encrypting(content=content))
    if what != "assertion":
        sign(root)
    found = verify(posted(root), expected(), NOW)
    assert (found.name_id, found.signed, found.encrypted) == ("alice@example.com", what, True)
    assert found.attributes[VALUES[sender][0]] == VALUES[sender][1]


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("idp", xmlsec.constants.TransformRsaSha384),
        ("idp", xmlsec.constants.TransformRsaSha512),
        ("ec", xmlsec.constants.TransformEcdsaSha256),
        ("ec", xmlsec.constants.TransformEcdsaSha512),
    ],
)
def test_the_algorithms_on_the_list_are_accepted(name: str, method: Any) -> None:
    for digest in (
        xmlsec.constants.TransformSha256,
        xmlsec.constants.TransformSha384,
        xmlsec.constants.TransformSha512,
    ):
        root = signed(signing=Signing(name, method, digest))
        assert verify(posted(root), expected(certificates=(certificate(name),)), NOW).name_id == "alice@example.com"


def test_signatures_with_probabilistic_padding_are_accepted() -> None:
    root = signed()
    signature = find(root, "saml:Assertion/ds:Signature")
    signer: Any = key("idp")
    algorithm = "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"
    find(signature, "ds:SignedInfo/ds:SignatureMethod").set("Algorithm", algorithm)
    info = etree.tostring(find(signature, "ds:SignedInfo"), method="c14n", exclusive=True)
    made = signer.sign(info, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    find(signature, "ds:SignatureValue").text = base64.b64encode(made).decode()
    assert verify(posted(root), expected(), NOW)


def test_friendly_names_and_qualifiers_are_kept() -> None:
    keycloak = verify(posted(signed_as(sent("keycloak"), "both")), expected(), NOW)
    assert keycloak.friendly_names == {"urn:oid:0.9.2342.19200300.100.1.3": "mail"}
    assert keycloak.session_not_on_or_after == NOW + 36_000_512_000
    simplesamlphp = verify(posted(signed_as(sent("simplesamlphp"), "both")), expected(), NOW)
    assert simplesamlphp.sp_name_qualifier == SP


def test_a_prefix_that_only_the_response_declares_is_part_of_what_an_assertion_was_signed_with() -> None:
    """InclusiveNamespaces may name a prefix that stands outside of the assertion."""
    reply = Reply(outer_namespaces='xmlns:q="urn:q"')
    signing = Signing(prefixes="q")
    both = signed(reply, "assertion", signing)
    assert verify(posted(both), expected(), NOW)
    # The Response is canonicalised without it; the assertion is still verified as it came.
    assert verify(posted(sign(both, Signing())), expected(), NOW).signed == "both"


def test_values_that_are_structures_are_left_out_and_said_to_be() -> None:
    root = signed(Reply(attributes={"a": ["<x>1</x>", "2"], "b": [" ", ""]}))
    found = verify(posted(root), expected(), NOW)
    assert (found.attributes, found.notes) == ({"a": ("2",), "b": ()}, ("structured_value",))


@pytest.mark.parametrize("what", ["assertion", "response", "both"])
def test_the_signer_itself_agrees_that_the_signatures_hold(what: str) -> None:
    """The generator is no oracle unless its own library verifies what it made."""
    root = etree.fromstring(etree.tostring(signed(what=what)))
    for element in (root, find(root, "saml:Assertion")):
        signature = element.find("{http://www.w3.org/2000/09/xmldsig#}Signature")
        if signature is not None:
            context = xmlsec.SignatureContext()
            context.key = xmlsec.Key.from_memory(certificate("idp"), xmlsec.constants.KeyDataFormatCertPem)
            context.register_id(element, "ID")
            context.verify(signature)
