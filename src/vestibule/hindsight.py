"""What the store knows by now of a recorded exchange, and could not be told or known while it was answered.

Explanations are made of recorded facts alone; this lays more facts beside them, for who may see the log.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from vestibule.connections import the_connection
from vestibule.explain import SIGN_IN, TRAFFIC
from vestibule.model import Exchange, JsonObject
from vestibule.store import ExchangeQuery, NotFound, Store

MINUTE: Final = 60_000_000
QUIET: Final = 90 * MINUTE
"""After so long without a request two cycles were missed: Entra's come every 40 minutes."""
_LOOKED_AT: Final = 100


async def with_hindsight(store: Store, exchange: Exchange) -> Exchange:
    """The exchange with what is known now: whose the token is that came, who has the same address."""
    more: JsonObject = {}
    if exchange.status == 401 and exchange.connection_id:
        more = await _token(store, exchange)
    elif (exchange.method, exchange.resource_type, exchange.status) == ("POST", "User", 201):
        more = await _same_email(store, exchange)
    return replace(exchange, facts={**exchange.facts, **more}) if more else exchange


async def _token(store: Store, exchange: Exchange) -> JsonObject:
    """Whose a token is that is none of this connection's. Its caller is never told: the id may have been guessed."""
    presented: Mapping[str, Any] = exchange.facts.get("presented") or {}
    if not presented.get("claims"):
        return {}
    try:
        token = await store.find_token(str(presented["claims"]))
    except NotFound:
        return {}
    if token.connection_id == exchange.connection_id or token.last_four != presented.get("last_four"):
        return {}
    return {"presented": {**presented, "belongs_to": token.connection_id}}


async def _same_email(store: Store, exchange: Exchange) -> JsonObject:
    """The account of the app's or of a sign-in's that has the new user's address, while nobody has decided."""
    for each in await store.conflicts(exchange.connection_id, "open"):
        if each.other_id == exchange.resource_id and each.other_id is not None:
            return {"same_email": {"conflict": each.id, "holder": each.user_id, "value": each.value}}
    return {}


async def standing(store: Store, connection_id: str, now: int) -> Exchange:
    """How the identity provider's calls stand, as an exchange that can be explained. Raises connections.Refused.

    Facts: `calls` that were looked at (the newest 100), `refused` of them, `quiet` (microseconds since the last one).
    """
    connection = await the_connection(store, connection_id)
    found = await store.exchanges(connection_id, ExchangeQuery(limit=_LOOKED_AT))
    calls = [each for each in found if each.resource_type != SIGN_IN]
    # How it ended is told by the last hour of its calls, whatever came before.
    newest = max((each.at for each in calls), default=now)
    last = [each for each in calls if newest - each.at <= 60 * MINUTE]
    refused = [each for each in last if each.status >= 400]
    facts: JsonObject = {
        "idp": connection.idp,
        "calls": len(last),
        "refused": len(refused),
        "quiet": now - newest if calls else now - connection.created_at,
        "stalled": bool(calls) and now - newest > QUIET and 2 * len(refused) >= len(last),
        "example": refused[0].id if refused else None,
    }
    return Exchange("", connection_id, now, 0, "", "", "", 0, resource_type=TRAFFIC, facts=facts)
