"""What the identity provider seems to think, and which button to press there."""

from collections.abc import Callable

import pytest

from tests.cycles.test_fold import MINUTE, Traffic, people
from vestibule.cycles import Overview, over
from vestibule.cycles.fold import fold_text
from vestibule.cycles.history import read_history
from vestibule.cycles.verdict import ENTRA_INTERVAL, Present
from vestibule.cycles.words import USUAL_CAUSES
from vestibule.model import Connection

DAY = 24 * 60


def look(traffic: Traffic, minutes: int = 15, idp: str = "entra", scopes: frozenset[str] = frozenset()) -> Overview:
    """The overview so many minutes after the last request."""
    history = read_history(fold_text("{}", traffic.sent))
    present = Present(traffic.now + minutes * MINUTE, idp, {"tok_1": scopes})
    return over(Connection("con_1", "ent_1", idp, 0), history, present)


def good_cycle(traffic: Traffic) -> None:
    traffic.probe()
    people(traffic, 4)
    traffic.group("Sales")
    traffic.members("Sales", joined=4, changed=True)


def groups_forbidden(traffic: Traffic) -> None:
    traffic.probe()
    people(traffic, 4)
    traffic.group("Sales", 403)
    traffic.group("Ops", 403)


def one_conflict(traffic: Traffic) -> None:
    good_cycle(traffic)
    traffic.user("bad@example.com", status=409)


def then_groups_are_forbidden(traffic: Traffic) -> None:
    good_cycle(traffic)
    traffic.wait(40)
    traffic.probe()
    traffic.user("new@example.com")
    traffic.group("Sales", 403)


def locked_out(traffic: Traffic) -> None:
    good_cycle(traffic)
    traffic.wait(40)
    traffic.probe(401)


def locked_out_in_the_middle(traffic: Traffic) -> None:
    good_cycle(traffic)
    for _ in range(3):
        traffic.ask("GET", "/Users", 401, resource_type=None, facts={"reason": "revoked"})


def let_in_again(traffic: Traffic) -> None:
    locked_out_in_the_middle(traffic)
    traffic.user("new@example.com")


def many_failures(traffic: Traffic) -> None:
    for number in range(5_000):
        traffic.user(f"u{number}", status=400)
    people(traffic, 10)


def faults(traffic: Traffic) -> None:
    good_cycle(traffic)
    traffic.user("bad@example.com", status=500)


def only_tested(traffic: Traffic) -> None:
    traffic.probe()


def nothing(_traffic: Traffic) -> None:
    """Nobody calls."""


@pytest.mark.parametrize(
    ("play", "minutes", "state", "press"),
    [
        (nothing, 0, "never_called", "Start provisioning"),
        (only_tested, 5, "tested_only", "Start provisioning"),
        (good_cycle, 1, "running", None),
        (good_cycle, 15, "good", None),
        (good_cycle, 75, "good", None),
        (good_cycle, 90, "quiet", "Provision on demand"),
        (groups_forbidden, 1, "initial_sync_paused", "Restart provisioning"),
        (groups_forbidden, 15, "initial_sync_paused", "Restart provisioning"),
        (groups_forbidden, 30 * DAY, "initial_sync_paused", "Restart provisioning"),
        (then_groups_are_forbidden, 15, "quarantine", "Restart provisioning"),
        (many_failures, 15, "initial_sync_paused", "Restart provisioning"),
        (one_conflict, 15, "escrow", "Restart provisioning, to have them tried at once"),
        (faults, 15, "escrow", "Restart provisioning, to have them tried at once"),
        (faults, 2 * DAY, "overdue", "Restart provisioning"),
        (locked_out, 5, "locked_out", "Restart provisioning, once a good token is pasted and the connection test there is green"),
        (locked_out_in_the_middle, 15, "locked_out", "Restart provisioning, once a good token is pasted and the connection test there is green"),
        (let_in_again, 15, "good", None),
    ],
)  # fmt: skip
def test_the_state_is_told_by_the_shape_of_the_traffic(
    play: Callable[[Traffic], None], minutes: int, state: str, press: str | None
) -> None:
    traffic = Traffic()
    play(traffic)
    found = look(traffic, minutes)
    assert (found.verdict.state, found.told.press) == (state, press), found.told


def test_a_group_that_is_refused_where_another_one_is_not_does_not_stop_the_job() -> None:
    traffic = Traffic()
    people(traffic, 2)
    traffic.group("Sales")
    traffic.group("Ops", 403)
    assert look(traffic).verdict.state == "escrow"


def test_after_the_grant_it_is_said_that_the_same_token_works_and_after_the_restart_all_is_good() -> None:
    traffic = Traffic()
    groups_forbidden(traffic)
    before = look(traffic)
    assert (before.verdict.mended, before.verdict.waiting) == (False, 2)
    assert "Refused last: group “Ops” (403, req_" in before.told.why
    assert "The token lacked get:groups." in before.told.why
    granted = look(traffic, scopes=frozenset({"get:groups"}))
    assert granted.verdict.mended
    assert granted.told.why.endswith("It may do this now, so the same token goes on working.")
    traffic.wait(60)
    traffic.probe()
    people(traffic, 4, there=True)
    traffic.group("Sales")
    traffic.group("Ops")
    after = look(traffic)
    assert (after.verdict.state, after.verdict.waiting, [each.kind for each in after.cycles]) == (
        "good", 0, ["initial", "initial"],
    )  # fmt: skip


def test_the_next_cycle_is_expected_forty_minutes_after_the_last_one_began() -> None:
    traffic = Traffic()
    good_cycle(traffic)
    found = look(traffic).verdict
    assert (found.interval, found.learnt) == (ENTRA_INTERVAL, False)
    assert found.expected_next == traffic.sent[0].at + ENTRA_INTERVAL
    assert not found.overdue


def test_the_interval_is_learnt_from_the_last_cycles() -> None:
    traffic = Traffic()
    for minutes in (20, 21, 19, 3_000):
        traffic.user("new@example.com")
        traffic.wait(minutes)
    traffic.user("new@example.com")
    for idp in ("entra", "okta", "other"):
        found = look(traffic, idp=idp).verdict
        assert found.learnt
        assert found.interval is not None
        assert abs(found.interval - 20 * MINUTE) < MINUTE


def test_of_an_identity_provider_that_calls_when_something_changes_nobody_is_expected() -> None:
    traffic = Traffic()
    groups_forbidden(traffic)
    found = look(traffic, 3 * DAY, "okta")
    assert (found.verdict.state, found.verdict.interval, found.verdict.overdue) == ("escrow", None, False)
    assert "Retry Selected" in (found.told.press or "")


def test_a_paused_or_quarantined_job_is_not_expected() -> None:
    for play in (groups_forbidden, then_groups_are_forbidden, locked_out):
        traffic = Traffic()
        play(traffic)
        found = look(traffic, 60).verdict
        assert (found.expected_next, found.overdue) == (None, False)


def test_who_was_never_seen_is_told_the_usual_causes() -> None:
    assert look(Traffic(), 0).told.causes == USUAL_CAUSES


def test_the_overview_is_told_newest_first_and_bounded() -> None:
    traffic = Traffic()
    for _ in range(4):
        traffic.user("new@example.com")
        traffic.wait(40)
    shown = look(traffic).as_json(2)
    assert [each["number"] for each in shown["cycles"]] == [4, 3]
    assert shown["cycles"][0]["users"]["done"] == 1
    assert shown["state"] == "good"
