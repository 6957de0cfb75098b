"""What the authorization endpoint reads in a request (OpenID Connect Core 1.0 section 3.1.2.1, RFC 7636)."""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass

from vestibule.idp.apps import OidcClient
from vestibule.idp.refusals import Refused


@dataclass(frozen=True, slots=True)
class Authorization:
    """A request whose client and redirect URI are right, so that errors may be sent there."""

    client: OidcClient
    redirect_uri: str
    response_mode: str
    state: str | None


@dataclass(frozen=True, slots=True)
class Wish:
    """The rest of the request."""

    scopes: frozenset[str]
    nonce: str | None
    challenge: str | None
    method: str
    prompt: frozenset[str]
    login_hint: str | None


def addressed(given: Mapping[str, str], clients: Mapping[str, OidcClient], tenant: str) -> Authorization:
    """Who asks and where the answer goes. Raises Refused, which is shown here and sent nowhere."""
    client = clients.get(given.get("client_id", ""))
    if client is None:
        raise Refused(700016, given=given.get("client_id", ""), tenant=tenant)
    redirect_uri = given.get("redirect_uri")
    if redirect_uri is None:
        raise Refused(90014, field="redirect_uri")
    if redirect_uri not in client.redirect_uris:
        raise Refused(50011, given=redirect_uri, app=client.id)
    mode = given.get("response_mode", "query")
    if mode not in ("query", "form_post"):
        raise Refused(90014, field="response_mode (query or form_post)")
    return Authorization(client, redirect_uri, mode, given.get("state"))


def wish(given: Mapping[str, str]) -> Wish:
    """What is asked for. Raises Refused, which is sent to the redirect URI."""
    if given.get("response_type") != "code":
        raise Refused(700054, given=given.get("response_type", ""))
    scopes = frozenset(given.get("scope", "").split())
    if "openid" not in scopes:
        raise Refused(90014, field="scope (with openid)")
    challenge = given.get("code_challenge")
    method = given.get("code_challenge_method", "plain")
    if challenge is not None and not re.fullmatch(r"[A-Za-z0-9\-._~]{43,128}", challenge):
        raise Refused(50147)
    if method not in ("S256", "plain"):
        raise Refused(90014, field="code_challenge_method (S256 or plain)")
    prompt = frozenset(given.get("prompt", "").split())
    return Wish(scopes, given.get("nonce"), challenge, method, prompt, given.get("login_hint"))


def proves(verifier: str | None, challenge: str | None, method: str) -> bool:
    """Whether the verifier belongs to the challenge (RFC 7636 section 4.6); without a challenge none may come."""
    if challenge is None or verifier is None:
        return challenge is None and verifier is None
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return hmac.compare_digest((digest if method == "S256" else verifier).encode(), challenge.encode())
