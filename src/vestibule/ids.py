"""The only reader of randomness: prefixed ids and secret tokens.

An id is a prefix and a UUIDv7 (RFC 9562 section 5.7) in 26 lower-case Crockford base32 characters,
so ids sort by the time they were made: `usr_06fdm3v7q5wrn9w2fz1m8m3h1c`.
"""

import hashlib
import hmac
import secrets
import threading
import zlib
from dataclasses import dataclass

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_lock = threading.Lock()
_last_stamp = 0
_SET_BACK = 300_000 << 12
"""A clock that is five minutes or more behind the last id was set back; ids follow it, as the log is sought by them."""

TOKEN_PREFIX = "vst_scim_"  # noqa: S105 -- the public, greppable part of every token
"""What every SCIM token begins with, so that secret scanners can find one that leaked."""


def new_id(prefix: str, now: int) -> str:
    """A fresh id such as `usr_…` for an instant in microseconds; ids of one process increase while the clock does."""
    global _last_stamp  # noqa: PLW0603 -- RFC 9562 section 6.2 method 1: a counter in the low time bits
    with _lock:
        # 48 bits of milliseconds and 12 bits of sub-millisecond time: 60 ordered bits.
        millis, micros = divmod(now, 1_000)
        stamp = (millis << 12) | (micros * 4096 // 1_000)
        if stamp <= _last_stamp < stamp + _SET_BACK:
            stamp = _last_stamp + 1
        _last_stamp = stamp
    value = (stamp >> 12) << 80 | 0x7 << 76 | (stamp & 0xFFF) << 64 | 0b10 << 62 | secrets.randbits(62)
    return f"{prefix}_{_base32(value)}"


def time_of(ident: str) -> int | None:
    """When an id was made, in microseconds to the millisecond, or None when it is none of this form.

    `ident` may come without its prefix.
    """
    text = ident.rpartition("_")[2]
    if len(text) != 26 or any(each not in _ALPHABET for each in text):
        return None
    value = 0
    for each in text:
        value = value << 5 | _ALPHABET.index(each)
    return (value >> 80) * 1_000


def is_id(text: str, prefix: str) -> bool:
    """Whether a text is an id of this kind: a group may be called `grp_all@example.com`, and a person `usr_1`."""
    kind, divider, rest = text.partition("_")
    return (kind, divider) == (prefix, "_") and time_of(rest) is not None


def first_id(prefix: str, instant: int) -> str:
    """What no id with this prefix that is made at an instant (microseconds) or later comes before."""
    return f"{prefix}_{_base32(max(0, instant) // 1_000 << 80)}"


def request_id(now: int) -> str:
    """A fresh `req_…` id for one recorded exchange."""
    return new_id("req", now)


def new_key() -> bytes:
    """32 random bytes, for a key that this installation makes for itself."""
    return secrets.token_bytes(32)


def new_nonce(size: int) -> bytes:
    """This many random bytes, to be used once."""
    return secrets.token_bytes(size)


def new_challenge() -> str:
    """130 random bits in 26 small letters and digits, to be published where only the owner of a place can."""
    return _base32(secrets.randbits(130))


def new_link_secret() -> str:
    """130 random bits in 26 small letters and digits, of which no mail program cuts off or changes any in a link."""
    return _base32(secrets.randbits(130))


def _base32(value: int) -> str:
    return "".join([_PAIRS[(value >> shift) & 1023] for shift in range(120, -1, -10)])


@dataclass(frozen=True, slots=True)
class Secret:
    """A new SCIM token: its id, the text that is shown once, the hash that is kept, its last four characters."""

    token_id: str
    text: str
    hash: bytes
    last_four: str


def new_token(now: int) -> Secret:
    """Mint a token `vst_scim_<id>_<43 characters of secret><6 of CRC-32>` with 256 bits of randomness."""
    token_id = new_id("tok", now)
    body = TOKEN_PREFIX + token_id.removeprefix("tok_") + "_" + _base62(secrets.randbits(256), 43)
    text = body + _base62(zlib.crc32(body.encode()), 6)
    return Secret(token_id, text, token_hash(text), text[-4:])


def token_id_of(text: str) -> str | None:
    """The id inside a token's text, or None when the text is not one of ours (form and CRC-32 checked)."""
    head, _, secret = text.removeprefix(TOKEN_PREFIX).partition("_")
    if not text.startswith(TOKEN_PREFIX) or len(head) != 26 or len(secret) != 49 or not text.isascii():
        return None
    if not hmac.compare_digest(_base62(zlib.crc32(text[:-6].encode()), 6), text[-6:]):
        return None
    return "tok_" + head


def token_hash(text: str) -> bytes:
    """SHA-256 of a token's text; a fast hash is enough for 256 bits of randomness."""
    return hashlib.sha256(text.encode()).digest()


def same_hash(left: bytes, right: bytes) -> bool:
    """Compare two hashes in constant time."""
    return hmac.compare_digest(left, right)


def _base62(value: int, width: int) -> str:
    digits: list[str] = []
    for _ in range(width):
        value, rest = divmod(value, 62)
        digits.append(_BASE62[rest])
    return "".join(reversed(digits))


def new_browser_secret() -> str:
    """43 characters that bind a begun sign-in, or a session, to one browser: 256 bits of randomness."""
    return secrets.token_urlsafe(32)


def new_code() -> str:
    """Six digits that are sent by e-mail."""
    return f"{secrets.randbelow(1_000_000):06d}"


def keyed_hash(key: bytes, text: str) -> bytes:
    """HMAC-SHA-256: the hash of something short, that cannot be guessed from the database alone."""
    return hmac.digest(key, text.encode(), "sha256")
