"""`id_token_…`, `kid_unknown`, `iss_mismatch`, `userinfo_…`: a token or an answer that is not believed."""

from collections.abc import Mapping
from typing import Final

from vestibule.explain.catalogue.sign_in.places import place
from vestibule.explain.catalogue.sign_in.reading import (
    AGAIN,
    ASK_ACCESS,
    NOT_SET_UP,
    OIDC,
    SignIn,
    at_idp,
    mend,
    quoted,
    story,
    word,
)
from vestibule.explain.differing import how_differs
from vestibule.explain.entry import Evidence, Explanation
from vestibule.oidc.errors import CODES

_NOT_THE_PROVIDERS: Final[Mapping[str, str]] = {
    "id_token_signature": "The key is the provider's by its name, but did not make the signature: a forgery.",
    "id_token_malformed": "It is cut off, or no token at all.",
    "id_token_header": "A token that brings its own key is a forgery.",
    "id_token_typ": "An access token or a logout token was given in its place.",
    "id_token_time": "OpenID Connect Core 1.0 section 2 asks for both, as numbers.",
    "id_token_at_hash": "The two tokens of the answer do not belong together: one of them was exchanged.",
    "id_token_subject": "A token without a usable sub names nobody.",
    "token_answer_malformed": "The answer is not what RFC 6749 section 5.1 asks for.",
    "callback_malformed": "The address was altered on its way, or opened by hand.",
    "iss_mismatch": "Where one provider's answer is passed off as another's, a code could be stolen (RFC 9207).",
    "userinfo_malformed": "The answer of UserInfo is signed or encrypted, or an error page.",
    "userinfo_subject": "Somebody else's claims must not be put in place of this person's (OpenID Connect Core 5.3.2).",
}
_FACTS = ("fault", "parameter", "member", "claim", "typ", "kid")


def _tell(sign_in: SignIn) -> Explanation:
    code = sign_in.exchange.error or "id_token_malformed"
    said = CODES.get(code, "The answer is not believed.").rstrip(".")
    return Explanation(
        code,
        f"{said}{sign_in.bracketed(*_FACTS)}.",
        _NOT_THE_PROVIDERS.get(code, "It is not this provider's word."),
        (
            mend("See that issuer and client id are those of this application", _show(sign_in)),
            at_idp(f"Compare with the sign-in as it is recorded there: {place(sign_in, 'log')}"),
        ),
        sign_in.evidence(sign_in.text("claim") or code.removeprefix("id_token_")),
        AGAIN,
    )


def _show(sign_in: SignIn) -> str:
    return f"vestibule connection set {sign_in.connection}"


def _tell_key(sign_in: SignIn) -> Explanation:
    return Explanation(
        "kid_unknown",
        f"The ID token is signed with the key {quoted(sign_in.fact('kid'))}, which is not among {sign_in.idp_name}'s "
        f"keys: {quoted(sign_in.fact('known'))}.",
        "Keys are rolled over; they are read again at most every five minutes. If it stays, the token comes from "
        "another provider than the one that is set up: Entra has other keys for an application with claims of its own.",
        (
            at_idp("Begin the sign-in anew in five minutes"),
            mend("Have the provider's discovery and keys read again", sign_in.set(OIDC)),
        ),
        (Evidence("key", sign_in.text("known"), sign_in.text("kid")),),
        AGAIN,
    )


def _tell_alg(sign_in: SignIn) -> Explanation:
    alg = sign_in.text("alg") or "none"
    return Explanation(
        "id_token_alg",
        f"The ID token is signed with {alg}, which is not accepted.",
        "`none` is no signature, and HS256 signs with the client secret, which others may know. Accepted are RS, PS "
        "and ES with SHA-256 or more, and EdDSA.",
        (at_idp(f"{place(sign_in, 'token')}: let ID tokens be signed with RS256"),),
        (Evidence("alg", sign_in.text("accepted") or "RS256", alg),),
        NOT_SET_UP,
    )


def _tell_encrypted(sign_in: SignIn) -> Explanation:
    return Explanation(
        "id_token_encrypted",
        "The ID token is encrypted, which is not supported.",
        "It comes over TLS from the provider itself, so that encryption adds nothing.",
        (at_idp(f"{place(sign_in, 'token')}: turn encryption of ID tokens off for this client"),),
        (Evidence("ID token", "signed (three parts)", "encrypted (five parts)"),),
        NOT_SET_UP,
    )


def _tell_missing(sign_in: SignIn) -> Explanation:
    scope = sign_in.text("scope")
    return Explanation(
        "id_token_missing",
        f"{sign_in.idp_capital} answered without an ID token{f'; the scope was {scope}' if scope else ''}.",
        "An ID token is given for the scope `openid` alone.",
        (
            at_idp("Let the client have the scopes openid, profile and email"),
            at_idp(f"Let the client have the scope openid: {place(sign_in, 'token')}"),
        ),
        (Evidence("scope", "openid", scope),),
        NOT_SET_UP,
    )


def _tell_issuer(sign_in: SignIn) -> Explanation:
    expected, found = sign_in.text("expected"), sign_in.text("found")
    how = how_differs(expected, found)
    version = (found or "").startswith("https://sts.windows.net/")
    return Explanation(
        "id_token_issuer",
        f"The ID token is of the issuer `{found}`, not of `{expected}`{f': they differ {how}' if how else ''}.",
        "Entra gives tokens of version 1 (sts.windows.net) and of version 2 (login.microsoftonline.com/…/v2.0); "
        "which of them is the app registration's accessTokenAcceptedVersion and the address that was asked."
        if version
        else "The issuer must be the provider's own name, character for character.",
        (mend("Set the issuer that the provider's discovery names", sign_in.set(OIDC)),),
        (Evidence("iss", expected, found),),
        NOT_SET_UP,
    )


def _tell_audience(sign_in: SignIn) -> Explanation:
    code, expected = sign_in.exchange.error or "id_token_audience", sign_in.text("expected")
    return Explanation(
        code,
        f"The ID token is for {quoted(sign_in.fact('found'))}, not for this application's client id `{expected}`.",
        "A token that was given to another client must not be accepted here.",
        (
            mend("Set the client id of the application at the provider", sign_in.set(OIDC)),
            at_idp(f"Copy it: {place(sign_in, 'client')}"),
        ),
        (Evidence("azp" if code.endswith("azp") else "aud", expected, sign_in.text("found")),),
        NOT_SET_UP,
    )


def _tell_tenant(sign_in: SignIn) -> Explanation:
    found, allowed = sign_in.text("found"), sign_in.fact("allowed")
    what = "domain" if sign_in.text("claim") == "hd" else "tenant"
    return Explanation(
        "id_token_tenant",
        f"The account is of the {what} `{found or 'none'}`, and only these may sign in: {quoted(allowed)}.",
        "A private account, or one of another organisation, was chosen at the provider.",
        (
            at_idp("Sign out there and choose the organisation's account"),
            mend(f"Or let the {what} in", sign_in.set(f"{OIDC} --tenant {word(found or 'TENANT')}")),
        ),
        (Evidence(sign_in.text("claim") or "tid", sign_in.text("allowed"), found),),
        "Please sign in with your organisation's account; the one that was used may not sign in here."
        if found is None
        else ASK_ACCESS,
    )


ENTRIES: Final = (
    story("kid_unknown", tell=_tell_key),
    story("id_token_alg", tell=_tell_alg),
    story("id_token_encrypted", tell=_tell_encrypted),
    story("id_token_missing", tell=_tell_missing),
    story("id_token_issuer", tell=_tell_issuer),
    story("id_token_audience", "id_token_azp", tell=_tell_audience),
    story("id_token_tenant", tell=_tell_tenant),
    story(*_NOT_THE_PROVIDERS, tell=_tell),
)
