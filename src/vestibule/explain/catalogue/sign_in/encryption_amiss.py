"""`decrypt_failed`, `no_decryption_key`, `encryption_algorithm`, `encrypted_id`: encrypted in a way that does not "
"open."""

from typing import Final

from vestibule.explain.catalogue.sign_in.places import place
from vestibule.explain.catalogue.sign_in.reading import (
    AGAINST,
    NOT_SET_UP,
    SignIn,
    as_list,
    as_mapping,
    as_text,
    at_idp,
    day,
    mend,
    story,
)  # fmt: skip
from vestibule.explain.entry import Evidence, Explanation, Fix


def _ours(sign_in: SignIn) -> Fix:
    return at_idp(
        f"{place(sign_in, 'encryption')}: upload the certificate of this connection's metadata, "
        f"/sso/saml/{sign_in.connection}/metadata, again"
    )


def _tell_failed(sign_in: SignIn) -> Explanation:
    to = [as_mapping(each) for each in as_list(sign_in.claimed("encrypted_to"))]
    fingerprint = next((as_text(each.get("fingerprint")) for each in to if each.get("fingerprint")), None)
    named = f" It names the certificate {fingerprint[:16]}… of {as_text(to[0].get('subject'))}." if fingerprint else ""
    until = f", good to {day(to[0].get('not_after'))}" if fingerprint else ""
    # Which of the two it was is not told apart on purpose: it would help to guess the text (XML Encryption 1.1, 6.1).
    unsigned = (sign_in.text("algorithm") or "").endswith("-cbc") and not sign_in.items("signed")
    return Explanation(
        "decrypt_failed",
        "The assertion is encrypted, and no key of this connection opens it.",
        f"{sign_in.idp_capital} encrypts with an old certificate, or with another application's.{named}"
        + (" Or what is encrypted is not signed, which AES-CBC makes look the same." if unsigned else ""),
        (
            _ours(sign_in),
            *([at_idp(f"{place(sign_in, 'signing')}: sign the response too")] if unsigned else []),
            at_idp("Or turn encryption off: the connection itself is encrypted by TLS"),
        ),
        (
            Evidence(
                "encrypted for",
                "a certificate of this connection's metadata",
                f"SHA-256 {fingerprint}{until}" if fingerprint else sign_in.text("algorithm"),
            ),
        ),
        NOT_SET_UP,
    )


def _tell_no_key(sign_in: SignIn) -> Explanation:
    return Explanation(
        "no_decryption_key",
        "The assertion is encrypted, and no key of this connection is at hand to open it.",
        "A response that is looked at outside the server cannot be opened; within it, the connection lacks a key pair.",
        (
            *((mend("Name the connection, whose keys may open it", AGAINST),) if sign_in.fact("alone") is True else ()),
            _ours(sign_in),
            mend("See which keys the connection has", f"vestibule connection set {sign_in.connection}"),
            at_idp("Or turn encryption off: the connection itself is encrypted by TLS"),
        ),
        (),
        NOT_SET_UP,
    )


def _tell_algorithm(sign_in: SignIn) -> Explanation:
    received = sign_in.text("received") or sign_in.text("element") or "an unknown one"
    return Explanation(
        "encryption_algorithm",
        f"The assertion is encrypted in a way that is not accepted: {received}.",
        "Accepted are AES-GCM and AES-CBC for the content and RSA-OAEP for the key; RSA 1.5 and Triple-DES are not, "
        "because both can be opened by an attacker.",
        (at_idp(f"{place(sign_in, 'encryption')}: choose AES-256 (GCM) and RSA-OAEP"),),
        sign_in.evidence("encryption"),
        NOT_SET_UP,
    )


def _tell_id(sign_in: SignIn) -> Explanation:
    return Explanation(
        "encrypted_id",
        "The NameID is encrypted by itself, which is not supported.",
        "The assertion as a whole may be encrypted; its parts may not.",
        (at_idp(f"{place(sign_in, 'encryption')}: encrypt the assertion, or nothing, in place of the NameID"),),
        (),
        NOT_SET_UP,
    )


ENTRIES: Final = (
    story("decrypt_failed", tell=_tell_failed),
    story("no_decryption_key", tell=_tell_no_key),
    story("encryption_algorithm", tell=_tell_algorithm),
    story("encrypted_id", tell=_tell_id),
)
