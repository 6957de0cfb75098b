"""What may come in any number is kept in the log, but not at will: it could push out all that matters."""

from dataclasses import dataclass, field, replace
from typing import Final

from vestibule.model import Exchange

STRANGERS: Final = 60
"""How many calls without a token of one connection are kept in a minute."""
LIMITED: Final = 300
"""How many of an identity provider's calls beyond its limit are kept in a minute, for the roll call to find people."""
_MINUTE: Final = 60_000_000


@dataclass(slots=True)
class _Minute:
    began: int
    kept: int = 0
    left_out: int = 0


@dataclass(slots=True)
class Sparse:
    """How many of one sort came to each connection within this minute, in this process; `most` of them are kept."""

    most: int
    minutes: dict[str, _Minute] = field(default_factory=dict[str, _Minute])

    def admit(self, connection_id: str, at: int) -> int | None:
        """How many were left out since the last one that was kept; None for one that is left out itself."""
        minute = self.minutes.setdefault(connection_id, _Minute(at))
        if not minute.began <= at < minute.began + _MINUTE:
            minute.began, minute.kept = at, 0
        if minute.kept >= self.most:
            minute.left_out += 1
            return None
        minute.kept += 1
        left_out, minute.left_out = minute.left_out, 0
        return left_out

    def thinned(self, exchange: Exchange) -> Exchange | None:
        """What is kept of an exchange: with `left_out`, if some were before it; None when it is left out itself."""
        left_out = self.admit(exchange.connection_id, exchange.at)
        if not left_out:
            return exchange if left_out == 0 else None
        return replace(exchange, facts={**exchange.facts, "left_out": left_out})
