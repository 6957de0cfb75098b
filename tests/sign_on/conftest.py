"""One server that signs people in, one identity provider that speaks like Entra, and a mail server."""

from collections.abc import Generator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from tests.conftest import Vestibule, database_url, free_port, running
from tests.idp.browser import Provider, provider
from tests.sign_on.walk import LOOPBACK, Walk, walking
from vestibule.clock import SystemClock


@dataclass
class Mailbox:
    """What was delivered. Who is in `nobody` has no mailbox."""

    letters: list[Message] = field(default_factory=list)
    nobody: set[str] = field(default_factory=set)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if address in self.nobody:
            return "550 5.1.1 No such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.letters.append(message_from_bytes(envelope.content))
        return "250 OK"

    def to(self, address: str) -> list[Message]:
        return [each for each in self.letters if each["To"] == address]

    def code(self, address: str) -> str:
        """The newest code that was sent to an address."""
        subject = self.to(address)[-1]["Subject"]
        return "".join(subject.split()[:2])


@pytest.fixture(scope="session")
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture(scope="session")
def door(tmp_path_factory: pytest.TempPathFactory, mailbox: Mailbox) -> Generator[Vestibule]:
    """The server of all these tests."""
    port = free_port()
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        with running(
            database_url(tmp_path_factory.mktemp("door")),
            allow_networks=LOOPBACK,
            smtp_url=f"smtp://127.0.0.1:{port}?starttls=no",
            mail_from="Vestibule <noreply@vestibule.example>",
        ) as server:
            yield server
    finally:
        controller.stop()


@pytest.fixture(scope="session")
def company() -> Generator[Provider]:
    """The identity provider of all these tests; each leaves it without mistakes."""
    with provider(clock=SystemClock()) as running_provider:
        yield running_provider


@pytest.fixture
def walk(door: Vestibule, company: Provider) -> Generator[Walk]:
    with walking(door, company) as walk:
        yield walk
    company.control(mistakes=[], clock_offset=0)


@pytest.fixture
def oidc_walk(door: Vestibule, company: Provider) -> Generator[Walk]:
    with walking(door, company, "oidc") as walk:
        yield walk
    company.control(mistakes=[], clock_offset=0)
