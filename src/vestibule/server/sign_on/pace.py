"""How many sign-ins come from one client, and how many codes go to one mailbox. Each process counts for itself."""

from dataclasses import dataclass, field
from typing import Final

from starlette.requests import Request

from vestibule.claims import NotAnAddress, read_address
from vestibule.scim.folding import fold
from vestibule.server.buckets import Buckets, limit_of, one_each, seconds
from vestibule.server.client import client_of
from vestibule.server.sign_on.refusal import LoginRefused
from vestibule.server.sparse import STRANGERS, Sparse

CLIENT: Final = 5
"""Sign-ins a second that one client begins at one connection, in the long run; a company may sit behind one address."""
ALL: Final = 50
"""The same of all clients together, where a proxy stands before us whose word of who calls is not believed."""
MAILBOX: Final = one_each(360_000_000, 10)
"""Codes to one mailbox of a connection, whoever asks for them: ten at once, and ten an hour after that."""


@dataclass(frozen=True, slots=True)
class SignInPace:
    """The limits of this process. `refused` thins out what the log has of refusals."""

    visits: Buckets = field(default_factory=Buckets)
    codes: Buckets = field(default_factory=Buckets)
    refused: Sparse = field(default_factory=lambda: Sparse(STRANGERS))

    def count(self, request: Request, connection_id: str, now: int, step: str) -> None:
        """Count a visit to a step of signing in. Raises LoginRefused."""
        host = "" if request.client is None else request.client.host
        forwarded = ",".join(request.headers.getlist("x-forwarded-for"))
        # Where a proxy is believed, the address that it names has taken the place of its own.
        hidden = bool(forwarded) and host not in _named(forwarded)
        client = "all" if hidden else client_of(host)
        rate = ALL if hidden else CLIENT
        limit = limit_of(rate)
        wait = self.visits.take(f"{step} {connection_id} {client}", limit, now)
        if wait:
            facts = {"limit": rate, "burst": limit.burst, "retry_after": seconds(wait), "hidden": hidden}
            raise LoginRefused(429, "rate_limited", facts)

    def mailbox_wait(self, connection_id: str, address: str, now: int) -> int:
        """In how many seconds a code may be sent to an address; 0 for at once."""
        wait = self.codes.wait(_mailbox(connection_id, address), MAILBOX, now)
        return seconds(wait) if wait else 0

    def mailed(self, connection_id: str, address: str, now: int) -> None:
        """Count a code that is sent."""
        self.codes.take(_mailbox(connection_id, address), MAILBOX, now)


def _mailbox(connection_id: str, address: str) -> str:
    # What stands behind a plus leads to the same mailbox at most providers (RFC 5233).
    local, _, domain = fold(_one_spelling(address.strip())).rpartition("@")
    return f"{connection_id} {local.partition('+')[0]}@{domain}"


def _one_spelling(address: str) -> str:
    try:
        return str(read_address(address))
    except NotAnAddress:
        return address


def _named(forwarded: str) -> set[str]:
    """The addresses in X-Forwarded-For, without the ports that some proxies add: `a.b.c.d:port`, `[ipv6]:port`."""
    return {_without_port(each.strip()) for each in forwarded.split(",")}


def _without_port(text: str) -> str:
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text
