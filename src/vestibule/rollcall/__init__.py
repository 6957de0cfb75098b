"""The roll call: who is expected in a group, who is present, and why each missing one is missing.

`call_roll` holds expectations that are at hand against the members; `kept` holds those that the server keeps.
"""

from vestibule.rollcall.calling import call_roll
from vestibule.rollcall.expectation import MOST, CannotExpect, Expectation
from vestibule.rollcall.report import Extra, GroupRoll, Missing, summary
from vestibule.store.roll_calls import ExpectedPerson

__all__ = [
    "MOST",
    "CannotExpect",
    "Expectation",
    "ExpectedPerson",
    "Extra",
    "GroupRoll",
    "Missing",
    "call_roll",
    "summary",
]
