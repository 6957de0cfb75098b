"""The front page: the tiles of My Apps, the addresses to give to an application, and what is switched on."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from vestibule.idp.login import Login
from vestibule.idp.logout import Logout
from vestibule.idp.mistakes import MISTAKES
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
        chosen = {each.partition("=")[0] for each in self.state.chosen}
        return page(
            "home.html",
            state=self.state,
            person=known[1] if known else None,
            mistakes=[each for each in MISTAKES if each.name in chosen],
        )

    async def sign_out(self, request: Request) -> Response:
        """POST /{tenant}/signout."""
        return self.logout.end(request)
