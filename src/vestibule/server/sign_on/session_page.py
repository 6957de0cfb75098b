"""Where a sign-in ends until there is an app to go on to: who is signed in, and the way out."""

import contextlib
from collections.abc import Awaitable, Callable

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vestibule import sessions
from vestibule.identity_providers import load
from vestibule.model import JsonObject
from vestibule.portal.sign_in_pages import signed_in_page, signed_out_page
from vestibule.server.sign_on import cookies
from vestibule.server.sign_on.desk import Desk
from vestibule.server.sign_on.visit import Visit
from vestibule.sessions import Ended
from vestibule.store import NotFound, SessionState

LogOut = Callable[[SessionState], Awaitable[Response | None]]
"""Sends the browser on to end the session at the identity provider too; None where there is no such place."""


class SessionEndpoints:
    """`/session` and `/logout`."""

    def __init__(self, desk: Desk, log_out: LogOut) -> None:
        self._desk = desk
        self._log_out = log_out

    async def show(self, request: Request, visit: Visit) -> Response:
        """GET /session: profile, groups and session; or what ended it."""
        desk, now = self._desk, visit.at
        text = cookies.session_text(request, desk)
        state = await sessions.check(desk.store, text, now)
        if isinstance(state, Ended):
            response = signed_out_page(state.why)
            if text is not None:
                cookies.drop_session(response, desk)
            return response
        user = await desk.store.user(state.session.connection_id, state.session.user_id)
        groups = await desk.store.groups_of(user.connection_id, [user.id])
        proofs = await desk.store.verified_emails(user.connection_id, user.id)
        loaded = await load(desk.store, user.connection_id)
        document: JsonObject = orjson.loads(user.document)
        return signed_in_page(
            document=document,
            groups=[each.display_name for each in groups.get(user.id, [])],
            proofs=proofs,
            state=state,
            origin=user.origin,
            idp=loaded.connection.idp,
        )

    async def log_out(self, request: Request, visit: Visit) -> Response:
        """POST /logout: end the session here, and at the identity provider where it can be asked."""
        desk, now = self._desk, visit.at
        origin = request.headers.get("origin")
        if origin not in (None, "null", desk.base_url):
            return RedirectResponse("/session", 303)
        text = cookies.session_text(request, desk)
        state = await sessions.check(desk.store, text, now)
        onward: Response | None = None
        if not isinstance(state, Ended):
            await sessions.end(desk.store, state.session, now, "logout", state.session.user_id)
            with contextlib.suppress(NotFound):
                onward = await self._log_out(state)
        response = onward or RedirectResponse("/session", 303)
        if text is not None:
            # Another site's form comes without the cookie, and must not take it away either.
            cookies.drop_session(response, desk)
        return response
