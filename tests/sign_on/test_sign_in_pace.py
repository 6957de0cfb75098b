"""How many sign-ins one client may begin, and how many codes one mailbox is sent."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

import httpx2
import pytest
from starlette.requests import Request

from tests.sign_on.conftest import Mailbox
from tests.sign_on.walk import ANA, Walk
from vestibule import connections, ids
from vestibule.clock import SystemClock
from vestibule.explain import explain
from vestibule.model import EmailVerification
from vestibule.outbound.mail import Mail, Mailer
from vestibule.server.app import desk_of
from vestibule.server.sign_on.mailing import send_code
from vestibule.server.sign_on.pace import ALL, CLIENT, SignInPace
from vestibule.server.sign_on.refusal import LoginRefused
from vestibule.server.sign_on.visit import Visit
from vestibule.server.sparse import STRANGERS
from vestibule.settings import Settings
from vestibule.store import ExchangeQuery
from vestibule.store.sqlite import SqliteStore

SECOND = 1_000_000
HOUR = 3_600 * SECOND
MOST = 3_000
AT = 1_795_507_200 * SECOND


def knock(walk: Walk, end: str, client: str, method: str = "GET", most: int = 1) -> list[httpx2.Response]:
    """The answers to a client that comes again at once, until it is told to wait, and twice after that."""
    answers: list[httpx2.Response] = []
    with httpx2.Client(trust_env=False, headers={"X-Forwarded-For": client}) as http:
        while len(answers) < most and [each.status_code for each in answers[-3:]] != [429] * 3:
            answers.append(http.request(method, walk.url(end)))
    return answers


def test_who_begins_too_many_sign_ins_waits_and_nobody_else_does(walk: Walk) -> None:
    refused = knock(walk, "login", "198.51.100.9", most=MOST)[-3:]
    assert (refused[0].headers["Retry-After"], walk.code_of(refused[0])) == ("1", "rate_limited")
    assert "please wait a moment" in refused[0].text
    assert "set-cookie" not in refused[0].headers
    assert knock(walk, "login", "198.51.100.10")[0].status_code == 302
    assert walk.login().status_code == 303

    kept = walk.vestibule.admin(lambda store: store.exchanges(walk.id, ExchangeQuery(limit=1_000)))
    limited = [each for each in kept if each.status == 429]
    assert 0 < len(limited) <= STRANGERS
    assert explain(limited[0]).code == "rate_limited"


def test_answers_that_nobody_asked_for_are_limited_as_well(walk: Walk) -> None:
    answers = knock(walk, "acs", "198.51.100.11", "POST", MOST)
    assert (answers[0].status_code, answers[-1].status_code) == (400, 429)
    # Who begins and ends a sign-in each is counted for each.
    assert knock(walk, "login", "198.51.100.11")[0].status_code == 302


def asking(host: str, port: int, *forwarded: str) -> Request:
    headers = [(b"x-forwarded-for", each.encode()) for each in forwarded]
    return Request({"type": "http", "method": "GET", "path": "/", "headers": headers, "client": (host, port)})


def through(pace: SignInPace, request: Request, connection_id: str = "con_1", now: int = AT) -> int:
    count = 0
    while True:
        try:
            pace.count(request, connection_id, now, "begin")
        except LoginRefused:
            return count
        count += 1


def test_clients_and_connections_are_counted_apart() -> None:
    pace = SignInPace()
    assert through(pace, asking("203.0.113.7", 1)) == CLIENT * 30
    assert through(pace, asking("203.0.113.8", 1)) == CLIENT * 30
    assert through(pace, asking("203.0.113.7", 1), "con_2") == CLIENT * 30
    assert through(pace, asking("203.0.113.7", 2), now=AT + SECOND) == CLIENT


def test_behind_a_proxy_that_is_not_believed_all_are_counted_together_and_ten_times_as_many() -> None:
    pace = SignInPace()
    assert through(pace, asking("10.0.0.1", 4_711, "203.0.113.7")) == ALL * 30
    with pytest.raises(LoginRefused) as refused:
        pace.count(asking("10.0.0.1", 4_712, "203.0.113.8"), "con_1", AT, "begin")
    assert refused.value.facts["hidden"] is True
    # The proxy is believed: the address is the client's own.
    for forwarded in ("203.0.113.7", "203.0.113.7:4711", "198.51.100.1, 203.0.113.7"):
        assert through(SignInPace(), asking("203.0.113.7", 0, forwarded)) == CLIENT * 30
    for forwarded in ("2001:db8::7", "[2001:db8::7]", "[2001:db8::7]:4711"):
        assert through(SignInPace(), asking("2001:db8::7", 0, forwarded)) == CLIENT * 30
    # A field may come twice, the first one from the client itself.
    assert through(SignInPace(), asking("203.0.113.7", 0, "192.0.2.1", "203.0.113.7")) == CLIENT * 30


@pytest.mark.parametrize("forwarded", ["10.0.0.12", "110.0.0.1", "10.0.0.12:80"])
def test_a_client_whose_address_begins_or_ends_as_the_proxys_does_is_not_taken_for_it(forwarded: str) -> None:
    assert through(SignInPace(), asking("10.0.0.1", 4_711, forwarded)) == ALL * 30


@dataclass
class Post:
    """A mail server that takes everything."""

    sent: list[str] = field(default_factory=list)

    async def send(self, mail: Mail, _now: int) -> str:
        self.sent.append(mail.to)
        return "sent"


def test_a_mailbox_gets_so_many_codes_whoever_asks_for_them() -> None:
    async def run() -> None:
        store, clock = SqliteStore.open(":memory:", upgrade=True), SystemClock()
        enterprise = await connections.create_enterprise(store, clock, "Acme")
        made = [await connections.create_connection(store, clock, enterprise.id, "entra") for _ in range(2)]
        desk, post = desk_of(store, Settings(), clock), Post()
        desk.mailer = cast("Mailer", post)

        async def ask(number: int, address: str, now: int = AT, connection: int = 0) -> tuple[str, Visit, Any]:
            waiting = EmailVerification(
                made[connection].id, ids.new_id("ver", now + number), b"x" * 32, "https://idp.example/",
                f"subject {number} {now}", address, "asked", now, now + HOUR, {"user_name": address},
            )  # fmt: skip
            await store.add_verification(waiting)
            visit = Visit(ids.request_id(now), now, waiting.connection_id)
            problem = await send_code(desk, visit, waiting)
            return problem, visit, await store.verification(waiting.connection_id, waiting.id)

        for number in range(10):
            assert (await ask(number, f"ana+{number}@acme.example"))[0] == ""
        problem, visit, kept = await ask(10, "ANA@acme.example")
        assert (problem, visit.facts["seconds"], kept.sends) == ("mailbox_busy", 360, 0)
        assert len(post.sent) == 10
        assert (await ask(11, "ben@acme.example"))[0] == ""
        assert (await ask(12, ANA, connection=1))[0] == ""
        assert (await ask(13, "ana@acme.example", AT + 359 * SECOND))[0] == "mailbox_busy"
        assert (await ask(14, "ana@acme.example", AT + 360 * SECOND))[0] == ""
        assert (await ask(15, "ana@acme.example", AT + 361 * SECOND))[0] == "mailbox_busy"
        # However its domain is written.
        for number in range(20, 30):
            assert (await ask(number, "ben@B\u00dcCHER.example"))[0] == ""
        assert (await ask(30, "ben@b\u00fccher.example"))[0] == "mailbox_busy"
        assert (await ask(31, "ben@xn--bcher-kva.example"))[0] == "mailbox_busy"
        await store.close()

    asyncio.run(run())


def test_the_page_says_that_the_mailbox_was_sent_too_many(walk: Walk, mailbox: Mailbox) -> None:
    walk.set(email_policy="always_code")
    page = walk.follow(walk.login())
    answer = walk.browser.get(str(page.url).partition("?")[0], params={"problem": "mailbox_busy"})
    assert answer.status_code == 429
    assert "Too many codes were sent to this address" in answer.text
