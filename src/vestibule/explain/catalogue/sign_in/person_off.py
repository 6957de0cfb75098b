"""`person_deactivated`, `person_removed`: the account is switched off, or gone."""

from typing import Final

from vestibule.explain.catalogue.sign_in.places import place
from vestibule.explain.catalogue.sign_in.reading import SignIn, at_idp, mend, story, word
from vestibule.explain.entry import Entry, Evidence, Explanation

_BY = {
    "scim": "provisioning (SCIM) switched it off",
    "app": "the app switched it off",
    "login": "it was switched off here",
}


def _tell(sign_in: SignIn) -> Explanation:
    name, by = sign_in.text("user_name") or sign_in.who, sign_in.text("by") or ""
    scim = by == "scim"
    return Explanation(
        "person_deactivated",
        f"{name} could not sign in: the account is deactivated here.",
        f"The identity provider vouched for the person, but {_BY.get(by, 'the account was switched off')}."
        + (
            " Entra does that when somebody is disabled, deleted, or taken out of the scope of provisioning."
            if scim and sign_in.idp == "entra"
            else ""
        ),
        (
            at_idp(f"If the person is to work: assign them again and provision them: {place(sign_in, 'provisioning')}")
            if scim
            else mend("Activate the account, if the person is to work"),
            mend("See what deactivated it", f"vestibule log {sign_in.connection} --target {word(name)}"),
        ),
        (Evidence("active", "true", "false"),),
        "Your account is switched off; please ask your administrator if you are to have access.",
    )


def _tell_removed(sign_in: SignIn) -> Explanation:
    wanted = ", ".join(f"{name} {value}" for name, value in sign_in.part("looked_for").items() if value)
    return Explanation(
        "person_removed",
        f"{sign_in.who} could not sign in: the account was deleted by provisioning ({wanted or 'not known any more'}).",
        "Who was deleted by the identity provider does not come back by signing in; the identity provider must create "
        "the account again.",
        (
            at_idp(f"Assign the person again and provision them: {place(sign_in, 'provisioning')}"),
            mend("See when it was deleted", f"vestibule log {sign_in.connection} --target {word(sign_in.who)}"),
        ),
        (Evidence("account", wanted or None, "deleted"),),
        "Your account was removed; please ask your administrator if you are to have access.",
    )


ENTRIES: Final[tuple[Entry, ...]] = (
    story("person_deactivated", tell=_tell),
    story("person_removed", tell=_tell_removed),
)
