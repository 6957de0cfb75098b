"""Requests of provisioning as a client really sends them to a running server, and what the log keeps of each."""

import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2

from tests.conftest import Tenant, database_url, running
from vestibule import tickets
from vestibule.clock import SystemClock
from vestibule.connections import create_token
from vestibule.directory import Directory
from vestibule.explain.outside import from_text
from vestibule.hindsight import standing, with_hindsight
from vestibule.model import Exchange
from vestibule.store import Store
from vestibule.store.tickets import TicketChange

MINUTE = 60_000_000
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
EMAIL = [{"type": "work", "primary": True, "value": "ana@example.com"}]


@contextmanager
def tenant() -> Generator[Tenant]:
    """A connection of a server of its own."""
    with tempfile.TemporaryDirectory() as folder, running(database_url(Path(folder), "sqlite")) as server:
        connection = server.connection()
        token, text = server.token(connection.id)
        with server.client(connection.id, text) as client:
            yield Tenant(server, connection.id, token, text, client)


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


def bad_path(here: Tenant) -> httpx2.Response:
    ana = user(here).json()["id"]
    return patch(here, f"/Users/{ana}", {"op": "replace", "path": "emails[type eq", "value": "x"})


def deactivated(here: Tenant) -> httpx2.Response:
    return patch(here, f"/Users/{user(here).json()['id']}", {"op": "replace", "path": "active", "value": False})


def held(here: Tenant) -> httpx2.Response:
    here.set(hold_deactivations=1)
    ana, bob = (user(here, name).json()["id"] for name in ("ana@example.com", "bob@example.com"))
    off = {"op": "replace", "path": "active", "value": False}
    patch(here, f"/Users/{ana}", off)
    return patch(here, f"/Users/{bob}", off)


def same_email(here: Tenant) -> httpx2.Response:
    document = {"schemas": [USER], "userName": "ana", "active": True, "emails": EMAIL}
    here.vestibule.admin(
        lambda store: Directory(store, SystemClock()).create_user(here.connection_id, document, "app")
    )  # fmt: skip
    return user(here)


def other_token(here: Tenant) -> httpx2.Response:
    text = here.vestibule.token(here.vestibule.connection().id)[1]
    with here.vestibule.client(here.connection_id, text) as client:
        return client.get("/Users")


def manager(here: Tenant) -> httpx2.Response:
    boss, ana = (user(here, name).json()["id"] for name in ("boss@example.com", "ana@example.com"))
    return patch(here, f"/Users/{ana}", {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": boss})


def typed(here: Tenant) -> httpx2.Response:
    return user(here, active="True")


def legacy(here: Tenant) -> httpx2.Response:
    ana = user(here).json()["id"]
    return patch(here, f"/Users/{ana}", {"op": "Replace", "path": "active", "value": "False"})


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


def limited_person(here: Tenant) -> httpx2.Response:
    ana = user(here).json()["id"]
    here.set(rate_limit=1)
    made = here.vestibule.admin(
        lambda store: create_token(store, SystemClock(), here.connection_id, frozenset({"get:users"}), user_id=ana)
    )
    with here.vestibule.client(here.connection_id, made.text) as client:
        return too_fast(here, lambda: client.get("/Me"))


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


REQUESTS: dict[str, Callable[[Tenant], httpx2.Response]] = {
    "nested_group_member": nested,
    "nested_group_member.refused": nested_refused,
    "patch_path_invalid": bad_path,
    "deactivated_in_directory": deactivated,
    "held_for_approval": held,
    "user_conflict_email_existing_account": same_email,
    "token_of_other_directory": other_token,
    "wrong_path.doubled": lambda here: here.http.get("/scim/Users"),
    "email_missing.provisioned": lambda here: user(here, emails=[]),
    "email_is_upn": lambda here: user(here, emails=[{"value": "ana_b.example#EXT#@contoso.onmicrosoft.com"}]),
    "manager_shape": manager,
    "schema_value_type.normalised": typed,
    "dialect_legacy": legacy,
    "group_conflict_displayname.with_external_id": group_taken,
    "ticket_expired": link_opened,
    "ticket_revoked": lambda here: link_opened(here, revoked=True),
    "filter_no_match_will_create.group": group_absent,
    "rate_limited.connection": limited,
    "rate_limited.person": limited_person,
    "domain_not_allowed.provisioned": other_domain,
}
"""File → the request that it holds."""
LOG_TEXT = (
    "Failed to create User 'ana@example.com' in customappsso; Error: StatusCode: TooManyRequests Message: Processing of "
    "the HTTP request resulted in an exception. POST https://id.example/scim/v2/connections/con_06fdm3v7q5/Users Web "
    'Response: {"status":"429","detail":"… https://id.example/e/req_06fdm3v7q5wrn9w2fz1m8m3h1c"}'
)


def stands(here: Tenant, after: int) -> Exchange:
    now = SystemClock().now() + after * MINUTE
    return here.vestibule.admin(lambda store: standing(store, here.connection_id, now))


def silent() -> Exchange:
    with tenant() as here:
        return stands(here, 180)


def called() -> Exchange:
    with tenant() as here:
        kept(here, user(here))
        return stands(here, 15)


def stalled() -> Exchange:
    """A first cycle with a token that may touch no group."""
    with tenant() as here:
        text = here.vestibule.token(here.connection_id, ["get:users", "post:users"])[1]
        with here.vestibule.client(here.connection_id, text) as client:
            client.post("/Users", json={"schemas": [USER], "userName": "ana@example.com", "active": True})
            kept(here, client.get("/Groups", params={"filter": 'displayName eq "grp_all"'}))
        return stands(here, 180)


def outside() -> Exchange:
    found = from_text(LOG_TEXT)
    assert found is not None
    return found


def asked(request: Callable[[Tenant], httpx2.Response]) -> Exchange:
    with tenant() as here:
        return kept(here, request(here))


PROVISIONED: dict[str, Callable[[], Exchange]] = {
    **{name: (lambda request=request: asked(request)) for name, request in REQUESTS.items()},
    "no_traffic_yet": silent,
    "stalled_after_failures": stalled,
    "traffic_arrives": called,
    "rate_limited.outside": outside,
}
"""File → how its exchange is made."""
