"""The line to the server that is tested: it sends what Entra would send and brings back what came."""

import ssl
from types import TracebackType

import httpx2

from vestibule import canary
from vestibule.clock import monotonic_us
from vestibule.entra.wire import Request
from vestibule.probe.reply import Reply

TIMEOUT = 30.0
"""Seconds to wait for one answer."""
MAX_ANSWER = 1_000_000
"""How many bytes of an answer are read; a look-up of one object has far fewer."""
_TLS_WORDS = {
    "hostname": "Its certificate is for another name.",
    "self-signed": "Its certificate is self-signed, or its authority is not known.",
    "self signed": "Its certificate is self-signed, or its authority is not known.",
    "unable to get local issuer": "The chain of its certificate is not whole, or its authority is not known.",
    "expired": "Its certificate has expired.",
    "wrong version number": "This port speaks no TLS.",
}


class Unreachable(Exception):
    """There is no talking to the address; the message says why and what to do."""


class Unusable(Unreachable):
    """The address or the token is none at all; nothing was sent."""


class Line:
    """One connection, one request at a time. Proxies of the environment are not used, redirections not followed."""

    def __init__(self, base: str, token: str, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        """Raises Unusable."""
        self.base = _checked(base)
        self.answered = False
        self._client = httpx2.AsyncClient(
            headers={
                "Authorization": f"Bearer {_sendable(token)}",
                "Accept": "application/scim+json",
                canary.HEADER: "1",
            },
            timeout=TIMEOUT,
            transport=transport,
            trust_env=False,
        )
        # Entra's requests may come without a User-Agent; a server must stand that (reference 1.1).
        del self._client.headers["User-Agent"]

    async def __aenter__(self) -> "Line":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def send(self, request: Request) -> Reply:
        """Send one request. Raises Unreachable when nobody has answered before and nobody does now."""
        began = monotonic_us()
        content = request.content()
        headers = {} if content is None else {"Content-Type": "application/scim+json; charset=utf-8"}
        try:
            reply = await self._exchange(request, content, headers)
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            if not self.answered:
                raise Unreachable(self._told(error)) from error
            reply = Reply(0, str(error), "WebExceptionProtocolError")
        except httpx2.TimeoutException:
            reply = Reply(0, f"No answer within {TIMEOUT:.0f} seconds.", "Timeout")
        # Also an answer that cannot be decoded, which is no transport error to httpx2.
        except httpx2.RequestError as error:
            reply = Reply(0, str(error) or type(error).__name__, "WebExceptionProtocolError")
        self.answered = self.answered or reply.status > 0
        return reply.after((monotonic_us() - began) // 1_000)

    async def _exchange(self, request: Request, content: bytes | None, headers: dict[str, str]) -> Reply:
        url = self.base + request.target
        async with self._client.stream(request.method, url, content=content, headers=headers) as answer:
            body = bytearray()
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > MAX_ANSWER:
                    break
            return Reply(
                answer.status_code,
                bytes(body[:MAX_ANSWER]).decode("utf-8", "replace"),
                content_type=answer.headers.get("content-type", ""),
                request_id=answer.headers.get("vestibule-request-id"),
                location=answer.headers.get("location"),
                retry_after=answer.headers.get("retry-after"),
            )

    def _told(self, error: Exception) -> str:
        said = str(error) or type(error).__name__
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, ssl.SSLError) or "SSL" in str(cause):
                known = next((words for part, words in _TLS_WORDS.items() if part in said.lower()), "")
                return (
                    f"No TLS connection to {self.base}: {known or said} Entra will refuse it, too: it asks for TLS 1.2 "
                    "or newer and a certificate of a public authority for the name in the URL."
                )
            cause = cause.__cause__ or cause.__context__
        return (
            f"Nobody answers at {self.base} ({said}). Check the address, and that the server runs and can be reached "
            "from here."
        )


def _checked(base: str) -> str:
    try:
        url = httpx2.URL(base)
        good = url.scheme in ("http", "https") and bool(url.host) and (url.port or 1) < 65_536 and not url.userinfo
    except (ValueError, httpx2.InvalidURL):
        good = False
    if not good:
        raise Unusable(f"{base!r} is no address of a SCIM server: write https://HOST/PATH.")
    return base


def _sendable(token: str) -> str:
    token = token.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise Unusable(
            "The token is empty or holds a character that no header can carry. Copy it again from where it was made."
        )
    return token
