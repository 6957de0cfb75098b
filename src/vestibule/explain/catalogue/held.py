"""`patch_remove_all_guarded`, `held_for_approval`: a guard keeps the request back.

It waits until an administrator decides.
"""

from vestibule.explain.entry import Do, Entry, Explanation, Fix
from vestibule.model import Exchange

_WHY = {
    "emptied_group": "The connection holds every request that would leave a group without members, because a mistake "
    "in the identity provider looks the same. The group is as it was.",
    "deactivations": "The connection holds deactivations beyond a number within one run, because a mistake in the "
    "identity provider's scope looks the same. The account is as it was.",
}


def _fits(exchange: Exchange) -> bool:
    return exchange.error == "held"


def _tell(exchange: Exchange) -> Explanation:
    hold = exchange.facts.get("hold")
    arguments = {"hold": hold}
    emptied = exchange.facts.get("guard") == "emptied_group"
    said = exchange.facts.get("detail") or "The request is held."
    return Explanation(
        "patch_remove_all_guarded" if emptied else "held_for_approval",
        f"This waits for approval: {said}",
        _WHY.get(str(exchange.facts.get("guard")), "A guard of the connection holds such requests."),
        (
            Fix(
                "Approve it, and let the identity provider send it again",
                "operator",
                f"vestibule hold approve {exchange.connection_id} {hold}",
                Do("approve_hold", arguments),
            ),
            Fix(
                "Or refuse it, so that it is no longer asked",
                "operator",
                f"vestibule hold refuse {exchange.connection_id} {hold}",
                Do("refuse_hold", arguments),
            ),
            Fix("If it is a mistake, correct the assignment or the scoping filter and restart", "customer"),
        ),
    )


ENTRY = Entry("held_for_approval", _fits, _tell, ("patch_remove_all_guarded", "held_for_approval"))
