"""`replay`: the same message came a second time."""

from typing import Final

from vestibule.explain.catalogue.sign_in.reading import AGAIN, SignIn, at_idp, mend, story
from vestibule.explain.entry import Explanation


def _tell(sign_in: SignIn) -> Explanation:
    return Explanation(
        "replay",
        f"The answer of {sign_in.idp_name} for {sign_in.who} was used before, and was refused the second time.",
        "The browser sent it again, by the back button or a reload; or somebody took a copy of it. The first use "
        "counted, the second did nothing.",
        (
            at_idp("Begin the sign-in anew, from the application"),
            mend("If the two came from different addresses, revoke the person's sessions and look into it"),
        ),
        (),
        AGAIN,
    )


ENTRIES: Final = (story("replay", tell=_tell),)
