"""An answer of somebody else's SCIM server, read for what it means: whose it is, its words, the kind of refusal.

Few servers keep to RFC 7644 section 3.12. The shapes that are known here are those of the error objects that Auth0,
AWS IAM Identity Center, GitHub, Keycloak, Okta, Salesforce and Slack document, of OAuth (RFC 6750), of problem details
(RFC 9457) and of SCIM 1.1; any other one is told by its status and whatever text it has.
"""

import html
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, Literal, cast

import orjson

from vestibule.explain import explain
from vestibule.explain.answer import from_answer
from vestibule.model import Exchange, JsonObject

Meaning = Literal[
    "web_page", "redirected", "unauthorized", "forbidden", "not_found", "conflict", "too_large", "throttled",
    "licences", "unavailable", "fault", "refused", "accepted",
]  # fmt: skip

BY_CODE: Final[Mapping[str, Meaning]] = {
    "invalid_token": "unauthorized",
    "insufficient_scope": "forbidden",
    "invalid_authentication": "unauthorized",
    "INVALID_SESSION_ID": "unauthorized",
    "INSUFFICIENT_ACCESS": "forbidden",
    "REQUEST_LIMIT_EXCEEDED": "throttled",
    "DUPLICATE_USERNAME": "conflict",
    "DUPLICATE_VALUE": "conflict",
    "LICENSE_LIMIT_EXCEEDED": "licences",
    "E0000011": "unauthorized",
    "E0000006": "forbidden",
    "E0000007": "not_found",
    "E0000047": "throttled",
    "uniqueness": "conflict",
}
"""What a server's own word means whatever the status says: RFC 6750, Slack, Salesforce, Okta, SCIM."""
_BY_STATUS: Final[Mapping[int, Meaning]] = {
    401: "unauthorized", 403: "forbidden", 404: "not_found", 409: "conflict", 413: "too_large", 429: "throttled",
    501: "refused",
    502: "unavailable", 503: "unavailable", 504: "unavailable",
}  # fmt: skip
# What a proxy says with a page of its own is what it means: it stands in front of a SCIM service, or of none.
_SAID_BY_A_PAGE = (401, 404, 413, 429)
_CONNECTION = re.compile(r"/connections/(con_[0-9a-z]+)")
_OURS = re.compile(r"/e/(req_[0-9a-z]{26})\b")
# A 403 may be another refusal: GitHub's limit, and Django's REST framework for a token that it does not know.
_IN_WORDS = re.compile(
    r"(?P<limit>rate limit)|credentials were not provided|authentication credentials|^invalid token", re.IGNORECASE
)
# A 409 of which nothing else is known: RFC 7644 has it for what is there already, and servers for much else.
_TAKEN = re.compile(r"exist|already|taken|duplicate|in use|unique|reserved|conflict", re.IGNORECASE)
_TITLE = re.compile(r"<(title|h1)\b[^>]*>(.*?)</\1>", re.IGNORECASE | re.DOTALL)
_LONGEST = 500


def from_foreign(status: int, body: bytes, method: str = "GET", path: str = "") -> Exchange:
    """The answer as an exchange that the catalogue tells. One of a Vestibule's own is told as that."""
    exchange = from_answer(status, body, method, path)
    ours = _OURS.search(str(exchange.facts.get("detail")))
    if ours or exchange.facts.get("need"):
        connection = _CONNECTION.search(path)
        named = replace(exchange, id=ours[1] if ours else "", connection_id=connection[1] if connection else "")
        return with_reason(named) if ours else named
    words = _words(body)
    facts = {**exchange.facts, **words, "foreign": True, "meaning": _meaning(status, exchange, words)}
    return replace(exchange, facts=facts, error="outside" if status >= 300 else None)


def with_reason(exchange: Exchange) -> Exchange:
    """A 401 of a Vestibule's with which one it was: its `detail` begins with the sentence of that."""
    detail = str(exchange.facts.get("detail") or "")
    for reason in ("expired", "revoked", "missing") if exchange.status == 401 else ():
        known = replace(exchange, facts={**exchange.facts, "reason": reason})
        if detail.startswith(explain(known).sentence):
            return known
    return exchange


def is_page(text: str) -> bool:
    """Whether a body is a page for people, whatever media type it comes under."""
    head = text.lstrip()[:200].lower()
    return head.startswith("<!doctype html") or "<html" in head


def _meaning(status: int, exchange: Exchange, words: Mapping[str, Any]) -> Meaning:
    if 300 <= status < 400:
        return "redirected"
    if words["page"] and status < 500 and status not in _SAID_BY_A_PAGE:
        return "web_page"
    if status < 400:
        return "accepted"
    known = BY_CODE.get(str(words["their_code"])) or BY_CODE.get(str(exchange.scim_type))
    if known is not None:
        return known
    if status == 403 and (said := _IN_WORDS.search(str(words["detail"]))):
        return "throttled" if said["limit"] else "unauthorized"
    if status == 409 and words["detail"] and not _TAKEN.search(str(words["detail"])):
        return "refused"
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return "fault" if status >= 500 else "refused"


def _words(body: bytes) -> JsonObject:
    """`sender`, `detail`, `their_code`, and whether it is a `page` for people."""
    text = body.decode("utf-8", "replace").strip()
    try:
        content: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        page = is_page(text)
        detail = _title(text) if page else text
        return {"sender": None, "detail": detail[:_LONGEST] or None, "their_code": None, "page": page}
    sender, detail, code = _read(content)
    said = detail if detail is None or isinstance(detail, str) else orjson.dumps(detail, default=str).decode()
    return {
        "sender": sender,
        "detail": said and said[:_LONGEST],
        "their_code": None if code is None else str(code)[:100],
        "page": False,
    }


def _title(page: str) -> str:
    found = _TITLE.search(page)
    return html.unescape(found[2]).strip() if found else ""


def _read(content: Any) -> tuple[str | None, Any, Any]:
    """Whose error object it is, what it says, and its code."""
    if isinstance(content, list):
        first = _first(cast("list[Any]", content))
        return (
            ("Salesforce", first.get("message"), first.get("errorCode")) if "errorCode" in first else (None, None, None)
        )
    if not isinstance(content, dict):
        return None, content if isinstance(content, str) else None, None
    body = cast("JsonObject", content)
    errors: Any = body.get("Errors")
    if isinstance(errors, dict):
        said = cast("JsonObject", errors)
        return "Slack", said.get("description"), said.get("description")
    if isinstance(errors, list):
        first = _first(cast("list[Any]", errors))
        return "a server of SCIM 1.1", first.get("description"), first.get("code")
    return _read_object(body)


def _read_object(body: JsonObject) -> tuple[str | None, Any, Any]:
    if "documentation_url" in body:
        return "GitHub", body.get("message"), None
    if "errorSummary" in body:
        return "Okta", _with_causes(body), body.get("errorCode")
    if "exceptionRequestId" in body:
        return "AWS IAM Identity Center", body.get("detail"), body.get("scimType")
    if "errorMessage" in body:
        return "Keycloak", body.get("errorMessage"), None
    if "error" in body:
        error: Any = body["error"]
        said = body.get("error_description") or body.get("message") or error
        return None, said if isinstance(said, str) else None, error if isinstance(error, str) else None
    return None, body.get("detail") or body.get("message") or body.get("title"), body.get("scimType")


def _with_causes(body: JsonObject) -> str:
    causes: Any = body.get("errorCauses")
    listed = cast("list[Any]", causes) if isinstance(causes, list) else []
    told = [str(cast("JsonObject", each).get("errorSummary")) for each in listed if isinstance(each, dict)]
    return "; ".join([str(body["errorSummary"]), *told])


def _first(rows: list[Any]) -> JsonObject:
    first: Any = rows[0] if rows else None
    return cast("JsonObject", first) if isinstance(first, dict) else {}
