"""Write a JSON document that may be longer than memory should hold, as if it had been written whole."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

import orjson


def written(document: Mapping[str, Any]) -> Iterator[bytes]:
    """The document in pieces, indented by two; an iterator in it is a list, of which one element is held at a time."""
    lead = b"{\n  "
    for key, value in document.items():
        yield lead + orjson.dumps(key) + b": "
        if isinstance(value, Iterator):
            yield from _list(cast("Iterator[Any]", value))
        else:
            yield _indented(value, b"\n  ")
        lead = b",\n  "
    yield b"{}" if lead[:1] == b"{" else b"\n}"


def _list(elements: Iterator[Any]) -> Iterator[bytes]:
    lead = b"[\n    "
    for each in elements:
        yield lead + _indented(each, b"\n    ")
        lead = b",\n    "
    yield b"[]" if lead[:1] == b"[" else b"\n  ]"


def _indented(value: Any, line: bytes) -> bytes:
    # No text in JSON holds a bare line end, so each is one of the layout.
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).replace(b"\n", line)
