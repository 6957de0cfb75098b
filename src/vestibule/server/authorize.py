"""Who is calling: a bearer token of the connection in the URL, in force, with the scope that is needed."""

from vestibule import canary, ids
from vestibule.connections import in_order
from vestibule.scim.dialects import Notes
from vestibule.scim.errors import InsufficientScope, NotFound, Unauthorized
from vestibule.scim.profile import kept_profile
from vestibule.scim.scopes import needed
from vestibule.server.call import Call
from vestibule.store import NotFound as NotKept
from vestibule.store import Store

_LONG = 24
"""Of a shorter secret four characters tell too much."""
_SCHEMES = frozenset({"basic", "bearer", "digest", "negotiate", "ntlm"})
"""What may be told of an Authorization field that has no bearer token; anything else may be the secret itself."""


async def authenticate(call: Call, store: Store, now: int) -> None:
    """Find the token by its id within the connection, in force now, and how the connection speaks SCIM.

    Raises Unauthorized, NotFound for the connection.
    """
    text = _bearer(call)
    token_id = ids.token_id_of(text) if text else None
    if token_id is None or text is None:
        raise await _stranger(call, store, text)
    try:
        found = await store.credentials(call.connection_id, token_id)
    except NotKept:
        raise await _stranger(call, store, text) from None
    token = found.token
    if not ids.same_hash(found.secret_hash, ids.token_hash(text)):
        raise await _stranger(call, store, text)
    call.token_id = token.id
    if canary.HEADER in call.headers:
        call.facts["tested"] = True
    if token.revoked_at is not None:
        raise Unauthorized("The token has been revoked.", "revoked")
    if token.expires_at is not None and now >= token.expires_at:
        raise Unauthorized("The token has expired.", "expired")
    store.token_used(call.connection_id, token.id, now)
    call.token = token
    call.profile = kept_profile(found.settings)
    call.notes = Notes(call.profile.dialect)


def require_scope(call: Call, resource_type: str, method: str | None = None) -> None:
    """Check that the token may do this. Raises InsufficientScope with what it holds and what it lacks."""
    assert call.token is not None, "authenticate comes first"  # noqa: S101 -- a fault of ours, never of a caller's
    scope = needed(method or call.method, resource_type)
    if scope not in call.token.scopes:
        raise InsufficientScope(f"The token lacks {scope}.", got=in_order(call.token.scopes), need=[scope])


def _bearer(call: Call) -> str | None:
    kind, _, text = call.headers.get("authorization", "").strip().partition(" ")
    return text.strip() if kind.lower() == "bearer" and text.strip() else None


async def _stranger(call: Call, store: Store, text: str | None) -> Unauthorized:
    """The refusal of a call without a token of the connection; the log is told what came in its place."""
    await _connection_exists(call, store)
    if text is None:
        scheme = call.headers.get("authorization", "").strip().partition(" ")[0].lower()
        if scheme:
            call.facts["scheme"] = scheme if scheme in _SCHEMES else "none that is known"
        return Unauthorized("No bearer token came.", "missing")
    claimed = ids.token_id_of(text)
    call.facts["presented"] = {
        "claims": claimed,
        "last_four": text[-4:] if len(text) >= _LONG else None,
        "length": len(text),
    }
    return Unauthorized("The token is unknown.", "unknown")


async def _connection_exists(call: Call, store: Store) -> None:
    try:
        await store.connection(call.connection_id)
    except NotKept:
        raise NotFound(
            "The URL names a connection that does not exist.", resource_type="Connection", id=call.connection_id
        ) from None
