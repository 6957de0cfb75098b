"""The trend of a group for those who read it: what each roll call found, and after which cycle."""

from collections.abc import Sequence

from vestibule.clock import rfc3339
from vestibule.cycles import Run
from vestibule.model import JsonObject
from vestibule.store.roll_calls import RollRecord


def cycle_before(cycles: Sequence[Run], at: int) -> Run | None:
    """The newest cycle of some (oldest first) that had begun at an instant; None before the first that is known."""
    return next((each for each in reversed(cycles) if each.number and each.began <= at), None)


def roll_json(roll: RollRecord, cycle: Run | None = None) -> JsonObject:
    """A point of the trend for `--json`."""
    return {
        "group": roll.group,
        "at": rfc3339(roll.at),
        "cycle": None if cycle is None else {"id": cycle.id, "number": cycle.number},
        "expected": roll.expected,
        "present": roll.present,
        "missing": roll.missing,
        "extra": roll.extra,
        "balanced": roll.balanced,
        "reasons": dict(roll.reasons),
    }
