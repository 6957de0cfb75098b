"""Notes on who it is: an opaque subject, a guest."""

from collections.abc import Mapping
from typing import Any, Final

from vestibule.explain.catalogue.sign_in.noted import Noted, Teller
from vestibule.explain.catalogue.sign_in.places import place
from vestibule.explain.catalogue.sign_in.reading import SignIn, as_list, as_text, at_idp, mend
from vestibule.explain.entry import Evidence


def _opaque(sign_in: SignIn, facts: Mapping[str, Any]) -> Noted:
    form = (as_text(facts.get("format")) or "").rpartition(":")[2] or "none"
    uses = [str(each) for each in as_list(facts.get("used_for"))]
    used = f", and the connection takes it for {' and '.join(uses)}" if uses else ""
    length = as_text(facts.get("length")) or "?"
    named = "subject" if sign_in.protocol == "oidc" else "NameID"
    what = f"the {named} is an opaque identifier of {length} characters (format {form})"
    wish = (
        "user.userprincipalname with the format Email address"
        if sign_in.idp == "entra"
        else "the account's user name or e-mail address, with the format emailAddress"
    )
    return Noted(
        f"{what}{used}",
        "Such an identifier is made for one application alone: it is in no directory and in no provisioning, so that "
        "nobody can be found by it. The format `persistent` asks for it, and `transient` for a new one each time.",
        (
            at_idp(f"{place(sign_in, 'name_id')}: send {wish}"),
            mend("Or take the user name from another claim that comes", sign_in.set("--claim userName=CLAIM")),
        ),
        (Evidence(named, "a user name or an address", f"{length} characters, format {form}"),),
    )


def _guest(sign_in: SignIn, facts: Mapping[str, Any]) -> Noted:
    name, home = as_text(facts.get("name")), as_text(facts.get("home_address"))
    directory = as_text(facts.get("home_directory"))
    who = f"{name} is a guest account" if name else "the account is a guest's"
    of = f" of {home}" if home else f", at home in {directory}" if directory else ""
    return Noted(
        f"{who}{of}, whose address is not of this organisation",
        "A guest's address belongs to another organisation's domain, so this organisation cannot vouch for it: it is "
        "proven by a code that is sent to it, or by an administrator.",
        (
            mend(
                "Let an administrator vouch in place of a code, for those without a mailbox",
                sign_in.set("--email-policy admin_approves"),
            ),
            at_idp(
                f"{place(sign_in, 'claims')}: under Claim conditions choose what guests send, e.g. user.mail for "
                "External guests"
            ),
        ),
        (Evidence("account", "a member of the organisation", name or directory),),
    )


TELLERS: Final[Mapping[str, Teller]] = {"subject_opaque": _opaque, "subject_is_guest": _guest}
"""Note → what is told of it."""
