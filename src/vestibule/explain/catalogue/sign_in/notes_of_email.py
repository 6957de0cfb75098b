"""Notes on the e-mail: the text `user.email`, no mailbox, a sign-in name for an address, no address, many."""

from collections.abc import Mapping
from typing import Any, Final

from vestibule.explain.catalogue.sign_in.noted import Noted, Teller
from vestibule.explain.catalogue.sign_in.places import place
from vestibule.explain.catalogue.sign_in.reading import SignIn, as_list, as_text, at_idp, mend, quoted, word
from vestibule.explain.entry import Evidence, Fix


def _literal(sign_in: SignIn, facts: Mapping[str, Any]) -> Noted:
    claim, value = as_text(facts.get("claim")) or "email", as_text(facts.get("value")) or "user.email"
    return Noted(
        f"the e-mail claim holds the text `{value}` itself, in place of the person's address",
        f"{sign_in.idp_capital} takes whatever is typed into the claim's source as a constant, so everybody arrives "
        "with "
        f"`{value}`. In Microsoft's documentation `user.email` stands for the idea; the attribute is called user.mail.",
        (_source(sign_in),),
        (Evidence(f"claim {claim}", "an address, e.g. ana@example.com", value),),
    )


def _source(sign_in: SignIn) -> Fix:
    where = place(sign_in, "claims")
    if sign_in.idp == "entra" and sign_in.protocol != "oidc":
        return at_idp(
            f"{where} › emailaddress: choose Source attribute user.mail from the list (type nothing), or "
            "user.userprincipalname if your people have no mailboxes"
        )
    return at_idp(f"{where}: choose the account's e-mail attribute from the list as the source, and type nothing")


def _missing(sign_in: SignIn, facts: Mapping[str, Any]) -> Noted:
    sources = quoted(facts.get("sources"))
    evidence = (Evidence("e-mail claim", sources, as_text(facts.get("nearest"))),)
    where = place(sign_in, "claims")
    if facts.get("guess") == "mail_empty":
        name = as_text(facts.get("sign_in_name"))
        named = f" It did send the sign-in name {name}." if name else ""
        return Noted(
            f"no e-mail came: the account most likely has no mailbox, so that {sign_in.idp_name} leaves {sources} out",
            f"The other claims came, so the mapping is there; a claim whose source (user.mail) is empty is not sent. "
            f"This is usual for contractors and administrators.{named}",
            (
                at_idp(f"{where} › emailaddress: use the transformation IfEmpty(user.mail, user.userprincipalname)"),
                at_idp(f"Or fill in the person's Email: {place(sign_in, 'accounts')}"),
                mend(
                    "Or let people of provisioned accounts in without a mailbox",
                    sign_in.set("--email-policy trust_directory"),
                    "trust_directory",
                ),
            ),
            evidence,
        )
    near = [each for each in map(as_text, as_list(facts.get("nearest"))) if each]
    fixes = [at_idp(f"{where}: send the person's address as {sources}")]
    if near:
        fixes.insert(
            0,
            mend(
                f"Take the e-mail from `{near[0]}`, which came",
                sign_in.set(f"--claim {word('email=' + near[0])}"),
                "set_claim",
                attribute="email",
                claim=near[0],
            ),
        )
    why = (
        f"{sign_in.idp_capital} sent no attributes at all; it sends only what is mapped for the application."
        if facts.get("guess") == "nothing_mapped"
        else f"{sign_in.idp_capital} sent other claims, and none of those that the connection looks for."
    )
    return Noted(f"no e-mail came: {sources} was looked for", why, tuple(fixes), evidence)


def _is_upn(sign_in: SignIn, facts: Mapping[str, Any]) -> Noted:
    email, mail = as_text(facts.get("email")) or "", as_text(facts.get("mail"))
    other = f"; another address came too, {mail}" if mail else ""
    return Noted(
        f"the e-mail {email} is the sign-in name (userPrincipalName), which need not be a mailbox{other}",
        "A sign-in name looks like an address, and mail to it may reach nobody.",
        (at_idp(f"{place(sign_in, 'claims')}: send user.mail as the e-mail, if your people have mailboxes"),),
        (Evidence("e-mail", mail, email),),
    )


def _not_an_address(sign_in: SignIn, facts: Mapping[str, Any]) -> Noted:
    value, claim = as_text(facts.get("value")) or "", as_text(facts.get("claim")) or "email"
    fault = as_text(facts.get("why"))
    return Noted(
        f"`{value}`, which came as e-mail, is no mail address{f': {fault}' if fault else ''}",
        f"It came as the claim {claim}. What two systems could read differently is not taken for an address.",
        (at_idp(f"{place(sign_in, 'claims')}: let the e-mail's source be the account's mail attribute"),),
        (Evidence(f"claim {claim}", "an address, e.g. ana@example.com", value),),
    )


def _many(sign_in: SignIn, facts: Mapping[str, Any]) -> Noted:
    values = as_list(facts.get("values"))
    first = as_text(values[0]) if values else None
    return Noted(
        f"{len(values)} e-mails came, of which the first is used: {first or 'none'}",
        "The order of several values is the identity provider's, and may change from one sign-in to the next.",
        (at_idp(f"{place(sign_in, 'claims')}: send the one address that is the person's primary one"),),
        (Evidence("e-mail", "one value", as_text(values)),),
    )


def _upper_case(sign_in: SignIn, facts: Mapping[str, Any]) -> Noted:
    del sign_in
    domain = as_text(facts.get("domain")) or ""
    return Noted(
        f"the e-mail's domain {domain} came with capital letters",
        "Domains are compared without regard to case, so nothing needs to be done.",
    )


TELLERS: Final[Mapping[str, Teller]] = {
    "email_literal": _literal,
    "email_missing": _missing,
    "email_is_upn": _is_upn,
    "email_not_an_address": _not_an_address,
    "email_many": _many,
    "domain_upper_case": _upper_case,
}
"""Note → what is told of it."""
