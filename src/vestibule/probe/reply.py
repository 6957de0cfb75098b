"""What came back for one request, and how it stands in the evidence."""

import json
from dataclasses import dataclass, replace
from typing import Any, cast

from vestibule.entra import answers
from vestibule.entra.answers import Answer
from vestibule.entra.wire import JsonObject, Request
from vestibule.explain.foreign import is_page
from vestibule.probe.report import Evidence

LONGEST_PAUSE = 10.0
"""Seconds that are waited at most for a server that asks to come back later."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `fault` is one of Entra's words, set when no answer came (`status` is 0 then)."""

    status: int
    text: str = ""
    fault: str | None = None
    content_type: str = ""
    request_id: str | None = None
    location: str | None = None
    ms: int = 0
    retry_after: str | None = None

    def after(self, ms: int) -> "Reply":
        """The same, with the time that it took."""
        return replace(self, ms=ms)

    @property
    def ours(self) -> bool:
        """Whether a Vestibule answered."""
        return self.request_id is not None and self.request_id.startswith("req_")

    @property
    def good(self) -> bool:
        """A status from 200 to 299."""
        return 200 <= self.status < 300

    @property
    def is_page(self) -> bool:
        """A web page instead of SCIM."""
        return "html" in self.content_type.lower() or is_page(self.text)

    @property
    def pause(self) -> float:
        """Seconds to wait before the same is asked again: what a busy server says, within reason, else none."""
        if self.status not in (429, 503):
            return 0
        said = (self.retry_after or "").strip()
        return min(float(said), LONGEST_PAUSE) if said.isdecimal() else 1.0

    def body(self) -> JsonObject:
        """The JSON object that came; empty when it is none."""
        try:
            content: Any = json.loads(self.text)
        except (ValueError, RecursionError):
            return {}
        return cast("JsonObject", content) if isinstance(content, dict) else {}

    def read(self, request: Request) -> Answer:
        """The answer as Entra's engine reads it."""
        return answers.read(request, answers.Response(self.status, self.text, self.fault, 0, self.ms))

    def evidence(self, request: Request) -> Evidence:
        """The request and its answer."""
        body = self.body() if self.status >= 400 else {}
        detail = body.get("detail") if self.status else self.text
        scim_type = body.get("scimType")
        return Evidence(
            request.method,
            request.target,
            self.status,
            scim_type[:100] if isinstance(scim_type, str) else None,
            detail[:2_000] if isinstance(detail, str) else None,
            self.ms,
            self.request_id,
        )

    def got(self) -> tuple[str, ...] | None:
        """The scopes that a refusal says the token has."""
        found: Any = self.body().get("got") if self.status == 403 else None
        if not isinstance(found, list):
            return None
        return tuple(each for each in cast("list[Any]", found) if isinstance(each, str))
