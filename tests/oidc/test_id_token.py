"""Forged and faulty ID tokens: each refused by its code, its honest twin accepted."""

import dataclasses
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st

from tests.effort import examples
from tests.oidc import op
from tests.oidc.op import Arrival, claims, pieced, signed
from vestibule.oidc.errors import OidcError
from vestibule.oidc.keys import read_jwks

ACCESS = "SlAV32hkKG"
RIGHT_HASH = {
    alg: jwt.get_algorithm_by_name(alg).compute_hash_digest(ACCESS.encode()) for alg in op.SIGNERS if alg != "EdDSA"
}
PUBLIC = op.RSA.public_key()
PEM = PUBLIC.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
DER = PUBLIC.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
MODULUS = json.dumps(op.jwk("RS256", op.RSA)).encode()
HS = {"alg": "HS256", "typ": "JWT", "kid": "rsa"}
MALLORYS = op.jwk("RS256", op.MALLORY, kid="rsa")


def half(alg: str) -> str:
    """The left half of the access token's hash (OpenID Connect Core section 3.1.3.6)."""
    return op.b64(RIGHT_HASH[alg][: len(RIGHT_HASH[alg]) // 2])


def entra(**changes: Any) -> str:
    issuer = f"https://login.microsoftonline.com/{op.TENANT}/v2.0"
    named: dict[str, Any] = {"iss": issuer, "tid": op.TENANT, "oid": op.OID}
    return signed(**(named | changes))


def with_keys(*keys: dict[str, Any]) -> Any:
    return read_jwks(json.dumps({"keys": list(keys)}).encode())


def tampered(token: str, **changes: Any) -> str:
    header, _, signature = token.split(".")
    return f"{header}.{op.b64(json.dumps(claims(**changes)).encode())}.{signature}"


FOREIGN_ISSUER = f"https://login.microsoftonline.com/{op.OTHER_TENANT}/v2.0"
KEY_OF_OTHER = with_keys(op.jwk("RS256", op.RSA, kid="rsa", issuer=FOREIGN_ISSUER))
KEY_OF_ANY = with_keys(op.jwk("RS256", op.RSA, kid="rsa", issuer="https://login.microsoftonline.com/{tenantid}/v2.0"))

FORGERIES: dict[str, tuple[str, Arrival]] = {
    "none": ("id_token_missing", Arrival(None)),
    "empty": ("id_token_missing", Arrival("")),
    "two parts": ("id_token_malformed", Arrival("e30.e30")),
    "an opaque text": ("id_token_malformed", Arrival("ya29.a0AfH6SMC")),
    "not base64": ("id_token_malformed", Arrival("e30!.e30.")),
    "header is a list": ("id_token_malformed", Arrival(pieced([], claims()))),
    "header is no JSON": ("id_token_malformed", Arrival(pieced(b"{", claims()))),
    "payload is a list": ("id_token_malformed", Arrival(jwt.api_jws.encode(b"[]", op.RSA, "RS256", {"kid": "rsa"}))),
    "too large": ("id_token_malformed", Arrival(signed(more="x" * 200_000))),
    "encrypted": ("id_token_encrypted", Arrival("e30.a.b.c.d")),
    "alg none": ("id_token_alg", Arrival(pieced({"alg": "none"}, claims()))),
    "alg nOnE with a key": ("id_token_alg", Arrival(pieced({"alg": "nOnE", "kid": "rsa"}, claims()))),
    "alg missing": ("id_token_alg", Arrival(pieced({"typ": "JWT"}, claims()))),
    "alg a number": ("id_token_alg", Arrival(pieced({"alg": 256}, claims()))),
    "HS256 with the PEM": ("id_token_alg", Arrival(pieced(HS, claims(), PEM))),
    "HS256 with the DER": ("id_token_alg", Arrival(pieced(HS, claims(), DER))),
    "HS256 with the JWK": ("id_token_alg", Arrival(pieced(HS, claims(), MODULUS))),
    "HS256 with nothing": ("id_token_alg", Arrival(pieced(HS, claims(), b""))),
    "an algorithm that the provider did not offer": (
        "id_token_alg",
        Arrival(
            signed("RS512"),
            provider=op.read_discovery(op.discovery(id_token_signing_alg_values_supported=["RS256"]), op.ISSUER),
        ),
    ),
    "an algorithm of another kind of key": ("id_token_alg", Arrival(signed("ES256", headers={"kid": "rsa"}))),
    "an algorithm that the key is not for": (
        "id_token_alg",
        Arrival(signed("RS512"), keys=with_keys(op.jwk("RS256", op.RSA, kid="rsa", alg="RS256"))),
    ),
    "an EC key of another curve": ("id_token_alg", Arrival(signed("ES384", headers={"kid": "p256"}))),
    "kid unknown": ("kid_unknown", Arrival(signed(headers={"kid": "next"}))),
    "kid a path": ("kid_unknown", Arrival(signed(headers={"kid": "../../dev/null"}))),
    "kid a statement": ("kid_unknown", Arrival(signed(headers={"kid": "' OR 1=1 --"}))),
    "kid empty": ("kid_unknown", Arrival(signed(headers={"kid": ""}))),
    "kid a list": ("id_token_header", Arrival(pieced({"alg": "RS256", "kid": ["rsa"]}, claims()))),
    "jwk": ("id_token_header", Arrival(signed(key=op.MALLORY, headers={"jwk": MALLORYS}))),
    "jku": ("id_token_header", Arrival(signed(key=op.MALLORY, headers={"jku": "https://evil.example/jwks"}))),
    "x5u": ("id_token_header", Arrival(signed(key=op.MALLORY, headers={"x5u": "https://evil.example/c.pem"}))),
    "crit unknown": ("id_token_header", Arrival(signed(headers={"crit": ["exp2"], "exp2": 1}))),
    "crit b64": ("id_token_header", Arrival(pieced({"alg": "RS256", "crit": ["b64"], "b64": False}, claims()))),
    "header with depth": ("id_token_header", Arrival(signed(headers={"epk": {"kty": "EC"}}))),
    "header of a megabyte": ("id_token_header", Arrival(signed(headers={"x5c": ["A" * 20_000]}))),
    "an access token": ("id_token_typ", Arrival(signed(headers={"typ": "at+jwt"}))),
    "a logout token": ("id_token_typ", Arrival(signed(headers={"typ": "logout+jwt"}))),
    "signed by another key": ("id_token_signature", Arrival(signed(key=op.MALLORY))),
    "signed by another key, its certificate enclosed": (
        "id_token_signature",
        Arrival(signed(key=op.MALLORY, headers={"x5c": ["MIIB"]})),
    ),
    "signed by another key, no kid": ("id_token_signature", Arrival(signed(key=op.MALLORY, headers={"kid": None}))),
    "claims exchanged after signing": ("id_token_signature", Arrival(tampered(signed(), sub="1"))),
    "signature cut off": ("id_token_signature", Arrival(signed().rpartition(".")[0] + ".")),
    "signature with a bit more": ("id_token_signature", Arrival(signed() + "AAAA")),
    "another issuer": ("id_token_issuer", Arrival(signed(iss="https://evil.example"))),
    "another realm": ("id_token_issuer", Arrival(signed(iss="https://op.example/realms/acme2"))),
    "issuer with a slash": ("id_token_issuer", Arrival(signed(iss=op.ISSUER + "/"))),
    "no issuer": ("id_token_issuer", Arrival(signed(iss=None))),
    "another audience": ("id_token_audience", Arrival(signed(aud="other"))),
    "a longer audience": ("id_token_audience", Arrival(signed(aud="vestibule2"))),
    "no audience": ("id_token_audience", Arrival(signed(aud=None))),
    "audience of numbers": ("id_token_audience", Arrival(signed(aud=[1]))),
    "two audiences, no azp": ("id_token_azp", Arrival(signed(aud=[op.CLIENT, "other"]))),
    "another azp": ("id_token_azp", Arrival(signed(azp="other"))),
    "expired": ("id_token_expired", Arrival(signed(exp=op.NOW - 180), facts={"late_by": 180, "skew": 180})),
    "issued in the future": (
        "id_token_not_yet_valid",
        Arrival(signed(iat=op.NOW + 200, exp=op.NOW + 900), facts={"early_by": 200, "skew": 180}),
    ),
    "nbf in the future": ("id_token_not_yet_valid", Arrival(signed(nbf=op.NOW + 181))),
    "no exp": ("id_token_time", Arrival(signed(exp=None), facts={"claim": "exp"})),
    "no iat": ("id_token_time", Arrival(signed(iat=None), facts={"claim": "iat"})),
    "exp true": ("id_token_time", Arrival(signed(exp=True))),
    "exp a text": (
        "id_token_time",
        Arrival(
            jwt.api_jws.encode(json.dumps({**claims(), "exp": "1795507500"}).encode(), op.RSA, "RS256", {"kid": "rsa"})
        ),
    ),
    "exp in milliseconds": ("id_token_time", Arrival(signed(exp=op.NOW * 1000))),
    "another nonce": ("id_token_nonce", Arrival(signed(nonce="other"), facts={"came": True})),
    "no nonce": ("id_token_nonce", Arrival(signed(nonce=None), facts={"came": False})),
    "no nonce, none asked": ("id_token_nonce", Arrival(signed(nonce=""), nonce="")),
    "nonce with a letter that is not ASCII": ("id_token_nonce", Arrival(signed(nonce="ñ"))),
    "at_hash of another token": ("id_token_at_hash", Arrival(signed(at_hash=half("RS256")), access_token="other")),
    "at_hash by another algorithm": ("id_token_at_hash", Arrival(signed(at_hash=half("RS512")), access_token=ACCESS)),
    "at_hash a number": ("id_token_at_hash", Arrival(signed(at_hash=1), access_token=ACCESS)),
    "no subject": ("id_token_subject", Arrival(signed(sub=None))),
    "subject empty": ("id_token_subject", Arrival(signed(sub=""))),
    "subject with a NUL": ("id_token_subject", Arrival(signed(sub="a\0b"))),
    "subject too long": ("id_token_subject", Arrival(signed(sub="s" * 256))),
    "all tenants allowed": ("tenants_required", Arrival(entra(), provider=op.ALL_OF_ENTRA)),
    "all of Google allowed": (
        "tenants_required",
        Arrival(signed(iss="https://accounts.google.com", hd="acme.example"), provider=op.GOOGLE),
    ),
    "all private Microsoft accounts allowed": (
        "tenants_required",
        Arrival(entra(iss=op.PRIVATE.issuer, tid=op.PRIVATE_TENANT), provider=op.PRIVATE),
    ),
    "another tenant": (
        "id_token_tenant",
        Arrival(entra(iss=FOREIGN_ISSUER, tid=op.OTHER_TENANT), provider=op.ALL_OF_ENTRA, tenants=(op.TENANT,)),
    ),
    "tid of ours, issuer of another": (
        "id_token_issuer",
        Arrival(entra(iss=FOREIGN_ISSUER), provider=op.ALL_OF_ENTRA, tenants=(op.TENANT,)),
    ),
    "the issuer's pattern itself": (
        "id_token_issuer",
        Arrival(entra(iss=op.ALL_OF_ENTRA.issuer, tid="{tenantid}"), provider=op.ALL_OF_ENTRA, tenants=(op.TENANT,)),
    ),
    "a path for a tenant": (
        "id_token_issuer",
        Arrival(
            entra(iss=f"https://login.microsoftonline.com/x/{op.TENANT}/v2.0", tid=f"x/{op.TENANT}"),
            provider=op.ALL_OF_ENTRA,
            tenants=(f"x/{op.TENANT}",),
        ),
    ),
    "a key that is for another tenant": (
        "id_token_issuer",
        Arrival(entra(), provider=op.ALL_OF_ENTRA, tenants=(op.TENANT,), keys=KEY_OF_OTHER),
    ),
    "no tenant": ("id_token_tenant", Arrival(entra(tid=None), provider=op.ENTRA, tenants=(op.TENANT,))),
    "a private Google account": (
        "id_token_tenant",
        Arrival(signed(iss="https://accounts.google.com"), provider=op.GOOGLE, tenants=("acme.example",)),
    ),
    "another Google domain": (
        "id_token_tenant",
        Arrival(
            signed(iss="https://accounts.google.com", hd="evil.example"), provider=op.GOOGLE, tenants=("acme.example",)
        ),
    ),
    "a restriction that this provider cannot answer": ("id_token_tenant", Arrival(signed(), tenants=("acme",))),
}

HONEST: dict[str, Arrival] = {
    **{alg: Arrival(signed(alg)) for alg in op.SIGNERS},
    "no typ, no kid": Arrival(signed(headers={"typ": None, "kid": None})),
    "typ in small letters": Arrival(signed(headers={"typ": "jwt"})),
    "a header of no account": Arrival(signed(headers={"x5t": "abc", "x5c": ["MIIB"], "nonce": "x"})),
    "ours among the audiences": Arrival(signed(aud=["other", op.CLIENT], azp=op.CLIENT)),
    "a list of one audience": Arrival(signed(aud=[op.CLIENT])),
    "expired within the skew": Arrival(signed(exp=op.NOW - 179)),
    "early within the skew": Arrival(signed(iat=op.NOW + 180, nbf=op.NOW + 180)),
    "times with fractions": Arrival(signed(iat=op.NOW + 0.5)),
    "no at_hash": Arrival(signed(), access_token=ACCESS),
    "at_hash, no access token": Arrival(signed(at_hash="anything")),
    "Google, our domain": Arrival(
        signed(iss="https://accounts.google.com", hd="acme.example"), provider=op.GOOGLE, tenants=("Acme.example",)
    ),
    "Entra, one tenant": Arrival(entra(), provider=op.ENTRA),
    "Entra, all tenants, ours": Arrival(entra(), provider=op.ALL_OF_ENTRA, tenants=(op.TENANT,), keys=KEY_OF_ANY),
    "Entra, two tenants": Arrival(entra(), provider=op.ALL_OF_ENTRA, tenants=(op.OTHER_TENANT, op.TENANT)),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_is_refused_by_its_code(name: str) -> None:
    code, arrival = FORGERIES[name]
    with pytest.raises(OidcError) as caught:
        arrival.verify()
    assert caught.value.code == code, caught.value.facts
    assert arrival.facts.items() <= caught.value.facts.items()
    json.dumps(caught.value.facts)


@pytest.mark.parametrize("name", HONEST)
def test_its_honest_twin_is_accepted(name: str) -> None:
    assert HONEST[name].verify().sub == "248289761001"


@pytest.mark.parametrize("alg", RIGHT_HASH)
def test_the_access_token_must_be_the_one_that_came_with_it(alg: str) -> None:
    arrival = Arrival(signed(alg, at_hash=half(alg)), access_token=ACCESS)
    assert arrival.verify().alg == alg
    with pytest.raises(OidcError, match="access token"):
        arrival.but(access_token=ACCESS + "x").verify()


def test_at_entra_somebody_is_known_by_the_object_id_and_elsewhere_by_the_subject() -> None:
    token = HONEST["Entra, one tenant"].verify()
    assert (token.subject, token.subject_claim, token.tenant) == (op.OID, "oid", op.TENANT)
    without = Arrival(entra(oid=None), provider=op.ENTRA).verify()
    assert (without.subject, without.subject_claim) == ("248289761001", "sub")
    elsewhere = Arrival(signed(oid=op.OID, tid=op.TENANT, email="a@b.example")).verify()
    assert (elsewhere.subject, elsewhere.tenant) == ("248289761001", None)


def test_a_verified_token_tells_its_issuer_and_its_times_in_microseconds() -> None:
    token = Arrival(entra(), provider=op.ALL_OF_ENTRA, tenants=(op.TENANT,)).verify()
    assert token.issuer == f"https://login.microsoftonline.com/{op.TENANT}/v2.0"
    assert (token.issued_at, token.expires_at) == (op.NOW * op.SECOND, (op.NOW + 300) * op.SECOND)


@pytest.mark.parametrize("alg", ["none", "HS256"])
def test_an_algorithm_without_a_public_key_is_refused_even_of_a_provider_that_was_set_to_allow_it(alg: str) -> None:
    lax = dataclasses.replace(op.PROVIDER, algorithms=(alg,))
    with pytest.raises(OidcError) as caught:
        Arrival(pieced({"alg": alg}, claims(), PEM), provider=lax).verify()
    assert caught.value.code == "id_token_alg"


def test_keys_of_one_kid_are_all_tried() -> None:
    twice = with_keys(MALLORYS, op.jwk("RS256", op.RSA, kid="rsa"))
    assert Arrival(signed(), keys=twice).verify().kid == "rsa"


def test_an_unknown_key_is_told_with_the_keys_that_are_known() -> None:
    with pytest.raises(OidcError) as caught:
        Arrival(signed(headers={"kid": "next"})).verify()
    assert caught.value.facts == {"kid": "next", "known": ["rsa", "p256", "p384", "p521", "ed"]}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=6), each, max_size=3),
    max_leaves=6,
)
HEADER = st.fixed_dictionaries(
    {},
    optional={
        "alg": st.sampled_from([*op.SIGNERS, "none", "HS256"]) | JSON,
        "kid": st.sampled_from(["rsa", "ed"]) | JSON,
        "typ": JSON,
        "crit": JSON,
    },
)
CLAIMS = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(("iss", "aud", "azp", "sub", "exp", "iat", "nbf", "nonce", "at_hash", "tid", "oid"), JSON),
)


@examples(200)
@given(st.text() | st.builds(pieced, HEADER | JSON | st.binary(), JSON | st.binary()))
def test_no_text_raises_anything_but_a_refusal(token: str) -> None:
    with pytest.raises(OidcError):
        Arrival(token).verify()


@examples(200)
@given(CLAIMS, st.sampled_from([op.PROVIDER, op.ENTRA, op.ALL_OF_ENTRA, op.GOOGLE]))
def test_no_signed_claims_raise_anything_but_a_refusal(changes: dict[str, Any], provider: Any) -> None:
    payload = json.dumps({**claims(iss=provider.issuer), **changes}).encode()
    token = jwt.api_jws.encode(payload, op.RSA, "RS256", {"kid": "rsa"})
    try:
        Arrival(token, provider=provider, tenants=(op.TENANT,), access_token=ACCESS).verify()
    except OidcError as refused:
        json.dumps(refused.facts)
