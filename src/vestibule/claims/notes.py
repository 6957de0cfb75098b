"""What is noteworthy about what came: each note is a diagnosis with its evidence, for the administrator.

A note never decides anything. Its sentences, fixes and links are the explanations'; here stand its code and facts.
"""

import re
from collections.abc import Iterator
from collections.abc import Mapping as Frozen
from dataclasses import dataclass
from typing import Any, Final

from vestibule.claims.address import Address, NotAnAddress, read_address
from vestibule.claims.likeness import means, nearest
from vestibule.claims.presets import MICROSOFT, WS_2005
from vestibule.claims.received import Received
from vestibule.claims.taking import Taken, address_of, is_address

NOTES: Final = {
    "email_literal": "The e-mail is the text of an expression, e.g. `user.mail` typed as a constant.",
    "email_missing": "No e-mail came. `guess`: renamed, mail_empty (no mailbox), nothing_mapped or None.",
    "email_is_upn": "The e-mail is the sign-in name, which need not be a mailbox.",
    "email_not_an_address": "What came as e-mail is no mail address.",
    "email_many": "Several e-mails came; the first is used.",
    "value_literal": "Another attribute is the text of an expression.",
    "value_many": "Several values came for an attribute that has one; the first is used.",
    "value_unreadable": "A value has control characters or is over 1,024 characters; it is left out.",
    "claim_renamed": "A claim came under another name; `remap` is the mapping that would find it.",
    "subject_opaque": "The subject is no name that a person or another system knows.",
    "subject_is_guest": "The account is a guest: its home is another directory.",
    "groups_missing": "The groups did not come.",
    "groups_overage": "The groups are too many, so that Entra left them out.",
    "groups_are_ids": "The groups are ids, not names.",
    "groups_joined": "All groups came as one text with `;` between.",
    "domain_upper_case": "The e-mail's domain came with capitals; domains are compared without case.",
    "whitespace": "A value had space around it, which was stripped.",
}
"""Every code with what it says."""

_SINGLE = ("userName", "externalId", "givenName", "familyName", "displayName")
_UPN_CLAIMS = (f"{WS_2005}upn", f"{WS_2005}name", "upn", "preferred_username", "unique_name")
_GOOGLE = "https://accounts.google.com"
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)
_SID = re.compile(r"S-1-(?:[0-9]+-)*[0-9]+\Z")
_RANDOM = re.compile(r"(?=.*[0-9])[A-Za-z0-9+/=_-]{20,}\Z")
_NO_NAME = ("nameid-format:persistent", "nameid-format:transient")


@dataclass(frozen=True, slots=True)
class Note:
    """One diagnosis: a `code` of `NOTES`, and the `facts` that show it, ready for JSON."""

    code: str
    facts: Frozen[str, Any]


def is_id(text: str) -> bool:
    """Whether a text is a GUID or a Windows SID."""
    return bool(_GUID.match(text) or _SID.match(text))


def diagnose(
    received: Received,
    taken: Frozen[str, Taken],
    email: Address | None,
    groups: tuple[str, ...] | None,
    *,
    overage: bool,
) -> tuple[Note, ...]:
    """All notes, the weightiest first. `groups` are as the profile has them, None when they did not come."""
    return (
        *_renamed(received, taken),
        *(_email(received, taken["email"], email) if "email" in taken else ()),
        *_subject(received, taken),
        *(_groups(received, taken["groups"], groups, overage=overage) if "groups" in taken else ()),
        *_values(taken),
    )


def _renamed(received: Received, taken: Frozen[str, Taken]) -> Iterator[Note]:
    used = {each.claim for each in taken.values()}
    for attribute, each in taken.items():
        if each.claim is not None and not (each.from_subject and attribute == "email"):
            continue
        candidates = (name for name in received.values if name not in used and means(name, attribute))
        for claim in nearest(attribute, each.rule.sources, candidates):
            values = received.values[claim]
            if values and (attribute != "email" or is_address(values[0].strip())):
                facts = {"attribute": attribute, "expected": each.rule.sources, "claim": claim}
                yield Note("claim_renamed", {**facts, "remap": {attribute: claim}})
                break


def _email(received: Received, taken: Taken, email: Address | None) -> Iterator[Note]:
    if taken.literals:
        yield Note("email_literal", {"claim": taken.claim, "value": taken.literals[0]})
    if email is not None:
        yield from _odd_email(received, taken, email)
    elif taken.values:
        yield Note(
            "email_not_an_address", {"claim": taken.claim, "value": taken.values[0], "why": _fault(taken.values[0])}
        )
    elif not taken.literals:
        yield Note("email_missing", _why_missing(received, taken))


def _fault(text: str) -> str:
    try:
        read_address(text)
    except NotAnAddress as fault:
        return str(fault)
    return ""


def _why_missing(received: Received, taken: Taken) -> dict[str, Any]:
    found = nearest("email", taken.rule.sources, received.values)
    facts = {"sources": taken.rule.sources, "nearest": found, "sign_in_name": sign_in_name(received)}
    return {**facts, "guess": _guess(received)}


def _guess(received: Received) -> str | None:
    """Entra leaves a claim out when its source is empty: where the neighbours came, the mailbox is not there."""
    values = received.values
    if any(means(name, "email") and any(map(is_address, found)) for name, found in values.items()):
        return "renamed"
    neighbours = any(means(name, "givenName") or means(name, "familyName") for name in values)
    if received.from_entra and (neighbours or received.protocol == "oidc"):
        return "mail_empty"
    return None if values else "nothing_mapped"


def _odd_email(received: Received, taken: Taken, email: Address) -> Iterator[Note]:
    if len(taken.values) > 1:
        yield Note("email_many", {"claim": taken.claim, "values": taken.values})
    if any((sent := each).rpartition("@")[2] != sent.rpartition("@")[2].lower() for each in taken.values):
        yield Note("domain_upper_case", {"claim": taken.claim, "domain": email.domain})
    upn = sign_in_name(received)
    mail = _other_mail(received, taken, email)
    from_upn = taken.from_subject or taken.claim in _UPN_CLAIMS
    same = upn is not None and str(address_of(upn) or "").lower() == str(email).lower()
    no_mailbox = email.domain.endswith(".onmicrosoft.com")
    if (
        no_mailbox
        or (from_upn and received.issuer != _GOOGLE and not received.issuer.startswith(f"{_GOOGLE}/"))
        or (same and mail)
    ):
        yield Note("email_is_upn", {"claim": taken.claim, "email": str(email), "sign_in_name": upn, "mail": mail})


def _other_mail(received: Received, taken: Taken, email: Address) -> str | None:
    """A different address that came under a name that means e-mail."""
    for name, values in received.values.items():
        if name == taken.claim or not means(name, "email"):
            continue
        for value in values:
            other = address_of(value.strip())
            if other is not None and str(other).lower() != str(email).lower():
                return str(other)
    return None


def sign_in_name(received: Received) -> str | None:
    """The UPN or what stands for it: the first of its usual claims, else a subject with an @."""
    for claim in _UPN_CLAIMS:
        if values := received.values.get(claim):
            return values[0].strip()
    return received.subject.strip() if "@" in received.subject else None


def _subject(received: Received, taken: Frozen[str, Taken]) -> Iterator[Note]:
    subject, form = received.subject.strip(), received.subject_format or ""
    opaque = form.endswith(_NO_NAME) or is_id(subject) or ("@" not in subject and _RANDOM.match(subject) is not None)
    uses = [name for name in ("userName", "email") if name in taken and taken[name].from_subject]
    if opaque and "@" not in subject and (uses or form.endswith("transient")):
        yield Note(
            "subject_opaque", {"format": received.subject_format, "length": len(subject), "used_for": tuple(uses)}
        )
    names = (subject, sign_in_name(received), taken["userName"].first)
    guest = next((name for name in names if name and "#ext#" in name.lower()), None)
    home = _foreign_home(received)
    if guest or home:
        yield Note("subject_is_guest", {"name": guest, "home_address": guest and _home(guest), "home_directory": home})


def _home(guest: str) -> str | None:
    """`bob@partner.com` of `bob_partner.com#EXT#@contoso.onmicrosoft.com`."""
    invited = re.split("#ext#", guest, flags=re.IGNORECASE)[0]
    local, underscore, domain = invited.rpartition("_")
    address = f"{local}@{domain}"
    return address if underscore and is_address(address) else None


def _foreign_home(received: Received) -> str | None:
    """The directory that signed the person in, when it is not the one that issued this."""
    if not received.from_entra:
        return None
    home, tenant = (
        (f"{MICROSOFT}identityprovider", f"{MICROSOFT}tenantid") if received.protocol == "saml" else ("idp", "tid")
    )
    homes, tenants = received.values.get(home), received.values.get(tenant)
    if not homes or homes[0] == received.issuer or (tenants and tenants[0] in homes[0]):
        return None
    return homes[0]


def _groups(received: Received, taken: Taken, groups: tuple[str, ...] | None, *, overage: bool) -> Iterator[Note]:
    sources = taken.rule.sources
    if overage:
        yield Note("groups_overage", {"sources": sources, "limit": 150 if received.protocol == "saml" else 200})
    elif groups is None:
        yield Note("groups_missing", {"sources": sources, "nearest": nearest("groups", sources, received.values)})
    elif groups and all(map(is_id, groups)):
        yield Note("groups_are_ids", {"claim": taken.claim, "count": len(groups), "example": groups[0]})
    elif len(groups) == 1 and (parts := [each for each in groups[0].split(";") if each.strip()])[1:]:
        yield Note("groups_joined", {"claim": taken.claim, "count": len(parts), "separator": ";"})


def _values(taken: Frozen[str, Taken]) -> Iterator[Note]:
    for attribute, each in taken.items():
        facts = {"attribute": attribute, "claim": each.claim}
        if each.spaced:
            yield Note("whitespace", facts)
        if each.unreadable:
            yield Note("value_unreadable", {**facts, "count": each.unreadable})
        if each.literals and attribute != "email":
            yield Note("value_literal", {**facts, "value": each.literals[0]})
        if len(each.values) > 1 and attribute in _SINGLE:
            yield Note("value_many", {**facts, "values": each.values})
