"""An expectation that is at hand, as a file or an option says it."""

from dataclasses import dataclass

from vestibule.store.roll_calls import ExpectedPerson

MOST = 100_000_000
"""No number of people is larger."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """A group and its expected people, or only their number (then `people` is None)."""

    group: str
    count: int
    people: tuple[ExpectedPerson, ...] | None = None
    nested: tuple[str, ...] = ()
    """Groups within the group: their people are not provisioned by way of it."""
