"""What the API does about tickets: bodies read strictly, tickets as JSON."""

from dataclasses import dataclass
from typing import Any, cast

from vestibule import checklist, tickets
from vestibule.clock import Clock
from vestibule.connections import the_connection
from vestibule.model import JsonObject
from vestibule.outbound.mail import Mailer
from vestibule.scim.errors import InvalidValue
from vestibule.server.setup.inviting import invite, made_json
from vestibule.store import Store
from vestibule.tickets import LASTS, Ticket, ticket_json


@dataclass(frozen=True, slots=True)
class TicketActs:
    """Tickets over the store. Each act returns what is answered, and raises TicketRefused or InvalidValue."""

    store: Store
    clock: Clock
    mailer: Mailer | None
    base_url: str

    async def create(self, connection_id: str, body: Any, actor: str) -> JsonObject:
        """Make one and send the invitation, if there is an address; the link is told this once."""
        given = _object(body, {"label": str, "mail": str, "days": (int, float)})
        made = await tickets.create(
            self.store, self.clock, connection_id, label=given.get("label", ""), mail=given.get("mail"),
            lifetime=_lifetime(given), actor=actor,
        )  # fmt: skip
        now = self.clock.now()
        invitation = await invite(self.store, self.mailer, made, self.base_url, now)
        return made_json(made, invitation, self.base_url, now)

    async def list(self, connection_id: str | None) -> JsonObject:
        """Those of a connection, or all. Raises connections.Refused."""
        if connection_id is not None:
            await the_connection(self.store, connection_id)
        now = self.clock.now()
        return {"tickets": [ticket_json(each, now) for each in await self.store.tickets(connection_id)]}

    async def show(self, ticket_id: str) -> JsonObject:
        """One with the checklist of its connection."""
        # Whoever has just opened the link is to be counted.
        await self.store.flush()
        return await shown(self.store, await tickets.the_ticket(self.store, ticket_id), self.base_url, self.clock.now())

    async def extend(self, ticket_id: str, body: Any, actor: str) -> JsonObject:
        """Have it end so many days from now."""
        given = _object(body, {"days": (int, float)})
        changed = await tickets.extend(self.store, self.clock, ticket_id, lifetime=_lifetime(given), actor=actor)
        return ticket_json(changed, self.clock.now())

    async def revoke(self, ticket_id: str, actor: str) -> JsonObject:
        """Take it back."""
        return ticket_json(await tickets.revoke(self.store, self.clock, ticket_id, actor=actor), self.clock.now())


async def shown(store: Store, ticket: Ticket, base_url: str, now: int) -> JsonObject:
    """A ticket with how the setup stands that it is for."""
    found = await checklist.look(store, ticket.connection_id, base_url, now)
    return {**ticket_json(ticket, now), **found.as_json()}


def _object(body: Any, known: dict[str, Any]) -> JsonObject:
    if not isinstance(body, dict):
        raise InvalidValue("The body is a JSON object.")
    given = {name: value for name, value in cast("JsonObject", body).items() if value is not None}
    for name, value in given.items():
        if name not in known:
            raise InvalidValue(f"There is no {name!r} here; to be given are {', '.join(known)}.")
        if not isinstance(value, known[name]) or isinstance(value, bool):
            kind = "a text" if known[name] is str else "a number"
            raise InvalidValue(f"`{name}` is {kind}.")
    return given


def _lifetime(given: JsonObject) -> int:
    return tickets.lifetime_of(given["days"]) if "days" in given else LASTS
