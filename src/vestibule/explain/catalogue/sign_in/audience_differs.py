"""`audience`, `audience_missing`: the assertion is for another service provider, or does not say for whom."""

from typing import Final

from vestibule.explain.catalogue.sign_in.places import place
from vestibule.explain.catalogue.sign_in.reading import NOT_SET_UP, SignIn, as_text, at_idp, quoted, story
from vestibule.explain.differing import how_differs
from vestibule.explain.entry import Explanation


def _tell(sign_in: SignIn) -> Explanation:
    expected, came = sign_in.text("expected"), sign_in.items("received")
    how = next((how for each in came if (how := how_differs(expected, as_text(each)))), None)
    spn = how is not None and "spn:" in how
    why = (
        "Entra puts `spn:` before the identifier of an application that has no Identifier (Entity ID) of its own, or "
        "was asked by its application id."
        if spn
        else f"The audience is what {sign_in.idp_name} was told to be this application's identifier. An assertion that "
        "is for another application must not be accepted here, whoever signed it."
    )
    return Explanation(
        "audience",
        f"The assertion is for {quoted(came)}, not for `{expected}`{f': they differ {how}' if how else ''}.",
        why,
        (at_idp(f"{place(sign_in, 'entity_id')}: enter {expected}, and remove what else stands there"),),
        sign_in.evidence("Audience"),
        NOT_SET_UP,
    )


def _tell_missing(sign_in: SignIn) -> Explanation:
    expected = sign_in.text("expected")
    return Explanation(
        "audience_missing",
        f"The assertion does not say for whom it is: it has no Audience, which must be `{expected}`.",
        "Without an audience, an assertion that was made for any other application could be used here.",
        (at_idp(f"{place(sign_in, 'entity_id')}: enter {expected}"),),
        sign_in.evidence("Audience"),
        NOT_SET_UP,
    )


ENTRIES: Final = (story("audience", tell=_tell), story("audience_missing", tell=_tell_missing))
