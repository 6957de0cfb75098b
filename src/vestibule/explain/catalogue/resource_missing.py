"""`resource_missing`: the id in the URL is no user or group of this connection."""

from vestibule.explain.entry import Entry, Explanation, Fix
from vestibule.model import Exchange


def _fits(exchange: Exchange) -> bool:
    return exchange.status == 404 and exchange.resource_type in ("User", "Group") and exchange.resource_id is not None


def _tell(exchange: Exchange) -> Explanation:
    kind = (exchange.resource_type or "").lower()
    return Explanation(
        "resource_missing",
        f"There is no {kind} {exchange.resource_id} in this connection.",
        "The identity provider remembers an id that was deleted here. Entra logs this as InvalidAnchor and does not "
        "create the object again by itself.",
        (Fix("Restart provisioning in the identity provider with its links cleared (Restart, full)", "customer"),),
    )


ENTRY = Entry("resource_missing", _fits, _tell)
