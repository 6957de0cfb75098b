"""`identity_other`, `account_taken`, `subject_transient`: an account that cannot be linked to who signs in."""

from typing import Final

from vestibule.explain.catalogue.sign_in.places import place
from vestibule.explain.catalogue.sign_in.reading import NOT_SET_UP, SignIn, at_idp, mend, story
from vestibule.explain.entry import Evidence, Explanation


def _tell_other(sign_in: SignIn) -> Explanation:
    name, identity = sign_in.text("user_name") or sign_in.who, sign_in.text("identity") or "IDENTITY_ID"
    expected, received = sign_in.text("expected"), sign_in.text("received")
    return Explanation(
        "identity_other",
        f"The account {name} belongs to another identity of the same identity provider: {expected or 'another one'} "
        f"signed in to it before, and now {received or 'somebody else'} wants to.",
        "Either the person's account at the identity provider was made anew (or its NameID setting was changed), or a "
        "new person has an old one's name. Only somebody who knows can tell, so nobody is let in.",
        (
            mend(
                "If it is the same person, unlink the old identity; the next sign-in links the new one",
                f"vestibule identity unlink {sign_in.connection} {identity}",
                "unlink_identity" if sign_in.text("identity") else None,
                identity=sign_in.text("identity"),
            ),
            at_idp("If it is somebody else, give them a user name of their own"),
        ),
        (Evidence("subject", expected, received),),
        "Your sign-in does not belong to the account that has your name here; please ask your administrator.",
    )


def _tell_taken(sign_in: SignIn) -> Explanation:
    attribute, value = sign_in.text("attribute") or "userName", sign_in.text("value") or sign_in.who
    holder = sign_in.text("holder")
    return Explanation(
        "account_taken",
        f"No account could be made for {sign_in.who}: another one has the {attribute} {value} already.",
        f"{attribute} is one person's alone within a connection{f'; {holder} has it' if holder else ''}. It was taken "
        "at the same moment, or is another account's by another attribute.",
        (
            at_idp("Begin the sign-in anew"),
            mend("If it stays, see who has it", f"vestibule conflict list {sign_in.connection}"),
        ),
        (Evidence(attribute, "one that is free", value),),
        NOT_SET_UP,
    )


def _tell_transient(sign_in: SignIn) -> Explanation:
    return Explanation(
        "subject_transient",
        f"{sign_in.idp_capital} sends a NameID that is another one at every sign-in (format transient), so that nobody "
        "can be known by it.",
        "An account is linked to a subject that stays the same for a person (SAML core section 8.3.8 says that a "
        "transient one does not).",
        (at_idp(f"{place(sign_in, 'name_id')}: choose the format persistent or emailAddress"),),
        (Evidence("NameID format", "persistent or emailAddress", "transient"),),
        NOT_SET_UP,
    )


ENTRIES: Final = (
    story("identity_other", tell=_tell_other),
    story("account_taken", tell=_tell_taken),
    story("subject_transient", tell=_tell_transient),
)
