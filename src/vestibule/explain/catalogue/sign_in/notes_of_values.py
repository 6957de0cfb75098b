"""Notes on any attribute: a claim under another name, an expression's text, many values, unreadable ones, space."""

from collections.abc import Mapping
from typing import Any, Final

from vestibule.explain.catalogue.sign_in.noted import Noted, Teller
from vestibule.explain.catalogue.sign_in.places import place
from vestibule.explain.catalogue.sign_in.reading import SignIn, as_list, as_text, at_idp, mend, quoted, word
from vestibule.explain.entry import Evidence


def _attribute(facts: Mapping[str, Any]) -> str:
    return as_text(facts.get("attribute")) or "an attribute"


def _renamed(sign_in: SignIn, facts: Mapping[str, Any]) -> Noted:
    attribute, claim = _attribute(facts), as_text(facts.get("claim")) or "?"
    sources = quoted(facts.get("expected"))
    return Noted(
        f"{attribute} was looked for as {sources}, and came as `{claim}`",
        "The value is there under another name: an identity provider sends a claim under whatever name and namespace "
        "its administrator gave it.",
        (
            mend(f"Take {attribute} from the name that comes", sign_in.set(f"--claim {word(f'{attribute}={claim}')}")),
            at_idp(f"Or rename it: {place(sign_in, 'claims')}, with exactly the name (and namespace) {sources}"),
        ),
        (Evidence(f"claim for {attribute}", as_text(facts.get("expected")), claim),),
    )


def _literal(sign_in: SignIn, facts: Mapping[str, Any]) -> Noted:
    attribute, value = _attribute(facts), as_text(facts.get("value")) or ""
    return Noted(
        f"{attribute} holds the text `{value}` itself, in place of what it stands for",
        f"{sign_in.idp_capital} takes what is typed into the source as a constant, so everybody arrives with "
        f"`{value}`.",
        (at_idp(f"{place(sign_in, 'claims')}: choose the source of {attribute} from the list, and type nothing"),),
        (Evidence(f"claim {as_text(facts.get('claim')) or attribute}", f"the person's {attribute}", value),),
    )


def _many(sign_in: SignIn, facts: Mapping[str, Any]) -> Noted:
    attribute, values = _attribute(facts), as_list(facts.get("values"))
    return Noted(
        f"{len(values)} values came for {attribute}, which has one; the first is used",
        "The order of several values is the identity provider's, and may change.",
        (at_idp(f"{place(sign_in, 'claims')}: send one value for {attribute}"),),
        (Evidence(attribute, "one value", as_text(values)),),
    )


def _unreadable(sign_in: SignIn, facts: Mapping[str, Any]) -> Noted:
    attribute, count = _attribute(facts), as_text(facts.get("count")) or "1"
    return Noted(
        f"{count} of the values of {attribute} cannot be read and was left out",
        "A value with control characters, or with more than 1,024 characters, is no name of anything.",
        (at_idp(f"Correct the value in the account: {place(sign_in, 'accounts')}"),),
        (Evidence(attribute, "up to 1,024 printable characters", None),),
    )


def _space(sign_in: SignIn, facts: Mapping[str, Any]) -> Noted:
    del sign_in
    return Noted(
        f"{_attribute(facts)} came with space around it, which was stripped",
        "Space around a value is never part of it, so nothing needs to be done.",
    )


TELLERS: Final[Mapping[str, Teller]] = {
    "claim_renamed": _renamed,
    "value_literal": _literal,
    "value_many": _many,
    "value_unreadable": _unreadable,
    "whitespace": _space,
}
"""Note → what is told of it."""
