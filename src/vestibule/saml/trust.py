"""Signatures checked with pinned certificates: what comes back is read out of the signed octets, and nothing else."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from cryptography import x509
from cryptography.exceptions import InvalidSignature as KeyFault
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import InvalidDigest, SignXMLException
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

from vestibule.saml.certificates import Certificate, loaded
from vestibule.saml.document import DIGEST_ALGORITHMS, SIGNATURE_ALGORITHMS, assert_signable, read
from vestibule.saml.errors import SamlError
from vestibule.saml.instants import SECOND
from vestibule.saml.names import SIGNATURE, ds
from vestibule.saml.xml import PARSER, Element, XmlFault, parsed, serialised

_METHODS = frozenset(SignatureMethod(each) for each in SIGNATURE_ALGORITHMS)
_DIGESTS = frozenset(DigestAlgorithm(each) for each in DIGEST_ALGORITHMS)
_OCTET_ALGORITHMS: Final[dict[str, tuple[str, hashes.HashAlgorithm]]] = {
    f"http://www.w3.org/2001/04/xmldsig-more#{kind}-sha{bits}": (name, digest)
    for kind, name in (("rsa", "RSA"), ("ecdsa", "EC"))
    for bits, digest in ((256, hashes.SHA256()), (384, hashes.SHA384()), (512, hashes.SHA512()))
}
_FAULTS = (SignXMLException, KeyFault, UnsupportedAlgorithm, XmlFault, ValueError, TypeError)


@dataclass(frozen=True, slots=True)
class Pinned:
    """The certificates (PEM) that may sign, and until when (microseconds) an expired one is let through."""

    certificates: Sequence[str]
    allow_expired_until: int | None = None


@dataclass(frozen=True, slots=True)
class Signed:
    """What was signed, read anew out of the signed octets, and the certificate that it was verified with."""

    element: Element
    certificate: Certificate


def verified(element: Element, pinned: Pinned, now: int, signed: Collection[str]) -> Signed:
    """The element as its own Signature covers it. `signed`: tags below it that may have a Signature of their own.

    The certificate in KeyInfo is never used. Raises what `assert_signable` raises, and no_certificate,
    bad_signature, weak_key, cert_expired, cert_not_yet_valid.
    """
    assert_signable(element)
    octets, certificate = _first_that_verifies(_bare(element), pinned.certificates, now)
    _in_time(certificate, pinned.allow_expired_until, now)
    again = read(octets, signed)
    # What came back must be what was asked about, whatever the library thought the Reference means.
    if again.tag != element.tag or again.get("ID") != element.get("ID") or again.find(SIGNATURE) is not None:
        raise SamlError("reference_not_parent", received=again.tag[:200])
    return Signed(again, certificate)


def _bare(element: Element) -> bytes:
    """The element with its Signature but without KeyInfo, which nothing covers and nobody needs."""
    try:
        copy, _, _ = parsed(serialised(element))
    except XmlFault as error:
        raise SamlError("not_xml", reason=str(error)[:200]) from None
    for signature in copy.findall(SIGNATURE):
        for key_info in signature.findall(ds("KeyInfo")):
            signature.remove(key_info)
    return serialised(copy)


def _first_that_verifies(data: bytes, pems: Sequence[str], now: int) -> tuple[bytes, Certificate]:
    known = _best_first(pems, now)
    reason = "signature"
    for certificate, key in known:
        try:
            octets = _attempt(data, key)
        except InvalidDigest:
            reason = "digest"
        except _FAULTS:
            continue
        else:
            if not certificate.strong:
                raise SamlError("weak_key", **certificate.facts)
            return octets, certificate
    raise SamlError("bad_signature", reason=reason, tried=[certificate.facts for certificate, _ in known])


def _best_first(pems: Sequence[str], now: int) -> list[tuple[Certificate, x509.Certificate]]:
    """The strong ones that are valid now first: a certificate may have been renewed with the same key."""
    known = [loaded(pem) for pem in dict.fromkeys(pems)]
    if not known:
        raise SamlError("no_certificate")
    return sorted(known, key=lambda pair: (not pair[0].strong, not pair[0].not_before <= now <= pair[0].not_after))


def _attempt(data: bytes, key: x509.Certificate) -> bytes:
    # Dates are judged here, not by the library: it is given an instant at which the certificate is valid.
    verifier = cast("Any", XMLVerifier())
    result: object = verifier.verify(
        data,
        x509_cert=key,
        parser=PARSER,
        expect_config=SignatureConfiguration(
            location="./", expect_references=1, signature_methods=_METHODS, digest_algorithms=_DIGESTS,
            ignore_ambiguous_key_info=True, verification_time=key.not_valid_after_utc,
        ),
    )  # fmt: skip
    if not isinstance(result, VerifyResult):
        raise SignXMLException("one reference was asked for")
    return result.signed_data


def verified_octets(octets: bytes, signature: bytes, algorithm: str, pinned: Pinned, now: int) -> Certificate:
    """The certificate with which a signature over plain octets verifies, as the HTTP-Redirect binding has it.

    `algorithm` is a URI of XML Signature. Raises signature_algorithm, no_certificate, bad_signature, weak_key,
    cert_expired, cert_not_yet_valid.
    """
    if algorithm not in _OCTET_ALGORITHMS:
        raise SamlError("signature_algorithm", expected=sorted(_OCTET_ALGORITHMS), received=algorithm[:200])
    kind, digest = _OCTET_ALGORITHMS[algorithm]
    known = _best_first(pinned.certificates, now)
    for certificate, holder in known:
        if certificate.key_kind == kind and _fits(holder.public_key(), octets, signature, digest):
            if not certificate.strong:
                raise SamlError("weak_key", **certificate.facts)
            _in_time(certificate, pinned.allow_expired_until, now)
            return certificate
    raise SamlError("bad_signature", reason="signature", tried=[certificate.facts for certificate, _ in known])


def _fits(key: object, octets: bytes, signature: bytes, digest: hashes.HashAlgorithm) -> bool:
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, octets, padding.PKCS1v15(), digest)
            return True
        if isinstance(key, ec.EllipticCurvePublicKey):
            # XML Signature writes r and s side by side (RFC 4050 section 3.3), cryptography reads them as DER.
            half = (key.key_size + 7) // 8
            if len(signature) != 2 * half:
                return False
            r, s = (int.from_bytes(part) for part in (signature[:half], signature[half:]))
            key.verify(utils.encode_dss_signature(r, s), octets, ec.ECDSA(digest))
            return True
    except (KeyFault, ValueError):
        pass
    return False


def _in_time(certificate: Certificate, allow_expired_until: int | None, now: int) -> None:
    if now < certificate.not_before:
        ahead = (certificate.not_before - now) // SECOND
        raise SamlError("cert_not_yet_valid", seconds=ahead, **certificate.facts)
    if now > certificate.not_after and (allow_expired_until is None or now >= allow_expired_until):
        raise SamlError("cert_expired", seconds=(now - certificate.not_after) // SECOND, **certificate.facts)
