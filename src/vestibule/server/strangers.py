"""Calls without a valid token are kept in the log, but not at will: a stranger could push out all that matters."""

from dataclasses import dataclass, field
from typing import Final

MOST: Final = 60
"""How many of one connection are kept in a minute."""
_MINUTE: Final = 60_000_000


@dataclass(slots=True)
class _Minute:
    began: int
    kept: int = 0
    left_out: int = 0


@dataclass(slots=True)
class Strangers:
    """How many came to each connection within this minute, in this process."""

    minutes: dict[str, _Minute] = field(default_factory=dict[str, _Minute])

    def admit(self, connection_id: str, at: int) -> int | None:
        """How many were left out since the last one that was kept; None for one that is left out itself."""
        minute = self.minutes.setdefault(connection_id, _Minute(at))
        if not minute.began <= at < minute.began + _MINUTE:
            minute.began, minute.kept = at, 0
        if minute.kept >= MOST:
            minute.left_out += 1
            return None
        minute.kept += 1
        left_out, minute.left_out = minute.left_out, 0
        return left_out
