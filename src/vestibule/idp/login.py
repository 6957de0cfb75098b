"""The sign-in page: whoever comes says who they are, and goes on with what the application asked for."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from vestibule.idp.pages import error_page, page
from vestibule.idp.people import Person
from vestibule.idp.refusals import Refused
from vestibule.idp.state import Session, State

COOKIE = "vestibule_idp"


@dataclass(frozen=True, slots=True)
class Flow:
    """A sign-in that waits: for which application, and what comes after."""

    title: str
    app_id: str
    proceed: Callable[[Session, Person], Awaitable[Response]]
    refuse: Callable[[Refused], Response]
    login_hint: str | None = None


@dataclass(frozen=True, slots=True)
class Login:
    """Who somebody is: by their session, or by asking."""

    state: State

    def session_of(self, request: Request) -> tuple[Session, Person] | None:
        """The session of the browser's cookie and whose it is."""
        session = self.state.sessions.get(request.cookies.get(COOKIE, ""))
        person = session and self.state.people.find(session.person_id)
        return (session, person) if session and person else None

    async def begin(self, request: Request, flow: Flow, *, ask: bool, silent: bool) -> Response:
        """Go on at once when somebody is signed in already, else show the page. Raises Refused."""
        known = None if ask else self.session_of(request)
        if known is not None:
            return await self._proceed(flow, *known)
        if silent:
            raise Refused(50058)
        return self._ask(self.state.open_flow(flow), flow)

    def _ask(self, name: str, flow: Flow) -> Response:
        everybody = sorted(self.state.people.everybody, key=lambda each: each.display_name.casefold())
        return page(
            "login.html",
            people=everybody[:60],
            more=max(0, len(everybody) - 60),
            title=flow.title,
            flow=name,
            hint=flow.login_hint or "",
            password=self.state.options.password is not None,
            tenant=self.state.people.domain,
            mistakes=self.state.chosen,
            action=f"/{self.state.people.tenant_id}/login",
        )

    async def answer(self, request: Request) -> Response:
        """POST /{tenant}/login: the form came back."""
        form = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
        flow = self.state.flows.get(form.get("flow", ""))
        try:
            if not isinstance(flow, Flow):
                raise Refused(50089)
            person = self._person(form)
        except Refused as refused:
            return error_page(refused, self.state.now(), flow.title if isinstance(flow, Flow) else None)
        session = self.state.sign_in(person)
        response = await self._proceed(flow, session, person)
        self._set_cookie(response, session)
        return response

    async def _proceed(self, flow: Flow, session: Session, person: Person) -> Response:
        if not self.state.may_use(person):
            return flow.refuse(Refused(50105, name=flow.title, app=flow.app_id, user=person.upn))
        return await flow.proceed(session, person)

    def _person(self, form: dict[str, str]) -> Person:
        name = form.get("person") or form.get("upn") or ""
        if not name.strip():
            raise Refused(90014, field="upn")
        person = self.state.people.find(name)
        if person is None:
            number = 50034 if self.state.people.is_ours(name) or "@" not in name else 50020
            raise Refused(number, user=name, tenant=self.state.people.domain, app="")
        if not person.enabled:
            raise Refused(50057)
        password = self.state.options.password
        if password is not None and form.get("password") != password:
            raise Refused(50126)
        return person

    def _set_cookie(self, response: Response, session: Session) -> None:
        secure = self.state.base_url.startswith("https://")
        # Only a secure cookie may come with a request that another site posts.
        response.set_cookie(COOKIE, session.id, httponly=True, secure=secure, samesite="none" if secure else "lax")
