"""A real server on loopback for every test that asks for one, and a Vestibule to administer it with."""

import asyncio
import contextlib
import os
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import hypothesis
import pytest
import uvicorn

from tests.postgres import fresh_url
from vestibule import connections
from vestibule.clock import SystemClock
from vestibule.model import Connection, Token
from vestibule.scim.scopes import SCOPES
from vestibule.server.app import served
from vestibule.settings import Settings
from vestibule.store import Store
from vestibule.store.opening import open_store

# A slow machine is no fault of the code's; CI repeats itself, a developer's run explores.
hypothesis.settings.register_profile("vestibule", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("vestibule")

T = TypeVar("T")
USER_SCOPES = frozenset(scope for scope in SCOPES if scope.endswith(":users"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Vestibule:
    """A running server and its database."""

    base_url: str
    database: str

    def admin(self, work: Callable[[Store], Awaitable[T]]) -> T:
        """Do something straight on the database, as the command line does, beside the running server."""

        async def run() -> T:
            store = open_store(self.database, pool_size=1)
            try:
                return await work(store)
            finally:
                await store.close()

        # In a thread of its own, as an event loop may be running in this one.
        with ThreadPoolExecutor(1) as aside:
            return aside.submit(asyncio.run, run()).result()

    def connection(self) -> Connection:
        async def work(store: Store) -> Connection:
            enterprise = await connections.create_enterprise(store, SystemClock(), "Acme")
            return await connections.create_connection(store, SystemClock(), enterprise.id, "entra")

        return self.admin(work)

    def token(self, connection_id: str, scopes: Any = SCOPES, lifetime: int | None = None) -> tuple[Token, str]:
        made = self.admin(
            lambda store: connections.create_token(
                store, SystemClock(), connection_id, frozenset(scopes), lifetime=lifetime
            )
        )
        return made.token, made.text

    def scim_url(self, connection_id: str) -> str:
        return f"{self.base_url}/scim/v2/connections/{connection_id}"

    def client(self, connection_id: str, token: str) -> httpx2.Client:
        return httpx2.Client(
            base_url=self.scim_url(connection_id),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/scim+json"},
            trust_env=False,
        )


ENGINES = ("sqlite", "postgres")


def database_url(folder: Path, engine: str = os.environ.get("VESTIBULE_TEST_ENGINE", "sqlite")) -> str:
    """An empty database for a folder; `VESTIBULE_TEST_ENGINE=postgres` runs every test on PostgreSQL."""
    return f"sqlite:///{folder / 'vestibule.db'}" if engine == "sqlite" else fresh_url(folder)


@contextlib.contextmanager
def running(database: str, **options: Any) -> Generator[Vestibule]:
    port = free_port()
    base_url = f"http://127.0.0.1:{port}"
    app = served(Settings(database, base_url, **options))
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.005)
    try:
        yield Vestibule(base_url, database)
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="session")
def vestibule(tmp_path_factory: pytest.TempPathFactory) -> Generator[Vestibule]:
    """One server for all tests; each takes a connection of its own."""
    with running(database_url(tmp_path_factory.mktemp("vestibule")), max_body=256 * 1024) as server:
        yield server


@dataclass
class Tenant:
    """A fresh connection, a token with all scopes, and a client that uses it."""

    vestibule: Vestibule
    connection_id: str
    token: Token
    text: str
    http: httpx2.Client

    def set(self, **settings: Any) -> None:
        """Change how the connection speaks SCIM."""
        self.vestibule.admin(
            lambda store: connections.change_settings(store, SystemClock(), self.connection_id, settings)
        )


@contextlib.contextmanager
def a_tenant(vestibule: Vestibule) -> Generator[Tenant]:
    """A tenant of a server."""
    connection = vestibule.connection()
    token, text = vestibule.token(connection.id)
    with vestibule.client(connection.id, text) as client:
        yield Tenant(vestibule, connection.id, token, text, client)


@pytest.fixture
def tenant(vestibule: Vestibule) -> Generator[Tenant]:
    with a_tenant(vestibule) as made:
        yield made
