"""The errors of RFC 7644 section 3.12, one class per row of its tables, plus the refusals around them.

Each carries a `kind` (a stable word for logs and explanations), the HTTP `status`, the `scim_type` where the
RFC names one, a `detail` written for the customer's admin, and `facts` for whoever explains it later.
"""

from typing import Any, ClassVar

ERROR_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:Error"


class ScimError(Exception):
    """A refusal in SCIM's own terms. `str(error)` is the detail."""

    kind: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    scim_type: ClassVar[str | None] = None

    def __init__(self, detail: str, **facts: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.facts: dict[str, Any] = facts

    def extra(self) -> dict[str, Any]:
        """Members that the body carries beside those of the RFC."""
        return {}

    def body(self, detail: str | None = None) -> dict[str, Any]:
        """The error as a JSON object (RFC 7644 section 3.12: `status` is a string)."""
        body: dict[str, Any] = {"schemas": [ERROR_SCHEMA], "status": str(self.status)}
        if self.scim_type is not None:
            body["scimType"] = self.scim_type
        return body | {"detail": detail or self.detail} | self.extra()


class InvalidFilter(ScimError):
    """The filter cannot be parsed or cannot be answered. Facts: `position` (from 0) where it is known."""

    kind = "invalid_filter"
    scim_type = "invalidFilter"


class TooMany(ScimError):
    """The filter yields more results than the server is willing to calculate."""

    kind = "too_many"
    scim_type = "tooMany"


class Uniqueness(ScimError):
    """A value is in use already. Facts: `attribute`, `value`, `holder` (the id of the one that has it)."""

    kind = "uniqueness"
    status = 409
    scim_type = "uniqueness"


class Mutability(ScimError):
    """An attempt to change what may not change (RFC 7643 section 7). Facts: `attribute`."""

    kind = "mutability"
    scim_type = "mutability"


class InvalidSyntax(ScimError):
    """The body is not JSON, or not the message that was due."""

    kind = "invalid_syntax"
    scim_type = "invalidSyntax"


class InvalidPath(ScimError):
    """A PATCH path that cannot be parsed or names no attribute. Facts: `path`, `operation` (from 1)."""

    kind = "invalid_path"
    scim_type = "invalidPath"


class NoTarget(ScimError):
    """A PATCH path that yields nothing to operate on. Facts: `path`, `operation`."""

    kind = "no_target"
    scim_type = "noTarget"


class InvalidValue(ScimError):
    """A required value is missing or a value does not fit its attribute. Facts: `attribute`, `value`."""

    kind = "invalid_value"
    scim_type = "invalidValue"


class UnknownMembers(InvalidValue):
    """Members that this connection does not know. Facts: `ids` (their ids), `groups` (those that are groups)."""

    kind = "unknown_members"


class UnknownManager(InvalidValue):
    """A manager that this connection does not know. Facts: `ids` (one)."""

    kind = "unknown_manager"


class DomainNotAllowed(InvalidValue):
    """A person would get an address of a mail domain that the connection does not allow.

    Facts: `attribute` (`emails`, or `userName` where it is the only address), `value`, `domain` (None where it cannot
    be read), `allowed` (the domains that are).
    """

    kind = "domain_not_allowed"


class InvalidCursor(ScimError):
    """A cursor that was forged, or is of another query (RFC 9865 section 2.1)."""

    kind = "invalid_cursor"
    scim_type = "invalidCursor"


class ExpiredCursor(ScimError):
    """A cursor that is older than the announced time (RFC 9865 section 2.1)."""

    kind = "expired_cursor"
    scim_type = "expiredCursor"


class InvalidCount(ScimError):
    """A `count` that is no number where a cursor is used (RFC 9865 section 2.1)."""

    kind = "invalid_count"
    scim_type = "invalidCount"


class Unauthorized(ScimError):
    """No usable token. `reason` is one of missing, unknown, expired, revoked; the answer tells no more."""

    kind = "unauthorized"
    status = 401

    def __init__(self, detail: str, reason: str, **facts: Any) -> None:
        super().__init__(detail, reason=reason, **facts)
        self.reason = reason


class InsufficientScope(ScimError):
    """The token is good but lacks a scope. The body carries `got` and `need` as in Auth0's inbound SCIM."""

    kind = "insufficient_scope"
    status = 403

    def __init__(self, detail: str, got: list[str], need: list[str], **facts: Any) -> None:
        super().__init__(detail, got=got, need=need, **facts)
        self.got = got
        self.need = need

    def extra(self) -> dict[str, Any]:
        """`got`: all scopes held; `need`: a selection of scopes, any one of which would do."""
        return {"got": self.got, "need": [{"selection": self.need}]}


class Forbidden(ScimError):
    """Refused whoever asks, e.g. a filter on a discovery endpoint (RFC 7644 section 4)."""

    kind = "forbidden"
    status = 403


class Held(ScimError):
    """A guard of the connection holds the request for approval. Facts: `hold` (its id), `guard`, `count`, `limit`."""

    kind = "held"
    status = 403


class Protected(ScimError):
    """The account is protected: provisioning may neither deactivate, rename nor delete it. Facts: `id`."""

    kind = "protected"
    status = 403


class NotFound(ScimError):
    """No such resource or endpoint. Facts: `resource_type`, `id`."""

    kind = "not_found"
    status = 404


class MethodNotAllowed(ScimError):
    """The endpoint exists, the method does not. Facts: `allow` (the methods that do)."""

    kind = "method_not_allowed"
    status = 405


class Conflict(ScimError):
    """Operations of a bulk request that wait for each other (RFC 7644 section 3.7.1). Facts: `cycle` (bulkIds)."""

    kind = "conflict"
    status = 409


class PreconditionFailed(ScimError):
    """If-Match names another version (RFC 7644 section 3.14)."""

    kind = "precondition_failed"
    status = 412


class PayloadTooLarge(ScimError):
    """The body is over the limit. Facts: `limit` (bytes)."""

    kind = "payload_too_large"
    status = 413


class TooManyRequests(ScimError):
    """More requests came than are let through (RFC 6585 section 4).

    Facts: `of` (`connection`, `person`: one's own token; `strangers`: calls without a good token), `limit` (a second),
    `burst` (at once), `retry_after` (seconds, for the header Retry-After).
    """

    kind = "rate_limited"
    status = 429


class UnsupportedMediaType(ScimError):
    """The body is neither application/scim+json nor application/json."""

    kind = "unsupported_media_type"
    status = 415


class Internal(ScimError):
    """Our own fault. The detail tells nothing of the inside."""

    kind = "internal"
    status = 500


class Unavailable(ScimError):
    """The store cannot be reached; the request may be sent again."""

    kind = "unavailable"
    status = 503


class NotImplementedHere(ScimError):
    """An optional part of the standard that this server does not have."""

    kind = "not_implemented"
    status = 501
