"""What every store promises of a decision: it, what it changes and its audit entry stand or fall together."""

import asyncio
from dataclasses import replace

import pytest

from tests.store.conformance_references import LATEST
from tests.store.conformance_review import a_conflict
from tests.store.staging import HERE, LATER, Stage, a_group, an_audit, edited, people, promise, user_id
from vestibule.model import Conflict
from vestibule.scim.patch import GroupChange
from vestibule.store import Decided, Decision, NotFound, Store


class DecisionPromises(Stage):
    """Nothing is done by half, and nothing that somebody else has decided meanwhile is decided again."""

    @promise
    async def test_a_conflict_is_decided_only_in_the_state_that_the_decision_is_of(self, store: Store) -> None:
        """Of two who decide at once one is told what the other did, and only one entry is kept."""
        await store.note_conflict(a_conflict())
        decisions = [Decision("cfl_1", "open", state, an_audit(n)) for n, state in enumerate(("linked", "dismissed"))]
        done, refused = await asyncio.gather(
            *(store.decide_conflict(HERE, each) for each in decisions), return_exceptions=True
        )
        assert isinstance(done, Conflict)
        assert isinstance(refused, Decided)
        assert (done.state, refused.state) == ("linked", "linked")
        assert [each.id for each in await store.audit(HERE)] == ["aud_0"]

    @promise
    async def test_an_account_changes_with_the_decision_that_it_changes_by_or_not_at_all(self, store: Store) -> None:
        """A merge and a rename; when the conflict is decided by then, both accounts are as they were."""
        await people(store, 3)
        await store.note_conflict(a_conflict())
        before = await store.users(HERE)
        late = Decision("cfl_1", "linked", "done", an_audit(1))
        for call in (
            store.merge_users(HERE, user_id(1), user_id(2), LATER, late),
            store.change_user(HERE, user_id(1), lambda user: edited(user, userName="new"), along=late),
        ):
            with pytest.raises(Decided):
                await call
        assert (await store.users(HERE), await store.audit(HERE)) == (before, [])
        await store.merge_users(HERE, user_id(1), user_id(2), LATER, Decision("cfl_1", "open", "linked", an_audit(2)))
        with pytest.raises(NotFound):
            await store.user(HERE, user_id(2))
        await store.change_user(
            HERE, user_id(1), lambda _: None, along=Decision("cfl_1", "linked", "done", an_audit(3))
        )
        assert [each.state for each in await store.conflicts(HERE)] == ["done"]
        assert [each.id for each in await store.audit(HERE)] == ["aud_3", "aud_2"]

    @promise
    async def test_an_audit_entry_is_kept_when_something_changes_and_only_then(self, store: Store) -> None:
        """Of a user and of a group; an entry that cannot be kept undoes the change."""
        await people(store, 2)
        await store.create_group(a_group())
        await store.change_user(HERE, user_id(1), lambda user: edited(user, title="x"), along=an_audit(1))
        await store.change_group(HERE, "grp_1", GroupChange(display_name="New"), LATER, audit=an_audit(2))
        for same in (lambda _: None, lambda user: replace(user, updated_at=LATEST)):
            await store.change_user(HERE, user_id(1), same, along=an_audit(3))
        await store.change_group(HERE, "grp_1", GroupChange(display_name="New"), LATEST, audit=an_audit(4))
        assert [each.id for each in await store.audit(HERE)] == ["aud_2", "aud_1"]
        user, group = await store.user(HERE, user_id(1)), await store.group(HERE, "grp_1")
        failed = await asyncio.gather(
            store.change_user(HERE, user_id(1), lambda user: edited(user, title="y"), along=an_audit(1)),
            store.change_group(HERE, "grp_1", GroupChange(display_name="Newer"), LATEST, audit=an_audit(1)),
            return_exceptions=True,
        )
        assert all(isinstance(each, Exception) for each in failed)
        assert (await store.user(HERE, user_id(1)), await store.group(HERE, "grp_1")) == (user, group)
