"""Enterprises, their connections and the SCIM tokens of a connection: made, listed, granted, rotated, revoked."""

from collections.abc import Collection
from dataclasses import dataclass

from vestibule import ids
from vestibule.clock import Clock
from vestibule.model import Audit, Connection, Enterprise, JsonObject, Token, TokenChange
from vestibule.scim.scopes import SCOPES, lacks_groups
from vestibule.store import NotFound, Store

IDENTITY_PROVIDERS = ("entra", "okta", "google", "onelogin", "jumpcloud", "ping", "keycloak", "generic")
MAX_ACTIVE_TOKENS = 2
"""Two may be active at once, so that a token can be rotated without a gap."""


class Refused(Exception):
    """An act that cannot be done; the message says why and what to do instead."""


@dataclass(frozen=True, slots=True)
class MintedToken:
    """A new token and its text, which is shown this once."""

    token: Token
    text: str


def scope_warning(scopes: Collection[str]) -> str | None:
    """What is wrong with a set of scopes in plain words, or None."""
    if not lacks_groups(frozenset(scopes)):
        return None
    return (
        "This token can sync users but not groups: every group will be refused with 403, although the identity "
        "provider's own connection test, which only looks up a user, stays green. "
        "Add the group scopes now with `vestibule token grant`; the token stays the same."
    )


async def create_enterprise(store: Store, clock: Clock, name: str) -> Enterprise:
    """Make an enterprise. Raises Refused for an empty name."""
    if not name.strip():
        raise Refused("An enterprise needs a name.")
    now = clock.now()
    enterprise = Enterprise(ids.new_id("ent", now), name.strip(), now)
    await store.add_enterprise(enterprise)
    return enterprise


async def create_connection(store: Store, clock: Clock, enterprise_id: str, idp: str) -> Connection:
    """Make a connection of an enterprise. Raises Refused for an unknown enterprise or identity provider."""
    if idp not in IDENTITY_PROVIDERS:
        raise Refused(f"Unknown identity provider {idp!r}: one of {', '.join(IDENTITY_PROVIDERS)}.")
    now = clock.now()
    connection = Connection(ids.new_id("con", now), enterprise_id, idp, now)
    try:
        await store.add_connection(connection)
    except NotFound as error:
        raise Refused(
            f"There is no enterprise {enterprise_id}. `vestibule enterprise list` shows those that exist."
        ) from error
    return connection


async def the_connection(store: Store, connection_id: str) -> Connection:
    """One connection, or Refused with the way to find the right one."""
    try:
        return await store.connection(connection_id)
    except NotFound as error:
        raise Refused(
            f"There is no connection {connection_id}. `vestibule connection list` shows those that exist."
        ) from error


async def create_token(
    store: Store,
    clock: Clock,
    connection_id: str,
    scopes: frozenset[str],
    *,
    name: str = "",
    lifetime: int | None = None,
    actor: str = "cli",
) -> MintedToken:
    """Mint a token for a connection; `lifetime` in microseconds, None for ever.

    Raises Refused when the connection does not exist, no scope is given, or two tokens are active already.
    """
    await the_connection(store, connection_id)
    if not scopes:
        raise Refused(f"A token needs at least one scope: --all-scopes, or --scope out of {', '.join(SCOPES)}.")
    now = clock.now()
    active = [token for token in await store.tokens(connection_id) if is_active(token, now)]
    if len(active) >= MAX_ACTIVE_TOKENS:
        raise Refused(
            f"Two tokens of {connection_id} are active already ({active[0].id}, {active[1].id}). "
            "Revoke the one that is not in use: `vestibule token revoke TOKEN_ID`."
        )
    secret = ids.new_token(now)
    expires_at = None if lifetime is None else now + lifetime
    token = Token(secret.token_id, connection_id, name, scopes, secret.last_four, now, expires_at)
    detail: JsonObject = {"scopes": in_order(scopes), "expires_at": expires_at}
    await store.add_token(token, secret.hash, _audit(token, now, actor, "token.created", detail))
    return MintedToken(token, secret.text)


async def grant(store: Store, clock: Clock, token_id: str, scopes: frozenset[str], *, actor: str = "cli") -> Token:
    """Add scopes to a token that the identity provider already holds; its text stays the same.

    Raises Refused for an unknown token, a revoked or expired one, or no scope.
    """
    token = await the_token(store, token_id)
    now = clock.now()
    if not scopes:
        raise Refused(f"Name at least one scope to grant: --all-scopes, or --scope out of {', '.join(SCOPES)}.")
    if not is_active(token, now):
        raise Refused(f"{token_id} is revoked or expired; scopes would not bring it back. Create a new token.")
    change = TokenChange(scopes=token.scopes | scopes)
    detail: JsonObject = {
        "granted": in_order(scopes - token.scopes),
        "before": in_order(token.scopes),
        "after": in_order(token.scopes | scopes),
    }
    entry = _audit(token, now, actor, "token.scopes_granted", detail)
    return await store.change_token(token.connection_id, token_id, change, entry)


async def revoke(store: Store, clock: Clock, token_id: str, *, actor: str = "cli") -> Token:
    """Revoke a token for good; doing it twice changes nothing. Raises Refused for an unknown token."""
    token = await the_token(store, token_id)
    if token.revoked_at is not None:
        return token
    now = clock.now()
    entry = _audit(token, now, actor, "token.revoked", {})
    return await store.change_token(token.connection_id, token_id, TokenChange(revoked_at=now), entry)


async def rotate(store: Store, clock: Clock, token_id: str, *, actor: str = "cli") -> MintedToken:
    """Mint a second token with the same name and scopes; the old one works until it is revoked."""
    old = await the_token(store, token_id)
    lifetime = None if old.expires_at is None else old.expires_at - old.created_at
    return await create_token(
        store, clock, old.connection_id, old.scopes, name=old.name, lifetime=lifetime, actor=actor
    )


async def the_token(store: Store, token_id: str) -> Token:
    """One token by its id, or Refused with the way to find the right one."""
    try:
        return await store.find_token(token_id)
    except NotFound as error:
        raise Refused(
            f"There is no token {token_id}. `vestibule token list CONNECTION_ID` shows those that exist "
            "(give the id, tok_…, not the secret)."
        ) from error


def is_active(token: Token, now: int) -> bool:
    """Neither revoked nor expired at an instant in microseconds."""
    return token.revoked_at is None and (token.expires_at is None or now < token.expires_at)


def in_order(scopes: Collection[str]) -> list[str]:
    """Scopes in the order in which they are always shown."""
    return [scope for scope in SCOPES if scope in scopes]


def _audit(token: Token, now: int, actor: str, action: str, detail: JsonObject) -> Audit:
    return Audit(ids.new_id("aud", now), token.connection_id, now, actor, action, token.id, detail)
