"""Guarded HTTP: what is fetched because somebody else named a URL (metadata, discovery, keys, tokens, later webhooks).

A host is looked up once, all its addresses are judged, and the connection goes to one of those that were judged: a
name that answers otherwise the next moment (DNS rebinding) changes nothing. The name stays in SNI and Host.
"""

import asyncio
import contextlib
import socket
import ssl
import zlib
from collections.abc import Awaitable, Callable, Coroutine, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import urlencode, urljoin

import httpx2

from vestibule.outbound.addresses import NOTHING_ALLOWED, Address, Allowed, not_public
from vestibule.outbound.target import PORTS, FetchCode, FetchError, Target, numeric, read_url

__all__ = ["FetchError", "Fetched", "Fetcher", "Limits", "Resolve"]

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""All addresses of a host, as texts, the best first. Raises OSError when there are none."""
REDIRECTS = frozenset({301, 302, 303, 307, 308})
AGENT = "Vestibule"

NO_HEADERS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Limits:
    """How large an answer may be, in bytes (also once unpacked), and how long a fetch may take in all, in seconds."""

    size: int = 1_000_000
    seconds: float = 5.0


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer: `headers` by lower-case name, `url` where it came from after redirects."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


async def look_up(host: str, port: int) -> Sequence[str]:
    """The addresses of a host as the machine's own resolver tells them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class Fetcher:
    """Fetches URLs of the public internet, and of what `allowed` names beyond it. Follows no proxy settings."""

    def __init__(
        self,
        allowed: Allowed = NOTHING_ALLOWED,
        *,
        limits: Limits = Limits(),
        resolve: Resolve = look_up,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._allowed = allowed
        self._limits = limits
        self._resolve = resolve
        self._tls = tls or ssl.create_default_context()

    async def get(
        self, url: str, accept: str = "*/*", redirects: int = 0, headers: Mapping[str, str] = NO_HEADERS
    ) -> Fetched:
        """GET a URL, following at most this many redirects, each judged like the first; never from https to http.

        `headers` of the caller's go to the URL itself only, so they exclude redirects. Raises FetchError,
        `http_status` for any answer but a 2xx.
        """
        if headers and redirects:
            raise ValueError("headers of the caller's are not sent on to where a redirect leads")
        fetched = await self._in_time(url, self._follow(url, {"Accept": accept, **headers}, redirects))
        if not 200 <= fetched.status < 300:
            raise FetchError("http_status", url=fetched.url, status=fetched.status)
        return fetched

    async def ask(self, url: str, headers: Mapping[str, str] = NO_HEADERS) -> Fetched:
        """GET a URL and return the answer of whatever status. Follows no redirect. Raises FetchError."""
        fetched = await self._in_time(url, self._once("GET", read_url(url), headers, None))
        if fetched.status in REDIRECTS:
            raise FetchError("redirect", url=url, to=fetched.headers.get("location", ""), followed=0)
        return fetched

    async def post(self, url: str, headers: Mapping[str, str], form: Mapping[str, str]) -> Fetched:
        """POST a form and return the answer of whatever status. Follows no redirect. Raises FetchError."""
        body = urlencode(form).encode()
        typed = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        fetched = await self._in_time(url, self._once("POST", read_url(url), typed, body))
        if fetched.status in REDIRECTS:
            raise FetchError("redirect", url=url, to=fetched.headers.get("location", ""), followed=0)
        return fetched

    async def _in_time(self, url: str, work: Coroutine[Any, Any, Fetched]) -> Fetched:
        """All of it within the limit, however slowly an answer drips."""
        try:
            async with asyncio.timeout(self._limits.seconds):
                return await work
        except TimeoutError as error:
            raise FetchError("timeout", url=url, seconds=self._limits.seconds) from error

    async def _follow(self, url: str, headers: Mapping[str, str], redirects: int) -> Fetched:
        target = read_url(url)
        for followed in range(redirects + 1):
            fetched = await self._once("GET", target, headers, None)
            if fetched.status not in REDIRECTS:
                return fetched
            there = urljoin(target.url, fetched.headers.get("location", ""))
            if followed == redirects or "location" not in fetched.headers:
                raise FetchError("redirect", url=target.url, to=there, followed=followed)
            following = read_url(there)
            if (target.scheme, following.scheme) == ("https", "http"):
                raise FetchError("redirect", url=target.url, to=there, followed=followed, why="from https to http")
            target = following
        raise AssertionError("the last round returns or raises")

    async def _once(self, method: str, target: Target, headers: Mapping[str, str], body: bytes | None) -> Fetched:
        addresses = await self._judged(target)
        for place, address in enumerate(addresses, 1):
            try:
                return await self._at(address, method, target, headers, body)
            except FetchError as error:
                unreached = error.code == "connect" or error.facts.get("connecting") is True
                if not unreached or place == len(addresses):
                    raise
        raise FetchError("dns", host=target.host, why="no address")

    async def _judged(self, target: Target) -> Sequence[Address]:
        """The addresses of the target when all of them may be connected to, the way the URL asks for."""
        addresses = [target.address] if target.address is not None else await self._addresses(target)
        named = self._allowed.has_host(target.host)
        for address in addresses:
            kind = not_public(address)
            if kind is None or self._allowed.has_address(address) or (named and kind != "metadata"):
                continue
            raise FetchError("address_private", host=target.host, address=str(address), kind=kind)
        if not named and not all(self._allowed.has_address(each) for each in addresses):
            if target.scheme != "https":
                raise FetchError("url_scheme", url=target.url, scheme=target.scheme)
            if target.port not in PORTS:
                raise FetchError("url_port", url=target.url, port=target.port)
        return addresses

    async def _addresses(self, target: Target) -> list[Address]:
        try:
            texts = await self._resolve(target.host, target.port)
        except (OSError, UnicodeError) as error:
            raise FetchError("dns", host=target.host, why=str(error)) from error
        addresses = [numeric(text) for text in texts]
        known = [each for each in addresses if each is not None]
        if not known or len(known) < len(addresses):
            raise FetchError("dns", host=target.host, why=f"the answer was {list(texts)}")
        return known

    async def _at(
        self, address: Address, method: str, target: Target, headers: Mapping[str, str], body: bytes | None
    ) -> Fetched:
        sent = {**headers, "Host": target.authority, "User-Agent": AGENT, "Accept-Encoding": "gzip"}
        # A client of its own for each fetch: no cookie and no open connection outlives it.
        async with httpx2.AsyncClient(
            verify=self._tls, trust_env=False, timeout=_patience(self._limits), follow_redirects=False
        ) as client:
            extensions = {"sni_hostname": target.host}
            request = client.build_request(
                method, target.at(address), headers=sent, content=body, extensions=extensions
            )
            with _told_plainly(target, address):
                response = await client.send(request, stream=True)
                try:
                    content = await self._content(response, target)
                finally:
                    await response.aclose()
        return Fetched(response.status_code, dict(response.headers), content, target.url)

    async def _content(self, response: httpx2.Response, target: Target) -> bytes:
        """The body, unpacked piece by piece, so that neither a long nor a well packed one fills the memory."""
        encoding = response.headers.get("content-encoding", "").strip().lower() or "identity"
        if encoding not in ("identity", "gzip", "x-gzip"):
            raise FetchError("answer", url=target.url, why=f"its encoding is {encoding[:40]!r}, gzip was asked for")
        unpacker = None if encoding == "identity" else zlib.decompressobj(wbits=31)
        most, content = self._limits.size, bytearray()
        async for piece in response.aiter_raw():
            content += piece if unpacker is None else unpacker.decompress(piece, most + 1)
            if len(content) > most:
                raise FetchError("too_large", url=target.url, limit=most)
        if unpacker is not None and not unpacker.eof:
            raise FetchError("answer", url=target.url, why="its gzip ends too soon")
        return bytes(content)


def _patience(limits: Limits) -> httpx2.Timeout:
    # Half of all for one address, so that a dead first one leaves time for the next.
    return httpx2.Timeout(limits.seconds, connect=limits.seconds / 2)


@contextlib.contextmanager
def _told_plainly(target: Target, address: Address) -> Generator[None]:
    """What goes wrong on the wire, as a FetchError."""
    facts = {"url": target.url, "address": str(address)}
    try:
        yield
    except httpx2.ConnectTimeout as error:
        raise FetchError("timeout", **facts, connecting=True) from error
    except httpx2.TimeoutException as error:
        raise FetchError("timeout", **facts, connecting=False) from error
    except (httpx2.RequestError, zlib.error) as error:
        refused = _tls_refusal(error)
        if refused is not None:
            raise FetchError("tls", **facts, why=refused) from error
        code: FetchCode = "connect" if isinstance(error, httpx2.ConnectError) else "answer"
        raise FetchError(code, **facts, why=str(error) or type(error).__name__) from error


def _tls_refusal(error: BaseException | None) -> str | None:
    """What TLS found wrong, when that is behind an error."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error.verify_message
        if isinstance(error, ssl.SSLError):
            return error.reason or str(error)
        error = error.__cause__ or error.__context__
    return None
