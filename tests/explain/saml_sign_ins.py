"""Refused SAML responses, made by an identity provider that errs and refused by the verifier itself, as exchanges."""

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any

import xmlsec

from tests.saml import provider
from tests.saml.keys import DAY, NOW, SECOND, certificate, private_pem
from tests.saml.provider import (
    ACS,
    Encrypting,
    Reply,
    Signing,
    encrypt,
    expected,
    find,
    parse,
    posted,
    sign,
    signed,
)
from vestibule.explain import SIGN_IN
from vestibule.explain.examined import facts_of
from vestibule.model import Exchange
from vestibule.saml import bindings, certificates, metadata
from vestibule.saml.errors import SamlError
from vestibule.saml.response import examine

CONNECTION = "con_01m85q900jfgg9rf6hjrfszw2w"
REQUEST = "req_01m85q902qfa9r2hjr4r13khcd"
ERROR = "urn:oasis:names:tc:SAML:2.0:status:"


def exchange(
    error: str | None,
    facts: Mapping[str, Any],
    idp: str = "entra",
    target: str | None = None,
    status: int = 403,
    protocol: str = "saml",
) -> Exchange:
    path = f"/sso/saml/{CONNECTION}/acs" if protocol == "saml" else f"/sso/oidc/{CONNECTION}/callback"
    told = {"protocol": protocol, "idp": idp, "test": False, "notes": []} | dict(facts)
    return Exchange(
        REQUEST, CONNECTION, NOW, 4200, "POST" if protocol == "saml" else "GET", path, "", status,
        resource_type=SIGN_IN, target=target, error=error, facts=told,
    )  # fmt: skip


def refused(response: Any, idp: str = "entra", at: int = NOW, **settings: Any) -> Exchange:
    """What the verifier makes of a response that it must refuse."""
    text = response if isinstance(response, str) else posted(response)
    found = examine(text, expected(**settings), at)
    assert found.error is not None
    name = found.untrusted.get("name_id")
    return exchange(found.error.code, facts_of(found), idp, name, 400)


def raised(call: Callable[[], object], idp: str = "entra") -> Exchange:
    """What a reader of something else than a response makes of it."""
    try:
        call()
    except SamlError as error:
        return exchange(error.code, error.facts, idp, None, 400)
    raise AssertionError("nothing was refused")


def but(**changes: Any) -> Any:
    return signed(Reply().but(**changes))


def xml_of(root: Any) -> bytes:
    return base64.b64decode(posted(root))


def edited(change: Callable[[str], str]) -> str:
    return base64.b64encode(change(xml_of(signed()).decode()).encode()).decode()


def failed(codes: str, message: str) -> Any:
    outer, inner = codes.split()
    status = f'<samlp:StatusCode Value="{ERROR}{outer}"><samlp:StatusCode Value="{ERROR}{inner}"/></samlp:StatusCode>'
    return parse(Reply(status=f"{status}<samlp:StatusMessage>{message}</samlp:StatusMessage>").xml())


def moved_signature() -> Any:
    root = signed()
    find(root, "saml:Assertion/saml:Subject").append(find(root, "saml:Assertion/ds:Signature"))
    return root


def doubled_reference() -> Any:
    root = signed()
    info = find(root, "saml:Assertion/ds:Signature/ds:SignedInfo")
    info.append(provider.twin(find(info, "ds:Reference")))
    return root


def encrypted_id() -> Any:
    return but(subject='<saml:Subject><saml:EncryptedID/><saml:SubjectConfirmation Method="' + provider.BEARER + '">'
               f'<saml:SubjectConfirmationData InResponseTo="_r1" Recipient="{ACS}" NotOnOrAfter="{provider.at(300)}"/>'
               "</saml:SubjectConfirmation></saml:Subject>")  # fmt: skip


def nobody() -> Any:
    return but(subject=f'<saml:Subject><saml:SubjectConfirmation Method="{provider.BEARER}">'
               f'<saml:SubjectConfirmationData InResponseTo="_r1" Recipient="{ACS}" NotOnOrAfter="{provider.at(300)}"/>'
               "</saml:SubjectConfirmation></saml:Subject>")  # fmt: skip


APP = "CN=Microsoft Azure Federated SSO Certificate"
TENANT = "CN=accounts.accesscontrol.windows.net"


def named(pem: str, subject: str) -> str:
    """A certificate with the subject that Entra gives it, of another key."""
    from datetime import timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    from tests.saml.keys import MOMENT
    from tests.saml.keys import key as key_of

    name = x509.Name.from_rfc4514_string(subject)
    key = key_of(pem)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(MOMENT - timedelta(days=3)).not_valid_after(MOMENT + timedelta(days=1092))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    return made.public_bytes(certificates.serialization.Encoding.PEM).decode()


MD = '<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{entity}" {more}>{role}</EntityDescriptor>'
IDP_ROLE = (
    '<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing">'
    '<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>{certificate}</X509Certificate>'
    '</X509Data></KeyInfo></KeyDescriptor><SingleSignOnService Binding="{binding}" Location="{location}"/>'
    "</IDPSSODescriptor>"
)


def described(entity: str = "https://idp.example", more: str = "", role: str | None = None, certificate_text: str | None = None,
              binding: str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect", location: str = "https://idp.example/sso") -> bytes:  # fmt: skip
    pem = certificate("idp") if certificate_text is None else certificate_text
    body = re.sub(r"-----[A-Z ]+-----|\s", "", pem)
    made = IDP_ROLE.format(certificate=body, binding=binding, location=location) if role is None else role
    return MD.format(entity=entity, more=more, role=made).encode()


def read(document: bytes, **asked: Any) -> Exchange:
    return raised(lambda: metadata.read_idp(document, NOW, **asked))


def no_certificate_role() -> str:
    return re.sub(r"<KeyDescriptor.*</KeyDescriptor>", "", IDP_ROLE).format(
        binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect", location="https://idp.example/sso"
    )


SP_ROLE = '<SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"/>'
STS = "https://sts.windows.net/3f0a2f0e-0000-4000-8000-1c0ffee00001/"

SAML: dict[str, Callable[[], Exchange]] = {
    "idp_status": lambda: refused(
        failed("Responder AuthnFailed", "MSIS7042: the same client browser session has made 6 requests"), "adfs"
    ),
    "authn_context_refused": lambda: refused(
        failed(
            "Responder NoAuthnContext",
            "AADSTS75011: Authentication method 'X509, MultiFactor' by which the user authenticated with the service doesn't match requested authentication method 'Password, ProtectedTransport'.",
        )
    ),
    "signed_requests_wanted": lambda: refused(failed("Requester RequestDenied", "Invalid requester"), "keycloak"),
    "not_assigned": lambda: refused(
        failed(
            "Responder RequestDenied",
            "AADSTS50105: Your administrator has configured the application to block users unless they are specifically granted access.",
        )
    ),
    "other_connection": lambda: refused(
        but(destination=ACS.replace("con_1", "con_2"), recipient=ACS.replace("con_1", "con_2"))
    ),
    "destination": lambda: refused(but(destination=ACS + "/", recipient=ACS + "/")),
    "recipient": lambda: refused(but(destination=None, recipient=ACS.replace("https:", "http:"))),
    "audience": lambda: refused(but(audience=f"spn:{provider.SP}")),
    "audience_missing": lambda: refused(but(audience=None)),
    "issuer": lambda: refused(but(issuer=STS, response_issuer=STS), idp_entity_id=STS.rstrip("/")),
    "certificate_changed": lambda: refused(
        signed(signing=Signing(key="new", certificate=named("new", APP))), certificates=(certificate("idp"),)
    ),
    "metadata_of_whole_tenant": lambda: refused(
        signed(signing=Signing(key="new", certificate=named("new", APP))), certificates=(named("tenant", TENANT),)
    ),
    "bad_signature": lambda: refused(
        edited(lambda xml: xml.replace("alice@example.com</saml:NameID>", "boss@example.com</saml:NameID>"))
    ),
    "cert_expired": lambda: refused(
        signed(signing=Signing(certificate=certificate("idp", -400, -35))),
        certificates=(certificate("idp", -400, -35),),
    ),
    "cert_not_yet_valid": lambda: refused(
        signed(signing=Signing(certificate=certificate("idp", 2, 400))), certificates=(certificate("idp", 2, 400),)
    ),
    "weak_key": lambda: refused(signed(signing=Signing(key="weak")), certificates=(certificate("weak"),)),
    "no_certificate": lambda: refused(signed(), certificates=()),
    "signature_algorithm": lambda: refused(
        signed(signing=Signing(method=xmlsec.constants.TransformRsaSha1, digest=xmlsec.constants.TransformSha1))
    ),
    "unsigned": lambda: refused(signed(what="none"), "google"),
    "decrypt_failed": lambda: refused(encrypt(signed(), Encrypting(key="old"))),
    "no_decryption_key": lambda: refused(encrypt(signed()), decryption_keys=()),
    "encryption_algorithm": lambda: refused(
        encrypt(signed(), Encrypting(transport=xmlsec.constants.TransformRsaPkcs1))
    ),
    "encrypted_id": lambda: refused(encrypted_id()),
    "not_yet_valid": lambda: refused(but(not_before=provider.at(480)), "adfs"),
    "expired": lambda: refused(but(), at=NOW + 700 * SECOND),
    "session_expired": lambda: refused(but(session_end=provider.at(-900)), "okta"),
    "in_response_to": lambda: refused(but(), request_id="_r2"),
    "unsolicited": lambda: refused(but(in_response_to=None, confirmed_request=None), "okta", request_id=None),
    "doctype": lambda: refused(edited(lambda xml: "<!DOCTYPE r>" + xml)),
    "comment_or_pi": lambda: refused(edited(lambda xml: xml.replace("alice@", "alice@<!---->", 1))),
    "odd_id_attribute": lambda: refused(
        edited(lambda xml: xml.replace("<saml:Subject>", '<saml:Subject xml:id="_x">'))
    ),
    "duplicate_id": lambda: refused(but(response_id="_assertion")),
    "relative_namespace": lambda: refused(
        edited(lambda xml: xml.replace("<saml:Subject>", '<saml:Subject xmlns:v="1">'))
    ),
    "signature_in_odd_place": lambda: refused(moved_signature()),
    "sig_shape": lambda: refused(edited(lambda xml: re.sub(r"<ds:SignatureMethod[^>]*/>", "", xml))),
    "sig_extra_child": lambda: refused(
        edited(lambda xml: xml.replace("</ds:Signature>", "<ds:Object/></ds:Signature>"))
    ),
    "one_reference": lambda: refused(doubled_reference()),
    "reference_not_parent": lambda: refused(edited(lambda xml: xml.replace('URI="#_assertion"', 'URI=""'))),
    "transform": lambda: refused(
        edited(
            lambda xml: re.sub(
                r'Transform Algorithm="[^"]*xml-exc-c14n#"',
                'Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"',
                xml,
            )
        )
    ),
    "no_name_id": lambda: refused(nobody(), "adfs"),
    "no_id": lambda: refused(
        signed(what="response", before=lambda root: find(root, "saml:Assertion").attrib.pop("ID"))
    ),
    "no_bearer": lambda: refused(but(method="urn:oasis:names:tc:SAML:2.0:cm:holder-of-key")),
    "scd_time": lambda: refused(but(scd_not_on_or_after=None)),
    "condition": lambda: refused(
        but(conditions='<saml:Condition xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="x"/>')
    ),
    "bad_time": lambda: refused(but(not_before="yesterday")),
    "no_authn_statement": lambda: refused(but(authn=" ")),
    "bad_value": lambda: refused(but(name_id="alice<saml:b/>@example.com")),
    "too_large": lambda: refused(base64.b64encode(b"<r>" + b" " * 5_000_000 + b"</r>").decode()),
    "not_base64": lambda: refused("<samlp:Response>"),
    "not_deflate": lambda: raised(lambda: bindings.inflated(b"<samlp")),
    "encoding": lambda: refused(edited(lambda xml: '<?xml version="1.0" encoding="ISO-8859-1"?>' + xml)),
    "not_xml": lambda: refused(edited(lambda xml: xml[:900])),
    "too_complex": lambda: refused(
        edited(lambda xml: xml.replace("<saml:Subject>", "<saml:Subject>" + "<saml:a>" * 100 + "</saml:a>" * 100))
    ),
    "query": lambda: raised(lambda: bindings.read_query("SAMLRequest=a&SAMLRequest=b")),
    "not_a_response": lambda: refused(sign(parse(Reply().assertion()))),
    "version": lambda: refused(but(version="1.1")),
    "one_assertion": lambda: refused(
        edited(lambda xml: re.sub(r"<saml:Assertion.*</saml:Assertion>", "", xml, flags=re.DOTALL))
    ),
    "certificate_unreadable": lambda: raised(lambda: certificates.read("-----BEGIN CERTIFICATE REQUEST-----")),
    "certificate_is_key": lambda: raised(lambda: certificates.read(private_pem("idp"))),
    "key_unreadable": lambda: raised(lambda: certificates.private_key("-----BEGIN ENCRYPTED PRIVATE KEY-----")),
    "metadata_too_large": lambda: read(described(role=" " * 20_000_000)),
    "metadata_not_xml": lambda: read(described()[:200]),
    "metadata_is_html": lambda: read(b"<!DOCTYPE html><html><title>Sign in</title></html>"),
    "metadata_unsafe": lambda: read(b"<!DOCTYPE r>" + described()),
    "metadata_not_saml": lambda: read(b"<note xmlns='urn:x'/>"),
    "metadata_is_sp": lambda: read(described(entity=provider.SP, role=SP_ROLE)),
    "metadata_no_idp": lambda: read(described(role="<RoleDescriptor/>")),
    "metadata_several": lambda: read(
        b'<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">'
        + described("https://a.example")
        + described("https://b.example")
        + b"</EntitiesDescriptor>"
    ),
    "metadata_entity": lambda: read(described(), entity_id="https://other.example"),
    "metadata_tenant": lambda: read(described(entity="https://sts.windows.net/{tenant}/")),
    "metadata_expired": lambda: read(described(more='validUntil="2026-01-01T00:00:00Z"')),
    "metadata_time": lambda: read(described(more='validUntil="soon"')),
    "metadata_no_certificate": lambda: read(described(role=no_certificate_role())),
    "metadata_certificate": lambda: read(described(certificate_text="AAAA")),
    "metadata_no_sso": lambda: read(described(binding="urn:oasis:names:tc:SAML:2.0:bindings:SOAP")),
    "metadata_url": lambda: read(described(location="http://idp.example/sso")),
}
"""Code of the explanation → the exchange that it tells."""
assert DAY
