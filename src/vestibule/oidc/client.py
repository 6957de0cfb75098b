"""The code flow as a relying party (OpenID Connect Core 1.0 section 3.1, RFC 6749, RFC 7636, RFC 9207).

What to ask, as URLs and requests that somebody else sends; and what to make of the answers.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from vestibule.oidc.errors import OidcError
from vestibule.oidc.id_token import SKEW, IdToken, verify_id_token
from vestibule.oidc.provider import Provider
from vestibule.oidc.refusal import error_facts
from vestibule.oidc.token_endpoint import (
    Client,
    Request,
    SigningKey,
    TokenAnswer,
    read_token_answer,
    token_request,
)
from vestibule.oidc.userinfo import laid_beneath, read_userinfo

__all__ = [
    "SKEW",
    "Client",
    "IdToken",
    "Request",
    "SigningKey",
    "TokenAnswer",
    "authorization_url",
    "code_challenge",
    "laid_beneath",
    "logout_url",
    "read_callback",
    "read_token_answer",
    "read_userinfo",
    "token_request",
    "verify_id_token",
]

SCOPE: Final = "openid profile email"

_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}\Z")


def code_challenge(verifier: str) -> str:
    """The S256 challenge of a PKCE verifier (RFC 7636 section 4.2). ValueError when it is no verifier."""
    if not _VERIFIER.match(verifier):
        raise ValueError("a verifier has 43 to 128 letters, digits, - . _ or ~ (RFC 7636 section 4.1)")
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def authorization_url(
    provider: Provider,
    client_id: str,
    redirect_uri: str,
    *,
    state: str,
    nonce: str,
    code_challenge: str,
    scope: str = SCOPE,
    login_hint: str | None = None,
    prompt: str | None = None,
    domain_hint: str | None = None,
) -> str:
    """Where to send the browser. `domain_hint` becomes Google's `hd`; only Entra and Google are told it."""
    hint = {"entra": "domain_hint", "google": "hd"}.get(provider.dialect)
    asked = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": scope,
        "state": state,
        "nonce": nonce,
        "code_challenge": code_challenge,
        "code_challenge_method": "S256",
        "login_hint": login_hint,
        "prompt": prompt,
    }
    if hint:
        asked[hint] = domain_hint
    return _with_query(provider.authorization_endpoint, asked)


def read_callback(params: Mapping[str, str] | Sequence[tuple[str, str]], *, state: str, provider: Provider) -> str:
    """The code in the callback's query. Raises `OidcError`.

    `params` are best given as pairs, so that a parameter that came twice is seen. State and issuer are checked before
    an error is believed.
    """
    found = _once(params.items() if isinstance(params, Mapping) else params)
    sent = found.get("state")
    if not state or sent is None or not _same(sent, state):
        raise OidcError("state", came=sent is not None, error=found.get("error"))
    issuer = found.get("iss")
    if (issuer is not None or provider.iss_in_callback) and not provider.is_issuer(issuer):
        raise OidcError("iss_mismatch", expected=provider.issuer, found=issuer)
    if "error" in found:
        raise OidcError("idp_error", **error_facts(found))
    if not (code := found.get("code")):
        raise OidcError("callback_malformed", fault="neither code nor error", parameters=sorted(found))
    return code


def logout_url(
    provider: Provider,
    *,
    client_id: str,
    id_token_hint: str | None = None,
    post_logout_redirect_uri: str | None = None,
    state: str | None = None,
) -> str | None:
    """Where to sign out at the provider too (RP-Initiated Logout 1.0); None when it has no such place."""
    if provider.end_session_endpoint is None:
        return None
    asked = {
        "client_id": client_id,
        "id_token_hint": id_token_hint,
        "post_logout_redirect_uri": post_logout_redirect_uri,
        "state": state,
    }
    return _with_query(provider.end_session_endpoint, asked)


def _with_query(url: str, asked: Mapping[str, str | None]) -> str:
    """The URL with parameters added; those that its own query has already and that are ours are replaced."""
    parts = urlsplit(url)
    kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in asked]
    query = urlencode([*kept, *((name, value) for name, value in asked.items() if value is not None)])
    return urlunsplit(parts._replace(query=query))


def _once(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Parameters may not be repeated (RFC 6749 section 3.1)."""
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise OidcError("callback_malformed", fault="repeated", parameter=name[:80])
        found[name] = value
    return found


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))
