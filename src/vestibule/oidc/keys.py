"""A provider's public keys (RFC 7517), and which of them may have signed a token.

Only public keys for signatures are kept: RSA of 2,048 bits or more, EC on P-256, P-384 and P-521, and Ed25519. A
symmetric key or `none` has no place here. Keys of any other kind are passed over, as RFC 7517 section 5 wants it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, cast

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.util import base64_to_int

from vestibule.model import JsonObject
from vestibule.oidc.errors import OidcError
from vestibule.oidc.json_object import read_object, texts

PublicKey = RSAKey | ECKey | OKPKey

ALGORITHMS: Final = {
    "RS256": "RSA",
    "RS384": "RSA",
    "RS512": "RSA",
    "PS256": "RSA",
    "PS384": "RSA",
    "PS512": "RSA",
    "ES256": "P-256",
    "ES384": "P-384",
    "ES512": "P-521",
    "EdDSA": "Ed25519",
    "Ed25519": "Ed25519",
}
"""The signature algorithms that are accepted (RFC 7518, 8037, 9864), each with the kind of key that it needs."""

LEAST_BITS: Final = 2_048
_MOST_BITS = 8_192
_MOST_EXPONENT_BITS = 64
_MOST_KEYS = 100
_MEMBERS = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}
_TYPES: dict[str, type[PublicKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}


@dataclass(frozen=True, slots=True)
class Key:
    """One public key. `kind` is RSA or the curve; `alg` is what it is restricted to, if it is."""

    kid: str | None
    kind: str
    alg: str | None
    issuer: str | None
    """The issuer that it is for, where the set says so: Entra's set of all tenants does."""
    public: PublicKey = field(repr=False, compare=False)

    def fits(self, alg: str) -> bool:
        """Whether this key may have made a signature with the algorithm."""
        return ALGORITHMS.get(alg) == self.kind and self.alg in (None, alg)


@dataclass(frozen=True, slots=True)
class Keys:
    """The usable keys of a provider."""

    keys: tuple[Key, ...]

    def choose(self, kid: str | None, alg: str) -> tuple[Key, ...]:
        """The keys that may have signed: of the `kid`, or all that fit when the token names none.

        Raises `OidcError` `kid_unknown`: fetch the set again, at most every five minutes, and try once more.
        """
        named = tuple(each for each in self.keys if kid is None or each.kid == kid)
        if not named:
            raise OidcError("kid_unknown", kid=kid, known=[each.kid for each in self.keys])
        fitting = tuple(each for each in named if each.fits(alg))
        if not fitting:
            raise OidcError("id_token_alg", alg=alg, kid=kid, keys=[each.alg or each.kind for each in named])
        return fitting


def read_jwks(document: bytes) -> Keys:
    """The usable keys of a JWK Set. Raises `OidcError` `jwks_malformed`, `jwks_no_usable_key`."""
    listed = read_object(document, "jwks_malformed").get("keys")
    if not isinstance(listed, list):
        raise OidcError("jwks_malformed", fault="keys is not a list")
    entries = cast("list[Any]", listed)
    if len(entries) > _MOST_KEYS:
        raise OidcError("jwks_malformed", fault="too many keys", count=len(entries), limit=_MOST_KEYS)
    refused: list[str] = []
    keys = tuple(_usable(entries, refused))
    if not keys:
        raise OidcError("jwks_no_usable_key", count=len(entries), refused=refused[:10])
    return Keys(keys)


def _usable(entries: list[Any], refused: list[str]) -> Iterator[Key]:
    """The keys that can be used; `refused` takes why each of the others cannot."""
    for entry in entries:
        read = _read_key(cast("JsonObject", entry)) if isinstance(entry, dict) else "not an object"
        if isinstance(read, Key):
            yield read
        else:
            refused.append(read)


def _read_key(entry: JsonObject) -> Key | str:
    """A key, or why it is none of use here."""
    kty, use, ops = entry.get("kty"), entry.get("use"), entry.get("key_ops")
    if not isinstance(kty, str) or kty not in _TYPES:
        return f"kty {kty!r}"[:80]
    if use not in (None, "sig"):
        return f"use {use!r}"[:80]
    if ops is not None and "verify" not in (texts(ops) or ()):
        return "key_ops without verify"
    if "d" in entry:
        return "a private key, which anybody can use now"
    members = {name: entry.get(name) for name in _MEMBERS[kty]}
    if not all(isinstance(value, str) and value.isascii() for value in members.values()):
        return f"a member of {', '.join(members)} is missing"
    public = _import(kty, cast("dict[str, str]", members))
    if isinstance(public, str):
        return public
    kind = "RSA" if kty == "RSA" else str(members["crv"])
    return Key(_text(entry, "kid"), kind, _text(entry, "alg"), _text(entry, "issuer"), public)


def _text(entry: JsonObject, member: str) -> str | None:
    value = entry.get(member)
    return value if isinstance(value, str) else None


def _import(kty: str, members: dict[str, str]) -> PublicKey | str:
    """The public key made of nothing but its own members, so that no other member can be believed."""
    curve = members.get("crv")
    if curve is not None and curve not in ALGORITHMS.values():
        return f"curve {curve!r}"[:80]
    try:
        if kty == "RSA" and not LEAST_BITS <= (bits := base64_to_int(members["n"]).bit_length()) <= _MOST_BITS:
            return f"RSA of {bits} bits"
        if kty == "RSA" and base64_to_int(members["e"]).bit_length() > _MOST_EXPONENT_BITS:
            return "RSA with a huge exponent"
        return _TYPES[kty].import_key({"kty": kty, **members})
    except (JoseError, ValueError, TypeError, KeyError, OverflowError):
        return f"{kty} that is no key"
