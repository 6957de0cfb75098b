"""`filter_no_match_will_create`: the identity provider looked for somebody and found nobody, as it should."""

from vestibule.explain.entry import Do, Entry, Explanation, Fix, subject
from vestibule.model import Exchange


def _fits(exchange: Exchange) -> bool:
    return exchange.status == 200 and exchange.facts.get("total") == 0 and exchange.target is not None


def _tell(exchange: Exchange) -> Explanation:
    return Explanation(
        "filter_no_match_will_create",
        f"The {subject(exchange)} was looked for and does not exist here.",
        "The identity provider asks this before it creates an object, and with a made-up name in its connection "
        "test. A create should follow; after a connection test nothing does.",
        _renamed(exchange),
    )


def _renamed(exchange: Exchange) -> tuple[Fix, ...]:
    """A group of the app's that goes by another name may be meant; which one, only a person knows."""
    if exchange.resource_type != "Group" or not exchange.id:
        return ()
    label = "If a group that is here under another name is meant, give it this one before it is created anew"
    arguments = {"group": None, "displayName": exchange.target}
    command = f"vestibule fix {exchange.id} map_group --with group=GROUP"
    return (Fix(label, "operator", command, Do("map_group", arguments)),)


ENTRY = Entry("filter_no_match_will_create", _fits, _tell)
