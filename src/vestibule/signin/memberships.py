"""The groups that a sign-in names, as memberships; a claim that is missing or cut off takes nothing away."""

from collections.abc import Iterable
from typing import Any

from vestibule import ids
from vestibule.claims import Groups
from vestibule.model import Group, User
from vestibule.scim.folding import fold
from vestibule.scim.patch import GroupChange
from vestibule.signin.outcome import Arrival
from vestibule.store import NotFound, Store, StoreError, Taken

MOST_GROUPS = 500
"""How many groups of one sign-in are looked at."""


async def plan(store: Store, arrival: Arrival, groups: Groups | None, user: User | None, *, provisioned: bool) -> Any:
    """What a sign-in's groups would change: which it joins, makes, leaves, which are unknown, and why if nothing.

    Only memberships that a sign-in made are taken away by one; those of SCIM and of the app's stay.
    """
    setting = arrival.sign_on.groups
    if groups is None:
        return {"applied": False, "why": "no_claim"}
    # What is cut off here is not missing either.
    cut_off = groups.overage or len(groups.values) > MOST_GROUPS
    told = {"named": len(groups.values), "overage": cut_off}
    if setting == "never" or (setting == "auto" and provisioned):
        return {"applied": False, "why": "kept_by_scim" if setting == "auto" else "off", **told}
    values = groups.values[:MOST_GROUPS]
    known = _meant(await store.groups_claimed(arrival.connection.id, values), values, arrival.sign_on.groups_exact_case)
    held = [] if user is None else await store.memberships_of(arrival.connection.id, user.id)
    here = {each.group_id for each in held}
    leaves = [
        each
        for each in held
        if each.origin == "login" and not each.claimed and each.group_id not in known and not cut_off
    ]
    named = {name for group in known.values() for name in (fold(group.display_name), group.external_id)}
    unknown = [each for each in values if fold(each) not in named and each not in named]
    return {
        "applied": True,
        **told,
        "joins": {group.id: group.display_name for group in known.values() if group.id not in here},
        "stays": sorted(group.display_name for group in known.values() if group.id in here),
        "leaves": {each.group_id: each.display_name for each in leaves},
        "makes": unknown if arrival.sign_on.create_groups else [],
        "unknown": [] if arrival.sign_on.create_groups else unknown,
    }


def tell(store: Store, user: User, groups: Groups | None) -> None:
    """Note who signed in with which groups, for the roll call's hints; a claim that is missing tells nothing."""
    if groups is not None:
        named = groups.values[:MOST_GROUPS]
        complete = not groups.overage and len(named) == len(groups.values)
        store.groups_told(user.connection_id, user.user_name, user.external_id, named, complete=complete)


def _meant(found: Iterable[Group], values: Iterable[str], exact: bool) -> dict[str, Group]:
    exactly = set(values)
    return {
        group.id: group for group in found if not exact or group.display_name in exactly or group.external_id in exactly
    }


async def apply(store: Store, arrival: Arrival, user: User, planned: Any) -> Any:
    """Do what was planned; what fails is told, as nobody is kept out for a group."""
    if not planned["applied"]:
        return planned
    connection_id, failed = arrival.connection.id, dict[str, str]()
    joins = planned["joins"] | await _made(store, arrival, planned["makes"], failed)
    for group_id, name in joins.items():
        await _change(store, arrival, group_id, name, GroupChange(add=frozenset({user.id})), failed)
    for group_id, name in planned["leaves"].items():
        await _change(store, arrival, group_id, name, GroupChange(remove=frozenset({user.id})), failed)
    return {**planned, "joins": joins, "failed": failed, "connection": connection_id}


async def _change(
    store: Store, arrival: Arrival, group_id: str, name: str, change: GroupChange, failed: dict[str, str]
) -> None:
    try:
        await store.change_group(arrival.connection.id, group_id, change, arrival.now, "login")
    except StoreError as error:
        failed[name] = str(error)


async def _made(store: Store, arrival: Arrival, names: Iterable[str], failed: dict[str, str]) -> dict[str, str]:
    """Groups of a sign-in's for the names that are unknown. Ids name nobody a group could be called by."""
    made: dict[str, str] = {}
    for name in names:
        now = arrival.now
        group = Group(ids.new_id("grp", now), arrival.connection.id, name, None, "login", 1, now, now)
        try:
            made[(await store.create_group(group, (), "login")).group.id] = name
        except (Taken, NotFound) as error:
            failed[name] = str(error)
    return made
