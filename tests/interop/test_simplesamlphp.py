"""The acceptance matrix with SimpleSAMLphp: each way of signing, encrypting and erring, by code that we did not write."""

import contextlib
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from tests.conftest import Vestibule
from tests.idp.browser import Form, form_of, pair
from tests.interop.simplesamlphp import ADDRESS, ALICE, NONE_HERE, PASSWORD, SimpleSamlPhp, is_here, simplesamlphp
from tests.sign_on.walk import FETCHER, Walk, now
from vestibule import connections, identity_providers
from vestibule.clock import SystemClock
from vestibule.explain import explain
from vestibule.model import Connection
from vestibule.store import Store

pytestmark = pytest.mark.skipif(not is_here(), reason=NONE_HERE)

RSA_SHA1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
RESPONSE_ONLY = {"saml20.sign.assertion": False, "saml20.sign.response": True}
ASSERTION_ONLY = {"saml20.sign.assertion": True, "saml20.sign.response": False}
BOTH = {"saml20.sign.assertion": True, "saml20.sign.response": True}
NEITHER = {"saml20.sign.assertion": False, "saml20.sign.response": False}


@dataclass
class Wonderland(Walk):
    """A connection of the generic kind, and one browser."""

    provider: Any

    def introduce(self, **settings: Any) -> dict[str, Any]:
        """Let the provider read our metadata; what it found there."""
        metadata = self.browser.get(self.url("metadata"))
        return self.provider.knows(metadata.content, **settings)

    def register(self) -> None:
        self.introduce()

        async def work(store: Store) -> None:
            found = await identity_providers.fetch_metadata(
                FETCHER, self.provider.metadata_url, now(), entity_id=None, allow_http=True
            )
            await identity_providers.set_up_saml(store, self.connection, found, now(), actor="test")

        self.vestibule.admin(work)

    def begin(self, **query: str) -> httpx2.Response:
        answer = self.browser.get(self.url("login"), params=query)
        if answer.status_code == 200:
            form = form_of(answer)
            answer = self.browser.post(form.url, data=form.fields)
        return self.followed(answer)

    def followed(self, answer: httpx2.Response) -> httpx2.Response:
        """Redirects, as long as they lead to the provider or come from it."""
        for _ in range(9):
            if answer.status_code not in (302, 303, 307):
                break
            answer = self.follow(answer)
        return answer

    def answered(self, who: str = ALICE, **query: str) -> Form:
        form = form_of(self.begin(**query))
        if "SAMLResponse" in form.fields:
            return form
        sent = form.fields | {"username": who, "password": PASSWORD}
        return form_of(self.followed(self.browser.post(form.url, data=sent)))

    def login(self, who: str = ALICE, **query: str) -> httpx2.Response:
        self.provider_forgets()
        return self.post(self.answered(who, **query))


@pytest.fixture(scope="session")
def wonderland(tmp_path_factory: pytest.TempPathFactory) -> Generator[SimpleSamlPhp]:
    with simplesamlphp(tmp_path_factory.mktemp("simplesamlphp")) as running:
        yield running


@pytest.fixture
def walk(door: Vestibule, wonderland: SimpleSamlPhp) -> Generator[Wonderland]:
    with walking(door, wonderland) as made:
        yield made


@contextlib.contextmanager
def walking(door: Vestibule, wonderland: SimpleSamlPhp) -> Generator[Wonderland]:
    async def made(store: Store) -> Connection:
        enterprise = await connections.create_enterprise(store, SystemClock(), "Wonderland")
        return await connections.create_connection(store, SystemClock(), enterprise.id, "generic")

    with httpx2.Client(trust_env=False, timeout=30) as browser:
        walk = Wonderland(door, wonderland, door.admin(made), "saml", browser)
        walk.register()
        # SAML says of no address that it is proven; here the company's word shall do.
        walk.set(email_policy="trust_idp_claim", create_groups=True)
        yield walk


def let_in(walk: Wonderland, answer: httpx2.Response) -> dict[str, Any]:
    """The facts of a sign-in that came through."""
    assert (answer.status_code, answer.headers.get("location")) == (303, "/session"), answer.text
    return dict(walk.exchange(answer).facts)


def refused_there(walk: Wonderland, why: str) -> None:
    """Their page of an error, which they send with 200, so that their words must tell."""
    walk.provider_forgets()
    page = walk.begin()
    assert urlsplit(str(page.url)).netloc == urlsplit(walk.provider.url).netloc
    assert why in page.text
    assert "SAMLResponse" not in form_of(page).fields


def test_each_reads_the_others_metadata(walk: Wonderland, wonderland: SimpleSamlPhp) -> None:
    found = walk.introduce()
    assert found["entityid"] == walk.url("metadata")
    assert [each["Location"] for each in found["AssertionConsumerService"]] == [walk.url("acs")]
    assert {each["Location"] for each in found["SingleLogoutService"]} == {walk.url("slo")}
    assert {(each["signing"], each["encryption"]) for each in found["keys"]} == {(True, False), (False, True)}
    assert found["validate.authnrequest"] is True
    saml = walk.set().as_json()["saml"]
    assert (saml["entity_id"], saml["wants_signed_requests"]) == (wonderland.entity_id, True)
    assert saml["sso_url"] == f"{wonderland.url}/saml2/idp/SSOService.php"
    assert len(saml["certificates"]) == 1


def test_a_person_is_made_with_attributes_and_groups(walk: Wonderland) -> None:
    facts = let_in(walk, walk.login())
    assert facts["match"] == "created"
    document = walk.document(ALICE)
    assert document["displayName"] == "Alice Liddell"
    assert document["name"] == {"givenName": "Alice", "familyName": "Liddell"}
    assert document["emails"] == [{"value": ADDRESS, "type": "work", "primary": True}]
    assert sorted(facts["groups"]["joins"].values()) == ["Croquet", "Tea party"]
    assert "Tea party" in walk.session().text
    assert let_in(walk, walk.login())["match"] == "identity"


@pytest.mark.parametrize(
    ("settings", "signed", "encrypted"),
    [
        pytest.param(ASSERTION_ONLY, "assertion", False, id="assertion"),
        pytest.param(RESPONSE_ONLY, "response", False, id="response"),
        pytest.param(BOTH, "both", False, id="both"),
        pytest.param(RESPONSE_ONLY | {"assertion.encryption": True}, "response", True, id="encrypted-in-response"),
        pytest.param(BOTH | {"assertion.encryption": True}, "both", True, id="encrypted-both"),
        pytest.param(ASSERTION_ONLY | {"assertion.encryption": True}, "assertion", True, id="encrypted-assertion"),
    ],
)  # fmt: skip
def test_what_is_signed_well_is_taken(walk: Wonderland, settings: Any, signed: str, encrypted: bool) -> None:
    """They encrypt with AES-128-CBC and RSA-OAEP, whatever is asked for."""
    walk.introduce(**settings)
    facts = let_in(walk, walk.login())
    assert (facts["signed"], facts["encrypted"]) == (signed, encrypted)


@pytest.mark.parametrize(
    ("settings", "code", "mended"),
    [
        pytest.param(BOTH | {"signature.algorithm": RSA_SHA1}, "signature_algorithm", "choose SHA-256", id="sha1"),
        pytest.param(NEITHER, "unsigned", "sign", id="unsigned"),
        # Of AES-CBC that nothing signed covers no more is told, as each answer more would help to guess its text.
        pytest.param(
            NEITHER | {"assertion.encryption": True}, "decrypt_failed", "sign the response too", id="encrypted-unsigned"
        ),
    ],
)
def test_what_is_not_signed_well_is_refused(walk: Wonderland, settings: Any, code: str, mended: str) -> None:
    walk.introduce(**settings)
    answer = walk.login()
    assert (answer.status_code, walk.code_of(answer)) == (400, code), answer.text
    assert walk.users() == []
    told = explain(walk.exchange(answer))
    assert told.code == code
    assert any(mended in each.label for each in told.fixes), told.fixes


def test_a_certificate_that_is_not_theirs_is_told_with_both_fingerprints(walk: Wonderland) -> None:
    saml = walk.set().as_json()["saml"]
    walk.set(saml={**saml, "certificates": [pair("somebody").certificate_pem.decode()], "metadata_tried_at": now()})
    answer = walk.login()
    assert walk.code_of(answer) == "bad_signature"
    told = explain(walk.exchange(answer))
    fingerprint = x509.load_pem_x509_certificate(saml["certificates"][0].encode()).fingerprint(SHA256()).hex()
    assert fingerprint[:16] in str(told.as_json()), told


def test_a_response_for_another_address_is_refused(walk: Wonderland) -> None:
    wrong = walk.url("acs").replace("127.0.0.1", "localhost")
    walk.introduce(AssertionConsumerService=wrong)
    form = walk.answered()
    assert form.url == wrong
    # Where the browser is sent to has none of our cookies, and what is posted says the wrong place anyway.
    elsewhere = walk.post(form)
    assert (elsewhere.status_code, walk.code_of(elsewhere)) == (400, "request_unknown")
    form.url = walk.url("acs")
    answer = walk.post(form)
    assert (answer.status_code, walk.code_of(answer)) == (400, "destination")
    assert walk.exchange(answer).facts["received"] == wrong


def test_an_application_that_they_do_not_know_gets_no_answer(walk: Wonderland, wonderland: SimpleSamlPhp) -> None:
    wonderland.knows_nobody()
    refused_there(walk, "Unable to locate metadata")


def test_they_verify_our_signature_in_both_bindings(walk: Wonderland) -> None:
    found = walk.introduce()
    for binding in ("redirect", "post"):
        walk.set(saml={**walk.set().as_json()["saml"], "sso_binding": binding})
        let_in(walk, walk.login())
    # And they really look: with somebody else's certificate for us, they refuse us.
    other = [{**each, "X509Certificate": pair("somebody").certificate} for each in found["keys"]]
    walk.introduce(keys=other)
    for binding in ("redirect", "post"):
        walk.set(saml={**walk.set().as_json()["saml"], "sso_binding": binding})
        refused_there(walk, "Unable to validate")


def test_an_unsigned_request_is_not_answered_by_them(walk: Wonderland) -> None:
    walk.set(sign_requests=False)
    refused_there(walk, "no signature found on message")


def test_a_rolled_certificate_is_followed_without_anybody(walk: Wonderland, wonderland: SimpleSamlPhp) -> None:
    let_in(walk, walk.login())
    saml = walk.set().as_json()["saml"]
    try:
        wonderland.sign_with(pair("rolled"))
        # They were read a moment ago; an unknown key alone makes nobody read them again and again.
        refused = walk.login()
        assert walk.code_of(refused) == "bad_signature"
        walk.set(saml={**saml, "metadata_tried_at": now() - 600_000_000})
        assert let_in(walk, walk.login())["metadata_read_again"] is True
        assert walk.set().as_json()["saml"]["certificates"] != saml["certificates"]
    finally:
        wonderland.sign_with(pair("simplesamlphp"))


def test_a_certificate_that_was_announced_is_taken_at_once(walk: Wonderland, wonderland: SimpleSamlPhp) -> None:
    try:
        wonderland.sign_with(pair("simplesamlphp"), announce=pair("next"))
        walk.register()
        assert len(walk.set().as_json()["saml"]["certificates"]) == 2
        wonderland.sign_with(pair("next"))
        assert "metadata_read_again" not in let_in(walk, walk.login())
    finally:
        wonderland.sign_with(pair("simplesamlphp"))


def test_signing_out_here_signs_out_there(walk: Wonderland) -> None:
    let_in(walk, walk.login())
    again = form_of(walk.begin())
    assert "SAMLResponse" in again.fields, "they knew the browser still"
    base = walk.vestibule.base_url
    out = walk.browser.post(f"{base}/logout", headers={"Origin": base})
    page = walk.followed(out)
    assert "You are signed out" in page.text, page.text
    assert "You are not signed in" in walk.session().text
    assert "SAMLResponse" not in form_of(walk.begin()).fields


def test_signing_out_there_signs_out_here(walk: Wonderland, wonderland: SimpleSamlPhp) -> None:
    let_in(walk, walk.login())
    back = f"{wonderland.url}/saml2/idp/metadata.php"
    page = walk.browser.get(f"{wonderland.url}/saml2/idp/SingleLogoutService.php", params={"ReturnTo": back})
    page = walk.followed(page)
    assert str(page.url) == back, page.text
    sessions = walk.vestibule.admin(lambda store: store.sessions(walk.id))
    assert [each.session.ended_by for each in sessions] == ["single_logout"]


def test_a_test_sign_in_shows_their_claims_and_makes_nobody(walk: Wonderland) -> None:
    page = walk.login(test="1")
    assert page.status_code == 200
    assert "Alice Liddell would be signed in" in page.text
    assert "memberOf" in page.text
    assert "makes and joins Tea party, Croquet" in page.text
    walk.set(create_groups=False)
    assert "unknown here: Tea party, Croquet" in walk.login(test="1").text
    assert walk.users() == []
