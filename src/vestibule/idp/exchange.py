"""What a client asks without a browser: tokens for a code, and the userinfo."""

import base64
import binascii
from dataclasses import dataclass
from urllib.parse import unquote_plus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from vestibule.idp import tokens
from vestibule.idp.apps import OidcClient
from vestibule.idp.authorization import proves
from vestibule.idp.identifiers import guid, instant, secret
from vestibule.idp.oidc import Oidc, home_of, parameters
from vestibule.idp.refusals import Refused
from vestibule.idp.state import TENANT, State, keep
from vestibule.idp.tokens import Grant

CODE_LASTS = 600_000_000
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


@dataclass(frozen=True, slots=True)
class Redeemed:
    """What stands in a code's place once it was used."""

    access_token: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """The token endpoint and the userinfo endpoint."""

    state: State
    oidc: Oidc

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("/{tenant}/oauth2/v2.0/token", self.token, methods=["POST"]),
            Route("/oidc/userinfo", self.userinfo, methods=["GET", "POST"]),
        ]

    async def token(self, request: Request) -> Response:
        """POST /{tenant}/oauth2/v2.0/token (OpenID Connect Core 1.0 section 3.1.3)."""
        given = await parameters(request)
        try:
            client = self._client(request, given)
            if given.get("grant_type") != "authorization_code":
                raise Refused(70003, given=given.get("grant_type", ""))
            grant = self._redeem(given, client)
        except Refused as refused:
            return self._error(refused)
        conduct, home, now = self.state.conduct, home_of(self.state, client), self.state.now()
        access_token = secret()
        keep(self.state.codes, given["code"], Redeemed(access_token))
        keep(self.state.grants, access_token, grant)
        body = {
            "token_type": "Bearer",
            "scope": " ".join(sorted(grant.scopes)),
            "expires_in": tokens.LASTS,
            "access_token": access_token,
            "id_token": tokens.id_token(grant, conduct, home, self.oidc.issuer, self.state.signer(TENANT), now),
        }
        return JSONResponse(body, headers=_NO_STORE)

    async def userinfo(self, request: Request) -> Response:
        """GET or POST /oidc/userinfo with the access token as bearer."""
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        grant = self.state.grants.get(text.strip()) if scheme.casefold() == "bearer" else None
        if not isinstance(grant, Grant) or grant.issued + tokens.LASTS * 1_000_000 < self.state.now():
            return JSONResponse(
                {"error": {"code": "InvalidAuthenticationToken"}},
                401,
                {"WWW-Authenticate": 'Bearer error="invalid_token"'},
            )
        about = tokens.about(grant, self.state.conduct, home_of(self.state, grant.client))
        shown = ("sub", "name", "given_name", "family_name", "email")
        return JSONResponse({name: about[name] for name in shown if name in about}, headers=_NO_STORE)

    def _client(self, request: Request, given: dict[str, str]) -> OidcClient:
        ident, password = given.get("client_id"), given.get("client_secret")
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        if scheme.casefold() == "basic":
            try:
                user, _, word = base64.b64decode(encoded).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError) as error:
                raise Refused(7000215) from error
            ident, password = unquote_plus(user), unquote_plus(word)
        client = self.state.clients.get(ident or "")
        if client is None:
            raise Refused(700016, given=ident or "", tenant=self.state.people.domain)
        if password is None or not client.knows(password):
            raise Refused(7000215)
        return client

    def _redeem(self, given: dict[str, str], client: OidcClient) -> Grant:
        grant = self.state.codes.get(given.get("code", ""))
        if isinstance(grant, Redeemed):
            # A code that comes twice was stolen: what it gave is taken back (RFC 6749 section 4.1.2).
            self.state.grants.pop(grant.access_token, None)
            raise Refused(54005)
        if not isinstance(grant, Grant) or grant.client.id != client.id:
            raise Refused(70000, why="it is unknown")
        if grant.issued + CODE_LASTS < self.state.now():
            raise Refused(70000, why="it has expired")
        if grant.redirect_uri != given.get("redirect_uri"):
            raise Refused(70000, why="the redirect_uri is not that of the authorization request")
        if not proves(given.get("code_verifier"), grant.challenge, grant.method):
            raise Refused(501481)
        return grant

    def _error(self, refused: Refused) -> Response:
        body = {
            "error": refused.kind.oauth,
            "error_description": refused.message,
            "error_codes": [refused.number],
            "timestamp": instant(self.state.now()),
            "trace_id": guid(),
            "correlation_id": guid(),
        }
        status = 401 if refused.kind.oauth in ("invalid_client", "unauthorized_client") else 400
        return JSONResponse(body, status, _NO_STORE)
