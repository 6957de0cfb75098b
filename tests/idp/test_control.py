"""The switches of the running provider."""

import httpx2
import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] -- untyped

from tests.idp.browser import ACS, NS, Posted, Provider, authn_request, form_of, pair, provider
from tests.idp.test_mistakes import key_info


def metadata(entity_id: str = "https://other.example/sp", acs: str = "https://other.example/acs") -> bytes:
    key = f'<KeyInfo xmlns="{NS["ds"]}"><X509Data><X509Certificate>{pair().certificate}</X509Certificate></X509Data></KeyInfo>'
    return (
        f'<EntityDescriptor xmlns="{NS["m"]}" entityID="{entity_id}"><SPSSODescriptor '
        f'protocolSupportEnumeration="{NS["p"]}"><KeyDescriptor use="signing">{key}</KeyDescriptor>'
        f'<AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact" index="0" '
        f'Location="https://other.example/artifact"/><AssertionConsumerService index="1" '
        f'Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://other.example/second"/>'
        f'<AssertionConsumerService index="2" isDefault="true" '
        f'Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="{acs}"/>'
        "</SPSSODescriptor></EntityDescriptor>"
    ).encode()


def register(idp: Provider, body: bytes) -> httpx2.Response:
    return idp.http.post("/control/apps", content=body, headers={"Content-Type": "application/samlmetadata+xml"})


def test_an_application_is_registered_by_its_metadata_while_the_provider_runs(idp: Provider) -> None:
    told = register(idp, metadata())
    assert told.status_code == 201
    page = idp.http.get(told.json()["login_url"], params={"SAMLRequest": ""})
    assert "AADSTS750054" in page.text
    idp.forget()
    text = authn_request(issuer="https://other.example/sp", acs=None)
    assert idp.sign_on(text=text).url == "https://other.example/acs"
    assert idp.http.get(told.json()["metadata_url"]).status_code == 200


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"<", "not XML"),
        (b"<!DOCTYPE x><x/>", "document type"),
        (b"<x/>", "EntityDescriptor"),
        (metadata().replace(b"SPSSODescriptor", b"IDPSSODescriptor"), "not a service provider"),
        (metadata().replace(b"HTTP-POST", b"HTTP-Redirect"), "HTTP-POST"),
        (metadata().replace(pair().certificate.encode(), b"AAAA"), "X.509"),
    ],
)
def test_metadata_that_registers_nothing_is_told_why(idp: Provider, body: bytes, told: str) -> None:
    answer = register(idp, body)
    assert (answer.status_code, told in answer.json()["error"]) == (400, True), answer.text


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"certificate": "burn"}, "roll, activate, expire"),
        ({"clock_offset": "600"}, "whole number"),
        ({"clock_offset": True}, "whole number"),
        ({"mistakes": "sha1"}, "list of texts"),
        ({"mistake": ["sha1"]}, "is no switch"),
    ],
)
def test_a_switch_that_there_is_not_is_told(idp: Provider, body: object, told: str) -> None:
    answer = idp.http.post("/control", json=body)
    assert (answer.status_code, told in answer.json()["error"]) == (400, True), answer.text


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"acs_urls": ["https://x.example/acs"]}, "'entity_id' must be a text"),
        ({"entity_id": "urn:x", "acs_urls": ["javascript:alert(1)"]}, "https://"),
        ({"entity_id": "urn:x", "acs_urls": [], "encryption_certificate": "AAAA"}, "X.509"),
        ({"client_id": "x"}, "'client_secret' must be a text"),
        ([], "JSON object"),
    ],
)
def test_an_application_that_cannot_be_registered_is_told_why(idp: Provider, body: object, told: str) -> None:
    answer = idp.http.post("/control/apps", json=body)
    assert (answer.status_code, told in answer.json()["error"]) == (400, True), answer.text


def test_an_application_and_a_client_are_registered_by_json(idp: Provider) -> None:
    app = {"entity_id": "urn:json", "acs_urls": ["https://json.example/acs"], "name": "Json"}
    assert idp.http.post("/control/apps", json=app).json()["tile_url"].startswith(idp.url)
    assert idp.sign_on(text=authn_request(issuer="urn:json", acs=None)).url == "https://json.example/acs"
    client = {"client_id": "c2", "client_secret": "s", "redirect_uris": ["https://json.example/cb"]}
    assert idp.http.post("/control/apps", json=client).json() == {
        "client_id": "c2",
        "issuer": f"{idp.url}{idp.home}/v2.0",
    }


def test_a_page_of_another_site_cannot_turn_the_switches(idp: Provider) -> None:
    answer = idp.http.post("/control", content=b'{"mistakes":["sha1"]}', headers={"Content-Type": "text/plain"})
    assert (answer.status_code, idp.http.get("/control").json()["mistakes"]) == (400, [])


def test_the_clock_may_be_set_off_beside_the_mistakes(idp: Provider) -> None:
    assert idp.control(clock_offset=-90)["clock_offset"] == -90
    assert idp.response().root.get("IssueInstant") == "2026-11-24T07:58:30.000Z"


def test_a_certificate_rolls_over_as_in_entra_id() -> None:
    with provider() as idp:
        (first,) = idp.certificates()
        idp.control(certificate="roll")
        listed = idp.certificates()
        assert (listed[0], len(listed)) == (first, 2)
        assert key_info(idp.response()) == first
        idp.control(certificate="activate")
        assert idp.certificates() == [listed[1], first]
        assert key_info(idp.response()) == listed[1]
        idp.control(certificate="activate")
        assert (len(idp.certificates()), first in idp.certificates()) == (2, False)


def test_an_expired_certificate_gives_way_to_one_that_is_inactive_yet() -> None:
    with provider() as idp:
        idp.control(certificate="expire")
        (ended,) = idp.certificates()
        assert key_info(idp.response()) == ended
        idp.control(certificate="roll")
        assert key_info(idp.response()) == idp.certificates()[1]


def test_another_application_and_the_tenant_have_other_certificates(idp: Provider) -> None:
    told = register(idp, metadata()).json()
    general = etree.fromstring(
        idp.http.get(f"{idp.home}/federationmetadata/2007-06/federationmetadata.xml").content
    ).find("m:IDPSSODescriptor/m:KeyDescriptor//ds:X509Certificate", NS).text  # fmt: skip
    of_the_other = [each["pem"] for each in told["certificates"]]
    assert general not in idp.certificates()
    assert not [pem for pem in of_the_other if idp.certificates()[0][:64] in pem.replace("\n", "")]


def test_two_providers_with_the_same_time_have_the_same_keys_in_one_process() -> None:
    with provider() as one, provider() as two:
        assert one.certificates() == two.certificates()


def test_the_form_goes_where_the_application_is(idp: Provider) -> None:
    assert form_of(idp.be(idp.ask(), "ana@contoso.example")).url == ACS
    assert isinstance(idp.response(), Posted)
