"""Read a log text that was not recorded here, such as Entra's, so that the same catalogue can explain it.

The server that answered may be anybody's: what it said is read as an answer of another server, unless it is marked as
one of a Vestibule's.
"""

import re
from dataclasses import replace
from typing import Any, Final, cast

import orjson

from vestibule.entra.answers import CODES, WORDS
from vestibule.explain.aadsts import numbers_in
from vestibule.explain.answer import RESOURCE
from vestibule.explain.catalogue.entra_says import word_in
from vestibule.explain.foreign import from_foreign
from vestibule.explain.outside_sign_in import sign_in_from_text
from vestibule.model import Exchange, JsonObject

_STATUS = re.compile(
    r"(?:Response Status Code|Status ?Code|HTTP status|\"?status\"?)\W{1,4}(\d{3})|\bHTTP/(\d{3})\b", re.IGNORECASE
)
# Entra writes the status of an answer in words too, and gives what it makes of it a name of its own.
_STATUS_NAME = re.compile(r"Status ?Code\W{1,4}([A-Za-z]+)", re.IGNORECASE)
_CODE_NAME = re.compile(r"(?:Error ?Code|^)\W{0,4}\b([A-Z][A-Za-z]+)\b", re.MULTILINE | re.IGNORECASE)
_NAMED: Final = {word.lower(): status for status, word in WORDS.items()}
_CODED: Final = {
    **{code.lower(): status for status, code in CODES.items()},
    "entryconflict": 409, "invalidanchor": 404, "internalservererror": 500,
}  # fmt: skip
_SCOPE = re.compile(r"insufficient scope", re.IGNORECASE)
_MOST = 100
"""How many braces are tried as the end of an object."""
_NAME = re.compile(r"\b(User|Group) '([^'\n]+)'")
# What the application answered, in the words of Entra's log and of its support.
_ANSWER = re.compile(
    r"(?:Web Response|Response Content|Response Body)[:\s]*(.*?)(?:\. This operation was retried|\Z)",
    re.IGNORECASE | re.DOTALL,
)


def from_text(text: str) -> Exchange | None:
    """A pasted entry of an identity provider's log, such as Entra's, or its error page; None when none is found."""
    start = text.find("{")
    body: Any = _last_object(text[start:]) if start >= 0 else None
    content = cast("JsonObject", body) if isinstance(body, dict) else {}
    if numbers_in(text) and "schemas" not in content:
        return sign_in_from_text(text)
    status = _status(text, content)
    if status is None:
        return word_in(text) or sign_in_from_text(text)
    resource = RESOURCE.search(text)
    name = _NAME.search(text)
    if not content and _SCOPE.search(text):
        kind = name[1].lower() if name else "group"
        content = {"detail": "Insufficient scope", "need": [{"selection": [f"get:{kind}s"]}]}
    method, path = _asked(resource[0]) if resource else ("GET", "")
    exchange = from_foreign(status, _answer(text, content), method, path)
    # An answer that would be good by its status is not, where the log says what is wrong with it.
    said = word_in(text) if exchange.facts.get("meaning") == "accepted" else None
    if said is not None:
        return said
    if name is None:
        return exchange
    return replace(exchange, resource_type=exchange.resource_type or name[1], target=name[2])


def _asked(request: str) -> tuple[str, str]:
    """The method, GET where none is named, and what was asked for."""
    method, _, path = request.rpartition(" ")
    return method.upper() or "GET", path


def _answer(text: str, content: JsonObject) -> bytes:
    """What the application is said to have answered: JSON, or whatever stands in its place."""
    if content:
        return orjson.dumps(content)
    found = _ANSWER.search(text)
    return found[1].strip().encode() if found else b""


def _status(text: str, content: JsonObject) -> int | None:
    """The status of the answer that a text tells of: by number, by name, or by what Entra makes of it."""
    match = _STATUS.search(text)
    said = (match[1] or match[2]) if match else str(content.get("status"))
    if said.isdecimal() and 100 <= int(said) < 600:
        return int(said)
    for pattern, known in ((_STATUS_NAME, _NAMED), (_CODE_NAME, _CODED)):
        for found in pattern.finditer(text):
            if found[1].lower() in known:
                return known[found[1].lower()]
    return 403 if _SCOPE.search(text) else None


def _last_object(text: str) -> Any:
    end = text.rfind("}")
    for _ in range(_MOST):
        if end <= 0:
            break
        try:
            return orjson.loads(text[: end + 1])
        except orjson.JSONDecodeError:
            end = text.rfind("}", 0, end)
    return None
