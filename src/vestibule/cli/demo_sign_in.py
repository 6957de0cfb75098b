"""The second half of the demo: signing in at an identity provider that has the e-mail claim mapped wrongly."""

import contextlib
import re
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx2

from vestibule import identity_providers
from vestibule.cli.demo_process import await_log, serving
from vestibule.cli.session import Session
from vestibule.cli.told import as_text
from vestibule.explain import SIGN_IN, explain
from vestibule.model import Connection, Exchange
from vestibule.outbound.addresses import Allowed
from vestibule.outbound.fetch import Fetcher
from vestibule.store import ExchangeQuery, Store

LOOPBACK = "127.0.0.1/32"
_EMAIL = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"


@dataclass(slots=True)
class Form(HTMLParser):
    """The form of a page: where it goes, and what stands in it."""

    page: httpx2.Response
    action: str = ""
    fields: dict[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        HTMLParser.__init__(self)
        self.feed(self.page.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the form's action and its fields."""
        given = dict(attrs)
        if tag == "form":
            self.action = urljoin(str(self.page.url), given.get("action") or "")
        if tag == "input" and given.get("name"):
            self.fields[str(given["name"])] = given.get("value") or ""


@dataclass(slots=True)
class SignIn:
    """A browser, the identity provider, and the connection that signs in there."""

    session: Session
    connection: Connection
    provider_url: str
    tell: Callable[[str], None]
    browser: httpx2.Client = field(default_factory=lambda: httpx2.Client(trust_env=False, timeout=30))

    @property
    def _saml(self) -> str:
        return f"{self.session.settings.base_url}/sso/saml/{self.connection.id}"

    def introduce(self) -> None:
        """Give each the other's metadata, as an admin does."""
        ours = self.browser.get(f"{self._saml}/metadata").raise_for_status()
        known = self.browser.post(
            f"{self.provider_url}/control/apps", content=ours.content, headers={"Content-Type": "application/xml"}
        ).raise_for_status()
        url = known.json()["metadata_url"]
        now = self.session.clock.now()

        async def work(store: Store) -> None:
            fetcher = Fetcher(Allowed.read((LOOPBACK,)))
            found = await identity_providers.fetch_metadata(fetcher, url, now, entity_id=None, allow_http=True)
            await identity_providers.set_up_saml(store, self.connection, found, now, actor="demo")
            wanted: dict[str, Any] = {
                "email_policy": "trust_directory",
                "claims": {"email": {"claims": [_EMAIL], "required": True}},
            }
            await identity_providers.change_settings(store, self.connection, wanted, now, actor="demo")

        self.session.run(work)
        self.tell(f"   vestibule connection set {self.connection.id} --metadata '{url}' --email-policy trust_directory")

    def switch(self, *mistakes: str) -> None:
        """Have the identity provider make these mistakes, and no other."""
        self.browser.post(f"{self.provider_url}/control", json={"mistakes": list(mistakes)}).raise_for_status()

    def walk(self, user_name: str, *, test: bool = False) -> httpx2.Response:
        """A whole sign-in, as a browser makes it."""
        self.browser.cookies.clear()
        page = self.browser.get(f"{self._saml}/login{'?test=1' if test else ''}", follow_redirects=True)
        form = Form(page)
        answer = Form(self.browser.post(form.action, data=form.fields | {"upn": user_name}, follow_redirects=True))
        return self.browser.post(answer.action, data=answer.fields)

    def exchange(self, answer: httpx2.Response) -> Exchange | None:
        """What was recorded of an answer."""
        wanted = answer.headers.get("Vestibule-Request-Id")

        async def work(store: Store) -> Exchange | None:
            found = await store.exchanges(self.connection.id, ExchangeQuery(limit=5, resource_type=SIGN_IN))
            return next((each for each in found if each.id == wanted), None)

        for _ in range(40):
            found = self.session.run(work)
            if found is not None:
                return found
            await_log()
        return None

    def diagnose(self, answer: httpx2.Response) -> bool:
        """Tell what Vestibule says of a sign-in; False when it was not recorded."""
        found = self.exchange(answer)
        if found is None:
            return False
        self.tell(f"   vestibule explain {found.id}\n")
        self.tell("\n".join(f"   {line}".rstrip() for line in as_text(explain(found)).splitlines()))
        return True


def tell_sign_in(sign_in: SignIn, user_name: str, step: Callable[[str], None]) -> bool:
    """The story of the claim `user.email`: seen in a test, mended, and a person signed in. True when they are."""
    step("Now sign-on: Acme's admin gives each side the other's metadata")
    sign_in.introduce()
    step("A test sign-in, which signs nobody in: the e-mail claim was mapped to user.email, which Entra does not have")
    sign_in.switch("email_literal")
    sign_in.tell(f"   {sign_in.session.settings.base_url}/sso/saml/{sign_in.connection.id}/login?test=1\n")
    told = sign_in.diagnose(sign_in.walk(user_name, test=True))
    step("The admin chooses user.mail instead, and the next sign-in is a real one")
    sign_in.switch()
    answer = sign_in.walk(user_name)
    page = sign_in.browser.get(urljoin(str(answer.url), answer.headers.get("location", "")))
    for line in _shown(page.text):
        sign_in.tell(f"   {line}")
    return told and answer.status_code == 303 and page.status_code == 200 and user_name in page.text


def _shown(page: str) -> list[str]:
    """The list of a page, as lines."""
    rows = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page, re.DOTALL)
    texts = [[unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", each))).strip() for each in row] for row in rows]
    return [f"{name:<10} {value}" for name, value in texts]


@contextlib.contextmanager
def identity_provider(people: Path, port: int, log: Path) -> Generator[str]:
    """The local identity provider in a process of its own; its address."""
    url = f"http://127.0.0.1:{port}"
    arguments = ["idp", "--port", str(port), "--people", str(people)]
    with serving("The identity provider", arguments, f"{url}/healthz", log):
        yield url
