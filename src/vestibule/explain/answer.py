"""Read an answer that was not recorded here as an exchange, with what an error of SCIM's says."""

import re
from typing import Any, cast

import orjson

from vestibule.model import Exchange, JsonObject

RESOURCE = re.compile(r"(https?://\S+?|GET |POST |PATCH |PUT |DELETE )?\S*/(Users|Groups)\b(\?\S*)?", re.IGNORECASE)
"""A path or an address that names users or groups."""
_TYPE_OF = {"users": "User", "groups": "Group"}


def from_answer(status: int, body: bytes, method: str = "GET", path: str = "") -> Exchange:
    """An answer of a SCIM server: its status and body, JSON or not."""
    try:
        content: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        content = None
    facts = _facts(cast("JsonObject", content)) if isinstance(content, dict) else {}
    scopes = " ".join(str(each) for each in facts.get("need") or ())
    kind = "Group" if ":groups" in scopes else "User" if ":users" in scopes else None
    if kind is None and (where := RESOURCE.search(path)):
        kind = _TYPE_OF[where[2].lower()]
    scim_type = facts.get("scim_type")
    return Exchange(
        "", "", 0, 0, method, path, "", status,
        resource_type=kind, scim_type=scim_type, error="outside" if status >= 400 else None, facts=facts,
    )  # fmt: skip


def _facts(content: JsonObject) -> JsonObject:
    facts: JsonObject = {"detail": content.get("detail"), "scim_type": content.get("scimType")}
    if isinstance(content.get("got"), list):
        facts["got"] = content["got"]
    need: Any = content.get("need")
    if isinstance(need, list):
        selections = [
            cast("JsonObject", each).get("selection") for each in cast("list[Any]", need) if isinstance(each, dict)
        ]
        facts["need"] = [scope for each in selections if isinstance(each, list) for scope in cast("list[Any]", each)]
    return facts
