"""The page behind a ticket's link: what it shows, whom it refuses and how, and that its secret is written nowhere."""

import subprocess
import sys
import time
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from tests.conftest import USER_SCOPES, Vestibule, database_url, free_port, running
from tests.databases import edit
from vestibule import tickets
from vestibule.clock import SystemClock
from vestibule.explain import explain
from vestibule.model import Connection, Exchange
from vestibule.scim.schema import CORE_USER
from vestibule.server.setup.page import KEPT
from vestibule.store import ExchangeQuery
from vestibule.store.tickets import Ticket, TicketChange
from vestibule.tickets import Made

HOUR = 3_600_000_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Vestibule]:
    with running(database_url(tmp_path_factory.mktemp("setup"))) as made:
        yield made


@pytest.fixture
def connection(server: Vestibule) -> Connection:
    return server.connection()


def invited(server: Vestibule, connection_id: str) -> Made:
    return server.admin(lambda store: tickets.create(store, SystemClock(), connection_id, label="Maria <b>Rossi</b>"))


def expired(server: Vestibule, connection_id: str) -> Made:
    made = invited(server, connection_id)
    over = replace(made.ticket, expires_at=SystemClock().now() - HOUR)
    server.admin(lambda store: store.change_ticket(connection_id, over.id, lambda _: TicketChange(over)))
    return made


def revoked(server: Vestibule, connection_id: str) -> Made:
    made = invited(server, connection_id)
    server.admin(lambda store: tickets.revoke(store, SystemClock(), made.ticket.id))
    return made


def visit(server: Vestibule, secret: str, method: str = "GET") -> httpx2.Response:
    return httpx2.request(method, f"{server.base_url}/setup/{secret}", trust_env=False)


def settle(server: Vestibule) -> None:
    """A look for a request that is not there has the log written first."""
    httpx2.get(f"{server.base_url}/e/req_none", trust_env=False)


def ticket(server: Vestibule, made: Made) -> Ticket:
    settle(server)
    return server.admin(lambda store: store.ticket(made.ticket.id))


def log(server: Vestibule, connection_id: str) -> list[Exchange]:
    settle(server)
    return server.admin(lambda store: store.exchanges(connection_id, ExchangeQuery()))


def test_the_page_tells_who_invites_to_what_until_when_and_what_to_enter(
    server: Vestibule, connection: Connection
) -> None:
    made = invited(server, connection.id)
    answer = visit(server, made.secret)
    assert answer.status_code == 200
    page = answer.text
    assert "Connect Entra ID of Acme with 127.0.0.1" in page
    assert "Maria &lt;b&gt;Rossi&lt;/b&gt;" in page
    saml = f"{server.base_url}/sso/saml/{connection.id}"
    for value in (f"{saml}/metadata", f"{saml}/acs", f"{saml}/login", server.scim_url(connection.id)):
        assert f"<code>{value}</code>" in page
    for label in ("Identifier (Entity ID)", "Reply URL (Assertion Consumer Service URL)", "Tenant URL"):
        assert f"<dt>{label}</dt>" in page
    assert "0 of 8 steps are done" in page
    assert made.secret not in page
    assert "script" not in page


def test_no_answer_is_cached_indexed_framed_or_told_to_another_site(server: Vestibule, connection: Connection) -> None:
    for made in (invited(server, connection.id), expired(server, connection.id), revoked(server, connection.id)):
        _is_guarded(visit(server, made.secret))
    _is_guarded(visit(server, "nothing"))


def _is_guarded(answer: httpx2.Response) -> None:
    headers = answer.headers
    assert headers["vestibule-request-id"].startswith("req_")
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert "noindex" in headers["x-robots-tag"]
    assert headers["x-content-type-options"] == "nosniff"
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "set-cookie" not in headers


def test_a_link_is_not_burnt_by_opening_it_and_openings_are_counted(server: Vestibule, connection: Connection) -> None:
    made = invited(server, connection.id)
    for _ in range(3):
        assert visit(server, made.secret).status_code == 200
    # What mail programs do to look at a link, and a link that was written in capitals.
    assert visit(server, made.secret, "HEAD").status_code == 200
    assert visit(server, made.secret.upper()).status_code == 200
    seen = ticket(server, made)
    assert seen.opens == 4
    assert (seen.opened_at or 0) < (seen.last_opened_at or 0)
    assert log(server, connection.id) == []
    assert visit(server, made.secret, "POST").status_code == 405


def test_the_steps_on_the_page_are_true(server: Vestibule, connection: Connection) -> None:
    made = invited(server, connection.id)
    _, text = server.token(connection.id, USER_SCOPES)
    with server.client(connection.id, text) as client:
        assert client.post("/Users", json={"schemas": [CORE_USER], "userName": "ana@example.com"}).status_code == 201
        assert client.get("/Groups").status_code == 403
        settle(server)
        page = visit(server, made.secret).text
        assert "Groups will fail" in page
        assert 'class="attention" id="step-token"' in page
        assert 'class="done" id="step-first_user"' in page
        assert "ana@example.com" not in page
        assert text not in page


@pytest.mark.parametrize(
    ("make", "error", "heading"),
    [(expired, "ticket_expired", "This invitation has ended"), (revoked, "ticket_revoked", "was taken back")],
)
def test_a_ticket_that_is_over_is_told_with_what_to_do_and_recorded(
    server: Vestibule, connection: Connection, make: Callable[[Vestibule, str], Made], error: str, heading: str
) -> None:
    made = make(server, connection.id)
    answer = visit(server, made.secret)
    request_id = answer.headers["vestibule-request-id"]
    assert answer.status_code == 410
    assert heading in answer.text
    assert "Ask whoever invited you" in answer.text or "ask whoever invited you" in answer.text
    assert request_id in answer.text
    (found,) = log(server, connection.id)
    assert (found.id, found.status, found.error) == (request_id, 410, error)
    assert found.path == f"/setup/{made.ticket.id}"
    assert explain(found).code == error
    assert ticket(server, made).opens == 0
    outside = httpx2.get(f"{server.base_url}/e/{request_id}", trust_env=False).text
    assert "its link was opened after that" in outside
    assert made.ticket.id not in outside


@pytest.mark.parametrize("secret", ["", "x", "a" * 52, "a" * 5_000, "%00", "..%2f..%2fetc", "%F0%9F%98%80"])
def test_an_unknown_link_is_a_plain_404_and_belongs_in_nobodys_log(server: Vestibule, secret: str) -> None:
    answer = visit(server, secret)
    assert answer.status_code == 404
    if secret and "%2f" not in secret:
        assert "This link leads to no invitation" in answer.text
        assert answer.headers["vestibule-request-id"] in answer.text


def test_a_secret_of_another_connection_or_with_a_letter_changed_is_unknown(
    server: Vestibule, connection: Connection
) -> None:
    made = invited(server, connection.id)
    other = server.connection()
    assert visit(server, other.id.removeprefix("con_") + made.secret[-26:]).status_code == 404
    for place in (0, 30, 51):
        letter = "0" if made.secret[place] != "0" else "1"
        assert visit(server, made.secret[:place] + letter + made.secret[place + 1 :]).status_code == 404
    assert log(server, connection.id) == log(server, other.id) == []
    assert ticket(server, made).opens == 0


def test_a_flood_of_openings_cannot_fill_the_log(server: Vestibule, connection: Connection) -> None:
    made = expired(server, connection.id)
    for _ in range(3 * KEPT):
        assert visit(server, made.secret).status_code == 410
    # One more if a minute began meanwhile.
    assert KEPT <= len(log(server, connection.id)) <= 2 * KEPT


def test_a_page_that_is_loaded_without_end_waits_and_another_ticket_does_not(
    server: Vestibule, connection: Connection
) -> None:
    made, other = invited(server, connection.id), invited(server, connection.id)
    answers = [visit(server, made.secret)]
    while answers[-1].status_code == 200 and len(answers) < 300:
        answers.append(visit(server, made.secret))
    refused, served = answers[-1], len(answers) - 1
    assert (refused.status_code, served >= 30) == (429, True)
    assert int(refused.headers["retry-after"]) >= 1
    assert "try again in a moment" in refused.text
    _is_guarded(refused)
    assert visit(server, other.secret).status_code == 200
    assert ticket(server, made).opens == served


def test_an_opened_link_is_no_call_of_the_identity_provider(server: Vestibule, connection: Connection) -> None:
    made, good = expired(server, connection.id), invited(server, connection.id)
    visit(server, made.secret)
    settle(server)
    page = visit(server, good.secret).text
    assert "It has never called." in page
    told = server.admin(lambda store: store.exchanges(connection.id, ExchangeQuery(sign_ins=False)))
    assert told == []


def test_the_secret_is_written_to_no_log_and_no_database(tmp_path: Path) -> None:
    """As `vestibule serve` runs, with all that it prints; open, over, unknown, and when the page itself fails."""
    database, port = database_url(tmp_path, "sqlite"), free_port()
    arguments = ["serve", "--port", str(port), "--database", database]
    with (tmp_path / "printed").open("wb") as printed:
        process = subprocess.Popen(
            [sys.executable, "-m", "vestibule", *arguments], stdout=printed, stderr=subprocess.STDOUT
        )
        try:
            server = Vestibule(f"http://127.0.0.1:{port}", database)
            _wait(server)
            connection_id = server.connection().id
            made = [each(server, connection_id) for each in (invited, expired, revoked)]
            for each in made:
                visit(server, each.secret)
                visit(server, f"{each.secret}?x={each.secret}")
                visit(server, each.secret[:-1])
            settle(server)
            # The page fails, and its fault is told with a traceback.
            edit(database, f"INSERT INTO sign_ons VALUES ('{connection_id}', 'no JSON', 1)")
            assert visit(server, made[0].secret).status_code == 500
        finally:
            process.terminate()
            process.wait(20)
    written = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert b"setup page failed" in written
    for each in made:
        assert each.ticket.id.encode() in written
        assert each.secret[-26:-1].encode() not in written


def _wait(server: Vestibule) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if httpx2.get(f"{server.base_url}/readyz", trust_env=False).status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.05)
    raise AssertionError("the server did not start")
