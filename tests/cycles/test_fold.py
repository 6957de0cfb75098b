"""Cycles out of requests: where they begin and end, of what kind they are, and what waits after them."""

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from vestibule import ids
from vestibule.canary import mark
from vestibule.cycles.fold import SILENCE, close, fold_text
from vestibule.cycles.history import KEPT, OPEN, History, read_history
from vestibule.model import Exchange

AT = 1_795_507_200_000_000
SECOND, MINUTE = 1_000_000, 60_000_000
PROBE = "2f1cbd0e-4c1f-4d39-9f0e-0a5b7f0c2f11"


class Traffic:
    """Requests of an identity provider, a second apart unless told otherwise."""

    def __init__(self) -> None:
        self.now = AT
        self.sent: list[Exchange] = []

    def ask(self, method: str, path: str, status: int = 200, **rest: Any) -> None:
        self.now += SECOND
        ident = ids.first_id("req", self.now)
        self.sent.append(Exchange(ident, "con_1", self.now, 900, method, path, "", status, "tok_1", **rest))

    def probe(self, status: int = 200) -> None:
        facts = {"total": 0} if status == 200 else {"reason": "unknown"}
        self.ask("GET", "/Users", status, resource_type="User", target=PROBE, facts=facts)

    def user(self, name: str, *, there: bool = False, status: int = 201) -> None:
        """A look-up, and the creation of who is not there."""
        self.ask("GET", "/Users", resource_type="User", target=name, facts={"total": int(there)})
        if not there:
            self.ask("POST", "/Users", status, resource_type="User", target=name)

    def group(self, name: str, status: int = 200) -> None:
        facts = {"total": 1} if status < 400 else {"need": ["get:groups"]}
        self.ask("GET", "/Groups", status, resource_type="Group", target=name, facts=facts)

    def members(self, name: str, status: int = 204, **facts: Any) -> None:
        self.ask("PATCH", f"/Groups/{name}", status, resource_type="Group", resource_id=name, target=name, facts=facts)

    def wait(self, minutes: int) -> None:
        self.now += minutes * MINUTE

    def history(self) -> History:
        """What is known of it, the last run ended."""
        history = read_history(fold_text("{}", self.sent))
        close(history)
        return history


def kinds(traffic: Traffic) -> list[str | None]:
    return [each.kind for each in traffic.history().cycles]


def people(traffic: Traffic, count: int, *, there: bool = False) -> None:
    for number in range(count):
        traffic.user(f"u{number}@example.com", there=there)


def test_a_cycle_ends_with_silence_and_the_first_one_is_initial() -> None:
    traffic = Traffic()
    people(traffic, 5)
    traffic.wait(40)
    traffic.user("new@example.com")
    first, second = traffic.history().cycles
    assert (first.kind, first.number, first.users.created, first.requests) == ("initial", 1, 5, 10)
    assert (second.kind, second.number, second.users.created) == ("incremental", 2, 1)
    assert first.id == f"cyc_{traffic.sent[0].id[4:]}"
    assert (first.began, first.ended) == (traffic.sent[0].at, traffic.sent[9].at)


def test_a_probe_begins_the_next_cycle_though_there_was_no_silence() -> None:
    traffic = Traffic()
    for _ in range(2):
        traffic.probe()
        people(traffic, 3)
    assert [each.requests for each in traffic.history().cycles] == [7, 7]


def test_looking_at_everybody_again_is_an_initial_cycle() -> None:
    traffic = Traffic()
    people(traffic, 6)
    traffic.wait(40)
    traffic.user("u1@example.com", there=True)
    traffic.wait(40)
    people(traffic, 6, there=True)
    assert kinds(traffic) == ["initial", "incremental", "initial"]


def test_a_test_of_the_connection_and_reading_are_no_cycle() -> None:
    traffic = Traffic()
    traffic.probe()
    traffic.ask("GET", "/Schemas")
    traffic.ask("GET", "/Users", resource_type="User", facts={"total": 9})
    history = traffic.history()
    assert (history.cycles, history.contacts, history.tested_at) == ([], 3, traffic.now)


def test_what_is_answered_by_refusals_alone_is_refused() -> None:
    traffic = Traffic()
    traffic.probe(401)
    traffic.wait(40)
    traffic.probe(401)
    assert kinds(traffic) == ["refused", "refused"]
    assert [each.unauthorized for each in traffic.history().cycles] == [1, 1]


def test_sign_ins_and_what_a_connection_test_made_are_left_out() -> None:
    traffic = Traffic()
    traffic.ask("POST", "/sso", resource_type="SignIn", target="ana")
    traffic.ask("POST", "/Users", 201, resource_type="User", target=mark(ids.new_id("can", AT)))
    traffic.ask("POST", "/Bulk", facts={"operations": 3})
    assert traffic.history() == History()


def test_memberships_are_counted_and_their_refusals_are_the_groups() -> None:
    traffic = Traffic()
    people(traffic, 2)
    traffic.group("Sales")
    traffic.members("Sales", joined=2, already=3, changed=True)
    traffic.members("Sales", left=1, changed=True)
    traffic.members("Ops", parked=["x"], parked_count=1)
    traffic.members("HR", 403, need=["patch:groups"])
    traffic.members("HR", 403, need=["patch:groups"])
    history = traffic.history()
    (cycle,) = history.cycles
    made = cycle.memberships
    assert (made.joined, made.already, made.left, made.parked, made.refused) == (2, 3, 1, 1, 1)
    assert (cycle.groups.refused, cycle.groups.forbidden) == (1, 1)
    assert [each.who for each in history.open.values()] == ["HR"]


def test_a_look_up_does_not_make_good_a_refused_write_but_a_write_does() -> None:
    traffic = Traffic()
    people(traffic, 3)
    traffic.user("bad@example.com", status=409)
    traffic.wait(40)
    traffic.user("bad@example.com", status=409)
    history = traffic.history()
    (open_,) = history.open.values()
    assert (open_.who, open_.status, open_.runs) == ("bad@example.com", 409, 2)
    traffic.wait(40)
    traffic.user("BAD@example.com")
    assert traffic.history().open == {}


def test_an_initial_cycle_forgets_what_it_did_not_meet_again() -> None:
    """Somebody who was refused may have left the scope."""
    traffic = Traffic()
    people(traffic, 3)
    traffic.user("gone@example.com", status=409)
    assert len(traffic.history().open) == 1
    traffic.wait(40)
    people(traffic, 3, there=True)
    assert traffic.history().open == {}


def test_what_nobody_tries_again_is_forgotten_after_four_weeks() -> None:
    traffic = Traffic()
    people(traffic, 3)
    traffic.user("gone@example.com", status=409)
    traffic.wait(27 * 24 * 60)
    traffic.user("new@example.com")
    assert len(traffic.history().open) == 1
    traffic.wait(2 * 24 * 60)
    traffic.user("newer@example.com")
    assert traffic.history().open == {}


def test_what_is_kept_is_bounded() -> None:
    traffic = Traffic()
    for _ in range(KEPT + 5):
        people(traffic, 1)
        traffic.wait(40)
    people(traffic, 1)
    for number in range(OPEN + 7):
        traffic.user(f"bad{number}@example.com", status=409)
    history = traffic.history()
    assert (len(history.cycles), history.count, history.cycles[-1].number) == (KEPT, KEPT + 6, KEPT + 6)
    assert (len(history.open), history.more, history.cycles[-1].users.refused) == (OPEN, 7, OPEN + 7)
    assert len(history.as_text()) < 150_000


def test_long_names_and_paths_are_remembered_in_part() -> None:
    traffic = Traffic()
    for number in range(OPEN):
        traffic.ask(
            "GET", f"/Users/{number}{'x' * 60_000}", 404, resource_type="User", resource_id=f"{number}{'x' * 60_000}"
        )
    assert len(traffic.history().as_text()) < 250_000


def test_who_is_to_be_deleted_and_is_gone_already_waits_for_nobody() -> None:
    traffic = Traffic()
    people(traffic, 2)
    traffic.ask("PATCH", "/Users/usr_1", 400, resource_type="User", resource_id="usr_1")
    traffic.ask("DELETE", "/Users/usr_1", 404, resource_type="User", resource_id="usr_1")
    history = traffic.history()
    (cycle,) = history.cycles
    assert (history.open, cycle.users.refused, cycle.users.deleted, cycle.requests - cycle.answered) == ({}, 1, 0, 1)


def test_a_question_that_cannot_be_read_is_about_nobody() -> None:
    traffic = Traffic()
    traffic.ask("GET", "/Users", 400, resource_type="User")
    traffic.ask("POST", "/Users", 400, resource_type="User")
    history = traffic.history()
    assert (history.cycles[0].users.refused, history.open) == (1, {})


def test_who_is_held_or_protected_is_refused_but_not_for_want_of_a_scope() -> None:
    traffic = Traffic()
    traffic.members("Sales", 403, hold="hld_1")
    traffic.sent[-1] = replace(traffic.sent[-1], error="held")
    traffic.ask("DELETE", "/Users/usr_1", 403, resource_type="User", target="boss", error="protected")
    traffic.group("Ops")
    (cycle,) = traffic.history().cycles
    assert (cycle.groups.refused, cycle.groups.forbidden) == (1, 0)
    assert (cycle.users.refused, cycle.users.forbidden) == (1, 0)


def test_what_is_refused_again_and_again_beyond_the_bound_is_counted_once_and_forgotten_when_there_is_room() -> None:
    traffic = Traffic()
    people(traffic, 9)
    for _ in range(3):
        for number in range(OPEN + 7):
            traffic.user(f"bad{number}@example.com", status=409)
        traffic.wait(40)
    assert (len(traffic.history().open), traffic.history().more) == (OPEN, 7)
    for number in range(OPEN + 7):
        traffic.user(f"bad{number}@example.com", there=False)
    history = traffic.history()
    assert (history.open, history.more) == ({}, 0)


def test_what_another_version_has_kept_can_be_read() -> None:
    """While one worker is upgraded the other one goes on, and a history outlives an upgrade."""
    traffic = Traffic()
    people(traffic, 2)
    traffic.user("bad@example.com", status=409)
    now = fold_text("{}", traffic.sent)
    newer = json.loads(now)
    for each in (newer, newer["run"], newer["run"]["users"], *newer["open"].values()):
        each["news"] = 1
    assert read_history(json.dumps(newer)).as_text() == now
    older = json.loads(now)
    for name in ("more_in", "strangers"):
        del older[name]
    for name in ("adrift", "adrift_id"):
        del older["run"][name]
    assert read_history(json.dumps(older)).as_text() == now


requests = st.lists(
    st.tuples(st.sampled_from(["probe", "user", "there", "group", "403", "members", "401", "409"]), st.integers(0, 3))
)


def played(moves: Sequence[tuple[str, int]]) -> Traffic:
    traffic = Traffic()
    for move, number in moves:
        name = f"n{number}"
        match move:
            case "probe":
                traffic.probe()
            case "401":
                traffic.probe(401)
            case "user" | "there":
                traffic.user(name, there=move == "there")
            case "409":
                traffic.user(name, status=409)
            case "group" | "403":
                traffic.group(name, 200 if move == "group" else 403)
            case _:
                traffic.members(name, joined=number)
        traffic.wait(40 if number == 3 else 0)
    return traffic


@given(requests, st.integers(0, 40))
def test_it_does_not_matter_in_how_many_pieces_the_log_is_read(moves: list[tuple[str, int]], cut: int) -> None:
    sent = played(moves).sent
    assert fold_text(fold_text("{}", sent[:cut]), sent[cut:]) == fold_text("{}", sent)


@given(requests)
def test_every_request_is_in_one_run_and_runs_do_not_overlap(moves: list[tuple[str, int]]) -> None:
    traffic = played(moves)
    history = read_history(fold_text("{}", traffic.sent))
    close(history)
    assert history.contacts == len(traffic.sent)
    for earlier, later in pairwise(history.cycles):
        assert earlier.last_id < later.first_id
    for each in history.cycles:
        inside = [one for one in traffic.sent if each.first_id <= one.id <= each.last_id]
        assert (len(inside), inside[0].at, inside[-1].at) == (each.requests, each.began, each.ended)
        gaps = [later.at - earlier.at for earlier, later in pairwise(inside)]
        assert all(gap <= SILENCE for gap in gaps)
        assert sum(one.status < 400 for one in inside) == each.answered
