"""Mail out of the house over SMTP (RFC 5321): one message to one address, on a connection that is verified."""

import asyncio
import contextlib
import re
import ssl
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.errors import HeaderParseError, MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any, Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import aiosmtplib

from vestibule import ids
from vestibule.outbound import Unusable

MailCode = Literal[
    "bad_message", "recipient_refused", "sender_refused", "refused", "login", "tls", "timeout", "connect"
]
"""`bad_message` cannot be sent as it is; `refused` is the server's word on the message as a whole."""

_SENDER = re.compile(r"(?P<bare>[^<>\s]+)|(?P<name>[^<>\r\n]*)<(?P<inner>[^<>\s]+)>")


class MailError(Exception):
    """A mail that was not taken. A `temporary` one may be tried again; `facts` hold the server's own words."""

    def __init__(self, code: MailCode, *, temporary: bool, **facts: Any) -> None:
        super().__init__(f"{code}: {facts}")
        self.code: MailCode = code
        self.temporary = temporary
        self.facts: dict[str, Any] = facts


@dataclass(frozen=True, slots=True)
class Mail:
    """One message: `to` is a bare address, `subject` one line. Without `html` it is plain text alone."""

    to: str
    subject: str
    text: str
    html: str | None = None


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in. `tls` is from the first byte, by STARTTLS (RFC 3207), or none."""

    host: str
    port: int
    tls: Literal["implicit", "starttls", "none"]
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def read(cls, url: str) -> "MailServer":
        """From `smtps://user:pass@host:465` or `smtp://user:pass@host:587?starttls=yes|no`. Raises Unusable.

        `smtp://` uses STARTTLS unless it says `starttls=no`, and never a name and password without TLS.
        """
        try:
            parts = urlsplit(url)
            port, query = parts.port, dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
        except ValueError as error:
            raise _unusable(f"is no URL ({error})") from error
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path not in ("", "/"):
            raise _unusable("is no smtp://host:port or smtps://host:port")
        tls = _tls(parts, query)
        if bool(parts.username) != bool(parts.password):
            raise _unusable("has a user name or a password, but not both")
        if tls == "none" and parts.username is not None:
            raise _unusable("would send the password in the clear: leave starttls=no away")
        return cls(
            parts.hostname,
            port or (465 if tls == "implicit" else 587),
            tls,
            None if parts.username is None else unquote(parts.username),
            None if parts.password is None else unquote(parts.password),
        )


def _tls(parts: SplitResult, query: dict[str, str]) -> Literal["implicit", "starttls", "none"]:
    if query.keys() - {"starttls"} or query.get("starttls", "yes") not in ("yes", "no"):
        raise _unusable("knows ?starttls=yes and ?starttls=no, and nothing else")
    if parts.scheme == "smtps":
        if query:
            raise _unusable("has smtps://, which is TLS from the first byte: leave starttls away")
        return "implicit"
    return "none" if query.get("starttls") == "no" else "starttls"


def _unusable(why: str) -> Unusable:
    # Not the URL itself, as it has the password.
    return Unusable(f"VESTIBULE_SMTP_URL {why}; write e.g. smtp://user:password@mail.example.com:587.")


class Mailer:
    """Hands mail in at one server, from one sender such as `Acme <noreply@acme.com>` or a bare address."""

    def __init__(
        self, server: MailServer, sender: str, *, seconds: float = 20.0, tls: ssl.SSLContext | None = None
    ) -> None:
        """Raises Unusable for a sender that is none. `seconds` is the patience for all of it."""
        self._server = server
        self._sender = _sender(sender)
        self._seconds = seconds
        self._tls = tls or ssl.create_default_context()

    async def send(self, mail: Mail, now: int) -> str:
        """Hand a mail in; returns its Message-ID once the server has taken it. Raises MailError."""
        message = self._message(mail, now)
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            timeout=self._seconds,
            use_tls=server.tls == "implicit",
            start_tls=server.tls == "starttls",
            username=server.username,
            password=server.password,
            tls_context=self._tls,
        )
        try:
            async with asyncio.timeout(self._seconds):
                await client.connect()
                await client.send_message(message, sender=self._sender.addr_spec, recipients=[mail.to])
            # The mail is taken; how the server says goodbye is no concern of the caller's.
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                await client.quit(timeout=1)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise _told(error, mail.to, server) from error
        finally:
            client.close()
        return str(message["Message-ID"])

    def _message(self, mail: Mail, now: int) -> EmailMessage:
        to = _recipient(mail.to)
        if any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in mail.subject):
            raise MailError("bad_message", temporary=False, why="the subject has control characters or a second line")
        message = EmailMessage(policy=SMTP)
        message["From"], message["To"], message["Subject"] = self._sender, to, mail.subject
        message["Date"] = format_datetime(datetime.fromtimestamp(now // 1_000_000, UTC))
        message["Message-ID"] = f"<{ids.new_id('mail', now)}@{self._sender.domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text)
        if mail.html is not None:
            message.add_alternative(mail.html, subtype="html")
        return message


def _sender(text: str) -> Address:
    match = _SENDER.fullmatch(text.strip())
    try:
        if match is None:
            raise ValueError("neither an address nor a name with one in angle brackets")
        return Address(display_name=(match["name"] or "").strip().strip('"'), addr_spec=match["bare"] or match["inner"])
    except (ValueError, MessageError, IndexError) as error:
        raise Unusable(
            f"VESTIBULE_MAIL_FROM is {text!r}, which is no address ({error}); write Acme <noreply@acme.com>."
        ) from error


def _recipient(to: str) -> Address:
    """A bare address and nothing else: no list, no name, no line break that would begin a header."""
    try:
        address = Address(addr_spec=to)
    except (ValueError, MessageError, HeaderParseError, IndexError) as error:
        raise MailError("bad_message", temporary=False, to=to, why=str(error)) from error
    if address.addr_spec != to or not address.domain or any(each.isspace() or ord(each) < 32 for each in to):
        raise MailError("bad_message", temporary=False, to=to, why="it is no bare address")
    return address


def _told(error: Exception, to: str, server: MailServer) -> MailError:
    facts: dict[str, Any] = {"to": to, "server": f"{server.host}:{server.port}", "said": str(error)}
    match error:
        case aiosmtplib.SMTPRecipientsRefused() if error.recipients:
            return _told(error.recipients[0], to, server)
        case aiosmtplib.SMTPTimeoutError() | TimeoutError():
            return MailError("timeout", temporary=True, **facts)
        case aiosmtplib.SMTPResponseException():
            return _answered(error, facts | {"status": error.code, "said": error.message})
        case _ if _is_tls(error):
            return MailError("tls", temporary=False, **facts)
        case aiosmtplib.SMTPServerDisconnected() | OSError():
            return MailError("connect", temporary=True, **facts)
        case aiosmtplib.SMTPException():
            # What the server does not offer: encryption, a login, or letters beyond ASCII in an address.
            lacking: MailCode = "tls" if "STARTTLS" in str(error) else "login" if "AUTH" in str(error) else "refused"
            return MailError(lacking, temporary=False, **facts)
        case _:
            return MailError("bad_message", temporary=False, **facts)


def _answered(error: aiosmtplib.SMTPResponseException, facts: dict[str, Any]) -> MailError:
    """4yz is temporary, 5yz is not (RFC 5321 section 4.2.1)."""
    temporary = 400 <= error.code < 500
    codes: tuple[tuple[type[Exception], MailCode], ...] = (
        (aiosmtplib.SMTPRecipientRefused, "recipient_refused"),
        (aiosmtplib.SMTPSenderRefused, "sender_refused"),
        (aiosmtplib.SMTPAuthenticationError, "login"),
    )
    for kind, code in codes:
        if isinstance(error, kind):
            return MailError(code, temporary=temporary, **facts)
    return MailError("refused", temporary=temporary, **facts)


def _is_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
