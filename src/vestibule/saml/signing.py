"""Our own signatures: enveloped in a document, or over the query of the HTTP-Redirect binding."""

from typing import Any, cast

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureConstructionMethod, SignatureMethod
from signxml.signer import XMLSigner

from vestibule.saml.certificates import private_key
from vestibule.saml.xml import Element, serialised


def signed(element: Element, key: str, certificate: str) -> bytes:
    """The document with an RSA-SHA256 signature over its root, in the place that is kept for it.

    `key` and `certificate` are PEM. Raises key_unreadable.
    """
    signer = cast(
        "Any",
        XMLSigner(
            method=SignatureConstructionMethod.enveloped,
            signature_algorithm=SignatureMethod.RSA_SHA256,
            digest_algorithm=DigestAlgorithm.SHA256,
            c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
        ),
    )
    made: Element = signer.sign(element, key=private_key(key), cert=certificate, reference_uri=element.get("ID"))
    return serialised(made)


def signature_over(octets: bytes, key: str) -> bytes:
    """RSA-SHA256 (PKCS #1 v1.5) over octets. Raises key_unreadable."""
    return private_key(key).sign(octets, padding.PKCS1v15(), hashes.SHA256())
