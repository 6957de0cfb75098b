"""The mail domains that a connection allows its people: how they are written, and whose address is of none."""

import re
from typing import Any, Final

from vestibule.canary import is_canary, is_mark
from vestibule.claims import NotAnAddress, read_address
from vestibule.claims.address import read_domain
from vestibule.model import JsonObject
from vestibule.scim.errors import DomainNotAllowed, InvalidValue
from vestibule.scim.folding import fold
from vestibule.scim.profile import Profile

_AT: Final = re.compile(r"[@\uff20\ufe6b]")
_DOT: Final = re.compile(r"[.\u3002\uff0e\uff61]")
"""With the signs that some mail programs read as these (UTS 46 section 2.3)."""


def read_allowed(text: Any) -> str:
    """An allowed domain, or `*.` and a domain, in lower-case A-labels. Raises InvalidValue."""
    wanted = str(text).strip()
    star = "*." if wanted.startswith("*.") else ""
    try:
        return star + read_domain(wanted.removeprefix("*."))
    except NotAnAddress as error:
        raise InvalidValue(
            f"{str(text)[:80]!r} is no mail domain ({error}): write it as in acme.example, or *.acme.example for all "
            "below it.",
            attribute="allowed_domains",
        ) from error


def with_domain(allowed: list[str] | None, domain: str) -> list[str] | None:
    """The domains that are allowed, and one more. Without a list all are."""
    return allowed if not allowed or domain in allowed else [*allowed, domain]


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
    raise DomainNotAllowed(
        f"The address {address} is of none of the domains that are allowed for the people of this connection.",
        attribute=attribute, value=address, domain=domain_of(address), allowed=list(profile.allowed_domains),
    )  # fmt: skip


def _is_canary(document: JsonObject) -> bool:
    return is_canary(document["userName"], document.get("externalId"))
