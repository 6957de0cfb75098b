"""An OpenID Provider for the tests. It signs with another library than the one that verifies."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field, replace
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from vestibule.oidc.client import IdToken, verify_id_token
from vestibule.oidc.keys import Keys, read_jwks
from vestibule.oidc.provider import Provider, read_discovery

ISSUER = "https://op.example/realms/acme"
CLIENT = "vestibule"
NONCE = "n-0S6_WzA2Mj"
NOW = 1_795_507_200
"""Seconds; 2026-11-24T08:00:00Z."""
SECOND = 1_000_000

TENANT = "2f9e6f5c-7f0e-4d0a-9c55-0f5d2b1f3c11"
OTHER_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"
OID = "6d2f1c1e-6a52-4c61-8f0b-3c1c9a4b7e01"

RSA = rsa.generate_private_key(65537, 2048)
MALLORY = rsa.generate_private_key(65537, 2048)
P256, P384, P521 = (ec.generate_private_key(curve) for curve in (ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()))
ED25519 = ed25519.Ed25519PrivateKey.generate()
SIGNERS: dict[str, Any] = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), RSA),
    "ES256": P256,
    "ES384": P384,
    "ES512": P521,
    "EdDSA": ED25519,
}


def jwk(signs: str, key: Any, /, **members: Any) -> dict[str, Any]:
    """The public key as a JWK."""
    return {**jwt.get_algorithm_by_name(signs).to_jwk(key.public_key(), as_dict=True), **members}


JWKS = {
    "keys": [
        jwk("RS256", RSA, kid="rsa", use="sig"),
        jwk("ES256", P256, kid="p256", use="sig", alg="ES256"),
        jwk("ES384", P384, kid="p384"),
        jwk("ES512", P521, kid="p521"),
        jwk("EdDSA", ED25519, kid="ed"),
    ]
}
KIDS = {"ES256": "p256", "ES384": "p384", "ES512": "p521", "EdDSA": "ed"}


def discovery(issuer: str = ISSUER, **members: Any) -> bytes:
    """A discovery document; a member given as None is left out."""
    document = {
        "issuer": issuer,
        "authorization_endpoint": f"{ISSUER}/auth",
        "token_endpoint": f"{ISSUER}/token",
        "jwks_uri": f"{ISSUER}/certs",
        "userinfo_endpoint": f"{ISSUER}/userinfo",
        "end_session_endpoint": f"{ISSUER}/logout",
        "response_types_supported": ["code", "id_token"],
        "id_token_signing_alg_values_supported": [*SIGNERS, "HS256", "none"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"],
        "code_challenge_methods_supported": ["plain", "S256"],
        **members,
    }
    return json.dumps({name: value for name, value in document.items() if value is not None}).encode()


PROVIDER = read_discovery(discovery(), ISSUER)
KEYS = read_jwks(json.dumps(JWKS).encode())
ENTRA = read_discovery(
    discovery(f"https://login.microsoftonline.com/{TENANT}/v2.0"), f"https://login.microsoftonline.com/{TENANT}/v2.0"
)
ALL_OF_ENTRA = read_discovery(
    discovery("https://login.microsoftonline.com/{tenantid}/v2.0"),
    "https://login.microsoftonline.com/organizations/v2.0",
)
PRIVATE_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"
PRIVATE = read_discovery(
    discovery(f"https://login.microsoftonline.com/{PRIVATE_TENANT}/v2.0"),
    f"https://login.microsoftonline.com/{PRIVATE_TENANT}/v2.0",
)
GOOGLE = read_discovery(discovery("https://accounts.google.com"), "https://accounts.google.com")


def claims(**changes: Any) -> dict[str, Any]:
    """Honest claims with changes; one given as None is left out."""
    honest = {"iss": ISSUER, "aud": CLIENT, "sub": "248289761001", "nonce": NONCE, "iat": NOW, "exp": NOW + 300}
    return {name: value for name, value in (honest | changes).items() if value is not None}


def signed(alg: str = "RS256", key: Any = None, headers: dict[str, Any] | None = None, **changes: Any) -> str:
    """An ID token with changed claims or header. A header parameter given as None is left out."""
    header = {"kid": KIDS.get(alg, "rsa")} | (headers or {})
    kept = {name: value for name, value in header.items() if value is not None}
    return jwt.encode(claims(**changes), key or SIGNERS[alg], alg, headers=kept)


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def pieced(header: Any, payload: Any, secret: bytes | None = None) -> str:
    """A token put together by hand, as no library would; with a secret it is signed with HMAC."""
    parts = [b64(each if isinstance(each, bytes) else json.dumps(each).encode()) for each in (header, payload)]
    body = ".".join(parts)
    mac = hmac.digest(secret, body.encode(), hashlib.sha256) if secret is not None else b""
    return f"{body}.{b64(mac)}"


@dataclass(frozen=True)
class Arrival:
    """A token and the circumstances in which it arrives."""

    token: str | None
    provider: Provider = PROVIDER
    keys: Keys = KEYS
    now: int = NOW
    access_token: str | None = None
    tenants: tuple[str, ...] = ()
    client_id: str = CLIENT
    nonce: str = NONCE
    facts: dict[str, Any] = field(default_factory=dict)

    def verify(self) -> IdToken:
        return verify_id_token(
            self.token,
            provider=self.provider,
            keys=self.keys,
            client_id=self.client_id,
            nonce=self.nonce,
            now=self.now * SECOND,
            access_token=self.access_token,
            tenants=self.tenants,
        )

    def but(self, **changes: Any) -> "Arrival":
        return replace(self, **changes)
