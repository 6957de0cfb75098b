"""A discovery document is read strictly, and says what to mend."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.effort import examples
from tests.oidc import op
from vestibule.oidc.errors import OidcError
from vestibule.oidc.provider import discovery_url, issuer_of, read_discovery

ENTRA = "https://login.microsoftonline.com"

REFUSED: dict[str, tuple[str, bytes, dict[str, Any]]] = {
    "a web page": ("discovery_malformed", b"<!DOCTYPE html><html>", {"fault": "not JSON", "begins": "<!DOCTYPE html><html>"}),
    "a list": ("discovery_malformed", b"[]", {"fault": "not an object"}),
    "two megabytes": ("discovery_malformed", b" " * 2_000_000, {"limit": 1_000_000}),
    "no token endpoint": ("discovery_missing", op.discovery(token_endpoint=None), {"member": "token_endpoint"}),
    "no keys": ("discovery_missing", op.discovery(jwks_uri=None), {"member": "jwks_uri"}),
    "an endpoint that is a number": ("discovery_malformed", op.discovery(jwks_uri=1), {"member": "jwks_uri"}),
    "methods that are a text": (
        "discovery_malformed",
        op.discovery(token_endpoint_auth_methods_supported="client_secret_basic"),
        {"member": "token_endpoint_auth_methods_supported"},
    ),
    "no code flow": ("discovery_unsupported", op.discovery(response_types_supported=["id_token"]), {"need": ["code"]}),
    "symmetric signatures only": (
        "discovery_unsupported",
        op.discovery(id_token_signing_alg_values_supported=["HS256", "none"]),
        {"offered": ["HS256", "none"]},
    ),
    "plain PKCE only": (
        "discovery_unsupported",
        op.discovery(code_challenge_methods_supported=["plain"]),
        {"need": ["S256"]},
    ),
    "another issuer": ("issuer_mismatch", op.discovery("https://evil.example"), {"asked": op.ISSUER, "found": "https://evil.example"}),
    "a slash too many": ("issuer_mismatch", op.discovery(op.ISSUER + "/"), {"found": op.ISSUER + "/"}),
    "all tenants of Entra, where one was asked": (
        "issuer_mismatch",
        op.discovery(ENTRA + "/{tenantid}/v2.0"),
        {"asked": op.ISSUER},
    ),
}  # fmt: skip
UNSAFE = [
    "http://op.example/certs",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "//op.example/certs",
    "https:///certs",
    "https://user@op.example/certs",
    "https://op.example/certs#x",
    "https://op.example/certs#",
    "https://op.example/a b",
    "https://op.example\\@evil.example/",
    "https://op.example\\.evil.example/",
    "https://op.example/\x7f",
    "https://op.example:99999/",
    "https://op.example/\u00e9",
    "https://" + "a" * 2_100,
]


@pytest.mark.parametrize("name", REFUSED)
def test_a_document_that_cannot_be_used_is_refused_with_what_to_mend(name: str) -> None:
    code, document, facts = REFUSED[name]
    with pytest.raises(OidcError) as caught:
        read_discovery(document, op.ISSUER)
    assert caught.value.code == code
    assert facts.items() <= caught.value.facts.items()


@pytest.mark.parametrize(
    "member", ["authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint", "end_session_endpoint"]
)
@pytest.mark.parametrize("url", UNSAFE)
def test_every_endpoint_is_a_plain_https_url(member: str, url: str) -> None:
    with pytest.raises(OidcError) as caught:
        read_discovery(op.discovery(**{member: url}), op.ISSUER)
    assert (caught.value.code, caught.value.facts["member"]) == ("discovery_insecure", member)


def test_http_is_taken_only_where_it_was_allowed() -> None:
    document = op.discovery("http://127.0.0.1:9000", token_endpoint="http://127.0.0.1:9000/token")
    assert read_discovery(document, "http://127.0.0.1:9000", allow_http=True).token_endpoint.startswith("http://")
    with pytest.raises(OidcError, match="https"):
        read_discovery(document, "http://127.0.0.1:9000")


def test_what_a_provider_does_not_say_has_the_standards_default() -> None:
    bare = read_discovery(
        op.discovery(
            id_token_signing_alg_values_supported=None,
            token_endpoint_auth_methods_supported=None,
            code_challenge_methods_supported=None,
            response_types_supported=None,
            userinfo_endpoint=None,
            end_session_endpoint=None,
        ),
        op.ISSUER,
    )
    assert (bare.algorithms, bare.auth_methods, bare.pkce) == (("RS256",), ("client_secret_basic",), None)
    assert (bare.userinfo_endpoint, bare.end_session_endpoint, bare.iss_in_callback) == (None, None, False)


def test_of_the_algorithms_offered_only_those_with_public_keys_are_kept() -> None:
    assert op.PROVIDER.algorithms == tuple(op.SIGNERS)


@pytest.mark.parametrize("name", ["organizations", "common", "consumers"])
def test_entra_for_all_tenants_is_the_one_issuer_that_may_differ(name: str) -> None:
    provider = read_discovery(op.discovery(ENTRA + "/{tenantid}/v2.0"), f"{ENTRA}/{name}/v2.0")
    assert provider.any_tenant
    assert provider.is_issuer(f"{ENTRA}/{op.TENANT}/v2.0")
    for issuer in (
        f"{ENTRA}/{name}/v2.0",
        f"{ENTRA}//v2.0",
        f"{ENTRA}/{op.TENANT}/v2.0/",
        f"https://evil.example/{op.TENANT}/v2.0",
        None,
        1,
    ):
        assert not provider.is_issuer(issuer)
    with pytest.raises(OidcError, match="another issuer"):
        read_discovery(op.discovery("https://op.example/{tenantid}/v2.0"), f"https://op.example/{name}/v2.0")


def test_the_address_of_the_discovery_document_and_the_issuer_lead_to_each_other() -> None:
    for issuer in ("https://op.example", "https://op.example/realms/acme"):
        assert issuer_of(f" {discovery_url(issuer)} ") == issuer
    assert discovery_url("https://acme.auth0.com/") == "https://acme.auth0.com/.well-known/openid-configuration"


MEMBERS = st.dictionaries(
    st.sampled_from(list(json.loads(op.discovery()))),
    st.text() | st.integers() | st.none() | st.lists(st.text() | st.integers()),
)


@examples(100)
@given(st.binary() | MEMBERS.map(lambda members: json.dumps(json.loads(op.discovery()) | members).encode()))
def test_no_document_raises_anything_but_a_refusal(document: bytes) -> None:
    try:
        read_discovery(document, op.ISSUER)
    except OidcError as refused:
        json.dumps(refused.facts)
