"""A URL that somebody else has named, read strictly into what will be connected to: pure, no name is looked up here."""

import re
from dataclasses import dataclass, field
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_address
from typing import Any, Literal
from urllib.parse import SplitResult, urlsplit

import idna

from vestibule.outbound.addresses import Address

MAX_URL = 2_048
PORTS = frozenset({443, 8443})
"""The ports that need no allowance."""
_PRINTABLE = re.compile(r"[^\x00-\x20\x7f\\]+")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_BRACKETED = re.compile(r"\[[0-9A-Fa-f:.]+\](:[0-9]*)?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")

FetchCode = Literal[
    "url_scheme", "url_host", "url_port", "address_private", "redirect", "too_large", "timeout", "tls", "dns",
    "connect", "http_status", "answer",
]  # fmt: skip
"""`answer` is what is no HTTP, or in an encoding that was not asked for."""


class FetchError(Exception):
    """A URL that was not fetched. `facts` are for the operator: they may name addresses of the inner network."""

    def __init__(self, code: FetchCode, **facts: Any) -> None:
        super().__init__(f"{code}: {facts}")
        self.code: FetchCode = code
        self.facts: dict[str, Any] = facts


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads: `host` in lower-case ASCII without a dot behind, `path` with its query, as they are sent."""

    scheme: Literal["http", "https"]
    host: str
    port: int
    path: str
    address: Address | None = field(default=None)
    """The address itself, where the URL has one instead of a name."""

    @property
    def bare_host(self) -> str:
        """The host as the Host header has it, without a port."""
        return f"[{self.host}]" if isinstance(self.address, IPv6Address) else self.host

    @property
    def authority(self) -> str:
        """The value of the Host header (RFC 9110 section 7.2)."""
        default = {"http": 80, "https": 443}[self.scheme]
        return self.bare_host if self.port == default else f"{self.bare_host}:{self.port}"

    @property
    def url(self) -> str:
        """The URL in its plain form."""
        return f"{self.scheme}://{self.authority}{self.path}"

    def at(self, address: Address) -> str:
        """The same URL with an address in place of the host."""
        host = f"[{address}]" if isinstance(address, IPv6Address) else str(address)
        return f"{self.scheme}://{host}:{self.port}{self.path}"


def read_url(url: str) -> Target:
    """A URL as a target. Raises FetchError `url_scheme`, `url_host` or `url_port` saying what is wrong with it."""
    if len(url) > MAX_URL or not _PRINTABLE.fullmatch(url):
        raise FetchError("url_host", url=url[:MAX_URL], why="it is too long, or has blanks or backslashes in it")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise FetchError("url_host", url=url, why=str(error)) from error
    if parts.scheme not in ("http", "https"):
        raise FetchError("url_scheme", url=url, scheme=parts.scheme)
    host, address = _host(url, parts)
    if port == 0:
        raise FetchError("url_port", url=url, port=0)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii():
        raise FetchError("url_host", url=url, why="letters beyond ASCII in a path must be percent-encoded")
    default = 443 if parts.scheme == "https" else 80
    return Target("https" if parts.scheme == "https" else "http", host, port or default, path, address)


def _host(url: str, parts: SplitResult) -> tuple[str, Address | None]:
    if "@" in parts.netloc:
        raise FetchError("url_host", url=f"{parts.scheme}://…", why="it has a user name or password in it")
    host = parts.hostname or ""
    if not host or "%" in host:
        raise FetchError("url_host", url=url, why="it has no host, or a percent sign in its host")
    if parts.netloc.startswith("["):
        if not _BRACKETED.fullmatch(parts.netloc):
            raise FetchError("url_host", url=url, why="there is something between its address and its port")
        try:
            address = IPv6Address(host)
        except AddressValueError as error:
            raise FetchError("url_host", url=url, why=str(error)) from error
        return str(address), address
    name = _ascii(url, host).removesuffix(".")
    if not all(_LABEL.fullmatch(label) for label in name.split(".")) or len(name) > 253:
        raise FetchError("url_host", url=url, why="its host is no name of the DNS")
    # As browsers do (WHATWG URL, "ends in a number"): whatever could be an IPv4 address must be a plain one.
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        try:
            return name, IPv4Address(name)
        except AddressValueError as error:
            raise FetchError(
                "url_host", url=url, why=f"write an IPv4 address as four decimal numbers: {error}"
            ) from error
    return name, None


def _ascii(url: str, host: str) -> str:
    if host.isascii():
        return host.lower()
    try:
        return idna.encode(host, uts46=True, std3_rules=True, transitional=False).decode().lower()
    except (idna.IDNAError, UnicodeError) as error:
        raise FetchError("url_host", url=url, why=f"its host cannot be written in the DNS: {error}") from error


def numeric(text: str) -> Address | None:
    """An address from the text that a resolver answers with; None for what is none."""
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None
