"""`ticket_expired`, `ticket_revoked`: the link of a setup ticket was opened after its end."""

from typing import Final

from vestibule.clock import to_the_minute
from vestibule.explain.entry import Do, Entry, Explanation, Fix
from vestibule.model import Exchange

TICKET: Final = "Ticket"
"""The `resource_type` of an opened link; its facts are the `ticket`, and when it `ended` (microseconds)."""


def _is(error: str, exchange: Exchange) -> bool:
    return exchange.resource_type == TICKET and exchange.error == error


def _ended(exchange: Exchange) -> str:
    at = exchange.facts.get("ended")
    return f" on {to_the_minute(at)}" if isinstance(at, int) else ""


def _named(exchange: Exchange) -> str:
    ticket = exchange.facts.get("ticket")
    return f"The setup ticket {ticket}" if ticket else "This setup ticket"


def _tell_expired(exchange: Exchange) -> Explanation:
    ticket = exchange.facts.get("ticket")
    return Explanation(
        "ticket_expired",
        f"{_named(exchange)} ended{_ended(exchange)}, and its link was opened after that.",
        "A ticket is good for a limited time. Nothing that was set up is lost: the connection stands as it did, and "
        "the same link leads to it again as soon as the ticket is extended.",
        (
            Fix(
                "Have the ticket go on; its link stays the same",
                "operator",
                f"vestibule ticket extend {ticket or 'TICKET_ID'}",
                Do("extend_ticket", {"ticket": ticket}) if ticket else None,
            ),
            Fix("Then open the same link again", "customer"),
        ),
    )


def _tell_revoked(exchange: Exchange) -> Explanation:
    return Explanation(
        "ticket_revoked",
        f"{_named(exchange)} was taken back{_ended(exchange)}, and its link was opened after that.",
        "An administrator revoked it, as the audit tells; a link that was taken back stays so. Nothing that was set up "
        "is lost by that.",
        (
            Fix(
                "Make a new ticket for the same connection, if the person is still to set it up",
                "operator",
                f"vestibule ticket create {exchange.connection_id or 'CONNECTION_ID'}",
            ),
            Fix("Use the newest link that came to you", "customer"),
        ),
    )


ENTRIES: Final = (
    Entry("ticket_expired", lambda exchange: _is("ticket_expired", exchange), _tell_expired),
    Entry("ticket_revoked", lambda exchange: _is("ticket_revoked", exchange), _tell_revoked),
)
