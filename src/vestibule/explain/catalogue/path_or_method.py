"""`wrong_path`: no such endpoint, not this method on it, or a part of SCIM that this server does not have."""

from vestibule.explain.entry import Entry, Explanation, Fix
from vestibule.model import Exchange

_OTHER = Fix("Send another method, or leave this part of SCIM out of the client's configuration", "customer")


def _fits(exchange: Exchange) -> bool:
    return exchange.status in (403, 404, 405, 501) and exchange.error is not None


def _tell(exchange: Exchange) -> Explanation:
    return Explanation(
        "wrong_path",
        str(exchange.facts.get("detail") or f"{exchange.method} {exchange.path} is not served."),
        "The base URL ends with the connection's id; /Users, /Groups, /Schemas, /ResourceTypes and "
        "/ServiceProviderConfig stand directly below it.",
        (_OTHER,)
        if exchange.status in (405, 501)
        else (Fix("Compare the tenant URL in the identity provider with the connection's SCIM base URL", "customer"),),
    )


ENTRY = Entry("wrong_path", _fits, _tell)
