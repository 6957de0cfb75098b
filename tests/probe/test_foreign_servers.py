"""What other servers do is found by doing it: each oddity is told by what Entra will make of it."""

import asyncio
from typing import Any

import httpx2
import pytest

from tests.probe.foreign import Foreign
from vestibule.probe import Report, probe

URL = "https://app.example/scim/v2"
GUID = "secret-of-another-server"


def run(server: Foreign, url: str = URL, **options: Any) -> Report:
    return asyncio.run(probe(url, GUID, transport=server.transport(), **options))


def codes(report: Report) -> dict[Any, str]:
    return {key: each.explanation.code for key, each in report.cells.items() if each.explanation is not None}


def notes(report: Report) -> set[str]:
    told = {each.code for cell in report.cells.values() for each in cell.notes}
    return told | {each.code for row in report.discovery for each in row.notes}


@pytest.mark.parametrize("flag", ["", "?aadOptscim062020"])
def test_a_server_that_does_as_the_standard_says_is_proven_in_both_of_entras_ways(flag: str) -> None:
    server = Foreign()
    report = run(server, URL + flag)
    assert (report.proven, report.finding, report.ours) == (True, False, False), report.as_json()
    assert (codes(report), notes(report)) == ({}, set())
    assert server.left() == []
    assert server.made == 3


@pytest.mark.parametrize(
    ("quirk", "cell", "code"),
    [
        ({"no_patch": 405}, ("Group", "add_member"), "patch_not_served"),
        ({"no_patch": 501}, ("User", "deactivate"), "patch_not_served"),
        ({"no_patch": 404}, ("User", "change"), "patch_not_served"),
        ({"no_filters": True}, ("User", "look_up"), "filter_ignored"),
        ({"filters_refused": True}, ("Group", "look_up"), "refused"),
        ({"missing_404": True}, ("User", "look_up"), "missing_is_404"),
        ({"missing_404": True}, ("Group", "look_up"), "missing_is_404"),
        ({"no_groups": True}, ("Group", "look_up"), "missing_is_404"),
        ({"no_groups": True}, ("Group", "create"), "refused"),
        ({"soft_delete": True}, ("User", "delete"), "soft_delete"),
        ({"no_id": True}, ("Group", "create"), "not_scim"),
        ({"members_always_shown": True}, ("Group", "look_up"), "members_shown"),
        ({"forgets_to_add": True}, ("Group", "add_member"), "not_kept"),
        ({"forgets_to_remove": True}, ("Group", "remove_member"), "not_kept"),
        ({"forgets": ("displayName", "title", "name.givenName")}, ("User", "change"), "not_kept"),
        ({"forgets_to_deactivate": True}, ("User", "deactivate"), "not_kept"),
        ({"no_delete": True}, ("Group", "delete"), "delete_not_served"),
    ],
    ids=str,
)
def test_what_breaks_entras_sync_is_a_finding(quirk: dict[str, Any], cell: Any, code: str) -> None:
    server = Foreign(**quirk)
    if quirk.get("no_filters"):
        server.things["Users"]["u0"] = {"userName": "ana@example.com"}
        server.things["Groups"]["g0"] = {"displayName": "Sales", "members": [{"value": "u0"}]}
    report = run(server)
    assert codes(report)[cell] == code, codes(report)
    assert (report.finding, report.proven) == (True, False)
    explanation = report.cells[cell].explanation
    assert explanation is not None
    assert "Entra will " in explanation.sentence
    assert not any(fix.command for each in codes(report) for fix in report.cells[each].explanation.fixes)


@pytest.mark.parametrize(
    ("quirk", "code"),
    [
        ({"delete_answer": 200}, "odd_status"),
        ({"create_answer": 200}, "odd_status"),
        ({"media_type": "application/json"}, "odd_media_type"),
        ({"members_at_creation_refused": True}, "members_at_creation"),
        ({"no_discovery": True}, "no_discovery"),
    ],
    ids=str,
)
def test_what_is_only_odd_is_told_and_proves_the_rest(quirk: dict[str, Any], code: str) -> None:
    server = Foreign(**quirk)
    report = run(server)
    assert report.proven, report.as_json()
    assert notes(report) == {code}
    assert server.left() == []


def test_a_server_that_keeps_some_attributes_and_not_others_is_told_which() -> None:
    report = run(Foreign(forgets=("title",)))
    assert report.proven
    (note,) = report.cells["User", "change"].notes
    assert (note.code, "without the new title." in note.sentence) == ("kept_in_part", True)


@pytest.mark.parametrize("quirk", [{"forgets_to_add": True}, {"members_never_shown": True}], ids=str)
def test_a_removal_proves_nothing_where_nobody_was_seen_in_the_group(quirk: dict[str, Any]) -> None:
    report = run(Foreign(**quirk))
    told = report.cells["Group", "remove_member"]
    assert told.explanation is not None
    assert (told.verdict, told.explanation.code) == ("unclear", "nobody_to_remove")


def test_a_server_that_shows_no_members_is_not_said_to_forget_them() -> None:
    report = run(Foreign(members_never_shown=True))
    assert codes(report) == {
        ("Group", "add_member"): "members_not_shown",
        ("Group", "remove_member"): "nobody_to_remove",
    }
    assert report.cells["Group", "add_member"].verdict == "unclear"


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_where_look_ups_fail_nothing_is_made_that_could_not_be_found_again(status: int) -> None:
    server = Foreign()
    server.before = lambda request: httpx2.Response(status) if "filter=" in str(request.url) else None
    report = run(server)
    assert report.trouble is not None
    assert {each.split()[0] for each in server.asked()} == {"GET"}


def test_a_filter_that_is_ignored_where_nobody_is_yet_is_found_by_the_second_look_up() -> None:
    server = Foreign()
    server.before = lambda request: (
        httpx2.Response(200, json={"totalResults": 0, "Resources": []})
        if request.method == "GET" and "filter" in str(request.url)
        else None
    )
    report = run(server)
    assert codes(report)["Group", "look_up"] == "filter_finds_nothing"
    assert codes(report)["User", "look_up"] == "filter_finds_nothing"
    assert report.entra_test == "green", "it makes no second look-up"


def test_a_dry_run_reads_only_and_claims_no_more_than_it_saw() -> None:
    server = Foreign()
    report = run(server, writes=False)
    assert {each.split()[0] for each in server.asked()} == {"GET"}
    assert (report.finding, report.proven) == (False, False)
    assert "not proven" in report.as_json()["summary"]
    assert {key for key, cell in report.cells.items() if cell.verdict == "yes"} == {
        ("User", "look_up"),
        ("Group", "look_up"),
    }


def test_the_origin_story_at_another_server_names_the_scope_and_no_command_of_ours() -> None:
    server = Foreign()
    refusal = {
        "got": ["get:users", "post:users"],
        "need": [{"selection": ["get:groups"]}],
        "detail": "Insufficient scope",
    }
    server.before = lambda request: httpx2.Response(403, json=refusal) if "/Groups" in str(request.url) else None
    report = run(server)
    assert report.entra_test == "green"
    assert "groups fail" in report.as_json()["summary"]
    cell = report.cells["Group", "look_up"]
    assert (cell.verdict, cell.held, cell.explanation.code) == ("no", False, "scope_missing")
    assert all(fix.command is None for fix in cell.explanation.fixes)
    assert report.cells["User", "create"].held is True
    assert report.got == ("get:users", "post:users")


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_second_look_up_that_fails_is_not_taken_for_a_filter_that_is_ignored(status: int) -> None:
    server, look_ups = Foreign(), 0

    def before(request: httpx2.Request) -> httpx2.Response | None:
        nonlocal look_ups
        if request.method == "GET" and "vestibule-canary" in str(request.url) and "/Users" in str(request.url):
            look_ups += 1
            return httpx2.Response(status) if look_ups == 1 else None
        return None

    server.before = before
    report = run(server)
    told = report.cells["User", "look_up"]
    assert (told.verdict, codes(report)["User", "look_up"]) == (
        "no", {429: "throttled", 500: "foreign_fault", 503: "foreign_unavailable"}[status],
    )  # fmt: skip
    assert [each.status for each in told.evidence] == [200, status]
    assert server.left() == []


@pytest.mark.parametrize(("status", "code"), [(429, "throttled"), (500, "foreign_fault"), (404, "not_proven")])
def test_what_is_asked_of_nobody_is_told_by_its_own_refusal(status: int, code: str) -> None:
    server = Foreign()
    server.before = lambda request: (
        httpx2.Response(400)
        if request.method == "POST"
        else httpx2.Response(status)
        if request.method == "PATCH"
        else None
    )
    report = run(server)
    assert (report.cells["User", "change"].verdict, codes(report)["User", "change"]) == ("unclear", code)


def test_what_could_not_be_read_back_says_what_came_instead() -> None:
    server = Foreign()
    server.before = lambda request: (
        httpx2.Response(500)
        if request.method == "GET" and str(request.url).endswith("/Users/u1") and server.seen[-2].method == "PATCH"
        else None
    )
    told = run(server).cells["User", "change"]
    assert told.explanation is not None
    assert (told.verdict, "could not be read back (500)" in told.explanation.sentence) == ("unclear", True)


def test_a_server_that_throttles_is_told_so() -> None:
    server = Foreign()
    server.before = lambda request: httpx2.Response(429) if request.method == "PATCH" else None
    assert codes(run(server))["Group", "change"] == "throttled"


def test_a_refused_token_ends_the_test_before_anything_is_written() -> None:
    server = Foreign()
    server.before = lambda request: httpx2.Response(401, json={"detail": "no"})
    report = run(server)
    assert report.trouble is not None
    assert report.trouble.code == "foreign_unauthorized"
    assert {each.split()[0] for each in server.asked()} == {"GET"}


def text(status: int, body: str) -> httpx2.Response:
    return httpx2.Response(status, text=body, headers={"content-type": "application/scim+json"})


@pytest.mark.parametrize("ident", ["x" * 70_000, "\\ud800", "", "\\u202e", "..", "a?b#c/d e"])
def test_an_id_of_any_kind_ends_in_a_report(ident: str) -> None:
    server = Foreign()
    server.before = lambda request: (
        text(201, f'{{"id":"{ident}"}}') if request.method == "POST"
        else text(200, '{"totalResults":0,"Resources":[]}') if "filter" in str(request.url)
        else text(404, "{}")
    )  # fmt: skip
    assert run(server).finding


def test_what_has_a_number_as_its_id_is_told_and_taken_away() -> None:
    server = Foreign(id_is_number=True)
    report = run(server)
    assert (server.left(), report.leftovers) == ([], ())
    assert codes(report)["User", "create"] == "id_is_number"
    assert report.cells["User", "delete"].verdict == "yes"


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(302, headers={"location": "https://h/" + "a" * 60_000 + "/Users"}),
        httpx2.Response(200, text='{"totalResults":0,"Resources":[]}', headers={"content-type": "x" * 60_000}),
        httpx2.Response(400, json={"detail": "a" * 90_000, "scimType": "y" * 90_000}),
    ],
    ids=["location", "media type", "error"],
)
def test_what_a_server_says_at_length_is_told_in_part(answer: httpx2.Response) -> None:
    server = Foreign()
    server.before = lambda request: answer
    assert len(str(run(server).as_json())) < 100_000
