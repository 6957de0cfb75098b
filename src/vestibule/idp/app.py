"""The provider as one ASGI application. Not for production: it signs whoever says who they are in."""

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from vestibule.clock import Clock, SystemClock
from vestibule.entra.tenant import Tenant
from vestibule.idp.cast import cast
from vestibule.idp.control import Control
from vestibule.idp.exchange import Exchange
from vestibule.idp.home import Home
from vestibule.idp.login import Login
from vestibule.idp.logout import Logout
from vestibule.idp.oidc import Oidc
from vestibule.idp.pages import error_page
from vestibule.idp.people import people_of
from vestibule.idp.refusals import Refused
from vestibule.idp.saml import Saml
from vestibule.idp.state import Options, State
from vestibule.idp.xml import package_folder

__all__ = ["Options", "create"]


def create(tenant: Tenant | None = None, options: Options | None = None, clock: Clock | None = None) -> Starlette:
    """The application for a tenant (None: the built-in company). `app.state.idp` is its State.

    Raises UnknownMistake when the options name a mistake that there is not.
    """
    people = people_of(tenant if tenant is not None else cast())
    state = State(people, options or Options(), clock or SystemClock())
    login, logout = Login(state), Logout(state)
    saml, oidc, home = Saml(state, login, logout), Oidc(state, login, logout), Home(state, login, logout)
    control = Control(state)

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    of_the_tenant = [
        *oidc.routes(),
        *Exchange(state, oidc).routes(),
        Route("/{tenant}/federationmetadata/2007-06/federationmetadata.xml", saml.metadata),
        Route("/{tenant}/FederationMetadata/2007-06/FederationMetadata.xml", saml.metadata),
        Route("/{tenant}/saml2", saml.endpoint, methods=["GET", "POST"]),
        Route("/{tenant}/signin/{appid}", saml.tile),
        Route("/{tenant}/login", login.answer, methods=["POST"]),
        Route("/{tenant}/signout", home.sign_out, methods=["POST"]),
    ]
    app = Starlette(
        routes=[
            Route("/", home.page),
            Route("/mistakes", home.switch, methods=["POST"]),
            Route("/healthz", healthz),
            Route("/control", control.show),
            Route("/control", control.change, methods=["POST"]),
            Route("/control/apps", control.register, methods=["POST"]),
            Mount("/static", StaticFiles(directory=package_folder("static"))),
            *(Route(each.path, _known(state, each.endpoint), methods=each.methods) for each in of_the_tenant),
        ],
    )
    app.state.idp = state
    return app


def _known(
    state: State, endpoint: Callable[[Request], Awaitable[Response]]
) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint, but for a tenant that there is not."""

    async def inner(request: Request) -> Response:
        tenant = request.path_params.get("tenant")
        if tenant is not None and not state.people.answers_to(tenant):
            return error_page(Refused(90002, given=tenant), state.now())
        return await endpoint(request)

    return inner
