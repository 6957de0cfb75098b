"""The states of a claim: a domain changes hands only where somebody decided, or after the grace."""

from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.domains.proof import GONE, Outcome
from vestibule.domains.states import DAY, GRACE, HOUR, PENDING_LASTS, after_check, due
from vestibule.model import HELD, Domain, DomainState

NOW = 1_795_507_200_000_000
STATES: tuple[DomainState, ...] = get_args(DomainState)
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
THEIRS = Domain("ent_2", "dom_2", "acme.com", False, "verified", "u", NOW)


def mine(state: DomainState, **rest: Any) -> Domain:
    fields: dict[str, Any] = {"subdomains": False, "token": "t", "created_at": NOW - 30 * DAY} | rest
    return Domain("ent_1", "dom_1", "acme.com", state=state, **fields)


@pytest.mark.parametrize(
    ("state", "held_by_other", "outcome", "after"),
    [
        ("pending", False, "proven", "verified"), ("pending", True, "proven", "disputed"), ("pending", False, "no_name", "pending"),
        ("pending", False, "unreachable", "pending"), ("pending", False, "spreading", "pending"),
        ("verified", False, "proven", "verified"), ("verified", False, "no_name", "failing"), ("verified", False, "unreachable", "failing"),
        ("failing", False, "proven", "verified"), ("failing", False, "no_name", "failing"),
        ("disputed", True, "proven", "disputed"), ("disputed", False, "proven", "verified"), ("disputed", True, "no_name", "pending"),
        ("disputed", True, "unreachable", "disputed"), ("lost", False, "proven", "lost"), ("lost", False, "no_name", "lost"),
    ],
)  # fmt: skip
def test_a_check_leads_from_one_state_to_the_next(
    state: DomainState, held_by_other: bool, outcome: Outcome, after: DomainState
) -> None:
    followed = after_check(mine(state), THEIRS if held_by_other else None, outcome, NOW)
    assert (followed.state, followed.checked_at) == (after, NOW)


def test_a_domain_is_lost_after_the_grace_and_not_before() -> None:
    """Counted from the first failure; a good check in between begins it anew."""
    failing = after_check(mine("verified"), None, "no_name", NOW)
    assert after_check(failing, None, "no_record", NOW + GRACE - 1).state == "failing"
    assert after_check(failing, None, "no_record", NOW + GRACE).state == "lost"
    mended = after_check(failing, None, "proven", NOW + DAY)
    assert (mended.state, mended.failing_since) == ("verified", None)
    again = after_check(mended, None, "no_name", NOW + 2 * DAY)
    assert after_check(again, None, "no_name", NOW + GRACE).state == "failing"


def test_silence_loses_nothing_however_long_it_lasts() -> None:
    domain = mine("verified")
    for day in range(0, 400, 7):
        domain = after_check(domain, None, "unreachable" if day % 2 else "spreading", NOW + day * DAY)
    assert domain.state == "failing"
    assert after_check(domain, None, "no_name", NOW + 401 * DAY).state == "lost"


@given(st.sampled_from(STATES), st.booleans(), st.sampled_from(OUTCOMES), st.integers(0, 60))
def test_no_check_takes_a_domain_from_its_holder(state: DomainState, other: bool, outcome: Outcome, days: int) -> None:
    since = NOW - days * DAY if state == "failing" else None
    after = after_check(mine(state, failing_since=since), THEIRS if other else None, outcome, NOW)
    if other and state not in HELD:
        assert after.state not in HELD
    if state in HELD and not (outcome in GONE and days >= 14):
        assert after.state in HELD
    assert replace(after, state=state, checked_at=None, failing_since=since, verified_at=None) == mine(
        state, failing_since=since
    )


@pytest.mark.parametrize(
    ("domain", "after"),
    [
        (mine("verified", checked_at=NOW), 7 * DAY), (mine("failing", checked_at=NOW), DAY), (mine("disputed", checked_at=NOW), DAY),
        (mine("pending", checked_at=NOW, created_at=NOW), HOUR),
    ],
)  # fmt: skip
def test_a_claim_is_due_after_its_time(domain: Domain, after: int) -> None:
    assert not due(domain, NOW + after - 1)
    assert due(domain, NOW + after)
    assert due(replace(domain, checked_at=None), NOW)


def test_what_leads_nowhere_is_never_due() -> None:
    assert not due(mine("lost"), NOW + 365 * DAY)
    assert not due(mine("pending", created_at=NOW), NOW + PENDING_LASTS + 1)
