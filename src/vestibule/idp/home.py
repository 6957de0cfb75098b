"""The front page: the tiles of My Apps, the addresses to give to an application, and what is switched on."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from vestibule.idp.login import Login
from vestibule.idp.logout import Logout
from vestibule.idp.mistakes import MISTAKES, UnknownMistake
from vestibule.idp.pages import page
from vestibule.idp.state import State


@dataclass(frozen=True, slots=True)
class Home:
    """The front page and its sign-out."""

    state: State
    login: Login
    logout: Logout

    async def page(self, request: Request) -> Response:
        """GET /."""
        known = self.login.session_of(request)
        chosen = {name: written for written in self.state.chosen for name in [written.partition("=")[0]]}
        return page(
            "home.html",
            state=self.state,
            person=known[1] if known else None,
            mistakes=MISTAKES,
            chosen=chosen,
        )

    async def switch(self, request: Request) -> Response:
        """POST /mistakes: those that are ticked are switched on, all others off."""
        origin = request.headers.get("origin")
        if origin is not None and origin.partition("://")[2] != request.headers.get("host"):
            return PlainTextResponse("The switches are turned on this page alone.", 403)
        ticked = (await request.form()).getlist("mistake")
        try:
            self.state.choose(each for each in ticked if isinstance(each, str))
        except UnknownMistake as error:
            return PlainTextResponse(str(error), 400)
        return RedirectResponse("/#mistakes", 303)

    async def sign_out(self, request: Request) -> Response:
        """POST /{tenant}/signout."""
        return self.logout.end(request)
