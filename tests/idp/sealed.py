"""Open an EncryptedAssertion without the library that closed it."""

import base64
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] -- untyped

from tests.idp.browser import NS, Pair, Posted


def opened(posted: Posted, key: Pair) -> Posted:
    """The assertion inside, as a document of its own. Raises ValueError when the key is not the right one."""
    data = posted.one("a:EncryptedAssertion/xenc:EncryptedData")
    wrapped = data.find("ds:KeyInfo/xenc:EncryptedKey", NS)
    oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
    secret = _private(key).decrypt(_value(wrapped), oaep)
    algorithm, body = data.find("xenc:EncryptionMethod", NS).get("Algorithm"), _value(data)
    if algorithm.endswith("gcm"):
        text = AESGCM(secret).decrypt(body[:12], body[12:], None)
    else:
        machine = Cipher(algorithms.AES(secret), modes.CBC(body[:16])).decryptor()
        text = machine.update(body[16:]) + machine.finalize()
        text = text[: -text[-1]]
    etree.fromstring(text)  # it stands for itself, whatever is around it
    return Posted(b"<r>" + text + b"</r>")


def recipient(posted: Posted) -> str:
    """The certificate that the EncryptedKey names."""
    return posted.one(".//xenc:EncryptedKey/ds:KeyInfo/ds:X509Data/ds:X509Certificate").text


def methods(posted: Posted) -> list[str]:
    """The algorithms by their last part: of the data, then of the key."""
    found = posted.root.iter(f"{{{NS['xenc']}}}EncryptionMethod")
    return [each.get("Algorithm").rpartition("#")[2] for each in found]


def _value(element: Any) -> bytes:
    return base64.b64decode(element.find("xenc:CipherData/xenc:CipherValue", NS).text)


def _private(key: Pair) -> Any:
    return serialization.load_pem_private_key(key.private_pem, None)
