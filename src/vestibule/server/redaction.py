"""What the log keeps of bodies and queries: bounded, and without what is never returned (RFC 7643 section 7)."""

import re
from dataclasses import replace
from typing import Any, Final, cast
from urllib.parse import unquote

import orjson

from vestibule.model import Exchange

KEPT_BODY: Final = 8_192
"""How many characters of a body the log keeps; longer ones are cut."""
KEPT_PATH: Final = 2_048
"""How many characters of a path, and of a query, the log keeps: a stranger's may be much longer."""
PARSED_BODY: Final = 65_536
"""Bodies of more bytes are not parsed for redaction, so they are not kept at all."""
HIDDEN: Final = "[redacted]"
SECRET_NAMES: Final = frozenset({"password", "token", "secret", "authorization", "client_secret"})
"""Names that are hidden whatever the schemas of the connection say."""
_SAYS_SECRET: Final = (b"password", b"token", b"secret", b"authorization")
"""A body without any of these has nothing to be hidden, if nothing in it is written with escapes."""


def kept_body(body: bytes, unreturned: frozenset[str] = frozenset()) -> str | None:
    """A body as the log keeps it. `unreturned` are the attributes that are never returned, in lower case."""
    if not body:
        return None
    if len(body) > PARSED_BODY:
        return f"({len(body)} bytes, not kept)"
    more = unreturned - SECRET_NAMES if unreturned else unreturned
    if body[:1] in (b"{", b"[") and body[-1:] in (b"}", b"]") and not _says_secret(body, more):
        return body.decode("utf-8", "replace")[:KEPT_BODY]
    try:
        content: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return f"({len(body)} bytes that are not JSON, not kept)"
    return orjson.dumps(_redacted(content, SECRET_NAMES | more)).decode()[:KEPT_BODY]


def kept_answer(body: bytes, returnable: frozenset[str]) -> str | None:
    """The body of an answer that tells what was asked for. `returnable` are the names that may be in it.

    It was made here of what the schemas declare (nothing else is ever stored), so that it is not searched for secrets
    unless one of them goes by such a name.
    """
    if len(body) > PARSED_BODY or not SECRET_NAMES.isdisjoint(returnable):
        return kept_body(body)
    return body.decode("utf-8", "replace")[:KEPT_BODY] or None


def kept_bulk_answer(body: bytes, unreturned: frozenset[str] = frozenset()) -> str | None:
    """The answer of a bulk request, unless a refused operation may quote a secret in it: each has its own entry."""
    if len(body) > PARSED_BODY or _says_secret(body, unreturned):
        return f"({len(body)} bytes, not kept)"
    return body.decode("utf-8", "replace")[:KEPT_BODY]


def kept_query(query: str, unreturned: frozenset[str] = frozenset()) -> str:
    """A query string as the log keeps it."""
    if not query:
        return query
    lowered = unquote(query).lower() if "%" in query else query.lower()
    hidden = "password" in lowered or "secret" in lowered or "token=" in lowered
    hidden = hidden or any(name in lowered for name in unreturned)
    return HIDDEN if hidden else query[:KEPT_PATH]


def without_quotes(refused: Exchange, unreturned: frozenset[str] = frozenset()) -> Exchange:
    """A refusal without what it quotes, if that is of an attribute that is never returned.

    The caller is told what was wrong with what it sent; the log keeps that a filter or a path was refused.
    """
    quoted = " ".join(str(refused.facts.get(name) or "") for name in ("text", "path"))
    if refused.query != HIDDEN and not _quotes_secret(quoted, SECRET_NAMES | unreturned):
        return refused
    facts = {name: HIDDEN if name in ("text", "path") else value for name, value in refused.facts.items()}
    facts["detail"] = "What was sent asks for an attribute that is never returned; it is not kept."
    return replace(refused, facts=facts, target=None, response_body=None)


def _quotes_secret(text: str, names: frozenset[str]) -> bool:
    """Whether a filter or a path compares what is secret with something; a path alone says nothing of a value."""
    lowered = text.lower()
    return any(sign in text for sign in ' "[') and any(name in lowered for name in names)


def _says_secret(body: bytes, more: frozenset[str]) -> bool:
    lowered = body.lower()
    # A single byte is found much faster than two.
    if b"\\" in lowered and b"\\u" in lowered:
        return True
    for each in _SAYS_SECRET:  # A loop, as each body comes by here and a generator costs more than the search.
        if each in lowered:
            return True
    return bool(more) and any(each.encode() in lowered for each in more)


def _is_secret(name: Any, names: frozenset[str]) -> bool:
    """Whether a name or a PATCH path has a secret's in it: `password`, `urn:…:User:password`, `pins[…].value`."""
    if not isinstance(name, str):
        return False
    bare = re.sub(r"\[.*?\]", "", name.strip().lower())
    return not names.isdisjoint(re.split(r"[.\s]", bare.rpartition(":")[2]))


def _redacted(content: Any, names: frozenset[str], depth: int = 0) -> Any:
    if depth > 32:
        return "…"
    if isinstance(content, dict):
        members = cast("dict[str, Any]", content)
        hidden = any(name.lower() == "path" and _is_secret(value, names) for name, value in members.items())
        return {
            name: HIDDEN
            if _is_secret(name, names)
            or (hidden and name.lower() == "value")
            or (name.lower() in ("filter", "path") and _quotes_secret(str(value), names))
            else _redacted(value, names, depth + 1)
            for name, value in members.items()
        }
    if isinstance(content, list):
        return [_redacted(value, names, depth + 1) for value in cast("list[Any]", content)]
    return content
