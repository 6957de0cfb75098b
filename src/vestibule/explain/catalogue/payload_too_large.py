"""`payload_too_large`: the body is over the limit."""

from vestibule.explain.entry import Entry, Explanation, Fix
from vestibule.model import Exchange


def _fits(exchange: Exchange) -> bool:
    return exchange.status == 413


def _tell(exchange: Exchange) -> Explanation:
    limit = exchange.facts.get("limit")
    return Explanation(
        "payload_too_large",
        f"The body is larger than {limit or 'allowed'}{' bytes' if limit else ''}.",
        "The server reads no more than its limit; nothing was changed.",
        (Fix("Send fewer members or attributes in one request", "customer"),),
    )


ENTRY = Entry("payload_too_large", _fits, _tell)
