"""Bulk requests (RFC 7644 section 3.7): read, put into an order in which every `bulkId` is known, and answered."""

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import unquote

from vestibule.scim.bulk_references import needs
from vestibule.scim.errors import Conflict, InvalidSyntax, InvalidValue, PayloadTooLarge, ScimError
from vestibule.scim.group_schema import GROUP
from vestibule.scim.schema import ResourceType, names_schema
from vestibule.scim.user_schema import USER

REQUEST_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
RESPONSE_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
METHODS = ("POST", "PUT", "PATCH", "DELETE")
MAX_DEPTH = 64
KINDS = (USER, GROUP)


@dataclass(frozen=True, slots=True)
class BulkOperation:
    """One operation as it was sent. `number` counts from 1; `needs` are the bulkIds that it refers to."""

    number: int
    method: str
    path: str
    bulk_id: str | None
    version: str | None
    data: Any
    needs: frozenset[str]


@dataclass(frozen=True, slots=True)
class BulkRequest:
    """A whole request. `fail_on_errors` is None when all are to be tried."""

    operations: tuple[BulkOperation, ...]
    fail_on_errors: int | None


def read_bulk(body: Any, max_operations: int, kinds: Sequence[ResourceType] = KINDS) -> BulkRequest:
    """Read a BulkRequest message about resources of these types.

    Raises InvalidSyntax, InvalidValue (an operation that is none), PayloadTooLarge.
    """
    if not isinstance(body, dict):
        raise InvalidSyntax("The body must be a JSON object, a BulkRequest.")
    message = {key.casefold(): value for key, value in cast("dict[str, Any]", body).items()}
    if not names_schema(message.get("schemas"), REQUEST_SCHEMA):
        raise InvalidSyntax(f'A bulk request needs `"schemas": ["{REQUEST_SCHEMA}"]`.')
    operations: Any = message.get("operations")
    if not isinstance(operations, list) or not operations:
        raise InvalidSyntax("A bulk request needs a list `Operations` with at least one operation.")
    items = cast("list[Any]", operations)
    if len(items) > max_operations:
        raise PayloadTooLarge(
            f"A bulk request may have {max_operations} operations, not {len(items)}.",
            limit=max_operations,
            unit="operations",
        )
    limit: Any = message.get("failonerrors")
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
        raise InvalidValue("`failOnErrors` must be a whole number from 1.", attribute="failOnErrors")
    read = tuple(_operation(number, each, kinds) for number, each in enumerate(items, 1))
    counted = Counter(each.bulk_id for each in read if each.bulk_id is not None)
    twice = next((each for each, count in counted.items() if count > 1), None)
    if twice is not None:
        raise InvalidValue(f"Two operations have the bulkId {twice!r}; each needs its own.", attribute="bulkId")
    return BulkRequest(read, limit)


def _operation(number: int, item: Any, kinds: Sequence[ResourceType]) -> BulkOperation:
    if not isinstance(item, dict):
        raise InvalidSyntax(f"Operation {number} must be an object with `method` and `path`.")
    fields = {key.casefold(): value for key, value in cast("dict[str, Any]", item).items()}
    method, path = fields.get("method"), fields.get("path")
    if not isinstance(method, str) or method.upper() not in METHODS:
        raise InvalidSyntax(f"Operation {number}: `method` must be one of {', '.join(METHODS)}.")
    if not isinstance(path, str) or not path.strip("/ "):
        raise InvalidSyntax(f"Operation {number}: `path` must be e.g. /Users or /Users/usr_….")
    bulk_id, version, data = fields.get("bulkid"), fields.get("version"), fields.get("data")
    for name, value in (("version", version), ("bulkId", bulk_id)):
        if value is not None and not isinstance(value, str):
            raise InvalidSyntax(f"Operation {number}: `{name}` must be a text.")
    if method.upper() == "POST" and (not isinstance(bulk_id, str) or not bulk_id):
        raise InvalidSyntax(f"Operation {number}: a POST needs a `bulkId` (RFC 7644 section 3.7).")
    if method.upper() != "DELETE" and not isinstance(data, dict):
        raise InvalidSyntax(f"Operation {number}: a {method.upper()} needs `data`, a JSON object.")
    _check_depth(data)
    method, path = method.upper(), "/" + path.strip().lstrip("/")
    return BulkOperation(number, method, path, bulk_id, version, data, needs(method, unquote(path), data, kinds))


def _check_depth(value: Any, depth: int = 0) -> None:
    if depth > MAX_DEPTH:
        raise InvalidValue(f"`data` is nested deeper than {MAX_DEPTH}.")
    parts: list[Any] = []
    if isinstance(value, dict):
        parts = list(cast("dict[str, Any]", value).values())
    elif isinstance(value, list):
        parts = cast("list[Any]", value)
    for part in parts:
        _check_depth(part, depth + 1)


def in_order(operations: Sequence[BulkOperation]) -> tuple[list[BulkOperation], dict[int, ScimError]]:
    """The operations so that each comes after those that it refers to, otherwise as sent, and those that cannot be.

    The refusals are keyed by the number of the operation: Conflict for those that wait for each other in a circle,
    InvalidValue for a bulkId that no operation has.
    """
    makers = {each.bulk_id: each for each in operations if each.bulk_id is not None and each.method == "POST"}
    refused: dict[int, ScimError] = {}
    for each in operations:
        unknown = sorted(each.needs - makers.keys())
        if unknown:
            refused[each.number] = InvalidValue(
                f"No POST of this request has the bulkId {unknown[0]!r}.", attribute="bulkId", bulk_id=unknown[0]
            )
    numbered = {each.number: each for each in operations if each.number not in refused}
    waiting = {
        number: {makers[need].number for need in each.needs} & numbered.keys() for number, each in numbered.items()
    }
    waited_for: dict[int, list[int]] = {}
    for number, others in waiting.items():
        for other in others:
            waited_for.setdefault(other, []).append(number)
    ready = [number for number, others in waiting.items() if not others]
    heapq.heapify(ready)
    ordered: list[BulkOperation] = []
    while ready:
        number = heapq.heappop(ready)
        ordered.append(numbered.pop(number))
        for other in waited_for.get(number, ()):
            waiting[other].discard(number)
            if not waiting[other]:
                heapq.heappush(ready, other)
    return ordered, refused | _circles(numbered, makers)


def _circles(stuck: Mapping[int, BulkOperation], makers: Mapping[str, BulkOperation]) -> dict[int, ScimError]:
    """Why each of these cannot be begun: the circle that it belongs to or waits for, found once for all of them."""
    told: dict[int, ScimError] = {}
    for operation in stuck.values():
        path: dict[int, BulkOperation] = {}
        step = operation
        while step.number not in path and step.number not in told:
            path[step.number] = step
            step = next(makers[need] for need in sorted(step.needs) if makers[need].number in stuck)
        known = told.get(step.number) or _circle(list(path.values()), step)
        told.update(dict.fromkeys(path, known))
    return told


def _circle(path: list[BulkOperation], first: BulkOperation) -> Conflict:
    names = [each.bulk_id or f"operation {each.number}" for each in (*path[path.index(first) :], first)]
    shown = names if len(names) <= 10 else [*names[:8], "…", names[-1]]
    return Conflict(
        f"These operations wait for each other: {' → '.join(shown)}. Make one of them without the reference and add "
        "it with a PATCH.",
        cycle=names[:100],
    )
