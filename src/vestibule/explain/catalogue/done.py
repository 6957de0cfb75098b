"""`done`: the request was answered; what it changed. `no_change` when there was nothing to do."""

from collections.abc import Mapping

from vestibule.counting import counted
from vestibule.explain.entry import Entry, Explanation, subject
from vestibule.model import Exchange

_VERBS = {"GET": "read", "POST": "created", "PUT": "replaced", "PATCH": "changed", "DELETE": "deleted"}


def _fits(exchange: Exchange) -> bool:
    return exchange.status < 400


_MAKERS = {"app": "the app", "login": "a sign-in"}


_MANAGER = " The manager is no user here (yet) and is filled in when that user appears."


def _left_out(exchange: Exchange) -> str:
    """What came and was not kept, because no schema of the connection has it."""
    tolerated: Mapping[str, list[str]] = exchange.facts.get("tolerated_in") or {}
    names = [each for quirk in ("unknown_attribute", "unknown_schema") for each in tolerated.get(quirk, [])]
    return f" Not kept, as no schema of the connection has it: {', '.join(names)}." if names else ""


def _tell(exchange: Exchange) -> Explanation:
    facts = exchange.facts
    if "operations" in facts:
        number, failed = facts["operations"], facts.get("failed", 0)
        tried = f"{counted(number, 'operation was', 'operations were')} tried, {failed} of them failed"
        return Explanation("done", f"A bulk request: {tried}.", "Each operation has an entry of its own in the log.")
    if facts.get("root"):
        return Explanation("done", "Users and groups were searched.", "The token may read both.")
    if facts.get("linked"):
        return Explanation(
            "linked",
            f"The {subject(exchange)} existed already, made by {_MAKERS[str(facts['linked'])]}; it was linked.",
            "The same externalId or userName is the same person, and the identity provider manages the account now.",
        )
    if exchange.resource_type is None:
        return Explanation("done", f"{exchange.path} was read.", "Discovery needs a token but no scope.")
    if facts.get("changed") is False:
        return Explanation(
            "no_change",
            f"The {subject(exchange)} was already as asked.",
            "The request named only what is true already, so the version stayed the same.",
        )
    told: list[str] = []
    for name, words in (("joined", "joined"), ("left", "left"), ("already", "were members already")):
        if facts.get(name):
            told.append(f"{facts[name]} {words}")
    verb = "searched" if exchange.path.endswith("/.search") else _VERBS.get(exchange.method, "handled")
    members = f" ({', '.join(told)})" if told else ""
    return Explanation(
        "done",
        f"The {subject(exchange)} was {verb}{members}."
        if exchange.target or exchange.resource_id
        else f"The {subject(exchange)} were {verb}{members}.",
        ("The token had the scope that this request needs." if exchange.token_id else "The request was in order.")
        + _left_out(exchange)
        + (_MANAGER if facts.get("manager_parked") else ""),
    )


ENTRY = Entry("done", _fits, _tell, ("linked", "no_change", "done"))
