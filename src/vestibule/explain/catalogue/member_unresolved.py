"""`member_unresolved`: a group change names people that this connection does not know."""

from vestibule.explain.entry import Entry, Explanation, Fix
from vestibule.model import Exchange


def _fits(exchange: Exchange) -> bool:
    return exchange.error == "unknown_members"


def _tell(exchange: Exchange) -> Explanation:
    if exchange.facts.get("groups"):
        why = "Some of the members are groups. Nested groups are not supported; assign the people themselves."
    else:
        why = (
            "A member must be a user that was provisioned before and still exists. The identity provider names an id "
            "that was deleted here, or that belongs to another connection."
        )
    return Explanation(
        "member_unresolved",
        str(exchange.facts.get("detail") or "The request names members that do not exist."),
        why,
        (
            Fix(
                "Restart provisioning in the identity provider, so that it creates the missing people again", "customer"
            ),
        ),
    )


ENTRY = Entry("member_unresolved", _fits, _tell)
