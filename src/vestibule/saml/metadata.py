"""SAML 2.0 metadata: an identity provider's read with distrust, our own written (saml-metadata section 2)."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from vestibule.saml import certificates, document
from vestibule.saml.certificates import Certificate
from vestibule.saml.errors import SamlError
from vestibule.saml.instants import duration_of, instant_of, written
from vestibule.saml.names import DS, MD, POST, REDIRECT, SAMLP, SIGNATURE, XENC, XENC11, ds, md
from vestibule.saml.signing import signed
from vestibule.saml.texts import clipped
from vestibule.saml.xml import Element, below, made, serialised

MAX_BYTES = 2 * 1024 * 1024
_LONGEST_URL = 2048
_ENTITY, _ENTITIES, _IDP, _SP = (
    md(each) for each in ("EntityDescriptor", "EntitiesDescriptor", "IDPSSODescriptor", "SPSSODescriptor")
)
_MAY_BE_SIGNED: Final = frozenset(
    {_ENTITY, _ENTITIES, _IDP, _SP, md("RoleDescriptor"), md("AttributeAuthorityDescriptor")}
)
_MDUI: Final = "urn:oasis:names:tc:SAML:metadata:ui"
_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_SAME: Final = {
    "too_large": "metadata_too_large",
    "too_complex": "metadata_too_large",
    "not_xml": "metadata_not_xml",
    "encoding": "metadata_not_xml",
}
# RFC 3986 in plain ASCII: what every browser takes for the same address.
_URL = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(?:[/?][A-Za-z0-9._~:/?\[\]@!$&'()*+,;=%-]*)?\Z")


@dataclass(frozen=True, slots=True)
class IdpMetadata:
    """An identity provider. `sso`, `slo` and `slo_response` are URLs by binding (HTTP-Redirect and HTTP-POST only).

    `certificates` sign, in their order, expired ones too. `valid_until` is an instant and `cache_duration` a
    span, both in microseconds; None where nothing is said.
    """

    entity_id: str
    sso: Mapping[str, str]
    slo: Mapping[str, str]
    slo_response: Mapping[str, str]
    certificates: tuple[Certificate, ...]
    want_authn_requests_signed: bool
    name_id_formats: tuple[str, ...]
    valid_until: int | None
    cache_duration: int | None


@dataclass(frozen=True, slots=True)
class ServiceProvider:
    """Ourselves, for one connection. Certificates are PEM, the current ones and the next ones.

    `authn_requests_signed` is what we promise; without a signing certificate it is not said.
    """

    entity_id: str
    acs_url: str
    slo_url: str | None
    signing_certificates: tuple[str, ...]
    encryption_certificates: tuple[str, ...]
    want_assertions_signed: bool = True
    name: str | None = None
    valid_until: int | None = None
    authn_requests_signed: bool = True


def read_idp(xml: bytes, now: int, entity_id: str | None = None, allow_http: bool = False) -> IdpMetadata:
    """The one identity provider of a metadata document, or the one that is named. Its signature proves nothing here.

    Raises codes that begin with `metadata_`.
    """
    entity = _chosen(_read(xml), entity_id)
    name = (entity.get("entityID") or "").strip()
    if not name or len(name) > 1024:
        raise SamlError("metadata_entity", received=clipped(name))
    if "{" in name:
        raise SamlError("metadata_tenant", received=clipped(name))
    role = _idp_role(entity)
    if role is None:
        raise _no_idp(entity)
    valid_until = _valid_until(role, now)
    sso = _services(role, "SingleSignOnService", "Location", allow_http)
    if not sso:
        found = [clipped(each.get("Binding")) for each in role.findall(md("SingleSignOnService"))][:10]
        raise SamlError("metadata_no_sso", expected=[REDIRECT, POST], received=found)
    cached = [duration_of(each.get("cacheDuration") or "") for each in (role, entity)]
    return IdpMetadata(
        entity_id=name,
        sso=sso,
        slo=_services(role, "SingleLogoutService", "Location", allow_http),
        slo_response=_services(role, "SingleLogoutService", "ResponseLocation", allow_http),
        certificates=_certificates(role),
        want_authn_requests_signed=role.get("WantAuthnRequestsSigned") in {"true", "1"},
        name_id_formats=tuple((each.text or "").strip() for each in role.findall(md("NameIDFormat"))),
        valid_until=valid_until,
        cache_duration=min((each for each in cached if each is not None), default=None),
    )


def _read(xml: bytes) -> Element:
    if xml.lstrip(b"\xef\xbb\xbf \t\r\n")[:14].lower().startswith((b"<!doctype html", b"<html")):
        raise SamlError("metadata_is_html")
    try:
        root = document.read(xml, _MAY_BE_SIGNED, limit=MAX_BYTES, comments=True)
    except SamlError as error:
        code = _SAME.get(error.code, "metadata_unsafe")
        raise SamlError(code, **({"found": error.code} | error.facts)) from None
    if root.tag not in {_ENTITY, _ENTITIES}:
        raise SamlError("metadata_not_saml", expected=_ENTITY, received=clipped(root.tag))
    return root


def _chosen(root: Element, entity_id: str | None) -> Element:
    entities = list(root.iter(_ENTITY))
    if entity_id is not None:
        found = [each for each in entities if (each.get("entityID") or "").strip() == entity_id]
        if len(found) != 1:
            told = [clipped(each.get("entityID")) for each in entities[:10]]
            raise SamlError("metadata_entity", expected=entity_id, received=told)
        return found[0]
    providers = [each for each in entities if _idp_role(each) is not None]
    if len(providers) > 1:
        told = [clipped(each.get("entityID")) for each in providers[:50]]
        raise SamlError("metadata_several", expected=1, received=told)
    if not providers:
        raise _no_idp(root)
    return providers[0]


def _idp_role(entity: Element) -> Element | None:
    roles = (each for each in entity.findall(_IDP) if SAMLP in (each.get("protocolSupportEnumeration") or "").split())
    return next(roles, None)


def _no_idp(root: Element) -> SamlError:
    services = [*root.iter(_SP)]
    if services:
        entity = services[0].getparent()
        return SamlError("metadata_is_sp", received=clipped(entity.get("entityID") if entity is not None else None))
    roles = sorted({each.tag.rpartition("}")[2][:100] for entity in root.iter(_ENTITY) for each in entity})[:10]
    return SamlError("metadata_no_idp", expected="IDPSSODescriptor", received=roles)


def _valid_until(role: Element, now: int) -> int | None:
    """The nearest end of the role and whatever holds it."""
    ends: list[int] = []
    element: Element | None = role
    while element is not None:
        if (text := element.get("validUntil")) is not None:
            try:
                ends.append(instant_of(text.strip(), "validUntil"))
            except SamlError:
                raise SamlError("metadata_time", expected="xs:dateTime", received=text[:100]) from None
        element = element.getparent()
    if ends and min(ends) <= now:
        raise SamlError("metadata_expired", expected=written(now), received=written(min(ends)))
    return min(ends, default=None)


def _services(role: Element, name: str, attribute: str, allow_http: bool) -> dict[str, str]:
    found: dict[str, str] = {}
    for service in role.findall(md(name)):
        binding, url = service.get("Binding") or "", (service.get(attribute) or "").strip()
        if binding in {REDIRECT, POST} and binding not in found and (url or attribute == "Location"):
            found[binding] = _checked(url, name, allow_http)
    return found


def _checked(url: str, what: str, allow_http: bool) -> str:
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and (parts.port or 443) > 0
    except ValueError:
        usable = False
    fits = url.startswith("https:") or (allow_http and url.startswith("http:"))
    if not usable or not fits or len(url) > _LONGEST_URL or not _URL.match(url):
        raise SamlError("metadata_url", what=what, expected="https://…", received=clipped(url))
    return url


def _certificates(role: Element) -> tuple[Certificate, ...]:
    found: dict[str, Certificate] = {}
    for descriptor in role.findall(md("KeyDescriptor")):
        if descriptor.get("use") in {None, "signing"}:
            for element in descriptor.findall(f"{ds('KeyInfo')}/{ds('X509Data')}/{ds('X509Certificate')}"):
                try:
                    certificate = certificates.read(element.text or "")
                except SamlError as error:
                    raise SamlError("metadata_certificate", **({"found": error.code} | error.facts)) from None
                found.setdefault(certificate.fingerprint, certificate)
    if not found:
        raise SamlError("metadata_no_certificate")
    return tuple(found.values())


def write_sp(provider: ServiceProvider, signing_key: str | None = None) -> bytes:
    """Our metadata as UTF-8, signed if there is a `signing_key` (PEM): that of the first signing certificate."""
    own_id = "_" + hashlib.sha256(provider.entity_id.encode()).hexdigest()[:40]
    until = None if provider.valid_until is None else written(provider.valid_until)
    spaces = {"md": MD, "ds": DS, "mdui": _MDUI}
    root = made(_ENTITY, spaces, ID=own_id, entityID=provider.entity_id, validUntil=until)
    is_signed = signing_key is not None and provider.signing_certificates
    if is_signed:
        below(root, SIGNATURE, Id="placeholder")
    role = below(
        root,
        _SP,
        AuthnRequestsSigned="true" if provider.authn_requests_signed and provider.signing_certificates else "false",
        WantAssertionsSigned="true" if provider.want_assertions_signed else "false",
        protocolSupportEnumeration=SAMLP,
    )
    if provider.name:
        info = below(below(role, md("Extensions")), f"{{{_MDUI}}}UIInfo")
        shown = "".join(each for each in provider.name if each.isprintable())
        below(info, f"{{{_MDUI}}}DisplayName", shown).set(_LANG, "en")
    for use, pems in (("signing", provider.signing_certificates), ("encryption", provider.encryption_certificates)):
        for pem in pems:
            _key_descriptor(role, use, pem)
    for binding in (REDIRECT, POST) if provider.slo_url else ():
        below(role, md("SingleLogoutService"), Binding=binding, Location=provider.slo_url)
    below(role, md("AssertionConsumerService"), Binding=POST, Location=provider.acs_url, index="0", isDefault="true")
    if signing_key is not None and is_signed:
        return signed(root, signing_key, provider.signing_certificates[0])
    return serialised(root)


def _key_descriptor(role: Element, use: str, pem: str) -> None:
    body = "".join(line for line in certificates.read(pem).pem.splitlines() if not line.startswith("-----"))
    descriptor = below(role, md("KeyDescriptor"), use=use)
    below(below(below(descriptor, ds("KeyInfo")), ds("X509Data")), ds("X509Certificate"), body)
    if use == "encryption":
        for algorithm in (XENC11 + "aes256-gcm", XENC11 + "aes128-gcm", XENC + "rsa-oaep-mgf1p"):
            below(descriptor, md("EncryptionMethod"), Algorithm=algorithm)
