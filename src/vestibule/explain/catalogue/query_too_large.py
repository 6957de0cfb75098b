"""`query_too_large`: a list that no index answers, over more people than are looked at for one request."""

from vestibule.explain.entry import Entry, Explanation, Fix
from vestibule.model import Exchange


def _fits(exchange: Exchange) -> bool:
    return exchange.error == "too_many" or exchange.scim_type == "tooMany"


def _tell(exchange: Exchange) -> Explanation:
    said = str(exchange.facts.get("detail") or "The list would have to look at too much.")
    return Explanation(
        "query_too_large",
        said,
        "A filter or an order by an attribute without an index looks at everybody. That is done within bounds, so "
        "that one request cannot hold up the others; half a list or a wrong total is never answered.",
        (
            Fix("Match by userName, externalId or the work e-mail in the attribute mapping", "customer"),
            Fix("Read the whole list with a cursor instead, and select from it", "customer"),
        ),
    )


ENTRY = Entry("query_too_large", _fits, _tell)
