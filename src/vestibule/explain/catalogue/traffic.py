"""`no_traffic_yet`, `stalled_after_failures`, `traffic_arrives`: how the identity provider's calls stand.

What is the case is told by `vestibule.cycles` alone; here it gets a code, and what is to be done.
"""

from typing import Final

from vestibule.explain.entry import Entry, Explanation, Fix
from vestibule.model import Exchange

TRAFFIC: Final = "Traffic"
"""The `resource_type` of what is told of a connection's calls; its facts are those of `hindsight.standing`."""
SILENT: Final = frozenset({"never_called", "tested_only"})
STALLED: Final = frozenset({"overdue", "initial_sync_paused", "quarantine", "locked_out"})
"""States of `vestibule.cycles` in which nothing comes, or nothing that is any use, until somebody does something."""
_ADDRESS: Final = Fix(
    "See that the address can be reached from outside, with a certificate that everybody trusts",
    "operator",
    "vestibule test scim URL --token TOKEN --dry",
)
_TEST: Final = Fix(
    "Enter the tenant URL and the token, and press Test Connection; it is shown here at once", "customer"
)


def _silent(exchange: Exchange) -> bool:
    return exchange.resource_type == TRAFFIC and exchange.facts.get("state") in SILENT


def _tell_silent(exchange: Exchange) -> Explanation:
    first = (_TEST, _ADDRESS) if exchange.facts.get("state") == "never_called" else ()
    return _told("no_traffic_yet", exchange, *first)


def _stalled(exchange: Exchange) -> bool:
    return exchange.resource_type == TRAFFIC and exchange.facts.get("state") in STALLED


def _calling(exchange: Exchange) -> bool:
    return exchange.resource_type == TRAFFIC


def _told(code: str, exchange: Exchange, *first: Fix) -> Explanation:
    facts = exchange.facts
    fixes = list(first)
    if facts.get("request") and not facts.get("mended"):
        command = f"vestibule explain {facts['request']}"
        fixes.append(Fix("See why requests were refused, and mend that first", "operator", command))
    if facts.get("press"):
        fixes.append(Fix(f"Press there: {facts['press']}", "customer"))
    causes = " ".join(map(str, facts.get("causes") or ()))
    why = str(facts.get("why") or "") + (f" The usual causes: {causes}" if causes else "")
    return Explanation(code, str(facts.get("sentence") or ""), why, tuple(fixes))


ENTRIES: Final = (
    Entry("no_traffic_yet", _silent, _tell_silent),
    Entry("stalled_after_failures", _stalled, lambda exchange: _told("stalled_after_failures", exchange)),
    Entry("traffic_arrives", _calling, lambda exchange: _told("traffic_arrives", exchange)),
)
