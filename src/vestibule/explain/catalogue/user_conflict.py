"""`user_conflict_username`: a user with this userName or externalId exists already."""

from vestibule.explain.entry import Do, Entry, Explanation, Fix, subject
from vestibule.model import Exchange


def _fits(exchange: Exchange) -> bool:
    return exchange.status == 409 and exchange.resource_type != "Group"


def _tell(exchange: Exchange) -> Explanation:
    attribute = str(exchange.facts.get("attribute") or "userName")
    value = exchange.facts.get("value")
    holder = exchange.facts.get("holder")
    return Explanation(
        "user_conflict_username",
        f"The {subject(exchange)} cannot be written: another user of this connection has the same "
        f"{attribute}{f' {value!r}' if value else ''}.",
        f"{attribute} is unique within a connection{f'; {holder} has it' if holder else ''}. The identity provider "
        "looked for the person by another attribute, found nobody, and tried to create one that exists.",
        (
            *_decisions(exchange),
            Fix(f"Match users by {attribute} in the identity provider's attribute mapping, then restart", "customer"),
        ),
    )


def _decisions(exchange: Exchange) -> tuple[Fix, ...]:
    """Only an account that was to be made is noted as a conflict."""
    if exchange.method != "POST":
        return ()
    command = f"vestibule conflict list {exchange.connection_id or 'CONNECTION_ID'}"
    facts = exchange.facts
    known = {name: facts.get(name) for name in ("holder", "attribute", "value")}
    if not all(known.values()) or not exchange.id:
        return (Fix("See whether it is the same person, and link the two", "operator", command),)
    return (
        Fix("See whether it is the same person, and link the two", "operator", command, Do("link_conflict", known)),
        Fix(
            "Or give the account that is here only the names that the identity provider looks for",
            "operator",
            f"vestibule fix {exchange.id} rekey_match",
            Do("rekey_match", known),
        ),
        Fix("Or say that they are two people", "operator", command, Do("dismiss_conflict", known)),
    )


ENTRY = Entry("user_conflict_username", _fits, _tell)
