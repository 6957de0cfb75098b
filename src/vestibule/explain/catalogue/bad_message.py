"""`message_invalid`: the body is not the JSON message that was due."""

from vestibule.explain.entry import Entry, Explanation, Fix
from vestibule.model import Exchange


def _fits(exchange: Exchange) -> bool:
    return exchange.error in ("invalid_syntax", "unsupported_media_type") or exchange.scim_type == "invalidSyntax"


def _tell(exchange: Exchange) -> Explanation:
    return Explanation(
        "message_invalid",
        str(exchange.facts.get("detail") or "The body cannot be read."),
        "SCIM bodies are JSON objects sent as application/scim+json or application/json. Nothing was changed.",
        (Fix("Correct the request that the client sends", "customer"),),
    )


ENTRY = Entry("message_invalid", _fits, _tell)
