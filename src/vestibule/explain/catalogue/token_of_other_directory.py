"""`token_of_other_directory`: the token is another connection's. Told by hindsight, never to who sent it."""

from collections.abc import Mapping
from typing import Any

from vestibule.explain.entry import Entry, Evidence, Explanation, Fix
from vestibule.model import Exchange


def _owner(exchange: Exchange) -> str | None:
    presented: Mapping[str, Any] = exchange.facts.get("presented") or {}
    return presented.get("belongs_to")


def _fits(exchange: Exchange) -> bool:
    return exchange.status == 401 and _owner(exchange) is not None


def _tell(exchange: Exchange) -> Explanation:
    owner = _owner(exchange)
    return Explanation(
        "token_of_other_directory",
        "The token that came belongs to another connection than the one in the URL.",
        f"By its id and its last four characters it is a token of {owner}. The tenant URL and the token were copied "
        "from two places.",
        (
            Fix("Copy the tenant URL and the token anew from the same connection, both whole", "customer"),
            Fix(
                "Or make a token of the connection in the URL, with all that it needs",
                "operator",
                f"vestibule token create {exchange.connection_id} --all-scopes",
            ),
        ),
        (Evidence("connection", exchange.connection_id, owner),),
    )


ENTRY = Entry("token_of_other_directory", _fits, _tell)
