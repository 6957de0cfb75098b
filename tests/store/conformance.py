"""The promises of `vestibule.store`, as tests that each engine's own tests subclass.

A subclass says how a store is opened and how its work is measured (see `staging.Stage`).
"""

import asyncio
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from tests.store.conformance_accounts import AccountPromises
from tests.store.conformance_costs import CostPromises
from tests.store.conformance_decisions import DecisionPromises
from tests.store.conformance_domains import DomainPromises
from tests.store.conformance_groups import GroupPromises, adding, removing
from tests.store.conformance_lists import ListPromises
from tests.store.conformance_log import LogPromises
from tests.store.conformance_managers import ManagerPromises
from tests.store.conformance_references import ReferencePromises
from tests.store.conformance_review import ReviewPromises
from tests.store.conformance_roll_calls import RollCallPromises
from tests.store.conformance_sign_on import SignOnPromises
from tests.store.conformance_standing import StandingPromises
from tests.store.conformance_tickets import TicketPromises
from tests.store.conformance_users import UserPromises, say_no
from tests.store.staging import (
    HERE,
    LATER,
    THERE,
    a_group,
    a_token,
    a_user,
    an_audit,
    an_exchange,
    edited,
    groups_where,
    people,
    promise,
    two_connections,
    user_id,
    users_where,
)
from vestibule.model import User
from vestibule.scim.patch import GroupChange
from vestibule.store import ExchangeQuery, NotFound, Store, StoreError, Taken, UnknownMembers

ROOT = Path(__file__).parents[2]
DIES_AFTER_ITS_ANSWERS = """
import asyncio, importlib, os, signal, sys
from pathlib import Path
from tests.store.staging import HERE, a_group, a_user, an_exchange, two_connections, user_id

async def play(store):
    await two_connections(store)
    await store.create_user(a_user(1))
    store.record(an_exchange(1))
    await store.flush()
    await store.create_group(a_group(), [user_id(1)])
    os.kill(os.getpid(), signal.SIGKILL)

module, name = sys.argv[1:3]
asyncio.run(play(getattr(importlib.import_module(module), name)().open_store(Path(sys.argv[3]))))
"""


async def mirrored(store: Store) -> None:
    """The same users and groups, by id and by name, in both connections; a token and an exchange in HERE."""
    for connection_id in (HERE, THERE):
        await store.create_user(a_user(1, connection_id, externalId="X"))
        await store.create_user(a_user(2, connection_id))
        await store.create_group(a_group(connection_id=connection_id, external_id="G"), [user_id(1)])
    await store.add_token(a_token(), b"hash", an_audit())
    store.record(an_exchange(1, target="ana", resource_type="User"))
    await store.flush()


async def seen_from(store: Store, connection_id: str) -> list[object]:
    """Everything that can be read of a connection."""
    filters = (
        users_where('groups.value eq "grp_1"'),
        users_where('userName sw "user"'),
        users_where("groups pr"),
    )
    return [
        await store.users(connection_id),
        *[await store.users(connection_id, where) for where in filters],
        await store.groups(connection_id),
        await store.groups(connection_id, groups_where(f'members eq "{user_id(1)}"')),
        await store.member_ids_of(connection_id, ["grp_1"]),
        await store.groups_of(connection_id, [user_id(1), user_id(2)]),
        await store.tokens(connection_id),
        await store.audit(connection_id),
        await store.exchanges(connection_id, ExchangeQuery()),
        await store.exchanges(connection_id, ExchangeQuery(resource_type="User", target="ana")),
    ]


class StoreConformance(
    UserPromises,
    GroupPromises,
    ReferencePromises,
    ManagerPromises,
    ReviewPromises,
    DecisionPromises,
    SignOnPromises,
    CostPromises,
    AccountPromises,
    ListPromises,
    LogPromises,
    DomainPromises,
    TicketPromises,
    RollCallPromises,
    StandingPromises,
):
    """All promises: those of one noun, and below those that hold for all."""

    @promise
    async def test_a_call_changes_only_its_own_connection(self, store: Store) -> None:
        """The other one looks the same to the last byte, though it has the same ids and names."""
        await mirrored(store)
        before = await seen_from(store, THERE)
        await store.change_user(HERE, user_id(1), lambda user: edited(user, userName="new", externalId="Y"))
        await store.change_group(HERE, "grp_1", GroupChange(add=frozenset({user_id(2)}), display_name="New"), LATER)
        await store.change_group(HERE, "grp_1", GroupChange(clear=True), LATER)
        await store.change_group(HERE, "grp_1", adding(user_id(1)), LATER)
        await store.delete_user(HERE, user_id(1), LATER)
        await store.delete_group(HERE, "grp_1", LATER)
        store.record(an_exchange(2))
        store.token_used(HERE, "tok_1", LATER)
        await store.flush()
        assert await seen_from(store, THERE) == before

    @promise
    async def test_a_call_reads_only_its_own_connection(self, store: Store) -> None:
        """What HERE has is not there for THERE, by id, by name or as a member."""
        await people(store, 2)
        await store.create_group(a_group(), [user_id(1)])
        await store.create_group(a_group("Theirs", THERE, "grp_2"))
        for call in (
            store.user(THERE, user_id(1)),
            store.user_named(THERE, "user1@example.com"),
            store.group(THERE, "grp_1"),
            store.group_named(THERE, "Sales"),
            store.members(THERE, "grp_1"),
            store.delete_user(THERE, user_id(1), LATER),
            store.delete_group(THERE, "grp_1", LATER),
        ):
            with pytest.raises(NotFound):
                await call
        with pytest.raises(UnknownMembers) as caught:
            await store.change_group(THERE, "grp_2", adding(user_id(1), "grp_1"), LATER)
        assert (set(caught.value.ids), caught.value.groups) == ({user_id(1), "grp_1"}, ())
        assert dict(await store.member_ids_of(THERE, ["grp_1"])) == {}
        assert await store.groups_of(THERE, [user_id(1)]) == {}

    @promise
    async def test_two_connections_written_at_once_stay_apart(self, store: Store) -> None:
        """Interleaved in the same batches."""
        writes = [store.create_user(a_user(number, where)) for number in range(50) for where in (HERE, THERE)]
        await asyncio.gather(*writes)
        for where in (HERE, THERE):
            page = await store.users(where)
            assert (page.total, {each.connection_id for each in page.items}) == (50, {where})

    @promise
    async def test_a_write_fails_alone(self, store: Store) -> None:
        """In one batch with others of all kinds; each waiter hears of its own, and nothing of a failed one stays."""
        await store.create_user(a_user(1))
        await store.create_group(a_group())
        change = GroupChange(add=frozenset({user_id(1), "usr_none"}), display_name="Renamed", clear=True)
        answers = await asyncio.gather(
            store.create_user(a_user(2)),
            store.create_user(a_user(3, userName="USER1@example.com")),
            store.change_user(HERE, user_id(1), say_no),
            store.change_group(HERE, "grp_1", change, LATER),
            store.change_group(HERE, "grp_1", adding(user_id(2)), LATER),
            store.delete_group(HERE, "grp_none", LATER),
            store.create_user(a_user(4)),
            return_exceptions=True,
        )
        kinds = [type(each) if isinstance(each, Exception) else None for each in answers]
        assert kinds == [None, Taken, ValueError, UnknownMembers, None, NotFound, None]
        assert [each.id for each in (await store.users(HERE)).items] == [user_id(1), user_id(2), user_id(4)]
        assert (await store.users(HERE)).total == 3
        group = await store.group(HERE, "grp_1")
        assert (group.display_name, group.version, group.member_count) == ("Sales", 2, 1)

    @promise
    async def test_a_waiter_that_went_away_disturbs_no_other(self, store: Store) -> None:
        """A client that hung up before the commit."""
        gone = asyncio.ensure_future(store.create_user(a_user(1)))
        stays = asyncio.ensure_future(store.create_user(a_user(2)))
        await asyncio.sleep(0)
        gone.cancel()
        await stays
        assert (await store.user(HERE, user_id(2))).version == 1

    @promise
    async def test_a_change_that_raises_whatever_leaves_nobody_waiting(self, store: Store) -> None:
        """StopIteration is the one that a future cannot carry."""
        await store.create_user(a_user(1))

        def stop(user: User) -> User:
            raise StopIteration(user.id)

        writes = asyncio.gather(
            store.change_user(HERE, user_id(1), stop), store.create_user(a_user(2)), return_exceptions=True
        )
        raised, made = await asyncio.wait_for(writes, 5)
        assert (isinstance(raised, Exception), made) == (True, a_user(2))

    def test_what_was_answered_survives_a_killed_process(self, tmp_path: Path) -> None:
        """SIGKILL right after the answers; all is there when the place is opened again."""
        mine = type(self)
        command = [sys.executable, "-c", DIES_AFTER_ITS_ANSWERS, mine.__module__, mine.__name__, str(tmp_path)]
        done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=30)
        assert done.returncode == -9, done.stderr

        async def look() -> None:
            store = self.open_store(tmp_path)
            assert await store.user(HERE, user_id(1)) == a_user(1)
            assert [each.user_id for each in await store.members(HERE, "grp_1")] == [user_id(1)]
            assert await store.exchange("req_0001") == an_exchange(1)
            await store.close()

        asyncio.run(look())

    def test_what_was_queued_is_kept_by_close(self, tmp_path: Path) -> None:
        """A note that was not flushed is not lost when the server stops in good order."""

        async def play() -> None:
            store = self.open_store(tmp_path)
            await two_connections(store)
            store.record(an_exchange(1))
            await store.close()
            store = self.open_store(tmp_path)
            assert (await store.exchange("req_0001")).status == 200
            await store.close()

        asyncio.run(play())

    @promise
    async def test_what_is_recorded_is_on_disk_soon_after(self, store: Store) -> None:
        """Without anyone who flushes or writes."""
        store.record(an_exchange(1))
        for _ in range(200):
            await asyncio.sleep(0.01)
            if await store.exchanges(HERE, ExchangeQuery()):
                break
        assert (await store.exchange("req_0001")).status == 200

    @promise
    async def test_a_change_costs_the_same_in_a_group_of_any_size(self, store: Store) -> None:
        """Adding, adding again, removing and claiming one member: 10,000 members cost what 100 do."""
        ids = await people(store, 10_002)
        await store.create_group(a_group("Small", id="grp_1", origin="app"), ids[:100], "app")
        await store.create_group(a_group("Large", id="grp_2", origin="app"), ids[:10_000], "app")
        stranger, there = ids[-1], ids[50]
        for change in (adding(stranger), adding(stranger), removing(stranger), adding(there), removing(there)):
            costs: list[int] = []
            for group_id in ("grp_1", "grp_2"):
                with self.work_of(store) as work:
                    await store.change_group(HERE, group_id, change, LATER)
                costs.append(work.steps)
            small, large = costs
            assert 0 < large < small * 1.5, change

    @promise
    async def test_a_user_or_group_is_found_by_name_at_the_same_cost_among_many(self, store: Store) -> None:
        """By id, by name, by filter on name and external id: no scan."""
        costs: list[list[int]] = []
        for count in (10, 2_000):
            where = HERE if count == 10 else THERE
            await people(store, count, where)
            await store.create_user(a_user(99_999, where, userName="ana", externalId="X"))
            await store.create_group(a_group("Sales", where, external_id="G"))
            calls = (
                lambda w=where: store.user(w, user_id(99_999)),
                lambda w=where: store.user_named(w, "ANA"),
                lambda w=where: store.users(w, users_where('userName eq "ANA"')),
                lambda w=where: store.users(w, users_where('externalId eq "X"')),
                lambda w=where: store.groups(w, groups_where('displayName eq "SALES"')),
                lambda w=where: store.groups(w, groups_where('externalId eq "G"')),
            )
            costs.append([])
            for call in calls:
                with self.work_of(store) as work:
                    await call()
                costs[-1].append(work.steps)
        for few, many in zip(*costs, strict=True):
            assert 0 < many < few * 1.5

    def test_every_error_of_the_store_is_one_of_its_own(self) -> None:
        """Whoever calls can catch StoreError and has caught them all."""
        from vestibule.store import answers

        errors = [
            each
            for _, each in inspect.getmembers(answers, inspect.isclass)
            if issubclass(each, Exception) and each.__module__ == answers.__name__
        ]
        assert errors
        assert all(issubclass(each, StoreError) for each in errors)
