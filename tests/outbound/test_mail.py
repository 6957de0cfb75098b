"""Mail as a real server takes it or refuses it."""

import asyncio
import contextlib
import email
import email.message
import email.policy
import ssl
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import free_port
from tests.outbound.certificates import Authority
from vestibule.outbound import Unusable
from vestibule.outbound.mail import Mail, Mailer, MailError, MailServer

NOW = 1_795_507_200_000_000
MAIL = Mail("ana@acme.com", "Your code – Grüße", "The code is 123456.", "<p>The code is <b>123456</b>.</p>")
SENDER = "Vestibule at Müller <noreply@app.example>"


@dataclass
class Inbox:
    """What arrives, and what the server says to it."""

    got: list[Envelope] = field(default_factory=list[Envelope])
    encrypted: list[bool] = field(default_factory=list[bool])
    says: dict[str, str] = field(default_factory=dict[str, str])

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:  # noqa: N802
        envelope.mail_from = address
        return self.says.get("mail", "250 OK")

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:  # noqa: N802
        if "rcpt" not in self.says:
            envelope.rcpt_tos.append(address)
        return self.says.get("rcpt", "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if "hang" in self.says:
            await asyncio.sleep(3)
        if "data" not in self.says:
            self.got.append(envelope)
            self.encrypted.append(session.ssl is not None)
        return self.says.get("data", "250 taken")


def let_in(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (b"me@x", b"p:/ss w")
    return AuthResult(success=known, handled=False)


@contextlib.contextmanager
def smtp(inbox: Inbox, **options: Any) -> Generator[int]:
    port = free_port()
    controller = Controller(inbox, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def send(mail: Mail, url: str, tls: ssl.SSLContext | None = None, seconds: float = 5.0) -> str:
    async def work() -> str:
        try:
            return await Mailer(MailServer.read(url), SENDER, tls=tls, seconds=seconds).send(mail, NOW)
        finally:
            # A server's loop goes on, and a connection that is closing is closed in it.
            await asyncio.sleep(0.05)

    return asyncio.run(work())


def refusal(mail: Mail, url: str, tls: ssl.SSLContext | None = None, seconds: float = 5.0) -> MailError:
    with pytest.raises(MailError) as caught:
        send(mail, url, tls, seconds)
    return caught.value


def read(envelope: Envelope) -> email.message.EmailMessage:
    assert isinstance(envelope.content, bytes)
    return email.message_from_bytes(envelope.content, policy=email.policy.default)  # type: ignore[return-value]


def test_a_mail_arrives_with_both_texts_and_its_headers() -> None:
    inbox = Inbox()
    with smtp(inbox) as port:
        message_id = send(MAIL, f"smtp://127.0.0.1:{port}?starttls=no")
    (envelope,) = inbox.got
    assert (envelope.mail_from, envelope.rcpt_tos) == ("noreply@app.example", ["ana@acme.com"])
    message = read(envelope)
    assert (message["Subject"], message["To"], message["From"]) == (MAIL.subject, MAIL.to, SENDER)
    assert (message["Message-ID"], message["Date"]) == (message_id, "Tue, 24 Nov 2026 08:00:00 +0000")
    assert message_id.endswith("@app.example>")
    assert message["Auto-Submitted"] == "auto-generated"
    texts = [(part.get_content_type(), part.get_content().strip()) for part in message.iter_parts()]
    assert texts == [("text/plain", MAIL.text), ("text/html", MAIL.html)]


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_login_goes_over_verified_tls(authority: Authority, scheme: str) -> None:
    inbox = Inbox()
    options = {"auth_required": True, "authenticator": let_in, "auth_require_tls": scheme == "smtp"}
    options |= (
        {"tls_context": authority.server("localhost")}
        if scheme == "smtp"
        else {"ssl_context": authority.server("localhost")}
    )
    with smtp(inbox, **options) as port:
        url = f"{scheme}://me%40x:p%3A%2Fss%20w@localhost:{port}"
        send(MAIL, url, authority.trusted())
        assert len(inbox.got) == 1
        wrong = refusal(MAIL, f"{scheme}://me%40x:wrong@localhost:{port}", authority.trusted())
        assert (wrong.code, wrong.temporary) == ("login", False)
        assert "wrong" not in str(wrong)
        for url_, tls in ((url, None), (url.replace("localhost", "127.0.0.1"), authority.trusted())):
            untrusted = refusal(MAIL, url_, tls)
            assert (untrusted.code, untrusted.temporary) == ("tls", False)
        assert len(inbox.got) == 1


def test_without_starttls_at_the_server_nothing_is_said(authority: Authority) -> None:
    """Somebody in between who strikes STARTTLS out of the server's answer gets neither mail nor password."""
    inbox = Inbox()
    with smtp(inbox) as port:
        assert refusal(MAIL, f"smtp://me:hush@localhost:{port}", authority.trusted()).code == "tls"
    assert inbox.got == []


@pytest.mark.parametrize(
    ("says", "code", "temporary"),
    [
        ({"rcpt": "550 5.1.1 No such mailbox"}, "recipient_refused", False),
        ({"rcpt": "450 4.2.1 Mailbox is busy"}, "recipient_refused", True),
        ({"mail": "553 not your address"}, "sender_refused", False),
        ({"mail": "451 later"}, "sender_refused", True),
        ({"data": "554 5.7.1 Spam"}, "refused", False),
        ({"data": "452 4.3.1 disk full"}, "refused", True),
        ({"hang": "x"}, "timeout", True),
    ],
)
def test_a_refusal_is_told_with_the_words_of_the_server(says: dict[str, str], code: str, temporary: bool) -> None:
    inbox = Inbox(says=says)
    with smtp(inbox) as port:
        error = refusal(MAIL, f"smtp://127.0.0.1:{port}?starttls=no", seconds=0.5 if "hang" in says else 5)
    assert (error.code, error.temporary) == (code, temporary)
    assert error.facts["to"] == "ana@acme.com"
    if code != "timeout":
        (line,) = says.values()
        assert error.facts["said"] in line
        assert error.facts["status"] == int(line[:3])


def test_nobody_at_home_is_temporary() -> None:
    error = refusal(MAIL, f"smtp://127.0.0.1:{free_port()}?starttls=no")
    assert (error.code, error.temporary) == ("connect", True)


BAD_RECIPIENTS = (
    "", "ana", "ana@", "@acme.com", "ana@acme.com, eve@evil.com", "ana@acme.com eve@evil.com", "Ana <ana@acme.com>",
    "ana@acme.com\r\nBcc: eve@evil.com", "ana@acme.com\nRCPT TO:<eve@evil.com>", "ana\0@acme.com", "ana@acme.com>",
    "<ana@acme.com>", "ana@acme.com\t", " ana@acme.com", "ana@b@acme.com", "ana@acme.com;eve@evil.com", "a b@acme.com",
)  # fmt: skip


@pytest.mark.parametrize("to", BAD_RECIPIENTS)
def test_what_is_no_bare_address_reaches_nobody(to: str) -> None:
    inbox = Inbox()
    with smtp(inbox) as port:
        error = refusal(Mail(to, "s", "t", "h"), f"smtp://127.0.0.1:{port}?starttls=no")
    assert (error.code, error.temporary, inbox.got) == ("bad_message", False, [])


@pytest.mark.parametrize("subject", ["a\nBcc: eve@evil.com", "a\r\n\r\nbody", "a\rb", "a\0b"])
def test_a_subject_begins_no_header(subject: str) -> None:
    assert refusal(Mail("ana@acme.com", subject, "t", "h"), "smtp://127.0.0.1:1").code == "bad_message"


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_any_text_makes_a_message_with_these_headers_alone_or_none(subject: str, text: str, to: str) -> None:
    mailer = Mailer(MailServer("h", 25, "none"), SENDER, tls=ssl.create_default_context())
    try:
        message = mailer._message(Mail(to + "@acme.com", subject, text, text), NOW)
    except MailError as error:
        assert error.code == "bad_message"
        return
    parsed = email.message_from_bytes(message.as_bytes(), policy=email.policy.default)
    assert sorted(parsed.keys()) == sorted(
        ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]
    )


def test_a_dot_alone_ends_no_mail() -> None:
    inbox = Inbox()
    with smtp(inbox) as port:
        send(
            Mail("ana@acme.com", "s", "one\r\n.\r\nRCPT TO:<eve@evil.com>\r\n", "h"),
            f"smtp://127.0.0.1:{port}?starttls=no",
        )
    assert len(inbox.got) == 1
    assert "RCPT TO" in next(read(inbox.got[0]).iter_parts()).get_content()


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("mail.example", "no smtp"), ("http://mail.example", "no smtp"), ("smtp://", "no smtp"), ("smtp://h/path", "no smtp"),
        ("smtp://h:99999", "no URL"), ("smtp://me@h", "not both"), ("smtp://:hush@h", "clear|both"),
        ("smtp://me:hush@h?starttls=no", "in the clear"), ("smtps://h?starttls=yes", "leave starttls away"),
        ("smtp://h?starttls=maybe", "nothing else"), ("smtp://h?tls=no", "nothing else"),
    ],
)  # fmt: skip
def test_a_server_that_cannot_be_used_is_told_without_its_password(url: str, why: str) -> None:
    with pytest.raises(Unusable, match=rf"^VESTIBULE_SMTP_URL .*({why})") as caught:
        MailServer.read(url)
    assert "hush" not in str(caught.value)


def test_ports_and_tls_follow_from_the_scheme() -> None:
    assert MailServer.read("smtp://h") == MailServer("h", 587, "starttls")
    assert MailServer.read("smtps://me:a%40b@h") == MailServer("h", 465, "implicit", "me", "a@b")
    assert MailServer.read("smtp://h:25?starttls=no") == MailServer("h", 25, "none")
    assert "a@b" not in repr(MailServer.read("smtps://me:a%40b@h"))


@pytest.mark.parametrize("sender", ["", "Acme", "Acme <>", "Acme <a@b", "a@b\r\nBcc: eve@x", "Acme <a@b> <c@d>"])
def test_a_sender_that_is_none_is_told(sender: str) -> None:
    with pytest.raises(Unusable, match="VESTIBULE_MAIL_FROM"):
        Mailer(MailServer("h", 25, "none"), sender)
