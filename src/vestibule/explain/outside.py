"""Read an answer or a log text that was not recorded here, so that the same catalogue can explain it."""

import re
from typing import Any, cast

import orjson

from vestibule.explain.aadsts import numbers_in
from vestibule.explain.outside_sign_in import sign_in_from_text
from vestibule.model import Exchange

_STATUS = re.compile(r"(?:Response Status Code|Status ?Code|HTTP status|\"?status\"?)\W{1,4}(\d{3})", re.IGNORECASE)
_RESOURCE = re.compile(r"(https?://\S+?|GET |POST |PATCH |PUT |DELETE )?\S*/(Users|Groups)\b(\?\S*)?", re.IGNORECASE)
# Entra writes the status of an answer in words too, and gives what it makes of it a name of its own.
_STATUS_NAME = re.compile(r"Status ?Code: ([A-Za-z]+)")
_NAMED = {
    "BadRequest": 400, "Unauthorized": 401, "Forbidden": 403, "NotFound": 404, "Conflict": 409,
    "PreconditionFailed": 412, "TooManyRequests": 429, "InternalServerError": 500, "NotImplemented": 501,
}  # fmt: skip
_CODES = (
    (re.compile(r"\bEntryConflict\b"), 409),
    (re.compile(r"\bInvalidAnchor\b"), 404),
    (re.compile(r"\bInternalServerError\b"), 500),
    (re.compile(r"you appear to have entered invalid credentials", re.IGNORECASE), 401),
)
_SCOPE = re.compile(r"insufficient scope", re.IGNORECASE)
_NAME = re.compile(r"\b(User|Group) '([^'\n]+)'")
_TYPE_OF = {"users": "User", "groups": "Group"}


def from_answer(status: int, body: bytes, method: str = "GET", path: str = "") -> Exchange:
    """An answer of any SCIM server: its status and body, JSON or not."""
    try:
        content: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        content = None
    facts = _facts(cast("dict[str, Any]", content)) if isinstance(content, dict) else {}
    scopes = " ".join(str(each) for each in facts.get("need") or ())
    kind = "Group" if ":groups" in scopes else "User" if ":users" in scopes else None
    if kind is None and (where := _RESOURCE.search(path)):
        kind = _TYPE_OF[where[2].lower()]
    scim_type = facts.get("scim_type")
    return Exchange(
        "", "", 0, 0, method, path, "", status,
        resource_type=kind, scim_type=scim_type, error="outside" if status >= 400 else None, facts=facts,
    )  # fmt: skip


def from_text(text: str) -> Exchange | None:
    """A pasted entry of an identity provider's log, such as Entra's, or its error page; None when none is found."""
    start = text.find("{")
    body: Any = _last_object(text[start:]) if start >= 0 else None
    content = cast("dict[str, Any]", body) if isinstance(body, dict) else {}
    if numbers_in(text) and "schemas" not in content:
        return sign_in_from_text(text)
    status = _status(text, content)
    if status is None:
        return sign_in_from_text(text)
    resource = _RESOURCE.search(text)
    name = _NAME.search(text)
    if not content and _SCOPE.search(text):
        kind = name[1].lower() if name else "group"
        content = {"detail": "Insufficient scope", "need": [{"selection": [f"get:{kind}s"]}]}
    exchange = from_answer(status, orjson.dumps(content), path=resource[0] if resource else "")
    if name is None:
        return exchange
    return Exchange(
        "", "", 0, 0, exchange.method, exchange.path, "", status,
        resource_type=exchange.resource_type or name[1], target=name[2], scim_type=exchange.scim_type,
        error=exchange.error, facts=exchange.facts,
    )  # fmt: skip


def _status(text: str, content: dict[str, Any]) -> int | None:
    """The status of the answer that a text tells of: by number, by name, or by what Entra makes of it."""
    match = _STATUS.search(text)
    said = match[1] if match else str(content.get("status"))
    if said.isdecimal() and 100 <= int(said) < 600:
        return int(said)
    named = _STATUS_NAME.search(text)
    if named and named[1] in _NAMED:
        return _NAMED[named[1]]
    if _SCOPE.search(text):
        return 403
    return next((status for pattern, status in _CODES if pattern.search(text)), None)


def _facts(content: dict[str, Any]) -> dict[str, Any]:
    facts: dict[str, Any] = {"detail": content.get("detail"), "scim_type": content.get("scimType")}
    if isinstance(content.get("got"), list):
        facts["got"] = content["got"]
    need: Any = content.get("need")
    if isinstance(need, list):
        selections = [
            cast("dict[str, Any]", each).get("selection") for each in cast("list[Any]", need) if isinstance(each, dict)
        ]
        facts["need"] = [scope for each in selections if isinstance(each, list) for scope in cast("list[Any]", each)]
    return facts


def _last_object(text: str) -> Any:
    end = text.rfind("}")
    while end > 0:
        try:
            return orjson.loads(text[: end + 1])
        except orjson.JSONDecodeError:
            end = text.rfind("}", 0, end)
    return None
