"""`cert_expired`, `cert_not_yet_valid`, `weak_key`, `no_certificate`: a certificate that may not sign."""

from typing import Final

from vestibule.explain.catalogue.sign_in.places import place
from vestibule.explain.catalogue.sign_in.reading import AGAINST, NOT_SET_UP, SignIn, at_idp, day, mend, story
from vestibule.explain.entry import Evidence, Explanation

_READ = "Read the metadata again, once it lists the new one"


def _fingerprint(sign_in: SignIn) -> str:
    return (sign_in.text("fingerprint") or "?")[:16] + "…"


def _tell_expired(sign_in: SignIn) -> Explanation:
    ended = day(sign_in.fact("not_after"))
    entra = (
        " Entra mails a warning 60, 30 and 7 days before; make a new certificate there, then choose Make certificate "
        "active. With an expired one, a new one signs as soon as it is made."
    )
    return Explanation(
        "cert_expired",
        f"The certificate with which {sign_in.idp_name} signs ended on {ended}, {sign_in.seconds()} ago "
        f"({_fingerprint(sign_in)}).",
        "A signature by an expired certificate is refused, because nobody watches over its key any more."
        + (entra if sign_in.idp == "entra" else ""),
        (
            at_idp(f"Make a new certificate and make it the active one: {place(sign_in, 'metadata')}"),
            mend(_READ, sign_in.set("--metadata URL"), "read_metadata_again"),
            mend(
                "Until then, let the expired one count up to a day that you choose",
                sign_in.set("--allow-expired-until YYYY-MM-DD"),
            ),
        ),
        (Evidence("certificate valid to", "today or later", ended),),
        NOT_SET_UP,
    )


def _tell_early(sign_in: SignIn) -> Explanation:
    begins = day(sign_in.fact("not_before"))
    return Explanation(
        "cert_not_yet_valid",
        f"The certificate with which {sign_in.idp_name} signs is good from {begins}, {sign_in.seconds()} from now "
        f"({_fingerprint(sign_in)}).",
        "It was made with a later beginning, or the clock of this server is behind.",
        (
            mend("Compare this server's clock with a time server"),
            at_idp("Make the certificate that is good today the active one"),
        ),
        (Evidence("certificate valid from", "today or earlier", begins),),
        NOT_SET_UP,
    )


def _tell_weak(sign_in: SignIn) -> Explanation:
    key = sign_in.text("key") or "RSA below 2048"
    return Explanation(
        "weak_key",
        f"The certificate with which {sign_in.idp_name} signs has a key that is too short: {key} bits "
        f"({_fingerprint(sign_in)}).",
        "An RSA key below 2048 bits can be broken by whoever takes the trouble, and then anybody can be anybody.",
        (
            at_idp("Make a new signing certificate with an RSA key of 2048 bits or more"),
            mend(_READ, sign_in.set("--metadata URL")),
        ),
        (Evidence("signing key", "RSA 2048 or EC 256 bits, or more", key),),
        NOT_SET_UP,
    )


def _tell_none(sign_in: SignIn) -> Explanation:
    if sign_in.fact("alone") is True:
        return Explanation(
            "no_certificate",
            "The response carries no certificate with it, so that only a connection can check its signature.",
            "Whose signature it is, the connection's own list of certificates tells.",
            (mend("Name the connection", AGAINST),),
            (),
            NOT_SET_UP,
        )
    return Explanation(
        "no_certificate",
        f"No certificate of {sign_in.idp_name} is known to this connection, so that no signature can be checked.",
        "The certificate comes with the identity provider's metadata.",
        (
            mend("Read the metadata", sign_in.set("--metadata URL")),
            at_idp(f"Copy its address: {place(sign_in, 'metadata')}"),
        ),
        (),
        NOT_SET_UP,
    )


ENTRIES: Final = (
    story("cert_expired", tell=_tell_expired),
    story("cert_not_yet_valid", tell=_tell_early),
    story("weak_key", tell=_tell_weak),
    story("no_certificate", tell=_tell_none),
)
