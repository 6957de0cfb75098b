"""`domain_not_allowed`: a person would get an address of a mail domain that the connection does not allow."""

from collections.abc import Mapping
from typing import Any

from vestibule.explain.entry import Do, Entry, Evidence, Explanation, Fix
from vestibule.model import Exchange

CODE = "domain_not_allowed"
_SHOWN = 5


def _fits(exchange: Exchange) -> bool:
    return exchange.error == CODE


def allowing(exchange: Exchange) -> tuple[Fix, ...]:
    """What the operator does when the domain is the customer's after all; nothing for what is no address."""
    domain = exchange.facts.get("domain")
    if not domain:
        return ()
    return (
        Fix(
            f"Allow {domain} if it is the customer's",
            "operator",
            f"vestibule fix {exchange.id} allow_domain",
            Do("allow_domain", {"domain": domain}),
        ),
    )


def evidence(facts: Mapping[str, Any]) -> tuple[Evidence, ...]:
    """The domains that are allowed, and the one that came."""
    allowed = [str(each) for each in facts.get("allowed") or ()]
    more = f" and {len(allowed) - _SHOWN} more" if len(allowed) > _SHOWN else ""
    return (Evidence("domain", ", ".join(allowed[:_SHOWN]) + more, str(facts.get("domain") or facts.get("value"))),)


def what_it_is(facts: Mapping[str, Any]) -> str:
    """What is the matter with the address, to go on with after `is`."""
    if facts.get("domain"):
        return "of a mail domain that this connection does not allow"
    return "no plain mail address, and so of no domain that this connection allows"


def _tell(exchange: Exchange) -> Explanation:
    facts = exchange.facts
    which = "" if facts.get("domain") else "which is "
    of = "the userName (there is no e-mail beside it)" if facts.get("attribute") == "userName" else "the primary e-mail"
    return Explanation(
        CODE,
        f'The user "{exchange.target}" would get the address {facts.get("value")}, {which}{what_it_is(facts)}.',
        f"The connection has a list of domains, and {of} is of none of them. The request as a whole was refused. Entra "
        "sends it again in its next cycle, then after 6, 12 and 24 hours and daily for four weeks, and until it is "
        "accepted the person is in no group either.",
        (
            *allowing(exchange),
            Fix("Correct the address, or what is mapped to it, or take the person out of the scope", "customer"),
        ),
        evidence(facts),
    )


ENTRY = Entry(CODE, _fits, _tell)
