"""`connection_unknown`: the URL names a connection that does not exist."""

from vestibule.explain.entry import Entry, Explanation, Fix
from vestibule.model import Exchange


def _fits(exchange: Exchange) -> bool:
    return exchange.status == 404 and exchange.facts.get("resource_type") == "Connection"


def _tell(exchange: Exchange) -> Explanation:
    del exchange
    return Explanation(
        "connection_unknown",
        "The URL names a connection that does not exist.",
        "The part of the URL after `/scim/v2/connections/` is no connection of this server's.",
        (
            Fix("Copy the tenant URL again, whole, from the place where the token was shown", "customer"),
            Fix("See which connections there are", "operator", "vestibule connection list"),
        ),
    )


ENTRY = Entry("connection_unknown", _fits, _tell)
