"""What is read again of an identity provider while nobody asks: nothing changes silently, and no failure for the worse."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

import pytest

from tests.oidc import op
from tests.saml.keys import NOW, certificate, fingerprint
from tests.saml.provider import IDP
from tests.saml.test_metadata import entity, key, role, service
from vestibule import connections
from vestibule import identity_providers as providers
from vestibule.clock import SystemClock
from vestibule.identity_providers import HOUR, NOT_BEFORE, READ_AGAIN, Loaded
from vestibule.model import Connection
from vestibule.oidc.errors import OidcError
from vestibule.outbound.fetch import Fetched, Fetcher
from vestibule.outbound.target import FetchError
from vestibule.saml.names import REDIRECT
from vestibule.signon import InvalidSignOn, OidcIdp, SamlIdp, read_sign_on
from vestibule.store import Store
from vestibule.store.sqlite import SqliteStore

T = TypeVar("T")
URL = "https://idp.example/metadata.xml"


@dataclass
class Web:
    """What is published where; `asked` counts. An address without anything does not answer."""

    pages: dict[str, str] = field(default_factory=dict[str, str])
    asked: list[str] = field(default_factory=list[str])

    async def get(self, url: str, **_: Any) -> Fetched:
        self.asked.append(url)
        if url not in self.pages:
            raise FetchError("connect", url=url)
        return Fetched(200, {}, self.pages[url].encode(), url)

    @property
    def fetcher(self) -> Fetcher:
        return cast("Fetcher", self)


def published(*names: str, entity_id: str = IDP, sso: str = "https://idp.example/sso") -> str:
    keys = "".join(key(certificate(name)) for name in names)
    return entity(role(keys, service("SingleSignOnService", REDIRECT, sso)), entity_id)


def on(work: Callable[[Store, Connection], Awaitable[T]]) -> T:
    async def run() -> T:
        store = SqliteStore.open(":memory:", upgrade=True)
        enterprise = await connections.create_enterprise(store, SystemClock(), "Acme")
        try:
            return await work(
                store, await connections.create_connection(store, SystemClock(), enterprise.id, "generic")
            )
        finally:
            await store.close()

    return asyncio.run(run())


async def saml(store: Store, connection: Connection, web: Web) -> Loaded:
    web.pages[URL] = published("idp")
    found = await providers.fetch_metadata(web.fetcher, URL, NOW, entity_id=None, allow_http=False)
    return await providers.set_up_saml(store, connection, found, NOW, actor="test")


async def read_again(store: Store, web: Web, loaded: Loaded, now: int) -> SamlIdp:
    await providers.refresh_metadata(store, web.fetcher, loaded, now, allow_http=False)
    idp = (await providers.load(store, loaded.connection.id)).sign_on.idp
    assert isinstance(idp, SamlIdp)
    return idp


async def actions(store: Store, connection: Connection) -> list[tuple[str, Any]]:
    return [(each.action, each.detail) for each in await store.audit(connection.id)]


def test_certificates_that_changed_are_in_the_audit_by_their_fingerprints() -> None:
    async def work(store: Store, connection: Connection) -> None:
        web = Web()
        loaded = await saml(store, connection, web)
        await read_again(store, web, loaded, NOW + 1)
        assert "sign_on.metadata_changed" not in dict(await actions(store, connection))
        web.pages[URL] = published("idp", "next")
        idp = await read_again(store, web, loaded, NOW + HOUR)
        assert [fingerprint(each) for each in idp.certificates] == [
            fingerprint(certificate(name)) for name in ("idp", "next")
        ]
        detail = dict(await actions(store, connection))["sign_on.metadata_changed"]
        assert detail["certificates"] == [fingerprint(certificate(name)) for name in ("idp", "next")]

    on(work)


ODD = {
    "of another entity": published("evil", entity_id="https://evil.example/metadata"),
    "with a sign-on address by http": published("evil", sso="http://idp.example/sso"),
    "with a sign-on address that is a script": published("evil", sso="javascript:alert(1)"),
    "without a certificate": entity(role("")),
    "a page": "<!doctype html><html></html>",
    "with an entity": '<!DOCTYPE x [<!ENTITY e "y">]>' + published("evil"),
    "twice the entity": f"<x>{published('idp')}{published('evil')}</x>",
}


@pytest.mark.parametrize("odd", [*ODD, "nothing"])
def test_metadata_that_are_not_what_they_were_change_nothing(odd: str) -> None:
    async def work(store: Store, connection: Connection) -> None:
        web = Web()
        loaded = await saml(store, connection, web)
        before = cast("SamlIdp", loaded.sign_on.idp)
        web.pages = {URL: ODD[odd]} if odd in ODD else {}
        idp = await read_again(store, web, loaded, NOW + READ_AGAIN)
        assert idp.metadata_fault
        assert replace(idp, metadata_fault=None, metadata_tried_at=NOW) == before
        assert "sign_on.metadata_changed" not in dict(await actions(store, connection))

    on(work)


def test_what_fails_is_tried_again_after_a_while_and_not_at_each_request() -> None:
    async def work(store: Store, connection: Connection) -> None:
        web = Web()
        loaded = await saml(store, connection, web)
        web.pages.clear()
        await read_again(store, web, loaded, NOW + READ_AGAIN)
        loaded = await providers.load(store, connection.id)
        for wait, due, may in ((1, False, False), (NOT_BEFORE, False, True), (HOUR, True, True)):
            now = NOW + READ_AGAIN + wait
            assert (providers.is_due(loaded, now), providers.may_read_again(loaded, now)) == (due, may)

    on(work)


DISCOVERY = f"{op.ISSUER}/.well-known/openid-configuration"


async def oidc(store: Store, connection: Connection, web: Web) -> Loaded:
    web.pages |= {DISCOVERY: op.discovery().decode(), op.PROVIDER.jwks_uri: json.dumps(op.JWKS)}
    idp = OidcIdp(op.ISSUER, op.CLIENT, discovery=op.discovery().decode(), discovery_read_at=NOW)
    return await providers.set_up_oidc(store, connection, idp, NOW, actor="test")


def test_endpoints_that_changed_are_used_and_in_the_audit() -> None:
    async def work(store: Store, connection: Connection) -> None:
        web = Web()
        loaded = await oidc(store, connection, web)
        web.pages[DISCOVERY] = op.discovery(token_endpoint=f"{op.ISSUER}/new").decode()
        later = NOW + READ_AGAIN
        loaded, provider = await providers.provider_for(store, web.fetcher, loaded, later, allow_http=False)
        assert provider.token_endpoint == f"{op.ISSUER}/new"
        assert [action for action, _ in await actions(store, connection)].count("sign_on.discovery_changed") == 1
        await providers.provider_for(store, web.fetcher, loaded, later + READ_AGAIN, allow_http=False)
        assert [action for action, _ in await actions(store, connection)].count("sign_on.discovery_changed") == 1

    on(work)


@pytest.mark.parametrize(
    "document", [None, op.discovery("https://evil.example").decode(), op.discovery(jwks_uri="http://x/").decode()]
)
def test_a_document_that_is_not_what_it_was_changes_nothing_and_is_not_asked_for_at_each_sign_in(
    document: str | None,
) -> None:
    async def work(store: Store, connection: Connection) -> None:
        web = Web()
        loaded = await oidc(store, connection, web)
        web.pages = {} if document is None else {DISCOVERY: document}
        later = NOW + READ_AGAIN
        for wait, asked in ((0, 1), (1, 1), (NOT_BEFORE - 1, 1), (NOT_BEFORE, 2)):
            loaded = await providers.load(store, connection.id)
            _, provider = await providers.provider_for(store, web.fetcher, loaded, later + wait, allow_http=False)
            assert provider == op.PROVIDER
            assert len(web.asked) == asked

    on(work)


def test_keys_are_read_anew_for_an_unknown_one_but_not_at_will() -> None:
    async def work(store: Store, connection: Connection) -> None:
        web = Web()
        await oidc(store, connection, web)

        async def keys(now: int, *, anew: bool = False) -> int:
            loaded = await providers.load(store, connection.id)
            found = await providers.keys_for(store, web.fetcher, loaded, op.PROVIDER, now, anew=anew)
            assert found.keys
            return len(web.asked)

        assert [await keys(NOW), await keys(NOW + 1, anew=True), await keys(NOW + NOT_BEFORE)] == [1, 1, 1]
        web.pages.clear()
        later = NOW + NOT_BEFORE
        assert [await keys(later, anew=True), await keys(later + 1, anew=True)] == [2, 2]
        web.pages[op.PROVIDER.jwks_uri] = json.dumps({"keys": [op.JWKS["keys"][0]]})
        assert await keys(later + NOT_BEFORE, anew=True) == 3
        assert "sign_on.keys_changed" in dict(await actions(store, connection))

    on(work)


def test_a_first_document_that_does_not_come_is_an_error() -> None:
    async def work(store: Store, connection: Connection) -> None:
        web = Web({DISCOVERY: op.discovery("https://evil.example").decode()})
        loaded = await providers.set_up_oidc(store, connection, OidcIdp(op.ISSUER, op.CLIENT), NOW, actor="test")
        with pytest.raises(OidcError, match="another issuer"):
            await providers.provider_for(store, web.fetcher, loaded, NOW, allow_http=False)

    on(work)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "idp.example/sso", ""])
def test_an_address_that_a_browser_is_sent_to_is_a_web_address(url: str) -> None:
    for name in ("sso_url", "slo_url", "slo_response_url"):
        given = {"entity_id": "e", "sso_url": "https://idp.example/sso", name: url}
        with pytest.raises(InvalidSignOn, match=name):
            read_sign_on({"saml": given})
