"""The trend of a group for those who read it."""

from vestibule.clock import rfc3339
from vestibule.model import JsonObject
from vestibule.store.roll_calls import RollRecord


def roll_json(roll: RollRecord) -> JsonObject:
    """A point of the trend for `--json`."""
    return {
        "group": roll.group,
        "at": rfc3339(roll.at),
        "expected": roll.expected,
        "present": roll.present,
        "missing": roll.missing,
        "extra": roll.extra,
        "balanced": roll.balanced,
        "reasons": dict(roll.reasons),
    }
