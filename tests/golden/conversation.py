"""Golden conversations: `<sender>/<case>.json`, what an identity provider says and what the server answers.

`{user:ana}`, `{group:g}`, `{base}`, `{connection}`, `{token}` and `{token_id}` stand for what differs from run to run; a
step's `as` names the id that it made. `given` is made beforehand and not compared. The query is sent byte for byte.
"""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2

from tests.conftest import Tenant
from vestibule.model import Token

GOLDEN = Path(__file__).parent
HEADERS = ("Location", "ETag", "Content-Type", "WWW-Authenticate", "Allow")
"""The headers that a recorded answer tells; the absence of one is compared as well."""
_PLACEHOLDER = re.compile(r"\{(?:base|connection|token|token_id|(?:user|group):[\w-]+)\}")
_MARK = re.compile(r'(W/"\d+)\.[0-9a-f]+(?=")')
_EXPLANATION = re.compile(r"https?://\S+/e/req_\w+")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_RAW_ID = re.compile(r"\b(?:usr|grp|con|tok|req)_[0-9a-z]{26}\b")


@dataclass(frozen=True)
class Step:
    """One request with the recorded answer and the quirks that the log notes for it."""

    request: dict[str, Any]
    makes: str | None
    response: dict[str, Any]
    tolerated: tuple[str, ...]


@dataclass(frozen=True)
class Conversation:
    """One file. `content` is the JSON as it stands in it."""

    file: Path
    content: dict[str, Any]

    @property
    def sender(self) -> str:
        return self.file.parent.name

    @property
    def name(self) -> str:
        return f"{self.sender}/{self.file.stem}"

    @property
    def steps(self) -> list[Step]:
        return [
            Step(
                each["request"],
                each.get("as"),
                each.get("response", {}),
                tuple(each.get("log", {}).get("tolerated", ())),
            )
            for each in self.content["steps"]
        ]

    @property
    def quirks(self) -> frozenset[str]:
        """All that the steps show, by the ids of the register."""
        return frozenset(quirk for step in self.steps for quirk in step.tolerated)

    def record(self, answers: list["Heard"], tolerated: list[list[str]]) -> None:
        """Rewrite the answers and the log; the requests stay as they are."""
        for step, answer, quirks in zip(self.content["steps"], answers, tolerated, strict=True):
            step.pop("response", None)
            step.pop("log", None)
            step["response"] = answer.response
            if quirks:
                step["log"] = {"tolerated": quirks}
        self.file.write_text(json.dumps(self.content, indent=2, ensure_ascii=False) + "\n")


def conversations() -> list[Conversation]:
    """All golden files, in the order of their names."""
    return [Conversation(each, json.loads(each.read_text())) for each in sorted(GOLDEN.glob("*/*.json"))]


@dataclass(frozen=True)
class Heard:
    """An answer in normal form, and the request's id in the provisioning log."""

    response: dict[str, Any]
    request_id: str


@dataclass
class Player:
    """Plays conversations on a fresh connection and knows which id stands for which placeholder."""

    tenant: Tenant
    values: dict[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        self.values["{base}"] = str(self.tenant.http.base_url).rstrip("/")
        self.values["{connection}"] = self.tenant.connection_id
        self.use(self.tenant.token, self.tenant.text)

    def use(self, token: Token, text: str) -> None:
        """Send this token from now on."""
        self.values |= {"{token}": text, "{token_id}": token.id}

    def prepare(self, content: dict[str, Any]) -> None:
        """Set what the conversation presumes: settings, the token's scopes, the resources that exist."""
        if "settings" in content:
            self.tenant.set(**content["settings"])
        for each in content.get("given", ()):
            answer = self.send({"method": "POST", **each["request"]})
            assert answer.status_code == 201, answer.text
            self.values[f"{{{each['as']}}}"] = answer.json()["id"]
        if "scopes" in content:
            self.use(*self.tenant.vestibule.token(self.tenant.connection_id, content["scopes"]))

    def send(self, request: dict[str, Any]) -> httpx2.Response:
        """Send one request; a header that is null is not sent at all."""
        http = self.tenant.http
        headers = {"Authorization": f"Bearer {self.values['{token}']}"} | request.get("headers", {})
        body = self.filled(request.get("body"))
        content = None if body is None else body if isinstance(body, str) else json.dumps(body)
        target = urlsplit(self.values["{base}"]).path + self.filled(request["path"])
        if "query" in request:
            target += "?" + self.filled(request["query"])
        made = http.build_request(
            request["method"],
            "/",
            content=content,
            headers={name: value for name, value in headers.items() if value is not None},
            extensions={"target": target.encode("ascii")},
        )
        for name in [name for name, value in headers.items() if value is None]:
            del made.headers[name]
        return http.send(made)

    def say(self, step: Step) -> Heard:
        """Send a step's request; what it makes is known from then on."""
        answer = self.send(step.request)
        if step.makes and answer.status_code == 201:
            self.values[f"{{{step.makes}}}"] = answer.json()["id"]
        return Heard(self.normal(answer), answer.headers["vestibule-request-id"])

    def everything(self) -> list[Any]:
        """All users and groups as the server shows them, to see whether a refusal left a trace."""
        return [self.tenant.http.get(path, params={"count": 200}).json() for path in ("/Users", "/Groups")]

    def filled(self, content: Any) -> Any:
        """A request with the placeholders' values in it, in names too."""
        if isinstance(content, str):
            return _PLACEHOLDER.sub(lambda found: self.values[found[0]], content)
        if isinstance(content, list):
            return [self.filled(each) for each in content]
        if isinstance(content, dict):
            return {self.filled(name): self.filled(value) for name, value in content.items()}
        return content

    def normal(self, answer: httpx2.Response) -> dict[str, Any]:
        """Status, headers and body with placeholders for what differs from run to run."""
        told: dict[str, Any] = {"status": answer.status_code}
        headers = {name: self.hidden(answer.headers[name]) for name in HEADERS if name in answer.headers}
        if headers:
            told["headers"] = headers
        if answer.content:
            told["body"] = self.hidden(answer.json())
        raw = _RAW_ID.search(json.dumps(told))
        assert raw is None, f"an id without a name: give the step that made {raw and raw[0]} an `as`"
        return told

    def hidden(self, content: Any) -> Any:
        if isinstance(content, str):
            # The mark of the groups that are shown with a user is made of their ids.
            text = _MARK.sub(r"\1", _EXPLANATION.sub("{explanation}", content))
            for placeholder, value in self.values.items():
                text = text.replace(value, placeholder)
            return text
        if isinstance(content, list):
            return [self.hidden(each) for each in content]
        if isinstance(content, dict):
            shown = {name: self.hidden(value) for name, value in content.items()}
            return {name: _timeless(value) if name == "meta" else value for name, value in shown.items()}
        return content


def _timeless(meta: Any) -> Any:
    if not isinstance(meta, dict):
        return meta
    times = ("created", "lastModified")
    return {name: "{time}" if name in times and _TIME.fullmatch(str(value)) else value for name, value in meta.items()}
