"""What every store promises of groups and their members."""

import asyncio

import pytest

from tests.store.staging import (
    AT,
    HERE,
    LATER,
    Stage,
    a_group,
    a_user,
    groups_where,
    ids_of,
    people,
    promise,
    user_id,
)
from vestibule.scim.patch import GroupChange
from vestibule.store import NotFound, Stale, Store, Taken, UnknownMembers


def adding(*ids: str) -> GroupChange:
    """Add these."""
    return GroupChange(add=frozenset(ids))


def removing(*ids: str) -> GroupChange:
    """Remove these."""
    return GroupChange(remove=frozenset(ids))


async def members(store: Store, group_id: str = "grp_1") -> list[str]:
    """The ids of a group's members."""
    return [each.user_id for each in await store.members(HERE, group_id)]


class GroupPromises(Stage):
    """A group is changed by what is said of it, never by reading who is in it."""

    @promise
    async def test_a_group_is_read_back_as_it_was_kept(self, store: Store) -> None:
        """By id and by name, with its count of members."""
        ids = await people(store, 3)
        made = (await store.create_group(a_group("Zürich", external_id="X", origin="app"), ids[:2], "app")).group
        assert made == a_group("Zürich", external_id="X", origin="app", member_count=2)
        assert await store.group(HERE, "grp_1") == made
        assert await store.group_named(HERE, "ZÜRICH") == made
        assert await members(store) == ids[:2]

    @promise
    async def test_a_group_needs_its_connection(self, store: Store) -> None:
        """NotFound names it."""
        with pytest.raises(NotFound) as caught:
            await store.create_group(a_group(connection_id="con_none"))
        assert (caught.value.kind, caught.value.id) == ("connection", "con_none")

    @promise
    async def test_an_unknown_group_is_not_found(self, store: Store) -> None:
        """For every call that names one."""
        for call in (
            store.group(HERE, "grp_none"),
            store.group_named(HERE, "none"),
            store.members(HERE, "grp_none"),
            store.change_group(HERE, "grp_none", GroupChange(), LATER),
            store.delete_group(HERE, "grp_none", LATER),
        ):
            with pytest.raises(NotFound):
                await call

    @promise
    async def test_display_names_are_unique_caseless_and_external_ids_exactly(self, store: Store) -> None:
        """At making and at renaming; the holder is told and nothing is changed."""
        await store.create_group(a_group("Großkunden", id="grp_1", external_id="Ab"))
        await store.create_group(a_group("Sales", id="grp_2", external_id="aB"))
        for attempt, attribute in (
            (store.create_group(a_group("GROSSKUNDEN", id="grp_3")), "displayName"),
            (store.create_group(a_group("New", id="grp_4", external_id="Ab")), "externalId"),
            (store.change_group(HERE, "grp_2", GroupChange(display_name="grosskunden"), LATER), "displayName"),
            (store.change_group(HERE, "grp_2", GroupChange(external_id="Ab"), LATER), "externalId"),
        ):
            with pytest.raises(Taken) as caught:
                await attempt
            assert (caught.value.attribute, caught.value.holder) == (attribute, "grp_1")
        assert (await store.groups(HERE)).total == 2
        assert (await store.group(HERE, "grp_2")).version == 1

    @promise
    async def test_unknown_members_change_nothing(self, store: Store) -> None:
        """All unknown ids are named, groups among them told apart; neither the group nor a member is kept."""
        [known] = await people(store, 1)
        await store.create_group(a_group("Other", id="grp_2"))
        with pytest.raises(UnknownMembers) as caught:
            await store.create_group(a_group(), [known, "usr_none", "grp_2"])
        assert (set(caught.value.ids), caught.value.groups) == ({"usr_none", "grp_2"}, ("grp_2",))
        assert (await store.groups(HERE)).total == 1
        change = GroupChange(add=frozenset({known, "usr_none"}), clear=True, display_name="Renamed")
        with pytest.raises(UnknownMembers):
            await store.change_group(HERE, "grp_2", change, LATER)
        assert await store.group(HERE, "grp_2") == a_group("Other", id="grp_2")
        assert await members(store, "grp_2") == []

    @promise
    async def test_a_change_tells_who_joined_and_who_left(self, store: Store) -> None:
        """With how many were members already and how many were none."""
        a, b, c, d = await people(store, 4)
        await store.create_group(a_group(), [a, b])
        change = GroupChange(add=frozenset({b, c}), remove=frozenset({a, d, "usr_none"}))
        done = await store.change_group(HERE, "grp_1", change, LATER)
        assert (done.joined, done.left, done.already, done.absent) == ((c,), (a,), 1, 2)
        assert (done.changed, done.attributes_changed) == (True, False)
        assert done.group == await store.group(HERE, "grp_1")
        assert (done.group.version, done.group.updated_at, done.group.member_count) == (2, LATER, 2)
        assert await members(store) == [b, c]

    @promise
    async def test_clear_keeps_those_that_are_added(self, store: Store) -> None:
        """PUT with a list: those who stay do not leave and join again."""
        a, b, c = await people(store, 3)
        await store.create_group(a_group(), [a, b])
        done = await store.change_group(HERE, "grp_1", GroupChange(add=frozenset({b, c}), clear=True), LATER)
        assert (done.joined, done.left, done.already) == ((c,), (a,), 1)
        emptied = await store.change_group(HERE, "grp_1", GroupChange(clear=True), LATER)
        assert (set(emptied.left), emptied.group.member_count) == ({b, c}, 0)
        assert await members(store) == []

    @promise
    async def test_a_version_changes_exactly_when_the_group_does(self, store: Store) -> None:
        """What changes nothing leaves version and `updated_at` alone."""
        a, b = await people(store, 2)
        await store.create_group(a_group("Sales", external_id="X"), [a])
        for nothing in (
            GroupChange(),
            adding(a),
            removing(b),
            GroupChange(add=frozenset({a}), clear=True),
            GroupChange(display_name="Sales", external_id="X"),
        ):
            done = await store.change_group(HERE, "grp_1", nothing, LATER)
            assert (done.changed, done.group.version, done.group.updated_at) == (False, 1, AT)
        version = 1
        for something in (
            adding(b),
            removing(b),
            GroupChange(display_name="SALES"),
            GroupChange(external_id="Y"),
            GroupChange(external_id=""),
        ):
            done = await store.change_group(HERE, "grp_1", something, LATER)
            version += 1
            assert (done.changed, done.group.version, done.group.updated_at) == (True, version, LATER)
            assert done.group == await store.group(HERE, "grp_1")
        assert done.group.external_id is None

    @promise
    async def test_a_stale_version_changes_no_group(self, store: Store) -> None:
        """Neither by a change nor by a delete."""
        [a] = await people(store, 1)
        await store.create_group(a_group())
        with pytest.raises(Stale):
            await store.change_group(HERE, "grp_1", adding(a), LATER, expected_version=2)
        with pytest.raises(Stale):
            await store.delete_group(HERE, "grp_1", LATER, expected_version=2)
        assert await store.group(HERE, "grp_1") == a_group()
        assert (await store.change_group(HERE, "grp_1", adding(a), LATER, expected_version=1)).changed

    @promise
    async def test_fifty_additions_to_one_group_lose_nobody(self, store: Store) -> None:
        """At the same time; each is a version, and the count is the number of rows."""
        ids = await people(store, 50)
        await store.create_group(a_group())
        done = await asyncio.gather(*(store.change_group(HERE, "grp_1", adding(each), LATER) for each in ids))
        assert [each.joined for each in done] == [(each,) for each in ids]
        group = await store.group(HERE, "grp_1")
        assert (group.member_count, group.version) == (50, 51)
        assert await members(store) == ids

    @promise
    async def test_adding_and_removing_one_member_at_once_keeps_the_count_true(self, store: Store) -> None:
        """Whoever comes last wins, and the count follows the rows."""
        [a] = await people(store, 1)
        await store.create_group(a_group())
        changes = [adding(a), removing(a)] * 10
        await asyncio.gather(*(store.change_group(HERE, "grp_1", change, LATER) for change in changes))
        assert (await store.group(HERE, "grp_1")).member_count == len(await members(store)) == 0

    @promise
    async def test_a_member_keeps_its_origin_and_is_claimed_by_the_identity_provider(self, store: Store) -> None:
        """Claiming is no change of the group; the app's own adding claims nothing."""
        a, b = await people(store, 2)
        await store.create_group(a_group(origin="app"), [a], "app")
        before = await store.members(HERE, "grp_1")
        assert [(each.origin, each.claimed) for each in before] == [("app", False)]
        await store.change_group(HERE, "grp_1", adding(a, b), LATER, origin="app")
        assert [each.claimed for each in await store.members(HERE, "grp_1")] == [False, False]
        done = await store.change_group(HERE, "grp_1", adding(a), LATER)
        assert (done.already, done.changed, done.group.version) == (1, False, 2)
        after = await store.members(HERE, "grp_1")
        assert [(each.origin, each.claimed) for each in after] == [("app", True), ("app", False)]

    @promise
    async def test_a_group_of_the_app_is_adopted_once(self, store: Store) -> None:
        """By the first change of the identity provider; a group of its own never is."""
        await store.create_group(a_group("App", id="grp_1", origin="app"), (), "app")
        await store.create_group(a_group("Own", id="grp_2"))
        assert (await store.change_group(HERE, "grp_1", GroupChange(), AT + 1, origin="app")).group.adopted_at is None
        assert (await store.change_group(HERE, "grp_1", GroupChange(), AT + 2)).group.adopted_at == AT + 2
        assert (await store.change_group(HERE, "grp_1", GroupChange(), AT + 3)).group.adopted_at == AT + 2
        assert (await store.change_group(HERE, "grp_2", GroupChange(), AT + 4)).group.adopted_at is None
        assert (await store.group(HERE, "grp_1")).version == 1

    @promise
    async def test_a_deleted_group_leaves_its_users(self, store: Store) -> None:
        """Memberships go, the name is free again, the users stay as they are."""
        ids = await people(store, 2)
        await store.create_group(a_group(), ids)
        await store.delete_group(HERE, "grp_1", LATER)
        assert await store.groups_of(HERE, ids) == {}
        assert (await store.user(HERE, ids[0])).version == 1
        assert ((await store.groups(HERE)).total, (await store.users(HERE)).total) == (0, 2)
        again = (await store.create_group(a_group(id="grp_2"))).group
        assert again.member_count == 0

    @promise
    async def test_members_show_the_present_user(self, store: Store) -> None:
        """Name, display name or none, external id, active."""
        await store.create_user(a_user(1, displayName="Zoë Ä", externalId="X"))
        await store.create_user(a_user(2, active=False))
        await store.create_group(a_group(), [user_id(1), user_id(2)])
        first, second = await store.members(HERE, "grp_1")
        assert (first.user_name, first.display_name, first.external_id) == ("user1@example.com", "Zoë Ä", "X")
        assert (second.display_name, second.external_id, second.active) == (None, None, False)

    @promise
    async def test_member_ids_are_told_of_each_group(self, store: Store) -> None:
        """In the order of their ids, as `members` tells them; unknown groups are left out."""
        ids = await people(store, 3)
        await store.create_group(a_group("One", id="grp_1"), ids[::-1])
        await store.create_group(a_group("Two", id="grp_2"), ids[1:2])
        found = await store.member_ids_of(HERE, ["grp_2", "grp_1", "grp_none"])
        for group_id in ("grp_1", "grp_2"):
            assert found[group_id] == [each.user_id for each in await store.members(HERE, group_id)]
        assert (found["grp_1"], len(found)) == (ids, 2)

    @promise
    async def test_groups_come_in_pages_and_by_name(self, store: Store) -> None:
        """Order of ids, total of all matches."""
        for number in (2, 0, 1):
            await store.create_group(a_group(f"Group {number}", id=f"grp_{number}"))
        page = await store.groups(HERE, None, 2, 1)
        assert (page.total, ids_of(page.items)) == (3, ["grp_1"])
        page = await store.groups(HERE, groups_where('displayName eq "gROUP 2"'))
        assert (page.total, ids_of(page.items)) == (1, ["grp_2"])

    @promise
    async def test_entra_asks_whether_one_user_is_a_member(self, store: Store) -> None:
        """`id eq … and members eq …`, both its answers."""
        a, b = await people(store, 2)
        await store.create_group(a_group(), [a])
        for who, expected in ((a, ["grp_1"]), (b, [])):
            where = groups_where(f'id eq "grp_1" and members eq "{who}"')
            assert ids_of((await store.groups(HERE, where)).items) == expected
