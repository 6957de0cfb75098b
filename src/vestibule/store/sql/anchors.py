"""Where the pages of a list ended, so that the next one goes on there instead of counting from the beginning.

A list that is read page by page by `startIndex` thus neither slows down nor, when somebody leaves in between, loses
one who stays. What is remembered is a hint of one process: without it the place is looked for.
"""

import bisect
import time
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field

from vestibule.scim.cursor import Position

MAX_LISTS = 256
"""How many lists are remembered."""
MAX_PLACES = 20_000
"""How many places of one list."""
GOOD_FOR = 600.0
"""For how many seconds a place is good: who left meanwhile is not looked for."""


@dataclass(slots=True)
class Anchors:
    """The places of one list: after so many resources comes this position."""

    passed: list[int] = field(default_factory=list[int])
    places: dict[int, tuple[Position, float]] = field(default_factory=dict[int, tuple[Position, float]])

    def note(self, passed: int, position: Position) -> None:
        """After `passed` resources the list stood at `position`."""
        if passed not in self.places:
            if len(self.passed) >= MAX_PLACES:
                self.passed.clear()
                self.places.clear()
            bisect.insort(self.passed, passed)
        self.places[passed] = (position, time.monotonic())

    def before(self, passed: int) -> tuple[Position | None, int]:
        """The last good place at or before `passed`, and how many resources come before it."""
        good_since = time.monotonic() - GOOD_FOR
        for number in range(bisect.bisect_right(self.passed, passed), 0, -1):
            known = self.passed[number - 1]
            position, noted = self.places[known]
            if noted > good_since:
                return position, known
            del self.places[known], self.passed[number - 1]
        return None, 0


class Walks:
    """The anchors of the lists that were read last, each known by what was asked."""

    def __init__(self) -> None:
        self._lists: OrderedDict[Hashable, Anchors] = OrderedDict()

    def of(self, *asked: Hashable) -> Anchors:
        """The anchors of one list."""
        found = self._lists.setdefault(asked, Anchors())
        self._lists.move_to_end(asked)
        if len(self._lists) > MAX_LISTS:
            self._lists.popitem(last=False)
        return found
