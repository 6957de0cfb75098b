"""The mail with the code."""

from vestibule.model import EmailVerification
from vestibule.outbound.mail import Mail, MailError
from vestibule.portal.sign_in_pages import code_mail
from vestibule.server.sign_on.desk import Desk
from vestibule.server.sign_on.visit import Visit
from vestibule.signin import proofs
from vestibule.signin.proofs import CannotVerify


async def send_code(desk: Desk, visit: Visit, verification: EmailVerification, address: str | None = None) -> str:
    """Send a fresh code; returns what went wrong as a code of the page's, or an empty text."""
    if desk.mailer is None:
        visit.facts["mail"] = "mail_not_set_up"
        return "mail_not_set_up"
    wanted = verification.address if address is None else address
    wait = desk.pace.mailbox_wait(verification.connection_id, wanted, visit.at)
    if wait:
        visit.facts |= {"mail": "mailbox_busy", "seconds": wait}
        return "mailbox_busy"
    try:
        code = await proofs.new_code(desk.store, await desk.code_key(), verification, visit.at, address)
        desk.pace.mailed(verification.connection_id, code.address, visit.at)
        connection = await desk.store.connection(verification.connection_id)
        enterprise = await desk.store.enterprise(connection.enterprise_id)
        subject, text, html = code_mail(code.digits, enterprise.name)
        visit.facts["mail"] = await desk.mailer.send(Mail(code.address, subject, text, html), visit.at)
    except CannotVerify as error:
        visit.facts["mail"] = {"code": error.code, **error.facts}
        return error.code
    except MailError as error:
        visit.facts["mail"] = {"code": error.code, "temporary": error.temporary, **error.facts}
        return "no_such_mailbox" if error.code == "recipient_refused" and not error.temporary else "mail_failed"
    return ""
