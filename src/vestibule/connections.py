"""Enterprises, their connections and the SCIM tokens of a connection: made, listed, granted, rotated, revoked."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

import orjson

from vestibule import ids
from vestibule.allowed_domains import read_allowed, with_domain
from vestibule.clock import Clock
from vestibule.model import Audit, Connection, Enterprise, JsonObject, Token, TokenChange
from vestibule.scim.discovery import schema_json
from vestibule.scim.errors import InvalidValue
from vestibule.scim.extension import check_redeclared, read_extension
from vestibule.scim.profile import read_profile
from vestibule.scim.scopes import GROUP_SYNC, SCOPES, lacks_groups
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


def scope_warning(token: Token) -> str | None:
    """What is wrong with the scopes of a token in plain words, and what mends it, or None."""
    if not lacks_groups(token.scopes):
        return None
    lacking = " ".join(f"--scope {each}" for each in in_order(GROUP_SYNC - token.scopes))
    return (
        "This token can sync users but not groups: every group will be refused with 403, although the identity "
        "provider's own connection test, which only looks up a user, stays green. "
        f"Add the group scopes now: `vestibule token grant {token.id} {lacking}`; the token stays the same."
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


async def change_settings(
    store: Store,
    clock: Clock,
    connection_id: str,
    changes: Mapping[str, Any],
    *,
    actor: str = "cli",
    because: JsonObject | None = None,
) -> Connection:
    """Change how a connection speaks SCIM (see `scim.profile.Profile`); None takes a setting back to its default.

    `because` is kept with the audit entry, e.g. the request that it was done for.
    Raises Refused for an unknown connection, scim.errors.InvalidValue for a setting that is none.
    """
    if "withdrawn" in changes:
        raise InvalidValue("There is no setting `withdrawn`: withdraw a schema by its URN.")
    domains = changes.get("allowed_domains")
    if isinstance(domains, list | tuple):
        domains = list(dict.fromkeys(map(read_allowed, cast("list[Any]", domains))))
        changes = {**changes, "allowed_domains": domains}

    def change(present: JsonObject) -> JsonObject:
        wanted = {**present, **changes}
        for each in _schemas(wanted, "extensions"):
            _check_shape(present, each)
        return wanted

    return await _change(store, clock, connection_id, change, actor, {**changes, **(because or {})})


async def allow_domain(
    store: Store,
    clock: Clock,
    connection_id: str,
    domain: str,
    *,
    actor: str = "cli",
    because: JsonObject | None = None,
) -> Connection:
    """Add a mail domain to those that are allowed; where there is no list, all are. Raises as `change_settings`."""
    wanted = read_allowed(domain)

    def change(present: JsonObject) -> JsonObject:
        allowed = present.get("allowed_domains")
        wider = with_domain(allowed, wanted)
        return present if wider == allowed else {**present, "allowed_domains": wider}

    return await _change(store, clock, connection_id, change, actor, {"allowed_domain": wanted, **(because or {})})


async def declare_extension(
    store: Store, clock: Clock, connection_id: str, declaration: Any, *, actor: str = "cli"
) -> Connection:
    """Add an extension schema, or replace the one with the same URN, whose attributes keep their types.

    Raises Refused for an unknown connection, scim.errors.InvalidValue saying what is wrong with the schema.
    """
    schema = schema_json(read_extension(declaration))

    def change(present: JsonObject) -> JsonObject:
        _check_shape(present, schema)
        others = [each for each in _schemas(present, "extensions") if not _same(each, schema["id"])]
        return {**present, "extensions": [*others, schema]}

    return await _change(store, clock, connection_id, change, actor, {"declared": schema["id"]})


async def withdraw_extension(
    store: Store, clock: Clock, connection_id: str, urn: str, *, actor: str = "cli"
) -> Connection:
    """Take an extension schema away; what users have of it stays kept and is no longer shown. Raises Refused."""

    def change(present: JsonObject) -> JsonObject:
        declared = _schemas(present, "extensions")
        gone = [each for each in declared if _same(each, urn)]
        if not gone:
            names = ", ".join(each["id"] for each in declared) or "none"
            raise Refused(f"{connection_id} has no schema {urn}; it has {names}.")
        withdrawn = [each for each in _schemas(present, "withdrawn") if not _same(each, urn)]
        return {
            **present,
            "extensions": [each for each in declared if not _same(each, urn)],
            "withdrawn": [*withdrawn, *gone],
        }

    return await _change(store, clock, connection_id, change, actor, {"withdrawn": urn})


async def _change(
    store: Store,
    clock: Clock,
    connection_id: str,
    change: Callable[[JsonObject], JsonObject],
    actor: str,
    detail: JsonObject,
) -> Connection:
    def changed(text: str) -> str:
        wanted = {name: value for name, value in change(orjson.loads(text)).items() if value is not None}
        read_profile(wanted)
        return orjson.dumps(wanted).decode()

    now = clock.now()
    action = "connection.settings_changed"
    entry = Audit(ids.new_id("aud", now), connection_id, now, actor, action, connection_id, detail)
    await the_connection(store, connection_id)
    return await store.change_settings(connection_id, changed, entry)


def _schemas(settings: JsonObject, name: str) -> list[JsonObject]:
    value = settings.get(name)
    return [schema_json(read_extension(each)) for each in cast("list[Any]", value)] if isinstance(value, list) else []


def _check_shape(present: JsonObject, wanted: JsonObject) -> None:
    """What users may have of a schema, declared now or once, keeps its shape. Raises InvalidValue."""
    for name in ("extensions", "withdrawn"):
        for each in _schemas(present, name):
            if _same(each, wanted["id"]):
                check_redeclared(read_extension(each), read_extension(wanted))


def _same(schema: JsonObject, urn: str) -> bool:
    return schema["id"].casefold() == urn.casefold()


async def create_token(
    store: Store,
    clock: Clock,
    connection_id: str,
    scopes: frozenset[str],
    *,
    name: str = "",
    lifetime: int | None = None,
    user_id: str | None = None,
    actor: str = "cli",
) -> MintedToken:
    """Mint a token for a connection; `lifetime` in microseconds, None for ever.

    One that stands for a user (`user_id`) is good for `/Me` only, and there may be any number of them.
    Raises Refused when the connection or user does not exist, no scope is given, or two tokens are active already.
    """
    await the_connection(store, connection_id)
    if user_id is not None:
        await _the_user(store, connection_id, user_id)
    if not scopes:
        raise Refused(f"A token needs at least one scope: --all-scopes, or --scope out of {', '.join(SCOPES)}.")
    now = clock.now()
    active = [
        token
        for token in await store.tokens(connection_id)
        if is_active(token, now) and token.user_id is None and user_id is None
    ]
    if len(active) >= MAX_ACTIVE_TOKENS:
        raise Refused(
            f"Two tokens of {connection_id} are active already ({active[0].id}, {active[1].id}). "
            "Revoke the one that is not in use: `vestibule token revoke TOKEN_ID`."
        )
    secret = ids.new_token(now)
    expires_at = None if lifetime is None else now + lifetime
    token = Token(secret.token_id, connection_id, name, scopes, secret.last_four, now, expires_at, user_id=user_id)
    detail: JsonObject = {"scopes": in_order(scopes), "expires_at": expires_at, "user_id": user_id}
    await store.add_token(token, secret.hash, _audit(token, now, actor, "token.created", detail))
    return MintedToken(token, secret.text)


async def grant(
    store: Store,
    clock: Clock,
    token_id: str,
    scopes: frozenset[str],
    *,
    actor: str = "cli",
    because: JsonObject | None = None,
) -> Token:
    """Add scopes to a token that the identity provider already holds; its text stays the same.

    `because` is kept with the audit entry. Raises Refused for an unknown token, a revoked or expired one, or no scope.
    """
    now = clock.now()
    if not scopes:
        raise Refused(f"Name at least one scope to grant: --all-scopes, or --scope out of {', '.join(SCOPES)}.")

    def change(token: Token) -> tuple[TokenChange, Audit] | None:
        if not is_active(token, now):
            raise Refused(f"{token_id} is revoked or expired; scopes would not bring it back. Create a new token.")
        if scopes <= token.scopes:
            return None
        detail: JsonObject = {
            "granted": in_order(scopes - token.scopes),
            "before": in_order(token.scopes),
            "after": in_order(token.scopes | scopes),
            **(because or {}),
        }
        entry = _audit(token, now, actor, "token.scopes_granted", detail)
        return TokenChange(scopes=token.scopes | scopes), entry

    return await store.change_token((await the_token(store, token_id)).connection_id, token_id, change)


async def revoke(store: Store, clock: Clock, token_id: str, *, actor: str = "cli") -> Token:
    """Revoke a token for good; doing it twice changes nothing. Raises Refused for an unknown token."""
    now = clock.now()

    def change(token: Token) -> tuple[TokenChange, Audit] | None:
        if token.revoked_at is not None:
            return None
        return TokenChange(revoked_at=now), _audit(token, now, actor, "token.revoked", {})

    return await store.change_token((await the_token(store, token_id)).connection_id, token_id, change)


async def rotate(store: Store, clock: Clock, token_id: str, *, actor: str = "cli") -> MintedToken:
    """Mint a second token with the same name and scopes; the old one works until it is revoked."""
    old = await the_token(store, token_id)
    lifetime = None if old.expires_at is None else old.expires_at - old.created_at
    return await create_token(
        store,
        clock,
        old.connection_id,
        old.scopes,
        name=old.name,
        lifetime=lifetime,
        user_id=old.user_id,
        actor=actor,
    )


async def _the_user(store: Store, connection_id: str, user_id: str) -> None:
    try:
        await store.user(connection_id, user_id)
    except NotFound as error:
        raise Refused(f"There is no user {user_id} in {connection_id}.") from error


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


def state_of(token: Token, now: int) -> Literal["active", "expired", "revoked"]:
    """How a token stands at an instant in microseconds."""
    if token.revoked_at is not None:
        return "revoked"
    return "active" if is_active(token, now) else "expired"


def in_order(scopes: Collection[str]) -> list[str]:
    """Scopes in the order in which they are always shown."""
    return [scope for scope in SCOPES if scope in scopes]


def _audit(token: Token, now: int, actor: str, action: str, detail: JsonObject) -> Audit:
    return Audit(ids.new_id("aud", now), token.connection_id, now, actor, action, token.id, detail)
