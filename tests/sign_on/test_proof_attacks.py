"""Proofs of an address under attack: who is to be approved cannot approve themselves, and no proof serves another."""

from dataclasses import replace
from typing import Any

import pytest

from tests.sign_on.conftest import Mailbox
from tests.sign_on.test_email import CORE, DMITRI, asked, decide, enter, waiting
from tests.sign_on.walk import ANA, Walk, now
from vestibule import ids
from vestibule.clock import SystemClock
from vestibule.model import Audit, Domain, EmailVerification
from vestibule.store import Store

HOME_ADDRESS = "somebody@home.example"
HOUR = 3_600_000_000


def recast(walk: Walk, who: str, **changes: Any) -> None:
    """Change what the identity provider says of somebody."""
    state = walk.provider.state
    everybody = tuple(replace(each, **changes) if each.upn == who else each for each in state.people.everybody)
    state.people = replace(state.people, everybody=everybody)


@pytest.fixture(autouse=True)
def _same_people(company: Any) -> Any:
    people = company.state.people
    yield
    company.state.people = people


def aged(walk: Walk, age: int) -> None:
    """Have the sign-in that waits come from an answer of so many microseconds ago."""

    def older(each: EmailVerification) -> EmailVerification:
        return replace(each, document={**each.document, "at": each.created_at - age})

    walk.vestibule.admin(lambda store: store.change_verification(walk.id, waiting(walk).id, older))


def test_nobody_approves_themselves_with_a_code_where_an_administrator_decides(walk: Walk, mailbox: Mailbox) -> None:
    walk.set(email_policy="admin_approves")
    page = asked(walk)
    assert 'name="address"' not in page.text
    assert enter(walk, page, address=HOME_ADDRESS).status_code == 400
    assert enter(walk, page, resend="1").status_code == 400
    assert mailbox.to(HOME_ADDRESS) == []
    assert waiting(walk).state == "awaiting_approval"


def test_a_policy_that_became_stricter_holds_for_sign_ins_that_wait(walk: Walk, mailbox: Mailbox) -> None:
    walk.set(email_policy="always_code")
    page = asked(walk)
    walk.set(email_policy="admin_approves")
    answer = enter(walk, page, code=mailbox.code(ANA))
    assert (answer.status_code, walk.users()) == (403, [])
    assert "Your administrator has to let you in" in asked(walk).text


def linked_by_address(walk: Walk) -> str:
    """A person of the directory under another name, whom a sign-in may find by a proven domain's address."""
    now = SystemClock().now()
    held = Domain(
        walk.connection.enterprise_id, ids.new_id("dom", now), "contoso.example", False, "verified", "t", now, now
    )
    entry = Audit(ids.new_id("aud", now), held.enterprise_id, now, "test", "x", held.id, {})
    walk.vestibule.admin(lambda store: store.add_domain(held, entry))
    walk.set(email_policy="always_code", link_by_email=True, match=["externalId"], create_people="always")
    _, text = walk.vestibule.token(walk.id)
    with walk.vestibule.client(walk.id, text) as scim:
        made = scim.post("/Users", json={"schemas": [CORE], "userName": "the.boss", "emails": [{"value": ANA}]})
    return made.json()["id"]


@pytest.fixture
def boss(walk: Walk) -> Any:
    yield linked_by_address(walk)

    async def give_up(store: Store) -> None:
        now = SystemClock().now()
        for each in await store.domains(walk.connection.enterprise_id):
            entry = Audit(ids.new_id("aud", now), each.enterprise_id, now, "test", "x", each.id, {})
            await store.remove_domain(each.enterprise_id, each.id, entry)

    walk.vestibule.admin(give_up)


def test_an_account_that_an_address_finds_is_given_for_a_proof_of_that_address_only(
    walk: Walk, mailbox: Mailbox, boss: str
) -> None:
    """Whoever can write the claim would else be the account's owner with any mailbox of their own."""
    page = asked(walk)
    assert 'name="address"' not in page.text
    assert enter(walk, page, address=HOME_ADDRESS).status_code == 400
    assert mailbox.to(HOME_ADDRESS) == []
    answer = enter(walk, page, code=mailbox.code(ANA))
    assert walk.exchange(answer).resource_id == boss


def test_a_code_for_one_address_is_no_proof_of_the_next_one_that_is_claimed(
    walk: Walk, mailbox: Mailbox, boss: str
) -> None:
    mallory = "ben@contoso.example"
    recast(walk, mallory, mail=HOME_ADDRESS)
    asked(walk, mallory)
    code = mailbox.code(HOME_ADDRESS)
    recast(walk, mallory, mail=ANA)
    page = asked(walk, mallory)
    assert enter(walk, page, code=code).status_code in (400, 429)
    assert "not signed in" in walk.session().text
    assert walk.vestibule.admin(lambda store: store.identities(walk.id, boss)) == []


def test_claiming_something_else_gives_no_new_tries(walk: Walk) -> None:
    walk.set(email_policy="always_code")
    for mail in ("one@x.example", "two@x.example", "three@x.example"):
        recast(walk, ANA, mail=mail)
        page = asked(walk)
        answers = [enter(walk, page, code="000000").status_code for _ in range(2)]
        later(walk)
    assert answers == [429, 429]


def test_an_administrators_word_is_for_whom_they_saw(walk: Walk) -> None:
    """Approved as Dmitri, and then Ana by the claims: Ana has to be approved anew."""
    walk.set(email_policy="admin_approves", match=["userName"])
    _, text = walk.vestibule.token(walk.id)
    with walk.vestibule.client(walk.id, text) as scim:
        for name in (ANA, DMITRI):
            assert scim.post("/Users", json={"schemas": [CORE], "userName": name}).status_code == 201
    page = asked(walk, DMITRI)
    recast(walk, ANA, upn="was@contoso.example")
    recast(walk, DMITRI, upn=ANA)
    # While it waits, the one that is seen is not turned into another; and once approved, it does not serve another.
    other = asked(walk, ANA)
    assert str(other.url) != str(page.url)
    first = walk.vestibule.admin(lambda store: store.verifications(walk.id))
    assert [each.document["user_name"] for each in first] == [ANA, DMITRI]


def test_an_approval_does_not_serve_another_account_later(walk: Walk) -> None:
    walk.set(email_policy="admin_approves", match=["userName"])
    asked(walk, DMITRI)
    decide(walk, approve=True)
    recast(walk, ANA, upn="was@contoso.example")
    recast(walk, DMITRI, upn=ANA)
    walk.browser.cookies.clear()
    assert walk.login(ANA).headers["location"].startswith("/sso/verify/")


def test_an_administrators_word_proves_no_address_that_somebody_typed(walk: Walk) -> None:
    walk.set(email_policy="always_code")
    page = asked(walk, DMITRI)
    enter(walk, page, address="ceo@elsewhere.example")
    enter(walk, page, ask_admin="1")
    assert waiting(walk).address == ""
    decide(walk, approve=True)
    assert walk.browser.get(str(page.url)).headers["location"] == "/session"
    user_id = walk.user(DMITRI).id
    found = walk.vestibule.admin(lambda store: store.verified_emails(walk.id, user_id))
    assert [(each.address, each.by) for each in found] == [("", "admin")]


def test_who_has_no_mailbox_and_was_approved_is_asked_no_more(walk: Walk) -> None:
    """An administrator's word is for good, also when the week is over in which it waits to be used."""
    walk.set(email_policy="admin_approves")
    page = asked(walk, DMITRI)
    decide(walk, approve=True)
    assert walk.browser.get(str(page.url)).headers["location"] == "/session"
    over = waiting(walk)
    walk.vestibule.admin(
        lambda store: store.change_verification(walk.id, over.id, lambda each: replace(each, expires_at=1))
    )
    assert walk.login(DMITRI).headers["location"] == "/session"


def test_an_account_of_a_sign_ins_has_the_address_that_was_proven(walk: Walk, mailbox: Mailbox) -> None:
    walk.set(email_policy="always_code")
    page = asked(walk)
    assert enter(walk, page, address=HOME_ADDRESS).status_code == 429
    later(walk)
    assert enter(walk, page, address=HOME_ADDRESS).status_code == 303
    assert enter(walk, page, code=mailbox.code(HOME_ADDRESS)).headers["location"] == "/session"
    assert [each["value"] for each in walk.document()["emails"]] == [HOME_ADDRESS]


def later(walk: Walk) -> None:
    """Have the last code be sent more than a minute ago."""
    walk.vestibule.admin(
        lambda store: store.change_verification(walk.id, waiting(walk).id, lambda each: replace(each, sent_at=1))
    )


@pytest.mark.parametrize("ended", ["logout", "admin"])
def test_a_proof_begins_one_session_and_no_other_after_it(walk: Walk, mailbox: Mailbox, ended: str) -> None:
    walk.set(email_policy="always_code")
    page = asked(walk)
    where = str(page.url).partition("?")[0]
    assert enter(walk, page, code=mailbox.code(ANA)).headers["location"] == "/session"
    if ended == "logout":
        walk.browser.post(f"{walk.vestibule.base_url}/logout", headers={"Origin": walk.vestibule.base_url})
    else:
        user_id, now = walk.user().id, SystemClock().now()
        walk.vestibule.admin(lambda store: store.end_sessions(walk.id, now, "admin", user_id=user_id))
    again = walk.browser.get(where)
    assert "set-cookie" not in again.headers
    assert len(walk.vestibule.admin(lambda store: store.sessions(walk.id))) == 1
    # What the identity provider said is not kept longer than it is of use.
    assert "received" not in waiting(walk).document


def test_a_sign_in_of_long_ago_is_not_finished_with_a_code(walk: Walk, mailbox: Mailbox) -> None:
    walk.set(email_policy="always_code")
    page = asked(walk)
    aged(walk, 2 * HOUR)
    answer = enter(walk, page, code=mailbox.code(ANA))
    assert (answer.status_code, walk.code_of(answer)) == (400, "request_unknown")
    assert walk.users() == []


def test_an_approval_of_a_sign_in_of_long_ago_leads_by_the_identity_provider(walk: Walk) -> None:
    walk.set(email_policy="admin_approves")
    page = asked(walk, DMITRI)
    aged(walk, 2 * HOUR)
    decide(walk, approve=True)
    onward = walk.browser.get(str(page.url))
    assert onward.headers["location"] == f"/sso/saml/{walk.id}/login"
    assert walk.users() == []
    assert walk.login(DMITRI).headers["location"] == "/session"


def test_a_connection_that_is_switched_off_finishes_no_sign_in_that_waits(walk: Walk, mailbox: Mailbox) -> None:
    walk.set(email_policy="always_code")
    page = asked(walk)
    walk.set(enabled=False)
    assert enter(walk, page, code=mailbox.code(ANA)).status_code == 403
    assert walk.users() == []


def test_who_is_deactivated_meanwhile_does_not_come_in_by_a_code(walk: Walk, mailbox: Mailbox) -> None:
    walk.set(email_policy="always_code")
    page = asked(walk)
    _, text = walk.vestibule.token(walk.id)
    with walk.vestibule.client(walk.id, text) as scim:
        made = scim.post("/Users", json={"schemas": [CORE], "userName": ANA, "active": False})
        assert made.status_code == 201
    answer = enter(walk, page, code=mailbox.code(ANA))
    assert (answer.status_code, walk.code_of(answer)) == (403, "person_deactivated")


def test_a_test_sign_in_knows_of_an_administrators_no(walk: Walk) -> None:
    walk.set(email_policy="admin_approves")
    asked(walk, DMITRI)
    decide(walk, approve=False)
    answer = walk.login(DMITRI, test="1")
    assert walk.code_of(answer) == "approval_refused"


def test_a_word_serves_nobody_who_took_the_name_meanwhile(walk: Walk) -> None:
    walk.set(email_policy="admin_approves", match=["userName"])
    _, text = walk.vestibule.token(walk.id)
    with walk.vestibule.client(walk.id, text) as scim:
        made = [scim.post("/Users", json={"schemas": [CORE], "userName": name}).json() for name in (DMITRI, "another")]
        page = asked(walk, DMITRI)
        for each, name in zip(made, ("former", DMITRI), strict=True):
            renamed = scim.put(f"/Users/{each['id']}", json={"schemas": [CORE], "userName": name, "active": True})
            assert renamed.status_code == 200, renamed.text
    decide(walk, approve=True)
    assert walk.browser.get(str(page.url)).status_code == 403
    assert walk.vestibule.admin(lambda store: store.identities(walk.id)) == []


def test_a_verification_that_is_over_leads_nowhere(walk: Walk) -> None:
    walk.set(email_policy="admin_approves")
    page = asked(walk, DMITRI)
    decide(walk, approve=True)
    over = waiting(walk)
    walk.vestibule.admin(
        lambda store: store.change_verification(walk.id, over.id, lambda each: replace(each, expires_at=1))
    )
    answer = walk.browser.get(str(page.url))
    assert (answer.status_code, walk.exchange(answer).facts["why"]) == (400, "too_old")


def test_codes_are_sent_five_times_and_no_more(walk: Walk, mailbox: Mailbox) -> None:
    walk.set(email_policy="always_code")
    page = asked(walk)
    before = len(mailbox.to(ANA))
    for _ in range(5):
        later(walk)
        enter(walk, page, resend="1")
    later(walk)
    answer = enter(walk, page, resend="1")
    assert (answer.status_code, walk.code_of(answer)) == (429, "email_code_too_many_codes")
    assert len(mailbox.to(ANA)) == before + 4


def test_a_code_is_good_for_ten_minutes_and_for_its_own_verification(walk: Walk, mailbox: Mailbox) -> None:
    walk.set(email_policy="always_code")
    page, code = asked(walk), mailbox.code(ANA)
    first = waiting(walk)
    walk.vestibule.admin(
        lambda store: store.change_verification(walk.id, first.id, lambda each: replace(each, code_expires_at=now()))
    )
    answer = enter(walk, page, code=code)
    assert walk.code_of(answer) == "email_code_code_expired"
    walk.browser.cookies.clear()
    other, theirs = asked(walk, "ben@contoso.example"), waiting(walk)
    # As if somebody had copied the row's hash: it belongs to the verification that it was made for.
    walk.vestibule.admin(
        lambda store: store.change_verification(
            walk.id, theirs.id, lambda each: replace(each, code_hash=first.code_hash)
        )
    )
    assert enter(walk, other, code=code).status_code == 400
