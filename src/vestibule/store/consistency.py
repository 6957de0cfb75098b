"""What a row should be by its own data: for `verify`, which tells the difference, and for `repair`, which mends it."""

from typing import Any, cast

import orjson

from vestibule.model import JsonObject
from vestibule.scim.folding import fold
from vestibule.store.db import Row
from vestibule.store.sql.derived import USER_COLUMNS, emails_of, user_columns

USER_ROW = f"id, active, version, created_at, updated_at, document, {', '.join(USER_COLUMNS)}"
GROUP_ROW = "id, version, created_at, updated_at, display_name, display_name_ci, external_id, member_count"


class Unreadable(Exception):
    """The document is no user's."""


def document_of(row: Row) -> JsonObject:
    """The document of a row of USER_ROW. Raises Unreadable."""
    try:
        document: Any = orjson.loads(row["document"])
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise Unreadable("is no object")
    return cast("JsonObject", document)


def user_differs(row: Row, document: JsonObject) -> dict[str, Any]:
    """The columns of a user that are not what follows from the document, as they should be. Raises Unreadable."""
    try:
        wanted: dict[str, Any] = dict(zip(USER_COLUMNS, user_columns(document), strict=True))
    except ValueError as error:
        raise Unreadable(f"is {error}") from error
    # A document that says nothing of it leaves a person as they are.
    wanted["active"] = int(document.get("active", row["active"]) not in (False, 0))
    return _differs(row, wanted)


def group_differs(row: Row, members: int) -> dict[str, Any]:
    """The same for a group."""
    return _differs(row, {"display_name_ci": fold(row["display_name"]), "member_count": members})


def emails_differ(kept: set[tuple[str, str]], document: JsonObject) -> set[tuple[str, str]] | None:
    """The addresses as they should be, when other ones are kept."""
    wanted = {(_kept(value), _kept(kind)) for value, kind in emails_of(document)}
    return None if {(_kept(value), _kept(kind)) for value, kind in kept} == wanted else wanted


def _differs(row: Row, wanted: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in wanted.items() if _kept(row[name]) != _kept(value)}


def _kept(value: Any) -> Any:
    """As both engines may keep it: a text of PostgreSQL's has no NUL."""
    return value.replace("\0", "\u2400") if isinstance(value, str) else value
