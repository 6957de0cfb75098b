"""Read a service provider's metadata (SAML 2.0 metadata, section 2.4.4)."""

import base64
import binascii

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from vestibule.idp.apps import SamlApp
from vestibule.idp.xml import METADATA, SIGNATURE, Element, NotXml, parse, text_of

_POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
_REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"


class BadMetadata(ValueError):
    """Metadata that registers no application; the message says why."""


def read_sp(text: bytes) -> SamlApp:
    """The application that the document describes. Raises BadMetadata."""
    try:
        root = parse(text)
    except NotXml as error:
        raise BadMetadata(f"This is not XML: {error}.") from error
    if root.tag != f"{METADATA}EntityDescriptor":
        raise BadMetadata(f"The root must be md:EntityDescriptor, not {root.tag}.")
    role = root.find(f"{METADATA}SPSSODescriptor")
    entity_id = (root.get("entityID") or "").strip()
    if role is None or not entity_id:
        raise BadMetadata("There is no SPSSODescriptor, or no entityID: this is not a service provider's metadata.")
    acs_urls = _acs_urls(role)
    if not acs_urls:
        raise BadMetadata("There is no AssertionConsumerService with the binding HTTP-POST.")
    certificates = _certificates(role)
    encryption = [pem for use, pem in certificates if use in ("encryption", None)]
    return SamlApp(
        entity_id,
        acs_urls,
        _slo_url(role),
        tuple(pem for use, pem in certificates if use in ("signing", None)),
        encryption[0] if encryption else None,
        _name(root, role),
    )


def _acs_urls(role: Element) -> tuple[str, ...]:
    services = [each for each in role.findall(f"{METADATA}AssertionConsumerService") if each.get("Binding") == _POST]
    services.sort(key=lambda each: each.get("isDefault") not in ("true", "1"))
    return tuple(url for each in services if (url := each.get("Location")))


def _slo_url(role: Element) -> str | None:
    for each in role.findall(f"{METADATA}SingleLogoutService"):
        if each.get("Binding") == _REDIRECT:
            return each.get("ResponseLocation") or each.get("Location")
    return None


def _certificates(role: Element) -> list[tuple[str | None, bytes]]:
    return [
        (key.get("use"), _pem(text_of(each)))
        for key in role.findall(f"{METADATA}KeyDescriptor")
        for each in key.findall(f"{SIGNATURE}KeyInfo/{SIGNATURE}X509Data/{SIGNATURE}X509Certificate")
    ]


def _pem(text: str) -> bytes:
    try:
        return x509.load_der_x509_certificate(base64.b64decode(text)).public_bytes(Encoding.PEM)
    except (binascii.Error, ValueError) as error:
        raise BadMetadata(f"A KeyDescriptor holds no readable X.509 certificate: {error}.") from error


def _name(root: Element, role: Element) -> str:
    for element, path in (
        (role, f"{METADATA}AttributeConsumingService/{METADATA}ServiceName"),
        (root, f"{METADATA}Organization/{METADATA}OrganizationDisplayName"),
    ):
        if name := text_of(element.find(path)):
            return name
    return ""
