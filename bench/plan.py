"""What a run is to measure, and where it tells how far it is."""

import sys
from dataclasses import dataclass

SPARE = 300
"""People who must be outside a group, so that some can be added."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes, and how long each takes."""

    sizes: tuple[int, ...]
    groups: tuple[int, ...]
    connections: tuple[int, ...]
    """Of ours."""
    peer_connections: tuple[int, ...]
    cycles: tuple[int, ...]
    """Of how many people each initial cycle is."""
    seconds: float
    """How long each operation is timed at each number of connections."""
    budget: float
    """How many seconds loading a peer may take, and filling one of its groups."""

    def told(self) -> dict[str, str]:
        """The plan in words, for the report."""
        return {
            "Users": _listed(self.sizes),
            "Members of groups": _listed(self.groups),
            "Connections": f"{_listed(self.connections)}; peers {_listed(self.peer_connections)}",
            "Each figure": f"{self.seconds:g} s",
            "Loading a peer": f"{self.budget:g} s at most",
        }

    def groups_of(self, users: int) -> list[int]:
        """The sizes of groups for which there are enough users."""
        return [size for size in self.groups if size + SPARE <= users]


def _listed(numbers: tuple[int, ...]) -> str:
    return " · ".join(f"{number:,}" for number in numbers)


def say(text: str) -> None:
    """Tell how far the run is, on stderr."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
