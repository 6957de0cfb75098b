"""While it listens, each request is told as it comes; the end is the identity provider's own test, and its worth."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.conftest import USER_SCOPES, Tenant
from vestibule.clock import SystemClock
from vestibule.entra import wire
from vestibule.ids import request_id
from vestibule.log import follow
from vestibule.model import Exchange, Token
from vestibule.probe import Report
from vestibule.probe.listen import Wait, _judged, is_test, listen
from vestibule.store import ExchangeQuery, NotFound

GUID = "7f1cbd0e-4c1f-4d39-9f0e-0a5b7f0c2f11"


def calls(store: Any, connection_id: str) -> AsyncIterator[Exchange]:
    return follow(store, connection_id, ExchangeQuery(), SystemClock(), 0.1)


def hear(tenant: Tenant, text: str, *targets: str, wait: float = 20) -> tuple[Report, list[Any]]:
    """Listen while an identity provider asks for some paths."""
    heard: list[Any] = []

    def ask() -> None:
        time.sleep(0.3)
        with tenant.vestibule.client(tenant.connection_id, text) as http:
            for each in targets:
                http.get(each)
            # What is written takes what is queued of the log along.
            tenant.http.get("/ServiceProviderConfig")

    thread = threading.Thread(target=ask)
    thread.start()
    url = tenant.vestibule.scim_url(tenant.connection_id)
    report = tenant.vestibule.admin(
        lambda store: listen(
            store, SystemClock(), url, calls(store, tenant.connection_id), Wait(wait, 0.6), heard.append
        )
    )
    thread.join()
    return report, heard


def test_a_green_test_of_entras_is_told_to_prove_nothing_about_groups(tenant: Tenant) -> None:
    token, text = tenant.vestibule.token(tenant.connection_id, USER_SCOPES)
    report, heard = hear(tenant, text, wire.probe(GUID).target)
    assert (heard[0]["sign"], heard[0]["status"], heard[0]["token_id"]) == ("✓", 200, token.id)
    assert GUID in heard[0]["path"]
    assert report.seen[0] == heard[0]
    assert (report.mode, report.entra_test, report.finding) == ("listen", "green", True)
    assert "groups fail" in report.as_json()["summary"]
    assert report.cells["Group", "add_member"].verdict == "no"


def test_with_all_scopes_nothing_is_wrong(tenant: Tenant) -> None:
    report, _ = hear(tenant, tenant.text, wire.probe(GUID).target)
    assert (report.finding, report.token_id) == (False, tenant.token.id)


def test_a_red_test_is_told_with_its_reason(tenant: Tenant) -> None:
    report, heard = hear(tenant, tenant.text[:-2], wire.probe(GUID).target)
    assert (heard[0]["sign"], heard[0]["code"]) == ("✗", "token_unknown")
    assert report.trouble is not None
    assert (report.trouble.code, report.entra_test) == ("token_unknown", "red")


def test_nothing_that_comes_in_time_is_a_finding_that_says_what_to_do(tenant: Tenant) -> None:
    began = time.monotonic()
    report, heard = hear(tenant, tenant.text, wait=1)
    assert time.monotonic() - began < 10
    assert [each["path"] for each in heard] == ["/ServiceProviderConfig"]
    assert report.trouble is not None
    assert report.trouble.code == "no_test_seen"
    assert "1 other request came" in report.trouble.sentence
    assert report.finding


def test_what_came_before_is_not_heard(tenant: Tenant) -> None:
    tenant.http.get(wire.probe(GUID).target)
    tenant.http.post("/Users", json={"userName": "ana@example.com"})
    report, heard = hear(tenant, tenant.text, wait=0.5)
    assert not any(GUID in each["path"] for each in heard)
    assert report.trouble is not None


@pytest.mark.parametrize(
    ("path", "query", "facts", "wanted"),
    [
        ("/Users", f'filter=userName+eq+"{GUID}"', {"total": 0}, True),
        ("/Users", f"filter=externalId%20eq%20%22{GUID.upper()}%22", {"total": 0}, True),
        ("/users/", f'filter=emails[type+eq+"work"].value+eq+"{GUID}"', {}, True),
        ("/Users", "startIndex=1&count=2", {"total": 9}, True),
        ("/Users", "startIndex=101&count=100", {"total": 900}, False),
        ("/Users", 'filter=userName+eq+"ana@example.com"', {"total": 0}, False),
        ("/Users", f'filter=userName+eq+"{GUID}"', {"total": 1}, False),
        ("/Groups", f'filter=displayName+eq+"{GUID}"', {"total": 0}, False),
        ("/Users/usr_1", "", {}, False),
    ],
)
def test_a_connection_test_is_told_from_a_look_up_of_a_person(path: str, query: str, facts: Any, wanted: bool) -> None:
    assert is_test(Exchange("req_1", "con_1", 0, 0, "GET", path, query, 200, facts=facts)) is wanted


class Busy:
    """A log in which many requests stand before the test."""

    def __init__(self, before: int) -> None:
        now = SystemClock().now() + 60_000_000
        made = [Exchange(request_id(now + n), "con_1", now + n, 0, "POST", "/Users", "", 201) for n in range(1, before)]
        query = f'filter=userName+eq+"{GUID}"'
        self.rows = [*made, Exchange(request_id(now + before), "con_1", now, 0, "GET", "/Users", query, 200)]

    async def exchanges(self, connection_id: str, query: ExchangeQuery) -> list[Exchange]:
        return [each for each in self.rows if each.id > (query.after_id or "")][: query.limit]

    async def find_token(self, token_id: str) -> Token:
        raise NotFound("token", token_id)


def test_the_test_is_heard_in_the_middle_of_a_sync() -> None:
    heard: list[Any] = []
    store: Any = Busy(2_500)
    work = listen(store, SystemClock(), "https://h/x", calls(store, "con_1"), Wait(5, 0.1), heard.append)
    report = asyncio.run(work)
    assert len(heard) == 2_500
    assert GUID in heard[-1]["path"]
    assert report.seen == tuple(heard[-1_000:])


@pytest.mark.parametrize(("status", "code"), [(500, "server_fault"), (429, "rate_limited")])
def test_a_test_that_was_refused_with_a_good_token_is_red(tenant: Tenant, status: int, code: str) -> None:
    seen = Exchange(
        "req_1", tenant.connection_id, 0, 0, "GET", "/Users", f'filter=userName+eq+"{GUID}"', status,
        token_id=tenant.token.id, resource_type="User", error="internal" if status == 500 else "rate_limited",
    )  # fmt: skip
    report = tenant.vestibule.admin(lambda store: _judged(store, SystemClock(), "https://h/x", seen))
    cell = report.cells["User", "look_up"]
    assert (report.entra_test, report.finding, cell.verdict, cell.explanation.code) == ("red", True, "no", code)
