"""Secrets at rest: sealed with AES-256-GCM (NIST SP 800-38D) for one place, and opened there only.

A sealed text is `v1.<key id>.<base64url of nonce and ciphertext>`. What it was sealed for (`context`) is
authenticated with it, so that a row that is copied to another tenant, or into another column, does not open.
"""

import base64
import binascii
import hashlib
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vestibule import ids

KEY_SIZE = 32
NONCE_SIZE = 12
_FORM = "v1"


class SealError(Exception):
    """A sealed text that does not open: not one of ours, by a key that is not at hand, or not as it was sealed."""

    def __init__(self, code: Literal["malformed", "key_unknown", "tampered"], message: str, **facts: str) -> None:
        super().__init__(message)
        self.code = code
        self.facts = facts


class Seal:
    """Seals with the first key, opens with any: a new key is put in front, the old one kept until all is resealed."""

    def __init__(self, keys: tuple[bytes, ...]) -> None:
        """`keys` have 32 bytes each, the newest first."""
        if not keys or any(len(each) != KEY_SIZE for each in keys):
            raise ValueError(f"a seal needs keys of {KEY_SIZE} bytes")
        self._keys = {key_id(each): AESGCM(each) for each in keys}
        self._newest = key_id(keys[0])

    def seal(self, text: str, context: str) -> str:
        """A text sealed for a context, e.g. `con_… oidc.client_secret`: the row that it belongs to, and what it is."""
        nonce = ids.new_nonce(NONCE_SIZE)
        head = f"{_FORM}.{self._newest}"
        sealed = self._keys[self._newest].encrypt(nonce, text.encode(), _bound(head, context))
        return f"{head}.{base64.urlsafe_b64encode(nonce + sealed).decode().rstrip('=')}"

    def open(self, sealed: str, context: str) -> str:
        """The text again, for the context that it was sealed for. Raises SealError."""
        form, _, rest = sealed.partition(".")
        named, _, body = rest.partition(".")
        if form != _FORM or not body:
            raise SealError("malformed", "This is no sealed secret: it does not begin with v1 and a key's name.")
        key = self._keys.get(named)
        if key is None:
            raise SealError(
                "key_unknown",
                f"The secret was sealed with the key {named}, and VESTIBULE_SECRET_KEYS has only "
                f"{', '.join(self._keys)}: put the old key behind the new one.",
                key_id=named,
            )
        try:
            raw = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
            return key.decrypt(raw[:NONCE_SIZE], raw[NONCE_SIZE:], _bound(f"{form}.{named}", context)).decode()
        except (binascii.Error, InvalidTag, ValueError) as error:
            raise SealError(
                "tampered",
                f"A secret of {context} does not open: it was changed, or belongs to another row. "
                "Restore the row from a backup, or enter the secret anew.",
                key_id=named,
            ) from error

    def is_newest(self, sealed: str) -> bool:
        """Whether a text is sealed with the newest key; another one should be opened and sealed again."""
        return sealed.startswith(f"{_FORM}.{self._newest}.")


def key_id(key: bytes) -> str:
    """The name of a key in sealed texts: eight hexadecimal digits of a hash, which tell nothing of the key."""
    return hashlib.sha256(b"vestibule sealing key id\0" + key).hexdigest()[:8]


def _bound(head: str, context: str) -> bytes:
    return f"{head}\0{context}".encode()
