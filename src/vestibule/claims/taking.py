"""Take an attribute's values from what came: the first source that has any, stripped, without what is no value."""

import re
import unicodedata
from dataclasses import dataclass

from vestibule.claims.address import Address, NotAnAddress, read_address
from vestibule.claims.mapping import Rule
from vestibule.claims.received import SUB, SUBJECT, Received

_LONGEST = 1_024
# What somebody typed into the field for a constant and meant as an attribute: user.mail, ${user.email}, Join(…).
# Only names of attributes count: somebody may well be called user.one.
_ATTRIBUTE = (
    r"(?:e?mail|primary_?email|other_?mails?|user_?principal_?name|upn|(?:user|given|first|last|sur|display|nick)_?name"
    r"|login|object_?id|employee_?id|mail_?nickname|on_?premises_?\w+|department|job_?title|sub|id)"
)
_REFERENCE = rf"(?:user|appuser|idpuser|source|profile)\.{_ATTRIBUTE}"
_LITERAL = re.compile(rf"(?:{_REFERENCE}|\$?\{{.*\}}|\[{_ATTRIBUTE}\]|[a-z]+\(.*\b{_REFERENCE}\b.*\))\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken for one attribute.

    `claim` is the name under which it came, None when no source came at all; then `values` is empty. `literals`
    are values that are the text of an expression, `unreadable` counts those with control characters or too long;
    neither are among the `values`. `spaced` says that space was stripped.
    """

    attribute: str
    rule: Rule
    claim: str | None = None
    values: tuple[str, ...] = ()
    literals: tuple[str, ...] = ()
    unreadable: int = 0
    spaced: bool = False

    @property
    def first(self) -> str | None:
        """The first value, None when there is none."""
        return self.values[0] if self.values else None

    @property
    def from_subject(self) -> bool:
        """Whether it is the subject itself."""
        return self.claim in (SUBJECT, SUB)


def take(received: Received, attribute: str, rule: Rule) -> Taken:
    """What the rule's sources bring. When none has a value, the first that came tells why (literals, spaces)."""
    arrived: Taken | None = None
    for source in rule.sources:
        if (found := received.find(source)) is None:
            continue
        taken = _clean(attribute, rule, *found)
        if attribute == "email" and taken.from_subject and not any(map(is_address, taken.values)):
            continue  # a subject that is no address is no faulty e-mail: it is none
        if taken.values:
            return taken if arrived is None else _with_literals(taken, arrived)
        arrived = arrived or taken
    return arrived or Taken(attribute, rule)


def _with_literals(taken: Taken, before: Taken) -> Taken:
    literals, unreadable = before.literals + taken.literals, before.unreadable + taken.unreadable
    return Taken(taken.attribute, taken.rule, taken.claim, taken.values, literals, unreadable, taken.spaced)


def _clean(attribute: str, rule: Rule, claim: str, raw: tuple[str, ...]) -> Taken:
    stripped = [each.strip() for each in raw]
    readable = [each for each in stripped if _readable(each)]
    literals = tuple(each for each in readable if attribute != "groups" and _LITERAL.match(each))
    values = tuple(dict.fromkeys(each for each in readable if each and each not in literals))
    unreadable, spaced = len(stripped) - len(readable), stripped != list(raw)
    return Taken(attribute, rule, claim, values, literals, unreadable, spaced)


def _readable(text: str) -> bool:
    return len(text) <= _LONGEST and not any(unicodedata.category(each) in ("Cc", "Cs") for each in text)


def address_of(text: str) -> Address | None:
    """The address that a text is, None when it is none."""
    try:
        return read_address(text)
    except NotAnAddress:
        return None


def is_address(text: str) -> bool:
    """Whether a text is a mail address."""
    return address_of(text) is not None
