"""Whether those who sign in will be found among the accounts: the forms of what comes and of what is there. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from vestibule.claims import Received
from vestibule.counting import counted, people
from vestibule.doctor.accounts import Accounts
from vestibule.doctor.finding import Finding, customer, operator
from vestibule.doctor.likeness import Form, form_of_hidden
from vestibule.model import JsonObject
from vestibule.signon import SignOn

_BUT_BY_ADDRESS = ", unless by a proven address"
_ARTICLES: Mapping[Form, str] = {"address": "an", "object id": "an", "text": "a"}


@dataclass(frozen=True, slots=True)
class Brought:
    """What the last sign-in brought for an attribute: the claim, and the form of its value; None if it did not come."""

    attribute: str
    sources: tuple[str, ...]
    claim: str | None
    form: Form | None


def last_seen(document: JsonObject, sign_on: SignOn) -> list[Brought]:
    """Each attribute by which people are found, as the claims last seen have it (values hidden in part)."""
    claims = cast("Mapping[str, list[Any]]", document.get("claims") or {})
    values = {name: tuple(str(each) for each in found) for name, found in claims.items()}
    received = Received(
        sign_on.protocol, str(document.get("issuer") or ""), str(document.get("subject") or ""), None, values
    )
    return [_brought(received, sign_on, attribute) for attribute in sign_on.match]


def _brought(received: Received, sign_on: SignOn, attribute: str) -> Brought:
    rule = sign_on.mapping.rule(attribute)
    sources = () if rule is None else rule.sources
    for source in sources:
        found = received.find(source)
        if found is not None and found[1]:
            return Brought(attribute, sources, found[0], form_of_hidden(found[1][0]))
    return Brought(attribute, sources, None, None)


def findings(brought: list[Brought], accounts: Accounts, known: int = 0, *, by_email: bool = False) -> list[Finding]:
    """What will not be found, as far as it follows from the forms.

    `known` have signed in before and are found by that; `by_email` lets an address find people, too.
    """
    if accounts.seen <= known:
        return []
    absent = [_absent(each, accounts) for each in brought if each.claim is None and accounts.forms[each.attribute]]
    came = [each for each in brought if each.form is not None]
    fitting = [each for each in came if accounts.forms[each.attribute][cast("Form", each.form)]]
    if came and not fitting:
        return [*absent, _nobody(came, accounts, known, by_email=by_email)]
    first = came[0] if came else None
    if first is not None and first not in fitting and accounts.forms[first.attribute]:
        return [*absent, _differs(first, fitting[0], accounts)]
    return absent


def _shown(each: Brought, accounts: Accounts) -> str:
    forms = accounts.forms[each.attribute]
    has = "no account has one"
    if forms:
        form, count = forms.most_common(1)[0]
        has = f"{counted(count, 'account has', 'accounts have')} {_ARTICLES[form]} {form}"
    comes = None if each.form is None else f"{_ARTICLES[each.form]} {each.form}"
    return f"{each.attribute} comes as {comes} (from {each.claim}), and {has}"


def _nobody(came: list[Brought], accounts: Accounts, known: int, *, by_email: bool) -> Finding:
    who = f"None of {people(accounts.seen)}" if not known else "Nobody who has not signed in before"
    return Finding(
        "nobody_will_match",
        f"{who} will be found at sign-in{_BUT_BY_ADDRESS if by_email else ''}: "
        f"{'; '.join(_shown(each, accounts) for each in came)}.",
        "People are found by an attribute that sign-in and provisioning must send alike, to the letter.",
        (
            customer("Let provisioning send what sign-in sends: for Entra objectId as externalId, and restart"),
            operator(
                "Or take the attribute from another claim",
                f"vestibule connection set {accounts.where} --claim {came[0].attribute}=CLAIM",
            ),
        ),
        accounts.seen - known,
        facts={each.attribute: {"claim": each.claim, "form": each.form} for each in came},
    )


def _differs(first: Brought, by: Brought, accounts: Accounts) -> Finding:
    count = sum(accounts.forms[first.attribute].values())
    return Finding(
        "matching_key_differs",
        f"{_shown(first, accounts)}: people are found by {by.attribute} only.",
        f"{by.attribute} is a name that may be changed and passed on; whoever is renamed is then a stranger.",
        (
            customer(
                f"Let provisioning send the same {first.attribute} as sign-in does (for Entra objectId), and restart"
            ),
            operator(
                f"Or find people by {by.attribute} on purpose",
                f"vestibule connection set {accounts.where} --match {by.attribute}",
            ),
        ),
        count,
        facts={"attribute": first.attribute, "claim": first.claim, "form": first.form},
    )


def _absent(each: Brought, accounts: Accounts) -> Finding:
    sources = ", ".join(each.sources) or "nothing"
    return Finding(
        "claim_absent",
        f"The last sign-in brought no {each.attribute} (looked for: {sources}).",
        f"People are found by {each.attribute} first or next, and nobody is by what does not come.",
        (
            customer(f"Send the claim {each.sources[0]}" if each.sources else f"Send a claim for {each.attribute}"),
            operator(
                "Or take it from a claim that comes",
                f"vestibule connection set {accounts.where} --claim {each.attribute}=CLAIM",
            ),
        ),
        sum(accounts.forms[each.attribute].values()),
        facts={"attribute": each.attribute, "sources": list(each.sources)},
    )
