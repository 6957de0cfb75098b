"""`member_unresolved`: a request names members, or a manager, that this connection does not know."""

from vestibule.explain.entry import Entry, Explanation, Fix
from vestibule.model import Exchange


def _fits(exchange: Exchange) -> bool:
    return exchange.error in ("unknown_members", "unknown_manager")


def _tell(exchange: Exchange) -> Explanation:
    if exchange.facts.get("groups"):
        why = "Some of the members are groups, and this connection refuses groups within groups."
    else:
        why = (
            "A member must be a user that was provisioned before and still exists. The identity provider names an id "
            "that was deleted here, or that belongs to another connection. This connection refuses such references; "
            "one that parks them keeps them until the user appears."
        )
    return Explanation(
        "member_unresolved",
        str(exchange.facts.get("detail") or "The request names members that do not exist."),
        why,
        (
            Fix(
                "Let the connection park what is not here yet",
                "operator",
                f"vestibule connection set {exchange.connection_id} --references park",
            ),
            Fix(
                "Restart provisioning in the identity provider, so that it creates the missing people again", "customer"
            ),
        ),
    )


ENTRY = Entry("member_unresolved", _fits, _tell)
