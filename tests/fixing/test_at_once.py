"""Two who decide at once: one act is done, the other one is told so, and the audit has what was done."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Tenant
from tests.fixing.cases import emptied, lacks_scopes, protected, same_email, taken, waiting
from tests.fixing.test_operations import BY, audit, run
from vestibule import connections, fixing, review
from vestibule.clock import SystemClock
from vestibule.directory import Directory
from vestibule.fixing import CannotFix, Preview, Tools
from vestibule.model import Exchange, User
from vestibule.scim.errors import Uniqueness

CLOCK = SystemClock()
ONCE = {
    "link_conflict or dismiss_conflict": (same_email, "link_conflict", "dismiss_conflict"),
    "dismiss_conflict or link_conflict": (same_email, "dismiss_conflict", "link_conflict"),
    "link_conflict or rekey_match": (taken, "link_conflict", "rekey_match"),
    "rekey_match or link_conflict": (taken, "rekey_match", "link_conflict"),
    "approve_sign_in or refuse_sign_in": (waiting, "approve_sign_in", "refuse_sign_in"),
}


def both(here: Tenant, exchange: Exchange, *operations: str) -> list[Preview | BaseException]:
    """Have operations done by people who have seen the same, in the same turn."""

    async def work(tools: Tools) -> list[Preview | BaseException]:
        return await asyncio.gather(
            *(fixing.do(tools, exchange, each, BY) for each in operations), return_exceptions=True
        )

    return run(here, work)


@pytest.mark.parametrize("name", ONCE)
def test_of_two_decisions_at_once_one_is_taken(tenant: Tenant, name: str) -> None:
    make, first, second = ONCE[name]
    exchange = make(tenant)
    before = audit(tenant)
    told = dict(zip((first, second), both(tenant, exchange, first, second), strict=True))
    (done,) = (name for name, each in told.items() if isinstance(each, Preview))
    (refused,) = (each for each in told.values() if isinstance(each, CannotFix))
    assert refused.code in ("done", "gone", "failed")
    assert "already" in str(refused)
    (entry, *older) = audit(tenant)
    assert (older, entry.detail["fix"]) == (before, done)


def test_scopes_that_are_granted_at_once_are_all_granted(tenant: Tenant) -> None:
    token, _ = tenant.vestibule.token(tenant.connection_id, {"get:users"})
    wanted = ("get:groups", "patch:groups", "post:groups")

    async def work(tools: Tools) -> None:
        await asyncio.gather(*(connections.grant(tools.store, CLOCK, token.id, frozenset({each})) for each in wanted))

    run(tenant, work)
    found = tenant.vestibule.admin(lambda store: store.find_token(token.id))
    assert found.scopes == {"get:users", *wanted}
    assert [len(each.detail["after"]) for each in audit(tenant)[:3]] == [4, 3, 2]


def test_a_token_that_is_revoked_in_the_same_turn_is_not_widened(tenant: Tenant) -> None:
    exchange = lacks_scopes(tenant)
    token_id = exchange.token_id or ""

    async def work(tools: Tools) -> Any:
        shown = await fixing.do(tools, exchange, "grant_scopes", BY, dry=True)
        return await asyncio.gather(
            connections.revoke(tools.store, CLOCK, token_id),
            fixing.do(tools, exchange, "grant_scopes", BY, shown=shown),
            return_exceptions=True,
        )

    revoked, refused = run(tenant, work)
    assert isinstance(refused, CannotFix)
    assert "revoked" in str(refused)
    assert tenant.vestibule.admin(lambda store: store.find_token(token_id)) == revoked
    assert audit(tenant)[0].action == "token.revoked"


@pytest.mark.parametrize(
    ("make", "operation"), [(protected, "unprotect_user"), (lacks_scopes, "grant_scopes"), (taken, "rekey_match")]
)
def test_what_is_done_twice_at_once_is_in_the_audit_once(
    tenant: Tenant, make: Callable[[Tenant], Exchange], operation: str
) -> None:
    exchange = make(tenant)
    before = audit(tenant)
    both(tenant, exchange, operation, operation)
    assert len(audit(tenant)) == len(before) + 1


def test_an_approval_to_take_an_account_over_is_good_for_one_request(tenant: Tenant) -> None:
    """Two requests that come at once, of which only one was approved."""
    taken(tenant)
    (conflict,) = tenant.vestibule.admin(lambda store: store.conflicts(tenant.connection_id))
    tenant.vestibule.admin(lambda store: review.link(store, CLOCK, tenant.connection_id, conflict.id))

    async def work(tools: Tools) -> Any:
        directory = Directory(tools.store, CLOCK)
        incoming = [{"userName": "ANA@example.com", "externalId": f"00u-{each}"} for each in range(2)]
        return await asyncio.gather(
            *(directory.create_user(tenant.connection_id, each) for each in incoming), return_exceptions=True
        )

    told = run(tenant, work)
    (adopted,) = (each for each in told if isinstance(each, User))
    (refused,) = (each for each in told if isinstance(each, Uniqueness))
    assert (adopted.external_id[:4], refused.facts["attribute"]) == ("00u-", "userName")
    assert [each.action for each in audit(tenant)].count("conflict.done") == 1


def test_a_hold_that_is_refused_while_it_is_approved_is_told_by_two_entries(tenant: Tenant) -> None:
    exchange = emptied(tenant)
    both(tenant, exchange, "approve_hold", "refuse_hold")
    (hold,) = tenant.vestibule.admin(lambda store: store.holds(tenant.connection_id))
    assert {each.action for each in audit(tenant)[:2]} == {"hold.refused", "hold.approved"}
    assert hold.state in ("approved", "refused")
