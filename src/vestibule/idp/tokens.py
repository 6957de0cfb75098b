"""ID tokens with the claims of Entra ID's version 2.0 (Microsoft's id-token-claims-reference), and the key set."""

from dataclasses import dataclass
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from vestibule.idp import saml_claims
from vestibule.idp.apps import OidcClient
from vestibule.idp.conduct import Conduct
from vestibule.idp.keys import SigningKey
from vestibule.idp.people import Person
from vestibule.idp.saml_claims import Home

MOST_GROUPS = 200
"""More groups than that are left out of a token."""
LASTS = 3_600
"""Seconds that a token is good for."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What somebody agreed to at the authorization endpoint. Times in microseconds UTC."""

    client: OidcClient
    person: Person
    redirect_uri: str
    scopes: frozenset[str]
    nonce: str | None
    challenge: str | None
    method: str
    authenticated: int
    issued: int
    session_id: str


def id_token(grant: Grant, conduct: Conduct, home: Home, issuer: str, key: SigningKey, now: int) -> str:
    """The token, signed with RS256 (or with nothing, where the conduct says so). `now` in microseconds."""
    claims: dict[str, Any] = {
        "aud": f"{grant.client.id}/" if conduct.wrong_audience else grant.client.id,
        "iss": f"https://sts.windows.net/{home.tenant_id}/" if conduct.wrong_issuer else issuer,
        "iat": now // 1_000_000,
        "nbf": now // 1_000_000,
        "exp": now // 1_000_000 + LASTS,
        "auth_time": grant.authenticated // 1_000_000,
        "tid": home.tenant_id,
        "ver": "2.0",
        **about(grant, conduct, home),
    }
    if grant.nonce is not None:
        claims["nonce"] = f"{grant.nonce}x" if conduct.wrong_nonce else grant.nonce
    if conduct.signing == "none":
        return jwt.encode(claims, "", algorithm="none")
    return jwt.encode(claims, key.private_pem, algorithm="RS256", headers={"kid": key.kid})


def about(grant: Grant, conduct: Conduct, home: Home) -> dict[str, Any]:
    """What is said of the person, by the scopes that were granted; a claim whose source is empty is left out."""
    person = saml_claims.as_seen(grant.person, conduct)
    claims: dict[str, Any] = {"sub": saml_claims.pairwise(person, home), "oid": person.id}
    if "profile" in grant.scopes:
        claims |= {"name": person.display_name, "preferred_username": person.upn}
        claims |= {key: value for key, value in _names(person).items() if value}
    email = saml_claims.email(person, conduct)
    if "email" in grant.scopes and email is not None:
        claims["email"] = email
        if grant.client.xms_edov:
            claims["xms_edov"] = not person.guest and email.rpartition("@")[2] == person.upn.rpartition("@")[2]
    return claims | _groups(person, conduct, home)


def _names(person: Person) -> dict[str, str | None]:
    return {"given_name": person.given_name, "family_name": person.surname}


def _groups(person: Person, conduct: Conduct, home: Home) -> dict[str, Any]:
    if conduct.groups == "none" or (not person.groups and conduct.groups != "overage"):
        return {}
    if conduct.groups == "overage" or len(person.groups) > MOST_GROUPS:
        endpoint = f"https://graph.windows.net/{home.tenant_id}/users/{person.id}/getMemberObjects"
        return {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": endpoint}}}
    return {"groups": list(saml_claims.group_values(person.groups, conduct))}


def jwk(key: SigningKey, issuer: str) -> dict[str, Any]:
    """A public key as the key set lists it (RFC 7517)."""
    public = x509.load_pem_x509_certificate(key.certificate_pem).public_key()
    assert isinstance(public, rsa.RSAPublicKey)  # noqa: S101 -- keys.py makes no other
    numbers = RSAAlgorithm.to_jwk(public, as_dict=True)
    return {
        "kty": "RSA",
        "use": "sig",
        "alg": "RS256",
        "kid": key.kid,
        "x5t": key.kid,
        "n": numbers["n"],
        "e": numbers["e"],
        "x5c": [key.base64],
        "issuer": issuer,
    }
