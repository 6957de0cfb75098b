"""`mail_not_set_up`, `mail_failed`, `no_such_mailbox`: a code could not be sent."""

from typing import Final

from vestibule.explain.catalogue.sign_in.places import place
from vestibule.explain.catalogue.sign_in.reading import SignIn, as_text, at_idp, mend, story
from vestibule.explain.entry import Evidence, Explanation, Fix

_END_USER = "A code could not be sent to you; please ask your administrator to approve your sign-in."


def _approve(sign_in: SignIn) -> Fix:
    return mend(
        "Meanwhile approve the sign-in in place of a code", f"vestibule approval list {sign_in.connection}"
    )  # fmt: skip


def _tell_none(sign_in: SignIn) -> Explanation:
    return Explanation(
        "mail_not_set_up",
        f"{sign_in.who} should get a code by e-mail, and this server has no way to send mail.",
        "An address is proven by a code that is sent to it, unless the connection's e-mail policy trusts something "
        "else.",
        (
            mend("Set VESTIBULE_SMTP_URL and VESTIBULE_MAIL_FROM, and start the server again"),
            _approve(sign_in),
            mend("Or trust the directory, or the domain", sign_in.set("--email-policy trust_directory")),
        ),
        (),
        _END_USER,
    )


def _tell_failed(sign_in: SignIn) -> Explanation:
    mail = sign_in.part("mail")
    reason = ", ".join(filter(None, (as_text(mail.get(name)) for name in ("code", "answer", "why", "detail"))))
    return Explanation(
        "mail_failed",
        f"The code for {sign_in.who} could not be sent{f': {reason}' if reason else ''}.",
        "The mail server did not take the message. It may refuse the sender, the password, or the recipient.",
        (
            mend("Check VESTIBULE_SMTP_URL and VESTIBULE_MAIL_FROM against the mail server's own log"),
            _approve(sign_in),
        ),
        (Evidence("mail to", sign_in.text("address"), reason),),
        _END_USER,
    )


def _tell_nobody(sign_in: SignIn) -> Explanation:
    return Explanation(
        "no_such_mailbox",
        f"The code for {sign_in.who} could not be delivered: the mail server says that there is no such mailbox.",
        "The address is a name and no mailbox, which is usual where a sign-in name (UPN) is sent as the e-mail, and "
        "for contractors.",
        (
            _approve(sign_in),
            mend("Let people of provisioned accounts in without a code", sign_in.set("--email-policy trust_directory")),
            at_idp(f"Or send the address that has a mailbox: {place(sign_in, 'claims')}"),
        ),
        (Evidence("mail to", "a mailbox", sign_in.text("address")),),
        "There is no mailbox with your address; please enter another address, or ask your administrator to approve "
        "you.",
    )


ENTRIES: Final = (
    story("no_such_mailbox", tell=_tell_nobody),
    story("mail_not_set_up", tell=_tell_none),
    story("mail_failed", tell=_tell_failed),
)
