"""`POST /Bulk` (RFC 7644 section 3.7): each operation is a call of its own, with its own entry in the log."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias
from urllib.parse import unquote

import orjson

from vestibule import ids
from vestibule.clock import Clock
from vestibule.scim.bulk import RESPONSE_SCHEMA, BulkOperation, in_order, read_bulk
from vestibule.scim.bulk_references import with_ids
from vestibule.scim.dialects import Notes
from vestibule.scim.discovery import MAX_OPERATIONS
from vestibule.scim.errors import InvalidSyntax, InvalidValue, ScimError
from vestibule.server.call import Answer, Call
from vestibule.server.pace import Pace

Act: TypeAlias = Callable[[Call], Awaitable[Answer]]

_CONDITIONS = ("if-match", "if-none-match")
"""What the request says of itself; an operation says it with its `version`."""


@dataclass(frozen=True, slots=True)
class Bulk:
    """Bulk requests. `act` answers a call on a single resource."""

    act: Act
    clock: Clock
    pace: Pace

    async def __call__(self, call: Call) -> Answer:
        """Do the operations, each atomic by itself, until `failOnErrors` of them have failed."""
        request = read_bulk(call.json(), MAX_OPERATIONS, (call.profile.user, call.profile.group))
        self.pace.count_operations(call, len(request.operations), self.clock.now())
        ordered, refused = in_order(request.operations)
        made: dict[str, str] = {}
        results: dict[int, dict[str, Any]] = {}
        failed = 0
        # Those that cannot be done come last: they keep nothing from being done.
        for operation in (*ordered, *(each for each in request.operations if each.number in refused)):
            result = await self._do(call, operation, refused.get(operation.number), made)
            results[operation.number] = result
            failed += int(result["status"]) >= 400
            if request.fail_on_errors is not None and failed >= request.fail_on_errors:
                break
        call.facts.update(operations=len(results), failed=failed, changed=len(results) > failed)
        told = [results[number] for number in sorted(results)]
        return Answer(200, orjson.dumps({"schemas": [RESPONSE_SCHEMA], "Operations": told}))

    async def _do(
        self, call: Call, operation: BulkOperation, refusal: ScimError | None, made: dict[str, str]
    ) -> dict[str, Any]:
        inner = self._call(call, operation)

        async def act(one: Call) -> Answer:
            if refusal is not None:
                raise refusal
            _resolve(one, operation, made)
            return await self.act(one)

        assert call.complete is not None, "the recorder opens every call"  # noqa: S101 -- a fault of ours
        answer = await call.complete(inner, act)
        result: dict[str, Any] = {"method": operation.method, "status": str(answer.status)}
        if operation.bulk_id is not None:
            result["bulkId"] = operation.bulk_id
        headers = dict(answer.headers)
        if answer.status >= 400:
            result["response"] = orjson.loads(answer.body)
        if operation.method != "POST" or answer.status < 400:
            result["location"] = headers.get("Location", f"{call.base}{inner.path}")
        if "ETag" in headers:
            result["version"] = headers["ETag"]
        if operation.method == "POST" and operation.bulk_id and answer.status < 400 and inner.resource_id:
            made[operation.bulk_id] = inner.resource_id
        return result

    def _call(self, call: Call, operation: BulkOperation) -> Call:
        headers = {name: value for name, value in call.headers.items() if name not in _CONDITIONS}
        if operation.version is not None:
            headers["if-match"] = operation.version
        return replace(
            call,
            id=ids.request_id(self.clock.now()),
            method=operation.method,
            path=unquote(operation.path.partition("?")[0]),
            parameters={},
            query="",
            headers=headers,
            body=b"" if operation.data is None else orjson.dumps(operation.data),
            resource_type=None,
            resource_id=None,
            target=None,
            notes=Notes(call.profile.dialect),
            facts={"bulk": call.id, "operation": operation.number},
        )


def _resolve(call: Call, operation: BulkOperation, made: dict[str, str]) -> None:
    try:
        if operation.needs:
            kinds = (call.profile.user, call.profile.group)
            call.path, data = with_ids(operation.method, call.path, operation.data, made, kinds)
            call.body = orjson.dumps(data)
    except KeyError as error:
        raise InvalidValue(
            f"The operation refers to bulkId {error.args[0]!r}, and the operation that was to make it failed.",
            bulk_id=error.args[0],
        ) from error
    segments = [each for each in call.path.lower().split("/") if each]
    if segments[0] not in ("users", "groups") or ".search" in segments:
        raise InvalidSyntax("A bulk operation's `path` is /Users, /Groups or one of their resources.")
