"""SAML single logout over HTTP: a request of the identity provider's, and our own with its answer."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vestibule import ids, sessions
from vestibule.identity_providers import Loaded, load
from vestibule.model import JsonObject
from vestibule.portal.sign_in_pages import posting_page, signed_out_page
from vestibule.saml import logout
from vestibule.saml.bindings import PostForm
from vestibule.saml.errors import SamlError
from vestibule.saml.logout import ExpectedLogout, LogoutRequest, LogoutResponse, NameId
from vestibule.server.sign_on import begun, cookies
from vestibule.server.sign_on.desk import Desk, hashed
from vestibule.server.sign_on.forms import names_of, read_form
from vestibule.server.sign_on.refusal import LoginRefused
from vestibule.server.sign_on.visit import Visit
from vestibule.signon import SamlIdp
from vestibule.store import NotFound, SessionState

SECOND = 1_000_000
_MOST_FORM = 256_000
"""Bytes of a posted message."""


class LogoutEndpoint:
    """`/sso/saml/{connection_id}/slo`, and the way there."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def slo(self, request: Request, visit: Visit) -> Response:
        """GET or POST …/slo: end the sessions that the identity provider names, or hear that it ended its own."""
        desk = self._desk
        loaded = await desk.load(visit.connection_id, "saml", disabled_too=True)
        visit.know(loaded, test=False)
        received = await self._received(request, loaded, visit)
        message = received.message
        if not await desk.store.use_once(visit.connection_id, message.id, received.replay_until):
            raise SamlError("replay", received=message.id)
        if isinstance(message, LogoutResponse):
            visit.facts["succeeded"] = message.succeeded
            return signed_out_page("logout")
        visit.target = message.name_id.value
        named = (message.name_id.value, message.session_indexes)
        ended = await desk.store.end_sessions(visit.connection_id, visit.at, "single_logout", name=named)
        visit.facts["ended"] = ended
        response = await self._answered(loaded, message, received.relay_state, visit)
        if sessions.is_one_of(cookies.session_text(request, desk), visit.connection_id, ended):
            cookies.drop_session(response, desk)
        return response

    async def _received(self, request: Request, loaded: Loaded, visit: Visit) -> logout.Received:
        if request.method == "GET":
            relay_state = request.query_params.get("RelayState")
            expected = await self._expected(request, loaded, visit, relay_state)
            return logout.read_redirect(request.scope["query_string"].decode("latin-1"), expected, visit.at)
        fields = await read_form(request, _MOST_FORM)
        expected = await self._expected(request, loaded, visit, fields.get("RelayState"))
        for parameter in ("SAMLRequest", "SAMLResponse"):
            if parameter in fields:
                return logout.read_post(parameter, fields[parameter], fields.get("RelayState"), expected, visit.at)
        raise LoginRefused(400, "no_response", {"received": names_of(fields)})

    async def _expected(
        self, request: Request, loaded: Loaded, visit: Visit, relay_state: str | None
    ) -> ExpectedLogout:
        idp = _idp(loaded)
        return ExpectedLogout(
            slo_url=self._desk.saml_url(visit.connection_id, "slo"),
            idp_entity_id=idp.entity_id,
            certificates=idp.certificates,
            request_id=await self._pending(request, visit, relay_state),
            skew=loaded.sign_on.skew * SECOND,
            allow_expired_until=loaded.sign_on.expired_until,
        )

    async def _pending(self, request: Request, visit: Visit, relay_state: str | None) -> str | None:
        """The request that we sent from this browser, if one is awaited."""
        if relay_state is None or not relay_state.startswith("lgn_"):
            return None
        secret = request.cookies.get(cookies.login_name(self._desk, relay_state), "")
        try:
            pending = await self._desk.store.take_login(visit.connection_id, relay_state, hashed(secret))
        except NotFound:
            return None
        return pending.document.get("logout_id")

    async def _answered(
        self, loaded: Loaded, request: LogoutRequest, relay_state: str | None, visit: Visit
    ) -> Response:
        idp = _idp(loaded)
        where = idp.slo_response_url or idp.slo_url
        if where is None:
            return signed_out_page("single_logout")
        answer = LogoutResponse(
            id=f"_{ids.new_browser_secret()}",
            issued=visit.at,
            issuer=self._desk.saml_url(visit.connection_id, "metadata"),
            destination=where,
            in_response_to=request.id,
        )
        return await self._sent(loaded, answer, relay_state)

    async def begin(self, state: SessionState) -> Response | None:
        """Ask the identity provider to end its session too; None where it offers no such thing."""
        desk, session = self._desk, state.session
        loaded = await load(desk.store, session.connection_id)
        idp = loaded.sign_on.idp
        name_id = session.document.get("name_id")
        if not isinstance(idp, SamlIdp) or idp.slo_url is None or not name_id:
            return None
        now = desk.clock.now()
        index = session.document.get("session_index")
        message = LogoutRequest(
            id=f"_{ids.new_browser_secret()}",
            issued=now,
            issuer=desk.saml_url(session.connection_id, "metadata"),
            destination=idp.slo_url,
            name_id=_name_id(session.document),
            session_indexes=(index,) if index else (),
        )
        kept: JsonObject = {"logout_id": message.id}
        pending_id, secret = await begun.begin(desk, session.connection_id, now, kept)
        response = await self._sent(loaded, message, pending_id)
        cookies.put_login(response, desk, pending_id, secret)
        return response

    async def _sent(self, loaded: Loaded, message: LogoutRequest | LogoutResponse, relay_state: str | None) -> Response:
        """A message on its way, signed."""
        desk = self._desk
        private, certificate = await desk.signing_key(loaded.connection.id)
        if _idp(loaded).slo_binding == "redirect":
            return RedirectResponse(logout.redirect(message, relay_state, private), 302)
        form: PostForm = logout.post(message, relay_state, private, certificate)
        return posting_page(form.action, form.fields)


def _name_id(document: JsonObject) -> NameId:
    """Whom the assertion named, with all that it was named by."""
    names = ("name_id", "name_id_format", "name_qualifier", "sp_name_qualifier")
    return NameId(*(document.get(name) for name in names))  # pyright: ignore[reportArgumentType]


def _idp(loaded: Loaded) -> SamlIdp:
    idp = loaded.sign_on.idp
    if not isinstance(idp, SamlIdp):
        raise LoginRefused(404, "sign_on_missing")
    return idp
