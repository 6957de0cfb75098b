"""What became of a recorded exchange, in one word: what the story of the log is filtered by."""

from collections.abc import Mapping
from typing import Any, Final, Literal, get_args

Outcome = Literal["done", "no_change", "held", "parked", "blocked", "failed"]
"""`done`: answered, or written. `no_change`: all was so already. `parked`: written, but a member or a manager who is no
user here (yet) is kept aside. `held`: waits for an administrator or a proof of an address. `blocked`: refused for a
reason that stands till somebody mends it. `failed`: a fault of ours, or the database was not there."""
OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
LABELS: Final[Mapping[str, str]] = {
    "done": "Done",
    "no_change": "No change",
    "held": "Held",
    "parked": "Parked",
    "blocked": "Blocked",
    "failed": "Failed",
}
_HELD: Final = frozenset({"held", "approval_pending", "email_unproven"})


def outcome_of(status: int, error: str | None, facts: Mapping[str, Any]) -> Outcome:
    """The outcome of an exchange with this HTTP status, kind of refusal and facts (see `model.Exchange`)."""
    if error in _HELD:
        return "held"
    if status >= 500:
        return "failed"
    if status >= 400 or error is not None:
        return "blocked"
    if facts.get("parked") or facts.get("manager_parked"):
        return "parked"
    return "no_change" if facts.get("changed") is False else "done"
