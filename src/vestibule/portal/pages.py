"""The page behind the link in an error's detail: `/e/{request_id}`. An outsider sees the sentence alone."""

import asyncio
import contextlib
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import Response

from vestibule.explain import SIGN_IN, TICKET, Explanation, explain
from vestibule.model import Exchange
from vestibule.portal.rendering import page
from vestibule.store import NotFound, Store, Unreachable
from vestibule.support.forms import COLLECTIONS, is_nobodys

SOON = 0.25
"""Seconds within which every worker has written what it recorded."""
_NAMES_NOBODY = frozenset({"got", "need", "reason", "limit", "allow", "guard", "quirk", "dialect", "changed"})


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages, over the store."""

    store: Store

    async def explanation(self, request: Request) -> Response:
        """GET /e/{request_id}: the sentence of one recorded exchange, without names of people or tokens.

        Of a sign-in it is the one for the person who wanted to sign in.
        """
        request_id = request.path_params["request_id"]
        try:
            exchange = await self._recorded(request_id)
        except NotFound:
            return page("unknown.html", 404, request_id=request_id)
        told = _for_outsiders(exchange)
        kind = {SIGN_IN: "Sign-in", TICKET: "Setup"}.get(exchange.resource_type or "", "Provisioning request")
        sentence = told.end_user if exchange.resource_type == SIGN_IN else told.sentence
        return page("explanation.html", 200, kind=kind, sentence=sentence, code=told.code, request_id=request_id)

    async def _recorded(self, request_id: str) -> Exchange:
        """The exchange; the log is written soon after the answer that names it, by this worker or by another one."""
        for wait in (self.store.flush, lambda: asyncio.sleep(SOON)):
            try:
                return await self.store.exchange(request_id)
            except NotFound:
                with contextlib.suppress(Unreachable):
                    await wait()
        return await self.store.exchange(request_id)


def _for_outsiders(exchange: Exchange) -> Explanation:
    """An explanation of which an outsider may see the sentence; of a sign-in, what the person at the door is told."""
    if exchange.resource_type == SIGN_IN:
        # The facts tell the cause, and so the code; the person's sentence has none of them in it.
        return explain(exchange)
    # Only what names nobody: not whom it was about, nor anything that came with the request.
    known = {name: value for name, value in exchange.facts.items() if name in _NAMES_NOBODY}
    ident = exchange.resource_id
    return explain(
        replace(
            exchange,
            target=None,
            path="/".join(
                each if each.lower() in COLLECTIONS or is_nobodys(each) else "…" for each in exchange.path.split("/")
            ),
            query="",
            # What stands where an id belongs may be a name.
            resource_id=ident if ident is None or is_nobodys(ident) else "of this id",
            facts=known,
            request_body=None,
            response_body=None,
        )
    )
