"""The states of a claim, and which one follows: pure, the time is an argument."""

from dataclasses import replace

from vestibule.domains.proof import GONE, Outcome
from vestibule.model import HELD, Domain, DomainState

HOUR = 3_600_000_000
DAY = 24 * HOUR
GRACE = 14 * DAY
"""How long a domain is kept, in microseconds, while its proof is gone."""
PENDING_LASTS = 7 * DAY
"""How long a new claim is looked after in the background; later it is checked when somebody asks."""

INTERVALS: dict[DomainState, int] = {"pending": HOUR, "verified": 7 * DAY, "failing": DAY, "disputed": DAY}
"""How often a claim is checked in the background; one that is lost has to be claimed again."""


def due(domain: Domain, now: int) -> bool:
    """Whether a claim should be checked again."""
    interval = INTERVALS.get(domain.state)
    if interval is None or (domain.state == "pending" and now - domain.created_at > PENDING_LASTS):
        return False
    return domain.checked_at is None or now - domain.checked_at >= interval


def after_check(domain: Domain, holder: Domain | None, outcome: Outcome, now: int) -> Domain:
    """The claim after a look at the DNS. `holder` is another enterprise's claim that holds the domain."""
    checked = replace(domain, checked_at=now)
    if domain.state == "lost":
        return checked
    if outcome == "proven":
        return _proven(checked, holder, now)
    if domain.state in HELD:
        since = now if domain.failing_since is None else domain.failing_since
        # What could not be looked up is no proof that nothing is there, however long it lasts.
        if outcome in GONE and now - since >= GRACE:
            return replace(checked, state="lost", failing_since=since)
        return replace(checked, state="failing", failing_since=since)
    if domain.state == "disputed" and outcome in GONE:
        return replace(checked, state="pending")
    return checked


def _proven(domain: Domain, holder: Domain | None, now: int) -> Domain:
    if domain.state in HELD:
        return replace(domain, state="verified", failing_since=None)
    if holder is not None:
        return replace(domain, state="disputed")
    return replace(domain, state="verified", verified_at=now, failing_since=None)
