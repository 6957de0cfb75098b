"""`payload_too_large`: the body is over the limit."""

from vestibule.explain.entry import Entry, Explanation, Fix
from vestibule.model import Exchange


def _fits(exchange: Exchange) -> bool:
    return exchange.status == 413


def _tell(exchange: Exchange) -> Explanation:
    limit = exchange.facts.get("limit")
    if exchange.facts.get("unit") == "operations":
        said = f"The bulk request has more than {limit} operations."
    else:
        said = f"The body is larger than {limit or 'allowed'}{' bytes' if limit else ''}."
    return Explanation(
        "payload_too_large",
        said,
        "The server reads no more than its limit; nothing was changed.",
        (Fix("Send fewer operations, members or attributes in one request", "customer"),),
    )


ENTRY = Entry("payload_too_large", _fits, _tell)
