"""`unsolicited`: the sign-in was begun at the identity provider's tile, and the connection does not allow that."""

from typing import Final

from vestibule.explain.catalogue.sign_in.places import place
from vestibule.explain.catalogue.sign_in.reading import SignIn, at_idp, mend, story
from vestibule.explain.entry import Evidence, Explanation


def _tell(sign_in: SignIn) -> Explanation:
    return Explanation(
        "unsolicited",
        f"The sign-in was begun at {sign_in.idp_name}'s tile and not here, which this connection does not allow.",
        "The response answers no request (it has no InResponseTo). Such a response can be sent into anybody's browser, "
        "so it is refused unless somebody allows it.",
        (
            at_idp(
                f"{place(sign_in, 'sign_on_url')}: enter the connection's sign-in address, "
                f"/sso/saml/{sign_in.connection}/login, so that the tile begins here"
            ),
            mend("Or allow it for this connection", sign_in.set("--allow-idp-initiated"), "allow_idp_initiated"),
        ),
        (Evidence("InResponseTo", sign_in.text("expected") or "the id of a request", None),),
        "Please open the application itself and sign in from there, not from your organisation's list of applications.",
    )


ENTRIES: Final = (story("unsolicited", tell=_tell),)
