"""What may become of a user's account: its stored form, and the changes that are refused whoever asks for them."""

from collections.abc import Collection
from typing import Any

import orjson

from vestibule.model import JsonObject, Origin, User
from vestibule.scim import errors
from vestibule.scim.schema import ENTERPRISE_USER


def user_of(user_id: str, connection_id: str, document: JsonObject, origin: Origin, now: int) -> User:
    """The stored form of a user's document, version 1."""
    return User(
        id=user_id,
        connection_id=connection_id,
        active=says_active(document),
        origin=origin,
        version=1,
        created_at=now,
        updated_at=now,
        **stored(document),
    )


def stored(document: JsonObject) -> dict[str, Any]:
    """The fields of a User that its document alone decides."""
    return {
        "user_name": document["userName"],
        "external_id": document.get("externalId"),
        "document": orjson.dumps(document).decode(),
    }


def says_active(document: JsonObject) -> bool:
    """Whether a new account is active, which it is unless its document says otherwise."""
    return document.get("active", True) is not False


def check_only(before: JsonObject, after: JsonObject, only: Collection[str] | None) -> None:
    """Raise Forbidden when something differs that may not."""
    if only is None:
        return
    changed = {name for name in {**before, **after} if before.get(name) != after.get(name)} - {"schemas"}
    refused = sorted(changed.difference(only))
    if refused:
        raise errors.Forbidden(f"`{refused[0]}` is not yours to change; you may change {', '.join(sorted(only))}.")


def check_protected(user: User, changed: User | None) -> None:
    """Raise Protected when a protected account would be deleted (None), deactivated or renamed."""
    if not user.protected:
        return
    if changed is None or (user.active and not changed.active) or user.user_name != changed.user_name:
        raise errors.Protected("This account is protected: it is neither deactivated, renamed nor deleted.", id=user.id)


def with_known_manager(before: JsonObject, after: JsonObject) -> JsonObject:
    """The wanted document with `manager.$ref` as it is kept, when it names the same manager."""
    present: JsonObject = before.get(ENTERPRISE_USER, {}).get("manager", {})
    wanted: JsonObject = after.get(ENTERPRISE_USER, {}).get("manager", {})
    if "$ref" not in present or wanted.get("value") != present["value"] or "$ref" in wanted:
        return after
    return after | {ENTERPRISE_USER: after[ENTERPRISE_USER] | {"manager": {**present, **wanted}}}


def merged_documents(before: JsonObject, after: JsonObject) -> JsonObject:
    """The attributes of both, the later ones where both have them; those of extensions one by one."""
    merged = {**before, **after}
    for urn in before.keys() & after.keys():
        if urn.startswith("urn:"):
            merged[urn] = {**before[urn], **after[urn]}
    return merged
