"""Setup tickets: one administrator of a customer is invited to set up one connection, by a link.

The connection is there before the ticket, so that opening the link makes nothing and nothing can be in conflict. The
link may be opened as often as is wanted until the ticket ends: it is not burnt by a machine that looks at it first.
Whether the setup is finished is no state of a ticket: it is told by what is set up (`vestibule.checklist`).
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from vestibule import ids
from vestibule.claims import NotAnAddress, read_address
from vestibule.clock import Clock, rfc3339
from vestibule.model import Audit, JsonObject
from vestibule.store import NotFound, Store
from vestibule.store.tickets import Ticket, TicketChange

HOUR: Final = 3_600_000_000
DAY: Final = 24 * HOUR
LASTS: Final = 14 * DAY
"""How long a ticket is good, unless somebody says otherwise."""
SHORTEST: Final = HOUR
LONGEST: Final = 90 * DAY
MOST_OPEN: Final = 50
"""How many tickets of one connection may be open at once."""
_LABEL_MOST: Final = 200
_LINK: Final = re.compile(r"([0-9a-z_]{1,60})([0-9a-hjkmnp-tv-z]{26})")

State = Literal["open", "expired", "revoked"]
RefusalCode = Literal[
    "unknown_connection", "unknown_ticket", "label", "mail", "lifetime", "too_many", "revoked", "ends_later"
]


class TicketRefused(Exception):
    """What cannot be done about a ticket; the message says why and what to do instead."""

    def __init__(self, code: RefusalCode, message: str) -> None:
        super().__init__(message)
        self.code: RefusalCode = code


@dataclass(frozen=True, slots=True)
class Made:
    """A new ticket and the secret of its link, which is shown this once."""

    ticket: Ticket
    secret: str = field(repr=False)

    def link(self, base_url: str) -> str:
        """The address to be given to the administrator."""
        return f"{base_url}/setup/{self.secret}"


async def create(
    store: Store,
    clock: Clock,
    connection_id: str,
    *,
    label: str = "",
    mail: str | None = None,
    lifetime: int = LASTS,
    actor: str = "cli",
) -> Made:
    """Invite somebody to set a connection up; `lifetime` in microseconds, from an hour to 90 days.

    The invitation is not sent by this. Raises TicketRefused.
    """
    told, address, now = _label(label), None if mail is None else _mail(mail), clock.now()
    _check_lifetime(lifetime)
    open_ones = [each for each in await store.tickets(connection_id) if state_of(each, now) == "open"]
    if len(open_ones) >= MOST_OPEN:
        raise TicketRefused(
            "too_many", f"{connection_id} has {len(open_ones)} open tickets, the most that there can be: revoke some."
        )
    # The connection stands in front, so that the hash is looked for among its own tickets only.
    secret = connection_id.removeprefix("con_") + ids.new_link_secret()
    ticket = Ticket(connection_id, ids.new_id("tkt", now), told, address, now, now + lifetime)
    entry = _audit(ticket, "created", now, actor, {"label": told, "mail": address, "expires_at": ticket.expires_at})
    try:
        await store.add_ticket(ticket, ids.token_hash(secret), entry)
    except NotFound as error:
        raise TicketRefused(
            "unknown_connection",
            f"There is no connection {connection_id}. `vestibule connection list` shows those that exist.",
        ) from error
    return Made(ticket, secret)


async def opened(store: Store, secret: str) -> Ticket | None:
    """The ticket of a link, whatever its state; None for a link that is none. The opening is not counted by this."""
    match = _LINK.fullmatch(secret.lower())
    if match is None:
        return None
    try:
        return await store.ticket_behind(f"con_{match[1]}", ids.token_hash(match[0]))
    except NotFound:
        return None


async def the_ticket(store: Store, ticket_id: str) -> Ticket:
    """A ticket by its id. Raises TicketRefused with the way to find the right one."""
    try:
        return await store.ticket(ticket_id)
    except NotFound as error:
        raise TicketRefused(
            "unknown_ticket",
            f"There is no ticket {ticket_id}. `vestibule ticket list` shows those that exist "
            "(give the id, tkt_…, not the link).",
        ) from error


def state_of(ticket: Ticket, now: int) -> State:
    """How a ticket stands at an instant in microseconds."""
    if ticket.revoked_at is not None:
        return "revoked"
    return "open" if now < ticket.expires_at else "expired"


def ended_at(ticket: Ticket) -> int:
    """When a ticket was taken back, else when it ends by itself; in microseconds."""
    return ticket.expires_at if ticket.revoked_at is None else ticket.revoked_at


def ticket_json(ticket: Ticket, now: int) -> JsonObject:
    """A ticket for `--json` and the API; never its link."""
    times = {
        name: None if at is None else rfc3339(at)
        for name, at in (
            ("created_at", ticket.created_at),
            ("expires_at", ticket.expires_at),
            ("revoked_at", ticket.revoked_at),
            ("opened_at", ticket.opened_at),
            ("last_opened_at", ticket.last_opened_at),
        )
    }
    return {
        "id": ticket.id,
        "connection_id": ticket.connection_id,
        "label": ticket.label,
        "mail": ticket.mail,
        "state": state_of(ticket, now),
        **times,
        "opens": ticket.opens,
    }


async def extend(
    store: Store,
    clock: Clock,
    ticket_id: str,
    *,
    lifetime: int = LASTS,
    actor: str = "cli",
    because: JsonObject | None = None,
) -> Ticket:
    """Have a ticket end so many microseconds from now, an expired one, too: its link stays the same.

    `because` is kept with the audit entry. Raises TicketRefused for an unknown or a revoked one, and for an end that
    would come sooner than the present one.
    """
    now = clock.now()
    _check_lifetime(lifetime)

    def change(present: Ticket) -> TicketChange:
        if present.revoked_at is not None:
            raise TicketRefused(
                "revoked",
                f"{ticket_id} was revoked, and a link that was taken back stays so: "
                f"`vestibule ticket create {present.connection_id}` makes a new one.",
            )
        later = replace(present, expires_at=now + lifetime)
        if later.expires_at <= present.expires_at:
            raise TicketRefused("ends_later", f"{ticket_id} is good for longer than that already; nothing was changed.")
        detail = {"before": present.expires_at, "expires_at": later.expires_at, **(because or {})}
        return TicketChange(later, (_audit(later, "extended", now, actor, detail),))

    return await _changed(store, ticket_id, change)


async def revoke(store: Store, clock: Clock, ticket_id: str, *, actor: str = "cli") -> Ticket:
    """Take a ticket back for good; doing it twice changes nothing. Raises TicketRefused for an unknown one."""
    now = clock.now()

    def change(present: Ticket) -> TicketChange:
        if present.revoked_at is not None:
            return TicketChange(present)
        gone = replace(present, revoked_at=now)
        return TicketChange(gone, (_audit(gone, "revoked", now, actor, {}),))

    return await _changed(store, ticket_id, change)


async def _changed(store: Store, ticket_id: str, change: Callable[[Ticket], TicketChange]) -> Ticket:
    ticket = await the_ticket(store, ticket_id)
    return await store.change_ticket(ticket.connection_id, ticket.id, change)


def _label(text: str) -> str:
    told = " ".join(text.split())
    if len(told) > _LABEL_MOST or any(unicodedata.category(each) in ("Cc", "Cf", "Cs") for each in told):
        raise TicketRefused("label", f"Say who it is for in at most {_LABEL_MOST} plain characters.")
    return told


def _mail(text: str) -> str:
    try:
        return str(read_address(text.strip()))
    except NotAnAddress as error:
        raise TicketRefused("mail", f"{text.strip()[:100]!r} is no mail address: {error}.") from error


def lifetime_of(days: float) -> int:
    """So many days, or a part of one, in microseconds. Raises TicketRefused, also for what is no number."""
    if not 0 <= days * DAY <= LONGEST:
        raise _lifetime_refused()
    return int(days * DAY)


def _check_lifetime(lifetime: int) -> None:
    if not SHORTEST <= lifetime <= LONGEST:
        raise _lifetime_refused()


def _lifetime_refused() -> TicketRefused:
    return TicketRefused("lifetime", "A ticket is good for an hour at the least and for 90 days at the most.")


def _audit(ticket: Ticket, what: str, at: int, actor: str, detail: JsonObject) -> Audit:
    return Audit(ids.new_id("aud", at), ticket.connection_id, at, actor, f"ticket.{what}", ticket.id, detail)
