"""`python -m tests.probe.record SENDER/WHAT VERSION URL TOKEN`: test a server and write down what it answered."""

import asyncio
import json
import sys
from typing import Any
from urllib.parse import urlsplit

import httpx2

from tests.probe import recorded
from vestibule.canary import SUFFIX
from vestibule.entra.wire import endpoint
from vestibule.probe import drive, probe
from vestibule.probe.plan import Names
from vestibule.probe.report import summary

KEPT = ("content-type", "location", "retry-after", "www-authenticate", "server")
"""The header fields that may matter."""
LONG = 5_000
"""A list of schemas that is longer is recorded by its head."""


class Listening(httpx2.AsyncBaseTransport):
    """Sends on, and keeps what came."""

    def __init__(self, base: str) -> None:
        self.inner = httpx2.AsyncHTTPTransport()
        self.path = urlsplit(base).path
        self.kept: list[dict[str, Any]] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = await self.inner.handle_async_request(request)
        body = await answer.aread()
        parts = urlsplit(str(request.url))
        target = parts.path.removeprefix(self.path) + (f"?{parts.query}" if parts.query else "")
        text = body.decode("utf-8", "replace")
        if len(text) > LONG and request.method == "GET" and answer.status_code == 200:
            head = json.loads(text)
            text = json.dumps({key: head[key] for key in ("schemas", "totalResults") if key in head})
        self.kept.append(
            {
                "method": request.method,
                "target": recorded.plain(target),
                "status": answer.status_code,
                "headers": {name: answer.headers[name] for name in KEPT if name in answer.headers},
                "body": text,
            }
        )
        return httpx2.Response(answer.status_code, headers=answer.headers, content=body)


def main() -> None:
    """Test and write."""
    name, version, url, token = sys.argv[1:5]
    base, mode = endpoint(url)
    listening = Listening(base)
    names: list[Names] = []
    made = drive._names
    drive._names = lambda now: names.append(made(now)) or names[0]  # type: ignore[func-returns-value]
    report = asyncio.run(probe(url, token, transport=listening))
    text = json.dumps(
        {
            "sender": f"{name.partition('/')[0]} {version}",
            "flag": mode == "compliant",
            "exchanges": listening.kept,
        },
        indent=1,
        ensure_ascii=False,
    )
    for field in Names.__slots__:
        # A mark may be written with %40 for its @, so that what is random in it is replaced alone.
        new, old = getattr(recorded.NAMES, field), getattr(names[0], field)
        text = text.replace(old.removesuffix(SUFFIX), new.removesuffix(SUFFIX))
    text = text.replace(base, recorded.URL).replace(urlsplit(base).netloc, "app.example.com").replace(token, "TOKEN")
    file = recorded.FOLDER / f"{name}.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text + "\n")
    sys.stdout.write(f"{name}: {summary(report)}\n")


if __name__ == "__main__":
    main()
