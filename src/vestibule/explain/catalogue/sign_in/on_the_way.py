"""`sign_in_begun`, `sign_in_sent_back`, `proof_asked`, `signed_out`: a step that was answered, and signs nobody in."""

from collections.abc import Callable
from typing import Final

from vestibule.explain.catalogue.sign_in.reading import SIGN_IN, SignIn, at_idp, mend
from vestibule.explain.entry import Entry, Explanation
from vestibule.model import Exchange


def _entry(code: str, is_it: Callable[[SignIn], bool], tell: Callable[[SignIn], Explanation]) -> Entry:
    def fits(exchange: Exchange) -> bool:
        if exchange.resource_type != SIGN_IN or exchange.error is not None or exchange.status >= 400:
            return False
        # Who was found or tested has arrived.
        sign_in = SignIn(exchange)
        return sign_in.fact("match") is None and sign_in.fact("offline") is None and is_it(sign_in)

    return Entry(code, fits, lambda exchange: tell(SignIn(exchange)))


def _tell_begun(sign_in: SignIn) -> Explanation:
    return Explanation(
        "sign_in_begun",
        f"Somebody was sent to {sign_in.idp_name} to sign in.",
        "What became of it stands in a later entry. If there is none, nothing came back: the person left, or "
        f"{sign_in.idp_name} showed an error on its own page, such as that the person is not assigned.",
        (
            mend("Have the person's error page explained, from a file with its text", "vestibule explain --text FILE"),
            at_idp("See its own log of sign-ins at that time"),
        ),
        (),
        "Please go on at your organisation's sign-in page.",
    )


def _tell_back(sign_in: SignIn) -> Explanation:
    return Explanation(
        "sign_in_sent_back",
        f"A sign-in that was begun at {sign_in.idp_name}'s tile was sent back, to begin here.",
        "The response was good, but answers no request, and could have been put into anybody's browser: only what this "
        "browser began is finished in it. The person notices nothing of it.",
        (),
        (),
        "Please wait, you are being signed in.",
    )


def _tell_asked(sign_in: SignIn) -> Explanation:
    return Explanation(
        "proof_asked",
        f"{sign_in.who} was shown the page that asks for a proof of their address.",
        "A code was sent, or an administrator is to approve the sign-in; see the entry before.",
        (),
        (),
        "Please enter the code that was sent to you, or wait for your administrator.",
    )


def _tell_out(sign_in: SignIn) -> Explanation:
    ended = sign_in.fact("ended")
    count = ended if isinstance(ended, int) else len(sign_in.items("ended"))
    told = (
        f"{sign_in.idp_capital} signed {sign_in.who} out; {count} "
        f"{'session was' if count == 1 else 'sessions were'} ended."
        if ended is not None
        else f"{sign_in.idp_capital} answered that it {'ended' if sign_in.fact('succeeded') else 'did not end'} its "
        "session."
    )
    return Explanation(
        "signed_out", told, "It is single logout (saml-profiles section 4.4).", (), (), "You are signed out."
    )


ENTRIES: Final = (
    _entry("sign_in_begun", lambda sign_in: sign_in.exchange.path.endswith("/login"), _tell_begun),
    _entry("signed_out", lambda sign_in: sign_in.exchange.path.endswith("/slo"), _tell_out),
    _entry("proof_asked", lambda sign_in: sign_in.exchange.path.startswith("/sso/verify/"), _tell_asked),
    _entry(
        "sign_in_sent_back",
        lambda sign_in: (
            sign_in.exchange.path.endswith("/acs") and sign_in.fact("notes") is None and not sign_in.fact("test")
        ),
        _tell_back,
    ),
)
