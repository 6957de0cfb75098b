"""`GET /setup/{secret}`: the page behind the link of a setup ticket. Nothing is made or burnt by opening it.

The secret stands in the path, so the path is written nowhere: the log has the ticket's id in its place.
"""

import traceback
from dataclasses import dataclass, field
from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vestibule import checklist, ids, tickets
from vestibule.clock import Clock, monotonic_us
from vestibule.explain import TICKET
from vestibule.model import Exchange
from vestibule.portal.setup_pages import over_page, setup_page
from vestibule.server.buckets import Buckets, limit_of, seconds
from vestibule.server.sparse import Sparse
from vestibule.store import Store, Unreachable
from vestibule.tickets import Ticket

KEPT: Final = 10
"""How many openings of links that are over are kept of one connection in a minute."""
PAGES: Final = 1
"""How many pages of one ticket are made a second, in the long run: each takes a dozen reads."""
_log = structlog.get_logger("vestibule.setup")


@dataclass(frozen=True, slots=True)
class SetupPage:
    """The page, over the store."""

    store: Store
    clock: Clock
    base_url: str
    pace: Buckets = field(default_factory=Buckets)
    sparse: Sparse = field(default_factory=lambda: Sparse(KEPT))

    def routes(self) -> list[Route]:
        """The endpoint, to be mounted at the root. A HEAD is answered like a GET, and not counted."""
        return [Route("/setup/{secret}", self.show, methods=["GET"])]

    async def show(self, request: Request) -> Response:
        """GET /setup/{secret}."""
        started, now = monotonic_us(), self.clock.now()
        request_id = ids.request_id(now)
        try:
            response = await self._answer(request, request_id, now, started)
        except Unreachable as error:
            _log.error("store unreachable", request_id=request_id, error=str(error))
            response = over_page("unreachable", request_id)
        except Exception:  # noqa: BLE001 -- whatever happens is answered with a page, and the path is not told
            _log.error("setup page failed", request_id=request_id, traceback=traceback.format_exc())
            response = over_page("fault", request_id)
        response.headers["Vestibule-Request-Id"] = request_id
        return response

    async def _answer(self, request: Request, request_id: str, now: int, started: int) -> Response:
        ticket = await tickets.opened(self.store, request.path_params["secret"])
        if ticket is None:
            return over_page("unknown", request_id)
        state = tickets.state_of(ticket, now)
        if state != "open":
            response = over_page(state, request_id, tickets.ended_at(ticket))
            took = monotonic_us() - started
            kept = self.sparse.thinned(_exchange(request, ticket, request_id, response.status_code, now, took))
            if kept is not None:
                self.store.record(kept)
            return response
        wait = self.pace.take(ticket.id, limit_of(PAGES), now)
        if wait:
            response = over_page("too_fast", request_id)
            response.headers["Retry-After"] = str(seconds(wait))
            return response
        found = await checklist.look(self.store, ticket.connection_id, self.base_url, now)
        if request.method == "GET":
            self.store.ticket_opened(ticket.connection_id, ticket.id, now)
        return setup_page(ticket, found, self.base_url, now)


def _exchange(request: Request, ticket: Ticket, request_id: str, status: int, at: int, took: int) -> Exchange:
    return Exchange(
        id=request_id,
        connection_id=ticket.connection_id,
        at=at,
        duration_us=took,
        method=request.method,
        path=f"/setup/{ticket.id}",
        query="",
        status=status,
        resource_type=TICKET,
        resource_id=ticket.id,
        error=f"ticket_{tickets.state_of(ticket, at)}",
        facts={"ticket": ticket.id, "ended": tickets.ended_at(ticket)},
    )
