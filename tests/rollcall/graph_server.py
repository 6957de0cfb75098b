"""A stand-in for Microsoft Graph and the token endpoint on loopback: pages, throttling, refusals."""

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PAGE = 2
SECRET = "the right one"


@dataclass
class Graph:
    """A tenant with groups by id; `refuse` holds answers (status, headers, body) that come first, one by one."""

    groups: dict[str, tuple[str, list[dict[str, Any]]]] = field(default_factory=dict[str, Any])
    transitive: dict[str, list[dict[str, Any]]] = field(default_factory=dict[str, Any])
    refuse: list[tuple[int, dict[str, str], Any]] = field(default_factory=list[Any])
    asked: list[str] = field(default_factory=list[str])
    tokens: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    url: str = ""
    leads_to: str | None = None

    def answer(self, path: str, query: dict[str, list[str]], bearer: str | None) -> tuple[int, dict[str, str], Any]:
        if self.refuse:
            return self.refuse.pop(0)
        if bearer not in {f"Bearer token-{number}" for number in range(1, len(self.tokens) + 1)}:
            return 401, {}, fault("InvalidAuthenticationToken", "Access token has expired or is not yet valid.")
        parts = path.strip("/").split("/")
        if parts == ["v1.0", "groups"]:
            wanted = query["$filter"][0].removeprefix("displayName eq '")[:-1].replace("''", "'")
            found = [{"id": key, "displayName": name} for key, (name, _) in self.groups.items() if name == wanted]
            return 200, {}, {"value": found}
        if parts[2] not in self.groups:
            return 404, {}, fault("Request_ResourceNotFound", f"Resource '{parts[2]}' does not exist.")
        if len(parts) == 3:
            return 200, {}, {"id": parts[2], "displayName": self.groups[parts[2]][0]}
        members = self.groups[parts[2]][1] if parts[3] == "members" else self.transitive[parts[2]]
        return 200, {}, self.page(path, members, int(query.get("$skiptoken", ["0"])[0]))

    def page(self, path: str, members: list[dict[str, Any]], start: int) -> dict[str, Any]:
        shown: dict[str, Any] = {"value": members[start : start + PAGE]}
        if start + PAGE < len(members):
            shown["@odata.nextLink"] = (self.leads_to or self.url) + f"{path}?$skiptoken={start + PAGE}"
        return shown

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, str], Any]:
        if form["client_secret"] != SECRET:
            told = "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent is the client secret value."
            return 401, {}, {"error": "invalid_client", "error_description": told, "error_codes": [7000215]}
        self.tokens.append(form)
        return 200, {}, {"token_type": "Bearer", "expires_in": 3599, "access_token": f"token-{len(self.tokens)}"}


def fault(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "innerError": {"request-id": "r"}}}


def user(number: int, **rest: Any) -> dict[str, Any]:
    name = f"user{number}"
    return {
        "@odata.type": "#microsoft.graph.user",
        "id": f"oid-{number}",
        "userPrincipalName": f"{name}@acme.example",
        "mailNickname": name,
        "accountEnabled": True,
        **rest,
    }


def group(ident: str, name: str) -> dict[str, Any]:
    return {"@odata.type": "#microsoft.graph.group", "id": ident, "displayName": name, "userPrincipalName": None}


@contextmanager
def serving(graph: Graph) -> Generator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            graph.asked.append(self.path)
            self.say(*graph.answer(parts.path, parse_qs(parts.query), self.headers.get("Authorization")))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.say(*graph.token({name: values[0] for name, values in parse_qs(body).items()}))

        def say(self, status: int, headers: dict[str, str], content: Any) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    graph.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield graph.url
    finally:
        server.shutdown()
        server.server_close()
