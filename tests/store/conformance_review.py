"""What every store promises of what waits for an administrator, of guards, settings and keys."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.store.conformance_groups import members, removing
from tests.store.conformance_references import LATEST, PARK, put, state, waiting
from tests.store.conformance_users import say_no
from tests.store.staging import (
    AT,
    HERE,
    LATER,
    THERE,
    Stage,
    a_group,
    a_user,
    an_audit,
    edited,
    ids_of,
    people,
    promise,
    user_id,
)
from vestibule.model import Conflict, GroupRef, Hold, User
from vestibule.scim.patch import GroupChange
from vestibule.store import Decision, Guarded, NotFound, Rules, Store

WINDOW = 600_000_000
THREE_GO = Rules(hold_deactivations=3, hold_window=WINDOW)


def a_conflict(number: int = 1, connection_id: str = HERE, **rest: Any) -> Conflict:
    """Conflict `cfl_1` and so on, one second apart: an address that two accounts have."""
    at = AT + number * 1_000_000
    fields: dict[str, Any] = {"attribute": "emails", "value": "a@x", "user_id": user_id(1), "other_id": user_id(2)}
    rest = {"incoming": {"userName": f"ana{number}"}, "state": "open", "requests": 1} | rest
    return Conflict(id=f"cfl_{number}", connection_id=connection_id, first_at=at, last_at=at, **fields | rest)


def a_hold(number: int = 1, connection_id: str = HERE, **rest: Any) -> Hold:
    """Hold `hld_1` and so on, one second apart: a group that would be emptied."""
    at = AT + number * 1_000_000
    fields: dict[str, Any] = {"guard": "emptied_group", "subject": "grp_1", "subject_name": "Sales", "count": 7}
    rest = {"threshold": 5, "requests": 1, "state": "open"} | rest
    return Hold(id=f"hld_{number}", connection_id=connection_id, first_at=at, last_at=at, **fields | rest)


def deactivated(at: int, *, active: bool = False) -> Any:
    """A change that deactivates a user at an instant, or brings it back."""
    return lambda user: replace(edited(user, active=active), updated_at=at)


class ReviewPromises(Stage):
    """What an administrator decides is decided once; what a guard holds back is not done by half."""

    @promise
    async def test_a_conflict_is_kept_once_and_counted(self, store: Store) -> None:
        """The same user, attribute and value; the newest request is told, the first time is kept."""
        assert await store.note_conflict(a_conflict(1)) == a_conflict(1)
        again = await store.note_conflict(a_conflict(2))
        assert again == replace(a_conflict(1), requests=2, incoming={"userName": "ana2"}, last_at=AT + 2_000_000)
        others = (
            a_conflict(4, user_id=user_id(5)),
            a_conflict(5, attribute="userName", other_id=None),
            a_conflict(6, value="b@x"),
        )
        for other in others:
            assert await store.note_conflict(other) == other
        assert await store.conflicts(HERE) == [*others[::-1], again]

    @promise
    async def test_a_decided_conflict_stays_decided(self, store: Store) -> None:
        """It is counted on; lists tell the states apart; the audit entry is kept with the decision."""
        for number in (1, 2, 3):
            await store.note_conflict(a_conflict(number, value=f"v{number}"))
        linked = await store.decide_conflict(HERE, Decision("cfl_1", "open", "linked", an_audit(1)))
        dismissed = await store.decide_conflict(HERE, Decision("cfl_2", "open", "dismissed", an_audit(2)))
        assert (linked.state, linked.decided_at, dismissed.state) == ("linked", AT, "dismissed")
        again = await store.note_conflict(a_conflict(9, value="v1"))
        assert (again.id, again.state, again.requests, again.decided_at) == ("cfl_1", "linked", 2, AT)
        for wanted, expected in (("linked", "cfl_1"), ("dismissed", "cfl_2"), ("open", "cfl_3")):
            assert [each.id for each in await store.conflicts(HERE, wanted)] == [expected]
        assert [each.id for each in await store.conflicts(HERE)] == ["cfl_1", "cfl_3", "cfl_2"]
        assert {each.id for each in await store.audit(HERE)} == {"aud_1", "aud_2"}

    @promise
    async def test_what_is_unknown_is_not_decided(self, store: Store) -> None:
        """Nor is what another connection has; no audit entry is kept."""
        await store.note_conflict(a_conflict(1, THERE))
        await store.note_hold(a_hold(1, THERE))
        for call in (
            store.decide_conflict(HERE, Decision("cfl_1", "open", "linked", an_audit())),
            store.decide_hold(HERE, "hld_1", LATER, an_audit()),
            store.change_settings("con_none", lambda _: "{}", an_audit()),
        ):
            with pytest.raises(NotFound):
                await call
        assert (await store.audit(HERE), await store.conflicts(HERE), await store.holds(HERE)) == ([], [], [])
        assert (await store.conflicts(THERE), await store.holds(THERE)) == ([a_conflict(1, THERE)], [a_hold(1, THERE)])
        assert await store.note_hold(a_hold(2)) == a_hold(2)
        assert await store.note_conflict(a_conflict(2)) == a_conflict(2)

    @promise
    async def test_one_hold_is_open_for_a_guard_and_a_subject(self, store: Store) -> None:
        """Further requests are counted, and the newest one's count is told."""
        assert await store.note_hold(a_hold(1)) == a_hold(1)
        again = await store.note_hold(a_hold(2, count=6, threshold=4))
        assert again == replace(a_hold(1), requests=2, count=6, threshold=4, last_at=AT + 2_000_000)
        others = (a_hold(3, subject="grp_2"), a_hold(4, guard="deactivations", subject="", subject_name=""))
        for other in others:
            assert await store.note_hold(other) == other
        assert await store.holds(HERE) == [*others[::-1], again]

    @promise
    async def test_an_approval_ends(self, store: Store) -> None:
        """It is for its guard and subject only, from the decision until its instant."""
        await store.note_hold(a_hold(1))
        assert not await store.is_approved(HERE, "emptied_group", "grp_1", AT)
        decided = await store.decide_hold(HERE, "hld_1", LATER, an_audit())
        assert (decided.state, decided.decided_at, decided.approved_until) == ("approved", AT, LATER)
        asked = [
            (HERE, "emptied_group", "grp_1", LATER - 1),
            (HERE, "emptied_group", "grp_1", LATER),
            (HERE, "emptied_group", "grp_2", AT),
            (HERE, "deactivations", "grp_1", AT),
            (THERE, "emptied_group", "grp_1", AT),
        ]
        assert [await store.is_approved(*each) for each in asked] == [True, False, False, False, False]
        assert [each.id for each in await store.audit(HERE)] == ["aud_1"]

    @promise
    async def test_a_refused_hold_lets_nothing_through_and_the_next_request_opens_another(self, store: Store) -> None:
        """As it does after an approval; the decided ones stay as they were."""
        for number, until in ((1, None), (2, LATER)):
            await store.note_hold(a_hold(number))
            decided = await store.decide_hold(HERE, f"hld_{number}", until, an_audit(number))
            assert decided.state == ("refused" if until is None else "approved")
            assert await store.is_approved(HERE, "emptied_group", "grp_1", AT) is (until is not None)
        assert await store.note_hold(a_hold(3)) == a_hold(3)
        found = [(each.id, each.state, each.requests) for each in await store.holds(HERE)]
        assert found == [("hld_3", "open", 1), ("hld_2", "approved", 1), ("hld_1", "refused", 1)]

    @promise
    async def test_a_group_of_some_size_is_not_emptied_at_once(self, store: Store) -> None:
        """By clearing, removing or replacing, be it with members that are kept aside; nothing of it is done."""
        ids = await people(store, 4)
        await store.create_group(a_group(), ids[:3])
        rules = replace(PARK, hold_emptied_group=3)
        for change in (
            GroupChange(clear=True, display_name="Renamed"),
            removing(*ids),
            put("later"),
            replace(removing(*ids), external_id="X"),
        ):
            with pytest.raises(Guarded) as caught:
                await store.change_group(HERE, "grp_1", change, LATER, rules=rules)
            told = caught.value
            assert (told.guard, told.subject, told.count, told.limit) == ("emptied_group", "grp_1", 3, 3)
        assert (await state(store), await members(store), await waiting(store)) == ((1, 3, AT), ids[:3], [])
        assert await store.group(HERE, "grp_1") == a_group(member_count=3)
        assert (await store.change_group(HERE, "grp_1", put(ids[3]), LATER, rules=rules)).group.member_count == 1

    @promise
    async def test_a_group_may_be_emptied_below_the_threshold_or_without_a_guard(self, store: Store) -> None:
        """And a step at a time, as long as it takes longer than the window; within it the last step is held."""
        ids = await people(store, 3)
        for number in (1, 2, 3):
            await store.create_group(a_group(f"G{number}", id=f"grp_{number}"), ids)
        four, three, one = (Rules(hold_emptied_group=least) for least in (4, 3, 1))
        assert (await store.change_group(HERE, "grp_1", put(), LATER, rules=four)).group.member_count == 0
        for each in ids[:2]:
            await store.change_group(HERE, "grp_2", removing(each), LATER, rules=three)
        with pytest.raises(Guarded):
            await store.change_group(HERE, "grp_2", removing(ids[2]), LATER, rules=three)
        assert await members(store, "grp_2") == ids[2:]
        much_later = LATER + three.hold_window + 1
        await store.change_group(HERE, "grp_2", removing(ids[2]), much_later, rules=three)
        assert await members(store, "grp_2") == []
        await store.change_group(HERE, "grp_3", removing(*ids[1:]), LATER, rules=one)
        with pytest.raises(Guarded):
            await store.change_group(HERE, "grp_3", removing(ids[0]), LATER, rules=one)
        assert (await store.change_group(HERE, "grp_3", removing(ids[0]), LATER)).left == (ids[0],)
        assert not (await store.change_group(HERE, "grp_3", put(), LATER, rules=one)).changed

    @promise
    async def test_more_than_so_many_deactivations_in_a_while_are_held(self, store: Store) -> None:
        """Deletes of active users count; nothing of the held one is done; later ones are let through."""
        await people(store, 6)
        await store.change_user(HERE, user_id(0), deactivated(AT), rules=THREE_GO)
        await store.delete_user(HERE, user_id(1), AT + 1, rules=THREE_GO)
        await store.change_user(HERE, user_id(2), deactivated(AT + 2), rules=THREE_GO)
        before = await store.users(HERE)
        for at in (AT + 2, AT + WINDOW - 1):
            for call in (
                store.change_user(HERE, user_id(3), deactivated(at), rules=THREE_GO),
                store.delete_user(HERE, user_id(3), at, rules=THREE_GO),
            ):
                with pytest.raises(Guarded) as caught:
                    await call
                told = caught.value
                assert (told.guard, told.subject, told.count, told.limit) == ("deactivations", "", 4, 3)
        assert await store.users(HERE) == before
        await store.change_user(HERE, user_id(3), deactivated(AT + WINDOW), rules=THREE_GO)
        with pytest.raises(Guarded):
            await store.delete_user(HERE, user_id(4), AT + WINDOW, rules=THREE_GO)
        await store.delete_user(HERE, user_id(4), AT + WINDOW + 1, rules=THREE_GO)
        assert (await store.change_user(HERE, user_id(5), deactivated(AT + WINDOW + 2))).active is False

    @promise
    async def test_who_is_inactive_or_brought_back_is_no_deactivation(self, store: Store) -> None:
        """Made inactive, changed or deleted while inactive, active again; nor is anybody of another connection."""
        rules = replace(THREE_GO, hold_deactivations=1)
        for number in range(4):
            await store.create_user(a_user(number, active=number > 1))
        await people(store, 2, THERE)
        await store.change_user(HERE, user_id(2), deactivated(AT), rules=rules)
        await store.change_user(HERE, user_id(0), lambda user: edited(user, title="x"), rules=rules)
        await store.delete_user(HERE, user_id(1), AT, rules=rules)
        await store.change_user(THERE, user_id(0), deactivated(AT), rules=rules)
        with pytest.raises(Guarded):
            await store.delete_user(HERE, user_id(3), AT, rules=rules)
        await store.change_user(HERE, user_id(2), deactivated(AT, active=True), rules=rules)
        await store.delete_user(HERE, user_id(3), AT, rules=rules)
        with pytest.raises(Guarded):
            await store.delete_user(THERE, user_id(1), AT, rules=rules)

    @promise
    async def test_a_later_change_of_who_is_inactive_moves_no_deactivation(self, store: Store) -> None:
        """The window is counted from the instant of leaving."""
        await people(store, 2)
        rules = replace(THREE_GO, hold_deactivations=1)
        await store.change_user(HERE, user_id(0), deactivated(AT), rules=rules)
        renamed: Any = lambda user: replace(edited(user, title="x"), updated_at=AT + WINDOW)  # noqa: E731
        assert (await store.change_user(HERE, user_id(0), renamed, rules=rules)).version == 3
        await store.change_user(HERE, user_id(1), deactivated(AT + WINDOW), rules=rules)

    @promise
    async def test_who_is_deactivated_and_then_deleted_left_once(self, store: Store) -> None:
        """Otherwise whoever does both with each empties the connection."""
        await people(store, 5)
        for number in range(3):
            await store.change_user(HERE, user_id(number), deactivated(AT), rules=THREE_GO)
            await store.delete_user(HERE, user_id(number), AT, rules=THREE_GO)
        with pytest.raises(Guarded):
            await store.change_user(HERE, user_id(3), deactivated(AT), rules=THREE_GO)

    @promise
    async def test_merged_users_are_one(self, store: Store) -> None:
        """Memberships move once, each group changes, counts are true, other groups stay; the names are free."""
        await store.create_user(a_user(1, userName="kept"))
        await store.create_user(a_user(2, userName="gone", externalId="G"))
        await people(store, 1)
        await store.create_group(a_group("Both", id="grp_1"), [user_id(1), user_id(2)])
        await store.create_group(a_group("His", id="grp_2", origin="app"), [user_id(2), user_id(0)], "app")
        await store.create_group(a_group("Hers", id="grp_3"), [user_id(1)])
        await store.merge_users(HERE, user_id(1), user_id(2), LATER)
        assert await members(store) == [user_id(1)]
        assert await members(store, "grp_2") == [user_id(0), user_id(1)]
        assert [(each.origin, each.claimed) for each in await store.members(HERE, "grp_2")] == [("app", False)] * 2
        for group_id, count in (("grp_1", 1), ("grp_2", 2)):
            version, counted, at = await state(store, group_id)
            assert (version > 1, counted, at) == (True, count, LATER)
        assert await state(store, "grp_3") == (1, 1, AT)
        refs = [GroupRef("grp_1", "Both"), GroupRef("grp_2", "His"), GroupRef("grp_3", "Hers")]
        assert await store.groups_of(HERE, [user_id(1), user_id(2)]) == {user_id(1): refs}
        assert await store.user(HERE, user_id(1)) == a_user(1, userName="kept")
        assert (await store.users(HERE)).total == 2
        await store.create_user(a_user(3, userName="GONE", externalId="G"))

    @promise
    async def test_the_id_of_a_merged_user_means_the_one_who_was_kept(self, store: Store) -> None:
        """Even when somebody with the other's externalId comes; for joining, for leaving."""
        await store.create_user(a_user(1))
        await store.create_user(a_user(2, externalId="G"))
        await store.merge_users(HERE, user_id(1), user_id(2), LATER)
        await store.create_user(a_user(3, externalId="G"))
        made = await store.create_group(a_group(), [user_id(2)], rules=PARK)
        assert (made.joined, made.resolved) == ((user_id(1),), {user_id(2): user_id(1)})
        left = await store.change_group(HERE, "grp_1", removing(user_id(2)), LATEST, rules=PARK)
        assert (left.left, await members(store)) == ((user_id(1),), [])

    @promise
    async def test_the_id_of_a_user_merged_twice_means_the_last_one(self, store: Store) -> None:
        """Ana's second account into the first, and that one into a third."""
        await people(store, 3)
        await store.merge_users(HERE, user_id(1), user_id(0), LATER)
        await store.merge_users(HERE, user_id(2), user_id(1), LATER)
        made = await store.create_group(a_group(), [user_id(0), user_id(1)], rules=PARK)
        assert (made.joined, made.parked) == ((user_id(2),), ())

    @promise
    async def test_a_merge_needs_both(self, store: Store) -> None:
        """Both in this connection; otherwise nothing is changed."""
        await people(store, 1)
        await people(store, 2, THERE)
        await store.create_group(a_group(), [user_id(0)])
        for kept, gone in ((user_id(0), user_id(1)), (user_id(1), user_id(0))):
            with pytest.raises(NotFound) as caught:
                await store.merge_users(HERE, kept, gone, LATER)
            assert (caught.value.kind, caught.value.id) == ("user", user_id(1))
        assert (await state(store), await members(store)) == ((1, 1, AT), [user_id(0)])
        assert (await store.user(HERE, user_id(0)), (await store.users(THERE)).total) == (a_user(0), 2)

    @promise
    async def test_settings_are_kept_with_their_audit_entry(self, store: Store) -> None:
        """Of this connection only; an entry that cannot be kept undoes them."""
        there = await store.connection(THERE)
        kept = await store.change_settings(HERE, lambda _: '{"references":"park"}', an_audit(1))
        assert (kept.settings, kept.idp) == ('{"references":"park"}', "entra")
        assert (await store.connection(HERE), await store.connection(THERE)) == (kept, there)
        [raised] = await asyncio.gather(
            store.change_settings(HERE, lambda _: "{}", an_audit(1)), return_exceptions=True
        )
        assert isinstance(raised, Exception)
        assert (await store.connection(HERE), len(await store.audit(HERE))) == (kept, 1)

    def test_a_key_is_the_same_wherever_it_is_asked_for(self, tmp_path: Path) -> None:
        """In two processes that open the place at once, and when it is opened again; each name has its own."""

        async def play() -> None:
            first, second = self.open_store(tmp_path), self.open_store(tmp_path)
            keys = [await store.key("cursors") for store in (first, second, first)]
            other = await second.key("other")
            assert (len(set(keys)), len(keys[0]), await first.key("other")) == (1, 32, other)
            assert keys[0] != other
            await first.close()
            await second.close()
            again = self.open_store(tmp_path)
            assert await again.key("cursors") == keys[0]
            await again.close()

        asyncio.run(play())

    @promise
    async def test_two_who_ask_for_a_new_key_at_once_get_one(self, store: Store) -> None:
        """Before either was kept."""
        assert len(set(await asyncio.gather(*(store.key("cursors") for _ in range(5))))) == 1

    @promise
    async def test_users_are_found_by_their_addresses(self, store: Store) -> None:
        """Caseless, whichever address of whatever type, each user once, in the order of ids; as they are now."""
        emails = [{"value": "Ana@Straße.example", "type": "work"}, {"value": "ana@home.example"}]
        await store.create_user(a_user(3, emails=emails))
        await store.create_user(a_user(2, emails=[*emails[1:], {"value": "ANA@home.example", "type": "home"}]))
        await store.create_user(a_user(1, THERE, emails=emails))
        await store.create_user(a_user(4, userName="ana@home.example", title="ana@home.example"))
        for values, expected in (
            (["ANA@STRASSE.EXAMPLE"], [3]),
            (["Ana@Home.example", "ana@strasse.example", "nobody"], [2, 3]),
            (["home.example", "%"], []),
            ([], []),
        ):
            found = await store.users_with_email(HERE, values)
            assert ids_of(found) == [user_id(number) for number in expected]
        assert found == []
        await store.change_user(HERE, user_id(2), lambda user: edited(user, emails=[{"value": "new@x"}]))
        await store.delete_user(HERE, user_id(3), LATER)
        assert await store.users_with_email(HERE, ["ana@home.example"]) == []
        assert await store.users_with_email(HERE, ["NEW@X"]) == [await store.user(HERE, user_id(2))]

    @promise
    async def test_users_whom_the_identity_provider_knows_are_left_out_where_the_others_are_asked_for(
        self, store: Store
    ) -> None:
        """Those that it made, and those that it wrote to."""
        emails = [{"value": "ana@x"}]
        for number, rest in enumerate(
            ({}, {"origin": "app"}, {"origin": "login"}, {"origin": "app", "adopted_at": AT})
        ):
            await store.create_user(replace(a_user(number, emails=emails), **rest))
        assert len(await store.users_with_email(HERE, ["ANA@x", "nobody"])) == 4
        for values in (["ANA@x"], ["ANA@x", "nobody"]):
            found = await store.users_with_email(HERE, values, unadopted=True)
            assert ids_of(found) == [user_id(1), user_id(2)]

    @promise
    async def test_a_protected_user_stays_protected(self, store: Store) -> None:
        """Through making, changing and finding; the store itself keeps nobody from changing it."""
        await store.create_user(replace(a_user(1), protected=True))
        await people(store, 1)
        changed = await store.change_user(HERE, user_id(1), lambda user: edited(user, title="x"))
        assert (changed.protected, changed.version) == (True, 2)
        assert await store.user_named(HERE, "user1@example.com") == changed
        assert [each.protected for each in (await store.users(HERE)).items] == [False, True]

        def guarded(user: User) -> User:
            return replace(user, protected=not user.protected, updated_at=LATER)

        for number, protected, version in ((1, False, 3), (0, True, 2)):
            after = await store.change_user(HERE, user_id(number), guarded)
            assert (after.protected, after.version) == (protected, version)
            assert after == await store.user(HERE, user_id(number))
        with pytest.raises(ValueError, match=user_id(0)):
            await store.change_user(HERE, user_id(0), say_no)
