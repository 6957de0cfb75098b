"""From what came to a profile: who somebody is, what is missing, and what is noteworthy."""

from collections.abc import Mapping as Frozen
from dataclasses import dataclass
from typing import Literal

from vestibule.claims.address import Address
from vestibule.claims.likeness import nearest
from vestibule.claims.mapping import ATTRIBUTES, Mapping, Rule
from vestibule.claims.notes import Note, diagnose, is_id
from vestibule.claims.presets import GROUPS_LINK
from vestibule.claims.received import Received
from vestibule.claims.taking import Taken, address_of, take


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups that a sign-in named, each once.

    With `overage` the identity provider left them out because they are too many: `values` are then not all of
    them, most often none, and nothing may be taken away on their account.
    """

    values: tuple[str, ...]
    overage: bool
    looks_like: Literal["ids", "names"]


@dataclass(frozen=True, slots=True)
class Profile:
    """Who the identity provider says somebody is.

    `email_verified` is True or False only where the identity provider says so of this very address, None otherwise;
    a SAML assertion never says so. `groups` is None when the claim did not come, which is not "no groups".
    """

    user_name: str
    external_id: str | None
    email: Address | None
    email_verified: bool | None
    given_name: str | None
    family_name: str | None
    display_name: str | None
    groups: Groups | None
    extra: Frozen[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Missing:
    """A required attribute that did not come: the claims that were looked for, and names that came and look alike."""

    wanted: str
    sources: tuple[str, ...]
    nearest: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mapped:
    """`profile` is None exactly when something is `missing`; `notes` are told in either case."""

    profile: Profile | None
    notes: tuple[Note, ...]
    missing: tuple[Missing, ...]


def read_profile(received: Received, mapping: Mapping) -> Mapped:
    """What the mapping makes of what came. Never raises: what is amiss is in `missing` and `notes`."""
    rules = {"userName": Rule((), required=True), **mapping.rules}
    taken = {attribute: take(received, attribute, rule) for attribute, rule in rules.items()}
    email = _email(taken.get("email"))
    groups = _groups(received, taken.get("groups"))
    notes = diagnose(
        received, taken, email, groups.values if groups else None, overage=groups is not None and groups.overage
    )
    missing = tuple(
        Missing(each.attribute, each.rule.sources, nearest(each.attribute, each.rule.sources, received.values))
        for each in taken.values()
        if _lacks(each, email, groups)
    )
    if missing:
        return Mapped(None, notes, missing)
    return Mapped(_profile(received, taken, email, groups), notes, ())


def _lacks(taken: Taken, email: Address | None, groups: Groups | None) -> bool:
    if taken.attribute == "userName":
        return not taken.values
    if not taken.rule.required:
        return False
    if taken.attribute == "email":
        return email is None
    if taken.attribute == "groups":
        return groups is None
    return not taken.values and taken.rule.default is None


def _profile(received: Received, taken: Frozen[str, Taken], email: Address | None, groups: Groups | None) -> Profile:
    def single(attribute: str) -> str | None:
        found = taken.get(attribute)
        return None if found is None else found.first or found.rule.default

    extra = {name: _values(each) for name, each in taken.items() if name not in ATTRIBUTES}
    return Profile(
        user_name=taken["userName"].values[0],
        external_id=single("externalId"),
        email=email,
        email_verified=_email_verified(received, taken.get("email"), email),
        given_name=single("givenName"),
        family_name=single("familyName"),
        display_name=single("displayName"),
        groups=groups,
        extra={name: values for name, values in extra.items() if values},
    )


def _values(taken: Taken) -> tuple[str, ...]:
    values = _split(taken)
    return values or (() if taken.rule.default is None else (taken.rule.default,))


def _split(taken: Taken) -> tuple[str, ...]:
    if taken.rule.separator is None or len(taken.values) != 1:
        return taken.values
    parts = (each.strip() for each in taken.values[0].split(taken.rule.separator))
    return tuple(dict.fromkeys(each for each in parts if each))


def _email(taken: Taken | None) -> Address | None:
    """The first of the values that is an address."""
    if taken is None:
        return None
    return next((address for each in taken.values if (address := address_of(each))), None)


def _email_verified(received: Received, taken: Taken | None, email: Address | None) -> bool | None:
    """What the token says of its claim `email`; of an address from any other claim it says nothing.

    `email_verified` is OpenID Connect Core section 5.1. Entra has none; there it is `xms_edov`, the mark that the
    domain's owner is verified, because anybody without a mailbox may be given any address.
    """
    if received.protocol != "oidc" or taken is None or taken.claim != "email" or email is None:
        return None
    if len(taken.values) != 1:
        return None
    mark = received.values.get("xms_edov" if received.from_entra else "email_verified", ())
    if len(mark) != 1:
        return None
    return {"true": True, "1": True, "false": False, "0": False}.get(mark[0].lower())


def _groups(received: Received, taken: Taken | None) -> Groups | None:
    if taken is None:
        return None
    overage = _overage(received)
    if taken.claim is None and not overage:
        return None
    values = _split(taken)
    return Groups(values, overage, "ids" if values and all(map(is_id, values)) else "names")


def _overage(received: Received) -> bool:
    """Whether Entra left the groups out: `groups.link` in SAML, `_claim_names` or `hasgroups` in tokens."""
    values = received.values
    if received.protocol == "saml":
        return GROUPS_LINK in values
    return "_claim_names.groups" in values or values.get("hasgroups") == ("true",)
