"""`token_expired`: the token was good once; its time is over."""

from vestibule.explain.entry import Entry, Explanation, Fix
from vestibule.model import Exchange


def _fits(exchange: Exchange) -> bool:
    return exchange.status == 401 and exchange.facts.get("reason") == "expired"


def _tell(exchange: Exchange) -> Explanation:
    return Explanation(
        "token_expired",
        "This token has expired.",
        "It was made with an expiry, which has passed. The identity provider keeps sending it and is refused.",
        (
            Fix(
                "Create a new token and paste it into the identity provider",
                "operator",
                f"vestibule token rotate {exchange.token_id or 'TOKEN_ID'}",
            ),
        ),
    )


ENTRY = Entry("token_expired", _fits, _tell)
