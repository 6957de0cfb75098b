"""`discovery_…`, `issuer_mismatch`, `tenants_required`, `jwks_…`, `client_auth`: the provider as it was set up."""

from collections.abc import Mapping
from typing import Final

from vestibule.explain.catalogue.sign_in.places import place
from vestibule.explain.catalogue.sign_in.reading import NOT_SET_UP, OIDC, SignIn, as_text, at_idp, mend, story, word
from vestibule.explain.differing import how_differs
from vestibule.explain.entry import Evidence, Explanation
from vestibule.oidc.errors import CODES

_WHY: Final[Mapping[str, str]] = {
    "discovery_malformed": "The issuer's address with /.well-known/openid-configuration answers with something else, "
    "such as a page to sign in at.",
    "discovery_missing": "OpenID Connect Discovery 1.0 asks for it.",
    "discovery_insecure": "Codes and secrets would go over an address that is not https.",
    "discovery_unsupported": "The code flow with PKCE (S256) and a signature with a public key are all that is used "
    "here.",
    "jwks_malformed": "The address of the keys (jwks_uri) answers with something else.",
    "jwks_no_usable_key": "Accepted are RSA keys from 2048 bits, EC keys on NIST's curves, and Ed25519.",
}
_FACTS = ("member", "fault", "url", "need", "offered", "refused")


def _tell(sign_in: SignIn) -> Explanation:
    code = sign_in.exchange.error or "discovery_malformed"
    return Explanation(
        code,
        f"{CODES.get(code, 'The provider cannot be used.').rstrip('.')}{sign_in.bracketed(*_FACTS)}.",
        _WHY.get(code, "The provider is not set up as OpenID Connect asks for it."),
        (
            mend("Set the issuer as the provider writes it, and have its discovery read", sign_in.set(OIDC)),
            at_idp(f"If the address is right, correct {sign_in.idp_name}'s configuration"),
        ),
        (Evidence(sign_in.text("member") or "discovery", as_text(sign_in.fact("need")), sign_in.text("offered")),),
        NOT_SET_UP,
    )


def _tell_issuer(sign_in: SignIn) -> Explanation:
    asked, found = sign_in.text("asked"), sign_in.text("found")
    how = how_differs(asked, found)
    return Explanation(
        "issuer_mismatch",
        f"The provider at `{asked}` calls itself `{found}`{f': they differ {how}' if how else ''}.",
        "The issuer must be the very text by which the provider calls itself (OpenID Connect Discovery 1.0 section "
        "4.3), with or without the slash at the end as it has it.",
        (mend("Set the issuer as the provider calls itself", sign_in.set(OIDC.replace("URL", word(found or "URL")))),),
        (Evidence("issuer", asked, found),),
        NOT_SET_UP,
    )


def _tell_tenants(sign_in: SignIn) -> Explanation:
    return Explanation(
        "tenants_required",
        "Anybody can have an account at the issuer, and nobody said which tenants or domains may sign in.",
        "With `common` or `organizations` everybody with a Microsoft account anywhere would come in as this "
        "enterprise's people; at Google everybody with a private account, which may have the company's address.",
        (
            mend(
                "Set the issuer of the one tenant",
                sign_in.set(OIDC.replace("URL", "https://login.microsoftonline.com/TENANT/v2.0")),
            ),
            mend(
                "Or name the tenants (Entra) or domains (Google) that may sign in",
                sign_in.set(f"{OIDC} --tenant TENANT"),
            ),
        ),
        (Evidence("issuer", "that of one tenant", sign_in.text("issuer")),),
        NOT_SET_UP,
    )


def _tell_client(sign_in: SignIn) -> Explanation:
    fault = sign_in.text("fault") or "no way in common"
    return Explanation(
        "client_auth",
        f"This application cannot prove itself to {sign_in.idp_name}: {fault}.",
        f"The provider offers {sign_in.text('offered') or 'other ways'}; the connection has "
        f"{sign_in.text('able') or 'no secret and no key'}.",
        (
            at_idp(f"{place(sign_in, 'client')}: make a client secret"),
            mend("Enter it here", sign_in.set(OIDC)),
        ),
        (Evidence("client authentication", sign_in.text("offered"), sign_in.text("able")),),
        NOT_SET_UP,
    )


ENTRIES: Final = (
    story(*_WHY, tell=_tell),
    story("issuer_mismatch", tell=_tell_issuer),
    story("tenants_required", tell=_tell_tenants),
    story("client_auth", tell=_tell_client),
)
