"""Mail domains that a connection allows: what provisioning may make of people, and what it goes on doing all the same."""

import asyncio
from typing import Any

import httpx2
import pytest

from tests.conftest import Tenant
from tests.server.wire import USER, entry, new_group, new_user, patch, switch_off, user
from vestibule import connections
from vestibule.allowed_domains import address_of, domain_of
from vestibule.canary import mark
from vestibule.clock import SystemClock
from vestibule.directory import Directory
from vestibule.explain import explain
from vestibule.scim.errors import DomainNotAllowed, InvalidValue
from vestibule.scim.profile import Profile, read_profile
from vestibule.store.sqlite import SqliteStore

WORK = {"type": "work", "value": "ana@acme.example", "primary": True}
HOME = {"type": "home", "value": "ana@elsewhere.example"}


def send(tenant: Tenant, user_name: str, *emails: Any, **rest: Any) -> httpx2.Response:
    return tenant.http.post("/Users", json={"schemas": [USER], "userName": user_name, "emails": [*emails], **rest})


def mail(address: str, **rest: Any) -> dict[str, Any]:
    return {"type": "work", "value": address, "primary": True, **rest}


@pytest.mark.parametrize(
    ("user_name", "emails"),
    [
        ("ana", [WORK]),
        ("ana", [WORK, HOME]),
        ("ana@elsewhere.example", [WORK]),
        ("ana", [mail("Ana@ACME.Example")]),
        ("ana", [mail("ana@hr.sub.example")]),
        ("ana", [mail("ana@bücher.example")]),
        ("ana@acme.example", []),
        ("ana", []),
        ("S-1-5-21", []),
        ("ana@localhost", []),
        ("@ana.novak", []),
        ("ana.novak@localhost", []),
    ],
)
def test_who_has_an_allowed_address_or_none_is_made(tenant: Tenant, user_name: str, emails: list[Any]) -> None:
    tenant.set(allowed_domains=["acme.example", "*.sub.example", "bücher.example"])
    assert send(tenant, user_name, *emails).status_code == 201


@pytest.mark.parametrize(
    ("user_name", "emails", "facts"),
    [
        ("ana@acme.example", [mail("ana@evil.example")], ("emails", "ana@evil.example", "evil.example")),
        ("ana", [mail("ana@acme.example.evil.example")], ("emails", "ana@acme.example.evil.example", "acme.example.evil.example")),
        ("ana", [mail("ana@notacme.example")], ("emails", "ana@notacme.example", "notacme.example")),
        ("ana", [mail("ana@hr.acme.example")], ("emails", "ana@hr.acme.example", "hr.acme.example")),
        ("ana", [mail("ana@sub.example")], ("emails", "ana@sub.example", "sub.example")),
        ("ana", [mail("Ana <ana@acme.example>")], ("emails", "Ana <ana@acme.example>", None)),
        ("ana", [mail("ana@evil.example@acme.example")], ("emails", "ana@evil.example@acme.example", None)),
        ("ana", [mail("user.mail")], ("emails", "user.mail", None)),
        # The Kelvin sign is no k.
        ("ana", [mail("ana@acme\u212a.example")], ("emails", "ana@acme\u212a.example", None)),
        ("ana", [HOME, WORK | {"primary": False}], None),
        ("ana", [HOME | {"primary": True}, WORK | {"primary": False}], ("emails", "ana@elsewhere.example", "elsewhere.example")),
        ("ana@evil.example", [], ("userName", "ana@evil.example", "evil.example")),
        ("bob_evil.example#EXT#@acme.onmicrosoft.com", [], ("userName", "bob_evil.example#EXT#@acme.onmicrosoft.com", "acme.onmicrosoft.com")),
        # What a mail program may take for an address counts as one, if it is none to us.
        *((name, [], ("userName", name, None)) for name in (
            "ana@evil.example.", " ana@evil.example", "ana@evil.example\t", "ana@evil_x.example", '"a b"@evil.example',
            "ana@[192.0.2.1]", "ana@evil.example;ana@acme.example", "ana\uff20evil.example", "ana@evil\u3002example",
            "ana\n@evil.example",
        )),
    ],
)  # fmt: skip
def test_an_address_of_another_domain_is_refused(
    tenant: Tenant, user_name: str, emails: list[Any], facts: tuple[Any, ...] | None
) -> None:
    tenant.set(allowed_domains=["acme.example", "*.sub.example"])
    answer = send(tenant, user_name, *emails)
    if facts is None:
        # Without a primary one the one for work counts.
        assert answer.status_code == 201
        return
    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidValue")
    found = entry(tenant, answer)
    assert (found.error, found.target) == ("domain_not_allowed", user_name)
    assert tuple(found.facts[name] for name in ("attribute", "value", "domain")) == facts
    assert tenant.http.get("/Users").json()["totalResults"] == 0
    told = explain(found)
    assert told.code == "domain_not_allowed"
    assert [fix.do.operation for fix in told.fixes if fix.do] == (["allow_domain"] if facts[2] else [])
    assert (", of a mail domain" in told.sentence, "is no plain mail address" in told.sentence) == (
        facts[2] is not None, facts[2] is None,
    )  # fmt: skip


def test_who_is_here_already_is_changed_and_switched_off_as_before(tenant: Tenant) -> None:
    bob = new_user(tenant, "bob", emails=[mail("bob@elsewhere.example")])
    tenant.set(allowed_domains=["acme.example"])
    path = f"/Users/{bob['id']}"
    assert patch(tenant, path, {"op": "replace", "path": "title", "value": "Dr"}).status_code == 200
    assert tenant.http.put(path, json=bob | {"title": "Prof"}).status_code == 200
    assert (
        patch(tenant, path, {"op": "add", "path": "emails", "value": [HOME | {"value": "b@x.example"}]}).status_code
        == 200
    )
    assert switch_off(tenant, bob["id"]).json()["active"] is False
    assert patch(tenant, path, {"op": "replace", "path": "active", "value": True}).status_code == 200
    # Capitals make no other address.
    capital = {"op": "replace", "path": 'emails[type eq "work"].value', "value": "Bob@Elsewhere.example"}
    assert patch(tenant, path, capital).status_code == 200
    new_group(tenant, "team", bob["id"])
    inside = {"op": "replace", "path": 'emails[type eq "work"].value', "value": "bob@acme.example"}
    assert patch(tenant, path, inside).status_code == 200
    back = patch(tenant, path, {**inside, "value": "bob@elsewhere.example"})
    assert (back.status_code, entry(tenant, back).facts["domain"]) == (400, "elsewhere.example")
    assert tenant.http.delete(path).status_code == 204


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": 'emails[type eq "work"].value', "value": "ana@evil.example"},
        {"op": "replace", "value": {"emails": [mail("ana@evil.example")]}},
        {"op": "add", "path": "emails", "value": [{"type": "home", "value": "ana@evil.example", "primary": True}]},
        {"op": "remove", "path": "emails"},
    ],
)
def test_no_change_gives_somebody_such_an_address_and_nothing_of_it_is_kept(tenant: Tenant, operation: Any) -> None:
    tenant.set(allowed_domains=["acme.example"])
    made = new_user(tenant, "ana@evil.example", emails=[WORK])
    refused = patch(tenant, f"/Users/{made['id']}", {"op": "replace", "path": "title", "value": "Dr"}, operation)
    assert (refused.status_code, refused.json()["scimType"]) == (400, "invalidValue")
    assert (entry(tenant, refused).error, entry(tenant, refused).target) == ("domain_not_allowed", "ana@evil.example")
    assert user(tenant, made["id"]) == made


def test_a_put_that_names_another_address_is_refused(tenant: Tenant) -> None:
    tenant.set(allowed_domains=["acme.example"])
    made = new_user(tenant, "ana", emails=[WORK])
    refused = tenant.http.put(f"/Users/{made['id']}", json=made | {"emails": [mail("ana@evil.example")]})
    assert (refused.status_code, user(tenant, made["id"])) == (400, made)


def test_a_connection_test_goes_on_working(tenant: Tenant) -> None:
    tenant.set(allowed_domains=["acme.example"])
    name = mark("can_06fd0123456789abcdefghjkmn")
    assert send(tenant, name, externalId=name).status_code == 201


def test_the_name_of_a_connection_test_is_no_way_around_the_list(tenant: Tenant) -> None:
    tenant.set(allowed_domains=["acme.example"])
    name = mark("can_06fd0123456789abcdefghjkmn")
    assert send(tenant, name, mail("ana@evil.example"), externalId=name).status_code == 400
    made = send(tenant, name, mail(name), externalId=name).json()
    renamed = patch(tenant, f"/Users/{made['id']}", {"op": "replace", "value": {"userName": "ana", "externalId": "1"}})
    assert (renamed.status_code, entry(tenant, renamed).error) == (400, "domain_not_allowed")


def test_a_list_is_kept_as_it_was_meant_and_a_star_is_not_lost_by_a_space_before_it() -> None:
    assert [connections.read_allowed(each) for each in (" *.Acme.example ", "acme.example ", "*.b\u00fccher.example")] == [
        "*.acme.example", "acme.example", "*.xn--bcher-kva.example",
    ]  # fmt: skip


def test_once_the_domain_is_allowed_the_same_request_is_accepted(tenant: Tenant) -> None:
    tenant.set(allowed_domains=["acme.example"])
    assert send(tenant, "bob", mail("bob@b.example")).status_code == 400
    tenant.set(allowed_domains=["acme.example", "B.example."[:-1]])
    assert send(tenant, "bob", mail("bob@b.example")).status_code == 201
    tenant.set(allowed_domains=None)
    assert send(tenant, "eve", mail("eve@c.example")).status_code == 201


def test_an_account_of_the_apps_gets_no_such_address_by_being_linked() -> None:
    async def run() -> None:
        store, clock = SqliteStore.open(":memory:", upgrade=True), SystemClock()
        directory = Directory(store, clock)
        enterprise = await connections.create_enterprise(store, clock, "Acme")
        connection = await connections.create_connection(store, clock, enterprise.id, "entra")
        document = {"schemas": [USER], "userName": "ana", "active": True}
        await directory.create_user(connection.id, document, "app")
        profile = Profile(allowed_domains=("acme.example",))
        with pytest.raises(DomainNotAllowed):
            await directory.create_user(
                connection.id, document | {"emails": [mail("ana@evil.example")]}, profile=profile
            )
        linked = await directory.create_user(connection.id, document | {"emails": [WORK]}, profile=profile)
        assert (linked.origin, linked.adopted_at is not None) == ("app", True)
        await store.close()

    asyncio.run(run())


@pytest.mark.parametrize(
    "value", [[], "acme.example", ["ana@acme.example"], ["acme"], ["*"], ["a.*.example"], [7], ["ACME.example"], ["x.example"] * 201]
)  # fmt: skip
def test_settings_that_are_no_list_of_domains_are_refused(value: Any) -> None:
    with pytest.raises(InvalidValue, match="allowed_domains"):
        read_profile({"allowed_domains": value})


def test_the_settings_are_read_as_they_are_shown() -> None:
    wanted = Profile(allowed_domains=("acme.example", "*.acme.example"), rate_limit=0)
    assert read_profile(wanted.as_json()) == wanted


@pytest.mark.parametrize(
    ("emails", "address"),
    [
        ([], ("u@b.example", "userName")),
        ([{"value": ""}], ("u@b.example", "userName")),
        ([{"value": "1"}, {"value": "2", "type": "work"}, {"value": "3", "primary": True}], ("3", "emails")),
        ([{"value": "1"}, {"value": "2", "type": "work"}, {"value": "3", "type": "work"}], ("2", "emails")),
        ([{"value": "1", "primary": False}, {"value": "2"}], ("1", "emails")),
    ],
)
def test_the_address_of_a_person_is_the_primary_one(emails: list[Any], address: tuple[str, str]) -> None:
    assert address_of({"userName": "u@b.example", "emails": emails}) == address
    assert domain_of("u@B.example") == "b.example"
