"""`rate_limited`: too many requests in too short a time; refused here, or by another server."""

from vestibule.counting import verb
from vestibule.explain.entry import Do, Entry, Explanation, Fix
from vestibule.model import Exchange

_LATER = (
    "What was refused with 429 Entra sends again in its next cycle, 40 minutes later, and so on until it is through; "
    "its log calls it TooManyRequests. The sync is late and not wrong."
)


def _is_ours(exchange: Exchange) -> bool:
    return exchange.error == "rate_limited" and exchange.facts.get("of") in _OF


def _fits(exchange: Exchange) -> bool:
    return exchange.status == 429


def _tell(exchange: Exchange) -> Explanation:
    return _OF[str(exchange.facts["of"])](exchange)


def _of_connection(exchange: Exchange) -> Explanation:
    facts = exchange.facts
    rate = int(facts.get("limit") or 1)
    wanted = max(2 * rate, 100)
    return Explanation(
        "rate_limited",
        f"More requests came to this connection than {rate:,} a second; this one was not looked at, and nothing was "
        "changed.",
        f"{int(facts.get('burst') or 0):,} are let through at once and {rate:,} a second after that, so that one "
        f"connection cannot slow down the others. {again(exchange)} {_LATER}",
        (
            Fix(
                f"Let {wanted:,} a second through",
                "operator",
                f"vestibule connection set {exchange.connection_id} --rate-limit {wanted}",
                Do("raise_rate_limit", {"rate": wanted}),
            ),
            Fix("Or wait for the next cycles; assign people in smaller groups if it stays", "customer"),
        ),
    )


def _of_person(exchange: Exchange) -> Explanation:
    rate = int(exchange.facts.get("limit") or 1)
    return Explanation(
        "rate_limited",
        f"More requests came than {rate:,} a second with a token that stands for one person.",
        f"Such a token is counted by itself, and takes nothing from the identity provider. {again(exchange)}",
        (Fix("Send fewer requests, and wait as long as the answer says", "customer"),),
    )


def _of_strangers(exchange: Exchange) -> Explanation:
    return Explanation(
        "rate_limited",
        "Too many calls without a good token came from one client; of this one nothing but the token was looked at.",
        f"Such calls are answered 401 up to {exchange.facts.get('limit')} a second. Who has a good token is let in all "
        f"the same, from the same address too. {again(exchange)}",
        (Fix("Enter the connection's present token where it is called from, or stop what calls", "customer"),),
    )


def again(exchange: Exchange) -> str:
    """When the next one is let through, and what of this kind the log does not have."""
    seconds, more = exchange.facts.get("retry_after", "?"), exchange.facts.get("left_out")
    told = f"The answer said to come again in {seconds} s (Retry-After)."
    return (
        f"{told} {more:,} more like it {verb(more, 'was', 'were')} left out of the log."
        if isinstance(more, int)
        else told
    )


def _of_another(exchange: Exchange) -> Explanation:
    del exchange
    return Explanation(
        "rate_limited",
        "The server refused the request because too many came in too short a time.",
        f"An initial sync sends many requests at once, Entra up to 25 a second. {_LATER}",
        (
            Fix("Raise the limit for the identity provider to 25 requests a second or more", "operator"),
            Fix("Or wait for the next cycles; assign people in smaller groups if it stays", "customer"),
        ),
    )


_OF = {"connection": _of_connection, "person": _of_person, "strangers": _of_strangers}
OURS = Entry("rate_limited", _is_ours, _tell)
"""Stands before all others: whoever floods the server is answered with as little work as can be."""
ENTRY = Entry("rate_limited", _fits, _of_another)
