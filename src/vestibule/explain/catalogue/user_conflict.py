"""`user_conflict_username`: a user with this userName or externalId exists already."""

from vestibule.explain.entry import Entry, Explanation, Fix, subject
from vestibule.model import Exchange


def _fits(exchange: Exchange) -> bool:
    return exchange.status == 409 and exchange.resource_type != "Group"


def _tell(exchange: Exchange) -> Explanation:
    attribute = str(exchange.facts.get("attribute") or "userName")
    value = exchange.facts.get("value")
    holder = exchange.facts.get("holder")
    link = Fix(
        "See whether it is the same person, and link the two",
        "operator",
        f"vestibule conflict list {exchange.connection_id}",
    )
    return Explanation(
        "user_conflict_username",
        f"The {subject(exchange)} cannot be written: another user of this connection has the same "
        f"{attribute}{f' {value!r}' if value else ''}.",
        f"{attribute} is unique within a connection{f'; {holder} has it' if holder else ''}. The identity provider "
        "looked for the person by another attribute, found nobody, and tried to create one that exists.",
        (
            *([link] if exchange.method == "POST" else []),
            Fix(f"Match users by {attribute} in the identity provider's attribute mapping, then restart", "customer"),
        ),
    )


ENTRY = Entry("user_conflict_username", _fits, _tell)
