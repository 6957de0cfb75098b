"""What waits for an administrator: accounts that may be one person's, requests that are held, protected accounts.

`because` is kept with the audit entry of an act, e.g. the request that it was done for.
"""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from typing import Literal

import orjson

from vestibule import ids
from vestibule.account_rules import check_protected, stored
from vestibule.allowed_domains import check_domain
from vestibule.clock import Clock, rfc3339
from vestibule.model import Audit, Conflict, Hold, JsonObject, User
from vestibule.scim.errors import DomainNotAllowed, Protected
from vestibule.scim.profile import Profile, kept_profile
from vestibule.store import Decided, Decision, NotFound, Store, Taken

APPROVAL_LASTS = 24 * 3_600_000_000
"""For how long, in microseconds, an approved hold lets through what it held."""

NAMES = ("userName", "externalId")
"""By what identity providers find accounts."""


class CannotDecide(Exception):
    """A decision that cannot be taken; the message says why and what to do instead."""


async def link(
    store: Store,
    clock: Clock,
    connection_id: str,
    conflict_id: str,
    *,
    actor: str = "cli",
    because: JsonObject | None = None,
) -> Conflict:
    """Say that both are one person.

    Where the identity provider's account was made all the same, it takes over the memberships of the other one, which
    goes. Where its request was refused, the account that is here takes the identity provider's data at the next one.
    Raises CannotDecide.
    """
    conflict = await _open(store, connection_id, conflict_id)
    decision = _decision(clock, conflict, "linked", actor, because)
    with _only_if_open():
        if conflict.other_id is None:
            return await store.decide_conflict(connection_id, decision)
        at = decision.audit.at
        await store.merge_users(connection_id, conflict.other_id, conflict.user_id, at, decision)
        return replace(conflict, state="linked", decided_at=at)


async def dismiss(
    store: Store,
    clock: Clock,
    connection_id: str,
    conflict_id: str,
    *,
    actor: str = "cli",
    because: JsonObject | None = None,
) -> Conflict:
    """Say that they are two people. Raises CannotDecide."""
    conflict = await _open(store, connection_id, conflict_id)
    with _only_if_open():
        return await store.decide_conflict(connection_id, _decision(clock, conflict, "dismissed", actor, because))


async def _open(store: Store, connection_id: str, conflict_id: str) -> Conflict:
    found = [each for each in await store.conflicts(connection_id) if each.id == conflict_id]
    if not found:
        raise CannotDecide(
            f"There is no conflict {conflict_id}. `vestibule conflict list {connection_id}` shows those that exist."
        )
    if found[0].state != "open":
        raise CannotDecide(f"{conflict_id} was {found[0].state} already.")
    return found[0]


@contextmanager
def _only_if_open() -> Generator[None]:
    """Say what came between, e.g. another administrator's decision. Raises CannotDecide."""
    try:
        yield
    except Decided as error:
        raise CannotDecide(f"{error.id} was {error.state} already.") from error
    except NotFound as error:
        raise CannotDecide(f"{error.id} is no longer here; dismiss the conflict instead.") from error


async def rekey(
    store: Store,
    clock: Clock,
    connection_id: str,
    conflict_id: str,
    *,
    actor: str = "cli",
    because: JsonObject | None = None,
) -> User:
    """Give an account the names that the identity provider looks for, and nothing else of what it sent.

    For a request that was refused, as its userName or externalId is the account's already. Raises CannotDecide.
    """
    conflict = await _open(store, connection_id, conflict_id)
    if conflict.other_id is not None:
        raise CannotDecide(f"Both accounts of {conflict_id} are here; link or dismiss it instead.")
    profile = kept_profile((await store.connection(connection_id)).settings)
    now = clock.now()
    names = {name: value for name, value in conflict.incoming.items() if name in NAMES and value is not None}

    def change(user: User) -> User:
        return _named(user, names, profile, now)

    detail: JsonObject = {**names, "conflict": conflict.id, **(because or {})}
    entry = _audit(clock, connection_id, actor, "user.rekeyed", conflict.user_id, detail)
    decision = Decision(conflict.id, "open", "done", entry)
    with _renamed(connection_id, conflict.user_id), _only_if_open():
        return await store.change_user(connection_id, conflict.user_id, change, along=decision)


@contextmanager
def _renamed(connection_id: str, user_id: str) -> Generator[None]:
    """Say why an account cannot have its new names. Raises CannotDecide."""
    try:
        yield
    except Protected as error:
        raise CannotDecide(f"{user_id} is protected: it is not renamed.") from error
    except DomainNotAllowed as error:
        raise CannotDecide(
            f"{user_id} would have the address {error.facts['value']} then, which {connection_id} does not "
            "allow; allow its domain first."
        ) from error
    except Taken as error:
        raise CannotDecide(f"{user_id} cannot have that {error.attribute}: another account has it already.") from error


def _named(user: User, names: JsonObject, profile: Profile, now: int) -> User:
    before: JsonObject = orjson.loads(user.document)
    document = before | names
    check_domain(before, document, profile)
    changed = replace(user, updated_at=now, **stored(document))
    check_protected(user, changed)
    return changed


def _decision(
    clock: Clock, conflict: Conflict, state: Literal["linked", "dismissed"], actor: str, because: JsonObject | None
) -> Decision:
    detail: JsonObject = {"attribute": conflict.attribute, "value": conflict.value, "user": conflict.user_id}
    detail |= because or {}
    entry = _audit(clock, conflict.connection_id, actor, f"conflict.{state}", conflict.id, detail)
    return Decision(conflict.id, "open", state, entry)


async def approve(
    store: Store,
    clock: Clock,
    connection_id: str,
    hold_id: str,
    *,
    actor: str = "cli",
    because: JsonObject | None = None,
) -> Hold:
    """Let through what a guard held, from now on for a day. Raises CannotDecide."""
    return await _settle(store, clock, connection_id, hold_id, actor, clock.now() + APPROVAL_LASTS, because)


async def refuse(
    store: Store,
    clock: Clock,
    connection_id: str,
    hold_id: str,
    *,
    actor: str = "cli",
    because: JsonObject | None = None,
) -> Hold:
    """Keep refusing what a guard held. Raises CannotDecide."""
    return await _settle(store, clock, connection_id, hold_id, actor, None, because)


async def _settle(
    store: Store,
    clock: Clock,
    connection_id: str,
    hold_id: str,
    actor: str,
    approved_until: int | None,
    because: JsonObject | None,
) -> Hold:
    action = "hold.refused" if approved_until is None else "hold.approved"
    detail: JsonObject = {"approved_until": approved_until, **(because or {})}
    entry = _audit(clock, connection_id, actor, action, hold_id, detail)
    try:
        return await store.decide_hold(connection_id, hold_id, approved_until, entry)
    except NotFound as error:
        raise CannotDecide(
            f"There is no hold {hold_id}. `vestibule hold list {connection_id}` shows those that exist."
        ) from error


async def protect(
    store: Store,
    clock: Clock,
    connection_id: str,
    user_id: str,
    *,
    protected: bool,
    actor: str = "cli",
    because: JsonObject | None = None,
) -> User:
    """Keep provisioning from renaming, deactivating or deleting an account, or let it again. Raises CannotDecide."""
    action = "user.protected" if protected else "user.unprotected"
    entry = _audit(clock, connection_id, actor, action, user_id, dict(because or {}))
    try:
        return await store.change_user(
            connection_id, user_id, lambda user: replace(user, protected=protected, updated_at=entry.at), along=entry
        )
    except NotFound as error:
        raise CannotDecide(f"There is no user {user_id} in {connection_id}.") from error


def conflict_json(conflict: Conflict) -> JsonObject:
    """A conflict for `--json` and the API."""
    return {
        "id": conflict.id,
        "attribute": conflict.attribute,
        "value": conflict.value,
        "user_id": conflict.user_id,
        "other_id": conflict.other_id,
        "incoming": conflict.incoming,
        "state": conflict.state,
        "requests": conflict.requests,
        "first_at": rfc3339(conflict.first_at),
        "last_at": rfc3339(conflict.last_at),
    }


def hold_json(hold: Hold) -> JsonObject:
    """A hold for `--json` and the API."""
    return {
        "id": hold.id,
        "guard": hold.guard,
        "subject": hold.subject or None,
        "subject_name": hold.subject_name or None,
        "count": hold.count,
        "threshold": hold.threshold,
        "requests": hold.requests,
        "state": hold.state,
        "first_at": rfc3339(hold.first_at),
        "last_at": rfc3339(hold.last_at),
        "approved_until": rfc3339(hold.approved_until) if hold.approved_until else None,
    }


def _audit(clock: Clock, connection_id: str, actor: str, action: str, target: str, detail: JsonObject) -> Audit:
    now = clock.now()
    return Audit(ids.new_id("aud", now), connection_id, now, actor, action, target, detail)
