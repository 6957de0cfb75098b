"""A whole sign-in: our server, the local identity provider that speaks like Entra, and a browser without scripts."""

import asyncio
import contextlib
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

import httpx2
import orjson

from tests.conftest import Vestibule
from tests.idp.browser import Form, Provider, form_of
from vestibule import identity_providers
from vestibule.clock import SystemClock
from vestibule.idp.apps import OidcClient
from vestibule.model import Connection, Exchange, User
from vestibule.outbound.addresses import Allowed
from vestibule.outbound.fetch import Fetcher
from vestibule.sealing import Seal
from vestibule.signon import OidcIdp, SignOn
from vestibule.store import ExchangeQuery, Store

LOOPBACK = ("127.0.0.1/32",)
FETCHER = Fetcher(Allowed.read(LOOPBACK))
ANA = "ana@contoso.example"


def now() -> int:
    return SystemClock().now()


@dataclass
class Walk:
    """One connection, set up with the identity provider, and one browser."""

    vestibule: Vestibule
    provider: Provider
    connection: Connection
    protocol: str = "saml"
    browser: httpx2.Client = field(default_factory=lambda: httpx2.Client(trust_env=False, timeout=30))

    @property
    def id(self) -> str:
        return self.connection.id

    def url(self, end: str) -> str:
        return f"{self.vestibule.base_url}/sso/{self.protocol}/{self.id}/{end}"

    def set(self, **changes: Any) -> SignOn:
        """Change settings of the sign-on."""
        loaded = self.vestibule.admin(
            lambda store: identity_providers.change_settings(store, self.connection, changes, now(), actor="test")
        )
        return loaded.sign_on

    def register(self) -> None:
        """Make each known to the other, by metadata."""
        metadata = self.browser.get(self.url("metadata"))
        assert metadata.status_code == 200, metadata.text
        known = self.provider.http.post(
            "/control/apps", content=metadata.content, headers={"Content-Type": "application/xml"}
        )
        assert known.status_code == 201, known.text

        async def work(store: Store) -> None:
            found = await identity_providers.fetch_metadata(
                FETCHER, known.json()["metadata_url"], now(), entity_id=None, allow_http=True
            )
            await identity_providers.set_up_saml(store, self.connection, found, now(), actor="test")

        self.vestibule.admin(work)

    def register_oidc(self, client_id: str = "vestibule", secret: str = "s3cret") -> None:
        self.provider.state.clients[client_id] = OidcClient(client_id, secret, (self.url("callback"),), (), "Vestibule")
        issuer = f"{self.provider.url}{self.provider.home}/v2.0"

        async def work(store: Store) -> None:
            found, document = await identity_providers.discover(FETCHER, issuer, allow_http=True)
            seal = Seal((await store.key("secrets"),))
            sealed = identity_providers.sealed_secret(seal, self.id, secret)
            provider = OidcIdp(found, client_id, sealed, discovery=document, discovery_read_at=now())
            await identity_providers.set_up_oidc(store, self.connection, provider, now(), actor="test")

        self.vestibule.admin(work)

    def begin(self, **query: str) -> httpx2.Response:
        """As far as the identity provider's sign-in page."""
        answer = self.browser.get(self.url("login"), params=query)
        assert answer.status_code == 302, answer.text
        return self.browser.get(answer.headers["location"])

    def answered(self, who: str = ANA, **query: str) -> Form:
        """What the identity provider would have posted to us."""
        page = self.begin(**query)
        form = form_of(page)
        if "SAMLResponse" in form.fields:
            return form
        return form_of(self.browser.post(form.url, data=form.fields | {"upn": who}))

    def post(self, form: Form) -> httpx2.Response:
        return self.browser.post(form.url, data=form.fields)

    def login(self, who: str = ANA, **query: str) -> httpx2.Response:
        """The whole way; the answer of our own server."""
        self.provider_forgets()
        if self.protocol == "saml":
            return self.post(self.answered(who, **query))
        form = form_of(self.begin(**query))
        answer = self.browser.post(form.url, data=form.fields | {"upn": who})
        assert answer.status_code in (302, 303), answer.text
        return self.browser.get(answer.headers["location"])

    def provider_forgets(self) -> None:
        """Who signed in at the identity provider before is asked again."""
        for cookie in list(self.browser.cookies.jar):
            if not cookie.name.startswith("vst_"):
                self.browser.cookies.jar.clear(cookie.domain, cookie.path, cookie.name)

    def follow(self, answer: httpx2.Response) -> httpx2.Response:
        assert answer.status_code in (302, 303), answer.text
        return self.browser.get(urljoin(str(answer.url), answer.headers["location"]))

    def session(self) -> httpx2.Response:
        return self.browser.get(f"{self.vestibule.base_url}/session")

    def exchange(self, answer: httpx2.Response) -> Exchange:
        """What the log says of an answer."""
        request_id = answer.headers["Vestibule-Request-Id"]

        async def work(store: Store) -> Exchange:
            for _ in range(50):
                for each in await store.exchanges(self.id, ExchangeQuery(resource_type="SignIn")):
                    if each.id == request_id:
                        return each
                await asyncio.sleep(0.02)
            raise AssertionError(f"{request_id} was not recorded")

        return self.vestibule.admin(work)

    def code_of(self, answer: httpx2.Response) -> str | None:
        return self.exchange(answer).error

    def user(self, user_name: str = ANA) -> User:
        return self.vestibule.admin(lambda store: store.user_named(self.id, user_name))

    def users(self) -> list[User]:
        async def work(store: Store) -> list[User]:
            return list((await store.users(self.id)).items)

        return self.vestibule.admin(work)

    def document(self, user_name: str = ANA) -> dict[str, Any]:
        return orjson.loads(self.user(user_name).document)


@contextlib.contextmanager
def walking(vestibule: Vestibule, provider: Provider, protocol: str = "saml") -> Generator[Walk]:
    """A fresh connection that is set up with the provider."""
    with httpx2.Client(trust_env=False, timeout=30) as browser:
        walk = Walk(vestibule, provider, vestibule.connection(), protocol, browser)
        if protocol == "saml":
            walk.register()
        else:
            walk.register_oidc()
        yield walk
