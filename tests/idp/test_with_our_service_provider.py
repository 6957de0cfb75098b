"""The provider and our own service provider meet over HTTP: each was written without the other's code."""

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import pytest

from tests.idp.browser import ACS, NOW, SLO, SP, Provider, form_of, pair
from vestibule.saml import logout, request, response
from vestibule.saml.assertion import Assertion
from vestibule.saml.errors import SamlError
from vestibule.saml.expected import Expected
from vestibule.saml.metadata import IdpMetadata, ServiceProvider, read_idp, write_sp

KEY = pair().private_pem.decode()
CERTIFICATE = pair().certificate_pem.decode()
EMAIL = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"


@dataclass
class Ours:
    """Our side, registered by the metadata that we write, set up from the metadata that we read."""

    idp: Provider
    metadata: IdpMetadata

    @property
    def expected(self) -> Expected:
        return Expected(
            SP, ACS, self.metadata.entity_id, tuple(each.pem for each in self.metadata.certificates), "_pending",
            decryption_keys=(KEY,),
        )  # fmt: skip

    def answer(self, who: str = "ana@contoso.example") -> str:
        """The SAMLResponse to a request of ours, by redirect and signed."""
        self.idp.forget()
        asked = request.AuthnRequest("_pending", self.idp.state.now(), SP, ACS, self.metadata.sso[REDIRECT])
        return form_of(self.idp.be(self.idp.http.get(request.redirect(asked, "r1", KEY)), who)).fields["SAMLResponse"]

    def verified(self, who: str = "ana@contoso.example") -> Assertion:
        return response.verify(self.answer(who), self.expected, NOW)


REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"


def known(idp: Provider) -> IdpMetadata:
    app_id = next(iter(idp.state.apps))
    text = idp.http.get(f"{idp.home}/federationmetadata/2007-06/federationmetadata.xml?appid={app_id}").content
    return read_idp(text, NOW, allow_http=True)


@pytest.fixture
def ours(idp: Provider) -> Ours:
    about = write_sp(ServiceProvider(SP, ACS, SLO, (CERTIFICATE,), (CERTIFICATE,), name="Product"))
    made = idp.http.post("/control/apps", content=about, headers={"Content-Type": "application/samlmetadata+xml"})
    assert made.status_code == 201, made.text
    return Ours(idp, known(idp))


def test_a_sign_on_is_believed(ours: Ours) -> None:
    found = ours.verified()
    assert (found.name_id, found.signed, found.encrypted) == ("ana@contoso.example", "assertion", False)
    assert found.attributes[EMAIL] == ("ana@contoso.example",)


@pytest.mark.parametrize(
    ("mistake", "signed", "encrypted"),
    [("sign_response", "response", False), ("sign_both", "both", False), ("encrypt", "assertion", True)],
)
def test_what_an_admin_may_choose_is_believed(ours: Ours, mistake: str, signed: str, encrypted: bool) -> None:
    ours.idp.control(mistakes=[mistake])
    found = ours.verified()
    assert (found.name_id, found.signed, found.encrypted) == ("ana@contoso.example", signed, encrypted)


@pytest.mark.parametrize(
    ("mistake", "code"),
    [
        ("wrong_acs", "destination"),
        ("wrong_audience", "audience"),
        ("audience_spn", "audience"),
        ("wrong_issuer", "issuer"),
        ("unknown_certificate", "bad_signature"),
        ("certificate_rolled", "bad_signature"),
        ("sha1", "signature_algorithm"),
        ("unsigned", "unsigned"),
        ("encrypt_foreign_key", "decrypt_failed"),
        ("clock_ahead", "not_yet_valid"),
        ("clock_behind", "expired"),
        ("idp_initiated", "unsolicited"),
        ("authn_context", "idp_status"),
    ],
)
def test_a_mistake_is_refused_with_its_code(ours: Ours, mistake: str, code: str) -> None:
    ours.idp.control(mistakes=[mistake])
    with pytest.raises(SamlError) as refused:
        ours.verified()
    assert refused.value.code == code


def test_an_expired_certificate_is_refused_although_the_metadata_lists_it(ours: Ours) -> None:
    ours.idp.control(mistakes=["certificate_expired"])
    with pytest.raises(SamlError) as refused:
        response.verify(
            ours.answer(),
            replace(ours.expected, certificates=Ours(ours.idp, known(ours.idp)).expected.certificates),
            NOW,
        )
    assert refused.value.code == "cert_expired"


def test_a_roll_over_is_believed_once_the_metadata_was_read_again(ours: Ours) -> None:
    ours.idp.control(certificate="roll")
    again = Ours(ours.idp, known(ours.idp))
    assert again.verified().name_id == ours.verified().name_id
    ours.idp.control(certificate="activate")
    assert again.verified().name_id == "ana@contoso.example"
    with pytest.raises(SamlError) as refused:
        ours.verified()
    assert refused.value.code == "bad_signature"


def test_a_logout_goes_both_ways(ours: Ours) -> None:
    found = ours.verified()
    expected = logout.ExpectedLogout(SLO, ours.metadata.entity_id, ours.expected.certificates, "_out")
    who = logout.NameId(found.name_id, found.name_id_format)
    asked = logout.LogoutRequest("_out", NOW, SP, ours.metadata.slo[REDIRECT], who, (found.session_index or "",))
    answer = ours.idp.http.get(logout.redirect(asked, "bye", KEY))
    received = logout.read_redirect(urlsplit(answer.headers["location"]).query, expected, NOW)
    assert isinstance(received.message, logout.LogoutResponse)
    assert (received.message.succeeded, received.relay_state) == (True, "bye")

    ours.verified()
    told = ours.idp.http.post(f"{ours.idp.home}/signout")
    received = logout.read_redirect(urlsplit(told.headers["location"]).query, replace(expected, request_id=None), NOW)
    assert isinstance(received.message, logout.LogoutRequest)
    assert received.message.name_id.value == "ana@contoso.example"
    done = logout.LogoutResponse("_done", NOW, SP, ours.metadata.slo[REDIRECT], received.message.id)
    assert "You are signed out." in ours.idp.http.get(logout.redirect(done, received.relay_state, KEY)).text
