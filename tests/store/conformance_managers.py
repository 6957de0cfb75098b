"""What every store promises of a user's manager."""

from typing import Any

import orjson
import pytest

from tests.store.conformance_references import PARK, newcomer
from tests.store.staging import AT, HERE, LATER, THERE, Stage, a_user, edited, people, promise, reporting_to, user_id
from vestibule.model import User
from vestibule.scim.schema import ENTERPRISE_USER
from vestibule.store import NotFound, Store, Taken, UnknownManager


def manager(user: User) -> dict[str, Any]:
    """What a user's document says of the manager."""
    return orjson.loads(user.document)[ENTERPRISE_USER]["manager"]


def linked(number: int, **rest: Any) -> dict[str, Any]:
    """A manager who is here."""
    return {"value": user_id(number), "$ref": f"../Users/{user_id(number)}", **rest}


async def seen(store: Store, number: int = 1) -> tuple[int, int, dict[str, Any]]:
    """A user's version, last change and manager."""
    user = await store.user(HERE, user_id(number))
    return user.version, user.updated_at, manager(user)


class ManagerPromises(Stage):
    """Who is named as a manager is linked when they are here, and waited for when the rules park."""

    @promise
    async def test_a_manager_who_is_here_is_linked(self, store: Store) -> None:
        """By id without any rule; what else the document says stays as it is."""
        await people(store, 1)
        document: dict[str, Any] = {
            ENTERPRISE_USER: {"department": "R&D", "manager": {"displayName": "Bo", "value": user_id(0)}}
        }
        made = await store.create_user(a_user(1, title="x", **document))
        assert (manager(made), made) == (linked(0, displayName="Bo"), await store.user(HERE, user_id(1)))
        assert orjson.loads(made.document)[ENTERPRISE_USER]["department"] == "R&D"
        assert (made.version, made.updated_at, orjson.loads(made.document)["title"]) == (1, AT, "x")
        forged = reporting_to(user_id(0), **{"$ref": "https://elsewhere.example"})
        assert manager(await store.create_user(a_user(2, **forged))) == linked(0)

    @promise
    async def test_an_unknown_manager_is_refused_unless_the_rules_park(self, store: Store) -> None:
        """Whoever else the name may mean; nothing is changed."""
        await store.create_user(a_user(1, externalId="X", userName="ana"))
        await store.create_user(a_user(2))
        for ref in ("X", "ana", "nobody", "a\0b"):
            with pytest.raises(UnknownManager) as caught:
                await store.create_user(a_user(3, **reporting_to(ref)))
            assert caught.value.ref == ref
            with pytest.raises(UnknownManager):
                await store.change_user(HERE, user_id(2), lambda user, ref=ref: edited(user, **reporting_to(ref)))
        assert (await store.user(HERE, user_id(2)), (await store.users(HERE)).total) == (a_user(2), 2)
        with pytest.raises(NotFound):
            await store.user(HERE, user_id(3))

    @promise
    async def test_a_manager_may_be_named_by_another_name(self, store: Store) -> None:
        """externalId, userName in any case, former id; the document has the id of today."""
        await store.create_user(a_user(7, externalId="X", userName="ANA"))
        await store.delete_user(HERE, user_id(7), LATER)
        await store.create_user(a_user(8, externalId="X", userName="Ana"))
        for number, ref in enumerate(("X", "aNA", user_id(7), user_id(8))):
            made = await store.create_user(a_user(number, **reporting_to(ref)), PARK)
            assert (manager(made), made.version) == (linked(8), 1)
            assert made == await store.user(HERE, made.id)
        same = await store.change_user(HERE, user_id(0), lambda user: edited(user, **reporting_to("aNA")), rules=PARK)
        assert (same.version, same.updated_at) == (1, AT)

    @promise
    async def test_a_manager_who_comes_is_linked_then(self, store: Store) -> None:
        """By id, externalId, userName in any case or former id; each report has a new version, once."""
        await store.create_user(a_user(9, externalId="X", userName="ana"))
        await store.delete_user(HERE, user_id(9), LATER)
        for number, ref in enumerate((user_id(8), "X", "ANA", user_id(9), "x")):
            made = await store.create_user(a_user(number, title="t", **reporting_to(ref, displayName="Bo")), PARK)
            assert (made.version, manager(made)) == (1, {"value": ref, "displayName": "Bo"})
        await store.create_user(newcomer(8, externalId="X", userName="Ana"))
        for number in range(4):
            assert await seen(store, number) == (2, LATER, linked(8, displayName="Bo"))
            assert orjson.loads((await store.user(HERE, user_id(number))).document)["title"] == "t"
        assert await seen(store, 4) == (1, AT, {"value": "x", "displayName": "Bo"})

    @promise
    async def test_a_manager_who_takes_the_name_is_linked_then(self, store: Store) -> None:
        """A new externalId or userName; another change links nobody."""
        await people(store, 1)
        await store.create_user(a_user(1, **reporting_to("X")), PARK)
        await store.create_user(a_user(2, **reporting_to("New")), PARK)
        await store.change_user(HERE, user_id(0), lambda user: edited(user, title="X"))
        assert [(await seen(store, number))[0] for number in (1, 2)] == [1, 1]
        await store.change_user(HERE, user_id(0), lambda user: edited(user, externalId="X"))
        await store.change_user(HERE, user_id(0), lambda user: edited(user, userName="nEW"))
        assert [await seen(store, number) for number in (1, 2)] == [(2, LATER, linked(0))] * 2

    @promise
    async def test_a_manager_whom_nobody_names_any_longer_is_not_waited_for(self, store: Store) -> None:
        """Another manager, none, or a write that raised."""
        await people(store, 1)
        for number in (1, 2, 3):
            await store.create_user(a_user(number, **reporting_to("X")), PARK)
        await store.change_user(HERE, user_id(1), lambda user: edited(user, **reporting_to(user_id(0))), rules=PARK)
        await store.change_user(HERE, user_id(2), lambda user: edited(user, **{ENTERPRISE_USER: {}}), rules=PARK)
        other = reporting_to("Y") | {"userName": "user0@example.com"}
        with pytest.raises(Taken):
            await store.change_user(HERE, user_id(3), lambda user: edited(user, **other), rules=PARK)
        await store.create_user(newcomer(8, externalId="Y"))
        await store.create_user(newcomer(9, externalId="X"))
        assert await seen(store, 1) == (2, LATER, linked(0))
        assert (await store.user(HERE, user_id(2))).version == 2
        assert await seen(store, 3) == (2, LATER, linked(9))

    @promise
    async def test_another_name_that_is_waited_for_replaces_the_first(self, store: Store) -> None:
        """Only the second one is linked."""
        await store.create_user(a_user(1, **reporting_to("X")), PARK)
        changed = await store.change_user(HERE, user_id(1), lambda user: edited(user, **reporting_to("Y")), rules=PARK)
        assert (changed.version, manager(changed)) == (2, {"value": "Y"})
        await store.create_user(a_user(8, externalId="X"))
        assert (await seen(store))[0] == 2
        await store.create_user(newcomer(9, externalId="Y"))
        assert await seen(store) == (3, LATER, linked(9))

    @promise
    async def test_a_manager_who_is_gone_or_not_yet_here_blocks_no_other_change(self, store: Store) -> None:
        """As long as the manager is not changed; who is waited for is so still."""
        await people(store, 1)
        await store.create_user(a_user(1, **reporting_to(user_id(0))))
        await store.create_user(a_user(2, **reporting_to("X")), PARK)
        await store.delete_user(HERE, user_id(0), LATER)
        for number, version, kept in ((1, 3, {"value": user_id(0)}), (2, 2, {"value": "X"})):
            changed = await store.change_user(HERE, user_id(number), lambda user: edited(user, title="Dr."))
            assert (changed.version, manager(changed)) == (version, kept)
        with pytest.raises(UnknownManager):
            await store.change_user(HERE, user_id(2), lambda user: edited(user, **reporting_to("Y")))
        await store.create_user(newcomer(9, externalId="X"))
        assert await seen(store, 2) == (3, LATER, linked(9))
        assert orjson.loads((await store.user(HERE, user_id(2))).document)["title"] == "Dr."

    @promise
    async def test_a_deleted_report_waits_for_nobody(self, store: Store) -> None:
        """And nobody is hindered from coming."""
        await store.create_user(a_user(1, **reporting_to("X")), PARK)
        await store.delete_user(HERE, user_id(1), LATER)
        await store.create_user(a_user(2, externalId="X"))
        assert (await store.users(HERE)).items == (a_user(2, externalId="X"),)

    @promise
    async def test_a_person_may_be_their_own_manager(self, store: Store) -> None:
        """Named by whatever name they come with."""
        for number, (ref, names) in enumerate(
            ((user_id(0), {}), ("X", {"externalId": "X"}), ("ANA", {"userName": "ana"}))
        ):
            made = await store.create_user(a_user(number, **names, **reporting_to(ref)), PARK)
            assert (made, manager(made)) == (await store.user(HERE, made.id), linked(number))

    @promise
    async def test_who_becomes_their_own_manager_is_answered_as_kept(self, store: Store) -> None:
        """By a change of name to the one that they wait for."""
        await store.create_user(a_user(1, **reporting_to("X")), PARK)
        changed = await store.change_user(HERE, user_id(1), lambda user: edited(user, externalId="X"), rules=PARK)
        assert (changed, changed.version) == (await store.user(HERE, user_id(1)), 2)

    @promise
    async def test_no_manager_is_found_in_another_connection(self, store: Store) -> None:
        """Neither who is there nor who comes there."""
        await store.create_user(a_user(0, THERE, externalId="X", userName="ana"))
        refs = ("X", "ana", user_id(0), "Y")
        for number, ref in enumerate(refs, 1):
            with pytest.raises(UnknownManager):
                await store.create_user(a_user(number, **reporting_to(ref)))
            await store.create_user(a_user(number, **reporting_to(ref)), PARK)
        await store.create_user(a_user(9, THERE, externalId="Y"))
        await store.change_user(THERE, user_id(0), lambda user: edited(user, externalId=None, userName="X"))
        assert [await seen(store, number) for number in range(1, 5)] == [(1, AT, {"value": ref}) for ref in refs]
