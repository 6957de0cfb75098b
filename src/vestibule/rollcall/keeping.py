"""Expectations that the server keeps: taken, called, watched; when a balanced group no longer is, the audit says so."""

from collections.abc import AsyncIterable, AsyncIterator, Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from vestibule import ids
from vestibule.clock import Clock
from vestibule.model import Audit, Group, JsonObject
from vestibule.rollcall.calling import call_kept, the_group
from vestibule.rollcall.expectation import Expectation, check_names, check_people
from vestibule.rollcall.report import NAMES, GroupRoll
from vestibule.scim.folding import fold
from vestibule.store import NotFound, Store
from vestibule.store.roll_calls import ExpectedPerson, KeptExpectation, RollRecord, Source

MINUTE = 60_000_000
QUIET = 2 * MINUTE
"""A group that was changed, or did not balance, is called when nothing has changed it, or called, for so long,"""
AT_LEAST = 15 * MINUTE
"""or after so long in any case,"""
DAILY = 24 * 60 * MINUTE
"""and every group once a day, as people change without their groups."""
NAMED = 10
"""How many people of one reason the audit names."""


class NothingExpected(Exception):
    """Nobody has said who is expected; the message says how to."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Where an expectation comes from: the source, the group's id there, groups within it, and what to remember."""

    source: Source
    external_id: str | None = None
    nested: tuple[str, ...] = ()
    detail: JsonObject | None = None


async def expect_people(
    store: Store,
    clock: Clock,
    connection_id: str,
    group: str,
    pages: AsyncIterable[Sequence[ExpectedPerson]],
    taken: Taken,
    *,
    nested: Sequence[str] = (),
    actor: str = "cli",
) -> KeptExpectation:
    """Keep who is expected in a group, in place of what was kept before; nothing counts until all pages are in.

    `nested` may be filled while the pages are read. Raises CannotExpect.
    """
    draft = _draft(clock, connection_id, group, 0, taken)
    await store.begin_expectation(draft)
    try:
        async for page in pages:
            check_people(page)
            await store.add_expected(connection_id, draft.id, page)
        return await _settled(store, clock, draft, actor, nested)
    except BaseException:
        await store.give_up_expectation(connection_id, draft.id)
        raise


async def expect_number(
    store: Store, clock: Clock, connection_id: str, group: str, count: int, *, actor: str = "cli"
) -> KeptExpectation:
    """Keep how many people are expected in a group."""
    draft = _draft(clock, connection_id, group, count, Taken("count"))
    await store.begin_expectation(draft)
    return await _settled(store, clock, draft, actor)


async def expect_all(
    store: Store, clock: Clock, connection_id: str, expectations: Iterable[Expectation], taken: Taken, *, actor: str
) -> list[KeptExpectation]:
    """Keep all groups of a file or a source directory."""
    kept: list[KeptExpectation] = []
    for each in expectations:
        if each.people is None:
            kept.append(await expect_number(store, clock, connection_id, each.group, each.count, actor=actor))
        else:
            whole = replace(taken, nested=each.nested)
            pages = in_pages(each.people)
            kept.append(await expect_people(store, clock, connection_id, each.group, pages, whole, actor=actor))
    return kept


async def in_pages(people: Iterable[ExpectedPerson], size: int = 1_000) -> AsyncIterable[Sequence[ExpectedPerson]]:
    """People one by one, as pages."""
    page: list[ExpectedPerson] = []
    for each in people:
        page.append(each)
        if len(page) == size:
            yield page
            page = []
    if page:
        yield page


def _draft(clock: Clock, connection_id: str, group: str, count: int, taken: Taken) -> KeptExpectation:
    check_names([group])
    now = clock.now()
    ident = ids.new_id("rll", now)
    detail = dict(taken.detail or {})
    return KeptExpectation(
        connection_id, ident, group, taken.source, count, now, taken.external_id, taken.nested, detail
    )


async def _settled(
    store: Store, clock: Clock, draft: KeptExpectation, actor: str, nested: Sequence[str] = ()
) -> KeptExpectation:
    detail = {"group": draft.group, "source": draft.source, **draft.detail}
    entry = _audit(clock.now(), draft, actor, "rollcall.expected", detail)
    return await store.settle_expectation(draft.connection_id, draft.id, entry, nested)


async def forget(store: Store, clock: Clock, connection_id: str, group: str, *, actor: str = "cli") -> bool:
    """Expect nobody in a group any more; whether a secret is forgotten with it, as no other group is read with it.

    Raises NothingExpected.
    """
    try:
        kept = await store.expectation(connection_id, group)
    except NotFound as error:
        raise NothingExpected(f"Nothing is kept of who is expected in {group!r} of {connection_id}.") from error
    last = [fold(each.group) for each in await store.standing_groups(connection_id)] == [fold(group)]
    detail = {"group": kept.group, **({"secret": "forgotten"} if last else {})}
    await store.forget_expectation(connection_id, group, _audit(clock.now(), kept, actor, "rollcall.forgotten", detail))
    return last


async def call(
    store: Store, clock: Clock, connection_id: str, groups: Collection[str] = (), names: int | None = NAMES
) -> list[GroupRoll]:
    """Call the roll of the groups of which it is kept who is expected; all of them, unless some are named.

    What is found goes into the trend. Raises NothingExpected.
    """
    if groups:
        kept = [await _the_expectation(store, connection_id, each) for each in groups]
    else:
        kept = await store.expectations(connection_id)
    if not kept:
        raise nothing_expected(connection_id)
    return [await _called(store, clock, each, names) for each in kept]


@dataclass(frozen=True, slots=True)
class Called:
    """The roll call of one expectation as it was before; `fault` is what kept it from being called."""

    kept: KeptExpectation
    roll: GroupRoll | None
    fault: Exception | None = None

    @property
    def drifted(self) -> bool:
        """Whether this roll call was the first to find that a balanced group no longer is."""
        roll = self.roll
        return bool(self.kept.balanced) and roll is not None and not roll.balanced and roll.kept != self.kept


async def call_due(store: Store, clock: Clock) -> AsyncIterator[Called]:
    """Call the roll of every group that has changed since it was called last, in all connections.

    What fails for one keeps no other one waiting.
    """
    now = clock.now()
    for each in await store.expectations_due(now - QUIET, now - AT_LEAST, now - DAILY):
        try:
            yield Called(each, await _called(store, clock, each, NAMED))
        except Exception as error:  # noqa: BLE001 -- another connection's groups are called all the same
            yield Called(each, None, error)


async def _the_expectation(store: Store, connection_id: str, group: str) -> KeptExpectation:
    try:
        return await store.expectation(connection_id, group)
    except NotFound as error:
        raise nothing_expected(connection_id, group) from error


def nothing_expected(connection_id: str, group: str | None = None) -> NothingExpected:
    """That it is not known who is expected, and how to say it."""
    where = "any group" if group is None else repr(group)
    name = group or "GROUP"
    return NothingExpected(
        f"Say who is expected in {where} of {connection_id}, as nobody has yet, and it is kept: "
        f"`vestibule rollcall expect {connection_id} --group {name} --csv FILE` (or --list, --count N, --graph "
        "TENANT); or for this once `--group NAME=NUMBER` or `--expected FILE`."
    )


async def _called(store: Store, clock: Clock, kept: KeptExpectation, names: int | None) -> GroupRoll:
    # Before the members are read, so that what changes meanwhile is called again.
    group = await the_group(store, kept.connection_id, kept.group, kept.external_id)
    roll = await call_kept(store, kept, names)
    now = clock.now()
    seen = _seen(kept, group, roll, now)
    noted = await store.note_roll(seen, _record(kept, roll, now), kept.called_at, _drift(kept, roll, now))
    return replace(roll, kept=seen if noted else kept)


def _seen(kept: KeptExpectation, group: Group | None, roll: GroupRoll, now: int) -> KeptExpectation:
    version = None if group is None else group.version
    return replace(
        kept, called_at=now, group_id=None if group is None else group.id, group_version=version, balanced=roll.balanced
    )


def _record(kept: KeptExpectation, roll: GroupRoll, now: int) -> RollRecord:
    figures = {**roll.reasons, **{f"extra_{name}": count for name, count in roll.extras.items()}}
    if roll.inactive_count:
        figures["inactive"] = roll.inactive_count
    return RollRecord(
        kept.connection_id, kept.group, now, roll.expected, roll.present, roll.missing_count, roll.extra_count, figures
    )


def _drift(kept: KeptExpectation, roll: GroupRoll, now: int) -> Audit | None:
    """What the audit is told when a balanced group no longer is, or is again."""
    if kept.balanced is None or kept.balanced == roll.balanced:
        return None
    detail: JsonObject = {
        "group": kept.group,
        "expected": roll.expected,
        "present": roll.present,
        "reasons": dict(roll.reasons),
        "extras": dict(roll.extras),
        "missing": [each.who for each in roll.missing[:NAMED]],
        "extra": [each.who for each in roll.extra[:NAMED]],
    }
    action = "rollcall.balanced" if roll.balanced else "rollcall.drifted"
    return _audit(now, kept, "roll call", action, detail)


def _audit(now: int, kept: KeptExpectation, actor: str, action: str, detail: JsonObject) -> Audit:
    return Audit(ids.new_id("aud", now), kept.connection_id, now, actor, action, kept.id, detail)
