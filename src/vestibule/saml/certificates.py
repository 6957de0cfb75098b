"""X.509 certificates as identity providers hand them out, and a key pair of our own."""

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import NameOID

from vestibule.saml.errors import SamlError

MIN_RSA_BITS = 2048
_OWN_RSA_BITS = 3072
_MAX_TEXT = 64 * 1024
# A certificate in KeyInfo is anybody's; the warning is of what is let through, where warnings are errors.
_FAULTS = (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion, CryptographyDeprecationWarning)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MARK = re.compile(r"-----(BEGIN|END) (?:X509 |TRUSTED )?CERTIFICATE-----")


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate. Instants are microseconds; `fingerprint` is SHA-256 of the DER form in lower-case hex.

    `key_kind` is `RSA`, `EC` or the name of another algorithm; `key_bits` its size, 0 where it has none.
    """

    pem: str
    fingerprint: str
    not_before: int
    not_after: int
    subject: str
    key_kind: str
    key_bits: int

    @property
    def strong(self) -> bool:
        """Whether signatures with this key are believed: RSA from 2048 bits, EC on a NIST curve from 256 bits."""
        if self.key_kind == "RSA":
            return self.key_bits >= MIN_RSA_BITS
        return self.key_kind == "EC" and self.key_bits >= 256

    @property
    def facts(self) -> dict[str, str | int]:
        """What a diagnosis tells of it."""
        return {
            "fingerprint": self.fingerprint, "not_before": self.not_before, "not_after": self.not_after,
            "subject": self.subject, "key": f"{self.key_kind} {self.key_bits}".strip(),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A private key (PKCS #8, PEM, not encrypted) and its self-signed certificate (PEM)."""

    private_key: str
    certificate: str


def read(source: str | bytes) -> Certificate:
    """A certificate out of PEM (the first one), bare base64 or DER.

    Raises certificate_unreadable (facts: `reason`) and certificate_is_key.
    """
    return _described(_der(source))


def read_all(source: str) -> tuple[Certificate, ...]:
    """Every certificate of a PEM text, or the one of bare base64. Raises as `read` does."""
    blocks = _blocks(source)
    return tuple(_described(_decoded(block)) for block in blocks) if blocks else (read(source),)


@lru_cache(maxsize=512)
def loaded(pem: str) -> tuple[Certificate, x509.Certificate]:
    """A certificate with the object that verifies with it. Raises as `read` does."""
    der = _der(pem)
    return _described(der), x509.load_der_x509_certificate(der)


def make_key_pair(common_name: str, now: int, days: int = 3650) -> KeyPair:
    """A new RSA key of 3072 bits with a self-signed certificate that is valid from an hour ago, for `days`.

    Signing and decrypting need no more than the key; identity providers ask for a certificate to carry it.
    """
    key = rsa.generate_private_key(public_exponent=65537, key_size=_OWN_RSA_BITS)
    begin = _EPOCH + timedelta(microseconds=now) - timedelta(hours=1)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64] or "Vestibule")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin.replace(microsecond=0))
        .not_valid_after((begin + timedelta(days=days)).replace(microsecond=0))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return KeyPair(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
        certificate.public_bytes(serialization.Encoding.PEM).decode(),
    )


@lru_cache(maxsize=64)
def private_key(pem: str) -> rsa.RSAPrivateKey:
    """An RSA private key of ours. Raises key_unreadable."""
    try:
        key = serialization.load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise SamlError("key_unreadable") from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise SamlError("key_unreadable", received=type(key).__name__)
    return key


def _der(source: str | bytes) -> bytes:
    if len(source) > _MAX_TEXT:
        raise SamlError("certificate_unreadable", reason="too_large", limit=_MAX_TEXT)
    if isinstance(source, bytes):
        if source[:1] == b"\x30":
            return source
        try:
            source = source.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise SamlError("certificate_unreadable", reason="neither_text_nor_der") from None
    if "PRIVATE KEY-----" in source:
        raise SamlError("certificate_is_key")
    blocks = _blocks(source)
    if not blocks and "-----BEGIN" in source:
        raise SamlError("certificate_unreadable", reason="pem_of_something_else")
    return _decoded(blocks[0] if blocks else source)


def _blocks(text: str) -> list[str]:
    """What stands between the marks of PEM; read once through, however many marks there are."""
    blocks: list[str] = []
    begin: int | None = None
    for mark in _MARK.finditer(text):
        if mark[1] == "BEGIN":
            begin = mark.end()
        elif begin is not None:
            blocks.append(text[begin : mark.start()])
            begin = None
    return blocks


def _decoded(text: str) -> bytes:
    packed = "".join(text.split())
    if not packed:
        raise SamlError("certificate_unreadable", reason="empty")
    try:
        return base64.b64decode(packed, validate=True)
    except (binascii.Error, ValueError):
        raise SamlError("certificate_unreadable", reason="not_base64") from None


def _described(der: bytes) -> Certificate:
    try:
        certificate = x509.load_der_x509_certificate(der)
        key = certificate.public_key()
        subject = certificate.subject.rfc4514_string()
        pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
        begin, end = (_instant(each) for each in (certificate.not_valid_before_utc, certificate.not_valid_after_utc))
    except _FAULTS:
        raise SamlError("certificate_unreadable", reason="not_x509") from None
    kind, bits = type(key).__name__.removesuffix("PublicKey"), 0
    if isinstance(key, rsa.RSAPublicKey):
        kind, bits = "RSA", key.key_size
    elif isinstance(key, ec.EllipticCurvePublicKey):
        kind, bits = "EC", key.key_size
    fingerprint = certificate.fingerprint(hashes.SHA256()).hex()
    return Certificate(pem, fingerprint, begin, end, subject[:200], kind, bits)


def _instant(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
