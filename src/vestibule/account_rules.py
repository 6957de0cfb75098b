"""What may become of a user's account: its stored form, its address, and the changes that are refused whoever asks."""

import re
from collections.abc import Collection
from typing import Any, Final

import orjson

from vestibule.canary import is_canary, is_mark
from vestibule.claims import NotAnAddress, read_address
from vestibule.model import JsonObject, Origin, User
from vestibule.scim import errors
from vestibule.scim.folding import fold
from vestibule.scim.profile import Profile
from vestibule.scim.schema import ENTERPRISE_USER

_AT: Final = re.compile(r"[@\uff20\ufe6b]")
_DOT: Final = re.compile(r"[.\u3002\uff0e\uff61]")
"""With the signs that some mail programs read as these (UTS 46 section 2.3)."""


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


def address_of(document: JsonObject) -> tuple[str, str] | None:
    """Where the person is written to, and the attribute that says so; None for who has no address.

    It is the primary e-mail, else the first for work, else the first one; else the userName, where it is an address
    or looks like one.
    """
    emails: list[JsonObject] = [each for each in document.get("emails") or () if each.get("value")]
    if emails:
        return str(min(emails, key=_rank)["value"]), "emails"
    name = str(document["userName"])
    return (name, "userName") if _looks_like_an_address(name) else None


def _looks_like_an_address(name: str) -> bool:
    at = _AT.search(name, 1)
    return at is not None and _DOT.search(name, at.end()) is not None


def _rank(email: JsonObject) -> int:
    return 0 if email.get("primary") is True else 1 if email.get("type") == "work" else 2


def domain_of(address: str) -> str | None:
    """The domain of an address in lower-case A-labels; None of what is no address (see `claims.address`)."""
    try:
        return read_address(address).domain
    except NotAnAddress:
        return None


def check_domain(before: JsonObject | None, after: JsonObject, profile: Profile) -> None:
    """Raise DomainNotAllowed when somebody would get an address that the connection does not allow.

    Who has such an address already keeps it, and is changed and deactivated as before.
    """
    if not profile.allowed_domains:
        return
    found = address_of(after)
    if found is None or profile.allows_domain(domain_of(found[0])) or (is_mark(found[0]) and _is_canary(after)):
        return
    # Who was a canary may not become somebody with its address.
    present = None if before is None or _is_canary(before) else address_of(before)
    if present is not None and fold(present[0]) == fold(found[0]):
        return
    address, attribute = found
    raise errors.DomainNotAllowed(
        f"The address {address} is of none of the domains that are allowed for the people of this connection.",
        attribute=attribute, value=address, domain=domain_of(address), allowed=list(profile.allowed_domains),
    )  # fmt: skip


def _is_canary(document: JsonObject) -> bool:
    return is_canary(document["userName"], document.get("externalId"))


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
