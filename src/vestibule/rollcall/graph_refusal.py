"""Why Microsoft Graph, or the endpoint that gives the token for it, refused; and what mends it."""

from collections.abc import Mapping
from typing import Any, Final, cast

import orjson

from vestibule.explain.aadsts import meant_by, numbers_in
from vestibule.outbound.target import FetchError

REFUSALS: Final[Mapping[str, tuple[str, str]]] = {
    "graph_token_refused": (
        "Entra gave no token for Microsoft Graph: {why}.",
        "{fix}.",
    ),
    "graph_unauthorized": (
        "Microsoft Graph does not take the token ({said}).",
        "See that the application is of this very tenant, and that --graph-url and --login-url are of one cloud.",
    ),
    "graph_forbidden": (
        "The application may not read the members of groups ({said}).",
        "In Entra, App registrations, the application, API permissions: add the Microsoft Graph *application* "  # noqa: ISC004
        "permissions GroupMember.Read.All and User.Read.All, then Grant admin consent. Delegated ones do not count.",
    ),
    "graph_members_hidden": (
        "The application may read who is in the group, but not their names: {id} came without a userPrincipalName.",
        "Add the Microsoft Graph application permission User.Read.All, then Grant admin consent.",
    ),
    "graph_group_unknown": (
        "The tenant has no group {group!r}.",
        "Give the group's name as Entra shows it, or its Object ID: --graph-group ID.",
    ),
    "graph_group_ambiguous": (
        "The tenant has several groups {group!r}: {ids}.",
        "Give the Object ID of the right one: --graph-group ID.",
    ),
    "graph_throttled": (
        "Microsoft Graph is busy and asked to wait again and again ({said}).",
        "Try again later; nothing was changed.",
    ),
    "graph_unreachable": (
        "{url} cannot be read: {why}.",
        "See that this machine reaches it; hosts of an inner network must be allowed (VESTIBULE_ALLOW_NETWORKS).",
    ),
    "graph_answer": (
        "What answered is not Microsoft Graph: {why}.",
        "Check --graph-url and --login-url.",
    ),
}
"""Code → what happened, what to do."""

_FIXES: Final[Mapping[str, str]] = {
    "700016": "Give --client-id the Application (client) ID of a registration in this very tenant",
    "90002": "Give --graph the tenant's id or one of its domains",
}
"""What mends a number of Entra's here and is otherwise than at a sign-in."""


class GraphRefused(Exception):
    """A read that came to nothing. `code` of REFUSALS, `facts` for its texts."""

    def __init__(self, code: str, facts: Mapping[str, Any]) -> None:
        sentence, fix = REFUSALS[code]
        self.code = code
        self.facts = dict(facts)
        self.sentence = sentence.format(**facts)
        self.fix = fix.format(**facts)
        super().__init__(f"{self.sentence} {self.fix}")


def unreachable(error: FetchError) -> GraphRefused:
    """Nobody answered, or the address may not be asked."""
    facts = error.facts
    why = ", ".join([error.code, *(f"{name} {value}" for name, value in facts.items() if name != "url")])
    return GraphRefused("graph_unreachable", {"url": facts.get("url") or facts.get("host", "the address"), "why": why})


def of_token(status: int, body: bytes) -> GraphRefused:
    """What the token endpoint's refusal means (RFC 6749 section 5.2, with Entra's numbers)."""
    content = _content(body)
    said = str(content.get("error_description") or content.get("error") or f"status {status}")
    number = next(iter(numbers_in(said)), None)
    meant = meant_by(number)
    first = said.splitlines()[0][:300].rstrip(". ") if said else ""
    if meant is None:
        return GraphRefused("graph_token_refused", {"why": first, "fix": "Check tenant, client id and secret"})
    fix = _FIXES.get(str(number), meant.fix)
    return GraphRefused("graph_token_refused", {"why": f"{meant.what} (AADSTS{number})", "fix": fix, "number": number})


def of_graph(status: int, body: bytes, retry_after: float = 0.0) -> GraphRefused:
    """What an answer of Graph that is no success means; `retry_after` are the seconds that it asks to wait, if any."""
    error: Any = _content(body).get("error")
    fault = cast("dict[str, Any]", error) if isinstance(error, dict) else {}
    said = f"{status} {fault.get('code') or ''}: {fault.get('message') or ''}".rstrip(": ")[:300]
    facts: dict[str, Any] = {"said": said, "status": status}
    match status:
        case 401:
            return GraphRefused("graph_unauthorized", facts)
        case 403:
            return GraphRefused("graph_forbidden", facts)
        case 404:
            return GraphRefused("graph_group_unknown", {**facts, "group": fault.get("message") or "of this id"})
        case 429 | 503 | 504:
            return GraphRefused("graph_throttled", {**facts, "retry_after": retry_after})
        case _:
            return GraphRefused("graph_answer", {**facts, "why": said})


def _content(body: bytes) -> dict[str, Any]:
    try:
        found: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}
