"""Clients that we did not write: python-scim's client and its whole conformance suite, over real HTTP."""

import warnings
from collections.abc import Generator
from typing import Any

import httpx2
import pytest
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

from tests.conftest import Tenant


@pytest.fixture
def client(tenant: Tenant) -> Generator[Any]:
    with httpx2.Client(
        base_url=tenant.vestibule.scim_url(tenant.connection_id) + "/",
        headers={"Authorization": f"Bearer {tenant.text}"},
        trust_env=False,
    ) as http:
        scim = SyncSCIMClient(http)
        scim.discover()
        yield scim


def test_the_client_discovers_creates_reads_and_deletes(client: Any) -> None:
    user_model = client.get_resource_model("User")
    made = client.create(user_model(user_name="ana@example.com"))
    assert client.query(user_model, made.id).user_name == "ana@example.com"
    assert client.query(user_model).total_results == 1
    client.delete(user_model, made.id)
    assert client.query(user_model).total_results == 0


def test_the_conformance_suite_finds_no_fault(client: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = check_server(client, raise_exceptions=False)
    faults = [f"{each.title}: {each.reason}" for each in results if each.status in (Status.ERROR, Status.CRITICAL)]
    assert len(results) > 100
    assert faults == []
