"""The OpenID Connect endpoints, at the places where Entra ID has those of version 2.0."""

from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from vestibule.idp import authorization, tokens
from vestibule.idp.apps import OidcClient
from vestibule.idp.authorization import Authorization, Wish
from vestibule.idp.identifiers import secret
from vestibule.idp.login import Flow, Login
from vestibule.idp.logout import Logout
from vestibule.idp.pages import error_page, post_form
from vestibule.idp.people import ANY, Person
from vestibule.idp.refusals import Refused
from vestibule.idp.saml_claims import Home
from vestibule.idp.state import TENANT, Session, State, keep
from vestibule.idp.tokens import Grant


@dataclass(frozen=True, slots=True)
class Oidc:
    """The endpoints that a browser sees, and the two documents; `exchange.py` has the others."""

    state: State
    login: Login
    logout: Logout

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("/{tenant}/v2.0/.well-known/openid-configuration", self.discovery),
            Route("/{tenant}/discovery/v2.0/keys", self.keys),
            Route("/{tenant}/oauth2/v2.0/authorize", self.authorize, methods=["GET", "POST"]),
            Route("/{tenant}/oauth2/v2.0/logout", self.end_session, methods=["GET", "POST"]),
        ]

    @property
    def issuer(self) -> str:
        """The issuer of the tokens."""
        return f"{self.state.home_url}/v2.0"

    async def discovery(self, request: Request) -> Response:
        """GET /{tenant}/v2.0/.well-known/openid-configuration."""
        home = self.state.home_url
        common = request.path_params["tenant"].casefold() in ANY
        return JSONResponse(
            {
                # The literal braces are Entra ID's own.
                "issuer": f"{self.state.base_url}/{{tenantid}}/v2.0" if common else self.issuer,
                "authorization_endpoint": f"{home}/oauth2/v2.0/authorize",
                "token_endpoint": f"{home}/oauth2/v2.0/token",
                "userinfo_endpoint": f"{self.state.base_url}/oidc/userinfo",
                "end_session_endpoint": f"{home}/oauth2/v2.0/logout",
                "jwks_uri": f"{home}/discovery/v2.0/keys",
                "response_types_supported": ["code"],
                "response_modes_supported": ["query", "form_post"],
                "grant_types_supported": ["authorization_code"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
                "code_challenge_methods_supported": ["S256", "plain"],
                "scopes_supported": ["openid", "profile", "email"],
                "claims_supported": ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "name", "oid", "tid",
                    "preferred_username", "ver", "given_name", "family_name", "email", "groups"],
                "authorization_response_iss_parameter_supported": True,
                "request_uri_parameter_supported": False,
            }
        )  # fmt: skip

    async def keys(self, _: Request) -> Response:
        """GET /{tenant}/discovery/v2.0/keys: those that sign, will sign, and signed."""
        return JSONResponse({"keys": [tokens.jwk(key, self.issuer) for key in self.state.published(TENANT)]})

    async def authorize(self, request: Request) -> Response:
        """GET or POST /{tenant}/oauth2/v2.0/authorize."""
        given = await parameters(request)
        try:
            to = authorization.addressed(given, self.state.clients, self.state.people.domain)
        except Refused as refused:
            return error_page(refused, self.state.now())
        try:
            wish = authorization.wish(given)
            flow = Flow(
                to.client.title,
                to.client.id,
                partial(self._grant, to, wish),
                partial(self._refuse, to),
                wish.login_hint,
            )
            ask = bool(wish.prompt & {"login", "select_account"})
            return await self.login.begin(request, flow, ask=ask, silent="none" in wish.prompt)
        except Refused as refused:
            return self._refuse(to, refused)

    async def end_session(self, request: Request) -> Response:
        """GET or POST /{tenant}/oauth2/v2.0/logout; goes on only to an address that a client registered."""
        given = await parameters(request)
        wanted = given.get("post_logout_redirect_uri")
        known = any(wanted in client.post_logout_redirect_uris for client in self.state.clients.values())
        if wanted is None or not known:
            return self.logout.end(request)
        separator = "&" if "?" in wanted else "?"
        return self.logout.end(
            request, wanted + (separator + urlencode({"state": given["state"]}) if "state" in given else "")
        )

    async def _grant(self, to: Authorization, wish: Wish, session: Session, person: Person) -> Response:
        code = secret()
        keep(
            self.state.codes,
            code,
            Grant(
                to.client,
                person,
                to.redirect_uri,
                wish.scopes,
                wish.nonce,
                wish.challenge,
                wish.method,
                session.since,
                self.state.now(),
                session.id,
            ),
        )
        return self._send(to, {"code": code, "session_state": session.id[:32]})

    def _refuse(self, to: Authorization, refused: Refused) -> Response:
        return self._send(to, {"error": refused.kind.oauth, "error_description": refused.message})

    def _send(self, to: Authorization, answer: dict[str, str]) -> Response:
        if to.state is not None:
            answer["state"] = to.state
        answer["iss"] = self.issuer
        if to.response_mode == "form_post":
            return post_form(to.redirect_uri, answer)
        return RedirectResponse(f"{to.redirect_uri}{'&' if '?' in to.redirect_uri else '?'}{urlencode(answer)}", 302)


def home_of(state: State, client: OidcClient) -> Home:
    """The tenant as it speaks to a client."""
    return Home(state.people.tenant_id, state.issuer, client.id)


async def parameters(request: Request) -> dict[str, str]:
    """The parameters of a query or of a form."""
    source = await request.form() if request.method == "POST" else request.query_params
    return {name: value for name, value in source.items() if isinstance(value, str)}
