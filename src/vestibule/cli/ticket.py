"""`vestibule ticket`: invitations of a customer's administrators to set up a connection."""

import sys
from typing import TYPE_CHECKING, Any

import click

from vestibule import connections, tickets
from vestibule.checklist import SIGNS
from vestibule.cli.listing import Listing
from vestibule.cli.session import FINDING, Session, command
from vestibule.clock import to_the_minute
from vestibule.model import JsonObject
from vestibule.store import Store
from vestibule.tickets import DAY, LASTS, Ticket, state_of, ticket_json

if TYPE_CHECKING:
    from vestibule.outbound.mail import Mailer
    from vestibule.server.setup.inviting import Invitation
    from vestibule.tickets import Made

_days = click.option(
    "--days", type=float, metavar="DAYS", default=LASTS / DAY, show_default=True,
    help="How long it is good: from 1 hour (0.05) to 90.",
)  # fmt: skip


@click.group(cls=Listing)
def ticket() -> None:
    """Invitations to set up a connection: a link that shows what to enter, and how each step stands."""


@ticket.command()
@click.argument("connection_id", metavar="CONNECTION_ID")
@click.option("--for", "label", metavar="NAME", default="", help="Who is invited.")
@click.option("--mail", metavar="ADDRESS", help="Send the link there, if mail can be sent.")
@_days
@command
def create(session: Session, connection_id: str, label: str, mail: str | None, days: float) -> None:
    """Invite an administrator to set up CONNECTION_ID. The link is shown this once.

    Leaves with 1 if its mail was not taken.
    """
    from vestibule.server.setup.inviting import invite, made_json

    mailer, base_url = _mailer(session) if mail else None, session.settings.base_url

    async def work(store: Store) -> "tuple[Made, Invitation | None]":
        made = await tickets.create(
            store, session.clock, connection_id, label=label, mail=mail, lifetime=tickets.lifetime_of(days)
        )
        return made, await invite(store, mailer, made, base_url, session.clock.now())

    made, invitation = session.run(work)
    session.emit(
        made_json(made, invitation, base_url, session.clock.now()),
        f"{made.ticket.id}  until {to_the_minute(made.ticket.expires_at)}\n{made.link(base_url)}\n"
        "The link is shown this once; only a hash is kept. Whoever has it sees the page.",
    )
    if invitation is not None and invitation.sent:
        session.say(f"It was sent to {invitation.to}.")
    elif invitation is not None:
        session.say(f"It was NOT sent to {invitation.to}: {invitation.why} Give the link to them yourself.")
        if mailer is not None:
            sys.exit(FINDING)


@ticket.command("list")
@click.argument("connection_id", metavar="[CONNECTION_ID]", required=False)
@command
def list_all(session: Session, connection_id: str | None) -> None:
    """List the tickets of CONNECTION_ID, or all."""

    async def work(store: Store) -> list[Ticket]:
        if connection_id is not None:
            await connections.the_connection(store, connection_id)
        return await store.tickets(connection_id)

    found, now = session.run(work), session.clock.now()
    session.emit(
        {"tickets": [ticket_json(each, now) for each in found]},
        "\n".join(_line(each, now) for each in found) or "No ticket yet: vestibule ticket create CONNECTION_ID",
    )


@ticket.command()
@click.argument("ticket_id")
@command
def show(session: Session, ticket_id: str) -> None:
    """Show TICKET_ID, and how the setup stands that it is for."""
    from vestibule.server.setup.acts import shown

    base_url, now = session.settings.base_url, session.clock.now()

    async def work(store: Store) -> tuple[Ticket, JsonObject]:
        found = await tickets.the_ticket(store, ticket_id)
        return found, await shown(store, found, base_url, now)

    found, document = session.run(work)
    lines = [_line(found, now), "", "The setup is finished." if document["finished"] else "The setup goes on:"]
    session.emit(document, "\n".join([*lines, *(_step(each) for each in document["steps"])]))


@ticket.command()
@click.argument("ticket_id")
@_days
@command
def extend(session: Session, ticket_id: str, days: float) -> None:
    """Have TICKET_ID end so many days from now, an expired one, too. The link stays the same."""
    changed = session.run(
        lambda store: tickets.extend(store, session.clock, ticket_id, lifetime=tickets.lifetime_of(days))
    )
    session.emit(
        ticket_json(changed, session.clock.now()),
        f"{changed.id} is good until {to_the_minute(changed.expires_at)}, by the same link.",
    )


@ticket.command()
@click.argument("ticket_id")
@command
def revoke(session: Session, ticket_id: str) -> None:
    """Take TICKET_ID back for good; what was set up stays."""
    gone = session.run(lambda store: tickets.revoke(store, session.clock, ticket_id))
    session.emit(ticket_json(gone, session.clock.now()), f"{gone.id} is revoked; its link leads nowhere.")


def _mailer(session: Session) -> "Mailer | None":
    """What sends mail, if it is set up. Raises Unusable."""
    from vestibule.outbound.mail import Mailer, MailServer

    settings = session.settings
    if settings.smtp_url is None or settings.mail_from is None:
        return None
    return Mailer(MailServer.read(settings.smtp_url), settings.mail_from)


def _line(each: Ticket, now: int) -> str:
    seen = (
        "not opened yet"
        if each.last_opened_at is None
        else f"opened {each.opens}×, last {to_the_minute(each.last_opened_at)}"
    )
    who = " ".join(filter(None, (each.label, f"<{each.mail}>" if each.mail else "")))
    state = state_of(each, now)
    return (
        f"{each.id}  {each.connection_id}  {state:<7}  until {to_the_minute(each.expires_at)}  {seen}  {who}".rstrip()
    )


def _step(step: Any) -> str:
    lines = [
        f"{SIGNS[step['standing']]} {step['title']}: {step['seen']}",
        *(f"    {each}" for each in step["details"]),
    ]
    return "\n".join([*lines, f"    Next: {step['todo']}"] if step["todo"] else lines)
