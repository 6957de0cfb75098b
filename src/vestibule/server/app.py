"""The composition root: settings and a store become one ASGI application."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

import vestibule.portal
from vestibule.clock import Clock, SystemClock
from vestibule.directory import Directory
from vestibule.outbound.addresses import Allowed
from vestibule.outbound.fetch import Fetcher
from vestibule.outbound.mail import Mailer, MailServer
from vestibule.outbound.names import Resolvers
from vestibule.portal.pages import Pages
from vestibule.rollcall.graph import LIMITS
from vestibule.rollcall.standing import Rereading
from vestibule.sealing import Seal
from vestibule.server.api import Api
from vestibule.server.background import Background
from vestibule.server.housekeeping import Housekeeper
from vestibule.server.pace import Pace
from vestibule.server.recorder import Receive, Recorder, Scope, Send
from vestibule.server.rereading import Rereader
from vestibule.server.scim import ScimEndpoints
from vestibule.server.setup.acts import TicketActs
from vestibule.server.setup.page import SetupPage
from vestibule.server.sign_on.desk import Desk
from vestibule.server.sign_on.routes import routes as sign_on_routes
from vestibule.settings import Settings
from vestibule.store import Store
from vestibule.store.opening import open_store

_STATIC = Path(vestibule.portal.__file__).parent / "static"


@dataclass(frozen=True, slots=True)
class Service:
    """The ASGI application: SCIM goes straight to its own edge, all else by way of the framework."""

    scim: Recorder
    rest: Starlette

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the life of the server."""
        # A tenant URL that was typed wrong is answered in SCIM's terms too.
        if scope["type"] == "http" and f"{scope['path']}/".startswith(scope.get("root_path", "") + "/scim/"):
            await self.scim(scope, receive, send)
        else:
            await self.rest(scope, receive, send)


def served(settings: Settings) -> Service:
    """The whole service over the database that the settings name."""
    return create_app(open_store(settings.database), settings)


def create_app(store: Store, settings: Settings, clock: Clock | None = None) -> Service:
    """The whole service over an open store, which is closed when the service stops."""
    clock = clock or SystemClock()
    scim = ScimEndpoints.over(Directory(store, clock), settings.max_body, Pace(settings.scim_rate))
    recorder = Recorder(scim.handle, store, clock, settings.base_url, settings.max_body)
    pages = Pages(store)
    housekeeper = Housekeeper(store, clock, settings.log_days, settings.log_megabytes * 1_000_000)

    desk = desk_of(store, settings, clock)
    rereader = rereader_of(store, settings, clock)
    background = Background(store, clock, desk.fetcher, Resolvers.read(settings.dns_servers), desk.allow_http)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        await store.ready()
        working = [asyncio.create_task(each) for each in (background.run(), housekeeper.run(), rereader.run())]
        yield
        for each in working:
            each.cancel()
        await asyncio.wait(working)
        await store.close()

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> Response:
        await store.enterprises()
        return JSONResponse({"status": "ready"})

    pages_and_api = Starlette(
        routes=[
            Route("/e/{request_id}", pages.explanation),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            *_api(desk, settings).routes(),
            *sign_on_routes(desk),
            *SetupPage(store, clock, settings.base_url).routes(),
            Mount("/static", StaticFiles(directory=_STATIC)),
        ],
        lifespan=lifespan,
    )
    return Service(recorder, pages_and_api)


def _api(desk: Desk, settings: Settings) -> Api:
    tickets = TicketActs(desk.store, desk.clock, desk.mailer, settings.base_url)
    return Api(desk.store, desk.clock, settings.api_key, desk.fetcher, desk.allow_http, tickets)


def rereader_of(store: Store, settings: Settings, clock: Clock) -> Rereader:
    """What reads groups from Microsoft Graph again. Raises Unusable for settings that are none."""
    fetcher = Fetcher(Allowed.read(settings.allow_networks), limits=LIMITS)
    seal = Seal(settings.secret_keys) if settings.secret_keys else None
    return Rereader(Rereading(store, clock, fetcher, seal))


def desk_of(store: Store, settings: Settings, clock: Clock) -> Desk:
    """What signing in works with. Raises Unusable for settings that are none."""
    mailer = None
    if settings.smtp_url is not None and settings.mail_from is not None:
        mailer = Mailer(MailServer.read(settings.smtp_url), settings.mail_from)

    return Desk(
        store=store,
        clock=clock,
        base_url=settings.base_url,
        fetcher=Fetcher(Allowed.read(settings.allow_networks)),
        mailer=mailer,
        secret_keys=settings.secret_keys,
        allow_http=bool(settings.allow_networks),
    )
