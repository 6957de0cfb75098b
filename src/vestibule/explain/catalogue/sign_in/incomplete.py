"""The assertion lacks what a sign-in needs: `no_name_id`, `no_bearer`, `scd_time`, `bad_time`, …"""

from typing import Final

from vestibule.explain.catalogue.sign_in.places import place
from vestibule.explain.catalogue.sign_in.reading import NOT_SET_UP, SignIn, at_idp, lowered, mend, story
from vestibule.explain.entry import Evidence, Explanation
from vestibule.saml.errors import CODES

_OTHERS = ("no_id", "no_bearer", "scd_time", "condition", "bad_time", "no_authn_statement", "bad_value")


def _tell_nobody(sign_in: SignIn) -> Explanation:
    adfs = " AD FS sends a NameID only where a claim rule makes one." if sign_in.idp == "adfs" else ""
    return Explanation(
        "no_name_id",
        "The assertion names nobody: it has no NameID.",
        f"The NameID is what the person is known by.{adfs} Elsewhere its source may be empty for this person.",
        (
            at_idp(f"{place(sign_in, 'name_id')}: send the user name or the address"),
            at_idp(f"Or fill in the attribute of the person: {place(sign_in, 'accounts')}"),
        ),
        (Evidence("NameID", "one", sign_in.text("received")),),
        NOT_SET_UP,
    )


def _tell(sign_in: SignIn) -> Explanation:
    code = sign_in.exchange.error or "no_id"
    said = CODES.get(code, "Something is missing.")
    what = sign_in.text("what") or sign_in.text("where") or sign_in.text("element")
    return Explanation(
        code,
        f"The assertion lacks what a sign-in needs: {lowered(said)}{f' ({what})' if what else ''}.",
        "The Web Browser SSO profile of SAML 2.0 (saml-profiles section 4.1.4.2) asks for it, and every usual identity "
        "provider sends it; the application's template there may be for another purpose.",
        (
            at_idp("Choose the identity provider's plain template for a SAML 2.0 application"),
            mend("Look at the response itself", "vestibule explain --saml-response FILE"),
        ),
        (Evidence(what or code, sign_in.text("expected"), sign_in.text("received")),),
        NOT_SET_UP,
    )


ENTRIES: Final = (story("no_name_id", tell=_tell_nobody), story(*_OTHERS, tell=_tell))
