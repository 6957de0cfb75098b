"""Write a JSON document that may be longer than memory should hold, as if it had been written whole."""

from collections.abc import Iterable, Iterator
from typing import Any, cast

import orjson


def written(document: Any, line: bytes = b"\n") -> Iterator[bytes]:
    """The document in pieces, indented by two; an iterator in it is a list, of which one element is held at a time."""
    if isinstance(document, Iterator):
        yield from _between(
            b"[", ([_whole(each, line + b"  ")] for each in cast("Iterator[Any]", document)), b"]", line
        )
    elif isinstance(document, list) and any(map(_holds, cast("list[Any]", document))):
        yield from _between(b"[", (written(each, line + b"  ") for each in cast("list[Any]", document)), b"]", line)
    elif isinstance(document, dict) and any(map(_holds, cast("dict[str, Any]", document).values())):
        members = (_member(key, value, line + b"  ") for key, value in cast("dict[str, Any]", document).items())
        yield from _between(b"{", members, b"}", line)
    else:
        yield _whole(document, line)


def _holds(value: Any) -> bool:
    return isinstance(value, dict | list | Iterator)


def _member(key: str, value: Any, line: bytes) -> Iterator[bytes]:
    yield orjson.dumps(key) + b": "
    yield from written(value, line)


def _between(opening: bytes, parts: Iterable[Iterable[bytes]], closing: bytes, line: bytes) -> Iterator[bytes]:
    lead = opening
    for part in parts:
        yield lead + line + b"  "
        yield from part
        lead = b","
    yield opening + closing if lead == opening else line + closing


def _whole(value: Any, line: bytes) -> bytes:
    # No text in JSON holds a bare line end, so each is one of the layout.
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).replace(b"\n", line)
