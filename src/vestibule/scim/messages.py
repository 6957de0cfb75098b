"""Messages around resources: list queries and answers (RFC 7644 section 3.4.2), versions (section 3.14)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from vestibule.scim.errors import InvalidValue, PreconditionFailed

LIST_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
DEFAULT_COUNT = 100
MAX_COUNT = 200
_ETAG = re.compile(r'(?:W/)?"(\d{1,18})"\Z')


@dataclass(frozen=True, slots=True)
class ListQuery:
    """A list request: `start_index` from 1, `count` from 0 to MAX_COUNT, the filter's text or None."""

    start_index: int
    count: int
    filter: str | None


def read_list_query(parameters: Mapping[str, str]) -> ListQuery:
    """Read `startIndex`, `count` and `filter`: too small is the least, too large the most (section 3.4.2.4).

    Raises InvalidValue for what is no whole number.
    """
    return ListQuery(
        start_index=max(1, _whole(parameters, "startIndex", 1)),
        count=min(MAX_COUNT, max(0, _whole(parameters, "count", DEFAULT_COUNT))),
        filter=parameters.get("filter"),
    )


def _whole(parameters: Mapping[str, str], name: str, default: int) -> int:
    text = parameters.get(name)
    if text is None or text == "":
        return default
    if not re.fullmatch(r"[+-]?\d{1,15}", text):
        raise InvalidValue(f"`{name}` must be a whole number, not {text[:40]!r}.", attribute=name)
    return int(text)


def list_response(total: int, start_index: int, resources: Iterable[bytes]) -> bytes:
    """A ListResponse around resources that are JSON text already."""
    items = list(resources)
    head = b'{"schemas":["%s"],"totalResults":%d,"startIndex":%d,"itemsPerPage":%d,"Resources":[' % (
        LIST_SCHEMA.encode(),
        total,
        start_index,
        len(items),
    )
    return head + b",".join(items) + b"]}"


def etag(version: int) -> str:
    """A weak entity tag."""
    return f'W/"{version}"'


def expected_version(if_match: str | None) -> int | None:
    """The version that If-Match names; None when any will do. Raises PreconditionFailed for a foreign tag."""
    if if_match is None or if_match.strip() == "*":
        return None
    match = _ETAG.match(if_match.strip())
    if match is None:
        raise PreconditionFailed(f"If-Match {if_match[:60]!r} is no version of this server's.")
    return int(match[1])
