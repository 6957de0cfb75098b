"""What the DNS says of a name: TXT and MX records, asked of one or several resolvers, each with its own answer."""

import asyncio
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Literal, Protocol, cast

import dns.asyncquery
import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.resolver
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.TXT import TXT

from vestibule.outbound import Unusable

Outcome = Literal["found", "no_record", "no_name", "timeout", "failed"]
"""`no_name` is NXDOMAIN: the name itself is not there (RFC 2308); `no_record` is a name without such a record.

`failed` is everything that says nothing of the name: SERVFAIL, REFUSED, an answer that is none.
"""
SECONDS = 2.0
"""How long a resolver has for one answer; it is asked twice."""
_SERVER = re.compile(r"(?:\[(?P<v6>[^\]]+)\]|(?P<v4>[^:\[\]]+))(?::(?P<port>\d{1,5}))?")


@dataclass(frozen=True, slots=True)
class Answer:
    """What one resolver said. `values` are texts: of TXT the strings of each record joined (RFC 7208 section 3.3)."""

    server: str
    outcome: Outcome
    values: tuple[str, ...] = ()
    why: str = ""
    """The resolver's own word when it `failed`, e.g. `SERVFAIL`."""


class Names(Protocol):
    """Who can be asked for names: `Resolvers` below."""

    async def txt(self, name: str) -> Sequence[Answer]:
        """The TXT records of a name, as each resolver tells them. Never raises for what the DNS says."""
        ...

    async def mail_hosts(self, domain: str) -> Sequence[Answer]:
        """The hosts that take a domain's mail, the preferred first (MX, RFC 5321 section 5.1)."""
        ...


@dataclass(frozen=True, slots=True)
class Server:
    """A resolver's address."""

    host: str
    port: int = 53

    def __str__(self) -> str:
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return shown if self.port == 53 else f"{shown}:{self.port}"


class Resolvers:
    """Asks each of its resolvers at once, or, when it has none of its own, the machine's: the first that answers."""

    def __init__(self, servers: Sequence[Server] = (), seconds: float = SECONDS) -> None:
        self._servers = tuple(servers)
        self._seconds = seconds

    @classmethod
    def read(cls, texts: Iterable[str]) -> "Resolvers":
        """From `9.9.9.9`, `9.9.9.9:5353`, `2620:fe::fe`, `[2620:fe::fe]:53`; none: the machine's. Raises Unusable."""
        return cls([_server(each) for each in texts])

    async def txt(self, name: str) -> Sequence[Answer]:
        """See Names."""
        return await self._ask(name, dns.rdatatype.TXT)

    async def mail_hosts(self, domain: str) -> Sequence[Answer]:
        """See Names."""
        return await self._ask(domain, dns.rdatatype.MX)

    async def _ask(self, name: str, kind: dns.rdatatype.RdataType) -> Sequence[Answer]:
        try:
            asked = dns.name.from_text(name)
        except dns.exception.DNSException as error:
            return [Answer("", "failed", why=f"{name!r} is no name of the DNS: {error}")]
        if self._servers:
            return await asyncio.gather(*(self._twice(each, asked, kind) for each in self._servers))
        answer = Answer("", "failed", why="this machine has no resolver")
        for server in _machines_own():
            answer = await self._twice(server, asked, kind)
            if answer.outcome not in ("timeout", "failed"):
                break
        return [answer]

    async def _twice(self, server: Server, name: dns.name.Name, kind: dns.rdatatype.RdataType) -> Answer:
        """Once more after silence, as a datagram may be lost."""
        answer = await self._once(server, name, kind)
        return await self._once(server, name, kind) if answer.outcome == "timeout" else answer

    async def _once(self, server: Server, name: dns.name.Name, kind: dns.rdatatype.RdataType) -> Answer:
        query = dns.message.make_query(name, kind, use_edns=True, payload=1_232)
        try:
            response, _ = await dns.asyncquery.udp_with_fallback(
                query, server.host, timeout=self._seconds, port=server.port, ignore_unexpected=True, ignore_errors=True
            )
            return _answer(str(server), response, kind)
        except dns.exception.Timeout:
            return Answer(str(server), "timeout")
        except (dns.exception.DNSException, OSError, EOFError) as error:
            return Answer(str(server), "failed", why=str(error) or type(error).__name__)


def _answer(server: str, response: dns.message.Message, kind: dns.rdatatype.RdataType) -> Answer:
    if response.rcode() == dns.rcode.NXDOMAIN:
        return Answer(server, "no_name")
    if response.rcode() != dns.rcode.NOERROR or not isinstance(response, dns.message.QueryMessage):
        return Answer(server, "failed", why=dns.rcode.to_text(response.rcode()))
    # An alias (CNAME) is followed as far as the answer tells it.
    found = response.resolve_chaining().answer
    if found is None:
        return Answer(server, "no_record")
    records = cast("Iterable[Any]", found)
    if kind == dns.rdatatype.MX:
        hosts = sorted(
            (each.preference, each.exchange.to_text(omit_final_dot=True)) for each in records if isinstance(each, MX)
        )
        return Answer(server, "found", tuple(host for _, host in hosts))
    texts = [b"".join(each.strings).decode(errors="replace") for each in records if isinstance(each, TXT)]
    return Answer(server, "found", tuple(sorted(texts)))


def _server(text: str) -> Server:
    try:
        if ":" in text and "[" not in text and text.count(":") > 1:
            return Server(str(ip_address(text)))
        match = _SERVER.fullmatch(text)
        if match is None:
            raise ValueError("it has no host")
        port = int(match["port"] or 53)
        if not 0 < port < 65_536:
            raise ValueError("there is no such port")
        return Server(str(ip_address(match["v6"] or match["v4"])), port)
    except ValueError as error:
        raise Unusable(
            f"VESTIBULE_DNS_SERVERS has {text!r}, which is no address of a resolver ({error}); "
            "write e.g. 9.9.9.9,[2620:fe::fe]:53."
        ) from error


def _machines_own() -> list[Server]:
    try:
        found = dns.resolver.Resolver().nameservers
    except (dns.exception.DNSException, OSError):
        return []
    return [Server(str(each)) for each in found][:3]
