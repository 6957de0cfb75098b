"""Connection tests at servers that others wrote, as they went: `record` writes one down, `played` answers from it."""

import json
from collections import defaultdict, deque
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2

from vestibule.canary import mark
from vestibule.ids import first_id
from vestibule.probe.plan import Names

FOLDER = Path(__file__).parent
URL = "https://app.example.com/scim/v2"
AT = 1_795_564_800_000_000
NAMES = Names(
    *(mark(first_id("can", AT + number * 1_000)) for number in range(4)),
    *(f"00000000-0000-0000-0000-00000000000{number}" for number in range(3)),
)
"""What stands in the records for the random names of a test, which was made at AT (microseconds)."""


class Then:
    """The clock of a record."""

    def now(self) -> int:
        return AT


def read(name: str) -> dict[str, Any]:
    """A record by `sender/what`."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return found


def played(record: dict[str, Any]) -> httpx2.MockTransport:
    """A server that answers what was recorded, each request in its turn; what was never asked is an error."""
    answers: dict[tuple[str, str], deque[dict[str, Any]]] = defaultdict(deque)
    for each in record["exchanges"]:
        answers[each["method"], each["target"]].append(each)

    def answer(request: httpx2.Request) -> httpx2.Response:
        parts = urlsplit(str(request.url))
        target = parts.path.removeprefix(urlsplit(URL).path) + (f"?{parts.query}" if parts.query else "")
        waiting = answers[request.method, plain(target)]
        if not waiting:
            raise AssertionError(f"{request.method} {target} was not recorded: record it anew")
        each = waiting.popleft()
        return httpx2.Response(each["status"], headers=each["headers"], content=each["body"].encode())

    return httpx2.MockTransport(answer)


def plain(target: str) -> str:
    """A target as it is recorded: the line may write a quotation mark either way."""
    return target.replace("%22", '"')
