"""The management API: settings, schemas, conflicts, holds and protection of a connection, for who has the key."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.conftest import Tenant, Vestibule, a_tenant, database_url, running
from tests.server.test_scim import create_group, create_user, members, patch
from vestibule.clock import SystemClock
from vestibule.directory import Directory
from vestibule.settings import InvalidSettings, Settings

KEY = "a-key-of-the-api-that-is-long-enough"
URN = "urn:ietf:params:scim:schemas:extension:Contoso:2.0:User"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[Vestibule]:
    with running(database_url(tmp_path_factory.mktemp("api")), api_key=KEY) as server:
        yield server


@pytest.fixture
def here(served: Vestibule) -> Generator[Tenant]:
    with a_tenant(served) as made:
        yield made


def call(tenant: Tenant, method: str, path: str, body: Any = None, key: str | None = KEY) -> httpx2.Response:
    url = f"{tenant.vestibule.base_url}/v1/connections/{tenant.connection_id}{path}"
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    return httpx2.request(method, url, json=body, headers=headers, trust_env=False)


def is_problem(answer: httpx2.Response, status: int, told: str) -> None:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["status"] == status
    assert told in answer.json()["detail"]


@pytest.mark.parametrize("key", [None, "wrong", KEY + "x", KEY[:-1]])
def test_nobody_gets_in_without_the_key(here: Tenant, key: str | None) -> None:
    is_problem(call(here, "GET", "/settings", key=key), 401, "Authorization")
    is_problem(call(here, "PATCH", "/settings", {"dialect": "strict"}, key=key), 401, "Authorization")
    assert call(here, "GET", "/settings").json()["dialect"] == "tolerant"


def test_a_scim_token_is_no_key(here: Tenant) -> None:
    is_problem(call(here, "GET", "/settings", key=here.text), 401, "Authorization")


def test_without_a_key_of_its_own_the_api_is_closed(tenant: Tenant) -> None:
    is_problem(call(tenant, "GET", "/settings", key="any"), 401, "VESTIBULE_API_KEY")


def test_a_short_key_is_refused_at_the_start() -> None:
    with pytest.raises(InvalidSettings, match="24"):
        Settings(api_key="short")


def test_settings_change_by_name_and_null_takes_one_back(here: Tenant) -> None:
    changed = call(here, "PATCH", "/settings", {"dialect": "strict", "hold_emptied_group": 5}).json()
    assert (changed["dialect"], changed["references"], changed["hold_emptied_group"]) == ("strict", "refuse", 5)
    changed = call(here, "PATCH", "/settings", {"references": "park", "hold_emptied_group": None}).json()
    assert (changed["dialect"], changed["references"], changed["hold_emptied_group"]) == ("strict", "park", None)
    assert call(here, "GET", "/settings").json() == changed


@pytest.mark.parametrize(
    ("body", "told"),
    [({"dialect": "latin"}, "tolerant"), ({"shoe": 1}, "shoe"), ({"hold_window": 0}, "hold_window"), ([], "object")],
)
def test_a_setting_that_is_none_is_refused_and_nothing_changes(here: Tenant, body: Any, told: str) -> None:
    before = call(here, "GET", "/settings").json()
    is_problem(call(here, "PATCH", "/settings", body), 422, told)
    assert call(here, "GET", "/settings").json() == before


def test_a_body_that_is_no_json_or_too_large_is_refused(here: Tenant) -> None:
    url = f"{here.vestibule.base_url}/v1/connections/{here.connection_id}/settings"
    headers = {"Authorization": f"Bearer {KEY}"}
    is_problem(httpx2.patch(url, content=b"{", headers=headers, trust_env=False), 400, "JSON")
    is_problem(httpx2.patch(url, content=b" " * 300_000, headers=headers, trust_env=False), 413, "262144")


def test_a_schema_is_declared_used_and_withdrawn(here: Tenant) -> None:
    declared = call(here, "POST", "/schemas", {"id": URN, "attributes": [{"name": "costCode"}]})
    assert [each["id"] for each in declared.json()["extensions"]] == [URN]
    user = create_user(here, "ana", **{URN: {"costCode": "A1"}})
    assert user[URN] == {"costCode": "A1"}
    is_problem(call(here, "POST", "/schemas", {"id": URN, "attributes": [{"name": "1st"}]}), 422, "attributes[0].name")
    assert call(here, "DELETE", f"/schemas/{URN}").json()["extensions"] == []
    is_problem(call(here, "DELETE", f"/schemas/{URN}"), 409, URN)
    shown = here.http.get(f"/Users/{user['id']}").json()
    assert URN not in shown
    assert URN not in shown["schemas"]
    call(here, "POST", "/schemas", {"id": URN, "attributes": [{"name": "costCode"}]})
    assert here.http.get(f"/Users/{user['id']}").json() == user


def test_a_hold_is_listed_and_approved(here: Tenant) -> None:
    here.set(hold_emptied_group=1)
    ana = create_user(here, "ana")["id"]
    group = create_group(here, "g", ana)["id"]
    clearing = {"op": "remove", "path": "members"}
    assert patch(here, f"/Groups/{group}", clearing).status_code == 403
    (hold,) = call(here, "GET", "/holds").json()["holds"]
    assert (hold["guard"], hold["subject"], hold["state"], hold["requests"]) == ("emptied_group", group, "open", 1)
    is_problem(call(here, "POST", f"/holds/{hold['id']}/forget"), 404, "/approve")
    assert call(here, "POST", f"/holds/{hold['id']}/approve").json()["state"] == "approved"
    assert patch(here, f"/Groups/{group}", clearing).status_code == 204
    assert members(here, group) == set()
    is_problem(call(here, "POST", "/holds/hld_none/approve"), 404, "hld_none")


def test_a_conflict_is_listed_and_linked(here: Tenant) -> None:
    account = here.vestibule.admin(
        lambda store: Directory(store, SystemClock()).create_user(
            here.connection_id,
            {"userName": "ana.login", "active": True, "emails": [{"value": "ana@x"}]},
            "login",
        )
    )
    made = create_user(here, "ana", emails=[{"value": "ANA@x"}])["id"]
    (conflict,) = call(here, "GET", "/conflicts").json()["conflicts"]
    assert (conflict["user_id"], conflict["other_id"], conflict["attribute"]) == (account.id, made, "emails")
    assert call(here, "POST", f"/conflicts/{conflict['id']}/link").json()["state"] == "linked"
    assert here.http.get(f"/Users/{account.id}").status_code == 404
    assert call(here, "GET", "/conflicts").json() == {"conflicts": []}
    assert len(call(here, "GET", "/conflicts?state=all").json()["conflicts"]) == 1
    is_problem(call(here, "POST", f"/conflicts/{conflict['id']}/dismiss"), 409, "linked already")


def test_a_protected_account_is_left_alone(here: Tenant) -> None:
    ana = create_user(here, "ana")["id"]
    assert call(here, "PUT", f"/users/{ana}/protection").json()["protected"] is True
    answer = patch(here, f"/Users/{ana}", {"op": "replace", "path": "active", "value": False})
    assert (answer.status_code, "protected" in answer.json()["detail"]) == (403, True)
    assert here.http.delete(f"/Users/{ana}").status_code == 403
    assert call(here, "DELETE", f"/users/{ana}/protection").json()["protected"] is False
    assert here.http.delete(f"/Users/{ana}").status_code == 204
    is_problem(call(here, "PUT", f"/users/{ana}/protection"), 404, ana)


def test_a_connection_that_does_not_exist_is_told(here: Tenant) -> None:
    nowhere = Tenant(here.vestibule, "con_none", here.token, here.text, here.http)
    for path in ("/settings", "/holds", "/conflicts"):
        is_problem(call(nowhere, "GET", path), 404, "con_none")


def test_what_was_decided_is_in_the_audit(here: Tenant, tmp_path: Path) -> None:
    call(here, "PATCH", "/settings", {"dialect": "okta"})
    entries = here.vestibule.admin(lambda store: store.audit(here.connection_id))
    assert [(each.actor, each.action) for each in entries][:1] == [("api", "connection.settings_changed")]


def ask(tenant: Tenant, method: str, path: str, body: Any = None, key: str | None = KEY) -> httpx2.Response:
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    url = f"{tenant.vestibule.base_url}/v1/scim_requests/{path}"
    return httpx2.request(method, url, json=body, headers=headers, trust_env=False)


def test_a_refused_request_is_explained_and_fixed(here: Tenant) -> None:
    token, text = here.vestibule.token(here.connection_id, {"get:users"})
    with here.vestibule.client(here.connection_id, text) as client:
        request_id = client.get("/Groups").headers["vestibule-request-id"]
        told = ask(here, "GET", request_id).json()
        grant = told["fixes"][0]
        assert (told["code"], grant["operation"], grant["arguments"]["token"]) == (
            "scope_missing", "grant_scopes", token.id,
        )  # fmt: skip
        assert client.get("/Groups").status_code == 403
        is_problem(ask(here, "POST", f"{request_id}/fixes/grant_scopes", key=None), 401, "Authorization")
        is_problem(ask(here, "POST", f"{request_id}/fixes/grant_scopes", {"with": {"token": "tok_x"}}), 422, "token")
        is_problem(ask(here, "POST", f"{request_id}/fixes/grant_scopes", {"with": []}), 422, "JSON object")
        for bad in ("x", {"sentence": ""}, {**grant["preview"], "more": 1}):
            is_problem(ask(here, "POST", f"{request_id}/fixes/grant_scopes", {"shown": bad}), 422, "shown")
        stale = {**grant["preview"], "before": {"token": token.id, "scopes": []}}
        is_problem(ask(here, "POST", f"{request_id}/fixes/grant_scopes", {"shown": stale}), 409, "look at it again")
        assert client.get("/Groups").status_code == 403
        done = ask(here, "POST", f"{request_id}/fixes/grant_scopes", {"shown": grant["preview"]}).json()
        assert (done["done"], done["after"]) == (True, grant["preview"]["after"])
        assert client.get("/Groups").status_code == 200
    is_problem(ask(here, "POST", f"{request_id}/fixes/grant_scopes"), 409, "nothing left")
    is_problem(ask(here, "POST", f"{request_id}/fixes/approve_hold"), 404, "grant_scopes")
    is_problem(ask(here, "GET", "req_none"), 404, "req_none")
    (entry, *_) = here.vestibule.admin(lambda store: store.audit(here.connection_id))
    assert (entry.actor, entry.action, entry.detail["request"]) == ("api", "token.scopes_granted", request_id)
