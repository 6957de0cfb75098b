"""What is written without anybody who waits: the log, and when a token was used."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

RIDE_DELAY = 0.1
"""After so many seconds it is written at the latest."""
MAX_RIDERS = 10_000
"""How many entries wait at most when the database cannot be written; the oldest are dropped."""


@dataclass(frozen=True, slots=True)
class Group:
    """Entries of one connection that one statement writes."""

    connection_id: str
    sql: str
    values: list[Sequence[Any]]


@dataclass(slots=True)
class Riders:
    """A queue of statements with their values, in the order of their coming."""

    waiting: list[tuple[str, str, Sequence[Any]]] = field(default_factory=list[tuple[str, str, Sequence[Any]]])

    def __len__(self) -> int:
        return len(self.waiting)

    def add(self, connection_id: str, sql: str, values: Sequence[Any]) -> None:
        """One more."""
        self.waiting.append((connection_id, sql, values))

    def take(self) -> "Riders":
        """All that wait; they wait no longer."""
        taken, self.waiting = self.waiting, []
        return Riders(taken)

    def put_back(self, others: "Riders") -> None:
        """Those that could not be written come first again."""
        self.waiting = (others.waiting + self.waiting)[-MAX_RIDERS:]

    def groups(self) -> Iterator[Group]:
        """What can be written together."""
        found: dict[tuple[str, str], list[Sequence[Any]]] = {}
        for connection_id, sql, values in self.waiting:
            found.setdefault((connection_id, sql), []).append(values)
        for (connection_id, sql), values in found.items():
            yield Group(connection_id, sql, values)
