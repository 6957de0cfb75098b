"""Believe an ID token, or say why not (OpenID Connect Core 1.0 sections 3.1.3.7 and 2).

The order is that of trust: form, header, key, signature; and only then what the claims say.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from joserfc import jws
from joserfc.errors import JoseError

from vestibule.model import JsonObject
from vestibule.oidc.errors import OidcError
from vestibule.oidc.json_object import read_object, texts
from vestibule.oidc.keys import ALGORITHMS, Key, Keys
from vestibule.oidc.one_algorithm import LARGEST, LARGEST_HEADER, OneAlgorithm
from vestibule.oidc.provider import TENANT, Provider

SECOND: Final = 1_000_000
SKEW: Final = 180 * SECOND
"""How far apart two clocks may be, in microseconds, unless the connection says otherwise."""

_FOREIGN_KEYS = ("jwk", "jku", "x5u")
_HASHES = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512}


@dataclass(frozen=True, slots=True)
class IdToken:
    """A verified ID token.

    `subject` is what an identity is known by within `issuer`: the claim named in `subject_claim`, which is `sub`, or
    `oid` at Entra, where `sub` differs from client to client. Times are microseconds UTC. `tenant` is Entra's `tid`
    or Google's `hd`.
    """

    issuer: str
    subject: str
    subject_claim: str
    sub: str
    tenant: str | None
    issued_at: int
    expires_at: int
    kid: str | None
    alg: str
    claims: Mapping[str, Any]


def verify_id_token(
    token: str | None,
    *,
    provider: Provider,
    keys: Keys,
    client_id: str,
    nonce: str,
    now: int,
    skew: int = SKEW,
    access_token: str | None = None,
    tenants: Collection[str] = (),
) -> IdToken:
    """The token's claims, once everything about it is in order. Raises `OidcError`, and nothing else.

    `now` and `skew` are microseconds. `tenants` are Entra tenant ids, or Google's hosted domains; with any of them the
    token must be of one, and an issuer where anybody can have an account may not do without: Entra's of all tenants,
    Google's, where a private account may have a company's address.
    """
    if provider.is_anybodys and not tenants:
        raise OidcError("tenants_required", issuer=provider.issuer)
    parts = _parts(token)
    header = _read_header(parts[0])
    alg, kid = _alg(header, provider), header.get("kid")
    key, payload = _verified(".".join(parts), keys.choose(kid, alg), alg)
    claims = read_object(payload, "id_token_malformed")
    _check_issuer(claims, provider, key)
    _check_audience(claims, client_id)
    issued_at, expires_at = _check_times(claims, now, skew)
    _check_nonce(claims, nonce)
    _check_at_hash(claims, alg, access_token)
    tenant = _check_tenant(claims, provider, tenants)
    sub = _name(claims.get("sub"))
    if sub is None:
        raise OidcError("id_token_subject", claim="sub", came="sub" in claims)
    oid = _name(claims.get("oid")) if provider.dialect == "entra" else None
    subject, subject_claim = (oid, "oid") if oid else (sub, "sub")
    issuer = str(claims["iss"])
    return IdToken(issuer, subject, subject_claim, sub, tenant, issued_at, expires_at, kid, alg, claims)


def _parts(token: str | None) -> list[str]:
    if not token:
        raise OidcError("id_token_missing")
    if len(token) > LARGEST or not token.isascii():
        raise OidcError("id_token_malformed", fault="too large or not ASCII", size=len(token), limit=LARGEST)
    parts = token.split(".")
    if len(parts) == 5:
        raise OidcError("id_token_encrypted")
    if len(parts) != 3 or not all(parts[:2]):
        raise OidcError("id_token_malformed", fault="not three parts", parts=len(parts))
    return parts


def _decoded(part: str, code: str) -> bytes:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise OidcError(code, fault="not base64url") from None


def _read_header(part: str) -> JsonObject:
    """The header, which may only name: no key of its own, nothing critical, no deeper structure."""
    if len(part) > LARGEST_HEADER:
        raise OidcError("id_token_header", fault="too large", limit=LARGEST_HEADER)
    header = read_object(_decoded(part, "id_token_malformed"), "id_token_malformed")
    for name in (*_FOREIGN_KEYS, "crit", "b64"):
        if name in header:
            raise OidcError("id_token_header", fault="not accepted", parameter=name)
    for name, value in header.items():
        flat = isinstance(value, str | int | None) or texts(value) is not None
        if not flat or (name in ("kid", "typ") and not isinstance(value, str)):
            raise OidcError("id_token_header", fault="of the wrong kind", parameter=name[:80])
    typ = str(header.get("typ", "JWT"))
    if typ.lower() not in ("jwt", "application/jwt"):
        raise OidcError("id_token_typ", typ=typ[:80])
    return header


def _alg(header: JsonObject, provider: Provider) -> str:
    """The algorithm, which must be one that is accepted here and that the provider said it would use."""
    alg = header.get("alg")
    if not isinstance(alg, str) or alg not in ALGORITHMS or alg not in provider.algorithms:
        raise OidcError("id_token_alg", alg=str(alg)[:80], accepted=list(provider.algorithms))
    return alg


def _verified(token: str, candidates: tuple[Key, ...], alg: str) -> tuple[Key, bytes]:
    """The key that made the signature, and what it signed: nothing else of the token is read after this."""
    for key in candidates:
        try:
            signed = jws.deserialize_compact(token, key.public, registry=OneAlgorithm(alg))
        except (JoseError, ValueError, TypeError):
            continue
        return key, signed.payload
    raise OidcError("id_token_signature", alg=alg, kid=candidates[0].kid, tried=len(candidates))


def _check_issuer(claims: JsonObject, provider: Provider, key: Key) -> None:
    issuer = claims.get("iss")
    if not provider.is_issuer(issuer):
        raise OidcError("id_token_issuer", expected=provider.issuer, found=_shown(issuer))
    tenant = str(claims.get("tid"))
    if provider.any_tenant and issuer != provider.issuer.replace(TENANT, tenant):
        raise OidcError("id_token_issuer", expected=provider.issuer.replace(TENANT, tenant[:80]), found=issuer)
    # In a set for all tenants a key may be for one of them alone; another's token by it is a forgery.
    if provider.any_tenant and key.issuer is not None and key.issuer.replace(TENANT, tenant) != issuer:
        raise OidcError("id_token_issuer", expected=key.issuer, found=issuer, key=key.kid)


def _check_audience(claims: JsonObject, client_id: str) -> None:
    aud, azp = claims.get("aud"), claims.get("azp")
    audience = (aud,) if isinstance(aud, str) else texts(aud) or ()
    if client_id not in audience:
        raise OidcError("id_token_audience", expected=client_id, found=[each[:200] for each in audience[:10]])
    if azp is None and len(audience) > 1:
        raise OidcError("id_token_azp", expected=client_id, found=None)
    if azp is not None and azp != client_id:
        raise OidcError("id_token_azp", expected=client_id, found=_shown(azp))


def _check_times(claims: JsonObject, now: int, skew: int) -> tuple[int, int]:
    """`iat` and `exp` in microseconds. The facts tell by how many seconds they miss."""
    expires_at, issued_at = _time(claims, "exp"), _time(claims, "iat")
    not_before = _time(claims, "nbf") if claims.get("nbf") is not None else issued_at
    if expires_at + skew <= now:
        raise OidcError("id_token_expired", late_by=(now - expires_at) // SECOND, skew=skew // SECOND)
    if (starts := max(issued_at, not_before)) - skew > now:
        raise OidcError("id_token_not_yet_valid", early_by=(starts - now) // SECOND, skew=skew // SECOND)
    return issued_at, expires_at


def _time(claims: JsonObject, claim: str) -> int:
    value = claims.get(claim)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1 << 40:
        raise OidcError("id_token_time", claim=claim, found=_shown(value))
    return int(value * SECOND)


def _check_nonce(claims: JsonObject, nonce: str) -> None:
    found = claims.get("nonce")
    if not nonce or not isinstance(found, str) or not _same(found, nonce):
        raise OidcError("id_token_nonce", came="nonce" in claims)


def _check_at_hash(claims: JsonObject, alg: str, access_token: str | None) -> None:
    """`at_hash` is optional in the code flow; one that is there must be right (section 3.1.3.6)."""
    found = claims.get("at_hash")
    if found is None or access_token is None:
        return
    digest = _HASHES.get(alg[-3:], hashlib.sha512)
    whole = digest(access_token.encode()).digest()
    due = base64.urlsafe_b64encode(whole[: len(whole) // 2]).rstrip(b"=").decode()
    if not isinstance(found, str) or not _same(found, due):
        raise OidcError("id_token_at_hash", alg=alg)


def _check_tenant(claims: JsonObject, provider: Provider, tenants: Collection[str]) -> str | None:
    """Entra's `tid` or Google's `hd`. With `tenants` it must be one of them, and whoever sends none is refused."""
    claim = "hd" if provider.dialect == "google" else "tid"
    found = claims.get(claim)
    tenant = found if isinstance(found, str) else None
    if tenants and (tenant is None or tenant.lower() not in {each.lower() for each in tenants}):
        raise OidcError("id_token_tenant", claim=claim, found=_shown(found), allowed=sorted(tenants))
    return tenant if provider.dialect != "generic" or tenants else None


def _name(value: Any) -> str | None:
    """A subject: up to 255 characters (section 2), all of them visible."""
    usable = isinstance(value, str) and 0 < len(value) <= 255 and value.isprintable() and value == value.strip()
    return cast("str", value) if usable else None


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))


def _shown(value: Any) -> str | None:
    """A claim of any kind as evidence."""
    return None if value is None else str(value)[:200]
