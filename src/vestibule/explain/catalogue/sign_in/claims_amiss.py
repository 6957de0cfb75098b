"""`claim_missing`, and what a note betrays as its cause: `email_literal`, `email_missing`, `claim_renamed`, …

The same causes are told where somebody must prove an address because none came.
"""

from typing import Final

from vestibule.explain.catalogue.sign_in import notes
from vestibule.explain.catalogue.sign_in.places import place
from vestibule.explain.catalogue.sign_in.reading import (
    MUST_PROVE,
    NOT_SET_UP,
    SignIn,
    as_text,
    at_idp,
    mend,
    quoted,
    story,
    word,
)
from vestibule.explain.entry import Entry, Evidence, Explanation

_MISSING, _ASKED = ("claim_missing",), ("email_unproven", "approval_pending")
# The order tells which cause is told where several are noted.
_CAUSES = ("email_literal", "email_not_an_address", "claim_renamed", "value_literal", "email_missing")
_OF_ANY = ("claim_renamed", "value_literal")


def _betrayed(code: str) -> Entry:
    """The entry for a missing claim whose cause one of the notes tells."""

    def when(sign_in: SignIn) -> bool:
        facts = sign_in.note(code)
        if facts is None:
            return False
        wanted = facts.get("attribute") if code in _OF_ANY else "email"
        if sign_in.exchange.error in _ASKED:
            return sign_in.text("reason") == "no_address" and wanted == "email"
        return sign_in.fact("attribute") == wanted

    return story(code, tell=lambda sign_in: _told(sign_in, code), errors=(*_MISSING, *_ASKED), when=when)


def _told(sign_in: SignIn, code: str) -> Explanation:
    noted = notes.told(sign_in, code)
    if noted is None:
        return _tell(sign_in)
    asked = sign_in.exchange.error in _ASKED
    return Explanation(
        code,
        f"{sign_in.who} {'must prove an address first' if asked else 'could not sign in'}: {noted.clause}.",
        noted.why + notes.in_passing(sign_in, but=code),
        (*noted.fixes, *(notes.decisions(sign_in) if _waits(sign_in) else ())),
        noted.evidence,
        MUST_PROVE if asked else NOT_SET_UP,
    )


def _waits(sign_in: SignIn) -> bool:
    """Whether it is an administrator who must decide, and not a code."""
    return sign_in.exchange.error == "approval_pending" or sign_in.text("asks") == "admin"


def _tell(sign_in: SignIn) -> Explanation:
    attribute = sign_in.text("attribute") or "a required claim"
    expected, near = sign_in.fact("expected"), [as_text(each) for each in sign_in.items("nearest")]
    came = sign_in.items("received")
    fixes = [at_idp(f"{place(sign_in, 'claims')}: send {attribute} as {quoted(expected)}")]
    if near:
        command = sign_in.set(f"--claim {word(f'{attribute}={near[0]}')}")
        fixes.insert(
            0,
            mend(
                f"Take {attribute} from `{near[0]}`, which came and looks alike",
                command,
                "set_claim",
                attribute=attribute,
                claim=near[0],
            ),
        )
    elif came:
        command = sign_in.set(f"--claim {word(f'{attribute}=CLAIM')}")
        fixes.append(
            mend(
                f"Or take {attribute} from one of the claims that came",
                command,
                "set_claim",
                attribute=attribute,
                claim=None,
            )
        )
    return Explanation(
        "claim_missing",
        f"{sign_in.who} could not sign in: {attribute} is required and did not come; {quoted(expected)} was looked "
        "for.",
        f"These claims came: {quoted(came)}." + notes.in_passing(sign_in),
        tuple(fixes),
        (Evidence(f"claim for {attribute}", as_text(expected), as_text(near or came)),),
        NOT_SET_UP,
    )


_OPAQUE_ERRORS = ("not_provisioned", "subject_matches_nobody")


def _looked_for_the_opaque(sign_in: SignIn) -> bool:
    facts = sign_in.note("subject_opaque")
    return facts is not None and "userName" in [str(each) for each in facts.get("used_for") or ()]


ENTRIES: Final = (
    *(_betrayed(code) for code in _CAUSES),
    story(
        "subject_opaque",
        tell=lambda sign_in: _told(sign_in, "subject_opaque"),
        errors=_OPAQUE_ERRORS,
        when=_looked_for_the_opaque,
    ),
    story("claim_missing", tell=_tell),
)
