"""The roll call: who is expected in a group, who is present, and why each missing one is missing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from vestibule.clock import rfc3339
from vestibule.explain import explain
from vestibule.model import Exchange, JsonObject, Member, Pending
from vestibule.scim.folding import fold
from vestibule.store import ExchangeQuery, NotFound, Store

_LOOK_BACK = 50
"""How many of the newest requests about a name are looked at for a refusal."""


@dataclass(frozen=True, slots=True)
class ExpectedPerson:
    """Somebody who should be in a group. `enabled` and `in_scope` are what the source says of the person."""

    user_name: str
    external_ids: frozenset[str] = frozenset()
    enabled: bool = True
    in_scope: bool = True


@dataclass(frozen=True, slots=True)
class Expectation:
    """A group and its expected people, or only their number (then `people` is None)."""

    group: str
    count: int
    people: tuple[ExpectedPerson, ...] | None = None
    nested: tuple[str, ...] = ()
    """Groups within the group: their people are not provisioned by way of it."""


@dataclass(frozen=True, slots=True)
class Missing:
    """One missing person (`count` 1), or a number of unnamed ones, and the reason."""

    who: str
    reason: str
    detail: str
    request_id: str | None = None
    count: int = 1

    def as_json(self) -> JsonObject:
        """The row for `--json`."""
        return {
            "who": self.who,
            "reason": self.reason,
            "detail": self.detail,
            "request_id": self.request_id,
            "count": self.count,
        }


@dataclass(frozen=True, slots=True)
class Extra:
    """Somebody present who is not expected."""

    who: str
    reason: str

    def as_json(self) -> JsonObject:
        """The row for `--json`."""
        return {"who": self.who, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class GroupRoll:
    """The roll of one group."""

    name: str
    expected: int
    present: int
    missing: tuple[Missing, ...] = ()
    extra: tuple[Extra, ...] = ()
    nested: tuple[str, ...] = field(default=())
    pending: tuple[Pending, ...] = field(default=())
    """Who was named as a member and is no user here (yet), whether expected or not."""

    @property
    def balanced(self) -> bool:
        """Everybody expected is present and nobody else."""
        return not self.missing and not self.extra

    def as_json(self) -> JsonObject:
        """The group for `--json`."""
        return {
            "name": self.name,
            "expected": self.expected,
            "present": self.present,
            "balanced": self.balanced,
            "missing": [each.as_json() for each in self.missing],
            "extra": [each.as_json() for each in self.extra],
            "nested_groups": list(self.nested),
            "pending": [
                {"ref": each.ref, "since": rfc3339(each.added_at), "nested": each.nested, "former": each.former}
                for each in self.pending
            ],
        }


_EXTRA = {
    "app": "added by the app, not expected by the identity provider",
    "login": "added at a sign-in, not expected by the identity provider",
    "scim": "added by the identity provider, no longer expected",
}


async def call_roll(store: Store, connection_id: str, expectations: Iterable[Expectation]) -> list[GroupRoll]:
    """Compare each expectation with the members that the store has now."""
    return [await _roll_of(store, connection_id, each) for each in expectations]


async def _roll_of(store: Store, connection_id: str, expectation: Expectation) -> GroupRoll:
    members, pending = await _present(store, connection_id, expectation.group)
    refusal = await _refusal(store, connection_id, "Group", expectation.group)
    present = members or []
    if expectation.people is None:
        lacking = expectation.count - len(present)
        parked = [_parked(each.former or each.ref) for each in pending if not each.nested][: max(0, lacking)]
        missing = (*parked, *_unnamed(lacking - len(parked), refusal, known=members is not None))
        return GroupRoll(expectation.group, expectation.count, len(present), missing, pending=pending)
    names = {fold(each.user_name) for each in present}
    ids = {each.external_id for each in present if each.external_id}
    waiting = _names_of(pending)
    missing = [
        _parked(person.user_name)
        if _is_waited_for(person, waiting)
        else await _reason(store, connection_id, person, refusal, known=members is not None)
        for person in expectation.people
        if fold(person.user_name) not in names and not person.external_ids & ids
    ]
    return GroupRoll(
        expectation.group,
        expectation.count,
        len(present),
        tuple(missing),
        _extra(present, expectation.people),
        expectation.nested,
        pending,
    )


async def _present(store: Store, connection_id: str, name: str) -> tuple[list[Member] | None, tuple[Pending, ...]]:
    """The members of a group and who is waited for; None when there is no such group."""
    try:
        group = await store.group_named(connection_id, name)
    except NotFound:
        return None, ()
    return await store.members(connection_id, group.id), tuple(await store.pending(connection_id, group.id))


def _names_of(pending: Sequence[Pending]) -> frozenset[str]:
    return frozenset(fold(name) for each in pending for name in (each.ref, each.former) if name)


def _is_waited_for(person: ExpectedPerson, waiting: frozenset[str]) -> bool:
    return not waiting.isdisjoint(fold(name) for name in (person.user_name, *person.external_ids))


def _parked(who: str) -> Missing:
    return Missing(
        who,
        "parked",
        "The identity provider named somebody who is no user here (yet). The person joins the group alone as soon as "
        "the identity provider sends the user.",
    )


async def _refusal(store: Store, connection_id: str, kind: str, name: str) -> Exchange | None:
    """The newest refusal about a name that nothing later has made good.

    A success makes good the refusals of its own method; a write that succeeded makes good all before it. So a group
    that may be read but not changed is still refused.
    """
    succeeded: set[str] = set()
    query = ExchangeQuery(limit=_LOOK_BACK, resource_type=kind, target=name)
    for exchange in await store.exchanges(connection_id, query):
        if exchange.status < 400:
            succeeded.add(exchange.method)
            if exchange.method != "GET":
                return None
        elif exchange.method not in succeeded:
            return exchange
    return None


def _unnamed(count: int, refusal: Exchange | None, *, known: bool) -> tuple[Missing, ...]:
    if count <= 0:
        return ()
    who = f"{count} people (not named)"
    if refusal is not None:
        return (_refused(who, refusal, count),)
    return (_not_there(who, known, count),)


async def _reason(
    store: Store, connection_id: str, person: ExpectedPerson, refusal: Exchange | None, *, known: bool
) -> Missing:
    who = person.user_name
    try:
        user = await store.user_named(connection_id, who)
    except NotFound:
        return await _absent(store, connection_id, person)
    if not user.active:
        return Missing(who, "deactivated", "The account exists here but is deactivated.")
    if refusal is not None:
        return _refused(who, refusal)
    if not person.in_scope:
        return Missing(who, "out_of_scope", "The person is not assigned to the app in the identity provider.")
    return _not_there(who, known)


async def _absent(store: Store, connection_id: str, person: ExpectedPerson) -> Missing:
    who = person.user_name
    refusal = await _refusal(store, connection_id, "User", who)
    if refusal is not None:
        return _refused(who, refusal)
    if not person.enabled:
        return Missing(who, "disabled_in_source", "The account is disabled in the identity provider and never came.")
    if not person.in_scope:
        return Missing(who, "out_of_scope", "The person is not assigned to the app in the identity provider.")
    return Missing(who, "never_provisioned", "The identity provider has never sent this person.")


def _refused(who: str, refusal: Exchange, count: int = 1) -> Missing:
    return Missing(who, "refused", f"refused: {explain(refusal).sentence}", refusal.id, count)


def _not_there(who: str, known: bool, count: int = 1) -> Missing:
    if not known:
        return Missing(who, "no_group", "There is no group of this name here; it was never sent.", None, count)
    return Missing(who, "not_added", "The person is here, but was never added to the group.", None, count)


def _extra(present: Sequence[Member], people: tuple[ExpectedPerson, ...]) -> tuple[Extra, ...]:
    names = {fold(each.user_name) for each in people}
    ids = {external_id for each in people for external_id in each.external_ids}
    return tuple(
        Extra(each.user_name, _EXTRA["scim" if each.claimed else each.origin])
        for each in present
        if fold(each.user_name) not in names and each.external_id not in ids
    )


def summary(rolls: Sequence[GroupRoll]) -> dict[str, Any]:
    """All rolls as one JSON document."""
    return {"balanced": all(each.balanced for each in rolls), "groups": [each.as_json() for each in rolls]}
