"""What a server under load holds, as far as the load generator knows."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.people import user_name

_STRIDE = 7_919
"""A prime, so that the walk over the people meets each of them before it meets one again."""


@dataclass(slots=True)
class KnownGroup:
    """A group and how many members it must have; those in `outside` are not among them."""

    id: str
    name: str
    size: int
    count: int
    outside: list[str]
    added: list[str] = field(default_factory=list[str])
    """Who joined while the load ran, and may leave again."""


@dataclass(slots=True)
class World:
    """The people by number, and the groups by size."""

    ids: list[str]
    groups: dict[int, KnownGroup] = field(default_factory=dict[int, KnownGroup])
    inactive: set[int] = field(default_factory=set[int])
    fresh: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.fresh = itertools.count(len(self.ids))

    @property
    def users(self) -> int:
        """How many people were loaded."""
        return len(self.ids)

    def pick(self, number: int) -> int:
        """The number of the person whom the `number`th call is about: far from the one before."""
        return number * _STRIDE % len(self.ids)

    def name(self, number: int) -> str:
        """The userName of a person."""
        return user_name(number)
