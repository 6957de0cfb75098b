"""`rate_limited`: more sign-ins came from one client than are let through."""

from typing import Final

from vestibule.explain.catalogue.rate_limited import again
from vestibule.explain.catalogue.sign_in.reading import SignIn, mend, story
from vestibule.explain.entry import Entry, Explanation


def _tell(sign_in: SignIn) -> Explanation:
    limit, burst = (sign_in.text(name) or "?" for name in ("limit", "burst"))
    hidden = sign_in.fact("hidden") is True
    whose = "all clients together (it cannot be told who calls)" if hidden else "one client"
    return Explanation(
        "rate_limited",
        f"From {whose} more sign-ins came than {limit} a second; this one was not gone on with.",
        f"{burst} are let through at once and {limit} a second after that, of each client, so that nobody fills the "
        f"server with sign-ins that are never finished. {again(sign_in.exchange)}",
        (
            mend(
                "If people sit behind a proxy of yours, name it in FORWARDED_ALLOW_IPS, so that its X-Forwarded-For is "
                "believed and each of them is a client"
            ),
            mend("Else stop what calls; people who sign in are far below it"),
        ),
        (),
        "Too many sign-ins came at once; please wait a moment and sign in again.",
    )


ENTRIES: Final[tuple[Entry, ...]] = (story("rate_limited", tell=_tell),)
