"""The register of misconfigurations that can be switched on: for the provider, the command and the document alike."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

from vestibule.idp.conduct import Conduct

Protocol = Literal["saml", "oidc"]
_BOTH: tuple[Protocol, ...] = ("saml", "oidc")
_SAML: tuple[Protocol, ...] = ("saml",)
_OIDC: tuple[Protocol, ...] = ("oidc",)
SECOND = 1_000_000


class UnknownMistake(ValueError):
    """A name that is not in the register; the message lists those that are near."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong at the customer's side. `seconds` is the amount of those that take one, else None."""

    name: str
    sentence: str
    protocols: tuple[Protocol, ...]
    alter: Callable[[Conduct, int], Conduct]
    seconds: int | None = None


MISTAKES: tuple[Mistake, ...] = (
    Mistake(
        "email_literal",
        "The e-mail claim's source was typed as `user.email`, which is no source: everybody arrives with this text.",
        _BOTH,
        lambda conduct, _: replace(conduct, email="literal"),
    ),
    Mistake(
        "email_empty",
        "The e-mail claim is sent with an empty value.",
        _BOTH,
        lambda conduct, _: replace(conduct, email="empty"),
    ),
    Mistake(
        "no_mail",
        "The person has no mailbox, so Entra ID leaves the e-mail claim out.",
        _BOTH,
        lambda conduct, _: replace(conduct, mailbox=False),
    ),
    Mistake(
        "upn_as_email",
        "The e-mail claim's source is user.userprincipalname, which need not be an address that receives mail.",
        _BOTH,
        lambda conduct, _: replace(conduct, email="upn"),
    ),
    Mistake(
        "nameid_opaque",
        "The NameID is a pairwise identifier of 43 characters (format persistent).",
        _SAML,
        lambda conduct, _: replace(conduct, name_id="persistent"),
    ),
    Mistake(
        "nameid_email",
        "The NameID is user.mail while SCIM provisions user.userprincipalname: nobody is found; "
        "without a mailbox it is AADSTS501241.",
        _SAML,
        lambda conduct, _: replace(conduct, name_id="mail"),
    ),
    Mistake(
        "claim_short_names",
        "The claims have no namespace: `email`, `firstName`, `lastName`, `groups`.",
        _SAML,
        lambda conduct, _: replace(conduct, short_names=True),
    ),
    Mistake(
        "wrong_acs",
        "Destination and Recipient name another reply URL (one slash more, or less).",
        _SAML,
        lambda conduct, _: replace(conduct, wrong_acs=True),
    ),
    Mistake(
        "wrong_audience",
        "The audience is another identifier (one slash more, or less).",
        _BOTH,
        lambda conduct, _: replace(conduct, wrong_audience=True),
    ),
    Mistake(
        "audience_spn",
        "The audience is the identifier with `spn:` before it.",
        _SAML,
        lambda conduct, _: replace(conduct, audience_spn=True),
    ),
    Mistake(
        "wrong_issuer",
        "The issuer lacks its slash at the end (SAML), or is that of version 1 (OIDC).",
        _BOTH,
        lambda conduct, _: replace(conduct, wrong_issuer=True),
    ),
    Mistake(
        "unknown_certificate",
        "A key signs whose certificate no metadata lists.",
        _BOTH,
        lambda conduct, _: replace(conduct, key="unpublished"),
    ),
    Mistake(
        "certificate_rolled",
        "The next certificate signs already: it is in the metadata now, not in what was uploaded before.",
        _BOTH,
        lambda conduct, _: replace(conduct, key="rolled"),
    ),
    Mistake(
        "certificate_expired",
        "The certificate that signs ended yesterday, and the metadata says so.",
        _SAML,
        lambda conduct, _: replace(conduct, key="expired"),
    ),
    Mistake(
        "sha1",
        "The signing algorithm is SHA-1.",
        _SAML,
        lambda conduct, _: replace(conduct, sha1=True),
    ),
    Mistake(
        "unsigned",
        "Nothing is signed (SAML), or the algorithm is `none` (OIDC).",
        _BOTH,
        lambda conduct, _: replace(conduct, signing="none"),
    ),
    Mistake(
        "sign_response",
        "The response is signed and the assertion is not.",
        _SAML,
        lambda conduct, _: replace(conduct, signing="response"),
    ),
    Mistake(
        "sign_both",
        "Response and assertion are both signed.",
        _SAML,
        lambda conduct, _: replace(conduct, signing="both"),
    ),
    Mistake(
        "encrypt",
        "The assertion is encrypted with the certificate of the application's metadata.",
        _SAML,
        lambda conduct, _: replace(conduct, encryption="application"),
    ),
    Mistake(
        "encrypt_foreign_key",
        "The assertion is encrypted with a certificate that is not the application's.",
        _SAML,
        lambda conduct, _: replace(conduct, encryption="foreign"),
    ),
    Mistake(
        "clock_ahead",
        "The provider's clock is ahead, by 600 seconds unless a number is given: `clock_ahead=90`.",
        _BOTH,
        lambda conduct, seconds: replace(conduct, clock_offset=conduct.clock_offset + seconds * SECOND),
        600,
    ),
    Mistake(
        "clock_behind",
        "The provider's clock is behind, by 600 seconds unless a number is given: `clock_behind=90`.",
        _BOTH,
        lambda conduct, seconds: replace(conduct, clock_offset=conduct.clock_offset - seconds * SECOND),
        600,
    ),
    Mistake(
        "user_not_assigned",
        "Nobody is assigned to the application: AADSTS50105 on the provider's page, and no response arrives.",
        _BOTH,
        lambda conduct, _: replace(conduct, assigned=False),
    ),
    Mistake(
        "idp_initiated",
        "The response answers no request: it has no InResponseTo.",
        _SAML,
        lambda conduct, _: replace(conduct, unsolicited=True),
    ),
    Mistake(
        "authn_context",
        "A failed response: Requester, NoAuthnContext, and AADSTS75011 in its message.",
        _SAML,
        lambda conduct, _: replace(conduct, no_authn_context=True),
    ),
    Mistake(
        "requests_must_be_signed",
        "Unsigned requests are refused with AADSTS76021 on the provider's page.",
        _SAML,
        lambda conduct, _: replace(conduct, signed_requests=True),
    ),
    Mistake(
        "groups_names",
        "The groups claim holds display names instead of object ids.",
        _BOTH,
        lambda conduct, _: replace(conduct, groups="names"),
    ),
    Mistake(
        "groups_overage",
        "The person is in too many groups: a link stands in place of the groups claim.",
        _BOTH,
        lambda conduct, _: replace(conduct, groups="overage"),
    ),
    Mistake(
        "guest",
        "The person is a guest: `#EXT#` in the name, an e-mail of a foreign domain, another identity provider.",
        _BOTH,
        lambda conduct, _: replace(conduct, as_guest=True),
    ),
    Mistake(
        "replay",
        "The answer that this person's last sign-in got is sent once more, octet for octet.",
        _SAML,
        lambda conduct, _: replace(conduct, replay=True),
    ),
    Mistake(
        "wrong_nonce",
        "The nonce of the ID token is not the one that was asked for.",
        _OIDC,
        lambda conduct, _: replace(conduct, wrong_nonce=True),
    ),
)

NAMES = tuple(each.name for each in MISTAKES)
_BY_NAME = {each.name: each for each in MISTAKES}


def apply(conduct: Conduct, chosen: Iterable[str]) -> Conduct:
    """The conduct with mistakes in it, each `NAME` or `NAME=SECONDS`. Raises UnknownMistake."""
    for written in chosen:
        mistake, seconds = read(written)
        conduct = mistake.alter(conduct, seconds)
    return conduct


def read(written: str) -> tuple[Mistake, int]:
    """A mistake and its amount. Raises UnknownMistake."""
    name, equals, amount = written.partition("=")
    mistake = _BY_NAME.get(name.strip())
    if mistake is None:
        raise UnknownMistake(f"There is no mistake {name!r}. There are: {', '.join(NAMES)}.")
    if not equals:
        return mistake, mistake.seconds or 0
    if mistake.seconds is None:
        raise UnknownMistake(f"The mistake {mistake.name} takes no number; write {mistake.name} alone.")
    if not re.fullmatch(r"[0-9]{1,9}", amount.strip()):
        raise UnknownMistake(f"The mistake {mistake.name} takes whole seconds, as in {mistake.name}=600.")
    return mistake, int(amount)
