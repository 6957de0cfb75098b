"""Requests of provisioning as a client really sends them to a running server, and what the log keeps of each."""

import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2

from tests.conftest import Tenant, a_tenant, database_url, running
from vestibule import tickets
from vestibule.clock import SystemClock
from vestibule.directory import Directory
from vestibule.hindsight import standing, with_hindsight
from vestibule.model import Exchange
from vestibule.store import Store
from vestibule.store.tickets import TicketChange

MINUTE = 60_000_000
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
EMAIL = [{"type": "work", "primary": True, "value": "ana@example.com"}]


@contextmanager
def tenant(**options: Any) -> Generator[Tenant]:
    """A connection of a server of its own."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running(database_url(Path(folder), "sqlite"), **options) as server,
        a_tenant(server) as made,
    ):
        yield made


def kept(here: Tenant, answer: httpx2.Response) -> Exchange:
    """What the log has of an answer, and what the store knows of it by now."""
    httpx2.get(f"{here.vestibule.base_url}/e/{answer.headers['vestibule-request-id']}", trust_env=False)

    async def work(store: Store) -> Exchange:
        return await with_hindsight(store, await store.exchange(answer.headers["vestibule-request-id"]))

    return here.vestibule.admin(work)


def user(here: Tenant, name: str = "ana@example.com", **rest: Any) -> httpx2.Response:
    body = {"schemas": [USER], "userName": name, "active": True, "emails": EMAIL, **rest}
    return here.http.post("/Users", json=body)


def group(here: Tenant, name: str, *members: str) -> str:
    return here.http.post(
        "/Groups", json={"displayName": name, "members": [{"value": each} for each in members]}
    ).json()["id"]  # fmt: skip


def patch(here: Tenant, path: str, *operations: dict[str, Any]) -> httpx2.Response:
    return here.http.patch(path, json={"schemas": [PATCH], "Operations": list(operations)})


def nested(here: Tenant) -> httpx2.Response:
    inner, outer = group(here, "inner"), group(here, "outer")
    return patch(here, f"/Groups/{outer}", {"op": "add", "path": "members", "value": [{"value": inner}]})


def nested_refused(here: Tenant) -> httpx2.Response:
    here.set(nested_groups="refuse")
    return nested(here)


def same_email(here: Tenant) -> httpx2.Response:
    document = {"schemas": [USER], "userName": "ana", "active": True, "emails": EMAIL}
    here.vestibule.admin(
        lambda store: Directory(store, SystemClock()).create_user(here.connection_id, document, "app")
    )  # fmt: skip
    return user(here)


def group_taken(here: Tenant) -> httpx2.Response:
    group(here, "grp_all")
    return here.http.post("/Groups", json={"displayName": "grp_all", "externalId": "8a4e-7"})


def group_absent(here: Tenant) -> httpx2.Response:
    return here.http.get("/Groups", params={"filter": 'displayName eq "grp_all"', "excludedAttributes": "members"})


def too_fast(here: Tenant, send: Callable[[], httpx2.Response], most: int = 400) -> httpx2.Response:
    """The first answer that says so."""
    return next(answer for answer in (send() for _ in range(most)) if answer.status_code == 429)


def limited(here: Tenant) -> httpx2.Response:
    here.set(rate_limit=1)
    return too_fast(here, lambda: here.http.get("/Users", params={"filter": 'userName eq "ana@example.com"'}))


def other_domain(here: Tenant) -> httpx2.Response:
    here.set(allowed_domains=["acme.example", "*.acme.example"])
    return user(here)


def link_opened(here: Tenant, *, revoked: bool = False) -> httpx2.Response:
    """The link of a setup ticket, opened after its end."""

    async def work(store: Store) -> str:
        made = await tickets.create(store, SystemClock(), here.connection_id)
        if revoked:
            await tickets.revoke(store, SystemClock(), made.ticket.id)
        else:
            over = replace(made.ticket, expires_at=SystemClock().now() - MINUTE)
            await store.change_ticket(here.connection_id, over.id, lambda _: TicketChange(over))
        return made.link(here.vestibule.base_url)

    return httpx2.get(here.vestibule.admin(work), trust_env=False)


def stands(here: Tenant, after: int) -> Exchange:
    now = SystemClock().now() + after * MINUTE
    return here.vestibule.admin(lambda store: standing(store, here.connection_id, now))


def silent() -> Exchange:
    with tenant() as here:
        return stands(here, 180)


def asked(request: Callable[[Tenant], httpx2.Response]) -> Exchange:
    with tenant() as here:
        return kept(here, request(here))


PROVISIONED: dict[str, Callable[[], Exchange]] = {
    "no_traffic_yet": silent,
    "ticket_expired": lambda: asked(link_opened),
    "ticket_revoked": lambda: asked(lambda here: link_opened(here, revoked=True)),
}
"""File → how its exchange is made, where no engine and no client is asked."""
