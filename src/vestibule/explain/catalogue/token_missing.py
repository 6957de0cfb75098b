"""`token_missing`: the request came without a bearer token."""

from vestibule.explain.entry import Entry, Explanation, Fix
from vestibule.model import Exchange


def _fits(exchange: Exchange) -> bool:
    return exchange.status == 401 and exchange.facts.get("reason") == "missing"


def _tell(exchange: Exchange) -> Explanation:
    del exchange
    return Explanation(
        "token_missing",
        "The request carries no bearer token.",
        "Every SCIM request must have the header `Authorization: Bearer` followed by the token of the connection.",
        (Fix("Paste the token into the field Secret Token (Entra) or API Token (Okta)", "customer"),),
    )


ENTRY = Entry("token_missing", _fits, _tell)
