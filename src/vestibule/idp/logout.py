"""Single logout by redirect: every application of a session is told in turn, then whoever began gets the answer."""

from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vestibule.idp import redirect_binding
from vestibule.idp.answer import MINUTE
from vestibule.idp.apps import SamlApp
from vestibule.idp.identifiers import instant, message_id
from vestibule.idp.incoming import Incoming
from vestibule.idp.login import COOKIE
from vestibule.idp.pages import page
from vestibule.idp.refusals import Refused
from vestibule.idp.state import Participant, Session, State
from vestibule.idp.xml import ASSERTION, PROTOCOL, Element, build, text_of, write


@dataclass(slots=True)
class Run:
    """A logout under way: whom to tell yet, and where it ends."""

    waiting: list[Participant]
    asked_by: SamlApp | None = None
    request_id: str | None = None
    relay_state: str | None = None
    end_url: str | None = None
    failed: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, slots=True)
class Logout:
    """Ends sessions and tells who takes part in them."""

    state: State

    def receive(self, request: Request, message: Incoming) -> Response:
        """A LogoutRequest of an application, or its LogoutResponse to ours. Raises Refused."""
        issuer = text_of(message.root.find(f"{ASSERTION}Issuer"))
        app = self.state.app_of(issuer)
        if app is None:
            raise Refused(700016, given=issuer, tenant=self.state.people.domain)
        message.check_signature(app)
        if message.root.tag == f"{PROTOCOL}LogoutRequest":
            return self._asked(request, message, app)
        return self._answered(message, app)

    def end(self, request: Request, end_url: str | None = None) -> Response:
        """The provider's own sign-out: the session of the browser's cookie, if there is one."""
        session = self.state.sessions.pop(request.cookies.get(COOKIE, ""), None)
        return self._next(Run(list(session.participants) if session else [], end_url=end_url))

    def _asked(self, request: Request, message: Incoming, app: SamlApp) -> Response:
        if app.slo_url is None:
            raise Refused(500113)
        session = self._session(request, message.root, app)
        waiting: list[Participant] = []
        if session is not None:
            del self.state.sessions[session.id]
            waiting = [each for each in session.participants if each.app.id != app.id]
        return self._next(Run(waiting, app, message.root.get("ID"), message.relay_state))

    def _session(self, request: Request, root: Element, app: SamlApp) -> Session | None:
        """By the SessionIndex and NameID that were sent, else by the browser's cookie."""
        indexes = {text_of(each) for each in root.findall(f"{PROTOCOL}SessionIndex")}
        name = text_of(root.find(f"{ASSERTION}NameID"))
        for session in self.state.sessions.values():
            for each in session.participants:
                if each.app.id == app.id and each.name_id.value == name and each.session_index in indexes:
                    return session
        return self.state.sessions.get(request.cookies.get(COOKIE, ""))

    def _answered(self, message: Incoming, app: SamlApp) -> Response:
        run = self.state.flows.get(message.relay_state or "")
        if not isinstance(run, Run):
            raise Refused(50089)
        del self.state.flows[message.relay_state or ""]
        code = message.root.find(f"{PROTOCOL}Status/{PROTOCOL}StatusCode")
        if code is None or not (code.get("Value") or "").endswith(":Success"):
            run.failed.append(app.title)
        return self._next(run)

    def _next(self, run: Run) -> Response:
        while run.waiting:
            each = run.waiting.pop()
            run.waiting = [other for other in run.waiting if other.app.id != each.app.id]
            if each.app.slo_url is not None:
                return self._tell(each, each.app.slo_url, self.state.open_flow(run))
        if run.asked_by is not None and run.asked_by.slo_url is not None:
            return _leave(self._reply(run, run.asked_by, run.asked_by.slo_url))
        if run.end_url is not None:
            return _leave(RedirectResponse(run.end_url, 302))
        return _leave(page("signed_out.html", failed=run.failed))

    def _tell(self, participant: Participant, slo_url: str, relay_state: str) -> Response:
        now = self.state.now()
        root = build(
            "logout_request.xml",
            id=message_id(),
            issued=instant(now),
            ends=instant(now + 5 * MINUTE),
            destination=slo_url,
            issuer=self.state.issuer,
            name_id=participant.name_id,
            session_index=participant.session_index,
        )
        return self._redirect(slo_url, "SAMLRequest", root, relay_state, participant.app)

    def _reply(self, run: Run, app: SamlApp, slo_url: str) -> Response:
        root = build(
            "logout_response.xml",
            id=message_id(),
            issued=instant(self.state.now()),
            destination=slo_url,
            issuer=self.state.issuer,
            in_response_to=run.request_id,
            status="Responder" if run.failed else "Success",
        )
        return self._redirect(slo_url, "SAMLResponse", root, run.relay_state, app)

    def _redirect(self, url: str, parameter: str, root: Element, relay_state: str | None, app: SamlApp) -> Response:
        key = None if self.state.conduct.signing == "none" else self.state.signer(app.id)
        return RedirectResponse(redirect_binding.url(url, parameter, write(root), relay_state, key), 302)


def _leave(response: Response) -> Response:
    response.delete_cookie(COOKIE)
    return response
