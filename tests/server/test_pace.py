"""How many requests are let through: of whom they are counted, what is told, and who is never kept out."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest

from tests.conftest import Tenant, running
from tests.server.asking import bulk, operation
from tests.server.wire import ERROR, USER, entry, new_user
from vestibule import connections, settings
from vestibule.clock import SystemClock
from vestibule.cycles.seen import seen_of
from vestibule.explain import explain
from vestibule.model import Exchange
from vestibule.scim.scopes import SCOPES
from vestibule.server.app import create_app
from vestibule.server.pace import STRANGERS
from vestibule.server.sparse import LIMITED
from vestibule.settings import InvalidSettings, Settings
from vestibule.store import ExchangeQuery
from vestibule.store.sqlite import SqliteStore

SECOND = 1_000_000
BURST = 30


@dataclass
class Watch:
    """A clock that stands still until it is set."""

    time: int = 1_790_000_000 * SECOND

    def now(self) -> int:
        return self.time


@dataclass
class Served:
    """A server in this process with a clock of its own, two connections and a token of each."""

    store: SqliteStore
    clock: Watch
    app: Any
    tokens: dict[str, str]
    answers: list[httpx2.Response] = field(default_factory=list)

    async def ask(
        self, connection: str, text: str | None = None, method: str = "GET", path: str = "/Users", **rest: Any
    ) -> httpx2.Response:
        client = rest.pop("client", ("203.0.113.7", 1))
        transport = httpx2.ASGITransport(app=self.app, client=client)
        headers = {"Authorization": f"Bearer {self.tokens[connection] if text is None else text}"}
        async with httpx2.AsyncClient(transport=transport) as http:
            url = f"http://v.test/scim/v2/connections/{connection}{path}"
            return await http.request(method, url, headers=headers, **rest)

    async def through(self, connection: str, text: str | None = None, **rest: Any) -> int:
        """How many are let through at this instant."""
        count = 0
        while (await self.ask(connection, text, **rest)).status_code != 429:
            count += 1
        return count

    async def log(self, connection: str) -> list[Exchange]:
        await self.store.flush()
        return await self.store.exchanges(connection, ExchangeQuery(limit=5_000))


def serve(work: Any, rate: int = 1) -> Any:
    async def run() -> Any:
        clock, store = Watch(), SqliteStore.open(":memory:", upgrade=True)
        enterprise = await connections.create_enterprise(store, clock, "Acme")
        tokens: dict[str, str] = {}
        for _ in range(2):
            made = await connections.create_connection(store, clock, enterprise.id, "entra")
            clock.time += 1
            token = await connections.create_token(store, clock, made.id, frozenset(SCOPES))
            tokens[made.id] = token.text
        app = create_app(store, Settings(base_url="http://v.test", scim_rate=rate), clock)
        try:
            return await work(Served(store, clock, app, tokens), *tokens)
        finally:
            await store.close()

    return asyncio.run(run())


def test_a_burst_then_the_rate_and_each_connection_for_itself() -> None:
    async def work(here: Served, one: str, other: str) -> None:
        assert await here.through(one) == BURST
        assert (await here.ask(other)).status_code == 200
        here.clock.time += 5 * SECOND
        assert await here.through(one) == 5

    serve(work)


def test_all_tokens_of_the_identity_provider_count_together() -> None:
    async def work(here: Served, one: str, _other: str) -> None:
        second = await connections.create_token(here.store, here.clock, one, frozenset(SCOPES))
        assert await here.through(one) == BURST
        assert (await here.ask(one, second.text)).status_code == 429

    serve(work)


def test_a_refusal_says_when_to_come_again_and_changes_nothing() -> None:
    async def work(here: Served, one: str, _other: str) -> None:
        await here.through(one)
        body = orjson.dumps({"schemas": [USER], "userName": "ana@example.com"})
        refused = await here.ask(one, method="POST", content=body)
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
        assert refused.headers["content-type"] == "application/scim+json"
        told = refused.json()
        assert (told["schemas"], told["status"]) == ([ERROR], "429")
        assert f"vestibule connection set {one} --rate-limit 100" in told["detail"]
        here.clock.time += SECOND
        assert (await here.ask(one)).json()["totalResults"] == 0
        kept = (await here.log(one))[1]
        assert (kept.status, kept.error, kept.resource_type) == (429, "rate_limited", "User")
        assert {name: kept.facts[name] for name in ("of", "limit", "burst", "retry_after")} == {
            "of": "connection", "limit": 1, "burst": BURST, "retry_after": 1,
        }  # fmt: skip

    serve(work)


def test_a_connections_own_limit_counts_at_once_and_none_is_none() -> None:
    async def work(here: Served, one: str, other: str) -> None:
        await here.through(one)
        await connections.change_settings(here.store, here.clock, one, {"rate_limit": 0})
        assert {(await here.ask(one)).status_code for _ in range(200)} == {200}
        await connections.change_settings(here.store, here.clock, other, {"rate_limit": 2})
        assert await here.through(other) == 2 * BURST

    serve(work)


def test_without_a_limit_of_the_installation_nothing_is_counted() -> None:
    async def work(here: Served, one: str, _other: str) -> None:
        assert {(await here.ask(one)).status_code for _ in range(200)} == {200}

    serve(work, rate=0)


def test_who_guesses_is_slowed_and_keeps_nobody_out_who_has_the_token() -> None:
    async def work(here: Served, one: str, other: str) -> None:
        assert await here.through(one, "no token") == STRANGERS * 30
        refused = await here.ask(one, "no token")
        assert "www-authenticate" not in refused.headers
        assert explain((await here.log(one))[0]).code == "token_unknown"
        # The same address, with the token; another address, and another connection, without.
        assert (await here.ask(one)).status_code == 200
        assert (await here.ask(one, "no token", client=("203.0.113.8", 1))).status_code == 401
        assert (await here.ask(other, "no token")).status_code == 401
        here.clock.time += SECOND
        assert await here.through(one, "no token") == STRANGERS

    serve(work, rate=100)


def test_an_expired_token_uses_up_nothing_of_the_one_in_force() -> None:
    async def work(here: Served, one: str, _other: str) -> None:
        old = await connections.create_token(here.store, here.clock, one, frozenset(SCOPES), lifetime=1)
        here.clock.time += SECOND
        assert await here.through(one, old.text) == STRANGERS * 30
        assert await here.through(one) == BURST

    serve(work)


def test_people_with_tokens_of_their_own_use_up_nothing_of_the_providers(tenant: Tenant) -> None:
    ana = new_user(tenant, "ana@example.com")["id"]
    tenant.set(rate_limit=1)
    made = tenant.vestibule.admin(
        lambda store: connections.create_token(
            store, SystemClock(), tenant.connection_id, frozenset({"get:users"}), user_id=ana
        )
    )
    with tenant.vestibule.client(tenant.connection_id, made.text) as client:
        refused = next(each for each in (client.get("/Me") for _ in range(400)) if each.status_code == 429)
    assert entry(tenant, refused).facts["of"] == "person"
    assert tenant.http.get("/Users").status_code == 200


def test_a_bulk_request_counts_as_many_times_as_it_has_operations(tenant: Tenant) -> None:
    tenant.set(rate_limit=1)
    body = {"schemas": [USER], "userName": "x"}
    done = bulk(tenant, *(operation("POST", "/Users", body | {"userName": f"p{i}"}, bulkId=f"b{i}") for i in range(29)))
    assert {each["status"] for each in done} == {"201"}
    statuses = [tenant.http.get("/Users").status_code for _ in range(5)]
    assert (statuses[0], 429 in statuses) == (200, True)


def test_a_flood_cannot_fill_the_log_and_what_is_left_out_is_told() -> None:
    async def work(here: Served, one: str, _other: str) -> None:
        await here.through(one)
        for _ in range(LIMITED + 50):
            await here.ask(one)
        assert sum(each.status == 429 for each in await here.log(one)) == LIMITED
        here.clock.time += 60 * SECOND
        await here.through(one)
        newest = next(each for each in await here.log(one) if each.status == 429)
        # The first of them ended the burst, and is one more.
        assert newest.facts["left_out"] == 51
        assert "51 more like it were left out of the log" in explain(newest).why

    serve(work)


def test_strangers_whom_the_limit_refuses_are_shut_out_to_the_cycles_as_before() -> None:
    async def work(here: Served, one: str, _other: str) -> None:
        await here.through(one, "no token")
        here.clock.time += 59 * SECOND
        await here.through(one, "no token")
        here.clock.time += 2 * SECOND
        for _ in range(30):
            await here.ask(one, "no token")
        kept = await here.log(one)
        assert sum(each.status == 429 for each in kept) == 30 - 2 * STRANGERS
        assert {found.refused for each in kept if (found := seen_of(each)) is not None} == {401}
        told = explain(kept[0])
        assert (told.code, told.sentence[:33]) == ("rate_limited", "Too many calls without a good tok")

    serve(work)


def test_a_proxy_on_the_same_machine_says_who_calls(tenant: Tenant) -> None:
    url = f"{tenant.vestibule.scim_url(tenant.connection_id)}/Users"

    with httpx2.Client(trust_env=False) as http:

        def ask(address: str) -> int:
            return http.get(url, headers={"X-Forwarded-For": address}).status_code

        assert any(ask("198.51.100.1") == 429 for _ in range(3_000))
        assert ask("198.51.100.2") == 401


def test_the_limit_of_the_installation_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings.read().scim_rate == settings.SCIM_RATE
    for text in ("0", "25"):
        monkeypatch.setenv("VESTIBULE_SCIM_RATE", text)
        assert settings.read().scim_rate == int(text)
    for text in ("fast", "-1", "1000001"):
        monkeypatch.setenv("VESTIBULE_SCIM_RATE", text)
        with pytest.raises(InvalidSettings, match="VESTIBULE_SCIM_RATE must be a whole number from 0"):
            settings.read()


def test_the_setting_reaches_the_server(tmp_path: Path) -> None:
    with running(f"sqlite:///{tmp_path / 'v.db'}", scim_rate=1) as server:
        connection = server.connection()
        with server.client(connection.id, server.token(connection.id)[1]) as client:
            assert 429 in [client.get("/Users").status_code for _ in range(200)]
