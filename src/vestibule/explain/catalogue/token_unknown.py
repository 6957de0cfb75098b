"""`token_unknown`: the token is none of this connection's, mistyped, or another connection's."""

from collections.abc import Mapping
from typing import Any

from vestibule.explain.entry import Entry, Explanation, Fix
from vestibule.model import Exchange


def _fits(exchange: Exchange) -> bool:
    return exchange.status == 401


def _tell(exchange: Exchange) -> Explanation:
    return Explanation(
        "token_unknown",
        "This token is not accepted at this address.",
        "It is no token of the connection in the URL: it may be cut off, or belong to another connection. "
        "Which of these it is, is told to nobody who does not hold a token of the connection." + _seen(exchange),
        (
            Fix("Check that the tenant URL and the token were copied from the same connection, both whole", "customer"),
            Fix(
                "See which tokens the connection has",
                "operator",
                f"vestibule token list {exchange.connection_id or 'CONNECTION_ID'}",
            ),
        ),
    )


def _seen(exchange: Exchange) -> str:
    """What came, for who reads the log; the answer to the caller has the sentence and the first fix only."""
    presented: Mapping[str, Any] = exchange.facts.get("presented") or {}
    if not presented:
        return ""
    last = presented.get("last_four")
    if presented.get("claims"):
        ends = f" that ends in …{last}" if last else ""
        return f" What came has the form of Vestibule's tokens{ends} and says of itself to be {presented['claims']}."
    ends = f" that end in …{last}" if last else ""
    return f" What came is no token of Vestibule's: {presented.get('length')} characters{ends}."


ENTRY = Entry("token_unknown", _fits, _tell)
