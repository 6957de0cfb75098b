"""What follows from a user's document and is kept beside it, for the indexes."""

from typing import Any, cast

from vestibule.model import JsonObject
from vestibule.scim.folding import fold
from vestibule.store.sql.references import manager_of

USER_COLUMNS = ("user_name", "user_name_ci", "external_id", "manager_id", "display_name", "display_name_ci")


def user_columns(document: JsonObject) -> tuple[str, str, str | None, str | None, str | None, str | None]:
    """The values of USER_COLUMNS. Raises ValueError for a document that is no user's."""
    name, external_id = document.get("userName"), document.get("externalId")
    if not isinstance(name, str) or not name:
        raise ValueError("without a userName")
    if external_id is not None and not isinstance(external_id, str):
        raise ValueError("with an externalId that is no text")
    return name, fold(name), external_id, manager_of(document), *display_names(document)


def display_names(document: JsonObject) -> tuple[str | None, str | None]:
    """The displayName, and the same folded; None twice when there is none."""
    name = document.get("displayName")
    return (name, fold(name)) if isinstance(name, str) else (None, None)


def emails_of(document: JsonObject) -> set[tuple[str, str]]:
    """The addresses of a user and their types, folded."""
    listed: Any = document.get("emails")
    elements = cast("list[Any]", listed) if isinstance(listed, list) else []
    found: set[tuple[str, str]] = set()
    for each in elements:
        match each:
            case {"value": str(value), **rest}:
                found.add((fold(value), fold(str(rest.get("type") or ""))))
            case _:
                pass
    return found
