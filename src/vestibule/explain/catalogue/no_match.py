"""`filter_no_match_will_create`: the identity provider looked for somebody and found nobody, as it should."""

from vestibule.explain.entry import Entry, Explanation, subject
from vestibule.model import Exchange


def _fits(exchange: Exchange) -> bool:
    return exchange.status == 200 and exchange.facts.get("total") == 0 and exchange.target is not None


def _tell(exchange: Exchange) -> Explanation:
    return Explanation(
        "filter_no_match_will_create",
        f"The {subject(exchange)} was looked for and does not exist here.",
        "The identity provider asks this before it creates an object, and with a made-up name in its connection "
        "test. A create should follow; after a connection test nothing does.",
    )


ENTRY = Entry("filter_no_match_will_create", _fits, _tell)
