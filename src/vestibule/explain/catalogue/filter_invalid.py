"""`filter_invalid`: the filter cannot be read or answered."""

from vestibule.explain.entry import Entry, Explanation, Fix
from vestibule.model import Exchange


def _fits(exchange: Exchange) -> bool:
    return exchange.error == "invalid_filter" or exchange.scim_type == "invalidFilter"


def _tell(exchange: Exchange) -> Explanation:
    said = str(exchange.facts.get("detail") or "The filter cannot be read.")
    return Explanation(
        "filter_invalid",
        said,
        "A filter that is not understood is refused rather than answered with everything or nothing, because the "
        "identity provider would then match the wrong object.",
        (Fix("Correct the matching attribute in the identity provider's attribute mapping", "customer"),),
    )


ENTRY = Entry("filter_invalid", _fits, _tell)
