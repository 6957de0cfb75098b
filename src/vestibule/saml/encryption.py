"""Encrypted assertions (XML Encryption 1.1): RSA-OAEP for the key, AES-GCM or AES-CBC for the content.

All that goes wrong with a key or a ciphertext is one `decrypt_failed`: which part it was would tell an attacker.
"""

import base64
import binascii
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vestibule.saml.certificates import private_key
from vestibule.saml.document import read
from vestibule.saml.errors import SamlError
from vestibule.saml.names import XENC, XENC11, ds
from vestibule.saml.xml import Element, opening, serialised

_SHA1, _SHA256 = "http://www.w3.org/2000/09/xmldsig#sha1", "http://www.w3.org/2001/04/xmlenc#sha256"
_DIGESTS: Final[dict[str, type[hashes.HashAlgorithm]]] = {
    # OAEP needs no collision resistance; SHA-1 is what rsa-oaep-mgf1p has when nothing is said, as everybody sends it.
    _SHA1: hashes.SHA1,
    _SHA256: hashes.SHA256,
    "http://www.w3.org/2001/04/xmldsig-more#sha384": hashes.SHA384,
    "http://www.w3.org/2001/04/xmlenc#sha512": hashes.SHA512,
}
_MASKS: Final[dict[str, type[hashes.HashAlgorithm]]] = {
    XENC11 + "mgf1sha1": hashes.SHA1,
    XENC11 + "mgf1sha256": hashes.SHA256,
    XENC11 + "mgf1sha384": hashes.SHA384,
    XENC11 + "mgf1sha512": hashes.SHA512,
}
_MGF1P, _OAEP = XENC + "rsa-oaep-mgf1p", XENC11 + "rsa-oaep"
_GCM: Final = {XENC11 + "aes128-gcm": 16, XENC11 + "aes192-gcm": 24, XENC11 + "aes256-gcm": 32}
_CBC: Final = {XENC + "aes128-cbc": 16, XENC + "aes192-cbc": 24, XENC + "aes256-cbc": 32}
# Each of ours is tried with each of theirs, before anything is known of who asks.
_MAX_ENCRYPTED_KEYS = 3
_MAX_KEYS = 4
_FAULTS = (InvalidTag, ValueError, TypeError, UnsupportedAlgorithm)


@dataclass(frozen=True, slots=True)
class Decrypted:
    """An assertion out of its encryption, past the prelude but not verified. `malleable`: it was in CBC."""

    element: Element
    malleable: bool
    algorithm: str


@dataclass(frozen=True, slots=True)
class _Parts:
    content: bytes
    content_algorithm: str
    keys: tuple[tuple[bytes, padding.OAEP], ...]


def decrypted(encrypted: Element, keys: Sequence[str], signed: Collection[str], cbc: bool = True) -> Decrypted:
    """What an EncryptedAssertion holds. `keys`: private keys (PEM), the current one first; each is tried.

    `cbc`: whether AES-CBC is decrypted at all; a ciphertext of AES-GCM can be passed off as one.
    Raises no_decryption_key, encryption_algorithm, decrypt_failed, and what `document.read` raises; for CBC
    that too is decrypt_failed.
    """
    parts = _parts(encrypted, _GCM | _CBC if cbc else _GCM)
    if not keys:
        raise SamlError("no_decryption_key")
    plain = _decrypt(parts, [private_key(pem) for pem in keys[:_MAX_KEYS]])
    malleable = parts.content_algorithm in _CBC
    if plain is None:
        raise failed(parts.content_algorithm)
    try:
        return Decrypted(_parsed(plain, encrypted, signed), malleable, parts.content_algorithm)
    except SamlError as error:
        if malleable:
            raise failed(parts.content_algorithm) from None
        raise error from None


def failed(algorithm: str) -> SamlError:
    """The one error for whatever went wrong behind an encryption."""
    return SamlError("decrypt_failed", algorithm=algorithm)


def _parts(encrypted: Element, known: Collection[str]) -> _Parts:
    data = [each for each in encrypted if each.tag == f"{{{XENC}}}EncryptedData"]
    if len(data) != 1:
        raise SamlError("encryption_algorithm", element="EncryptedData", expected=1, received=len(data))
    algorithm = _algorithm(data[0])
    if algorithm not in known:
        raise SamlError("encryption_algorithm", expected=sorted(known), received=algorithm[:200])
    wrapped = [
        *data[0].findall(f"{ds('KeyInfo')}/{{{XENC}}}EncryptedKey"),
        *encrypted.findall(f"{{{XENC}}}EncryptedKey"),
    ]
    if not 0 < len(wrapped) <= _MAX_ENCRYPTED_KEYS:
        raise SamlError("encryption_algorithm", element="EncryptedKey", expected=1, received=len(wrapped))
    return _Parts(_cipher(data[0]), algorithm, tuple((_cipher(each), _oaep(each)) for each in wrapped))


def _algorithm(element: Element) -> str:
    method = element.find(f"{{{XENC}}}EncryptionMethod")
    return (method.get("Algorithm") or "") if method is not None else ""


def _cipher(element: Element) -> bytes:
    values = element.findall(f"{{{XENC}}}CipherData/{{{XENC}}}CipherValue")
    try:
        if len(values) != 1 or len(values[0]):
            raise ValueError
        return base64.b64decode("".join((values[0].text or "").split()), validate=True)
    except (binascii.Error, ValueError):
        # Not a secret: nothing has been tried with a key yet.
        raise SamlError("decrypt_failed", reason="CipherValue") from None


def _oaep(encrypted_key: Element) -> padding.OAEP:
    method = encrypted_key.find(f"{{{XENC}}}EncryptionMethod")
    algorithm = _algorithm(encrypted_key)
    if method is None or algorithm not in {_MGF1P, _OAEP}:
        raise SamlError("encryption_algorithm", expected=[_MGF1P, _OAEP], received=algorithm[:200])
    digest = _chosen(method, ds("DigestMethod"), _SHA1, _DIGESTS)
    mask = _MASKS[XENC11 + "mgf1sha1"]
    if algorithm == _OAEP:
        mask = _chosen(method, f"{{{XENC11}}}MGF", XENC11 + "mgf1sha1", _MASKS)
    label = method.find(f"{{{XENC}}}OAEPparams")
    if label is not None and (label.text or "").strip():
        raise SamlError("encryption_algorithm", element="OAEPparams", received="a label")
    return padding.OAEP(padding.MGF1(mask()), digest(), None)


def _chosen(
    method: Element, tag: str, default: str, known: dict[str, type[hashes.HashAlgorithm]]
) -> type[hashes.HashAlgorithm]:
    element = method.find(tag)
    name = default if element is None else element.get("Algorithm") or ""
    if name not in known:
        raise SamlError("encryption_algorithm", expected=sorted(known), received=name[:200])
    return known[name]


def _decrypt(parts: _Parts, keys: Sequence[rsa.RSAPrivateKey]) -> bytes | None:
    """The plain octets by the first key that fits; every key is tried with every EncryptedKey, whatever fails."""
    found: bytes | None = None
    for wrapped, oaep in parts.keys:
        for key in keys:
            try:
                plain = _content(parts, key.decrypt(wrapped, oaep))
            except _FAULTS:
                continue
            found = plain if found is None else found
    return found


def _content(parts: _Parts, key: bytes) -> bytes:
    data = parts.content
    size = _GCM.get(parts.content_algorithm) or _CBC[parts.content_algorithm]
    if len(key) != size:
        raise ValueError("the key is of another length")
    if parts.content_algorithm in _GCM:
        return AESGCM(key).decrypt(data[:12], data[12:], None)
    if len(data) < 32 or len(data) % 16:
        raise ValueError("no whole number of blocks")
    machine = Cipher(algorithms.AES(key), modes.CBC(data[:16])).decryptor()
    return _unpadded(machine.update(data[16:]) + machine.finalize())


def _unpadded(blocks: bytes) -> bytes:
    """Without the padding of XML Encryption (section 5.2.2): its last octet is its length, the others are anything.

    A length that cannot be leaves the last block as it is, so that bad padding and bad content fail alike, later.
    """
    last = blocks[-1]
    return blocks[:-last] if 1 <= last <= 16 else blocks


def _parsed(plain: bytes, encrypted: Element, signed: Collection[str]) -> Element:
    # A fragment may use prefixes that only its surroundings declare.
    plain = plain.removeprefix(b"\xef\xbb\xbf").lstrip()
    if plain.startswith(b"<?xml"):
        plain = plain.partition(b"?>")[2]
    root = read(opening(encrypted.nsmap, "surroundings") + plain + b"</surroundings>", signed)
    inside = list(root)
    stray = (root.text or "") + "".join(each.tail or "" for each in inside)
    if len(inside) != 1 or stray.strip():
        raise SamlError("one_assertion", expected=1, received=len(inside))
    return read(serialised(inside[0]), signed)
