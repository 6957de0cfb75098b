"""What arrived is no SAML response that can be read: cut off, mangled on its way, or something else altogether."""

from typing import Final

from vestibule.explain.catalogue.sign_in.places import place
from vestibule.explain.catalogue.sign_in.reading import AGAIN, NOT_SET_UP, SignIn, at_idp, lowered, mend, story
from vestibule.explain.entry import Evidence, Explanation
from vestibule.saml.errors import CODES

_READING = ("too_large", "not_base64", "not_deflate", "encoding", "not_xml", "too_complex", "query")
_FACTS = ("reason", "limit", "received", "parameter")
_OTHER = ("not_a_response", "version", "one_assertion", "not_a_logout")


def _said(sign_in: SignIn) -> str:
    return lowered(CODES.get(sign_in.exchange.error or "", "It cannot be read."))


def _tell_unreadable(sign_in: SignIn) -> Explanation:
    code = sign_in.exchange.error or "not_xml"
    large = code in ("too_large", "too_complex")
    return Explanation(
        code,
        f"What {sign_in.idp_name} sent cannot be read: {_said(sign_in)}{sign_in.bracketed(*_FACTS)}.",
        "A response that is larger than any real one most often lists hundreds of groups."
        if large
        else "It was cut off or altered on its way (by a proxy, an extension, or by copying), or it is no SAML at all.",
        (
            at_idp(f"{place(sign_in, 'groups')}: send only the groups that are assigned to the application")
            if large
            else at_idp("Begin the sign-in anew; if it stays, try another browser and network"),
            mend("See what came", f"vestibule explain {sign_in.exchange.id or 'REQUEST_ID'} --json"),
        ),
        (),
        NOT_SET_UP if large else AGAIN,
    )


def _tell_other(sign_in: SignIn) -> Explanation:
    return Explanation(
        sign_in.exchange.error or "not_a_response",
        f"What {sign_in.idp_name} sent is not what was due: {_said(sign_in)}.",
        "A sign-in is answered with one SAML 2.0 Response that holds one assertion. SAML 1.1, WS-Federation, or a "
        "message of single logout at this address are something else.",
        (
            at_idp(f"Choose SAML 2.0 for the application, and compare the reply address: {place(sign_in, 'acs')}"),
            mend("Look at the response itself", "vestibule explain --saml-response FILE"),
        ),
        (Evidence("message", sign_in.text("expected"), sign_in.text("received")),),
        NOT_SET_UP,
    )


ENTRIES: Final = (story(*_READING, tell=_tell_unreadable), story(*_OTHER, tell=_tell_other))
