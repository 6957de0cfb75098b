"""Which keys of a set are believed."""

import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from hypothesis import given
from hypothesis import strategies as st

from tests.effort import examples
from tests.oidc import op
from vestibule.oidc.errors import OidcError
from vestibule.oidc.keys import ALGORITHMS, Keys, read_jwks

GOOD = op.jwk("RS256", op.RSA, kid="good")
SMALL = rsa.generate_private_key(65537, 1024)

UNUSABLE: dict[str, Any] = {
    "symmetric": {"kty": "oct", "k": op.b64(b"secret" * 8), "kid": "x"},
    "RSA of 1,024 bits": op.jwk("RS256", SMALL),
    "RSA of 1,024 bits with zeros before": {**op.jwk("RS256", SMALL), "n": "AAAA" * 60 + op.jwk("RS256", SMALL)["n"]},
    "RSA with the exponent 1": {**GOOD, "e": "AQ"},
    "RSA with a huge exponent": {**GOOD, "e": GOOD["n"]},
    "RSA with an even exponent": {**GOOD, "e": "BA"},
    "RSA of 64,000 bits": {**GOOD, "n": op.b64(b"\xff" * 8_000)},
    "for encryption": {**GOOD, "use": "enc"},
    "for signing only": {**GOOD, "key_ops": ["sign"]},
    "key_ops that are a text": {**GOOD, "key_ops": "verify"},
    "a curve of Bitcoin's": op.jwk("ES256K", ec.generate_private_key(ec.SECP256K1())),
    "Ed448": op.jwk("EdDSA", ed448.Ed448PrivateKey.generate()),
    "a point off its curve": {**op.jwk("ES256", op.P256), "y": op.jwk("ES256", op.P256)["x"]},
    "EC with an Edwards curve": {**op.jwk("ES256", op.P256), "crv": "Ed25519"},
    "OKP with a NIST curve": {**op.jwk("EdDSA", op.ED25519), "crv": "P-256"},
    "a private key that was published": {
        **jwt.get_algorithm_by_name("RS256").to_jwk(op.RSA, as_dict=True),
        "key_ops": None,
    },
    "no modulus": {"kty": "RSA", "e": "AQAB"},
    "a modulus that is no base64": {"kty": "RSA", "n": "*" * 400, "e": "AQAB"},
    "an empty modulus": {"kty": "RSA", "n": "", "e": "AQAB"},
    "kty none": {"kty": "none"},
    "no kty": {"kid": "x"},
    "kty a list": {"kty": ["RSA"]},
    "not an object": "RSA",
}


def jwks(*keys: Any) -> Keys:
    return read_jwks(json.dumps({"keys": keys}).encode())


@pytest.mark.parametrize("name", UNUSABLE)
def test_an_unusable_key_is_passed_over_and_a_set_of_nothing_else_is_refused(name: str) -> None:
    assert [each.kid for each in jwks(UNUSABLE[name], GOOD).keys] == ["good"]
    with pytest.raises(OidcError) as caught:
        jwks(UNUSABLE[name])
    assert caught.value.code == "jwks_no_usable_key"
    assert len(caught.value.facts["refused"]) == 1


@pytest.mark.parametrize(
    "document", [b"", b"<html>", b"[]", b"{}", b'{"keys": {}}', json.dumps({"keys": [GOOD] * 101}).encode()]
)
def test_what_is_no_key_set_is_refused(document: bytes) -> None:
    with pytest.raises(OidcError) as caught:
        read_jwks(document)
    assert caught.value.code == "jwks_malformed"


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_key_fits_only_algorithms_of_its_kind(alg: str) -> None:
    fitting = {each.kid for each in op.KEYS.keys if each.fits(alg)}
    assert fitting == {"RS": {"rsa"}, "PS": {"rsa"}, "ES": {op.KIDS.get(alg)}, "Ed": {"ed"}}[alg[:2]]


def test_a_key_for_one_algorithm_is_for_no_other() -> None:
    (key,) = jwks({**GOOD, "alg": "PS256"}).keys
    assert (key.fits("PS256"), key.fits("RS256")) == (True, False)


def test_without_a_kid_every_key_that_fits_is_a_candidate_and_with_one_only_its_own() -> None:
    keys = jwks(GOOD, {**GOOD, "kid": "second"}, op.jwk("ES256", op.P256, kid="ec"))
    assert [each.kid for each in keys.choose(None, "RS256")] == ["good", "second"]
    assert [each.kid for each in keys.choose("second", "RS256")] == ["second"]


@examples(100)
@given(
    st.binary()
    | st.lists(
        st.dictionaries(
            st.sampled_from(["kty", "n", "e", "crv", "x", "y", "use", "kid", "alg", "key_ops"]),
            st.sampled_from(["RSA", "EC", "OKP", "P-256", "Ed25519", "AQAB", "sig", GOOD["n"], ""])
            | st.text()
            | st.integers()
            | st.none(),
        )
    ).map(lambda keys: json.dumps({"keys": keys}).encode())
)
def test_no_document_raises_anything_but_a_refusal(document: bytes) -> None:
    try:
        read_jwks(document)
    except OidcError as refused:
        json.dumps(refused.facts)
