"""Who somebody is among the people of a connection: found by the link rule, or made where the connection allows it."""

from dataclasses import replace
from typing import Any

import orjson

from vestibule import ids
from vestibule.account_rules import user_of
from vestibule.claims import Profile
from vestibule.model import JsonObject, User
from vestibule.scim.filter_ast import Filter
from vestibule.scim.path import parse_filter
from vestibule.scim.schema import CORE_USER
from vestibule.scim.user_schema import USER
from vestibule.signin.outcome import Arrival, Found, Refused
from vestibule.store import NotFound, Store, Taken


async def find(store: Store, arrival: Arrival, profile: Profile, *, provisioned: bool) -> Found | Refused:
    """The person behind an arrival, by the link rule; nobody is taken over silently.

    Their own identity first; else the attribute that the connection names; else, where it allows that, a verified
    address of a verified domain. `provisioned` tells whether the identity provider keeps the people by SCIM.
    """
    connection_id = arrival.connection.id
    try:
        known = await store.identity(connection_id, arrival.received.issuer, arrival.subject)
    except NotFound:
        found = await _by_attribute(store, arrival, profile) or await _by_email(store, arrival, profile)
        if isinstance(found, Found):
            return await _unless_somebody_elses(store, arrival, found)
        return found or await _unknown(store, arrival, profile, provisioned=provisioned)
    user = await store.user(connection_id, known.user_id)
    return Found("identity", user, known) if user.active else deactivated(user)


def deactivated(user: User) -> Refused:
    """Why somebody whose account is not active does not come in."""
    by = "scim" if user.origin == "scim" or user.adopted_at is not None else user.origin
    return Refused("person_deactivated", {"user": user.id, "user_name": user.user_name, "by": by})


async def _by_attribute(store: Store, arrival: Arrival, profile: Profile) -> Found | Refused | None:
    for attribute in arrival.sign_on.match:
        user = await _user_with(store, arrival.connection.id, attribute, profile)
        if user is not None:
            return (
                Found("externalId" if attribute == "externalId" else "userName", user)
                if user.active
                else (deactivated(user))
            )
    return None


async def _user_with(store: Store, connection_id: str, attribute: str, profile: Profile) -> User | None:
    if attribute == "userName":
        try:
            return await store.user_named(connection_id, profile.user_name)
        except NotFound:
            return None
    if not profile.external_id:
        return None
    page = await store.users(connection_id, _external_id_is(profile.external_id), count=1)
    return page.items[0] if page.items else None


def _external_id_is(value: str) -> Filter:
    return parse_filter(f"externalId eq {orjson.dumps(value).decode()}", USER)


async def _by_email(store: Store, arrival: Arrival, profile: Profile) -> Found | Refused | None:
    """Only where the connection says so, the domain is proven, and the address is one person's alone."""
    if not arrival.sign_on.link_by_email or profile.email is None:
        return None
    if not arrival.is_verified_domain(profile.email.domain) or _is_guest(arrival):
        return None
    holders = await store.users_with_email(arrival.connection.id, [str(profile.email)])
    if len(holders) != 1:
        return None
    return Found("email", holders[0]) if holders[0].active else deactivated(holders[0])


def _is_guest(arrival: Arrival) -> bool:
    return any(note.code == "subject_is_guest" for note in arrival.mapped.notes)


async def _unless_somebody_elses(store: Store, arrival: Arrival, found: Found) -> Found | Refused:
    """An account that another identity of the same issuer signs in to is not handed to a second one."""
    user = found.user
    if user is None:
        return found
    others = [
        each
        for each in await store.identities(arrival.connection.id, user.id)
        if each.issuer == arrival.received.issuer
    ]
    if not others:
        return found
    return Refused(
        "identity_other",
        {
            "user": user.id,
            "user_name": user.user_name,
            "match": found.match,
            "identity": others[0].id,
            "expected": others[0].subject,
            "received": arrival.subject,
        },
    )


async def _unknown(store: Store, arrival: Arrival, profile: Profile, *, provisioned: bool) -> Found | Refused:
    wanted = arrival.sign_on.create_people
    looked_for = {name: value for name, value in _names(profile).items() if name in arrival.sign_on.match}
    facts: dict[str, Any] = {"looked_for": looked_for, "setting": wanted, "provisioned": provisioned}
    if await store.has_departed(arrival.connection.id, profile.user_name, profile.external_id) and provisioned:
        return Refused("person_removed", facts)
    candidate = await _candidate(store, arrival, profile)
    if candidate is not None:
        facts["candidate"] = {
            "user": candidate.id, "userName": candidate.user_name, "externalId": candidate.external_id,
        }  # fmt: skip
        facts["matching_claim"] = arrival.received.bringing(candidate.user_name)
    if wanted == "never" or (wanted == "auto" and provisioned):
        return Refused("subject_matches_nobody" if candidate is not None else "not_provisioned", facts)
    if candidate is not None and (candidate.origin == "scim" or candidate.adopted_at is not None):
        # A second account beside the provisioned one is what nobody wants.
        return Refused("subject_matches_nobody", facts)
    return Found("created", None)


def _names(profile: Profile) -> dict[str, str | None]:
    return {"externalId": profile.external_id, "userName": profile.user_name}


async def _candidate(store: Store, arrival: Arrival, profile: Profile) -> User | None:
    """Somebody who is probably meant: with the same address, or whose userName is the address or the NameID."""
    address = None if profile.email is None else str(profile.email)
    if address is not None:
        holders = await store.users_with_email(arrival.connection.id, [address])
        if holders:
            return holders[0]
    for name in (address, arrival.received.subject.strip()):
        if name and name != profile.user_name:
            try:
                return await store.user_named(arrival.connection.id, name)
            except NotFound:
                continue
    return None


async def make(store: Store, arrival: Arrival, profile: Profile) -> User | Refused:
    """An account of a sign-in's, which provisioning may adopt later."""
    document = document_of(profile, None)
    user = user_of(ids.new_id("usr", arrival.now), arrival.connection.id, document, "login", arrival.now)
    try:
        return await store.create_user(user)
    except Taken as taken:
        return Refused("account_taken", {"attribute": taken.attribute, "value": taken.value, "holder": taken.holder})


def may_refresh(arrival: Arrival, user: User, *, provisioned: bool) -> bool:
    """Whether a sign-in writes to an account: not to one that SCIM keeps or is protected, nor where it shall not."""
    allowed = arrival.sign_on.update_people
    kept_by_scim = user.origin == "scim" or user.adopted_at is not None
    return not (allowed == "never" or kept_by_scim or (allowed == "auto" and provisioned) or user.protected)


async def refresh(store: Store, arrival: Arrival, profile: Profile, user: User, *, provisioned: bool) -> User:
    """What the sign-in says of a person, written to an account that is not kept by SCIM."""
    if not may_refresh(arrival, user, provisioned=provisioned):
        return user

    def change(present: User) -> User | None:
        before: JsonObject = orjson.loads(present.document)
        after = document_of(profile, before)
        if after == before:
            return None
        changed = user_of(present.id, present.connection_id, after, present.origin, present.created_at)
        return replace(
            changed, version=present.version, updated_at=arrival.now, protected=present.protected,
            adopted_at=present.adopted_at, active=present.active,
        )  # fmt: skip

    try:
        return await store.change_user(user.connection_id, user.id, change)
    except Taken:
        # Another account has the externalId; who signs in is known all the same.
        return user


def document_of(profile: Profile, present: JsonObject | None) -> JsonObject:
    """A user's document with what the profile says, or that of a new one.

    What the profile does not say stays, and the userName is never changed.
    """
    before = present or {"schemas": [CORE_USER], "userName": profile.user_name, "active": True}
    after = dict(before)
    if profile.external_id:
        after.setdefault("externalId", profile.external_id)
    if profile.display_name:
        after["displayName"] = profile.display_name
    name = {
        part: value for part, value in (("givenName", profile.given_name), ("familyName", profile.family_name)) if value
    }
    if name:
        after["name"] = {**before.get("name", {}), **name}
    if profile.email is not None:
        others = [each for each in before.get("emails", []) if not (each.get("type") == "work" and each.get("primary"))]
        others = [each for each in others if each.get("value") != str(profile.email)]
        after["emails"] = [{"value": str(profile.email), "type": "work", "primary": True}, *others]
    return after
