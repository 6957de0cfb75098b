"""What `RelationalStore` keeps of setup tickets; see `vestibule.store.tickets`."""

from collections.abc import Callable

from vestibule.model import Audit
from vestibule.store.engine import Engine
from vestibule.store.sql import tickets
from vestibule.store.tickets import Ticket, TicketChange


class RelationalTickets:
    """The part of the store about tickets, over an engine."""

    _engine: Engine

    async def add_ticket(self, ticket: Ticket, secret_hash: bytes, audit: Audit) -> None:
        """See TicketStore."""
        await self._engine.write(ticket.connection_id, lambda db: tickets.insert(db, ticket, secret_hash, audit))

    async def ticket(self, ticket_id: str) -> Ticket:
        """See TicketStore."""
        return await tickets.find(self._engine.reading, ticket_id)

    async def ticket_behind(self, connection_id: str, secret_hash: bytes) -> Ticket:
        """See TicketStore."""
        return await tickets.behind(self._engine.reading, connection_id, secret_hash)

    async def tickets(self, connection_id: str | None = None) -> list[Ticket]:
        """See TicketStore."""
        return await tickets.of(self._engine.reading, connection_id)

    async def change_ticket(
        self, connection_id: str, ticket_id: str, change: Callable[[Ticket], TicketChange]
    ) -> Ticket:
        """See TicketStore."""
        return await self._engine.write(connection_id, lambda db: tickets.change(db, connection_id, ticket_id, change))

    def ticket_opened(self, connection_id: str, ticket_id: str, at: int) -> None:
        """See TicketStore."""
        self._engine.ride(connection_id, tickets.NOTE_OPEN, (connection_id, ticket_id, at))
