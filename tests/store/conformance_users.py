"""What every store promises of users."""

import asyncio

import orjson
import pytest

from tests.store.staging import (
    AT,
    HERE,
    LATER,
    Stage,
    a_group,
    a_user,
    edited,
    ids_of,
    people,
    promise,
    user_id,
    users_where,
)
from vestibule.model import GroupRef, User
from vestibule.scim.patch import GroupChange
from vestibule.store import NotFound, Stale, Store, Taken


def say_no(user: User) -> User:
    """A change that refuses."""
    raise ValueError(user.id)


class UserPromises(Stage):
    """Users are kept as they are given, found by their names, changed in one piece."""

    @promise
    async def test_a_user_is_read_back_as_it_was_kept(self, store: Store) -> None:
        """Every field, umlauts and the document's very text included."""
        user = a_user(1, userName="Zoë@Example.com", externalId="X-1", active=False, displayName="Zoë Ä")
        await store.create_user(user)
        assert await store.user(HERE, user.id) == user

    @promise
    async def test_a_user_needs_its_connection(self, store: Store) -> None:
        """NotFound names the connection, and nothing is kept."""
        with pytest.raises(NotFound) as caught:
            await store.create_user(a_user(1, "con_none"))
        assert (caught.value.kind, caught.value.id) == ("connection", "con_none")
        assert (await store.users("con_none")).items == ()

    @promise
    async def test_an_unknown_user_is_not_found(self, store: Store) -> None:
        """By id and by name, for reading, changing and deleting."""
        with pytest.raises(NotFound):
            await store.user(HERE, "usr_none")
        with pytest.raises(NotFound):
            await store.user_named(HERE, "nobody")
        with pytest.raises(NotFound):
            await store.change_user(HERE, "usr_none", lambda user: user)
        with pytest.raises(NotFound):
            await store.delete_user(HERE, "usr_none", LATER)

    @promise
    async def test_user_names_are_compared_caseless(self, store: Store) -> None:
        """With `scim.folding.fold`: Straße is STRASSE, full width is usual width, an accent is one however composed."""
        await store.create_user(a_user(1, userName="Anna.Straße@Example.com"))
        assert (await store.user_named(HERE, "ANNA.STRASSE@example.COM")).id == user_id(1)
        with pytest.raises(Taken) as caught:
            await store.create_user(a_user(2, userName="anna.strasse@EXAMPLE.com"))
        assert (caught.value.attribute, caught.value.holder) == ("userName", user_id(1))
        await store.create_user(a_user(3, userName="Zoë@x"))
        for spelling in ("ｚｏë＠ｘ", "ZOE\u0308@X"):
            assert (await store.user_named(HERE, spelling)).id == user_id(3)
            with pytest.raises(Taken):
                await store.create_user(a_user(4, userName=spelling))

    @promise
    async def test_external_ids_are_compared_exactly(self, store: Store) -> None:
        """Another case is another id; the same one is taken; many may have none."""
        await store.create_user(a_user(1, externalId="Ab"))
        await store.create_user(a_user(2, externalId="aB"))
        await store.create_user(a_user(3))
        await store.create_user(a_user(4))
        with pytest.raises(Taken) as caught:
            await store.create_user(a_user(5, externalId="Ab"))
        assert (caught.value.attribute, caught.value.value) == ("externalId", "Ab")
        assert caught.value.holder == user_id(1)

    @promise
    async def test_of_twenty_creates_of_one_name_one_wins(self, store: Store) -> None:
        """At the same time, in one batch; the nineteen others hear who holds it."""
        tries = (store.create_user(a_user(number, userName="ana")) for number in range(20))
        results = await asyncio.gather(*tries, return_exceptions=True)
        losers = [each for each in results if isinstance(each, Taken)]
        assert (sum(isinstance(each, User) for each in results), len(losers)) == (1, 19)
        page = await store.users(HERE)
        assert page.total == 1
        assert {each.holder for each in losers} == {page.items[0].id}

    @promise
    async def test_a_version_changes_exactly_when_the_user_does(self, store: Store) -> None:
        """A change gives the next version and keeps `updated_at` as the change set it; None changes nothing."""
        await store.create_user(a_user(1))
        same = await store.change_user(HERE, user_id(1), lambda user: None)
        assert (same.version, same.updated_at) == (1, AT)
        changed = await store.change_user(HERE, user_id(1), lambda user: edited(user, title="Dr."))
        assert (changed.version, changed.updated_at) == (2, LATER)
        assert changed == await store.user(HERE, user_id(1))
        assert orjson.loads(changed.document)["title"] == "Dr."

    @promise
    async def test_fifty_changes_of_one_user_lose_none(self, store: Store) -> None:
        """Each sees what those before it wrote."""
        await store.create_user(a_user(1, title="0"))

        def count_up(user: User) -> User:
            return edited(user, title=str(int(orjson.loads(user.document)["title"]) + 1))

        await asyncio.gather(*(store.change_user(HERE, user_id(1), count_up) for _ in range(50)))
        user = await store.user(HERE, user_id(1))
        assert (orjson.loads(user.document)["title"], user.version) == ("50", 51)

    @promise
    async def test_a_stale_version_changes_nothing(self, store: Store) -> None:
        """The present version is told; the right one goes through."""
        await store.create_user(a_user(1))
        with pytest.raises(Stale) as caught:
            await store.change_user(HERE, user_id(1), lambda user: edited(user, title="x"), expected_version=7)
        assert (caught.value.expected, caught.value.present) == (7, 1)
        with pytest.raises(Stale):
            await store.delete_user(HERE, user_id(1), LATER, expected_version=7)
        assert await store.user(HERE, user_id(1)) == a_user(1)
        await store.delete_user(HERE, user_id(1), LATER, expected_version=1)

    @promise
    async def test_what_a_change_raises_is_passed_on(self, store: Store) -> None:
        """And nothing is changed."""
        await store.create_user(a_user(1))
        with pytest.raises(ValueError, match=user_id(1)):
            await store.change_user(HERE, user_id(1), say_no)
        assert await store.user(HERE, user_id(1)) == a_user(1)

    @promise
    async def test_a_change_to_a_taken_name_changes_nothing(self, store: Store) -> None:
        """userName and externalId alike; one's own name in another case is free."""
        await store.create_user(a_user(1, userName="ana", externalId="1"))
        await store.create_user(a_user(2, userName="ben", externalId="2"))
        for attribute, value in (("userName", "ANA"), ("externalId", "1")):
            with pytest.raises(Taken) as caught:
                await store.change_user(HERE, user_id(2), lambda user, a=attribute, v=value: edited(user, **{a: v}))
            assert (caught.value.attribute, caught.value.holder) == (attribute, user_id(1))
        assert (await store.user(HERE, user_id(2))).version == 1
        renamed = await store.change_user(HERE, user_id(2), lambda user: edited(user, userName="BEN"))
        assert renamed.user_name == "BEN"

    @promise
    async def test_a_name_is_free_again_after_a_rename_or_a_delete(self, store: Store) -> None:
        """Both keys follow the user."""
        await store.create_user(a_user(1, userName="ana", externalId="1"))
        await store.change_user(HERE, user_id(1), lambda user: edited(user, userName="anna", externalId="one"))
        await store.create_user(a_user(2, userName="ana", externalId="1"))
        await store.delete_user(HERE, user_id(2), LATER)
        await store.create_user(a_user(3, userName="ana", externalId="1"))

    @promise
    async def test_a_deleted_user_leaves_its_groups(self, store: Store) -> None:
        """Each group it leaves has a new version, updated at that instant, and one member less; others not."""
        await people(store, 2)
        await store.create_group(a_group("Sales", id="grp_1"), [user_id(0), user_id(1)])
        await store.create_group(a_group("Other", id="grp_2"), [user_id(1)])
        await store.delete_user(HERE, user_id(0), LATER)
        left = await store.group(HERE, "grp_1")
        assert (left.version, left.updated_at, left.member_count) == (2, LATER, 1)
        assert (await store.group(HERE, "grp_2")).version == 1
        assert [each.user_id for each in await store.members(HERE, "grp_1")] == [user_id(1)]
        assert (await store.users(HERE)).total == 1

    @promise
    async def test_a_deactivated_user_keeps_its_memberships(self, store: Store) -> None:
        """The member shows as inactive; the group does not change."""
        await people(store, 1)
        await store.create_group(a_group(), [user_id(0)])
        await store.change_user(HERE, user_id(0), lambda user: edited(user, active=False))
        [member] = await store.members(HERE, "grp_1")
        assert (member.user_id, member.active) == (user_id(0), False)
        assert (await store.group(HERE, "grp_1")).version == 1

    @promise
    async def test_groups_of_tells_the_groups_of_each(self, store: Store) -> None:
        """Users without any are left out; names are the present ones."""
        await people(store, 3)
        await store.create_group(a_group("Sales", id="grp_1"), [user_id(0)])
        await store.create_group(a_group("Ops", id="grp_2"), [user_id(0), user_id(1)])
        await store.change_group(HERE, "grp_2", GroupChange(display_name="Operations"), LATER)
        assert await store.groups_of(HERE, [user_id(0), user_id(1), user_id(2), "usr_none"]) == {
            user_id(0): [GroupRef("grp_1", "Sales"), GroupRef("grp_2", "Operations")],
            user_id(1): [GroupRef("grp_2", "Operations")],
        }

    @promise
    async def test_pages_are_in_the_order_of_ids(self, store: Store) -> None:
        """Whatever the order of making; `total` counts all; a page beyond the end is empty."""
        for number in (3, 1, 4, 0, 2):
            await store.create_user(a_user(number))
        pages = [await store.users(HERE, None, start, 2) for start in (1, 3, 5, 7)]
        assert [ids_of(page.items) for page in pages] == [
            [user_id(0), user_id(1)],
            [user_id(2), user_id(3)],
            [user_id(4)],
            [],
        ]
        assert [page.total for page in pages] == [5] * 4
        assert [page.more for page in pages] == [True, True, False, False]
        for start in (1, 9):
            page = await store.users(HERE, None, start, 0)
            assert (page.total, page.items, page.more) == (5, (), start == 1)

    @promise
    async def test_a_filtered_page_counts_all_matches(self, store: Store) -> None:
        """On the first page, in the midst, on the last, beyond it, and with count 0."""
        for number in range(7):
            await store.create_user(a_user(number, active=number != 3))
        where = users_where("active eq true")
        for start, count, expected in ((1, 4, 4), (3, 2, 2), (5, 4, 2), (7, 4, 0), (1, 0, 0), (1, 100, 6)):
            page = await store.users(HERE, where, start, count)
            assert (page.total, len(page.items)) == (6, expected), (start, count)

    @promise
    async def test_a_walk_sees_each_user_once_while_others_are_made(self, store: Store) -> None:
        """New users come at the end, so no page shifts."""
        await people(store, 6)
        seen: list[str] = []
        for start in (1, 3, 5, 7):
            seen += ids_of((await store.users(HERE, None, start, 2)).items)
            await store.create_user(a_user(100 + start))
        assert seen == [user_id(number) for number in (0, 1, 2, 3, 4, 5, 101, 103)]
