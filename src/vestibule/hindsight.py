"""What the store knows by now of a recorded exchange, and could not be told or known while it was answered.

Explanations are made of recorded facts alone; this lays more facts beside them, for who may see the log.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from vestibule.connections import the_connection
from vestibule.cycles import overview
from vestibule.explain import TRAFFIC
from vestibule.model import Exchange, JsonObject
from vestibule.store import NotFound, Store


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

    It is the verdict of `cycles` and no other. Facts: its `state`, `sentence`, `why`, `press` and `causes`, whether it
    is `mended`, and the `request` whose explanation says more.
    """
    await the_connection(store, connection_id)
    seen = await overview(store, connection_id, now)
    facts: JsonObject = {
        "state": seen.verdict.state,
        "sentence": seen.told.sentence,
        "why": seen.told.why,
        "press": seen.told.press,
        "causes": list(seen.told.causes),
        "mended": seen.verdict.mended,
        "request": seen.telling,
    }
    return Exchange("", connection_id, now, 0, "", "", "", 0, resource_type=TRAFFIC, facts=facts)
