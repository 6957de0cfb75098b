"""A session of kept-alive connections. The only file that knows the HTTP client library."""
# The client is installed in the benchmark's own environment only, so the type checker does not see it.
# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from yarl import URL

from bench.calls import Answer, Call

PATIENCE = 120.0
"""Seconds after which an answer is not waited for any more."""


class Session:
    """Sends calls to one server over at most so many connections, which stay open."""

    def __init__(self, client: Any, base_url: str) -> None:
        self._client = client
        self._base_url = base_url

    async def send(self, call: Call) -> Answer:
        """The whole answer; status 0 when there was none."""
        url = URL(self._base_url + call.path, encoded=True)
        try:
            async with self._client.request(call.method, url, data=call.body) as response:
                return Answer(response.status, await response.read())
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            return Answer(0, f"{type(error).__name__} {error}".encode())


@asynccontextmanager
async def connect(base_url: str, headers: Mapping[str, str], connections: int) -> AsyncGenerator[Session]:
    """A session, closed at the end."""
    client = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections, keepalive_timeout=60),
        timeout=aiohttp.ClientTimeout(total=PATIENCE),
        headers={"Content-Type": "application/scim+json", "Accept": "application/scim+json", **headers},
        skip_auto_headers=("User-Agent",),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
    )
    async with client:
        yield Session(client, base_url)
