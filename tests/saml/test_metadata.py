"""Metadata: what identity providers publish is read, what is none is refused by a clear code; ours can be read by others."""

from collections.abc import Mapping
from typing import Any

import pytest
import xmlsec

from tests.saml.keys import DAY, NOW, certificate, fingerprint, private_pem
from tests.saml.provider import ACS, IDP, SP, etree, find, parse
from vestibule.saml.errors import CODES, SamlError
from vestibule.saml.metadata import ServiceProvider, read_idp, write_sp
from vestibule.saml.names import POST, REDIRECT

MD = "urn:oasis:names:tc:SAML:2.0:metadata"
TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
ENTRA_ID, ENTRA_SSO = f"https://sts.windows.net/{TENANT}/", f"https://login.microsoftonline.com/{TENANT}/saml2"


def bare(pem: str) -> str:
    return "".join(line for line in pem.splitlines() if "-----" not in line)


def key(pem: str, use: str | None = "signing") -> str:
    said = "" if use is None else f' use="{use}"'
    return (
        f'<md:KeyDescriptor{said}><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>'
        f"<ds:X509Certificate>\n{bare(pem)}\n</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
    )


def service(name: str, binding: str, location: str, more: str = "") -> str:
    return f'<md:{name} Binding="{binding}" Location="{location}"{more}/>'


def role(keys: str | None = None, services: str | None = None, attributes: str = "") -> str:
    keys = key(certificate("idp")) if keys is None else keys
    services = service("SingleSignOnService", REDIRECT, "https://idp.example/sso") if services is None else services
    return (
        f'<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol" {attributes}>'
        f"{keys}<md:NameIDFormat>urn:x</md:NameIDFormat>{services}</md:IDPSSODescriptor>"
    )


def entity(inside: str | None = None, entity_id: str = IDP, attributes: str = "") -> str:
    inside = role() if inside is None else inside
    return f'<md:EntityDescriptor xmlns:md="{MD}" entityID="{entity_id}" {attributes}>{inside}</md:EntityDescriptor>'


def entities(*inside: str) -> bytes:
    return f'<md:EntitiesDescriptor xmlns:md="{MD}">{"".join(inside)}</md:EntitiesDescriptor>'.encode()


def refused(xml: bytes | str, **arguments: Any) -> SamlError:
    with pytest.raises(SamlError) as refusal:
        read_idp(xml.encode() if isinstance(xml, str) else xml, NOW, **arguments)
    assert refusal.value.code in CODES
    return refusal.value


ENTRA = f"""\ufeff<?xml version="1.0" encoding="utf-8"?><EntityDescriptor ID="_6b2a" entityID="{ENTRA_ID}" xmlns="{MD}">
<RoleDescriptor xsi:type="fed:SecurityTokenServiceType" protocolSupportEnumeration="http://docs.oasis-open.org/wsfed/federation/200706" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:fed="http://docs.oasis-open.org/wsfed/federation/200706">{key(certificate("old")).replace("md:", "")}</RoleDescriptor>
<RoleDescriptor xsi:type="fed:ApplicationServiceType" protocolSupportEnumeration="http://docs.oasis-open.org/wsfed/federation/200706" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:fed="http://docs.oasis-open.org/wsfed/federation/200706"/>
<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{key(certificate("idp")).replace("md:", "")}{key(certificate("next")).replace("md:", "")}
<SingleLogoutService Binding="{REDIRECT}" Location="{ENTRA_SSO}"/><SingleSignOnService Binding="{REDIRECT}" Location="{ENTRA_SSO}"/><SingleSignOnService Binding="{POST}" Location="{ENTRA_SSO}"/></IDPSSODescriptor></EntityDescriptor>"""


def test_entras_metadata_is_read_with_the_keys_of_its_saml_role_only() -> None:
    found = read_idp(ENTRA.encode(), NOW)
    assert (found.entity_id, dict(found.sso), dict(found.slo)) == (
        ENTRA_ID, {REDIRECT: ENTRA_SSO, POST: ENTRA_SSO}, {REDIRECT: ENTRA_SSO},
    )  # fmt: skip
    wanted = [fingerprint(certificate(name)) for name in ("idp", "next")]
    assert [each.fingerprint for each in found.certificates] == wanted
    assert (found.want_authn_requests_signed, found.valid_until, found.cache_duration) == (False, None, None)


def test_metadata_is_read_with_all_that_it_says() -> None:
    services = (
        service(
            "SingleLogoutService", REDIRECT, "https://idp.example/slo", ' ResponseLocation="https://idp.example/slor"'
        )
        + service("SingleSignOnService", "urn:oasis:names:tc:SAML:2.0:bindings:SOAP", "https://idp.example/soap")
        + service("SingleSignOnService", POST, "https://idp.example/sso?x=1")
    )
    keys = key(certificate("idp"), None) + key(certificate("idp")) + key(certificate("sp"), "encryption")
    xml = entity(
        role(keys, services, 'WantAuthnRequestsSigned="1" validUntil="2026-11-26T08:00:00Z"'),
        attributes='validUntil="2026-11-25T08:00:00Z" cacheDuration="PT6H"',
    )
    found = read_idp(f"<!-- by hand --><?x y?>{xml}".encode(), NOW)
    assert [each.fingerprint for each in found.certificates] == [fingerprint(certificate("idp"))]
    assert dict(found.sso) == {POST: "https://idp.example/sso?x=1"}
    assert dict(found.slo_response) == {REDIRECT: "https://idp.example/slor"}
    assert (found.want_authn_requests_signed, found.name_id_formats) == (True, ("urn:x",))
    assert (found.valid_until, found.cache_duration) == (NOW + DAY, DAY // 4)


def test_a_comment_cuts_no_name_short() -> None:
    xml = entity(role(keys=key(certificate("idp")).replace("MII", "MI<!-- -->I", 1))).encode()
    assert read_idp(xml, NOW).certificates[0].fingerprint == fingerprint(certificate("idp"))


def test_one_of_several_identity_providers_must_be_chosen() -> None:
    own = entity("<md:SPSSODescriptor/>", "https://sp.example")
    xml = entities(entity(), entity(entity_id="https://other.example"), own)
    assert refused(xml).facts["received"] == [IDP, "https://other.example"]
    assert read_idp(xml, NOW, entity_id="https://other.example").entity_id == "https://other.example"
    assert refused(xml, entity_id="https://third.example").code == "metadata_entity"
    assert refused(xml, entity_id="https://sp.example").code == "metadata_is_sp"
    assert read_idp(entities(own, entity()), NOW).entity_id == IDP


SSO = "SingleSignOnService"
CASES: Mapping[str, tuple[str, bytes | str]] = {
    "page": ("metadata_is_html", "\n<!DOCTYPE html><html><body>Sign in</body></html>"),
    "text": ("metadata_not_xml", "hello"),
    "utf16": ("metadata_not_xml", entity().encode("utf-16")),
    "large": ("metadata_too_large", entity(role() + "<!--" + "x" * 2_200_000 + "-->")),
    "federation": ("metadata_too_large", entities("<md:EntityDescriptor/>" * 21_000)),
    "entities": ("metadata_unsafe", "<!DOCTYPE x [<!ENTITY a 'b'>]>" + entity()),
    "twice": ("metadata_unsafe", entity(role(attributes='ID="_x"'), attributes='ID="_x"')),
    "response": ("metadata_not_saml", '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"/>'),
    "service_provider": ("metadata_is_sp", entity("<md:SPSSODescriptor/>")),
    "federation_only": ("metadata_no_idp", entity("<md:RoleDescriptor/>")),
    "saml_1": ("metadata_no_idp", entity(role().replace("SAML:2.0:protocol", "SAML:1.1:protocol"))),
    "common": ("metadata_tenant", entity(entity_id="https://sts.windows.net/{tenantid}/")),
    "nameless": ("metadata_entity", entity(entity_id=" ")),
    "expired": ("metadata_expired", entity(attributes='validUntil="2026-11-24T08:00:00Z"')),
    "expired_role": ("metadata_expired", entity(role(attributes='validUntil="2026-11-24T07:00:00Z"'))),
    "expired_group": (
        "metadata_expired", entities(entity()).replace(b"Descriptor xmlns", b'Descriptor validUntil="2020-01-01T00:00:00Z" xmlns', 1),
    ),
    "odd_time": ("metadata_time", entity(attributes='validUntil="soon"')),
    "no_certificate": ("metadata_no_certificate", entity(role(keys=key(certificate("idp"), "encryption")))),
    "bad_certificate": ("metadata_certificate", entity(role(keys=key("AAAA")))),
    "no_binding": ("metadata_no_sso", entity(role(services=service(SSO, "urn:soap", "https://idp.example/x")))),
} | {
    f"url {url!r}": ("metadata_url", entity(role(services=service(SSO, POST, url))))
    for url in ("", "http://idp.example/x", "/sso", "javascript:alert(1)", "https://", "https://a@idp.example/",
                "https://idp.example/#x", "https://idp.example/ x", "https://[::1", "ftp://idp.example/", "https://a\\b/", "https://é.example/", "https://a:0x/")
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_metadata_that_cannot_be_used_is_refused_by_what_is_wrong_with_it(name: str) -> None:
    code, xml = CASES[name]
    assert refused(xml).code == code


def test_plain_http_is_read_only_where_it_is_allowed() -> None:
    xml = entity(role(services=service(SSO, POST, "http://127.0.0.1:8480/sso"))).encode()
    assert read_idp(xml, NOW, allow_http=True).sso == {POST: "http://127.0.0.1:8480/sso"}


def our_own(**changes: Any) -> ServiceProvider:
    certificates = (certificate("sp"), certificate("sp next"))
    arguments: dict[str, Any] = {"name": "Ännchen & Co", "valid_until": NOW + DAY} | changes
    return ServiceProvider(SP, ACS, "https://app.example/slo", certificates, certificates, **arguments)


def test_our_metadata_says_where_to_answer_and_all_keys_that_are_and_will_be() -> None:
    root = parse(write_sp(our_own()))
    (answers,) = root.iter(f"{{{MD}}}AssertionConsumerService")
    assert (answers.get("Location"), answers.get("Binding")) == (ACS, POST)
    assert [each.get("Binding") for each in root.iter(f"{{{MD}}}SingleLogoutService")] == [REDIRECT, POST]
    told = [(each.get("use"), "".join(each.itertext()).strip()[:400]) for each in root.iter(f"{{{MD}}}KeyDescriptor")]
    keys = [bare(certificate(name))[:400] for name in ("sp", "sp next")]
    assert told == [(use, each) for use in ("signing", "encryption") for each in keys]
    assert root.get("validUntil") == "2026-11-25T08:00:00Z"
    without = parse(write_sp(ServiceProvider(SP, ACS, None, (), ())))
    assert without[0].get("AuthnRequestsSigned") == "false"
    assert [each.tag for each in without[0]] == [f"{{{MD}}}AssertionConsumerService"]


def test_our_signed_metadata_verifies_for_others() -> None:
    root = etree.fromstring(write_sp(our_own(), private_pem("sp")))
    assert root[0].tag.endswith("Signature")
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(certificate("sp"), xmlsec.constants.KeyDataFormatCertPem)
    context.register_id(root, "ID")
    context.verify(find(root, "ds:Signature"))


def test_our_own_metadata_is_not_taken_for_an_identity_providers() -> None:
    for signing_key in (None, private_pem("sp")):
        error = refused(write_sp(our_own(), signing_key))
        assert (error.code, error.facts["received"]) == ("metadata_is_sp", SP)
