"""A group is read from Microsoft Graph again and again with a secret that is kept; what fails is told, and keeps the list."""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass, replace
from typing import Any

import pytest
import structlog

from tests.rollcall.graph_server import SECRET, Graph, fault, group, serving, user
from tests.rollcall.stage import CON, Stage, play
from vestibule.doctor.examining import examine
from vestibule.model import Connection, Enterprise
from vestibule.outbound.addresses import Allowed
from vestibule.outbound.fetch import Fetcher
from vestibule.rollcall import keeping, standing
from vestibule.rollcall.graph import GraphAccess
from vestibule.rollcall.keeping import Taken, in_pages
from vestibule.rollcall.standing import Anew, NothingStands, Rereading
from vestibule.sealing import Seal, SealError
from vestibule.server.rereading import Rereader
from vestibule.store import NotFound
from vestibule.store.roll_calls import ExpectedPerson

ID, OTHER = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
SEAL = Seal((b"k" * 32,))
EXPIRED = "AADSTS7000222: The provided client secret keys for app 'app' are expired. Visit the Azure portal."


@pytest.fixture
def graph() -> Generator[Graph]:
    made = Graph(groups={ID: ("All", [user(1), user(2)]), OTHER: ("Buyers", [user(3)])})
    with serving(made):
        yield made


@dataclass
class Tenant:
    """A stage whose groups are read again, from a stand-in for Graph."""

    stage: Stage
    graph: Graph
    seal: Seal | None = SEAL

    @property
    def rereading(self) -> Rereading:
        fetcher = Fetcher(Allowed.read(["127.0.0.1/32"]))
        return Rereading(self.stage.store, self.stage.clock, fetcher, self.seal)

    async def keep(self, name: str = "All", graph_id: str = ID, connection_id: str = CON) -> None:
        """As `rollcall expect --keep` does it, with nobody on the list yet."""
        access = GraphAccess("acme.example", "app", SECRET, f"{self.graph.url}/v1.0", self.graph.url)
        store, clock = self.stage.store, self.stage.clock
        taken = Taken("graph", external_id=graph_id)
        kept = await keeping.expect_people(store, clock, connection_id, name, in_pages(()), taken)
        await standing.keep(store, clock, standing.sealed(SEAL, connection_id, access, clock.now()), kept)

    async def turn(self, minutes: int = 24 * 60) -> list[Anew]:
        """Some minutes later, what is due is read."""
        self.stage.clock.pass_minutes(minutes)
        rereading = self.rereading
        return [each for each in [await rereading.read(group) for group in await rereading.due()] if each]

    async def expected(self, name: str = "All") -> list[str]:
        kept = await self.stage.store.expectation(CON, name)
        people, _ = await self.stage.store.people_to_explain(CON, kept.id, None, "", 99)
        return [each.user_name for each in people]

    async def actions(self) -> list[str]:
        return [action for action, _ in await self.stage.audit()]


def playing(graph: Graph, work: Callable[[Tenant], Awaitable[None]]) -> None:
    play(lambda stage: work(Tenant(stage, graph)))


def expire(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"error": "invalid_client", "error_description": EXPIRED}
    monkeypatch.setattr(graph, "token", lambda form: (401, {}, told))


def test_a_group_is_read_daily_and_a_list_that_differs_is_a_new_one_whose_drift_is_told(graph: Graph) -> None:
    async def work(tenant: Tenant) -> None:
        stage = tenant.stage
        await stage.group("All", *[await stage.user(f"user{number}@acme.example") for number in (1, 2)])
        await tenant.keep()
        assert await tenant.turn(60 * 23) == []
        (anew,) = await tenant.turn(60)
        assert (anew.changed, await tenant.expected()) == (True, ["user1@acme.example", "user2@acme.example"])
        assert (await stage.call("All")).balanced
        first = await stage.store.expectation(CON, "All")
        (anew,) = await tenant.turn()
        assert (anew.changed, await stage.store.expectation(CON, "All")) == (False, first)
        assert (await stage.call("All")).as_json()["reading"]["read_at"] > "2025-11-26"
        graph.groups[ID] = ("All", [user(2), user(5), group(OTHER, "Buyers")])
        graph.transitive[OTHER] = [user(3)]
        (anew,) = await tenant.turn()
        assert (anew.changed, (await stage.store.expectation(CON, "All")).nested) == (True, ("Buyers",))
        (roll,) = await stage.due()
        assert (roll.reasons, roll.extras) == ({"never_provisioned": 1, "nested_group": 1}, {"left_over": 1})
        assert await tenant.actions() == [
            "rollcall.drifted", "rollcall.expected", "rollcall.expected", "rollcall.source_kept", "rollcall.expected",
        ]  # fmt: skip

    playing(graph, work)


def test_a_change_of_the_group_here_has_it_read_soon_but_at_most_hourly(graph: Graph) -> None:
    async def work(tenant: Tenant) -> None:
        stage = tenant.stage
        ana, group_id = await stage.user("ana"), await stage.group("All")
        stage.clock.pass_minutes(1)
        await tenant.keep()
        await stage.change(group_id, add=[ana])
        assert await tenant.turn(58) == []
        assert len(await tenant.turn(3)) == 1
        assert await tenant.turn(90) == []
        await stage.change(group_id, remove=[ana])
        assert len(await tenant.turn(1)) == 1
        await stage.change(group_id, add=[ana])
        assert (await tenant.turn(58), len(await tenant.turn(3))) == ([], 1)

    playing(graph, work)


def test_an_expired_secret_leaves_the_list_and_is_told_until_it_is_kept_anew(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(tenant: Tenant) -> None:
        stage = tenant.stage
        await tenant.keep()
        await tenant.turn()
        with monkeypatch.context() as patched:
            expire(graph, patched)
            (anew,) = await tenant.turn()
            assert anew.fault is not None
            assert (anew.fault.code, "secret has expired (AADSTS7000222)" in anew.fault.sentence) == (
                "graph_token_refused", True,
            )  # fmt: skip
            assert "vestibule rollcall expect con_1 --group 'All'" in anew.fault.fix
            assert await tenant.turn(59) == []
            since = anew.group.failing_since
            (again,) = await tenant.turn(2)
            assert (again.group.failing_since, await tenant.expected()) == (since, await tenant.expected())
            assert await tenant.expected() == ["user1@acme.example", "user2@acme.example"]
            reading = (await stage.call("All")).as_json()["reading"]
            assert (reading["read_at"][:10], reading["failing_since"][:10]) == ("2025-11-25", "2025-11-26")
            assert reading["fault"]["code"] == "graph_token_refused"
            found = await examine(stage.store, CON, stage.clock.now())
            (told,) = [each for each in found.findings if each.code == "expected_list_stale"]
            assert ("AADSTS7000222" in told.sentence, "2025-11-25" in told.why) == (True, True)
        # Kept anew with another group, so that only what failed is read again.
        await tenant.keep("Buyers", OTHER)
        (good,) = await tenant.turn(0)
        assert (good.group.group, good.fault, good.group.failing_since) == ("All", None, None)
        actions = await tenant.actions()
        assert [each for each in actions if each.startswith("rollcall.source_")] == [
            "rollcall.source_read_again", "rollcall.source_kept", "rollcall.source_failed", "rollcall.source_kept",
        ]  # fmt: skip
        assert not [
            each for each in (await examine(stage.store, CON, stage.clock.now())).findings if "stale" in each.code
        ]

    playing(graph, work)


@pytest.mark.parametrize(
    ("refusal", "code", "words", "minutes"),
    [
        ((403, {}, fault("Authorization_RequestDenied", "No.")), "graph_forbidden", "Grant admin consent", 60),
        ((404, {}, fault("Request_ResourceNotFound", "Gone.")), "graph_group_unknown", "Object ID", 60),
        ((429, {"Retry-After": "7200"}, fault("TooManyRequests", "Too many.")), "graph_throttled", "later", 120),
        ((503, {"Retry-After": "61"}, {}), "graph_throttled", "later", 15),
        ((302, {"Location": "http://169.254.169.254/"}, {}), "graph_unreachable", "ALLOW_NETWORKS", 15),
    ],
)
def test_what_graph_refuses_is_told_and_tried_again_when_it_says(
    graph: Graph, refusal: Any, code: str, words: str, minutes: int
) -> None:
    async def work(tenant: Tenant) -> None:
        await tenant.keep()
        await tenant.turn()
        graph.refuse = [refusal]
        (anew,) = await tenant.turn()
        assert anew.fault is not None
        assert (anew.fault.code, words in anew.fault.fix) == (code, True), anew.fault
        assert await tenant.expected() == ["user1@acme.example", "user2@acme.example"]
        assert await tenant.turn(minutes - 1) == []
        (good,) = await tenant.turn(2)
        assert (good.fault, good.changed) == (None, False)

    playing(graph, work)


def test_a_busy_token_endpoint_is_no_wrong_secret(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(tenant: Tenant) -> None:
        await tenant.keep()
        monkeypatch.setattr(graph, "token", lambda form: (429, {"Retry-After": "3600"}, {}))
        (anew,) = await tenant.turn()
        assert anew.fault is not None
        assert anew.fault.code == "graph_throttled"
        assert anew.group.due_at - anew.group.tried_at >= standing.HOUR

    playing(graph, work)


def test_the_secret_is_sealed_for_its_tenant_and_address_and_is_told_nowhere(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even when what answers sends it back."""

    async def work(tenant: Tenant) -> None:
        stage = tenant.stage
        await tenant.keep()
        source = await stage.store.graph_source(CON)
        assert (SECRET in repr(source), SECRET in source.secret, source.secret in repr(source)) == (False, False, False)
        assert standing.opened(SEAL, source).secret == SECRET
        moved: list[dict[str, Any]] = [
            {"tenant": "t"},
            {"login_url": "https://evil.example"},
            {"connection_id": "con_2"},
        ]
        for each in moved:
            with pytest.raises(SealError):
                standing.opened(SEAL, replace(source, **each))
        monkeypatch.setattr(graph, "token", lambda form: (400, {}, {"error_description": f"You said {form!r}"}))
        (anew,) = await tenant.turn()
        roll = await stage.call("All")
        assert anew.fault is not None
        assert "(the secret)" in anew.fault.sentence
        assert SECRET not in f"{anew} {roll.as_json()} {await stage.audit()}"

    playing(graph, work)


@pytest.mark.parametrize(("seal", "code"), [(None, "secret_keys_missing"), (Seal((b"x" * 32,)), "secret_sealed")])
def test_without_the_key_that_it_was_sealed_with_nothing_is_asked(graph: Graph, seal: Seal | None, code: str) -> None:
    async def work(tenant: Tenant) -> None:
        await tenant.keep()
        tenant.seal = seal
        (anew,) = await tenant.turn()
        assert anew.fault is not None
        assert (anew.fault.code, "key" in anew.fault.sentence.lower(), graph.tokens) == (code, True, [])
        tenant.seal = SEAL
        (anew,) = await tenant.turn(61)
        assert anew.changed

    playing(graph, work)


def test_of_two_workers_one_reads_and_who_dies_meanwhile_is_followed(graph: Graph) -> None:
    async def work(tenant: Tenant) -> None:
        await tenant.keep()
        tenant.stage.clock.pass_minutes(24 * 60)
        one, other = tenant.rereading, tenant.rereading
        (due,) = await one.due()
        both = await asyncio.gather(one.read(due), other.read(due))
        assert (len([each for each in both if each]), len(graph.tokens)) == (1, 1)
        tenant.stage.clock.pass_minutes(24 * 60)
        (due,) = await one.due()
        now = tenant.stage.clock.now()
        assert await tenant.stage.store.claim_standing(due, now, now + standing.LEASE)
        assert await tenant.turn(29) == []
        assert len(await tenant.turn(2)) == 1

    playing(graph, work)


@pytest.mark.parametrize("act", ["forget", "csv", "source"])
def test_what_is_forgotten_while_it_is_read_does_not_come_back(
    graph: Graph, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    async def work(tenant: Tenant) -> None:
        stage = tenant.stage
        await tenant.keep()
        as_current = stage.store.is_as_current

        async def meanwhile(*rest: Any) -> bool:
            told = await as_current(*rest)
            if act == "forget":
                assert await keeping.forget(stage.store, stage.clock, CON, "all")
            elif act == "csv":
                await stage.expect("All", ExpectedPerson("zoe"), source="csv")
            else:
                assert await standing.forget_source(stage.store, stage.clock, CON) == ["All"]
            return told

        monkeypatch.setattr(stage.store, "is_as_current", meanwhile)
        assert await tenant.turn() == []
        with pytest.raises(NotFound):
            await stage.store.graph_source(CON)
        kept = [(each.source, each.count) for each in await stage.store.expectations(CON)]
        assert kept == {"forget": [], "csv": [("csv", 1)], "source": [("graph", 0)]}[act]
        with pytest.raises(NothingStands):
            await standing.forget_source(stage.store, stage.clock, CON)

    playing(graph, work)


def test_a_source_that_hangs_or_breaks_keeps_no_other_waiting_and_all_of_it_is_logged(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(tenant: Tenant) -> None:
        stage = tenant.stage
        await stage.store.add_enterprise(Enterprise("ent_2", "Other", 1))
        await stage.store.add_connection(Connection("con_2", "ent_2", "entra", 1))
        await tenant.keep()
        await tenant.keep("Buyers", OTHER)
        await tenant.keep(connection_id="con_2")
        released = asyncio.Event()
        begin = stage.store.begin_expectation

        async def hanging(draft: Any) -> None:
            if (draft.connection_id, draft.group) == (CON, "All"):
                await released.wait()
            if draft.group == "Buyers":
                raise RuntimeError("broken")
            await begin(draft)

        monkeypatch.setattr(stage.store, "begin_expectation", hanging)
        stage.clock.pass_minutes(24 * 60)
        rereader = Rereader(tenant.rereading)
        with structlog.testing.capture_logs() as logged:
            running = asyncio.create_task(rereader.run(every=0.05))
            async with asyncio.timeout(20):
                while (await stage.store.standing_groups("con_2"))[0].read_at < stage.clock.at - standing.HOUR:
                    await asyncio.sleep(0.02)
            assert (await stage.store.expectation("con_2", "All")).count == 2

            released.set()
            async with asyncio.timeout(20):
                while (await stage.store.expectation(CON, "All")).count != 2:
                    await asyncio.sleep(0.02)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
        broken = await stage.store.standing_group(CON, "Buyers")
        assert broken is not None
        assert broken.fault is not None
        assert broken.fault.code == "failed_here"
        assert ("error", "Buyers") in [(each["log_level"], each.get("group")) for each in logged]
        assert SECRET not in str(logged)

    playing(graph, work)


def test_a_server_that_does_not_run_is_told_by_the_doctor(graph: Graph) -> None:
    async def work(tenant: Tenant) -> None:
        await tenant.keep()
        for days, count in ((1, 0), (2, 1)):
            tenant.stage.clock.pass_minutes(days * 24 * 60)
            found = await examine(tenant.stage.store, CON, tenant.stage.clock.now())
            assert len([each for each in found.findings if each.code == "expected_list_stale"]) == count

    playing(graph, work)
