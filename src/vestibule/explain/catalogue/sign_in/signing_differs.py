"""`signature_algorithm`: SHA-1 or another one that is not accepted; `unsigned`: nothing that counts is signed."""

from typing import Final

from vestibule.explain.catalogue.sign_in.places import place
from vestibule.explain.catalogue.sign_in.reading import NOT_SET_UP, SignIn, as_text, at_idp, story
from vestibule.explain.entry import Evidence, Explanation

_HOW = {
    "entra": "choose Sign SAML assertion (or Sign SAML response and assertion)",
    "okta": "set Assertion Signature (or Response) to Signed",
    "google": "either setting is good; a response without any signature does not come from Google unaltered",
    "adfs": "run Set-AdfsRelyingPartyTrust -TargetName NAME -SamlResponseSignature MessageAndAssertion",
    "keycloak": "turn on Sign documents or Sign assertions",
}


def _tell_algorithm(sign_in: SignIn) -> Explanation:
    received = sign_in.text("received") or ""
    short = received.rpartition("#")[2] or "an unknown one"
    old = "sha1" in received.lower()
    return Explanation(
        "signature_algorithm",
        f"{sign_in.idp_capital} signs with {'SHA-1' if old else 'an algorithm that is not accepted'} ({short}); "
        "SHA-256 is due.",
        "Two documents with the same SHA-1 can be made on purpose, so such a signature proves little."
        if old
        else "Only RSA and ECDSA with SHA-256, SHA-384 or SHA-512 are accepted; a shared secret (HMAC) never is.",
        (at_idp(f"{place(sign_in, 'signing')}: choose SHA-256"),),
        (Evidence("signature algorithm", "rsa-sha256", short),),
        NOT_SET_UP,
    )


def _tell_unsigned(sign_in: SignIn) -> Explanation:
    how = _HOW.get(sign_in.idp, "have the assertion signed, or the whole response, or both")
    signed = as_text(sign_in.claimed("signed"))
    return Explanation(
        "unsigned",
        f"Neither the response nor the assertion is signed, so that anybody could have written it"
        f"{f'; signed is only {signed}' if signed else ''}.",
        "One of the two must be signed. A signature over the request, over the address, or by TLS alone does not "
        "count, and encryption is no signature: anybody can encrypt for this server.",
        (at_idp(f"{place(sign_in, 'signing')}: {how}"),),
        (Evidence("signed", "the assertion, the response, or both", signed or "nothing"),),
        NOT_SET_UP,
    )


ENTRIES: Final = (
    story("signature_algorithm", tell=_tell_algorithm),
    story("unsigned", tell=_tell_unsigned),
)
