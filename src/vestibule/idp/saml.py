"""The SAML endpoints: metadata, sign-on by redirect and by POST, and the tile of My Apps."""

import base64
from dataclasses import dataclass
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from vestibule.idp import authn_request, incoming, saml_claims, sealing
from vestibule.idp.answer import Answer, respond
from vestibule.idp.apps import SamlApp
from vestibule.idp.authn_request import PASSWORD, AuthnRequest
from vestibule.idp.identifiers import instant, message_id, secret
from vestibule.idp.incoming import Incoming
from vestibule.idp.login import Flow, Login
from vestibule.idp.logout import Logout
from vestibule.idp.pages import error_page, post_form
from vestibule.idp.people import ANY, Person
from vestibule.idp.refusals import Refused
from vestibule.idp.rotation import unpublished
from vestibule.idp.saml_claims import Home
from vestibule.idp.state import TENANT, Participant, Session, State
from vestibule.idp.xml import PROTOCOL, build, write


@dataclass(frozen=True, slots=True)
class Asked:
    """What a response answers: a request, or a click on a tile (request None)."""

    app: SamlApp
    acs_url: str
    request: AuthnRequest | None
    relay_state: str | None


@dataclass(frozen=True, slots=True)
class Saml:
    """The endpoints over the state."""

    state: State
    login: Login
    logout: Logout

    async def metadata(self, request: Request) -> Response:
        """GET /{tenant}/federationmetadata/2007-06/federationmetadata.xml, of an application with `?appid=`."""
        tenant = request.path_params["tenant"]
        common = tenant.casefold() in ANY
        app_id = request.query_params.get("appid")
        if app_id is not None and app_id not in self.state.apps:
            refused = Refused(700016, given=app_id, tenant=self.state.people.domain)
            return error_page(refused, self.state.now())
        label = app_id or TENANT
        base = f"{self.state.base_url}/{'common' if common else self.state.people.tenant_id}"
        root = build(
            "federation_metadata.xml",
            id=message_id(),
            # The literal braces are Entra ID's own.
            entity_id="https://sts.windows.net/{tenant}/" if common else self.state.issuer,
            certificates=[key.base64 for key in self.state.published(label)],
            claims=saml_claims.OFFERED,
            saml2=f"{base}/saml2",
            wsfed=f"{base}/wsfed",
            signed_requests=self.state.conduct.signed_requests,
        )
        sealing.sign(root, self.state.rotation(label).active)
        return Response(write(root), media_type="application/samlmetadata+xml")

    async def endpoint(self, request: Request) -> Response:
        """GET or POST /{tenant}/saml2: a request for sign-on, or a message of a logout."""
        try:
            message = await incoming.read(request)
            if message.root.tag in (f"{PROTOCOL}LogoutRequest", f"{PROTOCOL}LogoutResponse"):
                return self.logout.receive(request, message)
            return await self._sign_on(request, message)
        except Refused as refused:
            return error_page(refused, self.state.now())

    async def tile(self, request: Request) -> Response:
        """GET /{tenant}/signin/{appid}: IdP-initiated, as from My Apps."""
        app = self.state.apps.get(request.path_params["appid"])
        try:
            if app is None:
                given = request.path_params["appid"]
                raise Refused(700016, given=given, tenant=self.state.people.domain)
            if not app.acs_urls:
                raise Refused(500113)
            asked = Asked(app, app.acs_urls[0], None, request.query_params.get("RelayState"))
            return await self.login.begin(request, self._flow(asked, None), ask=False, silent=False)
        except Refused as refused:
            return error_page(refused, self.state.now())

    async def _sign_on(self, request: Request, message: Incoming) -> Response:
        asked_for = authn_request.read(message.root)
        app = self.state.app_of(asked_for.issuer)
        if app is None:
            raise Refused(700016, given=asked_for.issuer, tenant=self.state.people.domain)
        message.check_signature(app)
        now = self.state.now()
        acs_url = authn_request.check(asked_for, app, self.state.conduct, signed=message.signed, now=now)
        asked = Asked(app, acs_url, asked_for, message.relay_state)
        flow = self._flow(asked, message.login_hint)
        try:
            return await self.login.begin(request, flow, ask=asked_for.force, silent=asked_for.passive)
        except Refused as refused:
            if refused.number != 50058:
                raise
            return self._failed(asked, refused, "NoPassive")

    def _flow(self, asked: Asked, hint: str | None) -> Flow:
        def refuse(refused: Refused) -> Response:
            return error_page(refused, self.state.now(), asked.app.title)

        return Flow(asked.app.title, asked.app.id, partial(self._answer, asked), refuse, hint)

    async def _answer(self, asked: Asked, session: Session, person: Person) -> Response:
        if self.state.conduct.no_authn_context:
            wanted = ", ".join(asked.request.contexts if asked.request else ()) or PASSWORD
            return self._failed(asked, Refused(75011, given="MultiFactor", wanted=wanted), "NoAuthnContext")
        before = (asked.app.id, person.id)
        if not (self.state.conduct.replay and before in self.state.last_answers):
            try:
                self.state.last_answers[before] = self._response(asked, session, person)
            except Refused as refused:
                return error_page(refused, self.state.now(), asked.app.title)
        return _posted(asked, self.state.last_answers[before])

    def _response(self, asked: Asked, session: Session, person: Person) -> bytes:
        conduct, state, app, request = self.state.conduct, self.state, asked.app, asked.request
        person = saml_claims.as_seen(person, conduct)
        home = Home(state.people.tenant_id, state.issuer, app.id)
        policy = request.name_id_format if request else None
        name_id = saml_claims.name_id(person, conduct, home, policy, secret())
        assertion_id = message_id()
        answer = Answer(
            id=message_id(),
            assertion_id=assertion_id,
            issuer=state.issuer.rstrip("/") if conduct.wrong_issuer else state.issuer,
            recipient=_other_slash(asked.acs_url) if conduct.wrong_acs else asked.acs_url,
            audience=self._audience(app),
            in_response_to=None if conduct.unsolicited or request is None else request.id,
            name_id=name_id,
            attributes=saml_claims.attributes(person, conduct, home),
            session_index=assertion_id,
            authn_context=PASSWORD,
            authenticated=session.since,
            issued=state.now(),
        )
        session.participants.append(Participant(app, name_id, assertion_id))
        return respond(answer, conduct, state.signer(app.id), self._encrypt_for(app))

    def _audience(self, app: SamlApp) -> str:
        if self.state.conduct.wrong_audience:
            return _other_slash(app.entity_id)
        return f"spn:{app.entity_id}" if self.state.conduct.audience_spn else app.entity_id

    def _encrypt_for(self, app: SamlApp) -> bytes | None:
        match self.state.conduct.encryption:
            case "none":
                return None
            case "foreign":
                return unpublished("foreign", self.state.true_now()).certificate_pem
            case "application":
                if app.encryption_certificate is None:
                    raise Refused(50003)
                return app.encryption_certificate

    def _failed(self, asked: Asked, refused: Refused, detail: str) -> Response:
        now = instant(self.state.now())
        root = build(
            "failure.xml",
            id=message_id(),
            issued=now,
            recipient=asked.acs_url,
            in_response_to=asked.request.id if asked.request else None,
            issuer=self.state.issuer,
            status="Requester",
            detail=detail,
            message=f"{refused.message}\nTimestamp: {now}",
        )
        if self.state.conduct.signing in ("response", "both"):
            sealing.sign(root, self.state.signer(asked.app.id), sha1=self.state.conduct.sha1)
        return _posted(asked, write(root))


def _posted(asked: Asked, message: bytes) -> Response:
    fields = {"SAMLResponse": base64.b64encode(message).decode()}
    if asked.relay_state is not None:
        fields["RelayState"] = asked.relay_state
    return post_form(asked.acs_url, fields)


def _other_slash(url: str) -> str:
    return url[:-1] if url.endswith("/") else f"{url}/"
