"""/Me (RFC 7644 section 3.11): the user whom a token stands for, and nothing else."""

from collections.abc import Callable, Collection, Generator
from contextlib import ExitStack
from typing import Any

import httpx2
import pytest

from tests.conftest import USER_SCOPES, Tenant
from tests.server.asking import BULK, SEARCH, operation, patch_of, total
from tests.server.test_bad_input import is_error
from tests.server.test_scim import create_group, create_user
from vestibule import connections
from vestibule.clock import SystemClock
from vestibule.scim.schema import ENTERPRISE_USER
from vestibule.scim.scopes import SCOPES

Client = Callable[..., httpx2.Client]
TITLE = patch_of({"op": "replace", "path": "nickName", "value": "Boss"})


@pytest.fixture
def as_user(tenant: Tenant) -> Generator[Client]:
    """A client with a token that stands for a user."""
    with ExitStack() as stack:

        def client(user_id: str, scopes: Collection[str] = SCOPES) -> httpx2.Client:
            made = tenant.vestibule.admin(
                lambda store: connections.create_token(
                    store, SystemClock(), tenant.connection_id, frozenset(scopes), user_id=user_id
                )
            )
            return stack.enter_context(tenant.vestibule.client(tenant.connection_id, made.text))

        yield client


def test_me_is_the_user_under_its_own_address(tenant: Tenant, as_user: Client) -> None:
    ana, ben = create_user(tenant, "ana", nickName="Lead"), create_user(tenant, "ben")
    create_group(tenant, "staff", ana["id"])
    for user in (ana, ben):
        me = as_user(user["id"])
        for path in ("/Me", "/me", "/Me/"):
            answer = me.get(path)
            assert answer.status_code == 200
            shown = tenant.http.get(f"/Users/{user['id']}")
            assert answer.json() == shown.json()
            assert answer.headers["location"] == user["meta"]["location"]
            assert answer.headers["etag"] == shown.headers["etag"]
    assert as_user(ana["id"]).get("/Me").json()["groups"][0]["display"] == "staff"
    some = as_user(ana["id"]).get("/Me", params={"attributes": "nickName"}).json()
    assert some.keys() == {"schemas", "id", "nickName"}


def test_me_can_be_changed_and_replaced(tenant: Tenant, as_user: Client) -> None:
    ana, ben = create_user(tenant, "ana", nickName="Lead"), create_user(tenant, "ben", nickName="Lead")
    me, path = as_user(ana["id"]), f"/Users/{ana['id']}"
    changed = me.patch("/Me", json=TITLE)
    assert (changed.status_code, changed.headers["location"]) == (200, ana["meta"]["location"])
    assert changed.json() == tenant.http.get(path).json()
    assert changed.json()["nickName"] == "Boss"
    replaced = me.put("/Me", json={"userName": "ana"})
    assert (replaced.status_code, replaced.headers["location"]) == (200, ana["meta"]["location"])
    assert "nickName" not in tenant.http.get(path).json()
    assert tenant.http.get(f"/Users/{ben['id']}").json() == ben


@pytest.mark.parametrize(
    "value",
    [
        {"active": False}, {"userName": "root"}, {"externalId": "obj-42"}, {"roles": [{"value": "admin"}]},
        {"entitlements": [{"value": "all"}]}, {"emails": [{"value": "boss@example.com"}]}, {"title": "Chief"},
        {ENTERPRISE_USER: {"department": "Board"}},
    ],
)  # fmt: skip
def test_nobody_promotes_themselves(tenant: Tenant, as_user: Client, value: dict[str, Any]) -> None:
    ana = create_user(tenant, "ana")
    waiting = create_group(tenant, "admins", "obj-42", "root")
    me = as_user(ana["id"])
    told = is_error(me.patch("/Me", json=patch_of({"op": "replace", "value": {"nickName": "A", **value}})), 403)
    assert "not yours to change" in told
    is_error(me.put("/Me", json={"userName": "ana", **value}), 403)
    assert tenant.http.get(f"/Users/{ana['id']}").json() == ana
    assert "members" not in tenant.http.get(f"/Groups/{waiting['id']}").json()


def test_somebody_deactivated_is_not_let_in(tenant: Tenant, as_user: Client) -> None:
    ana = create_user(tenant, "ana", active=False)
    me = as_user(ana["id"])
    is_error(me.get("/Me"), 403)
    is_error(me.patch("/Me", json=patch_of({"op": "replace", "value": {"active": True}})), 403)
    assert tenant.http.get(f"/Users/{ana['id']}").json()["active"] is False


def test_me_keeps_the_rules_of_users(tenant: Tenant, as_user: Client) -> None:
    ana = create_user(tenant, "ana")
    me = as_user(ana["id"])
    is_error(me.patch("/Me", json=patch_of({"op": "replace", "path": "id", "value": "usr_x"})), 400, "mutability")
    is_error(me.patch("/Me", json=TITLE, headers={"If-Match": 'W/"99"'}), 412)
    is_error(me.delete("/Me"), 405)
    assert tenant.http.get(f"/Users/{ana['id']}").json() == ana
    tag = {"If-None-Match": ana["meta"]["version"]}
    same = me.get("/Me", params={"excludedAttributes": "groups"}, headers=tag)
    assert (same.status_code, same.content) == (304, b"")
    head = me.head("/Me")
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", ana["meta"]["version"])


@pytest.mark.parametrize("held", ["get:users", "put:users", "patch:users", "post:users", "get:groups"])
def test_each_method_needs_its_scope(tenant: Tenant, as_user: Client, held: str) -> None:
    ana = create_user(tenant, "ana", nickName="Lead")
    me = as_user(ana["id"], {held})
    sent = {
        "get:users": lambda: me.get("/Me"),
        "put:users": lambda: me.put("/Me", json={"userName": "ana", "nickName": "Chief"}),
        "patch:users": lambda: me.patch("/Me", json=TITLE),
    }
    for scope, send in sent.items():
        if scope == held:
            continue
        refused = send()
        is_error(refused, 403)
        assert (refused.json()["got"], refused.json()["need"]) == ([held], [{"selection": [scope]}])
        assert tenant.http.get(f"/Users/{ana['id']}").json() == ana
    if held in sent:
        assert sent[held]().status_code == 200
        after = tenant.http.get(f"/Users/{ana['id']}").json()
        title = {"get:users": "Lead", "put:users": "Chief", "patch:users": "Boss"}[held]
        assert after.get("nickName") == title


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/Users"), ("POST", "/Users"), ("GET", "/Users/{me}"), ("PATCH", "/Users/{me}"), ("PUT", "/Users/{me}"),
        ("DELETE", "/Users/{me}"), ("GET", "/Users/{other}"), ("DELETE", "/Users/{other}"), ("PATCH", "/Users/{other}"),
        ("GET", "/users/{other}"), ("POST", "/Users/.search"), ("GET", "/Groups"), ("POST", "/Groups"),
        ("GET", "/Groups/{group}"), ("PATCH", "/Groups/{group}"), ("DELETE", "/Groups/{group}"),
        ("POST", "/Groups/.search"), ("POST", "/.search"), ("GET", ""), ("POST", "/Bulk"), ("GET", "/Me/x"),
        ("POST", "/Me/.search"), ("GET", "/Nothing"),
    ],
)  # fmt: skip
def test_the_token_of_a_user_is_good_for_me_only(tenant: Tenant, as_user: Client, method: str, path: str) -> None:
    made = [create_user(tenant, "ana"), create_user(tenant, "ben")]
    group = create_group(tenant, "secret", made[1]["id"])
    ana, ben = [tenant.http.get(f"/Users/{each['id']}").json() for each in made]
    delete = operation("DELETE", f"/Users/{ben['id']}")
    body = {
        "schemas": [BULK, SEARCH, *TITLE["schemas"]], "Operations": [*TITLE["Operations"], delete],
        "userName": "new", "displayName": "new",
    }  # fmt: skip
    address = path.format(me=ana["id"], other=ben["id"], group=group["id"])
    answer = as_user(ana["id"]).request(method, address, json=body)
    told = is_error(answer, 403)
    assert "/Me" in told
    assert "secret" not in answer.text
    assert (total(tenant, "/Users"), total(tenant, "/Groups")) == (2, 1)
    for each in (ana, ben):
        assert tenant.http.get(f"/Users/{each['id']}").json()["meta"]["version"] == each["meta"]["version"]
    assert tenant.http.get(f"/Groups/{group['id']}").json() == group


def test_me_cannot_be_made(tenant: Tenant, as_user: Client) -> None:
    answer = as_user(create_user(tenant, "ana")["id"]).post("/Me", json={"userName": "second"})
    is_error(answer, 405)
    assert answer.headers["allow"] == "GET, PUT, PATCH"
    assert total(tenant, "/Users") == 1


def test_what_the_server_can_do_is_told_to_everybody(tenant: Tenant, as_user: Client) -> None:
    me = as_user(create_user(tenant, "ana")["id"], {"get:users"})
    for path in ("/ServiceProviderConfig", "/Schemas", "/ResourceTypes"):
        assert me.get(path).json() == tenant.http.get(path).json()


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "POST"])
def test_an_identity_providers_token_is_nobody(tenant: Tenant, method: str) -> None:
    create_user(tenant, "ana")
    is_error(tenant.http.request(method, "/Me", json={"userName": "x"}), 501)
    assert total(tenant, "/Users") == 1


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_a_deleted_user_is_nobody_and_nobody_takes_the_place(tenant: Tenant, as_user: Client, method: str) -> None:
    gone = create_user(tenant, "ana")
    me = as_user(gone["id"], USER_SCOPES)
    assert tenant.http.delete(f"/Users/{gone['id']}").status_code == 204
    again = create_user(tenant, "ana")
    body = {"userName": "x", **TITLE}
    is_error(me.request(method, "/Me", json=body), 404)
    assert tenant.http.get(f"/Users/{again['id']}").json() == again


def test_the_token_of_a_user_is_no_token_elsewhere(tenant: Tenant, as_user: Client) -> None:
    me = as_user(create_user(tenant, "ana")["id"])
    other = tenant.vestibule.scim_url(tenant.vestibule.connection().id)
    is_error(me.get(f"{other}/Me"), 401)
    assert me.get("/Me").status_code == 200
