"""`paging_invalid`: a cursor, a count or a place in a list that leads nowhere."""

from vestibule.explain.entry import Entry, Explanation, Fix
from vestibule.model import Exchange

_KINDS = ("invalid_cursor", "expired_cursor", "invalid_count")
_PARAMETERS = ("count", "startIndex", "cursor", "sortBy", "sortOrder", "attributes")


def _fits(exchange: Exchange) -> bool:
    return exchange.error in _KINDS or (
        exchange.error == "invalid_value" and exchange.facts.get("attribute") in _PARAMETERS
    )


def _tell(exchange: Exchange) -> Explanation:
    return Explanation(
        "paging_invalid",
        str(exchange.facts.get("detail") or "The list cannot be cut this way."),
        "The parameters that order and cut a list were wrong; they are the client's own, not an attribute mapping's.",
        (Fix("Correct the request that the client sends", "customer"),),
    )


ENTRY = Entry("paging_invalid", _fits, _tell)
