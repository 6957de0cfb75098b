"""Messages around resources: list queries and answers (RFC 7644 section 3.4.2), versions (section 3.14)."""

import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qsl

import orjson

from vestibule.scim.dialects import Notes
from vestibule.scim.errors import (
    InvalidCount,
    InvalidFilter,
    InvalidSyntax,
    InvalidValue,
    PreconditionFailed,
    ScimError,
)
from vestibule.scim.schema import names_schema

LIST_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
SEARCH_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
DEFAULT_COUNT = 100
MAX_COUNT = 200
_PARAMETERS = {
    name.casefold(): name
    for name in (
        "attributes", "excludedAttributes", "filter", "sortBy", "sortOrder", "startIndex", "count", "cursor",
    )
}  # fmt: skip
_DIGITS = 15
_LISTS = ("attributes", "excludedAttributes")
_NOT_UTF8 = re.compile("[\udc80-\udcff]")
_ETAG = re.compile(r'(?:W/)?"([1-9][0-9]{0,17})(\.[0-9a-f]+)?"\Z')


@dataclass(frozen=True, slots=True)
class ListQuery:
    """A list request: `start_index` from 1, `count` from 0 to MAX_COUNT, the other parameters as texts or None.

    `cursor` is None for pages by index, empty for the first page by cursor (RFC 9865).
    """

    start_index: int
    count: int
    filter: str | None
    sort_by: str | None = None
    sort_order: str | None = None
    cursor: str | None = None

    def identity(self, *scope: str) -> str:
        """What must stay the same from page to page, with the scope that the list belongs to, as one text."""
        return "\n".join([*scope, self.filter or "", self.sort_by or "", (self.sort_order or "").lower()])


def read_list_query(parameters: Mapping[str, str]) -> ListQuery:
    """Read the parameters of a list: too small a number is the least, too large the most (section 3.4.2.4).

    Raises InvalidValue for what is no whole number or when both ways of paging are asked for, InvalidCount where a
    cursor is used.
    """
    cursor = parameters.get("cursor")
    if cursor is not None and parameters.get("startIndex"):
        raise InvalidValue("Give either `startIndex` or `cursor`, not both.", attribute="cursor")
    try:
        count = _whole(parameters, "count", DEFAULT_COUNT)
    except InvalidValue as error:
        if cursor is None:
            raise
        raise InvalidCount(error.detail) from error
    return ListQuery(
        start_index=max(1, _whole(parameters, "startIndex", 1)),
        count=min(MAX_COUNT, max(0, count)),
        filter=parameters.get("filter"),
        sort_by=parameters.get("sortBy") or None,
        sort_order=parameters.get("sortOrder") or None,
        cursor=cursor,
    )


def read_search(body: Any, notes: Notes) -> dict[str, str]:
    """A SearchRequest message (section 3.4.3) as the parameters that a GET would have. Raises InvalidSyntax."""
    if not isinstance(body, dict):
        raise InvalidSyntax("The body must be a JSON object, a SearchRequest.")
    given = cast("dict[str, Any]", body)
    message = {key.casefold(): value for key, value in given.items()}
    if len(message) < len(given):
        raise InvalidSyntax("A search says each parameter once; their names are compared caseless.")
    if not names_schema(message.pop("schemas", None), SEARCH_SCHEMA):
        raise InvalidSyntax(f'A search needs `"schemas": ["{SEARCH_SCHEMA}"]`.')
    parameters: dict[str, str] = {}
    for key, value in message.items():
        name = _PARAMETERS.get(key)
        if name is None:
            notes.note("unknown_attribute", key)
        elif value is not None:
            parameters[name] = _parameter(name, value)
    return parameters


def read_query(text: str) -> tuple[dict[str, str], ScimError | None]:
    """The parameters of an address, names in the standard's spelling, and why they cannot be acted on.

    A `Filter` that nobody reads, or a second one, would list other people than were asked for. Names of attributes
    may come in several parameters; they are read as one.
    """
    read: dict[str, str] = {}
    refusal: ScimError | None = None
    for given, value in parse_qsl(text, keep_blank_values=True, errors="surrogateescape"):
        name = _PARAMETERS.get(given.casefold(), _NOT_UTF8.sub("\ufffd", given))
        known = name in _PARAMETERS.values()
        kind = InvalidFilter if name == "filter" else InvalidValue
        if known and _NOT_UTF8.search(value):
            refusal = refusal or kind(f"`{name}` is not text in UTF-8.", attribute=name)
        if known and name in read and name not in _LISTS:
            refusal = refusal or kind(f"`{name}` came more than once; send it once.", attribute=name)
        readable = _NOT_UTF8.sub("\ufffd", value)
        read[name] = f"{read[name]},{readable}" if name in read and name in _LISTS else readable
    return read, refusal


def _parameter(name: str, value: Any) -> str:
    if name in ("attributes", "excludedAttributes") and isinstance(value, list):
        names = cast("list[Any]", value)
        if all(isinstance(each, str) for each in names):
            return ",".join(names)
    if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        return str(value)
    raise InvalidSyntax(f"`{name}` of a search is of the wrong type.")


def _whole(parameters: Mapping[str, str], name: str, default: int) -> int:
    text = parameters.get(name)
    if text is None or text == "":
        return default
    match = re.fullmatch(r"([+-]?)0*([0-9]*)", text)
    if match is None or not text[-1].isdigit():
        raise InvalidValue(f"`{name}` must be a whole number, not {text[:40]!r}.", attribute=name)
    # No list is that long, so more digits say no more.
    return int(match[1] + (match[2] or "0")) if len(match[2]) <= _DIGITS else int(f"{match[1]}1{'0' * _DIGITS}")


def list_response(
    total: int,
    resources: Iterable[bytes],
    *,
    start_index: int | None = None,
    next_cursor: str | None = None,
    previous_cursor: str | None = None,
) -> bytes:
    """A ListResponse around resources that are JSON text already; what is None is left out."""
    items = list(resources)
    head: dict[str, Any] = {"schemas": [LIST_SCHEMA], "totalResults": total, "itemsPerPage": len(items)}
    paging = {"startIndex": start_index, "nextCursor": next_cursor, "previousCursor": previous_cursor}
    head |= {name: value for name, value in paging.items() if value is not None}
    return orjson.dumps(head)[:-1] + b',"Resources":[' + b",".join(items) + b"]}"


def etag(version: int, beside: Iterable[str] = ()) -> str:
    """A weak entity tag of a version, and of what is shown with it that has no part in it: a user's groups."""
    shown = "\n".join(beside) if beside else ""
    mark = f".{zlib.crc32(shown.encode()):x}" if shown else ""
    return f'W/"{version}{mark}"'


def expected_version(if_match: str | None, present: int | None = None) -> int | None:
    """The version that If-Match names; None when any will do, or when one of several is `present`.

    Raises PreconditionFailed for a foreign tag.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    versions = [_ETAG.match(each.strip()) for each in if_match.split(",")]
    numbers = [int(match[1]) for match in versions if match is not None]
    if not numbers:
        raise PreconditionFailed(f"If-Match {if_match[:60]!r} is no version of this server's.")
    return present if present in numbers else numbers[0]


def is_unchanged(if_none_match: str | None, tag: str) -> bool:
    """Whether If-None-Match names the present tag, so that 304 is the answer (RFC 9110 section 13.1.2)."""
    if if_none_match is None:
        return False
    tags = [each.strip().removeprefix("W/") for each in if_none_match.split(",")]
    return "*" in tags or tag.removeprefix("W/") in tags


def names_version(if_none_match: str | None, version: int) -> bool:
    """Whether If-None-Match forbids a write, as it names the present version (RFC 9110 section 13.1.2)."""
    if if_none_match is None:
        return False
    tags = [each.strip() for each in if_none_match.split(",")]
    return "*" in tags or any((match := _ETAG.match(each)) is not None and int(match[1]) == version for each in tags)
