"""Who sends the requests of provisioning whose explanations are written down: our engine, and a client of others."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import httpx2
from scim2_client.engines.httpx2 import SyncSCIMClient

from tests.conftest import Tenant
from vestibule import __version__
from vestibule.entra.tenant import Tenant as Source
from vestibule.explain import explain
from vestibule.hindsight import with_hindsight
from vestibule.model import Exchange
from vestibule.rehearsal import Rehearsal, Target, rehearse
from vestibule.store import Store


@dataclass(frozen=True, slots=True)
class Sender:
    """A program, and which one of it."""

    name: str
    version: str


ENGINE = Sender("vestibule rehearse", __version__)
CLIENT = Sender("scim2-client", version("scim2-client"))


class Noting(httpx2.AsyncHTTPTransport):
    """The line to a running server, which notes what the server calls the engine's requests."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = await super().handle_async_request(request)
        # The roll call after the cycles is the rehearsal's own, and says who it is.
        if "user-agent" not in request.headers:
            self.ids.append(answer.headers["vestibule-request-id"])
        return answer


@dataclass(frozen=True, slots=True)
class Ran:
    """What a rehearsal sent, oldest first, and what it says of itself."""

    exchanges: list[Exchange]
    rehearsal: Rehearsal


@dataclass(frozen=True, slots=True)
class Engine:
    """The provisioning engine before a connection. With a state file it goes on where the last run ended."""

    here: Tenant
    state: str | None = None

    def run(self, source: Source, *, at: str = "", url: str = "", token: str | None = None, batch: int = 100) -> Ran:
        """One cycle, and what the log has of it. `at` comes behind the tenant URL, as a slip of the hand does."""
        rehearsal, ids = self.send(source, at=at, url=url, token=token, batch=batch)
        return Ran(kept(self.here, ids), rehearsal)

    def send(
        self, source: Source, *, at: str = "", url: str = "", token: str | None = None, batch: int = 100
    ) -> tuple[Rehearsal, list[str]]:
        """One cycle, and what the server calls its requests."""
        line = Noting()
        where = url or self.here.vestibule.scim_url(self.here.connection_id) + at
        target = Target(where, self.here.text if token is None else token, batch=batch)
        return asyncio.run(rehearse(source, target, self.state, transport=line)), line.ids


@dataclass
class Client:
    """python-scim's client before a connection."""

    here: Tenant
    scim: Any
    ids: list[str] = field(default_factory=list[str])

    def sent(self) -> list[Exchange]:
        """What it has sent, oldest first."""
        return kept(self.here, self.ids)


@contextmanager
def client(here: Tenant, token: str | None = None) -> Generator[Client]:
    """The client, when it has read what the connection serves; with another token it does not look again."""
    ids: list[str] = []

    def note(answer: httpx2.Response) -> None:
        ids.append(answer.headers["vestibule-request-id"])

    base = here.vestibule.scim_url(here.connection_id) + "/"
    with httpx2.Client(base_url=base, headers={"Authorization": f"Bearer {here.text}"}, trust_env=False) as http:
        scim = SyncSCIMClient(http, raise_scim_errors=False)
        scim.discover()
        http.event_hooks["response"].append(note)
        if token is not None:
            http.headers["Authorization"] = token
        yield Client(here, scim, ids)


def kept(here: Tenant, ids: list[str]) -> list[Exchange]:
    """What the log has of requests, and what the store knows of them by now."""
    # Its page is shown when what came before has been written down.
    httpx2.get(f"{here.vestibule.base_url}/e/{ids[-1]}", trust_env=False)

    async def work(store: Store) -> list[Exchange]:
        return [await with_hindsight(store, await store.exchange(each)) for each in ids]

    return here.vestibule.admin(work)


def told_by(code: str, exchanges: list[Exchange]) -> Exchange:
    """The first that is told, or noted, by a code."""
    seen: list[str] = []
    for each in exchanges:
        story = explain(each)
        codes = [story.code, *(note.code for note in story.notes)]
        if code in codes:
            return each
        seen += codes
    raise AssertionError(f"nothing that was sent is told by {code}, but by {', '.join(dict.fromkeys(seen))}")
