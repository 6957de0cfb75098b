"""What is asked of a provider, and what is made of its answers."""

import base64
import json
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st

from tests.effort import examples
from tests.oidc import op
from vestibule.oidc.client import (
    Client,
    SigningKey,
    authorization_url,
    code_challenge,
    logout_url,
    read_callback,
    read_token_answer,
    read_userinfo,
    token_request,
)
from vestibule.oidc.errors import OidcError
from vestibule.oidc.provider import Provider, read_discovery

CALLBACK = "https://vestibule.example/sso/oidc/con_1/callback"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
ISS = read_discovery(op.discovery(authorization_response_iss_parameter_supported=True), op.ISSUER)


def pem(key: Any) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def provider(**members: Any) -> Provider:
    return read_discovery(op.discovery(**members), op.ISSUER)


def asked(whom: Provider, **more: Any) -> dict[str, str]:
    url = authorization_url(
        whom, op.CLIENT, CALLBACK, state="s&t", nonce=op.NONCE, code_challenge=code_challenge(VERIFIER), **more
    )
    pairs = parse_qsl(urlsplit(url).query, strict_parsing=True)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def test_the_challenge_is_that_of_the_standards_example() -> None:
    assert code_challenge(VERIFIER) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    for verifier in ("short", "v" * 129, "v" * 42 + "/", "v" * 43 + "\n"):
        with pytest.raises(ValueError, match="43 to 128"):
            code_challenge(verifier)


def test_the_browser_is_sent_with_state_nonce_and_an_s256_challenge() -> None:
    assert asked(op.PROVIDER) == {
        "response_type": "code",
        "client_id": op.CLIENT,
        "redirect_uri": CALLBACK,
        "scope": "openid profile email",
        "state": "s&t",
        "nonce": op.NONCE,
        "code_challenge": code_challenge(VERIFIER),
        "code_challenge_method": "S256",
    }


def test_a_query_of_the_endpoints_own_is_kept_and_cannot_stand_in_for_ours() -> None:
    sent = asked(
        provider(authorization_endpoint=f"{op.ISSUER}/auth?p=b2c&state=evil&redirect_uri=https://evil.example")
    )
    assert (sent["p"], sent["state"], sent["redirect_uri"]) == ("b2c", "s&t", CALLBACK)


@pytest.mark.parametrize(("whom", "parameter"), [(op.ENTRA, "domain_hint"), (op.GOOGLE, "hd"), (op.PROVIDER, None)])
def test_the_domain_is_hinted_in_the_senders_own_word(whom: Provider, parameter: str | None) -> None:
    more = asked(whom, login_hint="a@acme.example", prompt="login", domain_hint="acme.example")
    found = {name for name, value in more.items() if value == "acme.example"}
    assert found == ({parameter} if parameter else set())
    assert (more["login_hint"], more["prompt"]) == ("a@acme.example", "login")


CALLBACKS: dict[str, tuple[str, Any, Provider]] = {
    "no state": ("state", {"code": "c"}, op.PROVIDER),
    "another state": ("state", {"code": "c", "state": "other"}, op.PROVIDER),
    "a state that is not ASCII": ("state", {"code": "c", "state": "ſ"}, op.PROVIDER),
    "an error with another state": ("state", {"error": "access_denied", "state": "other"}, op.PROVIDER),
    "another issuer": ("iss_mismatch", {"code": "c", "state": "s", "iss": "https://evil.example"}, op.PROVIDER),
    "no issuer though promised": ("iss_mismatch", {"code": "c", "state": "s"}, ISS),
    "an error from another issuer": (
        "iss_mismatch",
        {"error": "access_denied", "state": "s", "iss": "https://evil.example"},
        ISS,
    ),
    "state twice": ("callback_malformed", [("state", "s"), ("state", "s"), ("code", "c")], op.PROVIDER),
    "code twice": ("callback_malformed", [("state", "s"), ("code", "c"), ("code", "d")], op.PROVIDER),
    "neither code nor error": ("callback_malformed", {"state": "s"}, op.PROVIDER),
    "an empty code": ("callback_malformed", {"state": "s", "code": ""}, op.PROVIDER),
    "an error beside a code": ("idp_error", {"state": "s", "code": "c", "error": "access_denied"}, op.PROVIDER),
}


@pytest.mark.parametrize("name", CALLBACKS)
def test_a_callback_that_is_not_ours_is_refused_by_its_code(name: str) -> None:
    code, params, whom = CALLBACKS[name]
    with pytest.raises(OidcError) as caught:
        read_callback(params, state="s", provider=whom)
    assert caught.value.code == code


def test_an_honest_callback_gives_its_code() -> None:
    assert read_callback({"code": "c", "state": "s"}, state="s", provider=op.PROVIDER) == "c"
    assert read_callback({"code": "c", "state": "s", "iss": op.ISSUER}, state="s", provider=ISS) == "c"
    assert (
        read_callback([("code", "c"), ("state", "s"), ("session_state", "x")], state="s", provider=op.PROVIDER) == "c"
    )


def test_no_callback_is_ours_when_no_sign_in_is_pending() -> None:
    with pytest.raises(OidcError, match="does not belong"):
        read_callback({"code": "c", "state": ""}, state="", provider=op.PROVIDER)


def test_the_providers_own_error_is_told_with_its_number() -> None:
    description = "AADSTS50105: Your administrator has configured the application …\r\nTrace ID: 1"
    params = {"state": "s", "error": "access_denied", "error_description": description}
    with pytest.raises(OidcError) as caught:
        read_callback(params, state="s", provider=op.ENTRA)
    assert caught.value.facts == {
        "error": "access_denied",
        "error_description": description,
        "error_uri": None,
        "aadsts": "50105",
    }


def test_a_secret_goes_into_the_header_form_encoded_or_into_the_form() -> None:
    client = Client("id:1 +%", "s:/ü")
    basic = token_request(op.PROVIDER, client, "c", CALLBACK, VERIFIER)
    kind, _, pair = basic.headers["Authorization"].partition(" ")
    user, _, password = base64.b64decode(pair).decode().partition(":")
    assert (kind, unquote_plus(user), unquote_plus(password)) == ("Basic", "id:1 +%", "s:/ü")
    assert basic.form == {
        "grant_type": "authorization_code",
        "code": "c",
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }
    post = token_request(
        provider(token_endpoint_auth_methods_supported=["client_secret_post"]), client, "c", CALLBACK, VERIFIER
    )
    assert (post.form["client_id"], post.form["client_secret"]) == ("id:1 +%", "s:/ü")
    assert "Authorization" not in post.headers


@pytest.mark.parametrize(
    ("alg", "key"),
    [("RS256", op.RSA), ("ES256", op.P256), ("ES384", op.P384), ("ES512", op.P521), ("EdDSA", op.ED25519)],
)
def test_a_client_with_a_key_signs_who_it_is_for_this_endpoint_and_a_minute(alg: str, key: Any) -> None:
    client = Client(op.CLIENT, key=SigningKey(pem(key), kid="ours", x5t="dGh1bWI"))
    sent = token_request(op.PROVIDER, client, "c", CALLBACK, VERIFIER, now=op.NOW * op.SECOND, jti="j1")
    assertion = sent.form["client_assertion"]
    header = jwt.get_unverified_header(assertion)
    assert header == {"typ": "JWT", "alg": alg, "kid": "ours", "x5t": "dGh1bWI"}
    read = jwt.decode(
        assertion,
        key.public_key(),
        [alg],
        audience=op.PROVIDER.token_endpoint,
        options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
    )
    assert read == {
        "iss": op.CLIENT, "sub": op.CLIENT, "aud": op.PROVIDER.token_endpoint, "jti": "j1",
        "iat": op.NOW, "nbf": op.NOW, "exp": op.NOW + 60,
    }  # fmt: skip
    assert sent.form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def test_a_key_without_a_time_or_an_id_is_a_mistake_of_the_callers() -> None:
    client = Client(op.CLIENT, key=SigningKey(pem(op.RSA)))
    for now, jti in ((None, None), (1, None), (None, "j"), (1, "")):
        with pytest.raises(ValueError, match="now and jti"):
            token_request(op.PROVIDER, client, "c", CALLBACK, VERIFIER, now=now, jti=jti)


PUBLIC_PEM = op.RSA.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)


@pytest.mark.parametrize(
    "client",
    [
        Client("c"),
        Client("c", auth_method="client_secret_post"),
        Client("c", "s", auth_method="private_key_jwt"),
        Client("c", key=SigningKey("no key")),
        Client("c", key=SigningKey(PUBLIC_PEM.decode())),
    ],
)
def test_a_client_that_cannot_prove_itself_is_told_before_anything_is_sent(client: Client) -> None:
    with pytest.raises(OidcError) as caught:
        token_request(op.PROVIDER, client, "c", CALLBACK, VERIFIER, now=1, jti="j")
    assert caught.value.code == "client_auth"


def test_a_way_that_the_provider_does_not_offer_is_taken_only_when_it_was_named() -> None:
    mtls = provider(token_endpoint_auth_methods_supported=["tls_client_auth"])
    with pytest.raises(OidcError) as caught:
        token_request(mtls, Client("c", "s"), "c", CALLBACK, VERIFIER)
    assert caught.value.facts["offered"] == ["tls_client_auth"]
    assert (
        token_request(mtls, Client("c", "s", auth_method="client_secret_post"), "c", CALLBACK, VERIFIER).form[
            "client_secret"
        ]
        == "s"
    )


def test_no_secret_is_shown_where_a_value_is_printed() -> None:
    client = Client("c", "hush-hush", key=SigningKey(pem(op.RSA)))
    shown = f"{client}{token_request(op.PROVIDER, Client('c', 'hush-hush'), 'code-1', CALLBACK, VERIFIER)}"
    shown += str(read_token_answer(200, answer(id_token="hush-hush", access_token="hush-hush")))
    assert not any(each in shown for each in ("hush-hush", "PRIVATE", "Basic", "code-1", VERIFIER))


def answer(**members: Any) -> bytes:
    return json.dumps(
        {"id_token": "t", "access_token": "a", "token_type": "Bearer", "expires_in": 300, **members}
    ).encode()


def test_an_honest_answer_gives_its_tokens() -> None:
    found = read_token_answer(200, answer(token_type="bearer"))
    assert (found.id_token, found.access_token, found.expires_in, found.scope) == ("t", "a", 300, None)
    assert read_token_answer(200, b'{"id_token": "t"}').access_token is None


ANSWERS = {
    "a refusal": ("token_endpoint_error", 400, b'{"error": "invalid_grant"}'),
    "a refusal with 200": ("token_endpoint_error", 200, b'{"error": "invalid_grant"}'),
    "a web page": ("token_endpoint_error", 502, b"<html>"),
    "a redirect": ("token_endpoint_error", 302, answer()),
    "no JSON": ("token_answer_malformed", 200, b"id_token=t"),
    "a token that is an object": ("token_answer_malformed", 200, answer(id_token={})),
    "a token of another type": ("token_answer_malformed", 200, answer(token_type="DPoP")),
    "no ID token": ("id_token_missing", 200, b'{"access_token": "a", "token_type": "Bearer", "scope": "profile"}'),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_without_tokens_is_refused_by_its_code(name: str) -> None:
    code, status, body = ANSWERS[name]
    with pytest.raises(OidcError) as caught:
        read_token_answer(status, body)
    assert caught.value.code == code
    assert caught.value.facts.get("status", status) == status


def test_a_wrong_secret_at_entra_is_told_with_its_number() -> None:
    body = json.dumps(
        {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."}
    )
    with pytest.raises(OidcError) as caught:
        read_token_answer(401, body.encode())
    assert (caught.value.facts["error"], caught.value.facts["aadsts"]) == ("invalid_client", "7000215")


def test_userinfo_is_believed_only_of_the_same_person() -> None:
    assert read_userinfo(b'{"sub": "1", "email": "a@b.example"}', "1")["email"] == "a@b.example"
    for code, body in (
        ("userinfo_subject", b'{"sub": "2"}'),
        ("userinfo_malformed", b'{"email": "a@b.example"}'),
        ("userinfo_malformed", b'{"sub": 1}'),
        ("userinfo_malformed", b"eyJhbGciOiJSUzI1NiJ9.e30.c2ln"),
    ):
        with pytest.raises(OidcError) as caught:
            read_userinfo(body, "1")
        assert caught.value.code == code


def test_signing_out_goes_to_the_provider_with_what_it_needs_or_nowhere() -> None:
    url = logout_url(op.PROVIDER, client_id=op.CLIENT, id_token_hint="t", post_logout_redirect_uri=CALLBACK, state="s")
    assert url is not None
    assert dict(parse_qsl(urlsplit(url).query)) == {
        "client_id": op.CLIENT, "id_token_hint": "t", "post_logout_redirect_uri": CALLBACK, "state": "s",
    }  # fmt: skip
    assert logout_url(provider(end_session_endpoint=None), client_id=op.CLIENT) is None


@examples(100)
@given(
    st.integers(100, 599),
    st.binary()
    | st.dictionaries(
        st.sampled_from(["id_token", "access_token", "error", "token_type", "expires_in", "error_description"]),
        st.text() | st.integers() | st.none() | st.lists(st.text()),
    ).map(lambda found: json.dumps(found).encode()),
)
def test_no_answer_raises_anything_but_a_refusal(status: int, body: bytes) -> None:
    for read in (lambda: read_token_answer(status, body), lambda: read_userinfo(body, "1")):
        try:
            read()
        except OidcError as refused:
            json.dumps(refused.facts)


@examples(100)
@given(st.lists(st.tuples(st.sampled_from(["code", "state", "iss", "error", "error_description"]), st.text())))
def test_no_callback_raises_anything_but_a_refusal(params: list[tuple[str, str]]) -> None:
    try:
        read_callback(params, state="s", provider=ISS)
    except OidcError as refused:
        json.dumps(refused.facts)
