"""OpenID Connect over HTTP, as a relying party: the way to the provider, and the way back."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vestibule import identity_providers, ids
from vestibule.claims import from_oidc
from vestibule.identity_providers import Loaded, client_secret_context
from vestibule.model import JsonObject
from vestibule.oidc import client as relying_party
from vestibule.oidc.errors import OidcError
from vestibule.oidc.id_token import IdToken
from vestibule.oidc.provider import Provider
from vestibule.server.sign_on import begun, cookies, evidence
from vestibule.server.sign_on.arriving import Vouched, arrive, browser_of, local
from vestibule.server.sign_on.desk import Desk, hashed
from vestibule.server.sign_on.refusal import LoginRefused
from vestibule.server.sign_on.visit import Visit
from vestibule.signon import OidcIdp
from vestibule.store import NotFound

SECOND = 1_000_000
CHECKS = ("callback", "token_endpoint", "id_token", "userinfo")


class OidcEndpoints:
    """The endpoints of the relying party of each connection."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def login(self, request: Request, visit: Visit) -> Response:
        """GET …/login[?test=1]: send the browser to the provider, with PKCE, state and nonce."""
        desk, query = self._desk, request.query_params
        test = query.get("test") == "1"
        loaded = await desk.load(visit.connection_id, "oidc", disabled_too=test)
        visit.know(loaded, test=test)
        desk.pace.count(request, visit.connection_id, visit.at, "begin")
        loaded, provider = await self._provider(loaded, visit)
        nonce, verifier = ids.new_browser_secret(), ids.new_browser_secret()
        kept: JsonObject = {"nonce": nonce, "verifier": verifier, "test": test, "next": local(query.get("next"))}
        login_id, secret = await begun.begin(desk, visit.connection_id, visit.at, kept)
        idp = _idp(loaded)
        url = relying_party.authorization_url(
            provider,
            idp.client_id,
            desk.oidc_url(visit.connection_id, "callback"),
            state=login_id,
            nonce=nonce,
            code_challenge=relying_party.code_challenge(verifier),
            scope=idp.scope,
            login_hint=query.get("login_hint"),
            prompt="login" if loaded.sign_on.force_authn else None,
        )
        response = RedirectResponse(url, 302)
        cookies.put_login(response, desk, login_id, secret)
        return response

    async def callback(self, request: Request, visit: Visit) -> Response:
        """GET …/callback: a code, exchanged for an ID token that is verified; or the provider's refusal."""
        desk = self._desk
        loaded = await desk.load(visit.connection_id, "oidc", disabled_too=True)
        visit.know(loaded, test=False)
        desk.pace.count(request, visit.connection_id, visit.at, "end")
        state = request.query_params.get("state", "")
        pending = await self._taken(request, visit, state)
        if not loaded.enabled and not pending.get("test"):
            raise LoginRefused(403, "sign_on_disabled")
        made: list[str] = []
        try:
            token, claims = await self._identified(request, visit, loaded, pending, state, made)
        except OidcError as error:
            if not pending.get("test"):
                raise
            outcome: JsonObject = {"outcome": "refused", "code": error.code, "facts": error.facts}
            return await evidence.tell_test(desk, visit, None, _told(made, error), outcome)
        received = from_oidc(token.issuer, token.sub, claims)
        details: JsonObject = {"name_id": token.sub, "session_index": claims.get("sid"), "browser": browser_of(request)}
        response = await arrive(desk, visit, loaded, Vouched(received, details, _told(made, None)), pending)
        cookies.drop_login(response, desk, state)
        return response

    async def _taken(self, request: Request, visit: Visit, state: str) -> Mapping[str, Any]:
        """The sign-in that this browser began. Raises LoginRefused."""
        secret = request.cookies.get(cookies.login_name(self._desk, state), "")
        try:
            login = await self._desk.store.take_login(visit.connection_id, state, hashed(secret))
        except NotFound:
            why = "used_or_too_old" if secret else "cookie_missing"
            raise LoginRefused(
                400, "request_unknown", {"why": why, "error": request.query_params.get("error")}
            ) from None
        return begun.resumed(visit, login)

    async def _identified(
        self,
        request: Request,
        visit: Visit,
        loaded: Loaded,
        pending: Mapping[str, Any],
        state: str,
        made: list[str],
    ) -> tuple[IdToken, JsonObject]:
        """The verified token, and its claims with those of UserInfo laid beneath. Raises OidcError, FetchError."""
        desk, idp = self._desk, _idp(loaded)
        loaded, provider = await self._provider(loaded, visit)
        code = relying_party.read_callback(request.query_params.multi_items(), state=state, provider=provider)
        made.append("callback")
        asked = relying_party.token_request(
            provider, await self._client(loaded, idp), code, desk.oidc_url(visit.connection_id, "callback"),
            pending["verifier"],
        )  # fmt: skip
        fetched = await desk.fetcher.post(asked.url, asked.headers, asked.form)
        answer = relying_party.read_token_answer(fetched.status, fetched.body)
        made.append("token_endpoint")
        token = await self._verified(visit, loaded, provider, answer.id_token, pending["nonce"], answer.access_token)
        made.append("id_token")
        claims = dict(token.claims)
        if provider.userinfo_endpoint and answer.access_token and provider.dialect != "entra":
            bearer = {"Authorization": f"Bearer {answer.access_token}"}
            fetched = await desk.fetcher.get(provider.userinfo_endpoint, "application/json", headers=bearer)
            claims = relying_party.laid_beneath(relying_party.read_userinfo(fetched.body, token.sub), claims)
            made.append("userinfo")
        return token, claims

    async def _verified(
        self, visit: Visit, loaded: Loaded, provider: Provider, id_token: str, nonce: str, access_token: str | None
    ) -> IdToken:
        """The token; once more with the keys read anew when it names one that is unknown."""
        desk, idp = self._desk, _idp(loaded)
        for anew in (False, True):
            keys = await identity_providers.keys_for(desk.store, desk.fetcher, loaded, provider, visit.at, anew=anew)
            try:
                return relying_party.verify_id_token(
                    id_token,
                    provider=provider,
                    keys=keys,
                    client_id=idp.client_id,
                    nonce=nonce,
                    now=visit.at,
                    skew=loaded.sign_on.skew * SECOND,
                    access_token=access_token,
                    tenants=idp.tenants,
                )
            except OidcError as error:
                if error.code != "kid_unknown" or anew:
                    raise
        raise OidcError("kid_unknown")

    async def _provider(self, loaded: Loaded, visit: Visit) -> tuple[Loaded, Provider]:
        desk = self._desk
        return await identity_providers.provider_for(
            desk.store, desk.fetcher, loaded, visit.at, allow_http=desk.allow_http
        )

    async def _client(self, loaded: Loaded, idp: OidcIdp) -> relying_party.Client:
        if idp.client_secret is None:
            return relying_party.Client(idp.client_id)
        seal = await self._desk.seal()
        secret = seal.open(idp.client_secret, client_secret_context(loaded.connection.id))
        return relying_party.Client(idp.client_id, secret, auth_method=idp.auth_method)  # pyright: ignore[reportArgumentType]


def _told(made: list[str], error: OidcError | None) -> list[Mapping[str, Any]]:
    """The steps as checks: made, failed, or not reached."""
    shown: list[Mapping[str, Any]] = [{"name": name, "passed": True, "code": None, "facts": {}} for name in made]
    rest = [name for name in CHECKS if name not in made]
    if error is not None and rest:
        shown.append({"name": rest.pop(0), "passed": False, "code": error.code, "facts": error.facts})
    return [*shown, *({"name": name, "passed": None, "code": None, "facts": {}} for name in rest)]


def _idp(loaded: Loaded) -> OidcIdp:
    idp = loaded.sign_on.idp
    if not isinstance(idp, OidcIdp):
        raise LoginRefused(404, "sign_on_missing")
    return idp
