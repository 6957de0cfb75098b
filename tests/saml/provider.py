"""An identity provider that says what a test wants, signed and encrypted by another library than the one that verifies."""

import base64
import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import xmlsec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree as _untyped  # pyright: ignore[reportAttributeAccessIssue]

from tests.saml.keys import MOMENT, certificate, private_pem
from tests.saml.keys import key as key_of
from vestibule.saml.response import Expected

etree: Any = _untyped
SP, ACS, IDP = (
    "https://app.example/sso/saml/con_1",
    "https://app.example/sso/saml/con_1/acs",
    "https://idp.example/metadata",
)
REQUEST = "_r1"
NS = {
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "xenc": "http://www.w3.org/2001/04/xmlenc#",
    "xenc11": "http://www.w3.org/2009/xmlenc11#",
}
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"


def at(seconds: float) -> str:
    return f"{MOMENT + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"


@dataclass(frozen=True)
class Reply:
    """What a Response says; the defaults are a good login. None leaves an attribute or element out."""

    issuer: str | None = IDP
    response_issuer: str | None = IDP
    destination: str | None = ACS
    recipient: str | None = ACS
    audience: str | None = SP
    in_response_to: str | None = REQUEST
    confirmed_request: str | None = REQUEST
    response_version: str = "2.0"
    version: str = "2.0"
    status: str = f'<samlp:StatusCode Value="{SUCCESS}"/>'
    method: str = BEARER
    name_id: str = "alice@example.com"
    name_id_format: str | None = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
    subject: str | None = None
    not_before: str | None = at(0)
    not_on_or_after: str | None = at(4200)
    scd_not_before: str | None = None
    scd_not_on_or_after: str | None = at(300)
    session_end: str | None = None
    authn: str | None = None
    conditions: str = ""
    attributes: Mapping[str, Sequence[str]] = field(default_factory=lambda: {"email": ["alice@example.com"]})
    advice: str = ""
    response_id: str = "_response"
    id: str = "_assertion"
    extra: str = ""
    outer_namespaces: str = ""
    assertion_namespaces: str = ""

    def but(self, **changes: Any) -> "Reply":
        return replace(self, **changes)

    def xml(self) -> str:
        """The Response without signatures."""
        return (
            f'<samlp:Response xmlns:samlp="{NS["samlp"]}" {self.outer_namespaces} ID="{self.response_id}"'
            f"{_a('Destination', self.destination)}{_a('InResponseTo', self.in_response_to)}"
            f' Version="{self.response_version}" IssueInstant="{at(0)}">'
            f"{self._issuer(self.response_issuer)}<samlp:Status>{self.status}</samlp:Status>"
            f"{self.extra}{self.assertion()}</samlp:Response>"
        )

    def assertion(self) -> str:
        values = "".join(
            f'<saml:Attribute Name="{name}">'
            + "".join(f"<saml:AttributeValue>{value}</saml:AttributeValue>" for value in each)
            + "</saml:Attribute>"
            for name, each in self.attributes.items()
        )
        audience = (
            ""
            if self.audience is None
            else f"<saml:AudienceRestriction><saml:Audience>{self.audience}</saml:Audience></saml:AudienceRestriction>"
        )
        authn = (
            self.authn
            if self.authn is not None
            else f'<saml:AuthnStatement AuthnInstant="{at(-5)}" SessionIndex="_s1"{_a("SessionNotOnOrAfter", self.session_end)}>'
            "<saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password"
            "</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>"
        )
        return (
            f'<saml:Assertion xmlns:saml="{NS["saml"]}" {self.assertion_namespaces} ID="{self.id}" Version="{self.version}"'
            f' IssueInstant="{at(0)}">{self._issuer(self.issuer, "")}{self._subject()}'
            f"<saml:Conditions{_a('NotBefore', self.not_before)}{_a('NotOnOrAfter', self.not_on_or_after)}>"
            f"{audience}{self.conditions}</saml:Conditions>{self.advice}{authn}"
            f"<saml:AttributeStatement>{values}</saml:AttributeStatement></saml:Assertion>"
        )

    def _issuer(self, issuer: str | None, space: str = f' xmlns:saml="{NS["saml"]}"') -> str:
        return "" if issuer is None else f"<saml:Issuer{space}>{issuer}</saml:Issuer>"

    def _subject(self) -> str:
        if self.subject is not None:
            return self.subject
        return (
            f"<saml:Subject><saml:NameID{_a('Format', self.name_id_format)}>{self.name_id}</saml:NameID>"
            f'<saml:SubjectConfirmation Method="{self.method}"><saml:SubjectConfirmationData'
            f"{_a('InResponseTo', self.confirmed_request)}{_a('Recipient', self.recipient)}"
            f"{_a('NotBefore', self.scd_not_before)}{_a('NotOnOrAfter', self.scd_not_on_or_after)}/>"
            "</saml:SubjectConfirmation></saml:Subject>"
        )


def _a(name: str, value: str | None) -> str:
    return "" if value is None else f' {name}="{value}"'


@dataclass(frozen=True)
class Signing:
    """How a signature is made."""

    key: str = "idp"
    method: Any = xmlsec.constants.TransformRsaSha256
    digest: Any = xmlsec.constants.TransformSha256
    c14n: Any = xmlsec.constants.TransformExclC14N
    certificate: str | None = None
    prefixes: str | None = None
    uri: str | None = None


def parse(xml: str | bytes) -> Any:
    return etree.fromstring(xml.encode() if isinstance(xml, str) else xml)


def find(root: Any, path: str) -> Any:
    found = root.find(path, NS)
    assert found is not None, path
    return found


def sign(element: Any, signing: Signing = Signing()) -> Any:
    """Sign an element in place, the Signature right after its Issuer, as libxmlsec does it."""
    template = xmlsec.template.create(element, signing.c14n, signing.method, ns="ds")
    issuer = element.find("saml:Issuer", NS)
    if issuer is not None:
        issuer.addnext(template)
    else:
        element.insert(0, template)
    uri = f"#{element.get('ID')}" if signing.uri is None else signing.uri
    reference = xmlsec.template.add_reference(template, signing.digest, uri=uri)
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformEnveloped)
    transform = xmlsec.template.add_transform(reference, signing.c14n)
    if signing.prefixes:
        etree.SubElement(
            transform, "{http://www.w3.org/2001/10/xml-exc-c14n#}InclusiveNamespaces", PrefixList=signing.prefixes
        )
    info = xmlsec.template.ensure_key_info(template)
    xmlsec.template.add_x509_data(info)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(private_pem(signing.key), xmlsec.constants.KeyDataFormatPem)
    pem = signing.certificate or certificate(signing.key)
    context.key.load_cert_from_memory(pem, xmlsec.constants.KeyDataFormatPem)
    context.register_id(element, "ID")
    context.sign(template)
    return element


def resign(signature: Any, key: str = "idp") -> None:
    """Put a right SignatureValue below a SignedInfo that was altered; digests stay as they are."""
    info = etree.tostring(find(signature, "ds:SignedInfo"), method="c14n", exclusive=True)
    signer: Any = key_of(key)
    made = signer.sign(info, padding.PKCS1v15(), hashes.SHA256())
    find(signature, "ds:SignatureValue").text = base64.b64encode(made).decode()


def signed(
    reply: Reply = Reply(),
    what: str = "assertion",
    signing: Signing = Signing(),
    before: Callable[[Any], None] | None = None,
) -> Any:
    """A response with `assertion`, `response`, `both` or `none` signed. `before`: alters it before it is signed."""
    root = parse(reply.xml())
    if before is not None:
        before(root)
    if what in {"assertion", "both"}:
        sign(find(root, "saml:Assertion"), signing)
    if what in {"response", "both"}:
        sign(root, signing)
    return root


@dataclass(frozen=True)
class Encrypting:
    """How an assertion is encrypted."""

    key: str = "sp"
    content: Any = xmlsec.constants.TransformAes256Gcm
    bits: int = 256
    transport: Any = xmlsec.constants.TransformRsaOaep
    digest: str | None = None
    transport_name: str | None = None
    mask: str | None = None


def encrypt(root: Any, encrypting: Encrypting = Encrypting(), plain: bytes | None = None) -> Any:
    """Put the assertion of a response into an EncryptedAssertion, by libxmlsec; or any other `plain` octets."""
    assertion = find(root, "saml:Assertion")
    content = etree.tostring(assertion) if plain is None else plain
    wrapper = etree.Element(f"{{{NS['saml']}}}EncryptedAssertion", nsmap={"saml": NS["saml"]})
    root.replace(assertion, wrapper)
    template = xmlsec.template.encrypted_data_create(
        root, encrypting.content, type=xmlsec.constants.TypeEncElement, ns="xenc"
    )
    wrapper.append(template)
    xmlsec.template.encrypted_data_ensure_cipher_value(template)
    info = xmlsec.template.encrypted_data_ensure_key_info(template, ns="ds")
    wrapped = xmlsec.template.add_encrypted_key(info, encrypting.transport)
    xmlsec.template.encrypted_data_ensure_cipher_value(wrapped)
    method = find(wrapped, "xenc:EncryptionMethod")
    if encrypting.transport_name:
        method.set("Algorithm", encrypting.transport_name)
    if encrypting.digest:
        etree.SubElement(method, f"{{{NS['ds']}}}DigestMethod", Algorithm=encrypting.digest)
    if encrypting.mask:
        etree.SubElement(method, f"{{{NS['xenc11']}}}MGF", Algorithm=encrypting.mask)
    manager = xmlsec.KeysManager()
    manager.add_key(xmlsec.Key.from_memory(certificate(encrypting.key), xmlsec.constants.KeyDataFormatCertPem))
    context = xmlsec.EncryptionContext(manager)
    context.key = xmlsec.Key.generate(xmlsec.constants.KeyDataAes, encrypting.bits, xmlsec.constants.KeyDataTypeSession)
    context.encrypt_binary(template, content)
    return parse(etree.tostring(root))


def octets(root: Any) -> bytes:
    return etree.tostring(root)


def posted(root: Any) -> str:
    """The form field."""
    return base64.b64encode(root if isinstance(root, bytes) else octets(root)).decode()


def expected(**changes: Any) -> Expected:
    return replace(
        Expected(SP, ACS, IDP, (certificate("idp"),), REQUEST, decryption_keys=(private_pem("sp"),)), **changes
    )


def twin(element: Any) -> Any:
    return copy.deepcopy(element)
