"""What every store promises of members that are named but not here, and of groups within groups."""

from dataclasses import replace
from typing import Any

import pytest

from tests.store.conformance_groups import adding, members, removing
from tests.store.staging import (
    AT,
    HERE,
    LATER,
    THERE,
    Stage,
    a_group,
    a_user,
    edited,
    people,
    promise,
    reporting_to,
    user_id,
)
from vestibule.model import GroupRef, Pending, User
from vestibule.scim.patch import GroupChange
from vestibule.store import Rules, Store, Taken, UnknownManager, UnknownMembers

PARK = Rules(park=True)
NEST = Rules(nested=True)
LATEST = LATER + 60_000_000


def put(*ids: str) -> GroupChange:
    """These and no others, as a PUT says it."""
    return GroupChange(add=frozenset(ids), clear=True)


def newcomer(number: int, connection_id: str = HERE, **document: Any) -> User:
    """A user who is made LATER."""
    return replace(a_user(number, connection_id, **document), created_at=LATER, updated_at=LATER)


async def waiting(store: Store, group_id: str = "grp_1", connection_id: str = HERE) -> list[str]:
    """What is kept aside for a group."""
    return [each.ref for each in await store.pending(connection_id, group_id)]


async def state(store: Store, group_id: str = "grp_1") -> tuple[int, int, int]:
    """A group's version, count of members and last change."""
    group = await store.group(HERE, group_id)
    return group.version, group.member_count, group.updated_at


async def returned(store: Store, gone: int, number: int, **document: Any) -> None:
    """Somebody is deleted, and a user with this document comes."""
    await store.delete_user(HERE, user_id(gone), LATER)
    await store.create_user(newcomer(number, **document))


class ReferencePromises(Stage):
    """Who is named before they come joins when they come; who was taken back meanwhile does not."""

    @promise
    async def test_a_reference_that_leads_nowhere_is_refused_unless_the_rules_park(self, store: Store) -> None:
        """Only ids of users count then; the refusal names the others and changes nothing."""
        await store.create_user(a_user(1, externalId="X", userName="ana"))
        await store.create_user(a_user(2, externalId="Y"))
        await store.create_group(a_group(), [user_id(1)])
        await store.create_group(a_group("Other", id="grp_2"))
        await store.delete_user(HERE, user_id(2), LATER)
        await store.create_user(a_user(3, externalId="Y"))
        for ref in ("X", "ana", user_id(2), "grp_2", "nobody"):
            for attempt in (
                store.create_group(a_group("New", id="grp_3"), [user_id(3), ref]),
                store.change_group(HERE, "grp_1", adding(user_id(3), ref), LATER),
                store.change_group(HERE, "grp_1", put(ref), LATER),
            ):
                with pytest.raises(UnknownMembers) as caught:
                    await attempt
                assert (caught.value.ids, caught.value.groups) == ((ref,), (ref,) if ref == "grp_2" else ())
        assert (await state(store), await members(store)) == ((1, 1, AT), [user_id(1)])
        assert (await waiting(store), (await store.groups(HERE)).total) == ([], 2)
        done = await store.change_group(HERE, "grp_1", removing("X", "ana"), LATER)
        assert (done.left, done.absent, await state(store)) == ((), 2, (1, 1, AT))

    @promise
    async def test_members_who_are_not_here_are_kept_aside(self, store: Store) -> None:
        """They are told, change no version, and stay as they are when they are named once more."""
        await people(store, 1)
        made = await store.create_group(a_group(), [user_id(0), "X", "Ana@Example.com"], rules=PARK)
        assert (made.joined, set(made.parked)) == ((user_id(0),), {"X", "Ana@Example.com"})
        assert (made.group.member_count, await members(store)) == (1, [user_id(0)])
        done = await store.change_group(HERE, "grp_1", adding(user_id(0), "X", "B"), LATER, rules=PARK)
        assert (done.changed, done.already, set(done.parked)) == (False, 1, {"X", "B"})
        assert await state(store) == (1, 1, AT)
        assert await store.pending(HERE, "grp_1") == [
            Pending("Ana@Example.com", "grp_1", AT),
            Pending("X", "grp_1", AT),
            Pending("B", "grp_1", LATER),
        ]

    @promise
    async def test_who_comes_joins_where_they_were_waited_for(self, store: Store) -> None:
        """By id, by externalId to the letter, by userName in any case; the group changes then, once."""
        for name in (user_id(5), "Ab", "ANA.STRASSE@example.com"):
            await store.create_group(a_group(name, id=name), [name, "else"], rules=PARK)
        await store.create_group(a_group("another case", id="grp_1"), ["aB", user_id(5).upper()], rules=PARK)
        await store.create_user(newcomer(5, externalId="Ab", userName="Ana.Straße@Example.com"))
        for name in (user_id(5), "Ab", "ANA.STRASSE@example.com"):
            assert (await state(store, name), await waiting(store, name)) == ((2, 1, LATER), ["else"])
            [member] = await store.members(HERE, name)
            assert (member.user_id, member.origin, member.claimed) == (user_id(5), "scim", True)
        assert (await state(store), await members(store)) == ((1, 0, AT), [])
        assert (await store.user(HERE, user_id(5))).version == 1

    @promise
    async def test_who_takes_a_name_joins_where_it_was_waited_for(self, store: Store) -> None:
        """A new externalId or userName, no other change; under two names they join once."""
        await people(store, 1)
        await store.create_group(a_group(), ["X", "New"], rules=PARK)
        await store.create_group(a_group("Other", id="grp_2"), ["new"], rules=PARK)
        await store.change_user(HERE, user_id(0), lambda user: edited(user, title="X", displayName="New"))
        assert (await state(store), await state(store, "grp_2")) == ((1, 0, AT), (1, 0, AT))
        await store.change_user(HERE, user_id(0), lambda user: edited(user, externalId="X"))
        assert (await state(store), await waiting(store)) == ((2, 1, LATER), ["New"])
        await store.change_user(HERE, user_id(0), lambda user: replace(edited(user, userName="NEW"), updated_at=LATEST))
        assert (await state(store), await waiting(store)) == ((2, 1, LATER), [])
        assert (await state(store, "grp_2"), await waiting(store, "grp_2")) == ((2, 1, LATEST), [])

    @promise
    async def test_a_former_id_means_who_came_back(self, store: Store) -> None:
        """With the externalId and the userName of then, both of them. Named before or after the return."""
        await store.create_user(a_user(1, externalId="X", userName="ana"))
        await store.create_user(a_user(2, userName="Ben"))
        for number in (1, 2):
            await store.delete_user(HERE, user_id(number), LATER)
        early = await store.create_group(a_group(), [user_id(1), user_id(2)], rules=PARK)
        assert set(early.parked) == {user_id(1), user_id(2)}
        await store.create_user(newcomer(3, externalId="Y", userName="ana"))
        await store.create_user(newcomer(4, externalId="Ben", userName="x"))
        await store.create_user(newcomer(7, externalId="X", userName="anna"))
        await store.create_user(newcomer(8, externalId="Z", userName="BEN"))
        assert await members(store) == []
        for number in (3, 7, 8):
            await store.delete_user(HERE, user_id(number), LATER)
        await store.create_user(newcomer(5, externalId="X", userName="ANA"))
        await store.create_user(newcomer(6, userName="BEN"))
        assert (await members(store), await waiting(store)) == ([user_id(5), user_id(6)], [])
        late = await store.create_group(a_group("Late", id="grp_2"), [user_id(1), user_id(2)], rules=PARK)
        assert (late.resolved, late.parked) == ({user_id(1): user_id(5), user_id(2): user_id(6)}, ())
        assert set(late.joined) == {user_id(5), user_id(6)}

    @promise
    async def test_who_is_here_joins_at_once_under_any_name(self, store: Store) -> None:
        """The answer says who was meant; several names of one person count as one member."""
        await store.create_user(a_user(1, externalId="X", userName="Ana"))
        made = await store.create_group(a_group(), ["X"], rules=PARK)
        assert (made.joined, made.resolved, made.parked) == ((user_id(1),), {"X": user_id(1)}, ())
        await store.create_group(a_group("Other", id="grp_2"))
        done = await store.change_group(HERE, "grp_2", adding("aNA", "X", user_id(1)), LATER, rules=PARK)
        assert (done.joined, done.resolved) == ((user_id(1),), {"aNA": user_id(1), "X": user_id(1)})
        assert (await state(store, "grp_2"), await waiting(store, "grp_2")) == ((2, 1, LATER), [])
        left = await store.change_group(HERE, "grp_2", removing("X"), LATEST, rules=PARK)
        assert (left.left, await state(store, "grp_2")) == ((user_id(1),), (3, 0, LATEST))

    @promise
    async def test_an_id_goes_before_an_external_id_a_former_id_and_a_user_name(self, store: Store) -> None:
        """Whatever is left of them is meant, in that order."""
        name = user_id(1)
        await store.create_user(a_user(1, externalId="was", userName="first"))
        await store.create_user(a_user(2, externalId=name, userName="second"))
        await store.create_user(a_user(4, externalId="third", userName=name))
        order: list[str] = []

        async def ask() -> None:
            group = a_group(f"G{len(order)}", id=f"grp_{len(order)}")
            order.extend((await store.create_group(group, [name], rules=PARK)).joined)

        await ask()
        await store.delete_user(HERE, user_id(1), LATER)
        await store.create_user(a_user(3, externalId="was", userName="FIRST"))
        await ask()
        await store.delete_user(HERE, user_id(2), LATER)
        await ask()
        await store.delete_user(HERE, user_id(3), LATER)
        await ask()
        assert order == [user_id(1), user_id(2), user_id(3), user_id(4)]

    @promise
    async def test_who_was_taken_back_before_they_came_never_joins(self, store: Store) -> None:
        """Removed, cleared or left out by a PUT; the others still join."""
        taken_back = (removing("A"), GroupChange(clear=True), put("B"), put())
        for number, change in enumerate(taken_back):
            group_id = f"grp_{number}"
            await store.create_group(a_group(group_id, id=group_id), ["A"], rules=PARK)
            done = await store.change_group(HERE, group_id, change, LATER, rules=PARK)
            assert (done.changed, done.left, "A" in await waiting(store, group_id)) == (False, (), False)
        await store.create_user(a_user(1, externalId="A"))
        await store.create_user(a_user(2, externalId="B"))
        assert await store.groups_of(HERE, [user_id(1)]) == {}
        assert [await members(store, f"grp_{number}") for number in range(4)] == [[], [], [user_id(2)], []]

    @promise
    async def test_a_put_keeps_who_stays_and_who_is_waited_for(self, store: Store) -> None:
        """By id or by another name: nobody leaves and joins again, and the group does not change."""
        await store.create_user(a_user(1, externalId="X"))
        await store.create_user(a_user(2))
        await store.create_group(a_group(), [user_id(1), user_id(2), "later"], rules=PARK)
        done = await store.change_group(HERE, "grp_1", put("X", user_id(2), "later"), LATER, rules=PARK)
        assert (done.changed, done.joined, done.left, done.already) == (False, (), (), 2)
        assert (await state(store), await members(store)) == ((1, 2, AT), [user_id(1), user_id(2)])
        assert await store.pending(HERE, "grp_1") == [Pending("later", "grp_1", AT)]
        done = await store.change_group(HERE, "grp_1", put("X", "more"), LATER, rules=PARK)
        assert (done.changed, done.joined, done.left) == (True, (), (user_id(2),))
        assert (await state(store), await waiting(store)) == ((2, 1, LATER), ["more"])

    @promise
    async def test_a_put_by_another_name_keeps_a_members_origin(self, store: Store) -> None:
        """As a PUT by id does."""
        await store.create_user(a_user(1, externalId="X"))
        await store.create_group(a_group(origin="app"), [user_id(1)], "app")
        await store.change_group(HERE, "grp_1", put("X"), LATER, rules=PARK)
        assert [(each.origin, each.claimed) for each in await store.members(HERE, "grp_1")] == [("app", True)]

    @promise
    async def test_who_leaves_under_another_name_was_not_absent(self, store: Store) -> None:
        """`absent` counts those who were no members."""
        await store.create_user(a_user(1, externalId="X"))
        await store.create_group(a_group(), [user_id(1)])
        done = await store.change_group(HERE, "grp_1", removing("X", "Y"), LATER, rules=PARK)
        assert (done.left, done.absent) == ((user_id(1),), 1)

    @promise
    async def test_removing_somebody_by_id_removes_nobody_else(self, store: Store) -> None:
        """An id goes before an externalId for leaving too."""
        await store.create_user(a_user(1))
        await store.create_user(a_user(2, externalId=user_id(1)))
        await store.create_group(a_group(), [user_id(2)])
        await store.change_group(HERE, "grp_1", removing(user_id(1)), LATER, rules=PARK)
        assert await members(store) == [user_id(2)]

    @promise
    async def test_what_no_user_can_be_named_is_refused_all_the_same(self, store: Store) -> None:
        """A NUL, or more than 512 characters; nothing of the change is done."""
        await people(store, 1)
        await store.create_group(a_group())
        for ref in ("a\0b", "a" * 513):
            with pytest.raises(UnknownMembers) as caught:
                await store.change_group(HERE, "grp_1", adding(user_id(0), ref), LATER, rules=PARK)
            assert caught.value.ids == (ref,)
        assert (await state(store), await waiting(store)) == ((1, 0, AT), [])
        await store.change_group(HERE, "grp_1", adding("a" * 512), LATER, rules=PARK)
        assert await waiting(store) == ["a" * 512]

    @promise
    async def test_a_write_that_raises_parks_nobody_and_resolves_nobody(self, store: Store) -> None:
        """All or nothing, what is kept aside included."""
        await store.create_group(a_group(), ["X"], rules=PARK)
        await store.create_group(a_group("Other", id="grp_2"))
        for change in (adding("Y"), removing("X"), put("Y")):
            renamed = replace(change, display_name="Other")
            with pytest.raises(Taken):
                await store.change_group(HERE, "grp_1", renamed, LATER, rules=PARK)
        with pytest.raises(UnknownManager):
            await store.create_user(a_user(1, externalId="X", **reporting_to("nobody")))
        assert (await waiting(store), await state(store)) == (["X"], (1, 0, AT))

    @promise
    async def test_a_deleted_group_waits_for_nobody(self, store: Store) -> None:
        """Who comes then joins the others that wait."""
        for number in (1, 2):
            await store.create_group(a_group(f"G{number}", id=f"grp_{number}"), ["X"], rules=PARK)
        await store.delete_group(HERE, "grp_1", LATER)
        await store.create_user(a_user(1, externalId="X"))
        assert await waiting(store) == []
        assert await store.groups_of(HERE, [user_id(1)]) == {user_id(1): [GroupRef("grp_2", "G2")]}

    @promise
    async def test_who_comes_back_gets_no_old_membership_unless_named_again(self, store: Store) -> None:
        """Whether it was by id or had been waited for."""
        await store.create_group(a_group(), ["X"], rules=PARK)
        await store.create_user(a_user(1, externalId="X", userName="ana"))
        await store.create_group(a_group("Other", id="grp_2"), [user_id(1)])
        await returned(store, 1, 2, externalId="X", userName="ana")
        assert (await members(store), await members(store, "grp_2")) == ([], [])
        assert (await waiting(store), await waiting(store, "grp_2")) == ([], [])
        await store.change_group(HERE, "grp_2", adding(user_id(1)), LATEST, rules=PARK)
        assert (await members(store), await members(store, "grp_2")) == ([], [user_id(2)])

    @promise
    async def test_nothing_of_one_connection_is_meant_in_another(self, store: Store) -> None:
        """Neither who is there, nor who comes or comes back there, nor a group that is there."""
        await store.create_user(a_user(1, THERE, externalId="X", userName="ana"))
        await store.create_user(a_user(2, THERE, externalId="Y"))
        await store.create_group(a_group("Theirs", THERE, "grp_2"))
        await store.delete_user(THERE, user_id(2), LATER)
        names = ["X", "ana", user_id(1), user_id(2), "grp_2", "Z"]
        made = await store.create_group(a_group(), names, rules=PARK)
        assert (made.joined, set(made.parked)) == ((), set(names))
        before = await store.pending(HERE, "grp_1")
        await store.create_user(a_user(3, THERE, externalId="Y", userName="Z"))
        await store.change_user(THERE, user_id(1), lambda user: edited(user, externalId="Z"))
        await store.delete_group(THERE, "grp_2", LATER)
        assert (await store.pending(HERE, "grp_1"), await state(store)) == (before, (1, 0, AT))
        assert await waiting(store, "grp_1", THERE) == []

    @promise
    async def test_a_group_within_a_group_is_kept_apart_from_users(self, store: Store) -> None:
        """It is shown as a group, is no member, and no user's name; kept once, and taken out by its id."""
        await people(store, 1)
        await store.create_group(a_group("Zürich", id="grp_2"))
        made = await store.create_group(a_group(), [user_id(0), "grp_2"], rules=NEST)
        assert (made.parked, made.joined, made.group.member_count) == (("grp_2",), (user_id(0),), 1)
        assert await store.pending(HERE, "grp_1") == [Pending("grp_2", "grp_1", AT, nested=True)]
        assert await store.nested_of(HERE, ["grp_1", "grp_2"]) == {"grp_1": [GroupRef("grp_2", "Zürich")]}
        await store.create_user(a_user(1, externalId="grp_2"))
        await store.change_group(HERE, "grp_1", put("grp_2"), LATER, rules=NEST)
        assert (await members(store), await waiting(store)) == ([], ["grp_2"])
        await store.change_group(HERE, "grp_1", removing("grp_2"), LATER, rules=NEST)
        assert (await store.nested_of(HERE, ["grp_1"]), await waiting(store)) == ({}, [])

    @promise
    async def test_nesting_and_parking_are_rules_of_their_own(self, store: Store) -> None:
        """Either is refused without its rule; a group within itself is no group within a group."""
        await store.create_group(a_group("Inner", id="grp_2"))
        await store.create_group(a_group())
        for rules, refused in ((PARK, "grp_2"), (NEST, "nobody"), (NEST, "grp_1")):
            with pytest.raises(UnknownMembers) as caught:
                await store.change_group(HERE, "grp_1", adding("grp_2", refused), LATER, rules=rules)
            groups = ("grp_2",) if refused == "grp_2" else ()
            assert (caught.value.ids, caught.value.groups) == ((refused,), groups)
        assert await waiting(store) == []
        both = replace(PARK, nested=True)
        await store.change_group(HERE, "grp_1", adding("grp_2", "nobody"), LATER, rules=both)
        assert [(each.ref, each.nested) for each in await store.pending(HERE, "grp_1")] == [
            ("grp_2", True),
            ("nobody", False),
        ]

    @promise
    async def test_a_deleted_group_is_within_no_other(self, store: Store) -> None:
        """Nor is anything within it; the other connection's stay."""
        for connection_id in (HERE, THERE):
            await store.create_group(a_group("Inner", connection_id, "grp_3"))
            await store.create_group(a_group("Middle", connection_id, "grp_2"), ["grp_3"], rules=NEST)
            await store.create_group(a_group("Outer", connection_id), ["grp_2"], rules=NEST)
        await store.delete_group(HERE, "grp_2", LATER)
        assert (await waiting(store), await waiting(store, "grp_2")) == ([], [])
        assert await store.nested_of(HERE, ["grp_1", "grp_2"]) == {}
        assert set(await store.nested_of(THERE, ["grp_1", "grp_2"])) == {"grp_1", "grp_2"}

    @promise
    async def test_a_group_changes_with_the_groups_within_it(self, store: Store) -> None:
        """They are shown among its members where they are accepted, so its version tells of them."""
        await store.create_group(a_group("Inner", id="grp_2"))
        await store.create_group(a_group())
        for change in (adding("grp_2"), removing("grp_2")):
            before = await state(store)
            done = await store.change_group(HERE, "grp_1", change, LATER, rules=NEST)
            assert (done.changed, done.group.version) == (True, before[0] + 1)
