"""Refused sign-ins by OpenID Connect, made by what reads a provider's answers, as exchanges."""

import base64
from collections.abc import Callable
from functools import cache
from typing import Any

import orjson
from joserfc import jws
from joserfc.jwk import RSAKey

from tests.explain.saml_sign_ins import exchange
from tests.saml.keys import NOW, SECOND, private_pem
from vestibule.model import Exchange
from vestibule.oidc import keys, provider
from vestibule.oidc.client import (
    Client,
    read_callback,
    read_token_answer,
    read_userinfo,
    token_request,
    verify_id_token,
)
from vestibule.oidc.errors import OidcError

TENANT = "3f0a2f0e-0000-4000-8000-1c0ffee00001"
ISSUER = f"https://login.microsoftonline.com/{TENANT}/v2.0"
CLIENT, NONCE = "b1d7a3c2-0000-4000-8000-1c0ffee00002", "n-1"
DISCOVERY: dict[str, Any] = {
    "issuer": ISSUER,
    "authorization_endpoint": f"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/authorize",
    "token_endpoint": f"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token",
    "jwks_uri": f"https://login.microsoftonline.com/{TENANT}/discovery/v2.0/keys",
    "response_types_supported": ["code"],
    "id_token_signing_alg_values_supported": ["RS256"],
    "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
}


def discovered(asked: str = ISSUER, **changes: Any) -> provider.Provider:
    document = {name: value for name, value in {**DISCOVERY, **changes}.items() if value is not None}
    return provider.read_discovery(orjson.dumps(document), asked)


@cache
def published() -> keys.Keys:
    public = RSAKey.import_key(private_pem("op")).as_dict(private=False)
    return keys.read_jwks(orjson.dumps({"keys": [{**public, "kid": "k1", "use": "sig"}]}))


def token(header: dict[str, Any] | None = None, key: str = "op", **claims: Any) -> str:
    now = NOW // SECOND
    said = {
        "iss": ISSUER, "aud": CLIENT, "sub": "s-1", "oid": "o-1", "tid": TENANT, "nonce": NONCE,
        "iat": now, "nbf": now, "exp": now + 3600, **claims,
    }  # fmt: skip
    body = orjson.dumps({name: value for name, value in said.items() if value is not None})
    return jws.serialize_compact(
        {"alg": "RS256", "kid": "k1", **(header or {})},
        body,
        RSAKey.import_key(private_pem(key)),
        registry=jws.JWSRegistry(strict_check_header=False),
    )


def raised(call: Callable[[], object], idp: str = "entra") -> Exchange:
    try:
        call()
    except OidcError as error:
        return exchange(error.code, error.facts, idp, None, 400, "oidc")
    raise AssertionError("nothing was refused")


def verified(text: str | None, of: provider.Provider | None = None, **changes: Any) -> Exchange:
    asked: dict[str, Any] = {
        "provider": of or discovered(),
        "keys": published(),
        "client_id": CLIENT,
        "nonce": NONCE,
        "now": NOW,
        **changes,
    }
    return raised(lambda: verify_id_token(text, **asked))


def header_only(**header: Any) -> str:
    part = base64.urlsafe_b64encode(orjson.dumps(header)).rstrip(b"=").decode()
    return f"{part}.{base64.urlsafe_b64encode(b'{}').decode()}.x"


def called_back(*pairs: tuple[str, str], **changes: Any) -> Exchange:
    return raised(lambda: read_callback(pairs, state="st-1", provider=discovered(**changes)))


OIDC: dict[str, Callable[[], Exchange]] = {
    "discovery_malformed": lambda: raised(lambda: provider.read_discovery(b"<html>", ISSUER)),
    "discovery_missing": lambda: raised(lambda: discovered(jwks_uri=None)),
    "discovery_insecure": lambda: raised(lambda: discovered(token_endpoint="http://login.example/token")),
    "discovery_unsupported": lambda: raised(lambda: discovered(id_token_signing_alg_values_supported=["HS256"])),
    "issuer_mismatch": lambda: raised(lambda: discovered(ISSUER + "/")),
    "tenants_required": lambda: verified(
        token(),
        discovered(
            "https://login.microsoftonline.com/common/v2.0", issuer="https://login.microsoftonline.com/{tenantid}/v2.0"
        ),
    ),
    "jwks_malformed": lambda: raised(lambda: keys.read_jwks(b"[]")),
    "jwks_no_usable_key": lambda: raised(lambda: keys.read_jwks(b'{"keys":[{"kty":"oct","k":"AAAA"}]}')),
    "kid_unknown": lambda: verified(token({"kid": "k2"})),
    "state": lambda: called_back(("code", "c"), ("state", "st-2")),
    "iss_mismatch": lambda: called_back(("code", "c"), ("state", "st-1"), ("iss", "https://evil.example")),
    "callback_malformed": lambda: called_back(("state", "st-1")),
    "idp_error": lambda: called_back(
        ("state", "st-1"),
        ("error", "access_denied"),
        ("error_description", "AADSTS53003: Access has been blocked by Conditional Access policies."),
    ),
    "client_auth": lambda: raised(
        lambda: token_request(
            discovered(token_endpoint_auth_methods_supported=["tls_client_auth"]),
            Client(CLIENT, "s"),
            "c",
            "https://app.example/cb",
            "v" * 43,
        )
    ),
    "token_endpoint_error": lambda: raised(
        lambda: read_token_answer(
            400,
            b'{"error":"invalid_grant","error_description":"AADSTS54005: OAuth2 Authorization code was already redeemed."}',
        )
    ),
    "client_secret_wrong": lambda: raised(
        lambda: read_token_answer(
            401,
            b'{"error":"invalid_client","error_description":"AADSTS7000222: The provided client secret keys are expired."}',
        )
    ),
    "token_answer_malformed": lambda: raised(lambda: read_token_answer(200, b"<html>")),
    "id_token_missing": lambda: raised(
        lambda: read_token_answer(200, b'{"access_token":"a","token_type":"Bearer","scope":"profile"}')
    ),
    "id_token_malformed": lambda: verified("not-a-token"),
    "id_token_encrypted": lambda: verified("a.b.c.d.e"),
    "id_token_header": lambda: verified(header_only(alg="RS256", jku="https://evil.example/keys")),
    "id_token_typ": lambda: verified(header_only(alg="RS256", typ="at+jwt")),
    "id_token_alg": lambda: verified(header_only(alg="none")),
    "id_token_signature": lambda: verified(token(key="other")),
    "id_token_issuer": lambda: verified(token(iss=f"https://sts.windows.net/{TENANT}/")),
    "id_token_audience": lambda: verified(token(aud="another-client")),
    "id_token_azp": lambda: verified(token(azp="another-client")),
    "id_token_expired": lambda: verified(token(), now=NOW + 2 * 3600 * SECOND),
    "id_token_not_yet_valid": lambda: verified(token(), now=NOW - 400 * SECOND),
    "id_token_time": lambda: verified(token(exp="tomorrow")),
    "id_token_nonce": lambda: verified(token(), nonce="n-2"),
    "id_token_at_hash": lambda: verified(token(at_hash="AAAA"), access_token="a"),
    "id_token_subject": lambda: verified(token(sub=None)),
    "id_token_tenant": lambda: verified(token(), tenants=("00000000-0000-4000-8000-000000000009",)),
    "userinfo_malformed": lambda: raised(lambda: read_userinfo(b"[]", "s-1")),
    "userinfo_subject": lambda: raised(lambda: read_userinfo(b'{"sub":"s-2"}', "s-1")),
}
"""Code of the explanation → the exchange that it tells."""
