"""`token_unknown`: the token is none of this connection's, mistyped, or another connection's."""

from vestibule.explain.entry import Entry, Explanation, Fix
from vestibule.model import Exchange


def _fits(exchange: Exchange) -> bool:
    return exchange.status == 401


def _tell(exchange: Exchange) -> Explanation:
    del exchange
    return Explanation(
        "token_unknown",
        "This token is not accepted at this address.",
        "It is no token of the connection in the URL: it may be cut off, or belong to another connection. "
        "Which of these it is, is told to nobody who does not hold a token of the connection.",
        (
            Fix("Check that the tenant URL and the token were copied from the same connection, both whole", "customer"),
            Fix("See which tokens the connection has", "operator", "vestibule token list CONNECTION_ID"),
        ),
    )


ENTRY = Entry("token_unknown", _fits, _tell)
