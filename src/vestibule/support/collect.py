"""What belongs into a support bundle beside the log: configuration without secrets, cycles, roll call, versions."""

import hashlib
import platform
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final, cast

import orjson

from vestibule import __version__
from vestibule.addresses import tenant_url
from vestibule.clock import rfc3339
from vestibule.connections import state_of
from vestibule.cycles import Overview, overview
from vestibule.log import Known
from vestibule.model import Connection, JsonObject, Token
from vestibule.rollcall import Expectation, Extra, GroupRoll, Missing, call_roll, reasons
from vestibule.rollcall.calling import call_kept
from vestibule.scim.folding import fold
from vestibule.store import NotFound, Store, schema
from vestibule.support.redact import Redactor

_KEPT_BACK: Final = frozenset({"client_secret", "discovery", "jwks"})
"""Of the sign-on settings: the secret, and documents that are long and to be had of the identity provider."""
_GROUPS: Final = 200
ACTS: Final = 1_000
"""Among how many of the newest acts of administrators those of the time are looked for."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a bundle is of. Instants in microseconds: since <= at < until."""

    connection_id: str
    since: int
    until: int
    base_url: str
    database: str
    """The kind of database, e.g. `sqlite`."""
    expectations: tuple[Expectation, ...] = ()


@dataclass(frozen=True, slots=True)
class Situation:
    """All but the log: one JSON document, redacted; and what entries of the log are told with."""

    document: JsonObject
    known: Known


async def collect(store: Store, scope: Scope, now: int, redactor: Redactor) -> Situation:
    """Read what there is. Raises NotFound for the connection."""
    connection = await store.connection(scope.connection_id)
    tokens = await store.tokens(connection.id)
    groups = await store.groups(connection.id, None, 1, _GROUPS)
    for name in (*(each.display_name for each in groups.items), *(each.group for each in scope.expectations)):
        await know_group(store, connection.id, redactor, name)
    seen = await overview(store, connection.id, now)
    rolls = await _rolls(store, scope, redactor)
    document: JsonObject = {
        "made_at": rfc3339(now),
        "since": rfc3339(scope.since),
        "until": rfc3339(scope.until),
        "names": "kept" if redactor.with_names else "replaced",
        "versions": _versions(scope),
        "connection": _connection(connection, scope),
        "tokens": [_token(each, now) for each in tokens],
        "sign_on": await _sign_on(store, connection.id),
        "domains": [
            {"domain": each.domain, "state": each.state} for each in await store.domains(connection.enterprise_id)
        ],
        "waiting": await _waiting(store, connection.id),
        "cycles": _cycles(seen, redactor),
        "groups": [
            {"name": redactor.group(each.display_name), "members": each.member_count, "origin": each.origin}
            for each in groups.items
        ],
        "groups_in_all": groups.total,
        "rollcall": [await _roll(store, each, redactor) for each in rolls],
        "audit": [
            {"at": rfc3339(each.at), "action": each.action, "target": redactor.who(each.target)}
            for each in await store.audit(connection.id, ACTS)
            if scope.since <= each.at < scope.until
        ],
    }
    return Situation(document, Known({each.id: each for each in tokens}, seen.cycles))


async def know_group(store: Store, connection_id: str, redactor: Redactor, name: str) -> None:
    """Let a group be called by its name, unless a person has the same one, or an address of a person is in it."""
    names = redactor.names
    if fold(name.strip()) in names.groups or redactor.with_names:
        return
    addresses = names.addresses_in(name)
    if addresses and addresses != [name.strip()]:
        return
    try:
        await store.user_named(connection_id, name.strip())
    except NotFound:
        if not (addresses and await store.users_with_email(connection_id, addresses)):
            names.groups.add(fold(name.strip()))


def _versions(scope: Scope) -> JsonObject:
    return {
        "vestibule": __version__,
        "python": platform.python_version(),
        "database": scope.database,
        "schema": schema.latest(),
    }


def _connection(connection: Connection, scope: Scope) -> JsonObject:
    return {
        "id": connection.id,
        "idp": connection.idp,
        "created_at": rfc3339(connection.created_at),
        "tenant_url": tenant_url(scope.base_url, connection.id),
        "settings": orjson.loads(connection.settings),
    }


def _token(token: Token, now: int) -> JsonObject:
    """A token without its name, which is free text, and never its text."""
    return {
        "id": token.id,
        "last_four": token.last_four,
        "state": state_of(token, now),
        "scopes": sorted(token.scopes),
        "created_at": rfc3339(token.created_at),
        "expires_at": None if token.expires_at is None else rfc3339(token.expires_at),
        "last_used_at": None if token.last_used_at is None else rfc3339(token.last_used_at),
    }


async def _sign_on(store: Store, connection_id: str) -> JsonObject | None:
    try:
        row = await store.sign_on(connection_id)
    except NotFound:
        return None
    return {"enabled": row.enabled, "settings": shown_settings(orjson.loads(row.settings))}


def shown_settings(content: Any) -> Any:
    """Settings of sign-on without secrets; certificates as SHA-256 of their PEM."""
    if isinstance(content, dict):
        members = cast("JsonObject", content)
        return {
            name: [hashlib.sha256(str(pem).encode()).hexdigest() for pem in each]
            if name == "certificates"
            else shown_settings(each)
            for name, each in members.items()
            if name not in _KEPT_BACK
        }
    if isinstance(content, list):
        return [shown_settings(each) for each in cast("list[Any]", content)]
    # What is sealed says so; should a new setting hold a secret, it is not shown either.
    return "(sealed)" if isinstance(content, str) and content.startswith("v1.") else content


async def _rolls(store: Store, scope: Scope, redactor: Redactor) -> list[GroupRoll]:
    """The rolls of who is expected by the file at hand, else of who is expected by what the server keeps."""
    if scope.expectations:
        return await call_roll(store, scope.connection_id, scope.expectations)
    kept = await store.expectations(scope.connection_id)
    for each in kept:
        await know_group(store, scope.connection_id, redactor, each.group)
    return [await call_kept(store, each) for each in kept]


async def _waiting(store: Store, connection_id: str) -> JsonObject:
    conflicts = await store.conflicts(connection_id, "open")
    holds = [each for each in await store.holds(connection_id) if each.state == "open"]
    return {
        "conflicts": len(conflicts),
        "holds": [{"id": each.id, "guard": each.guard, "requests": each.requests} for each in holds],
    }


def _cycles(seen: Overview, redactor: Redactor) -> JsonObject:
    """The cycles, told anew after those whom they name have got their other names."""
    shown = seen.as_json(20)
    newest = seen.verdict.refusal
    for each in shown["refused"]:
        who = each["who"]
        each["who"] = _refused(each["kind"], who, redactor)
        if newest is not None and each["request_id"] == newest.id:
            shown |= {name: shown[name].replace(who, each["who"]) for name in ("sentence", "why")}
    return shown | {name: redactor.text(shown[name]) for name in ("sentence", "why")}


def _refused(kind: str | None, who: str, redactor: Redactor) -> str:
    """The name, id or path of what was refused."""
    if who.startswith("/"):
        return redactor.path(who)
    return redactor.who(who) if kind == "User" else redactor.group(who)


async def _roll(store: Store, roll: GroupRoll, redactor: Redactor) -> JsonObject:
    missing = tuple([await _missing(store, each, redactor) for each in roll.missing])
    extra = tuple(_extra(each, redactor) for each in roll.extra)
    inactive = tuple(replace(each, who=redactor.who(each.who)) for each in roll.inactive)
    shown = replace(roll, missing=missing, extra=extra, inactive=inactive, pending=()).as_json()
    shown["pending"] = [{"ref": redactor.who(each.ref), "since": rfc3339(each.added_at)} for each in roll.pending]
    shown["name"] = redactor.group(roll.name)
    shown["nested_groups"] = [redactor.group(each) for each in roll.nested]
    if roll.reading is not None and roll.reading.fault is not None and not redactor.with_names:
        # What somebody else's server says may name anybody.
        shown["reading"]["fault"] = {"code": roll.reading.fault.code}
    if roll.kept is not None:
        shown["expectation"] |= {
            "group": redactor.group(roll.kept.group),
            "nested_groups": [redactor.group(each) for each in roll.kept.nested],
            # A file may be called after whoever made it.
            "detail": roll.kept.detail if redactor.with_names else sorted(roll.kept.detail),
        }
    return shown


def _extra(each: Extra, redactor: Redactor) -> Extra:
    """Somebody too many; why a second account is, names the first one."""
    if each.origin == "double" and not redactor.with_names:
        each = replace(each, reason=reasons.DOUBLE)
    return replace(each, who=redactor.who(each.who)) if each.named else each


async def _missing(store: Store, each: Missing, redactor: Redactor) -> Missing:
    """Somebody who is missing; a refusal is told anew, from the request without people's values."""
    who = redactor.who(each.who) if each.named else each.who
    evidence = {
        # By way of which group somebody is expected.
        name: redactor.group(str(value)) if name == "via" else redactor.evidence(value)
        for name, value in each.evidence.items()
    }
    told = replace(each, who=who, evidence=evidence)
    if each.request_id is not None and not redactor.with_names:
        with suppress(NotFound):
            refusal = redactor.exchange(await store.exchange(each.request_id))
            return replace(told, detail=reasons.refused(who, refusal).detail)
    # Else it names nobody who is not in the evidence.
    return replace(told, detail=redactor.text(each.detail))


def by_reason(rolls: Sequence[JsonObject]) -> list[tuple[str, str, int]]:
    """Group, reason and number of the missing, for a table."""
    counted: dict[tuple[str, str], int] = {}
    for roll in rolls:
        for each in roll["missing"]:
            key = (roll["name"], each["detail"])
            counted[key] = counted.get(key, 0) + each["count"]
    return [(group, reason, count) for (group, reason), count in counted.items()]
