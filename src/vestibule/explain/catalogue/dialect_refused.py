"""`dialect_refused`: the request departs from the standard in a way that the connection's dialect does not forgive."""

from vestibule.explain.entry import Do, Entry, Explanation, Fix
from vestibule.model import Exchange
from vestibule.scim.quirks import BY_ID


def _fits(exchange: Exchange) -> bool:
    return exchange.status >= 400 and exchange.facts.get("quirk") in BY_ID


def _tell(exchange: Exchange) -> Explanation:
    quirk = BY_ID[str(exchange.facts["quirk"])]
    return Explanation(
        "dialect_refused",
        str(exchange.facts.get("detail") or "The request is no standard SCIM."),
        f"The connection's dialect is `{exchange.facts.get('dialect')}`. What came is known ({quirk.sender}: "
        f"{quirk.example}) and departs from {quirk.source}. Nothing of the request was kept.",
        (
            Fix(
                "Let the connection forgive it",
                "operator",
                f"vestibule connection set {exchange.connection_id} --dialect tolerant",
                Do("forgive_dialect", {}),
            ),
        ),
    )


ENTRY = Entry("dialect_refused", _fits, _tell)
