"""`python -m tests.explain.record_foreign SENDER/WHAT VERSION METHOD URL [TOKEN [BODY]]`: write down one answer.

SENDER is who answered, a server or a proxy before one that others wrote; BODY is JSON or how many bytes to send.
Without arguments the examples of the catalogue are written anew out of the records.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2

from tests.explain import entra_texts, recorded
from vestibule.explain.foreign import from_foreign
from vestibule.explain.outside import from_text
from vestibule.model import Exchange

FOLDER = Path(__file__).parent / "foreign"
EXAMPLES = {
    "foreign_accepted": "polis/case_of_op",
    "foreign_conflict": "scim2-server/taken",
    "foreign_fault": "scimmy/filter",
    "foreign_forbidden": "better-auth/scope",
    "foreign_not_found": "canaille/missing",
    "foreign_redirected": "nginx/to_https",
    "foreign_refused": "scimmy/active_as_text",
    "foreign_throttled": "haproxy/limit",
    "foreign_too_large": "nginx/small_bodies",
    "foreign_unauthorized": "better-auth/token_ended",
    "foreign_unavailable": "nginx/upstream_down",
    "foreign_web_page": "nginx/page_of_an_app",
}
"""The record that is the example of a code in the catalogue's document."""
KEPT = ("content-type", "location", "retry-after", "www-authenticate", "server")
"""The header fields that may matter."""


def read(name: str) -> dict[str, Any]:
    """A record by `sender/what`."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return found


def exchange(record: dict[str, Any]) -> Exchange:
    """What `vestibule explain --status N --body FILE` makes of it."""
    return from_foreign(record["status"], record["body"].encode(), record["method"], record["path"])


def example(code: str) -> dict[str, Any]:
    """The file of a code in the catalogue's document, with who answered."""
    record = read(EXAMPLES[code])
    name, version = record["sender"].split(" ", 1)
    return {"sender": {"name": name, "version": version}, **asdict(exchange(record))}


def write_examples() -> None:
    for code in EXAMPLES:
        recorded.write(code, example(code))
    for code, text in entra_texts.EXAMPLES.items():
        if found := from_text(text):
            recorded.write(code, asdict(found))


def main() -> None:
    """Ask once, and write."""
    if len(sys.argv) == 1:
        write_examples()
        return
    name, version, method, url = sys.argv[1:5]
    token, body = (*sys.argv[5:], "", "")[:2]
    content = b"x" * int(body) if body.isdecimal() else body.encode()
    headers = {"Content-Type": "application/scim+json", "Accept": "application/scim+json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    answer = httpx2.request(method, url, headers=headers, content=content or None)
    path = urlsplit(url).path
    record = {
        "sender": f"{name.partition('/')[0]} {version}",
        "method": method,
        "path": path[max(path.find("/Users"), path.find("/Groups"), 0) :],
        "status": answer.status_code,
        "headers": {each: answer.headers[each] for each in KEPT if each in answer.headers},
        "body": answer.text.replace(urlsplit(url).netloc, "app.example.com"),
    }
    file = FOLDER / f"{name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
