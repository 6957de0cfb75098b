"""What the store keeps of setup tickets; a part of `vestibule.store.Store`, with the same promises.

A ticket is found by the hash of its link's secret within its connection, never by the secret.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from vestibule.model import Audit


@dataclass(frozen=True, slots=True)
class Ticket:
    """An invitation of one administrator to set up one connection. Times in microseconds UTC.

    `label` says who it is for, `mail` where the invitation went; neither is proven. `opens` counts how often the page
    was shown, which a machine that looks at links does, too.
    """

    connection_id: str
    id: str
    label: str
    mail: str | None
    created_at: int
    expires_at: int
    revoked_at: int | None = None
    opened_at: int | None = None
    last_opened_at: int | None = None
    opens: int = 0


@dataclass(frozen=True, slots=True)
class TicketChange:
    """When a ticket ends now, and what the audit is told; no entry where nothing changes."""

    ticket: Ticket
    audit: tuple[Audit, ...] = ()


class TicketStore(Protocol):
    """The tickets of connections."""

    async def add_ticket(self, ticket: Ticket, secret_hash: bytes, audit: Audit) -> None:
        """Keep a new ticket and the audit entry. Raises NotFound for the connection."""
        ...

    async def ticket(self, ticket_id: str) -> Ticket:
        """A ticket of whatever connection, for the operator's acts only. Raises NotFound."""
        ...

    async def ticket_behind(self, connection_id: str, secret_hash: bytes) -> Ticket:
        """The ticket whose secret has this hash. Raises NotFound."""
        ...

    async def tickets(self, connection_id: str | None = None) -> list[Ticket]:
        """The tickets of a connection, or of all, in the order of making."""
        ...

    async def change_ticket(
        self, connection_id: str, ticket_id: str, change: Callable[[Ticket], TicketChange]
    ) -> Ticket:
        """Apply a pure change to when a ticket ends, `expires_at` and `revoked_at`, and keep the audit, all or none.

        What `change` raises is passed on and nothing is changed. Raises NotFound.
        """
        ...

    def ticket_opened(self, connection_id: str, ticket_id: str, at: int) -> None:
        """Count that the page was shown; never waits, never raises."""
        ...
