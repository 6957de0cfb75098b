"""Signing keys and their self-signed certificates. A key is made once per process and label; it protects nobody."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

_PEM = serialization.Encoding.PEM
DAY = 86_400_000_000
YEAR = 365 * DAY


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key with its certificate, both as PEM. Times in microseconds UTC."""

    private_pem: bytes
    certificate_pem: bytes
    not_before: int
    not_after: int

    @property
    def der(self) -> bytes:
        """The certificate as DER."""
        return x509.load_pem_x509_certificate(self.certificate_pem).public_bytes(serialization.Encoding.DER)

    @property
    def base64(self) -> str:
        """The certificate as it stands in metadata."""
        return base64.b64encode(self.der).decode()

    @property
    def thumbprint(self) -> str:
        """SHA-1 of the certificate in upper-case hexadecimal, as Entra's portal shows it."""
        return hashlib.sha1(self.der, usedforsecurity=False).hexdigest().upper()

    @property
    def kid(self) -> str:
        """The key id of OpenID Connect: the thumbprint in base64url (RFC 7515 section 4.1.7)."""
        return base64.urlsafe_b64encode(bytes.fromhex(self.thumbprint)).rstrip(b"=").decode()


@lru_cache(maxsize=1_024)
def signing_key(label: str, not_before: int, not_after: int) -> SigningKey:
    """The key of a label, with a certificate for these times; the same for the same arguments in one process."""
    private = _private_key(label)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Vestibule test identity provider")])
    serial = int.from_bytes(hashlib.sha256(f"{label} {not_before} {not_after}".encode()).digest()[:16]) >> 1
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(serial)
        .not_valid_before(_instant(not_before))
        .not_valid_after(_instant(not_after))
        .sign(private, hashes.SHA256())
    )
    pem = private.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return SigningKey(pem, certificate.public_bytes(_PEM), not_before, not_after)


@lru_cache(maxsize=256)
def _private_key(label: str) -> rsa.RSAPrivateKey:
    del label  # one key each
    return rsa.generate_private_key(65_537, 2_048)


def _instant(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds // 1_000_000, UTC)
