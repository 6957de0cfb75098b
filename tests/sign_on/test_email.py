"""The first sign-in: whose address counts, codes that are sent, people without a mailbox, an administrator's word."""

from typing import Any

import httpx2
import pytest

from tests.sign_on.conftest import Mailbox
from tests.sign_on.walk import ANA, Walk
from vestibule.clock import SystemClock
from vestibule.connections import change_settings
from vestibule.signin import exceptions, proofs

DMITRI = "dmitri@contoso.example"
CORE = "urn:ietf:params:scim:schemas:core:2.0:User"


def asked(walk: Walk, who: str = ANA) -> httpx2.Response:
    """As far as the page that asks for a code."""
    answer = walk.login(who)
    assert answer.headers.get("location", "").startswith("/sso/verify/"), answer.text
    return walk.follow(answer)


def enter(walk: Walk, page: httpx2.Response, **fields: str) -> httpx2.Response:
    return walk.browser.post(str(page.url).partition("?")[0], data=fields)


def waiting(walk: Walk) -> Any:
    return walk.vestibule.admin(lambda store: store.verifications(walk.id))[0]


def decide(walk: Walk, *, approve: bool) -> None:
    verification = waiting(walk)
    walk.vestibule.admin(
        lambda store: proofs.decide(store, walk.id, verification.id, SystemClock().now(), approve=approve, actor="test")
    )


def test_a_code_is_sent_and_lets_its_reader_in(walk: Walk, mailbox: Mailbox) -> None:
    walk.set(email_policy="always_code")
    page = asked(walk)
    assert "Enter the code that we sent to ana@contoso.example" in page.text
    assert walk.users() == []
    answer = enter(walk, page, code=mailbox.code(ANA))
    assert answer.headers["location"] == "/session", answer.text
    assert "by a code" in walk.session().text
    # For good: the next time nothing is asked.
    assert walk.login().headers["location"] == "/session"


def test_a_wrong_code_counts_and_five_are_enough(walk: Walk, mailbox: Mailbox) -> None:
    walk.set(email_policy="always_code")
    page = asked(walk)
    right = mailbox.code(ANA)
    wrong = "000000" if right != "000000" else "111111"
    for left in (4, 3, 2, 1):
        answer = enter(walk, page, code=wrong)
        assert (answer.status_code, f"{left} tr" in answer.text) == (400, True)
    assert enter(walk, page, code=wrong).status_code == 429
    assert enter(walk, page, code=right).status_code == 429
    # Beginning again does not give more tries.
    again = asked(walk)
    assert enter(walk, again, code=right).status_code == 429


def test_codes_are_not_sent_at_will(walk: Walk, mailbox: Mailbox) -> None:
    walk.set(email_policy="always_code")
    before = len(mailbox.to(ANA))
    page = asked(walk)
    assert enter(walk, page, resend="1").status_code == 429
    asked(walk)
    assert len(mailbox.to(ANA)) == before + 1


def test_a_code_is_good_for_its_own_browser_only(walk: Walk, mailbox: Mailbox) -> None:
    walk.set(email_policy="always_code")
    page = asked(walk)
    walk.browser.cookies.clear()
    answer = enter(walk, page, code=mailbox.code(ANA))
    assert answer.status_code == 403
    assert walk.code_of(answer) == "request_unknown"


def test_a_form_of_another_site_is_not_taken(walk: Walk, mailbox: Mailbox) -> None:
    walk.set(email_policy="always_code")
    page = asked(walk)
    url = str(page.url).partition("?")[0]
    answer = walk.browser.post(url, data={"code": mailbox.code(ANA)}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403


def test_who_has_no_mailbox_gives_another_address(walk: Walk, mailbox: Mailbox) -> None:
    walk.set(email_policy="always_code")
    page = asked(walk, DMITRI)
    assert "sent no e-mail address for you" in page.text
    bad = enter(walk, page, address="not an address")
    assert bad.status_code == 400
    sent = enter(walk, page, address="dmitri@home.example")
    assert sent.status_code == 303
    answer = enter(walk, page, code=mailbox.code("dmitri@home.example"))
    assert answer.headers["location"] == "/session"
    user_id = walk.user(DMITRI).id
    found = walk.vestibule.admin(lambda store: store.verified_emails(walk.id, user_id))
    assert [(each.address, each.by) for each in found] == [("dmitri@home.example", "code")]
    assert walk.login(DMITRI).headers["location"] == "/session"


def test_who_has_no_mailbox_is_let_in_by_an_administrator(walk: Walk) -> None:
    walk.set(email_policy="always_code")
    page = asked(walk, DMITRI)
    assert enter(walk, page, ask_admin="1").status_code == 303
    shown = walk.browser.get(str(page.url))
    assert "Your administrator has to let you in" in shown.text
    assert "Refresh" in shown.headers
    decide(walk, approve=True)
    let_in = walk.browser.get(str(page.url))
    assert let_in.headers["location"] == "/session"
    assert walk.login(DMITRI).headers["location"] == "/session"


def test_a_code_proves_the_address_that_it_was_sent_to_and_no_later_one(walk: Walk, mailbox: Mailbox) -> None:
    walk.set(email_policy="always_code")
    walk.provider.control(mistakes=["no_mail"])
    page = asked(walk)
    assert enter(walk, page, address="ana@elsewhere.example").status_code == 303
    old = mailbox.code("ana@elsewhere.example")
    # Now the identity provider sends an address, and it is that one which must be proven.
    walk.provider.control(mistakes=[])
    page = asked(walk)
    assert enter(walk, page, code=old).status_code == 400
    verification = waiting(walk)
    assert (verification.address, verification.state) == (ANA, "asked")


def test_an_administrators_no_is_kept_to(walk: Walk) -> None:
    walk.set(email_policy="admin_approves")
    page = asked(walk, DMITRI)
    assert "Your administrator has to let you in" in page.text
    decide(walk, approve=False)
    assert walk.browser.get(str(page.url)).status_code == 403
    answer = walk.login(DMITRI)
    assert (answer.status_code, walk.code_of(answer)) == (403, "approval_refused")


def test_an_administrators_word_holds_for_the_next_sign_in(walk: Walk) -> None:
    walk.set(email_policy="admin_approves")
    asked(walk, DMITRI)
    decide(walk, approve=True)
    walk.browser.cookies.clear()
    assert walk.login(DMITRI).headers["location"] == "/session"


def test_a_mailbox_that_is_not_there_is_said_and_leads_on(walk: Walk, mailbox: Mailbox) -> None:
    walk.set(email_policy="always_code")
    mailbox.nobody.add(ANA)
    try:
        page = asked(walk)
    finally:
        mailbox.nobody.discard(ANA)
    assert "There is no mailbox ana@contoso.example" in page.text


def test_the_directory_is_trusted_for_who_came_by_it(walk: Walk) -> None:
    walk.set(email_policy="trust_directory")
    _, text = walk.vestibule.token(walk.id)
    with walk.vestibule.client(walk.id, text) as scim:
        for name, emails in (
            (ANA, [{"value": ANA}]),
            (DMITRI, []),
            ("ben@contoso.example", [{"value": "b@else.example"}]),
        ):
            made = scim.post("/Users", json={"schemas": [CORE], "userName": name, "emails": emails})
            assert made.status_code == 201
    assert walk.login().headers["location"] == "/session"
    # The contractor of the story: no mailbox anywhere, and nothing is asked.
    assert walk.login(DMITRI).headers["location"] == "/session"
    assert walk.login("ben@contoso.example").headers["location"].startswith("/sso/verify/")


def test_a_verified_domain_is_trusted(walk: Walk, company: Any) -> None:
    walk.set(email_policy="trust_verified_domain")
    assert walk.login().headers["location"].startswith("/sso/verify/")

    async def hold(store: Any) -> None:
        from vestibule import ids
        from vestibule.model import Audit, Domain

        now = SystemClock().now()
        held = Domain(
            walk.connection.enterprise_id, ids.new_id("dom", now), "contoso.example", False, "verified", "t", now, now
        )
        await store.add_domain(held, Audit(ids.new_id("aud", now), held.enterprise_id, now, "test", "x", held.id, {}))

    walk.vestibule.admin(hold)
    try:
        assert walk.login().headers["location"] == "/session"
    finally:
        walk.vestibule.admin(lambda store: _give_up(walk, store))


async def _give_up(walk: Walk, store: Any) -> None:
    from vestibule import ids
    from vestibule.model import Audit

    now = SystemClock().now()
    for each in await store.domains(walk.connection.enterprise_id):
        await store.remove_domain(
            each.enterprise_id,
            each.id,
            Audit(ids.new_id("aud", now), each.enterprise_id, now, "test", "x", each.id, {}),
        )


def test_an_exception_for_a_group_lets_its_members_in(walk: Walk) -> None:
    walk.set(email_policy="always_code")
    _, text = walk.vestibule.token(walk.id)
    with walk.vestibule.client(walk.id, text) as scim:
        made = scim.post("/Users", json={"schemas": [CORE], "userName": DMITRI})
        scim.post(
            "/Groups",
            json={
                "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
                "displayName": "Contractors",
                "members": [{"value": made.json()["id"]}],
            },
        )
    assert walk.login(DMITRI).headers["location"].startswith("/sso/verify/")
    now = SystemClock().now()
    walk.vestibule.admin(
        lambda store: exceptions.add(
            store, walk.id, "trust_directory", now, group_name="Contractors", until=now + 10**12
        )
    )
    assert walk.login(DMITRI).headers["location"] == "/session"


@pytest.mark.parametrize("guess", ["", "12345", "1234567", "abcdef", "      "])
def test_what_is_no_code_is_a_wrong_code(walk: Walk, guess: str) -> None:
    walk.set(email_policy="always_code")
    page = asked(walk)
    assert enter(walk, page, code=guess).status_code == 400


def test_no_code_is_sent_to_an_address_that_the_connection_does_not_allow(walk: Walk, mailbox: Mailbox) -> None:
    walk.set(email_policy="always_code")
    page = asked(walk)
    mailbox.code(ANA)
    walk.vestibule.admin(
        lambda store: change_settings(store, SystemClock(), walk.id, {"allowed_domains": ["contoso.example"]})
    )
    refused = enter(walk, page, address="ana@not-allowed.example")
    assert (refused.status_code, walk.code_of(refused)) == (403, "domain_not_allowed")
    assert "You cannot sign in here with this e-mail address" in refused.text
    assert mailbox.to("ana@not-allowed.example") == []
    # The allowed one is open as before.
    assert enter(walk, page, address="ana.too@contoso.example").status_code in (303, 429)
