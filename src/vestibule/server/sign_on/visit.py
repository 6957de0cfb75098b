"""One request on the way in, from its arrival to the line in the log, whatever becomes of it."""

import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import structlog
from starlette.requests import Request
from starlette.responses import Response

from vestibule import ids
from vestibule.clock import monotonic_us
from vestibule.explain import SIGN_IN
from vestibule.identity_providers import Loaded
from vestibule.model import Exchange, JsonObject
from vestibule.oidc.errors import OidcError
from vestibule.outbound.target import FetchError
from vestibule.portal.sign_in_pages import refused_page
from vestibule.saml.errors import SamlError
from vestibule.sealing import SealError
from vestibule.server.sign_on.desk import Desk
from vestibule.server.sign_on.refusal import LoginRefused, refusal_of
from vestibule.store import Unreachable

_log = structlog.get_logger("vestibule.sign_on")


@dataclass(slots=True)
class Visit:
    """What is learned on the way, for the log: whose connection, who, and the evidence."""

    id: str
    at: int
    connection_id: str
    error: str | None = None
    target: str | None = None
    user_id: str | None = None
    known: bool = False
    """Whether the connection exists, so that there is a log to write to."""
    facts: JsonObject = field(default_factory=dict[str, Any])

    def know(self, loaded: Loaded, *, test: bool) -> None:
        """The connection exists: what every line of its log about signing in says."""
        self.known = True
        self.facts |= {"protocol": loaded.sign_on.protocol, "idp": loaded.connection.idp, "test": test}


Handle: TypeAlias = Callable[[Request, Visit], Awaitable[Response]]


def recorded(desk: Desk, handle: Handle) -> Callable[[Request], Awaitable[Response]]:
    """A handler whose visits are recorded, and whose refusals become a page for who wanted to sign in."""

    async def endpoint(request: Request) -> Response:
        started, now = monotonic_us(), desk.clock.now()
        visit = Visit(ids.request_id(now), now, str(request.path_params.get("connection_id", ""))[:64])
        try:
            response = await handle(request, visit)
        except (LoginRefused, SamlError, OidcError, FetchError) as error:
            response = _refused(refusal_of(error), visit)
        except Unreachable as error:
            _log.error("store unreachable", request_id=visit.id, error=str(error))
            response = _refused(LoginRefused(503, "store_unreachable"), visit)
        except SealError as error:
            _log.error("secret does not open", request_id=visit.id, error=str(error))
            response = _refused(LoginRefused(500, "secret_unreadable", {"seal": error.code}), visit)
        except Exception:  # noqa: BLE001 -- whatever happens is answered with a page and recorded
            told = traceback.format_exc()
            _log.error("sign-in failed", request_id=visit.id, path=request.url.path, traceback=told)
            response = _refused(LoginRefused(500, "server_fault"), visit)
        response.headers["Vestibule-Request-Id"] = visit.id
        response.headers.setdefault("Cache-Control", "no-store")
        # An address of ours may carry a code or a name.
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        if visit.known:
            _record(desk, _exchange(request, visit, response.status_code, monotonic_us() - started))
        return response

    return endpoint


def _record(desk: Desk, exchange: Exchange) -> None:
    """Keep it in the log; whoever calls too often does not fill it."""
    kept = desk.pace.refused.thinned(exchange) if exchange.error == "rate_limited" else exchange
    if kept is not None:
        desk.store.record(kept)


def _refused(refusal: LoginRefused, visit: Visit) -> Response:
    visit.error = refusal.code
    visit.facts = {**visit.facts, **refusal.facts}
    page = refused_page(exchange_of(visit, "", "", refusal.status, 0))
    if refusal.code == "rate_limited":
        page.headers["Retry-After"] = str(refusal.facts["retry_after"])
    return page


def _exchange(request: Request, visit: Visit, status: int, took: int) -> Exchange:
    return exchange_of(visit, request.method, request.url.path, status, took)


def exchange_of(visit: Visit, method: str, path: str, status: int, took: int) -> Exchange:
    """A visit as it is recorded. What the query and the form said is not kept; the facts are."""
    return Exchange(
        id=visit.id,
        connection_id=visit.connection_id,
        at=visit.at,
        duration_us=took,
        method=method,
        path=path,
        query="",
        status=status,
        resource_type=SIGN_IN,
        resource_id=visit.user_id,
        target=visit.target,
        error=visit.error,
        facts=visit.facts,
    )
