"""`member_unresolved`: a request names members, or a manager, that this connection does not know or does not take."""

from vestibule.explain.entry import Do, Entry, Explanation, Fix
from vestibule.model import Exchange


def _fits(exchange: Exchange) -> bool:
    return exchange.error in ("unknown_members", "unknown_manager")


def _tell(exchange: Exchange) -> Explanation:
    # Only groups were refused, or only people, or both.
    groups: list[str] = exchange.facts.get("groups") or []
    named: list[str] = exchange.facts.get("ids") or []
    people = [each for each in named if each not in groups]
    why = [_GROUPS] if groups else []
    if people or not groups:
        why.append(_PEOPLE)
    return Explanation(
        "member_unresolved",
        str(exchange.facts.get("detail") or "The request names members that do not exist."),
        " ".join(why),
        tuple(_fixes(exchange.connection_id, groups=bool(groups), people=bool(people or not groups))),
    )


_GROUPS = (
    "Some of the members are groups, and this connection refuses groups within groups; one that parks them keeps them "
    "aside, one that accepts them shows them."
)
_PEOPLE = (
    "A member must be a user that was provisioned before and still exists. The identity provider names an id "
    "that was deleted here, or that belongs to another connection. This connection refuses such references; "
    "one that parks them keeps them until the user appears."
)


def _fixes(connection_id: str, *, groups: bool, people: bool) -> list[Fix]:
    told: list[Fix] = []
    if groups:
        command = f"vestibule connection set {connection_id} --nested-groups park"
        told.append(
            Fix("Let the connection keep groups within groups aside", "operator", command, Do("park_nested_groups", {}))
        )
    if people:
        command = f"vestibule connection set {connection_id} --references park"
        told.append(Fix("Let the connection park what is not here yet", "operator", command, Do("park_references", {})))
        again = "Restart provisioning in the identity provider, so that it creates the missing people again"
        told.append(Fix(again, "customer"))
    return told


ENTRY = Entry("member_unresolved", _fits, _tell)
