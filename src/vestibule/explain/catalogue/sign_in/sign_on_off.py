"""`sign_on_disabled`, `sign_on_missing`, `fetch_failed`: the connection signs nobody in, or a document did not come."""

from collections.abc import Mapping
from typing import Final

from vestibule.explain.catalogue.sign_in.reading import NOT_SET_UP, OIDC, SignIn, mend, story
from vestibule.explain.entry import Evidence, Explanation


def _tell_off(sign_in: SignIn) -> Explanation:
    return Explanation(
        "sign_on_disabled",
        "Signing in by this connection is switched off.",
        "Somebody switched it off; the identity provider's settings are kept.",
        (mend("Switch it on", sign_in.set("--enable")),),
        (),
        "Signing in with your organisation's account is switched off at present; please ask your administrator.",
    )


def _tell_missing(sign_in: SignIn) -> Explanation:
    due, came = sign_in.text("expected"), sign_in.text("received")
    return Explanation(
        "sign_on_missing",
        f"This connection signs people in by {due.upper()}, and was asked by {came.upper()}."
        if due and came
        else "This connection has no identity provider to sign in with yet.",
        "The address at which the sign-in arrived is that of the other protocol."
        if due and came
        else "It is set up for provisioning alone, or the setup was not finished.",
        (
            mend("Read the metadata of a SAML identity provider", sign_in.set("--metadata URL")),
            mend("Or set an OpenID Connect one", sign_in.set(OIDC)),
        ),
        (),
        NOT_SET_UP,
    )


_FETCHES: Final[Mapping[str, str]] = {
    "url_scheme": "it is not https",
    "url_host": "it is no address of the internet's",
    "url_port": "its port is another one than 443 or 8443",
    "address_private": "it leads into a private network, which this server must not ask",
    "redirect": "it sends on to somewhere else",
    "too_large": "its answer is too large",
    "timeout": "it did not answer in time",
    "tls": "its TLS certificate is not trusted",
    "dns": "its name does not resolve",
    "connect": "it does not take the connection",
    "http_status": "it answered with an error",
    "answer": "its answer is no HTTP",
}


def _tell_fetch(sign_in: SignIn) -> Explanation:
    url = sign_in.text("url") or sign_in.text("host") or "its address"
    code = sign_in.text("fetch") or ""
    reason = ", ".join(filter(None, (_FETCHES.get(code, code), sign_in.text("why"))))
    return Explanation(
        "fetch_failed",
        f"{sign_in.idp_capital} could not be asked: {url} gave no usable answer{f' ({reason})' if reason else ''}.",
        "The keys, the discovery document or the tokens are fetched from there while somebody signs in.",
        (
            mend("See whether this server reaches it, by name and through its firewall"),
            mend("If it stands in your own network, allow that network in VESTIBULE_ALLOW_NETWORKS"),
        ),
        (Evidence("answer", "200", sign_in.text("status") or reason),),
        "Your organisation's sign-in does not answer at present; please try again in a few minutes.",
    )


ENTRIES: Final = (
    story("sign_on_disabled", tell=_tell_off),
    story("sign_on_missing", tell=_tell_missing),
    story("fetch_failed", tell=_tell_fetch),
)
