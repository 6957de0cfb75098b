"""`request_unknown`, `in_response_to`, `state`, `id_token_nonce`: the answer belongs to no sign-in of this browser."""

from typing import Final

from vestibule.explain.catalogue.sign_in.reading import AGAIN, SignIn, at_idp, mend, story
from vestibule.explain.entry import Evidence, Explanation

_REASONS = {
    "cookie_missing": "The browser brought no cookie of the sign-in: it blocks or dropped it, or it is another browser "
    "than the one that began.",
    "other_browser": "Another browser began this sign-in: the link was sent on, or opened in another window.",
    "too_old": "The sign-in was begun too long ago: a page was left open.",
    "used_or_too_old": "The sign-in was finished already (the page was reloaded, or the back button was used), or "
    "it was "
    "begun so long ago that nothing is known of it any more.",
    "no_sign_in": "What this browser began was no sign-in, but signing out.",
    "no_relay_state": "The identity provider sent no RelayState back, so that it cannot be told which sign-in it "
    "answers: "
    "most often a response that was sent again, or a tile whose response names a request.",
    "no_verification": "There is no such verification of an address, or no longer.",
}
_ANY = (
    "A sign-in is good once, for the browser that began it. This happens with the back button or a reload, with two "
    "tabs, with a page that was left open too long, with a link that was sent to somebody else, and where a browser "
    "drops the cookie (it needs https and SameSite=None, because the answer comes from another site)."
)


def _tell(sign_in: SignIn) -> Explanation:
    code = sign_in.exchange.error or "request_unknown"
    label = {"state": "state", "id_token_nonce": "nonce"}.get(code, "InResponseTo")
    received = sign_in.text("received")
    named = f" ({received})" if received else ""
    return Explanation(
        code,
        f"{sign_in.idp_capital} answered a sign-in that this browser did not begin, or that is over{named}.",
        _REASONS.get(sign_in.text("why") or "", _ANY),
        (
            at_idp("Begin the sign-in anew, from the application"),
            mend(
                "If it happens to everybody, see that the server's base URL is the https address that the browser "
                "shows, and that a proxy in front keeps the Set-Cookie header"
            ),
        ),
        (Evidence(label, sign_in.text("expected"), received),),
        AGAIN,
    )


ENTRIES: Final = (story("request_unknown", "in_response_to", "state", "id_token_nonce", tell=_tell),)
