"""`rate_limited`: too many requests in too short a time. This server sets no such limit; others do."""

from vestibule.explain.entry import Entry, Explanation, Fix
from vestibule.model import Exchange


def _fits(exchange: Exchange) -> bool:
    return exchange.status == 429


def _tell(exchange: Exchange) -> Explanation:
    del exchange
    return Explanation(
        "rate_limited",
        "The server refused the request because too many came in too short a time.",
        "An initial sync sends many requests at once, Entra up to 25 a second. What was refused is sent again in a "
        "later cycle, after 6, 12 and 24 hours, so the sync is late and not wrong.",
        (
            Fix("Raise the limit for the identity provider to 25 requests a second or more", "operator"),
            Fix("Or wait for the next cycles; assign people in smaller groups if it stays", "customer"),
        ),
    )


ENTRY = Entry("rate_limited", _fits, _tell)
