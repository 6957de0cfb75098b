"""What `RelationalStore` keeps of what was asked and done; see `vestibule.store.log`."""

from collections.abc import Callable, Sequence

from vestibule.model import Audit, Exchange
from vestibule.store.answers import ExchangeQuery, Trace, Traffic
from vestibule.store.engine import Engine
from vestibule.store.sql import log, traffic
from vestibule.store.sql.rows import exchange_values


class RelationalLog:
    """The part of the store about the log and the audit, over an engine."""

    _engine: Engine
    _recorded: set[str]

    def record(self, exchange: Exchange) -> None:
        """See LogStore."""
        self._recorded.add(exchange.connection_id)
        self._engine.ride(exchange.connection_id, log.INSERT_EXCHANGE, exchange_values(exchange))

    def take_recorded(self) -> set[str]:
        """See LogStore."""
        taken, self._recorded = self._recorded, set()
        return taken

    async def exchange(self, request_id: str) -> Exchange:
        """See LogStore."""
        return await log.one_exchange(self._engine.reading, request_id)

    async def exchanges(self, connection_id: str, query: ExchangeQuery) -> list[Exchange]:
        """See LogStore."""
        return await log.exchanges(self._engine.reading, connection_id, query)

    async def traffic(self, connection_id: str) -> Traffic:
        """See LogStore."""
        return await traffic.kept(self._engine.reading, connection_id)

    async def unread(self, connection_id: str, after_id: str, limit: int, before: int | None = None) -> list[Trace]:
        """See LogStore."""
        return (await traffic.unread(self._engine.reading, connection_id, after_id, before, limit))[0]

    async def read_traffic(
        self, connection_id: str, before: int, limit: int, fold: Callable[[str, Sequence[Trace]], str]
    ) -> int:
        """See LogStore."""
        return await self._engine.write(
            connection_id, lambda db: traffic.read_on(db, connection_id, before, limit, fold)
        )

    async def prune_log(self, connection_id: str, before: int, most: int, limit: int) -> int:
        """See LogStore."""
        if not await traffic.has_old(self._engine.reading, connection_id, before, most):
            return 0
        return await self._engine.write(connection_id, lambda db: traffic.prune(db, connection_id, before, most, limit))

    async def audit(self, connection_id: str, limit: int = 100) -> list[Audit]:
        """See LogStore."""
        return await log.audit(self._engine.reading, connection_id, limit)
