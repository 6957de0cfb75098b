"""`bulk_circle`: operations of a bulk request that wait for each other."""

from vestibule.explain.entry import Entry, Explanation, Fix
from vestibule.model import Exchange


def _fits(exchange: Exchange) -> bool:
    return exchange.error == "conflict"


def _tell(exchange: Exchange) -> Explanation:
    return Explanation(
        "bulk_circle",
        str(exchange.facts.get("detail") or "Some operations of the bulk request wait for each other."),
        "An operation is done after those whose bulkIds it names. Those of a circle cannot be begun; the others can.",
        (Fix("Send one of the circle without its reference, and add the reference with a PATCH", "customer"),),
    )


ENTRY = Entry("bulk_circle", _fits, _tell)
