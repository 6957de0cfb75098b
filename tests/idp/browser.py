"""A provider on a free port, a service provider's side of it, and a browser that has no scripts."""

import base64
import contextlib
import datetime
import threading
import time
import zlib
from collections.abc import Generator
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote, urlencode, urljoin

import httpx2
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] -- untyped
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.verifier import SignatureConfiguration, XMLVerifier
from starlette.applications import Starlette

from tests.conftest import free_port
from vestibule.clock import Clock
from vestibule.entra.tenant import Tenant
from vestibule.idp.app import create
from vestibule.idp.apps import OidcClient, SamlApp
from vestibule.idp.conduct import Conduct
from vestibule.idp.state import Options

NOW = 1_795_507_200_000_000  # 2026-11-24T08:00:00Z
SP = "https://sp.example/saml/metadata"
ACS = "https://sp.example/saml/acs"
SLO = "https://sp.example/saml/slo"
CALLBACK = "https://rp.example/callback"
NS = {
    "p": "urn:oasis:names:tc:SAML:2.0:protocol",
    "a": "urn:oasis:names:tc:SAML:2.0:assertion",
    "m": "urn:oasis:names:tc:SAML:2.0:metadata",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "xenc": "http://www.w3.org/2001/04/xmlenc#",
}


class SetClock:
    """A clock that stands."""

    def __init__(self, now: int = NOW) -> None:
        self.at = now

    def now(self) -> int:
        return self.at


class _Forms(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.action, self.fields, self.buttons = "", {}, {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.action = given.get("action") or ""
        if tag == "input" and given.get("name"):
            self.fields[given["name"]] = given.get("value") or ""


@dataclass
class Form:
    """A form of a page, with the values that stand in it."""

    url: str
    fields: dict[str, str]


def form_of(answer: httpx2.Response) -> Form:
    assert answer.status_code == 200, answer.text
    read = _Forms(answer.text)
    return Form(urljoin(str(answer.url), read.action), read.fields)


@dataclass(frozen=True)
class Pair:
    """A key of the service provider's."""

    private_pem: bytes
    certificate_pem: bytes

    @property
    def certificate(self) -> str:
        return "".join(self.certificate_pem.decode().splitlines()[1:-1])


@lru_cache
def pair(label: str = "sp") -> Pair:
    private = rsa.generate_private_key(65_537, 2_048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, label)])
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(private.public_key()).serial_number(7)
        .not_valid_before(start).not_valid_after(start + datetime.timedelta(days=3_650)).sign(private, hashes.SHA256())
    )  # fmt: skip
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Pair(pem, made.public_bytes(serialization.Encoding.PEM))


def sp(**more: Any) -> SamlApp:
    key = pair()
    return SamlApp(SP, (ACS,), SLO, (key.certificate_pem,), key.certificate_pem, "Product", **more)


CLIENT = OidcClient("client-1", "s3cret&%", (CALLBACK,), ("https://rp.example/bye",), "Product")


@dataclass
class Provider:
    """The running provider, and one browser."""

    url: str
    app: Starlette
    clock: Clock
    http: httpx2.Client = field(init=False)

    def __post_init__(self) -> None:
        # A key takes seconds to make where others work too.
        self.http = httpx2.Client(base_url=self.url, trust_env=False, timeout=60)

    @property
    def state(self) -> Any:
        return self.app.state.idp

    @property
    def home(self) -> str:
        return f"/{self.state.people.tenant_id}"

    def control(self, **body: Any) -> Any:
        answer = self.http.post("/control", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def forget(self) -> None:
        """A fresh browser."""
        self.http.cookies.clear()

    def ask(self, text: bytes | None = None, relay_state: str | None = "r1", **query: str) -> httpx2.Response:
        """Send an AuthnRequest by redirect, unsigned."""
        given = {"SAMLRequest": packed(text or authn_request()), **query}
        if relay_state is not None:
            given["RelayState"] = relay_state
        return self.http.get(f"{self.home}/saml2", params=given)

    def be(self, page: httpx2.Response, who: str) -> httpx2.Response:
        """Fill in the sign-in page."""
        form = form_of(page)
        return self.http.post(form.url, data=form.fields | {"upn": who})

    def sign_on(self, who: str = "ana@contoso.example", text: bytes | None = None) -> Form:
        """The whole walk with a fresh browser: what would be posted to the application."""
        self.forget()
        return form_of(self.be(self.ask(text), who))

    def response(self, who: str = "ana@contoso.example", text: bytes | None = None) -> "Posted":
        return Posted(base64.b64decode(self.sign_on(who, text).fields["SAMLResponse"]))

    def certificates(self, app: SamlApp | None = None) -> list[str]:
        """What the application's metadata lists, the signing one first."""
        app_id = (app or sp()).id
        answer = self.http.get(f"{self.home}/federationmetadata/2007-06/federationmetadata.xml?appid={app_id}")
        assert answer.status_code == 200, answer.text
        root = etree.fromstring(answer.content)
        return [each.text for each in root.findall("m:IDPSSODescriptor/m:KeyDescriptor//ds:X509Certificate", NS)]


@dataclass
class Posted:
    """A SAML response, read without any of the provider's code."""

    text: bytes

    def __post_init__(self) -> None:
        self.root = etree.fromstring(self.text)

    def one(self, path: str) -> Any:
        found = self.root.findall(path, NS)
        assert len(found) == 1, f"{path}: {len(found)}"
        return found[0]

    @property
    def assertion(self) -> Any:
        return self.one("a:Assertion")

    @property
    def name_id(self) -> Any:
        return self.one("a:Assertion/a:Subject/a:NameID")

    @property
    def attributes(self) -> dict[str, list[str]]:
        return {
            each.get("Name"): [value.text or "" for value in each]
            for each in self.one("a:Assertion/a:AttributeStatement")
        }

    @property
    def signed(self) -> list[str]:
        """Local names of the elements that have a signature of their own."""
        return [etree.QName(each.getparent()).localname for each in self.root.iter(f"{{{NS['ds']}}}Signature")]

    def verify(self, certificate: str, at: str, *, sha1: bool = False) -> Any:
        """The element that the signature at a path covers, as the other library sees it."""
        expect = SignatureConfiguration(
            location=at,
            expect_references=1,
            signature_methods=frozenset([SignatureMethod.RSA_SHA1 if sha1 else SignatureMethod.RSA_SHA256]),
            digest_algorithms=frozenset([DigestAlgorithm.SHA1 if sha1 else DigestAlgorithm.SHA256]),
        )
        seen: Any = XMLVerifier().verify(self.root, x509_cert=certificate, expect_config=expect, id_attribute="ID")
        return seen.signed_xml


def authn_request(
    ident: str = "_r1",
    issuer: str = SP,
    acs: str | None = ACS,
    issued: str = "2026-11-24T08:00:00Z",
    inner: str = "",
    more: str = "",
) -> bytes:
    where = f' AssertionConsumerServiceURL="{acs}"' if acs else ""
    return (
        f'<samlp:AuthnRequest xmlns:samlp="{NS["p"]}" ID="{ident}" Version="2.0" IssueInstant="{issued}"{where} {more}>'
        f'<Issuer xmlns="{NS["a"]}">{issuer}</Issuer>{inner}</samlp:AuthnRequest>'
    ).encode()


def packed(text: bytes) -> str:
    machine = zlib.compressobj(9, zlib.DEFLATED, -15)
    return base64.b64encode(machine.compress(text) + machine.flush()).decode()


def signed_query(text: bytes, key: Pair, name: str = "SAMLRequest", relay_state: str = "r1") -> str:
    """A redirect's query with a signature, made without any of the provider's code."""
    algorithm = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
    query = urlencode({name: packed(text), "RelayState": relay_state, "SigAlg": algorithm}, quote_via=quote, safe="")
    private: Any = serialization.load_pem_private_key(key.private_pem, None)
    made = private.sign(query.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{query}&Signature={quote(base64.b64encode(made).decode(), safe='')}"


@contextlib.contextmanager
def provider(
    *mistakes: str,
    conduct: Conduct | None = None,
    tenant: Tenant | None = None,
    clock: Clock | None = None,
    password: str | None = None,
) -> Generator[Provider]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    clock = clock or SetClock()
    options = Options(url, None, password, (sp(),), (CLIENT,), conduct or Conduct(), mistakes)
    app = create(tenant, options, clock)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", ws="none", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < deadline, "the provider did not start"
        time.sleep(0.005)
    made = Provider(url, app, clock)
    try:
        yield made
    finally:
        made.http.close()
        server.should_exit = True
        thread.join(10)
