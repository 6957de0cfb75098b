"""`nested_group_member`, `member_unresolved_parked`: members that are kept aside, or are groups."""

from collections.abc import Sequence
from typing import Final

from vestibule.explain.entry import Do, Entry, Explanation, Fix, subject
from vestibule.model import Exchange

_FLATTEN: Final = Fix(
    "Assign the inner groups themselves: the identity provider provisions direct members only", "customer"
)


def _nested(exchange: Exchange) -> bool:
    facts = exchange.facts
    if exchange.error == "unknown_members":
        return bool(facts.get("groups")) and set(facts.get("ids") or ()) <= set(facts["groups"])
    return exchange.status < 400 and bool(facts.get("nested"))


def _tell_nested(exchange: Exchange) -> Explanation:
    if exchange.error is not None:
        return _refused(exchange)
    groups: Sequence[str] = exchange.facts["nested"]
    return Explanation(
        "nested_group_member",
        f"The {subject(exchange)} was handled, but {len(groups)} of its members are groups: {_listed(groups)}.",
        "Groups within groups are kept aside by this connection and are members of nothing. Entra sends the group and "
        "not the people in it.",
        (
            _FLATTEN,
            Fix(
                "Or show groups as members",
                "operator",
                f"vestibule connection set {exchange.connection_id} --nested-groups accept",
            ),
        ),
    )


def _refused(exchange: Exchange) -> Explanation:
    return Explanation(
        "nested_group_member",
        str(exchange.facts.get("detail") or "The members are groups."),
        "The members are groups, and this connection refuses groups within groups; one that parks them keeps them "
        "aside, one that accepts them shows them.",
        (
            Fix(
                "Let the connection keep groups within groups aside",
                "operator",
                f"vestibule connection set {exchange.connection_id} --nested-groups park",
                Do("park_nested_groups", {}),
            ),
            _FLATTEN,
        ),
    )


def _parked(exchange: Exchange) -> bool:
    return exchange.status < 400 and bool(exchange.facts.get("parked"))


def _tell_parked(exchange: Exchange) -> Explanation:
    names: Sequence[str] = exchange.facts["parked"]
    count = int(exchange.facts.get("parked_count") or len(names))
    told = _listed(names, count)
    return Explanation(
        "member_unresolved_parked",
        f"The {subject(exchange)} was handled, but {count} of those named are no users here (yet): {told}.",
        "They are kept aside and join the group by themselves when such a user appears; the roll call lists them.",
    )


def _listed(names: Sequence[str], count: int | None = None) -> str:
    more = (count or len(names)) - 5
    return ", ".join(str(each) for each in names[:5]) + (f" and {more} more" if more > 0 else "")


ENTRIES: Final = (
    Entry("nested_group_member", _nested, _tell_nested),
    Entry("member_unresolved_parked", _parked, _tell_parked),
)
