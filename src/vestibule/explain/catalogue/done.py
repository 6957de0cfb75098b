"""`done`: the request was answered; what it changed. `no_change` when there was nothing to do."""

from vestibule.explain.entry import Entry, Explanation, subject
from vestibule.model import Exchange

_VERBS = {"GET": "read", "POST": "created", "PUT": "replaced", "PATCH": "changed", "DELETE": "deleted"}


def _fits(exchange: Exchange) -> bool:
    return exchange.status < 400


def _tell(exchange: Exchange) -> Explanation:
    facts = exchange.facts
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
    members = f" ({', '.join(told)})" if told else ""
    return Explanation(
        "done",
        f"The {subject(exchange)} was {_VERBS.get(exchange.method, 'handled')}{members}.",
        "The token had the scope that this request needs." if exchange.token_id else "The request was in order.",
    )


ENTRY = Entry("done", _fits, _tell)
