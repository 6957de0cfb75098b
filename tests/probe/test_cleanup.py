"""What a test made is taken away however the test ends, or it is said what was left."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.conftest import Tenant
from tests.probe.foreign import Foreign
from tests.probe.test_foreign_servers import URL, codes, run
from vestibule import ids
from vestibule.canary import is_mark, mark
from vestibule.clock import SystemClock
from vestibule.probe import Interrupted, probe
from vestibule.probe.reply import Reply

WRITES = 11
"""How many requests of a whole test write something."""


def is_write(request: httpx2.Request) -> bool:
    return request.method != "GET"


def test_the_writes_of_a_whole_test_are_as_many_as_are_interrupted_below() -> None:
    server = Foreign()
    run(server)
    assert sum(is_write(each) for each in server.seen) == WRITES


@pytest.mark.parametrize("number", range(1, WRITES + 1))
def test_an_answer_that_is_lost_leaves_nothing_behind(number: int) -> None:
    """The server did what it was asked, and nobody heard of it."""
    server, count = Foreign(), 0

    def lose(request: httpx2.Request) -> None:
        nonlocal count
        count += is_write(request)
        if is_write(request) and count == number:
            raise httpx2.ReadError("connection reset")

    server.after = lose
    report = run(server)
    assert server.left() == []
    assert report.leftovers == ()
    assert number in (8, 9) or "no_answer" in codes(report).values()


@pytest.mark.parametrize("number", range(1, WRITES + 1))
def test_an_interruption_at_any_write_leaves_nothing_behind(number: int) -> None:
    server, count = Foreign(), 0

    async def work() -> None:
        nonlocal count
        task = asyncio.current_task()
        assert task is not None

        def watch(request: object, reply: object) -> None:
            nonlocal count
            if getattr(request, "method", "GET") != "GET":
                count += 1
                if count == number:
                    task.cancel()

        with pytest.raises(Interrupted) as interrupted:
            await probe(URL, "t", transport=server.transport(), watch=watch)
        assert interrupted.value.report.interrupted
        assert interrupted.value.report.finding
        assert interrupted.value.report.leftovers == ()

    asyncio.run(work())
    assert server.left() == []


def test_an_interruption_of_the_cleaning_begins_it_anew() -> None:
    """The plan's own DELETEs are refused for a while, so that the cleaning has something to do."""
    server, refused = Foreign(), 0

    async def work() -> None:
        task = asyncio.current_task()
        assert task is not None

        def before(request: httpx2.Request) -> httpx2.Response | None:
            nonlocal refused
            if request.method == "DELETE" and refused < 4:
                refused += 1
                if refused == 4:
                    task.cancel()
                return httpx2.Response(503)
            return None

        server.before = before
        with pytest.raises(Interrupted) as interrupted:
            await probe(URL, "t", transport=server.transport())
        assert interrupted.value.report.leftovers == ()

    asyncio.run(work())
    assert refused == 4
    assert server.left() == []


@pytest.mark.parametrize("number", range(1, 31))
def test_a_fault_of_ours_in_the_middle_leaves_nothing_behind(number: int) -> None:
    server, count = Foreign(), 0

    def fall(request: object, reply: object) -> None:
        nonlocal count
        count += 1
        if count == number:
            raise RuntimeError("a fault")

    with pytest.raises(RuntimeError, match="a fault"):
        asyncio.run(probe(URL, "t", transport=server.transport(), watch=fall))
    assert server.left() == []


def test_what_cannot_be_deleted_is_named_with_its_id_and_why() -> None:
    report = run(Foreign(no_delete=True))
    assert {(each.kind, each.id) for each in report.leftovers} == {("User", "u1"), ("Group", "g2"), ("Group", "g3")}
    for each in report.leftovers:
        assert is_mark(each.mark)
        assert "405" in each.why
        assert "no DELETE here" in each.why


def test_a_lost_answer_that_nothing_can_be_looked_up_after_is_said_to_be_unknown() -> None:
    server = Foreign()
    lost = {"at": False}

    def before(request: httpx2.Request) -> httpx2.Response | None:
        if lost["at"] and request.method == "GET":
            return httpx2.Response(500)
        return None

    def after(request: httpx2.Request) -> None:
        if request.method == "POST" and urlsplit(str(request.url)).path.endswith("/Users"):
            lost["at"] = True
            raise httpx2.ReadError("connection reset")

    server.before, server.after = before, after
    (left, *_) = [each for each in run(server).leftovers if each.kind == "User"]
    assert left.id is None
    assert "look-up by its mark failed" in left.why


def leftovers(tenant: Tenant) -> int:
    return tenant.http.get("/Users", params={"filter": 'userName sw "vestibule-canary-"'}).json()["totalResults"]


def old_mark(age_in_hours: float) -> str:
    """`new_id` never goes back in time."""
    made = SystemClock().now() // 1_000 - int(age_in_hours * 3_600_000)
    ident = f"can_{ids._base32(made << 80 | 7 << 76)}"
    assert ids.time_of(ident) == made * 1_000
    return mark(ident)


def test_what_an_earlier_test_left_when_it_was_killed_is_taken_away(tenant: Tenant) -> None:
    old, young = old_mark(1), old_mark(0)
    for name in (old, young):
        user = tenant.http.post("/Users", json={"userName": name, "externalId": name}).json()
        group = {"displayName": name, "externalId": name, "members": [{"value": user["id"]}]}
        tenant.http.post("/Groups", json=group).raise_for_status()
    report = asyncio.run(probe(tenant.vestibule.scim_url(tenant.connection_id), tenant.text))
    assert report.proven
    assert report.as_json()["swept"] == 2
    assert leftovers(tenant) == 1, "another test may be on its way"


def test_a_server_that_ignores_filters_loses_nobody_to_the_sweep() -> None:
    server = Foreign(no_filters=True)
    mark_ = old_mark(1)
    server.things["Users"] = {
        "u100": {"userName": "ana@example.com"},
        "u101": {"userName": mark_, "externalId": "ana"},
        "u102": {"userName": "bo@example.com", "externalId": mark_},
        "u103": {"userName": mark_, "externalId": mark_},
    }
    run(server)
    assert set(server.left()) == {"u100", "u101", "u102"}


@pytest.mark.parametrize("lost", [False, True])
def test_a_server_that_shows_no_names_loses_nobody_to_the_cleaning(lost: bool) -> None:
    """It ignores filters, shows nothing but ids, and tells no id of what it made."""
    server = Foreign(no_filters=True, names_hidden=True, no_id=not lost)
    server.things["Users"]["u100"] = {"userName": "ana@example.com"}
    server.things["Groups"]["g100"] = {"displayName": "Sales", "members": [{"value": "u100"}]}

    def lose(request: httpx2.Request) -> None:
        if lost and request.method == "POST":
            raise httpx2.ReadError("connection reset")

    server.after = lose
    report = run(server)
    assert {"u100", "g100"} <= set(server.left())
    assert server.things["Groups"]["g100"] == {"displayName": "Sales", "members": [{"value": "u100"}]}
    assert not any("100" in each for each in server.asked()), "nobody else is so much as looked at"
    assert report.leftovers


def test_a_busy_server_is_given_the_time_that_it_asks_for_to_take_away_what_was_made() -> None:
    server, first = Foreign(), 0.0

    def before(request: httpx2.Request) -> httpx2.Response | None:
        nonlocal first
        if request.method != "DELETE":
            return None
        first = first or time.monotonic()
        return httpx2.Response(429, headers={"retry-after": "1"}) if time.monotonic() < first + 0.8 else None

    server.before = before
    report = run(server)
    assert (server.left(), report.leftovers) == ([], ())


@pytest.mark.parametrize(
    ("status", "said", "seconds"),
    [(429, "3", 3), (503, None, 1), (429, "86400", 10), (503, "Wed, 25 Nov 2026 02:00:00 GMT", 1), (429, "²", 1), (500, "3", 0), (200, "3", 0)],
)  # fmt: skip
def test_a_pause_is_what_a_busy_server_asks_for_within_reason(status: int, said: str | None, seconds: float) -> None:
    assert Reply(status, retry_after=said).pause == seconds


def test_leftovers_that_a_server_keeps_are_not_said_to_be_taken_away() -> None:
    server, name = Foreign(soft_delete=True), old_mark(1)
    server.things["Users"]["u100"] = {"userName": name, "externalId": name}
    assert run(server).swept == 0


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_a_friendly_kill_clean_up_at_our_server(tenant: Tenant, how: signal.Signals, tmp_path: Path) -> None:
    """The command is stopped as soon as its canary is there."""
    (tmp_path / "token").write_text(tenant.text)
    url = tenant.vestibule.scim_url(tenant.connection_id)
    arguments = ["test", "scim", url, "--token-file", str(tmp_path / "token")]
    with subprocess.Popen(
        [sys.executable, "-c", SLOW, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as process:  # fmt: skip
        try:
            deadline = time.monotonic() + 30
            while leftovers(tenant) == 0:
                assert time.monotonic() < deadline, "no canary came"
                time.sleep(0.01)
            process.send_signal(how)
            output, _ = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 1, output
    assert "interrupted" in output
    assert leftovers(tenant) == 0


SLOW = """
import asyncio
from vestibule.probe.line import Line
sent = Line.send
async def send(self, request):
    await asyncio.sleep(0.1)
    return await sent(self, request)
Line.send = send
from vestibule.cli import main
main()
"""
