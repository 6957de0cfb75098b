"""Take away what an earlier test left, when it was killed before it could clean up."""

from typing import Any

from vestibule import canary
from vestibule.entra import paths, wire
from vestibule.entra.answers import Found, Listed
from vestibule.entra.wire import JsonObject, Kind, Request
from vestibule.ids import time_of
from vestibule.probe.plan import Steps

OLD = 600_000_000
"""How old a canary is, in microseconds, before it is taken for a leftover: no test takes so long."""
_NAMES: dict[Kind, str] = {"User": "userName", "Group": "displayName"}


def sweep(kind: Kind, now: int) -> Steps[int]:
    """Delete the old canaries of one kind, as far as the server can look for them; how many there were."""
    exclude = "excludedAttributes=members&" if kind == "Group" else ""
    wanted = wire.encode(f'externalId sw "{canary.PREFIX}"')
    request = Request("GET", f"/{kind}s", f"{exclude}filter={wanted}", None, "list")
    reply = yield request
    answer = reply.read(request)
    gone = 0
    for each in answer.resources if isinstance(answer, Listed) else ():
        # A server that ignores filters brings everybody: only what is marked twice is touched.
        if is_old(kind, each, now):
            ident = str(each["id"])
            reply = yield wire.delete(kind, ident)
            if reply.good:
                # Some servers answer with success and keep it.
                reading = wire.read(kind, ident)
                reply = yield reading
                gone += not isinstance(reply.read(reading), Found)
    return gone


def is_old(kind: Kind, resource: JsonObject, now: int) -> bool:
    """Whether a resource was made by a test that must have ended."""
    name: Any = paths.find(resource, _NAMES[kind])
    external_id: Any = paths.find(resource, "externalId")
    if not isinstance(name, str) or not isinstance(external_id, str) or not canary.is_canary(name, external_id):
        return False
    made = time_of(canary.ident_in(external_id))
    return made is not None and made < now - OLD
