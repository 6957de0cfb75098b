"""`no_traffic_yet`, `stalled_after_failures`: how the identity provider's calls to a connection stand."""

from typing import Final

from vestibule.explain.entry import Entry, Explanation, Fix
from vestibule.model import Exchange

TRAFFIC: Final = "Traffic"
"""The `resource_type` of what is told of a connection's calls; its facts are those of `hindsight.standing`."""
_HOUR: Final = 3_600_000_000


def _silent(exchange: Exchange) -> bool:
    return exchange.resource_type == TRAFFIC and not exchange.facts.get("calls")


def _tell_silent(exchange: Exchange) -> Explanation:
    return Explanation(
        "no_traffic_yet",
        f"No identity provider has called this connection yet; it was made {_span(exchange)} ago.",
        "Not one request came, so nothing was refused here. Most often the identity provider's test was never run, the "
        "tenant URL leads to another host, a name or a certificate does not fit, or a firewall stands between.",
        (
            Fix("Enter the tenant URL and the token, and press Test Connection; it is shown here at once", "customer"),
            Fix(
                "See that the address can be reached from outside, with a certificate that everybody trusts",
                "operator",
                "vestibule test scim URL --token TOKEN --dry",
            ),
        ),
    )


def _stalled(exchange: Exchange) -> bool:
    return exchange.resource_type == TRAFFIC and exchange.facts.get("stalled") is True


def _tell_stalled(exchange: Exchange) -> Explanation:
    facts = exchange.facts
    example = str(facts.get("example") or "REQUEST_ID")
    return Explanation(
        "stalled_after_failures",
        f"The identity provider has been silent for {_span(exchange)}, after a run in which {facts.get('refused')} of "
        f"{facts.get('calls')} requests were refused.",
        "Entra calls every 40 minutes. After many failures it pauses the initial sync, or puts the job into quarantine "
        "and calls once a day; it says nothing of that here, and goes on by itself late or never.",
        (
            Fix("See why requests were refused, and mend that first", "operator", f"vestibule explain {example}"),
            Fix("Then press Restart provisioning", "customer"),
        ),
    )


def _span(exchange: Exchange) -> str:
    quiet = int(exchange.facts.get("quiet") or 0)
    hours = quiet // _HOUR
    return (
        f"{hours // 24} days" if hours >= 48 else f"{hours} hours" if hours >= 2 else f"{quiet // 60_000_000} minutes"
    )


def _calling(exchange: Exchange) -> bool:
    return exchange.resource_type == TRAFFIC


def _tell_calling(exchange: Exchange) -> Explanation:
    facts = exchange.facts
    return Explanation(
        "traffic_arrives",
        f"The identity provider called {_span(exchange)} ago; of {facts.get('calls')} requests within that hour "
        f"{facts.get('refused')} were refused.",
        "Each request is told by the provisioning log.",
    )


ENTRIES: Final = (
    Entry("no_traffic_yet", _silent, _tell_silent),
    Entry("stalled_after_failures", _stalled, _tell_stalled),
    Entry("traffic_arrives", _calling, _tell_calling),
)
