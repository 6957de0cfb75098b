"""scim2-tester's whole suite against connections that are set otherwise: strict, and with a schema of their own."""

import warnings
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

from tests.conftest import Tenant
from tests.server.wire import CONTOSO, attribute, declare

SINGLE = (
    attribute("badge", required=True),
    attribute("code", caseExact=True, canonicalValues=["A", "B"]),
    attribute("floor", "integer"),
    attribute("remote", "boolean"),
    attribute("page", "reference", referenceTypes=["external"]),
    attribute("car", "complex", subAttributes=[attribute("plate"), attribute("doors", "integer")]),
)
LISTS = (
    attribute("tags", multiValued=True),
    attribute("bikes", "complex", multiValued=True, subAttributes=[attribute("value"), attribute("brand")]),
)
BEYOND_THE_SUITE = (attribute("rate", "decimal"), attribute("hired", "dateTime"))
"""Types of which scim2-tester cannot make up a value that its own models take."""


@contextmanager
def discovered(tenant: Tenant) -> Generator[Any]:
    """python-scim's client with what it has read of the connection's schemas."""
    with httpx2.Client(
        base_url=tenant.vestibule.scim_url(tenant.connection_id) + "/",
        headers={"Authorization": f"Bearer {tenant.text}"},
        trust_env=False,
    ) as http:
        client = SyncSCIMClient(http)
        client.discover()
        yield client


def faults(client: Any) -> list[str]:
    """What the whole suite finds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = check_server(client, raise_exceptions=False)
    assert len(results) > 100
    return [f"{each.title}: {each.reason}" for each in results if each.status in (Status.ERROR, Status.CRITICAL)]


@pytest.mark.parametrize("dialect", ["entra", "okta"])
def test_the_suite_finds_no_fault_in_a_dialect(tenant: Tenant, dialect: str) -> None:
    tenant.set(dialect=dialect)
    with discovered(tenant) as client:
        assert faults(client) == []
    assert tenant.http.get("/Users").json()["totalResults"] == 0


def test_the_suite_finds_no_fault_in_the_strict_dialect(tenant: Tenant) -> None:
    tenant.set(dialect="strict", references="park")
    with discovered(tenant) as client:
        assert faults(client) == []


def test_the_suite_finds_in_the_strict_dialect_only_what_it_sends_beyond_the_standard(tenant: Tenant) -> None:
    """It makes up managers, who are refused, and puts `schemas` into the object of an extension."""
    tenant.set(dialect="strict")
    with discovered(tenant) as client:
        found = faults(client)
    known = ("is no user of this connection", "`schemas`: this is no standard SCIM")
    assert [each for each in found if not any(reason in each for reason in known)] == []
    assert any(known[0] in each for each in found)


def test_the_suite_finds_no_fault_with_an_extension(tenant: Tenant) -> None:
    declare(tenant, *SINGLE)
    with discovered(tenant) as client:
        assert client.get_resource_model("User").get_extension_model("Contoso") is not None
        assert faults(client) == []


def test_the_suite_expects_of_an_extensions_list_only_that_an_add_replaces_it(tenant: Tenant) -> None:
    """RFC 7644 section 3.5.2.1 has the new values added to those that are there, so the suite is wrong here."""
    declare(tenant, *SINGLE, *LISTS)
    with discovered(tenant) as client:
        found = faults(client)
    for each in found:
        assert each.startswith("check_add_attribute: PATCH modify() returned unexpected value for"), each
        assert any(f"{CONTOSO}:{name['name']}'" in each for name in LISTS), each
    assert len(found) == len(LISTS)


def test_the_client_writes_and_reads_an_extension(tenant: Tenant) -> None:
    declare(tenant, *SINGLE, *LISTS, *BEYOND_THE_SUITE)
    with discovered(tenant) as client:
        user_model = client.get_resource_model("User")
        contoso = user_model.get_extension_model("Contoso")
        user = user_model(user_name="ana@example.com")
        user[contoso] = contoso(badge="b-1", floor=3, tags=["x"], rate=0.5, hired="2026-01-01T00:00:00Z")
        made = client.create(user)
        read = client.query(user_model, made.id)
    assert (read[contoso].badge, read[contoso].floor, read[contoso].tags) == ("b-1", 3, ["x"])
    assert (read[contoso].rate, read[contoso].hired.year) == (0.5, 2026)
    kept = tenant.http.get(f"/Users/{made.id}").json()[CONTOSO]
    assert (kept["badge"], kept["floor"], kept["tags"], kept["rate"]) == ("b-1", 3, ["x"], 0.5)
