"""`/login`: from an e-mail address to the right identity provider, without telling strangers who is a customer."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vestibule.claims import NotAnAddress, read_address
from vestibule.domains.discovery import discover
from vestibule.identity_providers import load
from vestibule.portal.sign_in_pages import start_page
from vestibule.server.sign_on.arriving import local
from vestibule.server.sign_on.desk import Desk
from vestibule.server.sign_on.forms import read_form
from vestibule.server.sign_on.visit import Visit

_MOST_FORM = 4_096
"""Bytes of a posted form."""


class StartEndpoints:
    """The page that asks for an address, and the way on from there."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def show(self, _: Request, __: Visit) -> Response:
        """GET /login."""
        return start_page()

    async def find(self, request: Request, visit: Visit) -> Response:
        """POST /login: on to the identity provider; who has none is told the same as who is unknown."""
        self._desk.pace.count(request, "", visit.at, "find")
        fields = await read_form(request, _MOST_FORM)
        address = fields.get("address", "").strip()
        try:
            read_address(address)
        except NotAnAddress:
            return start_page("not_an_address", address[:254])
        found = await discover(self._desk.store, address)
        if not found:
            return start_page("no_way", address)
        # Where several sign its people in, the first one that was set up does.
        connection_id = found[0]
        loaded = await load(self._desk.store, connection_id)
        query = {"login_hint": address}
        onward = local(fields.get("next"))
        if onward:
            query["next"] = onward
        return RedirectResponse(f"/sso/{loaded.sign_on.protocol}/{connection_id}/login?{urlencode(query)}", 303)
