"""Sign-on by SAML over HTTP: what is sent, in Entra's shape, and what is refused, with Entra's numbers."""

import base64
from typing import Any

import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] -- untyped
from signxml.verifier import XMLVerifier

from tests.idp.browser import (
    ACS,
    NS,
    SP,
    Posted,
    Provider,
    authn_request,
    form_of,
    packed,
    pair,
    provider,
    signed_query,
)
from tests.idp.sealed import methods, opened
from vestibule.entra.company import company
from vestibule.idp.conduct import Conduct
from vestibule.idp.refusals import KINDS

SOAP = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
MICROSOFT = "http://schemas.microsoft.com/identity/claims/"


def policy(kind: str) -> str:
    return f'<samlp:NameIDPolicy Format="urn:oasis:names:tc:SAML:{kind}"/>'


def context(name: str, comparison: str = "exact") -> str:
    return (
        f'<samlp:RequestedAuthnContext Comparison="{comparison}"><AuthnContextClassRef xmlns="{NS["a"]}">'
        f"urn:oasis:names:tc:SAML:2.0:ac:classes:{name}</AuthnContextClassRef></samlp:RequestedAuthnContext>"
    )


def test_a_sign_on_gives_an_assertion_that_another_library_verifies(idp: Provider) -> None:
    form = idp.sign_on()
    assert (form.url, form.fields["RelayState"]) == (ACS, "r1")
    posted = Posted(base64.b64decode(form.fields["SAMLResponse"]))
    assert posted.signed == ["Assertion"]
    assert posted.verify(idp.certificates()[0], "./*/").get("ID") == posted.assertion.get("ID")


def test_the_response_is_as_entra_id_makes_it(idp: Provider) -> None:
    posted = idp.response(text=authn_request("_asked"))
    tenant = idp.state.people.tenant_id
    assert posted.one("a:Issuer").text == f"https://sts.windows.net/{tenant}/"
    assert posted.root.attrib["Destination"] == ACS
    assert posted.root.attrib["InResponseTo"] == "_asked"
    conditions = posted.one("a:Assertion/a:Conditions")
    assert conditions.get("NotBefore") == posted.root.get("IssueInstant") == "2026-11-24T08:00:00.000Z"
    assert conditions.get("NotOnOrAfter") == "2026-11-24T09:10:00.000Z"
    assert conditions.find("a:AudienceRestriction/a:Audience", NS).text == SP
    confirmed = posted.one("a:Assertion/a:Subject/a:SubjectConfirmation/a:SubjectConfirmationData")
    assert dict(confirmed.attrib) == {
        "InResponseTo": "_asked",
        "NotOnOrAfter": "2026-11-24T08:05:00.000Z",
        "Recipient": ACS,
    }
    assert posted.name_id.text == "ana@contoso.example"
    assert posted.name_id.get("Format") == "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
    statement = posted.one("a:Assertion/a:AuthnStatement")
    assert statement.get("SessionIndex") == posted.assertion.get("ID")


def test_the_claims_are_those_of_a_new_application_and_a_group_claim(idp: Provider) -> None:
    ana = idp.state.people.find("ana@contoso.example")
    assert idp.response().attributes == {
        f"{MICROSOFT}tenantid": [idp.state.people.tenant_id],
        f"{MICROSOFT}objectidentifier": [ana.id],
        f"{MICROSOFT}displayname": ["Ana García"],
        "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups": [each.id for each in ana.groups],
        f"{MICROSOFT}identityprovider": [f"https://sts.windows.net/{idp.state.people.tenant_id}/"],
        "http://schemas.microsoft.com/claims/authnmethodsreferences": [
            "http://schemas.microsoft.com/ws/2008/06/identity/authenticationmethod/password"
        ],
        f"{SOAP}givenname": ["Ana"],
        f"{SOAP}surname": ["García"],
        f"{SOAP}emailaddress": ["ana@contoso.example"],
        f"{SOAP}name": ["ana@contoso.example"],
    }
    assert len(ana.groups) == 3


def test_who_has_no_mailbox_has_no_email_claim(idp: Provider) -> None:
    posted = idp.response("dmitri@contoso.example")
    assert f"{SOAP}emailaddress" not in posted.attributes
    assert posted.name_id.text == "dmitri@contoso.example"


def test_who_has_one_name_has_no_other(idp: Provider) -> None:
    assert {f"{SOAP}givenname", f"{SOAP}surname"}.isdisjoint(idp.response("cher@contoso.example").attributes)


def test_who_is_in_160_groups_has_a_link_instead(idp: Provider) -> None:
    greta = idp.state.people.find("greta@contoso.example")
    assert len(greta.groups) == 160
    attributes = idp.response(greta.upn).attributes
    assert attributes["http://schemas.microsoft.com/claims/groups.link"] == [
        f"https://graph.windows.net/{idp.state.people.tenant_id}/users/{greta.id}/getMemberObjects"
    ]
    assert not [name for name in attributes if name.endswith("/groups")]


def test_a_guest_comes_from_another_identity_provider(idp: Provider) -> None:
    posted = idp.response("gus_partner.example#EXT#@contoso.onmicrosoft.example")
    assert "#EXT#" in posted.name_id.text
    assert posted.attributes[f"{SOAP}emailaddress"] == ["gus@partner.example"]
    assert posted.attributes[f"{MICROSOFT}identityprovider"] != [posted.one("a:Issuer").text]


def test_a_request_by_post_is_read_and_its_signature_looked_at(idp: Provider) -> None:
    fields = {"SAMLRequest": base64.b64encode(authn_request()).decode(), "RelayState": "r2"}
    form = form_of(idp.be(idp.http.post(f"{idp.home}/saml2", data=fields), "ana@contoso.example"))
    assert (form.url, form.fields["RelayState"]) == (ACS, "r2")


def signed(text: bytes, private_pem: bytes) -> bytes:
    import xmlsec

    kinds = xmlsec.constants
    root = etree.fromstring(text)
    made = xmlsec.template.create(root, kinds.TransformExclC14N, kinds.TransformRsaSha256)
    root.insert(1, made)
    reference = xmlsec.template.add_reference(made, kinds.TransformSha256, uri="#" + root.get("ID"))
    xmlsec.template.add_transform(reference, kinds.TransformEnveloped)
    xmlsec.template.add_transform(reference, kinds.TransformExclC14N)
    machine = xmlsec.SignatureContext()
    machine.key = xmlsec.Key.from_memory(private_pem, kinds.KeyDataFormatPem)
    machine.register_id(root, "ID")
    machine.sign(made)
    return etree.tostring(root)


def by_post(idp: Provider, text: bytes) -> Any:
    return idp.http.post(f"{idp.home}/saml2", data={"SAMLRequest": base64.b64encode(text).decode()})


def test_where_requests_must_be_signed_a_good_signature_opens_and_a_bad_one_does_not(idp: Provider) -> None:
    idp.control(mistakes=["requests_must_be_signed"])
    good = signed(authn_request(), pair().private_pem)
    assert by_post(idp, good).status_code == 200
    assert "AADSTS50006" in by_post(idp, good.replace(b"_r1", b"_r2", 1)).text
    assert "AADSTS50006" in by_post(idp, signed(authn_request(), pair("stranger").private_pem)).text
    url = f"{idp.home}/saml2?{signed_query(authn_request(), pair())}"
    assert idp.http.get(url).status_code == 200
    assert "AADSTS50006" in idp.http.get(url.replace("RelayState=r1", "RelayState=r3")).text
    assert "AADSTS50006" in idp.http.get(f"{idp.home}/saml2?{signed_query(authn_request(), pair('stranger'))}").text
    assert "AADSTS76021" in idp.ask().text


@pytest.mark.parametrize(
    ("request_text", "number"),
    [
        (b"<", 75005),
        (b"<x/>", 75005),
        (authn_request("1r"), 75005),
        (authn_request(issuer=""), 75005),
        (authn_request(issued="yesterday"), 75005),
        (authn_request().replace(b'"2.0"', b'"1.1"'), 75005),
        (authn_request(issuer="https://sp.example/saml/metadata/"), 700016),
        (authn_request(acs="https://sp.example/saml/acs/"), 50011),
        (authn_request(acs="http://sp.example/saml/acs"), 50011),
        (authn_request(more='ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact"'), 75003),
        (authn_request(issued="2026-11-24T07:49:59Z"), 76026),
        (authn_request(inner=f'<Subject xmlns="{NS["a"]}"/>'), 900236),
        (authn_request(inner=context("X509")), 75011),
        (authn_request(inner=context("Password", "minimum")), 900235),
    ],
)
def test_a_request_that_entra_id_refuses_is_refused_with_its_number(
    idp: Provider, request_text: bytes, number: int
) -> None:
    page = idp.ask(request_text)
    assert page.status_code == 400
    assert f"AADSTS{number}: " in page.text
    for told in ("Correlation Id", "Request Id", "Timestamp", "Not for production"):
        assert told in page.text


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ({}, 750054),
        ({"SAMLRequest": "%%%"}, 75005),
        ({"SAMLRequest": base64.b64encode(b"plain").decode()}, 75005),
        ({"SAMLRequest": packed(b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>")}, 75005),
        ({"SAMLRequest": packed(b"<x>" + b" " * 100_000 + b"</x>")}, 75005),
        ({"SAMLRequest": "A" * 20_000}, 90015),
    ],
)
def test_a_query_that_holds_no_request_is_told(idp: Provider, query: dict[str, str], number: int) -> None:
    page = idp.http.get(f"{idp.home}/saml2", params=query)
    assert (page.status_code, f"AADSTS{number}: " in page.text) == (400, True), page.text


def test_a_tenant_that_there_is_not_is_told(idp: Provider) -> None:
    assert "AADSTS90002: " in idp.http.get("/nowhere.example/saml2").text
    assert "AADSTS750054: " in idp.http.get("/contoso.example/saml2").text


@pytest.mark.parametrize(
    ("who", "number"),
    [
        ("nobody@contoso.example", 50034),
        ("ana@elsewhere.example", 50020),
        ("eva@contoso.example", 50057),
        ("olaf@contoso.example", 50105),
        (" ", 90014),
    ],
)
def test_somebody_who_may_not_sign_in_is_told(idp: Provider, who: str, number: int) -> None:
    page = idp.be(idp.ask(), who)
    assert (page.status_code, f"AADSTS{number}: " in page.text) == (400, True), page.text


def test_a_password_is_asked_for_where_there_is_one() -> None:
    with provider(password="demo") as idp:
        form = form_of(idp.ask())
        wrong = idp.http.post(form.url, data=form.fields | {"upn": "ana@contoso.example", "password": "x"})
        assert "AADSTS50126" in wrong.text
        right = idp.http.post(form.url, data=form.fields | {"upn": "ana@contoso.example", "password": "demo"})
        assert form_of(right).url == ACS


def test_a_name_is_looked_for_whatever_its_case_and_by_its_button(idp: Provider) -> None:
    assert idp.response("ANA@Contoso.example").name_id.text == "ana@contoso.example"
    idp.forget()
    form = form_of(idp.ask())
    ben = idp.state.people.find("ben@contoso.example")
    page = idp.http.post(form.url, data=form.fields | {"upn": "", "person": ben.id})
    assert Posted(base64.b64decode(form_of(page).fields["SAMLResponse"])).name_id.text == ben.upn


def test_the_hint_is_in_the_form_and_escaped(idp: Provider) -> None:
    page = idp.ask(login_hint='"><script>')
    assert "<script>" not in page.text
    assert form_of(page).fields["upn"] == '"><script>'


def test_who_is_signed_in_is_not_asked_again_unless_the_request_forces_it(idp: Provider) -> None:
    idp.sign_on()
    again = idp.ask(authn_request("_second"))
    assert Posted(base64.b64decode(form_of(again).fields["SAMLResponse"])).root.get("InResponseTo") == "_second"
    forced = idp.ask(authn_request(more='ForceAuthn="true"'))
    assert form_of(forced).url.endswith("/login")


def test_a_passive_request_is_answered_without_a_page(idp: Provider) -> None:
    form = form_of(idp.ask(authn_request(more='IsPassive="true"')))
    assert form.url == ACS
    posted = Posted(base64.b64decode(form.fields["SAMLResponse"]))
    codes = [each.get("Value").rpartition(":")[2] for each in posted.root.iter("{*}StatusCode")]
    assert codes == ["Requester", "NoPassive"]
    idp.sign_on()
    form = form_of(idp.ask(authn_request(more='IsPassive="true"')))
    assert Posted(base64.b64decode(form.fields["SAMLResponse"])).name_id.text == "ana@contoso.example"


def test_the_tile_of_my_apps_answers_no_request(idp: Provider) -> None:
    page = idp.http.get(f"{idp.home}/signin/{next(iter(idp.state.apps))}?RelayState=/deep")
    form = form_of(idp.be(page, "ana@contoso.example"))
    posted = Posted(base64.b64decode(form.fields["SAMLResponse"]))
    assert (form.url, form.fields["RelayState"], posted.root.get("InResponseTo")) == (ACS, "/deep", None)
    assert "AADSTS700016" in idp.http.get(f"{idp.home}/signin/none").text


@pytest.mark.parametrize("kind", ["2.0:nameid-format:persistent", "1.1:nameid-format:unspecified"])
def test_a_format_that_the_request_asks_for_makes_the_subject_opaque(idp: Provider, kind: str) -> None:
    text = authn_request(inner=policy(kind))
    first, second = (idp.response(text=text).name_id for _ in range(2))
    assert (len(first.text), first.text) == (43, second.text)


def test_a_transient_subject_is_another_each_time_and_a_strange_format_is_refused(idp: Provider) -> None:
    text = authn_request(inner=policy("2.0:nameid-format:transient"))
    assert idp.response(text=text).name_id.text != idp.response(text=text).name_id.text
    idp.forget()
    page = idp.be(idp.ask(authn_request(inner=policy("2.0:nameid-format:kerberos"))), "ana@contoso.example")
    assert "AADSTS75016: " in page.text


@pytest.mark.parametrize("cipher", ["aes128-cbc", "aes256-cbc", "aes128-gcm", "aes256-gcm"])
def test_each_cipher_is_opened_without_the_library_that_closed_it(cipher: Any) -> None:
    with provider(conduct=Conduct(encryption="application", cipher=cipher, signing="both")) as idp:
        posted = idp.response()
        assert methods(posted) == [cipher, "rsa-oaep-mgf1p"]
        posted.verify(idp.certificates()[0], "./")
        assert opened(posted, pair()).verify(idp.certificates()[0], "./*/").tag == f"{{{NS['a']}}}Assertion"


def test_the_metadata_has_entras_shape_and_is_signed(idp: Provider) -> None:
    app_id = next(iter(idp.state.apps))
    answer = idp.http.get(f"{idp.home}/federationmetadata/2007-06/federationmetadata.xml?appid={app_id}")
    root = etree.fromstring(answer.content)
    assert root.get("entityID") == idp.state.issuer
    assert [etree.QName(each).localname for each in root] == [
        "Signature", "RoleDescriptor", "RoleDescriptor", "IDPSSODescriptor",
    ]  # fmt: skip
    seen: Any = XMLVerifier().verify(root, x509_cert=idp.certificates()[0], id_attribute="ID")
    assert seen.signed_xml.get("ID") == root.get("ID")
    role = root.find("m:IDPSSODescriptor", NS)
    places = [
        (etree.QName(each).localname, each.get("Binding").rpartition(":")[2]) for each in role if each.get("Binding")
    ]
    assert places == [
        ("SingleLogoutService", "HTTP-Redirect"),
        ("SingleSignOnService", "HTTP-Redirect"),
        ("SingleSignOnService", "HTTP-POST"),
    ]
    assert {each.get("Location") for each in role if each.get("Binding")} == {f"{idp.url}{idp.home}/saml2"}


def test_the_metadata_of_everybodys_tenant_names_none(idp: Provider) -> None:
    root = etree.fromstring(idp.http.get("/common/federationmetadata/2007-06/federationmetadata.xml").content)
    assert root.get("entityID") == "https://sts.windows.net/{tenant}/"


def test_the_people_of_a_rehearsal_sign_in_too() -> None:
    tenant = company()
    with provider(tenant=tenant) as idp:
        user = next(each for each in tenant.users if "'" in each.user_principal_name and each.enabled)
        posted = idp.response(user.user_principal_name)
        assert posted.attributes[f"{MICROSOFT}objectidentifier"] == [user.id]
        assert posted.name_id.text == user.user_principal_name


def test_every_number_of_the_register_is_used_and_its_sentence_can_be_filled() -> None:
    from pathlib import Path

    import vestibule.idp

    source = "".join(file.read_text() for file in Path(vestibule.idp.__file__).parent.glob("*.py"))
    unused = [number for number in KINDS if f"Refused({number}" not in source and f"{number} if" not in source
              and f"else {number}" not in source]  # fmt: skip
    assert unused == []
