"""`domain_not_allowed`: a sign-in would give an account an address of a domain that the connection does not allow."""

from typing import Final

from vestibule.explain.catalogue.domain_not_allowed import CODE, allowing, evidence, what_it_is
from vestibule.explain.catalogue.sign_in.reading import SignIn, at_idp, story
from vestibule.explain.entry import Entry, Explanation


def _tell(sign_in: SignIn) -> Explanation:
    known = sign_in.text("user") is not None
    return Explanation(
        CODE,
        f"{sign_in.who} could not sign in: {sign_in.text('value') or 'the address'} is "
        f"{what_it_is(sign_in.exchange.facts)}.",
        "The connection has a list of domains. "
        + (
            "The account here has another address, which the sign-in would have changed to this one."
            if known
            else "The person has no account here, and the sign-in would have made one with this address."
        ),
        (
            *allowing(sign_in.exchange),
            at_idp(f"If the address is not theirs, correct it in {sign_in.idp_name}, or the claim that brings it"),
        ),
        evidence(sign_in.exchange.facts),
        "You cannot sign in here with this e-mail address; please ask your administrator for access.",
    )


ENTRIES: Final[tuple[Entry, ...]] = (story(CODE, tell=_tell),)
