"""The acceptance matrix with the package oidc-provider as the company's OpenID Provider."""

import contextlib
import re
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

import httpx2
import pytest

from tests.conftest import Vestibule, free_port
from tests.idp.browser import form_of
from tests.interop.openid_provider import MARTA, NONE_HERE, is_here, openid_provider, signing_key
from tests.sign_on.walk import FETCHER, Walk, now
from vestibule import connections, identity_providers
from vestibule.clock import SystemClock
from vestibule.explain import explain
from vestibule.model import Connection
from vestibule.sealing import Seal
from vestibule.signon import OidcIdp
from vestibule.store import Store

pytestmark = pytest.mark.skipif(not is_here(), reason=NONE_HERE)

SECRET = "between-us-two"
KEY = signing_key("first") if is_here() else {}


@dataclass
class Harbour(Walk):
    """A connection of the generic kind whose people sign in at an OpenID Provider, and one browser."""

    issuer: str = ""
    client: dict[str, Any] = field(default_factory=dict)

    def set_up(self, secret: str = SECRET) -> None:
        async def work(store: Store) -> None:
            found, document = await identity_providers.discover(FETCHER, self.issuer, allow_http=True)
            sealed = identity_providers.sealed_secret(Seal((await store.key("secrets"),)), self.id, secret)
            idp = OidcIdp(found, self.client["client_id"], sealed, discovery=document, discovery_read_at=now())
            await identity_providers.set_up_oidc(store, self.connection, idp, now(), actor="test")

        self.vestibule.admin(work)
        self.set(email_policy="trust_idp_claim", create_groups=True)

    def asked(self, **query: str) -> str:
        """The address at the provider that a sign-in sends the browser to."""
        answer = self.browser.get(self.url("login"), params=query)
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]

    def at_provider(self, url: str, who: str = MARTA) -> str:
        """Sign in and consent there, by its own pages; the callback's address."""
        answer = self.browser.get(url)
        for _ in range(12):
            if answer.status_code == 200:
                form = form_of(answer)
                sent = {"login": who, "password": "any"} if form.fields["prompt"] == "login" else {}
                answer = self.browser.post(form.url, data=form.fields | sent)
                continue
            assert answer.status_code in (302, 303), answer.text
            onward = urljoin(str(answer.url), answer.headers["location"])
            if onward.startswith(self.vestibule.base_url):
                return onward
            answer = self.browser.get(onward)
        raise AssertionError(answer.text)

    def login(self, who: str = MARTA, **query: str) -> httpx2.Response:
        self.provider_forgets()
        return self.browser.get(self.at_provider(self.asked(**query), who))


@pytest.fixture
def harbour(door: Vestibule) -> Generator[Harbour]:
    async def made(store: Store) -> Connection:
        enterprise = await connections.create_enterprise(store, SystemClock(), "Harbour")
        return await connections.create_connection(store, SystemClock(), enterprise.id, "generic")

    with httpx2.Client(trust_env=False, timeout=30) as browser:
        provider: Any = None
        harbour = Harbour(door, provider, door.admin(made), "oidc", browser)
        harbour.client = {
            "client_id": "vestibule", "client_secret": SECRET, "redirect_uris": [harbour.url("callback")],
        }  # fmt: skip
        yield harbour


@contextlib.contextmanager
def provided(harbour: Harbour, *, keys: list[dict[str, Any]] | None = None, port: int = 0) -> Generator[Harbour]:
    """The provider runs, and the connection knows it."""
    with openid_provider(port or free_port(), harbour.client, keys or [KEY]) as issuer:
        if not harbour.issuer:
            harbour.issuer = issuer
            harbour.set_up()
        yield harbour


@pytest.fixture
def walk(harbour: Harbour) -> Generator[Harbour]:
    with provided(harbour) as walk:
        yield walk


def changed(url: str, **values: str) -> str:
    """An address with other values in its query."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query=urlencode(dict(parse_qsl(parts.query)) | values)))


def test_a_person_signs_in_with_what_userinfo_tells(walk: Harbour) -> None:
    answer = walk.login()
    assert (answer.status_code, answer.headers.get("location")) == (303, "/session"), answer.text
    facts = walk.exchange(answer).facts
    assert (facts["match"], facts["verified_by"]) == ("created", "idp_claim")
    # This provider puts nothing of the profile into the ID token.
    document = walk.document("marta@harbour.example")
    assert document["displayName"] == "Marta Kowalska"
    assert document["emails"] == [{"value": "marta@harbour.example", "type": "work", "primary": True}]
    assert sorted(facts["groups"]["joins"].values()) == ["Harbour masters", "Pilots"]
    again = walk.login()
    assert walk.exchange(again).facts["match"] == "identity"


def test_an_address_that_the_provider_does_not_vouch_for_is_asked_for(walk: Harbour) -> None:
    answer = walk.login("jan")
    assert walk.code_of(answer) == "email_unproven", answer.text
    assert answer.headers["location"].startswith("/sso/verify/")


def test_a_callback_is_good_once_and_in_its_own_browser(walk: Harbour) -> None:
    back = walk.at_provider(walk.asked())
    with httpx2.Client(trust_env=False, timeout=30) as another:
        assert walk.code_of(another.get(back)) == "request_unknown"
    assert walk.browser.get(back).headers.get("location") == "/session"
    again = walk.browser.get(back)
    assert (again.status_code, walk.code_of(again)) == (400, "request_unknown")


def test_a_code_of_one_sign_in_does_not_finish_another(walk: Harbour) -> None:
    """A code that was caught is put into the callback of a sign-in that somebody else began: PKCE stops it."""
    caught = dict(parse_qsl(urlsplit(walk.at_provider(walk.asked())).query))["code"]
    own = walk.at_provider(walk.asked())
    answer = walk.browser.get(changed(own, code=caught))
    assert (answer.status_code, walk.code_of(answer)) == (400, "token_endpoint_error")
    assert walk.exchange(answer).facts["error"] == "invalid_grant"
    assert walk.users() == []


@pytest.mark.parametrize(
    ("asked", "came", "code"),
    [
        pytest.param({"nonce": "of-another-sign-in"}, {}, "id_token_nonce", id="nonce"),
        pytest.param({"code_challenge": "A" * 43}, {}, "token_endpoint_error", id="pkce"),
        pytest.param({}, {"iss": "https://other.example"}, "iss_mismatch", id="issuer"),
    ],
)
def test_what_was_changed_on_the_way_is_refused(walk: Harbour, asked: Any, came: Any, code: str) -> None:
    answer = walk.browser.get(changed(walk.at_provider(changed(walk.asked(), **asked)), **came))
    assert (answer.status_code, walk.code_of(answer)) == (400, code), answer.text
    assert walk.users() == []


def test_a_wrong_secret_is_told_to_the_administrator(walk: Harbour) -> None:
    walk.set_up(secret="another")
    answer = walk.login()
    assert (answer.status_code, walk.code_of(answer)) == (400, "token_endpoint_error")
    told = explain(walk.exchange(answer))
    assert "secret" in f"{told.sentence} {told.why}", told
    assert "invalid_client" not in answer.text


def test_an_address_that_is_not_registered_there_gets_no_answer(harbour: Harbour) -> None:
    harbour.client["redirect_uris"] = [harbour.url("callback").replace("127.0.0.1", "localhost")]
    with provided(harbour):
        page = harbour.browser.get(harbour.asked())
        assert page.status_code == 400
        assert "redirect_uri" in page.text


def test_who_declines_there_is_told_so_here(walk: Harbour) -> None:
    page = walk.browser.get(urljoin(walk.issuer, walk.browser.get(walk.asked()).headers["location"]))
    abort = re.search(r'href="([^"]+/abort)"', page.text)
    assert abort is not None, page.text
    answer = walk.browser.get(urljoin(str(page.url), abort[1]))
    while not str(answer.url).startswith(walk.vestibule.base_url):
        answer = walk.follow(answer)
    assert (answer.status_code, walk.code_of(answer)) == (400, "idp_error")
    assert walk.exchange(answer).facts["error"] == "access_denied"


def test_new_keys_are_read_when_a_token_names_one(harbour: Harbour) -> None:
    port = free_port()
    with provided(harbour, port=port):
        assert harbour.login().status_code == 303
    with provided(harbour, port=port, keys=[signing_key("second")]):
        # The keys were read a moment ago: whoever names unknown ones does not make us read them again and again.
        assert harbour.code_of(harbour.login()) == "kid_unknown"
        ago = now() - 600_000_000
        oidc = harbour.set().as_json()["oidc"]
        harbour.set(oidc={**oidc, "jwks_read_at": ago, "jwks_tried_at": ago})
        assert harbour.login().status_code == 303


def test_a_provider_that_is_gone_is_told_without_its_address(harbour: Harbour) -> None:
    with provided(harbour):
        back = harbour.at_provider(harbour.asked())
    answer = harbour.browser.get(back)
    assert (answer.status_code, harbour.code_of(answer)) == (502, "fetch_failed")
    assert urlsplit(harbour.issuer).netloc not in answer.text


def test_signing_out_ends_the_session_here(walk: Harbour) -> None:
    walk.login()
    base = walk.vestibule.base_url
    assert walk.browser.post(f"{base}/logout", headers={"Origin": base}).status_code in (302, 303)
    assert "You are not signed in" in walk.session().text


def test_a_test_sign_in_shows_each_step_and_where_it_fails(walk: Harbour) -> None:
    page = walk.login(test="1")
    assert "Marta Kowalska would be signed in" in page.text
    assert re.search(r"userinfo.*passed", page.text)
    walk.set_up(secret="another")
    page = walk.login(test="1")
    assert page.status_code == 200
    assert re.search(r"token endpoint.*failed.*token_endpoint_error", page.text)
    assert re.search(r"userinfo.*not reached", page.text)
    assert walk.users() == []
