"""Somebody signs in, proves their address, waits for a word, and leaves: in a real browser."""

import contextlib
import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Route, expect

from tests.browser.visitor import Visitor
from tests.sign_on.conftest import Mailbox
from tests.sign_on.walk import ANA
from vestibule import ids
from vestibule.clock import SystemClock
from vestibule.model import Audit, Domain
from vestibule.signin import proofs
from vestibule.store import Store

DMITRI = "dmitri@contoso.example"
ELSEWHERE = "dmitri@home.example"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def test_somebody_signs_in_by_a_code_and_out_again(visitor: Visitor, mailbox: Mailbox) -> None:
    visitor.walk.set(email_policy="always_code")
    visitor.sign_in()
    visitor.sees(f"Enter the code that we sent to {ANA}")
    expect(visitor.page.get_by_label("Code", exact=True)).to_be_focused()
    visitor.looks_well("code")
    code = mailbox.code(ANA)
    visitor.page.get_by_label("Code", exact=True).fill("000000" if code != "000000" else "111111")
    visitor.press("Sign in")
    expect(visitor.page.get_by_role("alert")).to_contain_text("4 tries are left")
    visitor.looks_well("code-wrong")
    visitor.page.get_by_label("Code", exact=True).fill(f"{code[:3]} {code[3:]}")
    visitor.press("Sign in")
    visitor.sees("Ana García")
    visitor.looks_well("session")
    visitor.press("Sign out")
    visitor.sees("You are signed out.")
    visitor.looks_well("signed-out")


def test_who_has_no_mailbox_names_another_address(visitor: Visitor, mailbox: Mailbox) -> None:
    visitor.walk.set(email_policy="always_code")
    visitor.sign_in(DMITRI)
    visitor.sees("Your company has sent no e-mail address for you")
    visitor.looks_well("no-mailbox")
    visitor.page.get_by_label("Send the code to another address of mine").fill(ELSEWHERE)
    visitor.press("Send a code")
    visitor.sees(f"Enter the code that we sent to {ELSEWHERE}")
    visitor.page.get_by_label("Code", exact=True).fill(mailbox.code(ELSEWHERE))
    visitor.press("Sign in")
    visitor.sees("Dmitri Petrov")


def test_a_mailbox_that_is_not_there_is_said(visitor: Visitor, mailbox: Mailbox) -> None:
    visitor.walk.set(email_policy="always_code")
    mailbox.nobody.add(ANA)
    try:
        visitor.sign_in()
    finally:
        mailbox.nobody.discard(ANA)
    visitor.sees(f"Confirm your address {ANA}")
    expect(visitor.page.get_by_role("alert")).to_contain_text(f"There is no mailbox {ANA}")
    expect(visitor.page.get_by_label("Code", exact=True)).to_have_count(0)
    visitor.looks_well("mailbox-missing")


def test_an_administrators_word_lets_the_waiting_page_go_on_by_itself(visitor: Visitor) -> None:
    def hasten(route: Route) -> None:
        answer = route.fetch()
        hurried = {"refresh": "1"} if "refresh" in answer.headers else {}
        route.fulfill(response=answer, headers=answer.headers | hurried)

    walk = visitor.walk
    walk.set(email_policy="always_code")
    visitor.sign_in(DMITRI)
    visitor.press("Ask my administrator")
    visitor.sees("Your administrator has to let you in")
    visitor.looks_well("waiting")
    # From here on the page looks again after one second instead of fifteen.
    visitor.page.route("**/sso/verify/**", hasten)
    visitor.page.reload()

    async def approve(store: Store) -> None:
        (waiting,) = await store.verifications(walk.id)
        await proofs.decide(store, walk.id, waiting.id, SystemClock().now(), approve=True, actor="test")

    walk.vestibule.admin(approve)
    visitor.sees("Dmitri Petrov")


def test_who_is_deactivated_by_scim_is_signed_out_with_the_next_click(visitor: Visitor) -> None:
    walk = visitor.walk
    walk.set(email_policy="trust_idp_claim")
    visitor.sign_in()
    visitor.sees("Ana García")
    _, text = walk.vestibule.token(walk.id)
    with walk.vestibule.client(walk.id, text) as scim:
        operation = {"op": "Replace", "path": "active", "value": "False"}
        answer = scim.patch(f"/Users/{walk.user().id}", json={"schemas": [PATCH], "Operations": [operation]})
        assert answer.status_code == 200, answer.text
    visitor.page.reload()
    visitor.sees("You are signed out, as your account is no longer active.")
    visitor.looks_well("deactivated")
    visitor.page.goto(f"{walk.vestibule.base_url}/session")
    visitor.sees("You are not signed in.")


def test_a_refusal_is_told_in_words_for_the_person(visitor: Visitor) -> None:
    visitor.walk.provider.control(mistakes=["sha1"])
    visitor.sign_in()
    expect(visitor.page.get_by_text("send your administrator the two lines below")).to_be_visible()
    expect(visitor.page.get_by_text("signature_algorithm")).to_be_visible()
    visitor.looks_well("refused")


def test_a_test_sign_in_explains_the_user_email_mistake_and_how_to_mend_it(visitor: Visitor) -> None:
    visitor.walk.provider.control(mistakes=["email_literal"])
    visitor.sign_in(query="?test=1")
    visitor.sees("A code would be asked of Ana García")
    expect(visitor.page.get_by_text("the e-mail claim holds the text user.email itself")).to_be_visible()
    expect(visitor.page.get_by_role("heading", name="What to do")).to_be_visible()
    expect(visitor.page.get_by_role("listitem").filter(has_text="user.mail").first).to_be_visible()
    visitor.looks_well("test-mistake")
    visitor.page.goto(f"{visitor.walk.vestibule.base_url}/session")
    visitor.sees("You are not signed in.")


def test_a_test_sign_in_that_fails_shows_which_check_and_why(visitor: Visitor) -> None:
    visitor.walk.provider.control(mistakes=["wrong_audience"])
    visitor.sign_in(query="?test=1")
    expect(visitor.page.get_by_text("Nobody was signed in")).to_be_visible()
    expect(visitor.page.get_by_role("listitem").filter(has_text="audience: failed")).to_be_visible()
    visitor.looks_well("test-refused")


def test_the_pages_that_only_lead_on_look_well_too(visitor: Visitor) -> None:
    """Seen where scripts are off, they are examined where scripts are on but stopped."""
    walk = visitor.walk
    walk.set(saml={**walk.set().as_json()["saml"], "sso_binding": "post"})
    if visitor.scripts:
        visitor.page.add_init_script("HTMLFormElement.prototype.submit = () => {}")
    visitor.page.goto(walk.url("login"))
    visitor.sees("On to your company's sign-in page")
    visitor.looks_well("posting")
    visitor.press("Go on")
    visitor.page.wait_for_url(f"{walk.provider.url}/**")
    visitor.looks_well("provider")


def test_a_test_sign_in_shows_what_would_happen(visitor: Visitor) -> None:
    visitor.walk.set(email_policy="trust_idp_claim")
    visitor.sign_in(query="?test=1")
    visitor.sees("Ana García would be signed in")
    visitor.looks_well("test-well")
    assert visitor.walk.users() == []


def test_a_provider_that_reads_posts_is_reached(visitor: Visitor) -> None:
    walk = visitor.walk
    walk.set(email_policy="trust_idp_claim")
    walk.set(saml={**walk.set().as_json()["saml"], "sso_binding": "post"})
    visitor.sign_in()
    visitor.sees("Ana García")


def test_a_provider_that_sends_a_post_on_to_another_site_is_reached(visitor: Visitor) -> None:
    """As with federated domains: the form goes to one site, and that one redirects to the next."""
    walk = visitor.walk
    walk.set(email_policy="trust_idp_claim")
    saml = walk.set().as_json()["saml"]
    with sent_on(saml["sso_url"]) as elsewhere:
        walk.set(saml={**saml, "sso_binding": "post", "sso_url": elsewhere})
        visitor.sign_in()
    visitor.sees("Ana García")


@contextlib.contextmanager
def sent_on(url: str) -> Generator[str]:
    """A site that redirects every POST, with its form."""

    class Redirect(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(307)
            self.send_header("Location", url)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Redirect) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/sso"
        server.shutdown()


def test_somebody_signs_in_by_openid_connect(oidc_visitor: Visitor, mailbox: Mailbox) -> None:
    oidc_visitor.sign_in()
    oidc_visitor.page.get_by_label("Code", exact=True).fill(mailbox.code(ANA))
    oidc_visitor.press("Sign in")
    oidc_visitor.sees("Ana García")
    oidc_visitor.press("Sign out")
    oidc_visitor.sees("You are not signed in.")


@pytest.fixture
def held(visitor: Visitor) -> Generator[None]:
    """The company's domain is its own."""
    walk, now = visitor.walk, SystemClock().now()
    domain = Domain(
        walk.connection.enterprise_id, ids.new_id("dom", now), "contoso.example", False, "verified", "t", now, now
    )

    def audit() -> Audit:
        return Audit(ids.new_id("aud", now), domain.enterprise_id, now, "test", "x", domain.id, {})

    walk.vestibule.admin(lambda store: store.add_domain(domain, audit()))
    yield
    walk.vestibule.admin(lambda store: store.remove_domain(domain.enterprise_id, domain.id, audit()))


@pytest.mark.usefixtures("held")
def test_an_address_leads_to_the_right_identity_provider(visitor: Visitor) -> None:
    visitor.walk.set(email_policy="trust_idp_claim")
    visitor.page.goto(f"{visitor.walk.vestibule.base_url}/login")
    visitor.sees("Sign in with your company's account")
    address = visitor.page.get_by_label("E-mail address at work")
    expect(address).to_be_focused()
    visitor.looks_well("start")
    address.fill("somebody@nowhere.example")
    visitor.press("Go on")
    expect(visitor.page.get_by_role("alert")).to_contain_text("There is no sign-in by a company for this address")
    expect(address).to_have_value("somebody@nowhere.example")
    visitor.looks_well("start-problem")
    address.fill(ANA)
    address.press("Enter")
    expect(visitor.page.get_by_label("Sign-in name")).to_have_value(ANA)
    visitor.vouched()
    visitor.sees("Ana García")


def test_a_recorded_request_is_explained_to_an_outsider(visitor: Visitor) -> None:
    visitor.walk.provider.control(mistakes=["sha1"])
    visitor.sign_in()
    request_id = visitor.page.get_by_text("req_").inner_text()
    visitor.page.goto(f"{visitor.walk.vestibule.base_url}/e/{request_id}")
    expect(visitor.page.get_by_text("vestibule explain")).to_be_visible()
    visitor.looks_well("explanation")
    visitor.page.goto(f"{visitor.walk.vestibule.base_url}/e/req_nothing")
    visitor.sees("No request with this id is recorded.")
    visitor.looks_well("unknown")
