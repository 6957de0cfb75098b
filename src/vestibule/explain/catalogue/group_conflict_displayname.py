"""`group_conflict_displayname`: a group of this name exists already."""

from collections.abc import Mapping
from typing import Any

from vestibule.explain.entry import Do, Entry, Explanation, Fix, subject
from vestibule.model import Exchange


def _fits(exchange: Exchange) -> bool:
    return exchange.status == 409 and exchange.resource_type == "Group"


def _tell(exchange: Exchange) -> Explanation:
    attribute = str(exchange.facts.get("attribute") or "displayName")
    value = exchange.facts.get("value")
    match = Fix(f"Match groups by {attribute} in the identity provider, or rename one of the two", "customer")
    return Explanation(
        "group_conflict_displayname",
        f"The {subject(exchange)} cannot be written: another group of this connection has the same "
        f"{attribute}{f' {value!r}' if value else ''}.",
        "Identity providers match groups by displayName, so two of the same name could not be told apart.",
        (match, *_adopted(exchange)),
    )


def _adopted(exchange: Exchange) -> tuple[Fix, ...]:
    """The group that is here takes the names that the identity provider looks for, where it told them."""
    incoming: Mapping[str, Any] = exchange.facts.get("incoming") or {}
    holder, external_id = exchange.facts.get("holder"), incoming.get("externalId")
    if not holder or not external_id:
        return ()
    names = {"displayName": incoming.get("displayName"), "externalId": external_id}
    known = {name: value for name, value in names.items() if value is not None}
    label = "Or, if it is the same group, give the one that is here the identity provider's name for it"
    return (
        Fix(label, "operator", f"vestibule fix {exchange.id} map_group", Do("map_group", {"group": holder, **known})),
    )


ENTRY = Entry("group_conflict_displayname", _fits, _tell)
