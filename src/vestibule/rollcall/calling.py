"""The calling of the roll, page by page: a group of any size takes a bounded amount of memory."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import orjson

from vestibule.counting import people
from vestibule.model import Group, Member
from vestibule.rollcall import reasons
from vestibule.rollcall.expectation import Expectation, check_names, check_people
from vestibule.rollcall.reasons import Situation, account_of, accounts_of
from vestibule.rollcall.refusal import named_in
from vestibule.rollcall.report import NAMES, Extra, GroupRoll, Inactive, Tally
from vestibule.scim.filter_ast import Filter
from vestibule.scim.folding import fold
from vestibule.scim.group_schema import GROUP
from vestibule.scim.path import parse_filter
from vestibule.store import NotFound, Store
from vestibule.store.roll_calls import Account, ExpectedPerson, KeptExpectation, Whereabouts

PAGE = 200
"""How many people of whom it is asked why they are missing are looked at together."""
STEP = 1_000
"""How many people are compared at once, so that other requests come in between."""


class Roster(Protocol):
    """Who is expected, wherever it is kept."""

    def to_explain(self, group: Group | None) -> AsyncIterator[Sequence[ExpectedPerson]]:
        """Those who are not plainly present, in pages; some who are may be among them."""
        ...

    async def expected_as(self, accounts: Sequence[Account]) -> Sequence[ExpectedPerson]:
        """Those who have the userName or the externalId of one of some accounts."""
        ...

    def surplus(self, group: Group) -> AsyncIterator[Sequence[Member]]:
        """The members who are not expected, in pages."""
        ...


async def call_roll(
    store: Store, connection_id: str, expectations: Iterable[Expectation], names: int | None = NAMES
) -> list[GroupRoll]:
    """Compare each expectation with the members that the store has now; `names` of each reason are named.

    Raises CannotExpect.
    """
    expectations = list(expectations)
    for each in expectations:
        check_names([each.group])
        check_people(each.people or ())
    return [await _roll_at_hand(store, connection_id, each, names) for each in expectations]


async def call_kept(store: Store, kept: KeptExpectation, names: int | None = NAMES) -> GroupRoll:
    """Compare an expectation that the server keeps with the members of now."""
    group = await the_group(store, kept.connection_id, kept.group, kept.external_id)
    calling = _Calling(store, kept.connection_id, group, kept.group, names)
    if kept.source == "count":
        return await calling.of_number(kept.count, kept)
    roll = await calling.of_people(_Kept(store, kept), kept.count, kept.nested, kept)
    if kept.source == "graph":
        return replace(roll, reading=await store.standing_group(kept.connection_id, kept.group))
    return roll


async def the_group(store: Store, connection_id: str, name: str, external_id: str | None) -> Group | None:
    """The group of this name, else the one with this id of the identity provider's; None when there is neither."""
    try:
        return await store.group_named(connection_id, name)
    except NotFound:
        if external_id is None:
            return None
    page = await store.groups(connection_id, _external_id_is(external_id), count=1)
    return page.items[0] if page.items else None


def _external_id_is(value: str) -> Filter:
    return parse_filter(f"externalId eq {orjson.dumps(value).decode()}", GROUP)


async def _roll_at_hand(store: Store, connection_id: str, expected: Expectation, names: int | None) -> GroupRoll:
    group = await the_group(store, connection_id, expected.group, None)
    calling = _Calling(store, connection_id, group, expected.group, names)
    if expected.people is None:
        return await calling.of_number(expected.count)
    roster = _AtHand(store, connection_id, expected.people)
    return await calling.of_people(roster, expected.count, expected.nested)


@dataclass(frozen=True, slots=True)
class _AtHand:
    """People that are in memory already."""

    store: Store
    connection_id: str
    people: tuple[ExpectedPerson, ...]

    async def to_explain(self, group: Group | None) -> AsyncIterator[Sequence[ExpectedPerson]]:  # noqa: ARG002
        for start in range(0, len(self.people), PAGE):
            yield self.people[start : start + PAGE]

    async def expected_as(self, accounts: Sequence[Account]) -> Sequence[ExpectedPerson]:
        names = {fold(each.user_name) for each in accounts}
        ids = {each.external_id for each in accounts if each.external_id is not None}
        return [each for each in self.people if fold(each.user_name) in names or not ids.isdisjoint(each.external_ids)]

    async def surplus(self, group: Group) -> AsyncIterator[Sequence[Member]]:
        names = {fold(each.user_name) for each in self.people}
        ids = {external_id for each in self.people for external_id in each.external_ids}
        after = ""
        while page := await self.store.members_after(self.connection_id, group.id, after, PAGE):
            after = page[-1].user_id
            yield [each for each in page if fold(each.user_name) not in names and each.external_id not in ids]


@dataclass(frozen=True, slots=True)
class _Kept:
    """People that the store keeps, who are held against the members there."""

    store: Store
    kept: KeptExpectation

    async def to_explain(self, group: Group | None) -> AsyncIterator[Sequence[ExpectedPerson]]:
        key = (self.kept.connection_id, self.kept.id, None if group is None else group.id)
        after: str | None = ""
        while after is not None:
            found, after = await self.store.people_to_explain(*key, after, STEP)
            for start in range(0, len(found), PAGE):
                yield found[start : start + PAGE]
            await asyncio.sleep(0)

    async def expected_as(self, accounts: Sequence[Account]) -> Sequence[ExpectedPerson]:
        return await self.store.expected_as(self.kept.connection_id, self.kept.id, accounts)

    async def surplus(self, group: Group) -> AsyncIterator[Sequence[Member]]:
        if self.kept.hint:
            # That somebody has not signed in with a group proves nothing.
            return
        key = (self.kept.connection_id, self.kept.id, group.id)
        after: str | None = ""
        while after is not None:
            extra, after = await self.store.extra_members(*key, after, STEP)
            yield extra
            await asyncio.sleep(0)


@dataclass(frozen=True, slots=True)
class _Calling:
    """The roll call of one group."""

    store: Store
    connection_id: str
    group: Group | None
    name: str
    names: int | None

    async def of_people(
        self, roster: Roster, expected: int, nested: tuple[str, ...], kept: KeptExpectation | None = None
    ) -> GroupRoll:
        tally = Tally(self.names)
        situation = await self._situation()
        counts = kept is None or not kept.hint
        async for page in roster.to_explain(self.group):
            where = await self._classify(page, situation, tally)
            if counts:
                await self._tell_doubles(roster, page, where, tally)
            await asyncio.sleep(0)
        if self.group is not None:
            async for members in roster.surplus(self.group):
                for member in members:
                    tally.exceed(reasons.surplus(member))
                await asyncio.sleep(0)
        return await self._roll(tally, expected, nested, kept)

    async def of_number(self, expected: int, kept: KeptExpectation | None = None) -> GroupRoll:
        tally = Tally(self.names)
        present = 0 if self.group is None else self.group.member_count
        if present > expected:
            beyond = present - expected
            told = "more are present than the number says; only a list of names tells who"
            tally.exceed(Extra(f"{people(beyond)} (not named)", told, "beyond_number", None, beyond, named=False))
        elif present < expected:
            await self._unnamed(expected - present, tally)
        return await self._roll(tally, expected, (), kept)

    async def _whereabouts(self, page: Sequence[ExpectedPerson]) -> Whereabouts:
        group_id = None if self.group is None else self.group.id
        return await self.store.whereabouts(self.connection_id, group_id, page)

    async def _classify(self, page: Sequence[ExpectedPerson], situation: Situation, tally: Tally) -> Whereabouts:
        where = await self._whereabouts(page)
        absent: list[ExpectedPerson] = []
        for person in page:
            present = [each for each in accounts_of(person, where) if each.member]
            if not present:
                absent.append(person)
            elif person.enabled and not any(each.active for each in present):
                tally.note_inactive(Inactive(person.user_name, present[0].user_id))
        strangers = [each.user_name for each in absent if account_of(each, where) is None]
        refusals = await self.store.refusals(self.connection_id, "User", strangers)
        for person in absent:
            tally.miss(reasons.reason_for(person, where, situation, refusals))
        return where

    async def _tell_doubles(
        self, roster: Roster, page: Sequence[ExpectedPerson], where: Whereabouts, tally: Tally
    ) -> None:
        """Members who are a second account of somebody, unless they are the first one of somebody else."""
        for person in page:
            present = [each for each in accounts_of(person, where) if each.member]
            for account in present[1:]:
                sharing = await roster.expected_as([account])
                theirs = await self._whereabouts(sharing)
                taken = any(account_of(each, theirs) == account for each in sharing)
                # Of several whose second account it is, the first by name tells it.
                if not taken and min(fold(each.user_name) for each in sharing) == fold(person.user_name):
                    tally.exceed(reasons.double(account, person, present[0]))

    async def _unnamed(self, lacking: int, tally: Tally) -> None:
        """So many are missing of whom only the number is known; those who are waited for are among them."""
        if self.group is not None:
            pending, waiting = await self.store.waiting_for(self.connection_id, self.group.id, self.names or lacking)
            shown = [each for each in pending if not each.nested][:lacking]
            for each in shown:
                tally.miss(reasons.parked(each.former or each.ref, each.added_at))
            more = min(waiting, lacking) - len(shown)
            if more > 0:
                tally.miss(replace(reasons.parked(f"{people(more)} (not named)"), count=more, named=False))
            lacking -= min(waiting, lacking)
        if lacking > 0:
            tally.miss(reasons.uncounted(lacking, await self._situation()))

    async def _situation(self) -> Situation:
        """With the newest refusal about the group that nothing later has made good, and whom it kept out."""
        names = [self.name] if self.group is None else [self.name, self.group.display_name]
        found = await self.store.refusals(self.connection_id, "Group", names)
        newest = max(found.values(), key=lambda each: each.id, default=None)
        if newest is None:
            return Situation(self.group is not None)
        named = named_in(await self.store.exchange(newest.id))
        return Situation(self.group is not None, newest, named)

    async def _roll(
        self, tally: Tally, expected: int, nested: tuple[str, ...], kept: KeptExpectation | None
    ) -> GroupRoll:
        group = self.group
        pending, waiting = (
            ([], 0)
            if group is None
            else await self.store.waiting_for(self.connection_id, group.id, self.names or NAMES)
        )
        return GroupRoll(
            self.name,
            expected,
            0 if group is None else group.member_count,
            tuple(tally.missing),
            tuple(tally.extra),
            nested,
            tuple(pending),
            dict(tally.reasons),
            dict(tally.extras),
            waiting,
            kept,
            None if group is None else group.id,
            tuple(tally.inactive),
            tally.inactive_count,
        )
