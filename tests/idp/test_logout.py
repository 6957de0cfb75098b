"""Single logout in both directions, and among several applications of one session."""

import base64
import zlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] -- untyped

from tests.idp.browser import NS, SLO, SP, Posted, Provider, authn_request, form_of, packed, pair, signed_query
from vestibule.idp.apps import SamlApp

OTHER = SamlApp("https://other.example/sp", ("https://other.example/acs",), "https://other.example/slo", name="Other")


class Sent:
    """A message in a redirect, with its signature looked at."""

    def __init__(self, answer: httpx2.Response, certificate: str) -> None:
        assert answer.status_code == 302, answer.text
        url = urlsplit(answer.headers["location"])
        self.place = f"{url.scheme}://{url.netloc}{url.path}"
        given = {name: values[0] for name, values in parse_qs(url.query).items()}
        self.relay_state = given.get("RelayState")
        self.root = etree.fromstring(
            zlib.decompress(base64.b64decode(given["SAMLRequest" if "SAMLRequest" in given else "SAMLResponse"]), -15)
        )
        signed, _, _ = url.query.partition("&Signature=")
        public: Any = x509.load_der_x509_certificate(base64.b64decode(certificate)).public_key()
        public.verify(base64.b64decode(given["Signature"]), signed.encode(), padding.PKCS1v15(), hashes.SHA256())

    @property
    def kind(self) -> str:
        return etree.QName(self.root).localname

    @property
    def status(self) -> str:
        return self.root.find("p:Status/p:StatusCode", NS).get("Value").rpartition(":")[2]


def logout_request(posted: Posted, issuer: str = SP) -> bytes:
    index = posted.one("a:Assertion/a:AuthnStatement").get("SessionIndex")
    return (
        f'<p:LogoutRequest xmlns:p="{NS["p"]}" xmlns="{NS["a"]}" ID="_out" Version="2.0" '
        f'IssueInstant="2026-11-24T08:00:00Z"><Issuer>{issuer}</Issuer><NameID>{posted.name_id.text}</NameID>'
        f"<p:SessionIndex>{index}</p:SessionIndex></p:LogoutRequest>"
    ).encode()


def logout_response(issuer: str, status: str = "Success") -> bytes:
    return (
        f'<p:LogoutResponse xmlns:p="{NS["p"]}" ID="_done" Version="2.0" IssueInstant="2026-11-24T08:00:00Z">'
        f'<Issuer xmlns="{NS["a"]}">{issuer}</Issuer><p:Status><p:StatusCode '
        f'Value="urn:oasis:names:tc:SAML:2.0:status:{status}"/></p:Status></p:LogoutResponse>'
    ).encode()


def send(idp: Provider, text: bytes, name: str = "SAMLRequest", relay_state: str = "bye") -> httpx2.Response:
    return idp.http.get(f"{idp.home}/saml2?{signed_query(text, pair(), name, relay_state)}")


def still_in(idp: Provider) -> bool:
    return not form_of(idp.ask()).url.endswith("/login")


def in_two_applications(idp: Provider) -> Posted:
    posted = idp.response()
    idp.state.apps[OTHER.id] = OTHER
    assert form_of(idp.ask(authn_request(issuer=OTHER.entity_id, acs=None))).url == OTHER.acs_urls[0]
    return posted


def test_an_application_signs_somebody_out_and_is_answered(idp: Provider) -> None:
    posted = idp.response()
    assert still_in(idp)
    sent = Sent(send(idp, logout_request(posted)), idp.certificates()[0])
    assert (sent.kind, sent.place, sent.relay_state, sent.status) == ("LogoutResponse", SLO, "bye", "Success")
    assert sent.root.get("InResponseTo") == "_out"
    assert not still_in(idp)


def test_a_logout_by_its_session_index_needs_no_cookie(idp: Provider) -> None:
    posted = idp.response()
    cookies = dict(idp.http.cookies)
    idp.forget()
    send(idp, logout_request(posted))
    idp.http.cookies.update(cookies)
    assert not still_in(idp)


def test_a_logout_with_a_signature_of_somebody_else_ends_nothing(idp: Provider) -> None:
    posted = idp.response()
    url = f"{idp.home}/saml2?{signed_query(logout_request(posted), pair('stranger'))}"
    assert "AADSTS50006" in idp.http.get(url).text
    assert still_in(idp)


def test_every_application_of_the_session_is_told_before_the_one_that_asked_is_answered(idp: Provider) -> None:
    posted = in_two_applications(idp)
    told = Sent(send(idp, logout_request(posted)), idp.certificates(OTHER)[0])
    assert (told.kind, told.place) == ("LogoutRequest", OTHER.slo_url)
    assert told.root.find("a:NameID", NS).text == "ana@contoso.example"
    query = {"SAMLResponse": packed(logout_response(OTHER.entity_id)), "RelayState": told.relay_state or ""}
    sent = Sent(idp.http.get(f"{idp.home}/saml2", params=query), idp.certificates()[0])
    assert (sent.place, sent.status, sent.relay_state) == (SLO, "Success", "bye")


def test_an_application_that_does_not_sign_out_is_told_of(idp: Provider) -> None:
    posted = in_two_applications(idp)
    told = Sent(send(idp, logout_request(posted)), idp.certificates(OTHER)[0])
    answer = packed(logout_response(OTHER.entity_id, "Responder"))
    query = {"SAMLResponse": answer, "RelayState": told.relay_state or ""}
    assert Sent(idp.http.get(f"{idp.home}/saml2", params=query), idp.certificates()[0]).status == "Responder"


def test_signing_out_at_the_provider_tells_the_applications(idp: Provider) -> None:
    idp.sign_on()
    assert "Ana García" in idp.http.get("/").text
    told = Sent(idp.http.post(f"{idp.home}/signout"), idp.certificates()[0])
    assert (told.kind, told.place) == ("LogoutRequest", SLO)
    done = send(idp, logout_response(SP), "SAMLResponse", told.relay_state or "")
    assert "You are signed out." in done.text
    assert not still_in(idp)
    again = send(idp, logout_response(SP), "SAMLResponse", told.relay_state or "")
    assert "AADSTS50089" in again.text
