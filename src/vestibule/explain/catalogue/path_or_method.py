"""`wrong_path`: no such endpoint, not this method on it, or a part of SCIM that this server does not have."""

from vestibule.explain.entry import Entry, Explanation, Fix
from vestibule.model import Exchange

_ENDPOINTS = ("users", "groups")
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


def _doubled(exchange: Exchange) -> bool:
    """E.g. `/Users/Users` or `/scim/v2/Users` below the base URL, which says it already."""
    parts = [each.lower() for each in exchange.path.split("/") if each]
    twice = len(parts) > 1 and parts[0] in _ENDPOINTS and parts[1] in _ENDPOINTS
    return exchange.status == 404 and (twice or parts[:1] in (["scim"], ["v2"]))


def _tell_doubled(exchange: Exchange) -> Explanation:
    part = exchange.path.strip("/").split("/")[0]
    return Explanation(
        "wrong_path",
        f"The tenant URL has `/{part}` too much at its end: {exchange.path} was asked for.",
        "The identity provider appends /Users and /Groups itself, to a base URL that ends with the connection's id.",
        (Fix(f"Take `/{part}` off the end of the tenant URL in the identity provider", "customer"),),
    )


DOUBLED = Entry("wrong_path", _doubled, _tell_doubled)
ENTRY = Entry("wrong_path", _fits, _tell)
