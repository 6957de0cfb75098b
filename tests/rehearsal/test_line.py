"""Addresses, tokens, answers and files that nobody should have to debug from a traceback."""

import sqlite3

import httpx2
import pytest

from tests.rehearsal.target import FakeTarget, Killed, Ticking, run
from tests.rehearsal.test_resilience import codes, tenant
from vestibule.entra.answers import INCOMPATIBLE
from vestibule.rehearsal import InvalidState, Target, Unreachable
from vestibule.rehearsal.drive import Line


@pytest.mark.parametrize("url", ["app.example/scim", "http://", "ftp://h/scim", "http://h:99999/scim", "http://[::1/x"])
def test_an_address_that_is_none_is_unreachable_before_anything_is_sent(url):
    with pytest.raises(Unreachable, match="no address"):
        Line(Target(url, "t"), Ticking(), None)


@pytest.mark.parametrize("token", ["tokün", "to\nken"])
def test_a_token_that_no_header_can_carry_is_refused(token):
    with pytest.raises(Unreachable, match="Copy it again"):
        Line(Target("https://h/scim", token), Ticking(), None)


def test_a_line_end_that_was_pasted_with_the_token_does_no_harm():
    assert Line(Target("https://h/scim", " secret\n"), Ticking(), None)


def failing(error):
    target = FakeTarget()

    def fail(request):
        raise error

    target.hook = fail
    return target


def test_nobody_who_answers_the_first_call_in_time_is_unreachable():
    with pytest.raises(Unreachable):
        run(tenant(), failing(httpx2.ConnectTimeout("slow")))


def answering(answer):
    target = FakeTarget()
    target.hook = lambda request: answer
    return target


def probe_error(rehearsal):
    return rehearsal.as_json()["job"]["status"]["lastExecution"]["error"]


def test_an_answer_that_cannot_be_decoded_interrupts_the_cycle_and_the_job_says_why():
    target = FakeTarget()
    gzip = {"content-encoding": "gzip"}
    target.hook = lambda r: httpx2.Response(200, stream=httpx2.ByteStream(b"not gzip"), headers=gzip)
    done = run(tenant(), target)
    assert done.cycles[0].status == "Interrupted"
    assert probe_error(done)["code"] == "WebExceptionProtocolError"


def test_a_probe_that_meets_a_500_is_told_in_the_job():
    done = run(tenant(), answering(httpx2.Response(500, text="maintenance")))
    assert done.as_json()["job"]["status"]["quarantine"] is None
    assert probe_error(done) == {"code": "InternalServerError", "message": "maintenance", "tenantActionable": True}


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(302, headers={"location": "/login"}),
        httpx2.Response(200, text="[" * 200_000),
        httpx2.Response(404, text="\ufeffnothing"),
    ],
)
def test_what_speaks_no_scim_quarantines_at_the_probe(answer):
    target = answering(answer)
    done = run(tenant(), target)
    assert done.as_json()["job"]["status"]["code"] == "Quarantine"
    assert probe_error(done)["code"] == INCOMPATIBLE
    assert len(target.engine_requests()) == 1


def test_somebody_elses_database_is_no_state_and_is_left_as_it_was(tmp_path):
    path = tmp_path / "vestibule.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE users (id TEXT)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(InvalidState, match=r"vestibule\.db is not a state file of a rehearsal .*users"):
        run(tenant(), FakeTarget(), str(path))
    assert path.read_bytes() == before


def test_a_second_engine_on_the_same_state_is_turned_away(tmp_path):
    state, target = str(tmp_path / "s.db"), FakeTarget()
    turned_away = []

    def meddle(request):
        if len(target.seen) == 3:
            with pytest.raises(InvalidState, match="another rehearsal is using it") as caught:
                raise_from_thread(state)
            turned_away.append(caught)

    target.hook = meddle
    done = run(tenant(), target, state)
    assert len(turned_away) == 1
    assert codes(done) == []
    assert len(target.users) == 6


def raise_from_thread(state):
    """Run a second engine to its end, apart from the event loop that the first one runs in."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        pool.submit(run, tenant(), FakeTarget(), state).result()


def test_a_killed_engine_does_not_keep_its_state_locked(tmp_path):
    state, target = str(tmp_path / "s.db"), FakeTarget()

    def die(request):
        raise Killed

    target.hook = die
    with pytest.raises(Killed):
        run(tenant(), target, state)
    target.hook = lambda request: None
    assert run(tenant(), target, state).cycles[0].status == "Completed"


def test_a_roll_call_that_was_cut_short_is_called_by_the_next_run(tmp_path):
    state, target = str(tmp_path / "s.db"), FakeTarget()

    def die_at_the_roll_call(request):
        if "user-agent" in request.headers:
            raise Killed

    run(tenant(2), target, state)
    target.hook = die_at_the_roll_call
    with pytest.raises(Killed):
        run(tenant(), target, state)
    target.hook = lambda request: None
    resumed = run(tenant(), target, state)
    assert resumed.cycles[0].requests == 0
    row = resumed.as_json()["rollcall"]["groups"][0]
    assert (row["expected"], row["present"]) == (6, 6)
    sent = len(target.seen)
    assert run(tenant(), target, state).rollcall == resumed.rollcall
    assert len(target.seen) == sent
