"""The token endpoint: how a client proves itself, asks, and is answered (RFC 6749 sections 2.3 and 4.1.3)."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import quote_plus

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.util import to_bytes

from vestibule.model import JsonObject
from vestibule.oidc.errors import OidcError
from vestibule.oidc.json_object import read_object
from vestibule.oidc.keys import LEAST_BITS
from vestibule.oidc.one_algorithm import OneAlgorithm
from vestibule.oidc.provider import Provider
from vestibule.oidc.refusal import error_facts

AuthMethod = Literal["client_secret_basic", "client_secret_post", "private_key_jwt"]

_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_LIFE = 60
_CURVES = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A client's own private key for `private_key_jwt`: RSA of 2,048 bits or more, EC, or Ed25519.

    `kid` and `x5t` (base64url SHA-1 of the certificate, which Entra asks for) go into the header if they are given.
    Use one key for one connection: a signed assertion is of use wherever its audience is believed.
    """

    pem: str = field(repr=False)
    kid: str | None = None
    x5t: str | None = None


@dataclass(frozen=True, slots=True)
class Client:
    """Our side of a connection. `auth_method` None: the first that the provider offers and that we can do."""

    client_id: str
    secret: str | None = field(default=None, repr=False)
    key: SigningKey | None = None
    auth_method: AuthMethod | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A POST to send, with a form as its body."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    form: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """Tokens in exchange for a code. `expires_in` is seconds."""

    id_token: str = field(repr=False)
    access_token: str | None = field(repr=False)
    expires_in: int | None
    scope: str | None


def token_request(
    provider: Provider,
    client: Client,
    code: str,
    redirect_uri: str,
    verifier: str,
    *,
    now: int | None = None,
    jti: str | None = None,
) -> Request:
    """The request that exchanges a code. Raises `OidcError` `client_auth`.

    A client with a key also needs `now` (microseconds UTC) and `jti`, a text never used before; ValueError without.
    """
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, "code_verifier": verifier}
    headers = {"Accept": "application/json"}
    match _method(provider, client):
        case "client_secret_basic":
            pair = f"{quote_plus(client.client_id)}:{quote_plus(client.secret or '')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        case "client_secret_post":
            form |= {"client_id": client.client_id, "client_secret": client.secret or ""}
        case "private_key_jwt":
            if now is None or not jti:
                raise ValueError("private_key_jwt needs now and jti")
            assertion = _assertion(provider.token_endpoint, client, now // 1_000_000, jti)
            form |= {"client_id": client.client_id, "client_assertion_type": _ASSERTION_TYPE}
            form |= {"client_assertion": assertion}
    return Request(provider.token_endpoint, headers, form)


def _method(provider: Provider, client: Client) -> AuthMethod:
    able: list[AuthMethod] = []
    if client.key:
        able.append("private_key_jwt")
    if client.secret:
        able.append("client_secret_basic")
        able.append("client_secret_post")
    if client.auth_method is not None:
        if client.auth_method not in able:
            raise OidcError("client_auth", method=client.auth_method, fault="no secret or key for it")
        return client.auth_method
    for method in able:
        if method in provider.auth_methods:
            return method
    raise OidcError("client_auth", fault="nothing in common", offered=list(provider.auth_methods), able=list(able))


def _assertion(audience: str, client: Client, now: int, jti: str) -> str:
    """RFC 7523 section 3, good for a minute."""
    key, alg = _private(client.key.pem if client.key else "")
    header: JsonObject = {"typ": "JWT", "alg": alg}
    for name, value in (("kid", client.key and client.key.kid), ("x5t", client.key and client.key.x5t)):
        if value:
            header[name] = value
    claims = {"iss": client.client_id, "sub": client.client_id, "aud": audience, "jti": jti}
    times = {"iat": now, "nbf": now, "exp": now + _ASSERTION_LIFE}
    return jws.serialize_compact(header, orjson.dumps(claims | times), key, registry=OneAlgorithm(alg))


def _private(pem: str) -> tuple[RSAKey | ECKey | OKPKey, str]:
    """The key in a PEM, and what it signs with."""
    for kind in (RSAKey, ECKey, OKPKey):
        try:
            key = kind.import_key(to_bytes(pem))
        except (JoseError, ValueError, TypeError):
            continue
        if not key.is_private:
            raise OidcError("client_auth", method="private_key_jwt", fault="a public key")
        if isinstance(key, RSAKey):
            if key.public_key.key_size < LEAST_BITS:
                raise OidcError("client_auth", method="private_key_jwt", fault="RSA of fewer than 2,048 bits")
            return key, "RS256"
        if key.curve_name in _CURVES or key.curve_name == "Ed25519":
            return key, _CURVES.get(key.curve_name, "EdDSA")
    raise OidcError("client_auth", method="private_key_jwt", fault="no private key in PEM form")


def read_token_answer(status: int, body: bytes) -> TokenAnswer:
    """The tokens in an answer. Raises `OidcError`."""
    if status != 200:
        raise OidcError("token_endpoint_error", status=status, **error_facts(_refusal(body)))
    found = read_object(body, "token_answer_malformed")
    if "error" in found:
        raise OidcError("token_endpoint_error", status=status, **error_facts(found))
    if not (id_token := _text(found, "id_token")):
        raise OidcError("id_token_missing", scope=_text(found, "scope"), members=sorted(found)[:20])
    access_token, kind = _text(found, "access_token"), _text(found, "token_type")
    if access_token and (kind or "").lower() != "bearer":
        raise OidcError("token_answer_malformed", fault="not a bearer token", token_type=kind)
    expires_in = found.get("expires_in")
    seconds = expires_in if isinstance(expires_in, int) and not isinstance(expires_in, bool) else None
    return TokenAnswer(id_token, access_token, seconds, _text(found, "scope"))


def _refusal(body: bytes) -> JsonObject:
    try:
        return read_object(body, "token_answer_malformed")
    except OidcError:
        return {}


def _text(found: JsonObject, member: str) -> str | None:
    value: Any = found.get(member)
    if value is not None and not isinstance(value, str):
        raise OidcError("token_answer_malformed", fault="not a text", member=member)
    return value
