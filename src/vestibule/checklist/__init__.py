"""The checklist of a connection's setup: what is to be entered at the identity provider, and how each step stands.

`reading` looks at the store, with a bounded number of reads however large the connection is; `steps` makes of that what
is done and what comes next, in the words of the identity provider. No state of a step is kept: it is what is the case.
Nothing in it is secret, and it names no person.
"""

from vestibule.checklist.reading import Situation, read
from vestibule.checklist.steps import Standing, Step, steps_of
from vestibule.checklist.values import Addresses, Value, name_of, values_of

__all__ = [
    "Addresses",
    "Situation",
    "Standing",
    "Step",
    "Value",
    "is_finished",
    "name_of",
    "read",
    "steps_of",
    "values_of",
]


def is_finished(steps: tuple[Step, ...]) -> bool:
    """Whether nothing is left to do: every step is done, or is one that need not be."""
    return all(each.standing in ("done", "optional") for each in steps)
