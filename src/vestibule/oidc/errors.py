"""Why an OpenID Provider's words are not believed: one closed table of codes."""

from typing import Any, Final

CODES: Final = {
    "discovery_malformed": "The discovery document is no JSON object, or a member in it is not what it must be.",
    "discovery_missing": "The discovery document lacks a member that signing in needs.",
    "discovery_insecure": "An endpoint in the discovery document is not an https URL without a fragment or a password.",
    "discovery_unsupported": "The provider lacks the code flow, S256, or a signature algorithm that is accepted here.",
    "issuer_mismatch": "The discovery document names another issuer than the one that was asked.",
    "tenants_required": "Anybody can have an account at this issuer: tell which tenants or domains may sign in.",
    "jwks_malformed": "The key set is no JSON object with a list of keys.",
    "jwks_no_usable_key": "The key set has no key that is accepted here.",
    "kid_unknown": "The ID token is signed with a key that is not in the key set; it may have been rolled over.",
    "state": "The callback does not belong to a sign-in that this browser began.",
    "iss_mismatch": "The callback comes from another issuer than the one that was asked (RFC 9207).",
    "callback_malformed": "The callback has a parameter twice, or neither a code nor an error.",
    "idp_error": "The provider refused the sign-in.",
    "client_auth": "The client has no way to prove itself that the provider offers, or its key cannot be used.",
    "token_endpoint_error": "The provider refused to exchange the code for tokens.",
    "token_answer_malformed": "The token endpoint's answer is not what it must be.",
    "id_token_missing": "The token endpoint answered without an ID token; the scope openid may be lacking.",
    "id_token_malformed": "The ID token is no signed JWT in compact form.",
    "id_token_encrypted": "The ID token is encrypted; encryption must be off for this client.",
    "id_token_header": "The ID token's header names a key of its own, or something critical that is not understood.",
    "id_token_typ": "It is a token of another type, not an ID token.",
    "id_token_alg": "The ID token is signed with an algorithm that is not accepted.",
    "id_token_signature": "The ID token's signature is not by the provider's key.",
    "id_token_issuer": "The ID token is of another issuer.",
    "id_token_audience": "The ID token is for another client.",
    "id_token_azp": "The ID token was issued to another client.",
    "id_token_expired": "The ID token has expired.",
    "id_token_not_yet_valid": "The ID token is from the future: a clock is off.",
    "id_token_time": "The ID token lacks exp or iat, or one of its times is no number.",
    "id_token_nonce": "The ID token belongs to another sign-in.",
    "id_token_at_hash": "The ID token was not issued with this access token.",
    "id_token_subject": "The ID token names nobody.",
    "id_token_tenant": "The account is of a tenant or domain that may not sign in here.",
    "userinfo_malformed": "The answer of UserInfo is no JSON object with a subject.",
    "userinfo_subject": "The answer of UserInfo is about somebody else.",
}
"""Every code with what it says."""


class OidcError(Exception):
    """A refusal. `code` is a key of `CODES`; `facts` are its evidence, ready for JSON, never a token or a secret."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(CODES[code])
        self.code = code
        self.facts: dict[str, Any] = facts
