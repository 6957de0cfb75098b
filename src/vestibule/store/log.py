"""What the store keeps of what was asked and done: the log and the audit; a part of `vestibule.store.Store`.

The log is read by who wants to see it, and once from its beginning by who makes something of it (`read_traffic`); what
was read so may be pruned.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from vestibule.model import Audit, Exchange
from vestibule.store.answers import ExchangeQuery, Trace, Traffic


class LogStore(Protocol):
    """The log of exchanges, and the audit."""

    def record(self, exchange: Exchange) -> None:
        """Keep an exchange; never waits, never raises."""
        ...

    def take_recorded(self) -> set[str]:
        """The connections that this process has recorded exchanges of since it asked last."""
        ...

    async def exchange(self, request_id: str) -> Exchange:
        """One exchange by its request id. Raises NotFound."""
        ...

    async def exchanges(self, connection_id: str, query: ExchangeQuery) -> list[Exchange]:
        """Exchanges of a connection as the query says.

        Time is looked for by the ids, which tell when a request came; a clock that was set back by more than ten
        minutes may hide what came meanwhile from `since` and `before`.
        """
        ...

    async def traffic(self, connection_id: str) -> Traffic:
        """What was read of a connection's log; nothing at first."""
        ...

    async def unread(self, connection_id: str, after_id: str, limit: int, before: int | None = None) -> list[Trace]:
        """The next exchanges after an id (or from the beginning), before an instant, oldest first."""
        ...

    async def read_traffic(
        self, connection_id: str, before: int, limit: int, fold: Callable[[str, Sequence[Trace]], str]
    ) -> int:
        """Read on in the log, at most `limit` exchanges that came before an instant; how many there were.

        `fold` is pure and makes a new document of the present one and of these exchanges; it may be
        called more than once. Each exchange is read once, whoever asks; after a clock was set back by more than ten
        minutes, reading goes on from the new present. Raises NotFound for the connection.
        """
        ...

    async def prune_log(self, connection_id: str, before: int, most: int, limit: int) -> int:
        """Delete at most `limit` exchanges, the oldest first; how many there were.

        Those that came before an instant go, and those beyond `most` bytes; none that `read_traffic` has not seen.
        """
        ...

    async def audit(self, connection_id: str, limit: int = 100) -> list[Audit]:
        """The audit entries of a connection, or of what belongs to an enterprise, newest first."""
        ...
