"""Whom the refusal of a request about a group kept out: everybody, or those whom it names."""

import re
from collections.abc import Iterator
from typing import Any, cast

import orjson

from vestibule.model import Exchange
from vestibule.scim.folding import fold

_FOR_ANYBODY = frozenset({401, 403, 429})
"""The same request about somebody else would have been refused, too."""
_QUOTED = re.compile(r'"([^"]*)"')


def named_in(refusal: Exchange) -> frozenset[str] | None:
    """The folded names and ids that a change would have added; None when its refusal kept out whoever it might be.

    What was wrong with a change of one member, or with a new name of the group, says nothing of the other people.
    """
    if refusal.method not in ("PATCH", "PUT") or refusal.status in _FOR_ANYBODY or refusal.status >= 500:
        return None
    try:
        body: Any = orjson.loads(refusal.request_body or "")
    except orjson.JSONDecodeError:
        return None
    return frozenset(map(fold, _texts(body)))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        found = cast("dict[str, Any]", value)
        if str(found.get("op")).lower() != "remove":
            for name, each in found.items():
                yield from _QUOTED.findall(each) if name == "path" and isinstance(each, str) else _texts(each)
    elif isinstance(value, list):
        for each in cast("list[Any]", value):
            yield from _texts(each)
    elif isinstance(value, str):
        yield value
