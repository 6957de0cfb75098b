"""Every note on the claims, told; and which of them is told first."""

from collections.abc import Mapping
from typing import Final

from vestibule.explain.catalogue.sign_in import notes_of_email, notes_of_groups, notes_of_subject, notes_of_values
from vestibule.explain.catalogue.sign_in.noted import Noted, Teller
from vestibule.explain.catalogue.sign_in.reading import SignIn, mend
from vestibule.explain.entry import Fix

TELLERS: Final[Mapping[str, Teller]] = {
    **notes_of_email.TELLERS,
    **notes_of_subject.TELLERS,
    **notes_of_groups.TELLERS,
    **notes_of_values.TELLERS,
}
"""Note → what is told of it; a test holds it against `vestibule.claims.NOTES`."""
LIGHT: Final = frozenset({"domain_upper_case", "whitespace", "groups_missing"})
"""Notes that need nothing done: they are told behind the others, and never as “but”."""


def told(sign_in: SignIn, code: str) -> Noted | None:
    """What is told of one note of a sign-in; None if it was not made."""
    facts = sign_in.note(code)
    return None if facts is None or code not in TELLERS else TELLERS[code](sign_in, facts)


def weightiest(sign_in: SignIn) -> tuple[str, Noted] | None:
    """The first note that somebody should look at, with its code."""
    for code, facts in sign_in.notes:
        if code in TELLERS and code not in LIGHT:
            return code, TELLERS[code](sign_in, facts)
    return None


def in_passing(sign_in: SignIn, but: str | None = None) -> str:
    """All notes but one as sentences, each with a space before it."""
    others = [(code, facts) for code, facts in sign_in.notes if code in TELLERS and code != but]
    clauses = (TELLERS[code](sign_in, facts).clause for code, facts in others)
    return "".join(f" Also: {clause}." for clause in clauses)


def decisions(sign_in: SignIn) -> tuple[Fix, ...]:
    """The administrator's word on a sign-in that waits for it."""
    known = sign_in.text("verification")
    words = f"{sign_in.connection} {known or 'VERIFICATION_ID'}"
    return (
        mend(
            "Approve it, if you know that it is that person",
            f"vestibule approval approve {words}",
            "approve_sign_in" if known else None,
            verification=known,
        ),
        mend(
            "Or keep the person out",
            f"vestibule approval refuse {words}",
            "refuse_sign_in" if known else None,
            verification=known,
        ),
    )
