"""A test at our own server: each cell says what the token's scopes say, and the origin story cannot happen."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import USER_SCOPES, Tenant, Vestibule
from tests.probe.foreign import Foreign
from vestibule import connections
from vestibule.clock import SystemClock
from vestibule.entra import wire
from vestibule.probe import Report, probe
from vestibule.probe.grants import from_grants
from vestibule.probe.report import VERBS, scope_of
from vestibule.scim.scopes import SCOPES

ALL = [scope for scope in SCOPES if not scope.startswith("put:")]


def run(vestibule: Vestibule, connection_id: str, text: str, **options: Any) -> Report:
    return asyncio.run(probe(vestibule.scim_url(connection_id), text, **options))


def dry(vestibule: Vestibule, connection_id: str, text: str) -> Report:
    url = vestibule.scim_url(connection_id)
    return vestibule.admin(lambda store: from_grants(store, SystemClock(), url, connection_id, text))


def kept(tenant: Tenant) -> tuple[Any, ...]:
    """What anybody could see or count of a connection."""

    async def work(store: Any) -> tuple[Any, ...]:
        con = tenant.connection_id
        counters = await store.engine.reading.row("SELECT * FROM counters WHERE connection_id = $1", con)
        deleted = await store.engine.reading.rows("SELECT * FROM deleted_users WHERE connection_id = $1", con)
        users, groups = await store.users(con), await store.groups(con)
        return (
            tuple(counters),
            [tuple(each) for each in deleted],
            users,
            groups,
            await store.conflicts(con),
            await store.holds(con),
        )

    return tenant.vestibule.admin(work)


def test_a_token_with_all_scopes_is_proven_and_nothing_is_left(tenant: Tenant) -> None:
    tenant.http.post("/Users", json={"userName": "ana@example.com"}).raise_for_status()
    before = kept(tenant)
    report = run(tenant.vestibule, tenant.connection_id, tenant.text)
    assert (report.proven, report.ours, report.entra_test) == (True, True, "green"), json.dumps(report.as_json())
    assert all(each.evidence[0].request_id.startswith("req_") for each in report.cells.values())
    assert not any(each.notes for each in (*report.cells.values(), *report.discovery))
    assert kept(tenant) == before


def test_the_origin_story_cannot_happen(tenant: Tenant) -> None:
    """User scopes only: Entra's own test is green, ours is red, with the sentence and the command that mends it."""
    token, text = tenant.vestibule.token(tenant.connection_id, USER_SCOPES)
    with tenant.vestibule.client(tenant.connection_id, text) as entra:
        guid = "7f1cbd0e-4c1f-4d39-9f0e-0a5b7f0c2f11"
        assert entra.get("/" + wire.probe(guid).target.lstrip("/")).status_code == 200
    for report in (
        run(tenant.vestibule, tenant.connection_id, text),
        dry(tenant.vestibule, tenant.connection_id, text),
    ):
        assert report.entra_test == "green"
        assert (report.finding, report.proven) == (True, False)
        assert "groups fail" in report.as_json()["summary"]
        for verb in VERBS["Group"]:
            cell = report.cells["Group", verb]
            assert (cell.verdict, cell.held) == ("no", False)
            assert cell.scope in cell.explanation.sentence
            assert cell.explanation.code == "scope_missing"
        command = report.cells["Group", "look_up"].explanation.fixes[0].command
        assert command.startswith(f"vestibule token grant {token.id} --scope get:groups")
        assert all(report.cells["User", verb].verdict == "yes" for verb in VERBS["User"])
    words = command.split()
    granted = {words[at + 1] for at, word in enumerate(words) if word == "--scope"}
    tenant.vestibule.admin(lambda store: connections.grant(store, SystemClock(), token.id, frozenset(granted)))
    assert run(tenant.vestibule, tenant.connection_id, text).proven


@settings(max_examples=40)
@given(scopes=st.sets(st.sampled_from(ALL), min_size=1))
def test_a_cell_is_red_when_and_only_when_its_scope_is_lacking(vestibule: Vestibule, scopes: set[str]) -> None:
    connection_id = vestibule.connection().id
    _, text = vestibule.token(connection_id, scopes)
    report, by_grants = run(vestibule, connection_id, text), dry(vestibule, connection_id, text)
    for (kind, verb), cell in report.cells.items():
        lacking = scope_of(kind, verb) not in scopes
        assert (cell.verdict == "no") == lacking, (kind, verb, cell)
        assert by_grants.cells[kind, verb].verdict == ("no" if lacking else "yes")
        if lacking:
            assert cell.explanation.code == by_grants.cells[kind, verb].explanation.code == "scope_missing"
    assert report.proven == (scopes >= set(ALL))
    # What the token may make and not delete is said to be left behind.
    made = {
        kind
        for kind in ("User", "Group")
        if f"post:{kind.lower()}s" in scopes and f"delete:{kind.lower()}s" not in scopes
    }
    assert {each.kind for each in report.leftovers} == made


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ("revoked", "token_revoked"),
        ("expired", "token_expired"),
        ("foreign", "token_unknown"),
        ("cut", "token_unknown"),
    ],
)
def test_a_token_that_is_not_accepted_is_told_why(tenant: Tenant, how: str, code: str) -> None:
    vestibule, connection_id = tenant.vestibule, tenant.connection_id
    token, text = vestibule.token(connection_id, lifetime=1 if how == "expired" else None)
    if how == "revoked":
        vestibule.admin(lambda store: connections.revoke(store, SystemClock(), token.id))
    if how == "foreign":
        text = vestibule.token(vestibule.connection().id)[1]
    text = text[:-3] if how == "cut" else text
    for report in (run(vestibule, connection_id, text), dry(vestibule, connection_id, text)):
        assert report.trouble is not None
        assert report.trouble.code == code
        assert report.entra_test == "red"
        assert (report.finding, report.proven) == (True, False)
        assert {each.verdict for each in report.cells.values()} == {"no", "not_tried"}


def test_a_dry_run_by_grants_sends_nothing_and_writes_nothing(tenant: Tenant) -> None:
    before = kept(tenant)
    report = dry(tenant.vestibule, tenant.connection_id, tenant.text)
    assert (report.proven, report.mode) == (True, "dry")
    assert not any(each.evidence for each in report.cells.values())
    assert kept(tenant) == before


def test_a_connection_that_does_not_exist_is_told(vestibule: Vestibule, tenant: Tenant) -> None:
    report = run(vestibule, "con_none", tenant.text)
    assert report.trouble is not None
    assert report.trouble.code == "connection_unknown"


@pytest.mark.parametrize("flag", ["", "/?aadOptscim062020"])
def test_the_dialect_for_entra_is_proven_in_both_of_entras_ways(tenant: Tenant, flag: str) -> None:
    tenant.set(dialect="entra")
    assert asyncio.run(probe(tenant.vestibule.scim_url(tenant.connection_id) + flag, tenant.text)).proven


def test_a_strict_connection_does_not_stand_entra_and_the_test_says_what_to_do(tenant: Tenant) -> None:
    """Entra's creation of a group names a schema that is none, in either of its ways; `name.givenName` is no key."""
    tenant.set(dialect="strict")
    report = asyncio.run(probe(tenant.vestibule.scim_url(tenant.connection_id) + "?aadOptscim062020", tenant.text))
    cell = report.cells["Group", "create"]
    assert (cell.verdict, cell.evidence[0].scim_type) == ("no", "invalidSyntax")
    assert "--dialect tolerant" in cell.explanation.sentence
    assert f"/e/{cell.evidence[0].request_id}" in cell.explanation.why
    assert [verb for verb in VERBS["User"] if report.cells["User", verb].verdict != "yes"] == ["change"]
    assert report.cells["Group", "add_member"].explanation.code == "not_proven"


def test_the_document_is_whole_and_json() -> None:
    document = json.loads(
        json.dumps(asyncio.run(probe("https://h/scim/v2", "t", transport=Foreign().transport())).as_json())
    )
    assert set(document["matrix"]) == {"users", "groups"}
    assert set(document["matrix"]["groups"]) == set(VERBS["Group"])
    cell = document["matrix"]["groups"]["add_member"]
    assert (cell["sign"], cell["scope"]) == ("✓", "patch:groups")
    assert [each["method"] for each in cell["evidence"]] == ["PATCH", "GET"]


def test_what_was_interrupted_is_no_proof() -> None:
    report = asyncio.run(probe("https://h/scim/v2", "t", transport=Foreign().transport()))
    assert not replace(report, interrupted=True).proven
