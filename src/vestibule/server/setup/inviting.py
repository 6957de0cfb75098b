"""The invitation by mail, and what became of it."""

from dataclasses import dataclass

from vestibule.model import JsonObject
from vestibule.outbound.mail import Mail, Mailer, MailError
from vestibule.portal.setup_pages import invitation_mail
from vestibule.store import Store
from vestibule.tickets import Made, ticket_json


@dataclass(frozen=True, slots=True)
class Invitation:
    """Whether the server for outgoing mail has taken it; `why` it has not, in a sentence."""

    to: str
    sent: bool
    why: str | None = None

    def as_json(self) -> JsonObject:
        """For `--json` and the API."""
        return {"to": self.to, "sent": self.sent, "why": self.why}


async def invite(store: Store, mailer: Mailer | None, made: Made, base_url: str, now: int) -> Invitation | None:
    """Send the link to the address of the ticket; None when it has none. Later it cannot be sent: it is not kept."""
    ticket = made.ticket
    if ticket.mail is None:
        return None
    if mailer is None:
        return Invitation(ticket.mail, False, "No mail can be sent from here: VESTIBULE_SMTP_URL is not set.")
    connection = await store.connection(ticket.connection_id)
    enterprise = await store.enterprise(connection.enterprise_id)
    subject, text = invitation_mail(ticket, enterprise.name, connection.idp, made.link(base_url))
    try:
        await mailer.send(Mail(ticket.mail, subject, text), now)
    except MailError as error:
        said = str(error.facts.get("said") or error.facts.get("why") or error.code)
        return Invitation(ticket.mail, False, f"The mail server did not take the mail ({error.code}): {said[:200]}")
    return Invitation(ticket.mail, True)


def made_json(made: Made, invitation: Invitation | None, base_url: str, now: int) -> JsonObject:
    """A new ticket for `--json` and the API, with its link, which is told this once."""
    told = None if invitation is None else invitation.as_json()
    return {**ticket_json(made.ticket, now), "link": made.link(base_url), "invitation": told}
