"""`not_allowed`: refused whoever asks, or not for a person's own token."""

from vestibule.explain.entry import Entry, Explanation, Fix
from vestibule.model import Exchange


def _fits(exchange: Exchange) -> bool:
    return exchange.error == "forbidden"


def _tell(exchange: Exchange) -> Explanation:
    return Explanation(
        "not_allowed",
        str(exchange.facts.get("detail") or "This is not allowed."),
        "No scope would open it: a discovery endpoint takes no filter, and a person's own token is good for /Me and "
        "for what people may change of themselves.",
        (Fix("Use an identity provider's token, or leave this out of the request", "customer"),),
    )


ENTRY = Entry("not_allowed", _fits, _tell)
