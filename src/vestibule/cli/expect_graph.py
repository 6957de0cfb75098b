"""Who is expected as Microsoft Graph tells it: read for this once, or kept to be read again and again."""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vestibule.cli.session import UNREACHABLE, Session, fail
from vestibule.connections import Refused
from vestibule.rollcall import keeping
from vestibule.rollcall.keeping import Taken
from vestibule.sealing import Seal, SealError
from vestibule.store import NotFound, Store
from vestibule.store.roll_calls import KeptExpectation

if TYPE_CHECKING:
    from vestibule.rollcall.graph import GraphAccess, GraphReader
    from vestibule.store.standing import GraphSource

_NEEDS = "--graph needs --client-id and --client-secret-file (an application that may read members)"


@dataclass(frozen=True, slots=True)
class Graph:
    """What is asked of Microsoft Graph. Without application and secret it is read with those that are kept."""

    tenant: str
    client_id: str | None
    secret: str | None = field(repr=False)
    group: str
    graph_url: str | None
    login_url: str | None
    keep: bool


def check_graph(session: Session, graph: Graph) -> None:
    """Whether what is needed was given. Leaves with 2 when it was not."""
    if (not graph.client_id) != (graph.secret is None):
        fail(f"{_NEEDS}, both of them.")
    if graph.secret is None and (graph.graph_url is not None or graph.login_url is not None):
        fail(
            "A secret that is kept goes to the addresses that it was kept with: leave --graph-url and --login-url out."
        )
    if graph.keep and not session.settings.secret_keys:
        from vestibule.rollcall.standing import NO_KEYS

        fail(NO_KEYS)


async def from_graph(session: Session, store: Store, about: tuple[str, str | None], graph: Graph) -> KeptExpectation:
    """Read a group; `about` is the connection and the group here, if it has another name. Raises Refused."""
    from vestibule.rollcall import standing
    from vestibule.rollcall.graph_refusal import GraphRefused

    connection_id, name = about
    access, source = await _access(session, store, connection_id, graph)
    reader, nested = _reader(session, access), list[str]()
    try:
        group = await reader.group(graph.group)
        detail = {"tenant": access.tenant, "client_id": access.client_id, "graph_group": group.id}
        taken = Taken("graph", external_id=group.id, detail=detail)
        pages = reader.people(group, nested)
        kept = await keeping.expect_people(
            store, session.clock, connection_id, name or group.name, pages, taken, nested=nested
        )
    except GraphRefused as error:
        if error.code in ("graph_unreachable", "graph_throttled"):
            fail(str(error), UNREACHABLE)
        raise Refused(str(error)) from error
    if source is not None:
        await standing.keep(store, session.clock, source, kept)
        session.say(f"{kept.group} is read again by the server, daily and after changes here.")
    return kept


async def _access(
    session: Session, store: Store, connection_id: str, graph: Graph
) -> "tuple[GraphAccess, GraphSource | None]":
    """What to read with, and what is kept of it, if it is."""
    from vestibule.rollcall import standing
    from vestibule.rollcall.graph import GRAPH, LOGIN, GraphAccess

    keys = session.settings.secret_keys
    if graph.client_id and graph.secret is not None:
        login = graph.login_url or LOGIN
        access = GraphAccess(graph.tenant, graph.client_id, graph.secret, graph.graph_url or GRAPH, login)
        now = session.clock.now()
        return access, standing.sealed(Seal(keys), connection_id, access, now) if graph.keep else None
    try:
        source = await store.graph_source(connection_id)
    except NotFound:
        source = None
    if source is None or not standing.is_of(source, graph.tenant):
        raise Refused(f"{_NEEDS}, as none is kept for the tenant {graph.tenant} of {connection_id}.")
    if not keys:
        raise Refused(standing.NO_KEYS)
    try:
        return standing.opened(Seal(keys), source), source
    except SealError as error:
        raise Refused(str(error)) from error


def _reader(session: Session, access: "GraphAccess") -> "GraphReader":
    from vestibule.outbound.addresses import Allowed
    from vestibule.outbound.fetch import Fetcher
    from vestibule.rollcall.graph import LIMITS, GraphReader

    async def pause(seconds: float) -> None:
        session.say(f"Microsoft Graph asks to wait {seconds:g} seconds.")
        await asyncio.sleep(seconds)

    return GraphReader(Fetcher(Allowed.read(session.settings.allow_networks), limits=LIMITS), access, pause)
