"""Guarded fetching, against real servers on loopback that are allowed by name or network, and a resolver that lies."""

import asyncio
import contextlib
import gzip
import re
import socket
import ssl
import time
import zlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.outbound.certificates import Authority
from vestibule.outbound.addresses import NOTHING_ALLOWED, Allowed
from vestibule.outbound.fetch import Fetcher, FetchError, Limits

LOOPBACK = Allowed.read(["127.0.0.0/8"])
LIMITS = Limits(size=10_000, seconds=1.0)


def answer(body: bytes = b"", status: str = "200 OK", *headers: str) -> bytes:
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers])
    return f"{head}\r\n\r\n".encode() + body


@dataclass
class Server:
    """Says what it was told to, and keeps what it heard."""

    port: int = 0
    requests: list[bytes] = field(default_factory=list[bytes])
    names: list[str | None] = field(default_factory=list[str | None])


Speak = Callable[[asyncio.StreamWriter, bytes], Awaitable[None]]


@contextlib.asynccontextmanager
async def serving(
    speak: Speak | bytes, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncGenerator[Server]:
    server = Server()
    if tls is not None:
        tls.sni_callback = lambda _socket, name, _context: server.names.append(name)

    talking: set[asyncio.Task[None] | None] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talking.add(asyncio.current_task())
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", head)
            server.requests.append(head + await reader.readexactly(int(length[1]) if length else 0))
            if isinstance(speak, bytes):
                writer.write(speak)
            else:
                await speak(writer, head)
            await writer.drain()
            writer.close()
            await writer.wait_closed()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()

    listening = await asyncio.start_server(handle, host, 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for task in talking:
            if task is not None:
                task.cancel()
        await asyncio.gather(*filter(None, talking), return_exceptions=True)
        await asyncio.sleep(0)


@dataclass
class Resolver:
    """Gives one answer after the other, and then the last one again; keeps what it was asked."""

    answers: list[Sequence[str]]
    asked: list[str] = field(default_factory=list[str])

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def resolving(*answers: Sequence[str]) -> Resolver:
    return Resolver(list(answers))


def play(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 10))


async def refused(work: Coroutine[Any, Any, Any], code: str) -> FetchError:
    with pytest.raises(FetchError) as caught:
        await work
    assert caught.value.code == code, caught.value
    return caught.value


def test_an_allowed_server_is_asked_by_its_name_and_its_certificate_is_checked(authority: Authority) -> None:
    """SNI and Host have the name, whatever address it is connected to; the body comes whole."""

    async def run() -> None:
        async with serving(
            answer(b"<xml/>", "200 OK", "Content-Type: text/xml"), authority.server("idp.corp")
        ) as server:
            fetcher = Fetcher(LOOPBACK, limits=LIMITS, resolve=resolving(["127.0.0.1"]), tls=authority.trusted())
            fetched = await fetcher.get(f"https://IDP.corp.:{server.port}/metadata?x=1#y", "application/xml")
            assert (fetched.status, fetched.body, fetched.headers["content-type"]) == (200, b"<xml/>", "text/xml")
            (request,) = server.requests
            assert request.startswith(b"GET /metadata?x=1 HTTP/1.1\r\n")
            assert f"\r\nHost: idp.corp:{server.port}\r\n".encode() in request
            assert b"\r\nAccept: application/xml\r\n" in request
            assert server.names == ["idp.corp"]
            fetcher = Fetcher(LOOPBACK, limits=LIMITS, resolve=resolving(["127.0.0.1"]), tls=authority.trusted())
            wrong = await refused(fetcher.get(f"https://other.corp:{server.port}/"), "tls")
            assert "other.corp" in wrong.facts["why"]
            await refused(Fetcher(LOOPBACK, limits=LIMITS).get(f"https://127.0.0.1:{server.port}/"), "tls")

    play(run())


def test_an_address_in_the_url_is_checked_against_the_certificate(authority: Authority) -> None:
    async def run() -> None:
        async with serving(answer(b"ok"), authority.server("127.0.0.1")) as server:
            fetcher = Fetcher(LOOPBACK, limits=LIMITS, tls=authority.trusted())
            assert (await fetcher.get(f"https://127.0.0.1:{server.port}/")).body == b"ok"

    play(run())


def test_a_name_that_answers_otherwise_the_next_moment_changes_nothing(authority: Authority) -> None:
    """DNS rebinding: it is asked once, and what was judged is what is connected to."""

    async def run() -> None:
        async with serving(answer(b"inner"), authority.server("evil.example")) as inner:
            resolve = resolving(["192.0.2.7"], ["127.0.0.1"])
            fetcher = Fetcher(
                Allowed.read(["192.0.2.0/24"]), limits=Limits(10_000, 0.4), resolve=resolve, tls=authority.trusted()
            )
            await refused(fetcher.get(f"https://evil.example:{inner.port}/"), "timeout")
            assert (resolve.asked, inner.requests) == (["evil.example"], [])
            await refused(fetcher.get(f"https://evil.example:{inner.port}/"), "address_private")
            assert inner.requests == []

    play(run())


@pytest.mark.parametrize(
    "answers",
    [["127.0.0.1"], ["::1"], ["8.8.8.8", "127.0.0.1"], ["10.0.0.1", "8.8.8.8"], ["::ffff:127.0.0.1"], ["64:ff9b::7f00:1"],
     ["2002:7f00:1::"], ["169.254.169.254"], ["0.0.0.0"], ["fe80::1%eth0"]],
)  # fmt: skip
def test_a_name_with_one_inner_address_is_refused(answers: list[str]) -> None:
    fetcher = Fetcher(NOTHING_ALLOWED, limits=LIMITS, resolve=resolving(answers))
    error = asyncio.run(refused(fetcher.get("https://idp.example/"), "address_private"))
    assert error.facts["host"] == "idp.example"


def test_the_machine_itself_is_refused_by_its_own_names() -> None:
    for url in (
        "https://localhost/",
        "https://localhost.:8443/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://0.0.0.0/",
    ):
        asyncio.run(refused(Fetcher(limits=LIMITS).get(url), "address_private"))


def test_beyond_what_is_allowed_only_https_on_its_ports_is_spoken() -> None:
    fetcher = Fetcher(LOOPBACK, limits=LIMITS, resolve=resolving(["8.8.8.8"]))
    asyncio.run(refused(fetcher.get("http://idp.example/"), "url_scheme"))
    for port in (80, 22, 25, 6379, 8080):
        asyncio.run(refused(fetcher.get(f"https://idp.example:{port}/"), "url_port"))
    # A name with an allowed and a public address is a public one.
    mixed = Fetcher(LOOPBACK, limits=LIMITS, resolve=resolving(["127.0.0.1", "8.8.8.8"]))
    asyncio.run(refused(mixed.get("http://idp.example/"), "url_scheme"))


def test_a_host_is_allowed_by_its_name_but_never_the_metadata_of_a_cloud() -> None:
    async def run() -> None:
        async with serving(answer(b"ok")) as server:
            allowed = Allowed.read(["idp.corp"])
            fetcher = Fetcher(allowed, limits=LIMITS, resolve=resolving(["127.0.0.1"]))
            assert (await fetcher.get(f"http://idp.corp:{server.port}/")).body == b"ok"
            await refused(fetcher.get(f"http://other.corp:{server.port}/"), "address_private")
            lying = Fetcher(allowed, limits=LIMITS, resolve=resolving(["169.254.169.254"]))
            await refused(lying.get("http://idp.corp/"), "address_private")

    play(run())


def test_redirects_are_refused_or_judged_like_the_first_url() -> None:
    async def run() -> None:
        async with (
            serving(answer(b"there")) as there,
            serving(answer(b"", "302 Found", f"Location: http://127.0.0.1:{there.port}/x")) as here,
        ):
            fetcher = Fetcher(LOOPBACK, limits=LIMITS)
            url = f"http://127.0.0.1:{here.port}/"
            error = await refused(fetcher.get(url), "redirect")
            assert error.facts["to"] == f"http://127.0.0.1:{there.port}/x"
            fetched = await fetcher.get(url, redirects=1)
            assert (fetched.body, fetched.url) == (b"there", f"http://127.0.0.1:{there.port}/x")
            await refused(fetcher.post(url, {}, {"a": "b"}), "redirect")
            only_here = Fetcher(Allowed.read(["idp.corp"]), limits=LIMITS, resolve=resolving(["127.0.0.1"]))
            await refused(only_here.get(f"http://idp.corp:{here.port}/", redirects=3), "address_private")
            assert len(there.requests) == 1

    play(run())


@pytest.mark.parametrize(
    "location", ["ftp://127.0.0.1/", "http://user@127.0.0.1/", "http://2130706433/", "http://127.0.0.1\\@x/"]
)
def test_a_redirect_to_nonsense_is_refused(location: str) -> None:
    async def run() -> None:
        async with serving(answer(b"", "301 Moved", f"Location: {location}")) as server:
            with pytest.raises(FetchError):
                await Fetcher(LOOPBACK, limits=LIMITS).get(f"http://127.0.0.1:{server.port}/", redirects=3)

    play(run())


def test_a_circle_of_redirects_ends_and_https_stays_https(authority: Authority) -> None:
    async def run() -> None:
        async with serving(answer(b"", "307 Again", "Location: /")) as server:
            error = await refused(
                Fetcher(LOOPBACK, limits=LIMITS).get(f"http://127.0.0.1:{server.port}/", redirects=3), "redirect"
            )
            assert (error.facts["followed"], len(server.requests)) == (3, 4)
        async with serving(
            answer(b"", "302 Found", "Location: http://127.0.0.1/"), authority.server("127.0.0.1")
        ) as server:
            fetcher = Fetcher(LOOPBACK, limits=LIMITS, tls=authority.trusted())
            error = await refused(fetcher.get(f"https://127.0.0.1:{server.port}/", redirects=3), "redirect")
            assert error.facts["why"] == "from https to http"

    play(run())


async def drip(writer: asyncio.StreamWriter, _head: bytes) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(1_000):
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)


async def drip_head(writer: asyncio.StreamWriter, _head: bytes) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(1_000):
        writer.write(f"X-{number}: y\r\n".encode())
        await writer.drain()
        await asyncio.sleep(0.05)


async def silence(_writer: asyncio.StreamWriter, _head: bytes) -> None:
    await asyncio.sleep(5)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("speak", [drip, drip_head, silence])
def test_a_server_that_takes_its_time_is_left(authority: Authority, speak: Speak, scheme: str) -> None:
    """Each byte comes soon enough, the whole does not."""

    async def run() -> None:
        async with serving(speak, authority.server("127.0.0.1") if scheme == "https" else None) as server:
            began = time.monotonic()
            fetcher = Fetcher(LOOPBACK, limits=Limits(10_000, 0.5), tls=authority.trusted())
            await refused(fetcher.get(f"{scheme}://127.0.0.1:{server.port}/"), "timeout")
            assert time.monotonic() - began < 2

    play(run())


def test_a_server_that_begins_no_tls_is_left(authority: Authority) -> None:
    """One that says nothing, and one that speaks HTTP where TLS was asked for."""

    async def run() -> None:
        fetcher = Fetcher(LOOPBACK, limits=Limits(10_000, 0.5), tls=authority.trusted())
        with socket.create_server(("127.0.0.1", 0)) as mute:
            await refused(fetcher.get(f"https://127.0.0.1:{mute.getsockname()[1]}/"), "timeout")

        async def speak_http(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(answer(b"x"))
            writer.close()

        plain = await asyncio.start_server(speak_http, "127.0.0.1", 0)
        async with plain:
            await refused(fetcher.get(f"https://127.0.0.1:{plain.sockets[0].getsockname()[1]}/"), "tls")

    play(run())


def test_a_resolver_that_takes_its_time_is_left() -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        await asyncio.sleep(30)
        return []

    asyncio.run(refused(Fetcher(limits=Limits(10, 0.2), resolve=resolve).get("https://idp.example/"), "timeout"))


BOMB = gzip.compress(bytes(50_000_000))


@pytest.mark.parametrize(
    "spoken",
    [
        answer(b"x" * 10_001),
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"x" * 10_001,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"1000\r\n" + b"x" * 4096 + b"\r\n" + b"2000\r\n" + b"x" * 8192 + b"\r\n0\r\n\r\n",
        answer(BOMB, "200 OK", "Content-Encoding: gzip"),
    ],
    ids=["counted", "until the end", "in chunks", "packed"],
)
def test_an_answer_that_is_too_large_is_left(spoken: bytes) -> None:
    async def run() -> None:
        async with serving(spoken) as server:
            await refused(Fetcher(LOOPBACK, limits=LIMITS).get(f"http://127.0.0.1:{server.port}/"), "too_large")

    play(run())


def test_a_packed_bomb_is_never_unpacked_in_memory() -> None:
    import tracemalloc

    async def run() -> None:
        async with serving(answer(BOMB, "200 OK", "Content-Encoding: gzip")) as server:
            tracemalloc.start()
            await refused(Fetcher(LOOPBACK, limits=LIMITS).get(f"http://127.0.0.1:{server.port}/"), "too_large")
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert peak < 10_000_000

    play(run())


@pytest.mark.parametrize("size", [0, 1, 9_999, 10_000])
def test_an_answer_within_the_limit_is_whole_packed_or_not(size: int) -> None:
    body = bytes(range(256)) * 40
    body = body[:size]

    async def run() -> None:
        for spoken in (answer(body), answer(gzip.compress(body), "200 OK", "Content-Encoding: gzip")):
            async with serving(spoken) as server:
                assert (await Fetcher(LOOPBACK, limits=LIMITS).get(f"http://127.0.0.1:{server.port}/")).body == body

    play(run())


@pytest.mark.parametrize(
    ("spoken", "code"),
    [
        (answer(b"no gzip", "200 OK", "Content-Encoding: gzip"), "answer"),
        (answer(gzip.compress(b"x" * 100)[:-4], "200 OK", "Content-Encoding: gzip"), "answer"),
        (answer(zlib.compress(b"x"), "200 OK", "Content-Encoding: br"), "answer"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "answer"),
        (b"", "answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\nshort", "answer"),
        (answer(b"gone", "404 Not Found"), "http_status"),
        (answer(b"oops", "500 Oops"), "http_status"),
    ],
)  # fmt: skip
def test_what_is_no_good_answer_is_told_apart(spoken: bytes, code: str) -> None:
    async def run() -> None:
        async with serving(spoken) as server:
            error = await refused(Fetcher(LOOPBACK, limits=LIMITS).get(f"http://127.0.0.1:{server.port}/"), code)
            assert code != "http_status" or error.facts["status"] in (404, 500)

    play(run())


def test_a_form_is_posted_and_its_refusal_is_an_answer() -> None:
    """A token endpoint says with 400 what is wrong (RFC 6749 section 5.2)."""

    async def run() -> None:
        async with serving(answer(b'{"error":"invalid_grant"}', "400 Bad Request")) as server:
            fetcher = Fetcher(LOOPBACK, limits=LIMITS)
            fetched = await fetcher.post(
                f"http://127.0.0.1:{server.port}/token", {"Authorization": "Basic x"}, {"code": "a b&c"}
            )
            assert (fetched.status, fetched.body) == (400, b'{"error":"invalid_grant"}')
            (request,) = server.requests
            assert request.endswith(b"\r\n\r\ncode=a+b%26c")
            assert b"\r\nContent-Type: application/x-www-form-urlencoded\r\n" in request
            assert b"\r\nAuthorization: Basic x\r\n" in request

    play(run())


def test_nobody_at_home_is_told_and_the_next_address_is_tried() -> None:
    async def run() -> None:
        async with serving(answer(b"second"), host="127.0.0.2") as server:
            fetcher = Fetcher(LOOPBACK, limits=LIMITS, resolve=resolving(["127.0.0.3", "127.0.0.2"]))
            assert (await fetcher.get(f"http://idp.corp:{server.port}/")).body == b"second"
            await refused(fetcher.get("http://idp.corp:1/"), "connect")

    play(run())


def test_a_name_that_nobody_has_is_told() -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        raise OSError("Name or service not known")

    for resolver in (resolve, resolving([]), resolving(["no address"])):
        asyncio.run(refused(Fetcher(limits=LIMITS, resolve=resolver).get("https://idp.example/"), "dns"))


def test_no_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        async with serving(answer(b"proxy")) as proxy, serving(answer(b"origin")) as origin:
            for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
                monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
            fetched = await Fetcher(LOOPBACK, limits=LIMITS).get(f"http://127.0.0.1:{origin.port}/")
            assert (fetched.body, proxy.requests) == (b"origin", [])

    play(run())
