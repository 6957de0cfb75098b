"""One request and its answer, as the load sees them."""

from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote

import orjson

PATCH_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@dataclass(frozen=True, slots=True)
class Call:
    """A request below the SCIM base. `about` is what a check needs to know of it."""

    method: str
    path: str
    body: bytes | None = None
    about: Any = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Status 0 is no answer at all; `body` then says why."""

    status: int
    body: bytes

    def json(self) -> dict[str, Any]:
        """The body as an object; an empty one when it is none."""
        try:
            content: Any = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return {}
        return cast("dict[str, Any]", content) if isinstance(content, dict) else {}

    def shown(self) -> str:
        """Status and the beginning of the body, for a reader."""
        text = self.body[:120].decode("utf-8", "replace")
        return f"{self.status or 'no answer'} {' '.join(text.split())}".strip()


def filtered(collection: str, attribute: str, value: str, *, about: Any = None, more: str = "") -> Call:
    """GET `collection?filter=attribute eq "value"`."""
    text = quote(f'{attribute} eq "{value}"')
    return Call("GET", f"/{collection}?{more}filter={text}", about=about)


def patched(path: str, *operations: dict[str, Any], about: Any = None) -> Call:
    """PATCH with some operations."""
    return Call("PATCH", path, orjson.dumps({"schemas": [PATCH_SCHEMA], "Operations": operations}), about)


def resources(answer: Answer) -> list[dict[str, Any]]:
    """The resources of a list response; none when it has none."""
    found: Any = answer.json().get("Resources")
    return cast("list[dict[str, Any]]", found) if isinstance(found, list) else []


def members(answer: Answer) -> int:
    """How many members a group's answer shows."""
    shown: Any = answer.json().get("members")
    return len(cast("list[Any]", shown)) if isinstance(shown, list) else 0
