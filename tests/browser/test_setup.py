"""An invited administrator opens the link of a setup ticket: in a real browser, with scripts and without."""

from dataclasses import replace

from playwright.sync_api import expect

from tests.browser.visitor import Visitor
from tests.conftest import USER_SCOPES
from tests.explain.provisioned import USER
from tests.saml.keys import NOW
from vestibule import ids, tickets
from vestibule.clock import SystemClock
from vestibule.model import Audit, Domain
from vestibule.store import Store
from vestibule.store.tickets import TicketChange
from vestibule.tickets import Made


def invited(visitor: Visitor) -> Made:
    walk = visitor.walk
    return walk.vestibule.admin(
        lambda store: tickets.create(store, SystemClock(), walk.id, label="Maria Rossi", mail="maria@contoso.example")
    )


def link(visitor: Visitor, made: Made) -> str:
    return made.link(visitor.walk.vestibule.base_url)


def ends(visitor: Visitor, made: Made) -> None:
    over = replace(made.ticket, expires_at=SystemClock().now() - 1)
    visitor.walk.vestibule.admin(
        lambda store: store.change_ticket(over.connection_id, over.id, lambda _: TicketChange(over))
    )


def step(visitor: Visitor, name: str) -> str:
    return visitor.page.locator(f"#step-{name} .standing").inner_text()


def test_the_checklist_is_followed_from_a_set_up_sign_on_to_the_refused_groups(visitor: Visitor) -> None:
    walk, page = visitor.walk, visitor.page
    made = invited(visitor)
    page.goto(link(visitor, made))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Connect Entra ID of")
    expect(page.get_by_text("Reply URL (Assertion Consumer Service URL)", exact=True)).to_be_visible()
    assert (step(visitor, "sign_on"), step(visitor, "token"), step(visitor, "roll_call")) == (
        "Done", "To do", "Not needed",
    )  # fmt: skip
    visitor.looks_well("setup-begun")

    walk.set(email_policy="trust_idp_claim")
    visitor.sign_in(query="?test=1")
    visitor.sees("Ana García would be signed in")
    _, text = walk.vestibule.token(walk.id, USER_SCOPES)
    with walk.vestibule.client(walk.id, text) as scim:
        assert scim.post("/Users", json={"schemas": [USER], "userName": "dmitri@contoso.example"}).status_code == 201
        assert scim.get("/Groups", params={"filter": 'displayName eq "grp_all"'}).status_code == 403
    page.goto(f"{walk.vestibule.base_url}/e/req_none")  # has the log written
    page.goto(link(visitor, made))
    assert [step(visitor, name) for name in ("test_sign_in", "token", "first_user", "first_group", "cycle")] == [
        "Done", "Look at this", "Done", "Failed", "Failed",
    ]  # fmt: skip
    expect(page.locator("#step-token")).to_contain_text("Groups will fail")
    expect(page.locator("#step-cycle")).to_contain_text("Restart provisioning")
    visitor.looks_well("setup-refused")


def test_the_test_sign_in_opens_beside_the_checklist_and_by_the_keyboard(visitor: Visitor) -> None:
    page = visitor.page
    page.goto(link(visitor, invited(visitor)))
    page.keyboard.press("Tab")
    test = page.get_by_role("link", name="Make a test sign-in")
    expect(test).to_be_focused()
    with page.context.expect_page() as opened:
        page.keyboard.press("Enter")
    beside = opened.value
    beside.wait_for_load_state()
    assert beside.url.startswith((visitor.walk.provider.url, visitor.walk.vestibule.base_url))
    assert beside.evaluate("document.referrer") == ""
    beside.close()


def test_long_names_and_many_domains_fit_a_narrow_screen(visitor: Visitor) -> None:
    walk = visitor.walk

    async def work(store: Store) -> Made:
        for number in range(3):
            name = f"{'sub.' * 12}d{number}-{walk.id[4:]}.example"
            domain = Domain(
                walk.connection.enterprise_id, ids.new_id("dom", NOW), name, False, "pending", "t" * 26, NOW
            )
            await store.add_domain(domain, Audit(ids.new_id("aud", NOW), "ent_x", NOW, "test", "x", domain.id, {}))
        return await tickets.create(store, SystemClock(), walk.id, label="M" * 200)

    made = walk.vestibule.admin(work)
    visitor.page.goto(link(visitor, made))
    expect(visitor.page.locator("#step-domains")).to_contain_text("TXT record _vestibule-challenge.")
    visitor.looks_well("setup-long")

    async def undo(store: Store) -> None:
        for each in await store.domains(walk.connection.enterprise_id):
            entry = Audit(ids.new_id("aud", NOW), "ent_x", NOW, "test", "x", each.id, {})
            await store.remove_domain(each.enterprise_id, each.id, entry)

    walk.vestibule.admin(undo)


def test_a_link_that_is_over_or_broken_says_what_to_do(visitor: Visitor) -> None:
    made, page = invited(visitor), visitor.page
    ends(visitor, made)
    page.goto(link(visitor, made))
    visitor.sees("This invitation has ended")
    expect(page.get_by_text("this same link works again")).to_be_visible()
    expect(page.get_by_text("req_")).to_be_visible()
    visitor.looks_well("setup-expired")
    visitor.walk.vestibule.admin(lambda store: tickets.revoke(store, SystemClock(), made.ticket.id))
    page.reload()
    visitor.sees("This invitation was taken back")
    visitor.looks_well("setup-revoked")
    page.goto(link(visitor, made)[:-1])
    visitor.sees("This link leads to no invitation")
    visitor.looks_well("setup-unknown")
