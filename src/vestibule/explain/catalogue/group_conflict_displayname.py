"""`group_conflict_displayname`: a group of this name exists already."""

from vestibule.explain.entry import Entry, Explanation, Fix, subject
from vestibule.model import Exchange


def _fits(exchange: Exchange) -> bool:
    return exchange.status == 409 and exchange.resource_type == "Group"


def _tell(exchange: Exchange) -> Explanation:
    attribute = str(exchange.facts.get("attribute") or "displayName")
    value = exchange.facts.get("value")
    return Explanation(
        "group_conflict_displayname",
        f"The {subject(exchange)} cannot be written: another group of this connection has the same "
        f"{attribute}{f' {value!r}' if value else ''}.",
        "Identity providers match groups by displayName, so two of the same name could not be told apart.",
        (Fix(f"Match groups by {attribute} in the identity provider, or rename one of the two", "customer"),),
    )


ENTRY = Entry("group_conflict_displayname", _fits, _tell)
