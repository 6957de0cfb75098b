"""What the identity provider seems to think, and which button to press there."""

from collections.abc import Callable
from typing import get_args

import pytest

from tests.cycles.test_fold import MINUTE, PROBE, Traffic, people
from vestibule.cycles import Overview, over
from vestibule.cycles.fold import fold_text
from vestibule.cycles.history import OPEN, History, Run, Tally, read_history
from vestibule.cycles.verdict import Present, State, judge
from vestibule.cycles.words import _TELLERS, USUAL_CAUSES
from vestibule.entra.job import INTERVAL
from vestibule.explain.catalogue.traffic import SILENT, STALLED
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


def one_write_is_refused_and_nothing_else_comes(traffic: Traffic) -> None:
    good_cycle(traffic)
    traffic.wait(40)
    traffic.ask("PATCH", "/Users/usr_1", 400, resource_type="User", target="u1@example.com")


def a_protected_account_alone(traffic: Traffic) -> None:
    traffic.probe()
    traffic.ask("PATCH", "/Users/usr_1", 403, resource_type="User", target="u1@example.com", error="protected")
    traffic.group("Sales")


def the_probe_is_forbidden(traffic: Traffic) -> None:
    traffic.ask("GET", "/Users", 403, resource_type="User", target=PROBE, facts={"need": ["get:users"]})


def the_database_is_away(traffic: Traffic) -> None:
    good_cycle(traffic)
    traffic.wait(40)
    traffic.ask("GET", "/Users", 503, resource_type="User", target=PROBE)


def at_a_wrong_address(traffic: Traffic) -> None:
    for _ in range(3):
        traffic.ask("GET", "/scim/Users", 404)


def a_filter_is_refused(traffic: Traffic) -> None:
    good_cycle(traffic)
    traffic.ask("GET", "/Users", 400, resource_type="User")


def refused_and_then_made_good(traffic: Traffic) -> None:
    good_cycle(traffic)
    traffic.ask("POST", "/Users", 409, resource_type="User", target="new@example.com")
    traffic.ask("POST", "/Users", 201, resource_type="User", target="new@example.com")


def most_of_many_fail(traffic: Traffic) -> None:
    good_cycle(traffic)
    traffic.wait(40)
    traffic.probe()
    for number in range(6_000):
        traffic.user(f"bad{number}", status=400)
    people(traffic, 4_000)


def some_of_many_fail(traffic: Traffic) -> None:
    people(traffic, 9_000)
    for number in range(5_500):
        traffic.user(f"bad{number}", status=400)


def many_groups_are_forbidden_later(traffic: Traffic) -> None:
    good_cycle(traffic)
    traffic.wait(40)
    traffic.probe()
    for number in range(5_000):
        traffic.group(f"g{number}", 403)


def one_of_those_that_are_missing_is_forbidden(traffic: Traffic) -> None:
    for name in ("ana", "ben"):
        traffic.ask("GET", "/Users", resource_type="User", target=name, facts={"total": 0})
    traffic.ask("POST", "/Users", 403, resource_type="User", target="ana", facts={"need": ["post:users"]})


def a_browser_looks(traffic: Traffic) -> None:
    groups_forbidden(traffic)
    traffic.wait(30)
    traffic.ask("GET", "/", 401, facts={"reason": "missing"})


def a_basic_password_comes(traffic: Traffic) -> None:
    traffic.ask("GET", "/Users", 401, facts={"reason": "missing", "scheme": "basic"})


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
        (then_groups_are_forbidden, 15, "escrow", "Restart provisioning, to have them tried at once"),
        (many_groups_are_forbidden_later, 15, "quarantine", "Restart provisioning"),
        (one_write_is_refused_and_nothing_else_comes, 15, "escrow", "Restart provisioning, to have them tried at once"),
        (a_protected_account_alone, 15, "escrow", "Restart provisioning, to have them tried at once"),
        (the_probe_is_forbidden, 15, "quarantine", "Restart provisioning"),
        (the_database_is_away, 15, "refused", "Restart provisioning"),
        (at_a_wrong_address, 15, "refused", "Restart provisioning"),
        (a_filter_is_refused, 15, "refused", None),
        (refused_and_then_made_good, 15, "good", None),
        (refused_and_then_made_good, 1, "running", None),
        (most_of_many_fail, 15, "quarantine", "Restart provisioning"),
        (some_of_many_fail, 15, "escrow", "Restart provisioning, to have them tried at once"),
        (a_browser_looks, 15, "initial_sync_paused", "Restart provisioning"),
        (a_basic_password_comes, 15, "locked_out", "Restart provisioning, once a good token is pasted and the connection test there is green"),
        (many_failures, 15, "initial_sync_paused", "Restart provisioning"),
        (one_conflict, 15, "escrow", "Restart provisioning, to have them tried at once"),
        (one_conflict, 2 * DAY, "escrow", "Restart provisioning, to have them tried at once"),
        (one_of_those_that_are_missing_is_forbidden, 15, "escrow", "Restart provisioning, to have them tried at once"),
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


def test_refused_memberships_count_among_more_than_sixty_thousand_failures() -> None:
    """They are no failures of objects, of which forty thousand are enough."""
    people = Tally(found=200_000, updated=200_000, refused=10)
    for refused, state in ((60_000, "quarantine"), (59_990, "good")):
        run = Run("req_1", "req_2", 0, 1, 1, "incremental", 300_000, answered=240_000, users=people)
        run.memberships.refused = refused
        assert judge(History(cycles=[run], contacts=1, known=200_000), Present(2, "entra")).state == state


def test_what_is_refused_and_not_remembered_by_name_waits_too() -> None:
    traffic = Traffic()
    good_cycle(traffic)
    for number in range(OPEN + 1):
        traffic.user(f"bad{number}@example.com", status=409)
    for number in range(OPEN):
        traffic.user(f"bad{number}@example.com")
    assert (look(traffic, 1).verdict.state, look(traffic, 1).verdict.waiting) == ("escrow", 1)


def test_what_was_refused_for_another_reason_than_a_scope_is_not_mended_by_scopes() -> None:
    traffic = Traffic()
    one_conflict(traffic)
    found = look(traffic, scopes=frozenset({"post:users"}))
    assert not found.verdict.mended
    assert "may do this now" not in found.told.why


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
    assert (found.interval, found.learnt) == (INTERVAL, False)
    assert found.expected_next == traffic.sent[0].at + INTERVAL
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
    for play in (groups_forbidden, the_probe_is_forbidden, locked_out):
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


@pytest.mark.parametrize(
    ("play", "minutes", "sentence"),
    [
        (nothing, 0, "Entra ID has never called this connection."),
        (only_tested, 5, "Provisioning was never seen here, only requests as a connection test makes them."),
        (good_cycle, 15, "The last cycle is good: nothing was refused."),
        (good_cycle, 90, "The last cycle was good, and Entra ID has been silent since 2026-11-24 08:00 UTC."),
        (refused_and_then_made_good, 15, "The last cycle is good: what was refused in it was made good."),
        (let_in_again, 15, "The last cycle is good: 3 requests had no token that is accepted, and the newest had."),
        (refused_and_then_made_good, 1, "A cycle of Entra ID is going on, and what was refused in it was made good."),
        (one_conflict, 1, "A cycle is going on, but 1 object that was refused waits to be made good."),
        (groups_forbidden, 1, "Entra ID will probably stop with “Initial sync paused”: in its initial cycle all 2 groups were refused."),
        (many_groups_are_forbidden_later, 1, "Entra ID will probably put the job in quarantine: in its last cycle all 5,000 groups were refused."),
        (the_probe_is_forbidden, 15, "Entra ID has probably put the job in quarantine: in its last cycle every request was refused."),
        (locked_out, 5, "Entra ID is not let in: the last request came without a token that is accepted."),
        (locked_out_in_the_middle, 15, "Entra ID is not let in: the last 3 requests came without a token that is accepted."),
        (at_a_wrong_address, 15, "In the last cycle of Entra ID 3 requests were refused, about no user and no group by name."),
        (the_database_is_away, 15, "In the last cycle of Entra ID the only request was refused, about no user and no group by name."),
        (a_filter_is_refused, 15, "In the last cycle of Entra ID 1 request was refused of 12, about no user and no group by name."),
    ],
)  # fmt: skip
def test_each_sentence_says_what_was_seen_and_no_more(
    play: Callable[[Traffic], None], minutes: int, sentence: str
) -> None:
    traffic = Traffic()
    play(traffic)
    assert look(traffic, minutes).told.sentence == sentence


def test_an_identity_provider_of_which_all_is_refused_is_not_said_to_be_overdue() -> None:
    """It was, though nobody knew when it would come: "It was expected at some time"."""
    traffic = Traffic()
    groups_forbidden(traffic)
    traffic.sent = [each for each in traffic.sent if each.status >= 400]
    assert look(traffic, idp="okta").told.sentence.endswith("2 objects that were refused wait to be made good.")
    wrong = Traffic()
    at_a_wrong_address(wrong)
    found = look(wrong, idp="okta")
    assert (found.verdict.state, found.told.press) == ("refused", "Dashboard › Tasks › Retry Selected")
    assert "40 minutes" not in " ".join(look(Traffic(), 0, "okta").told.causes)


def test_what_is_said_of_the_cause_of_a_refusal_of_no_object_depends_on_whose_fault_it_was() -> None:
    for play, cause in ((the_database_is_away, "failed here"), (at_a_wrong_address, "the address or a filter")):
        traffic = Traffic()
        play(traffic)
        assert cause in look(traffic).told.why
        assert traffic.sent[-1].id in look(traffic).told.why


def test_a_call_without_any_token_is_counted_and_is_none_of_the_identity_providers() -> None:
    traffic = Traffic()
    traffic.ask("GET", "/Users", 401, facts={"reason": "missing"})
    found = look(traffic, 0)
    assert found.verdict.state == "never_called"
    assert "1 request came without any token" in found.told.why


def test_the_next_cycle_is_never_expected_in_the_past_unless_it_is_said_to_be_overdue() -> None:
    for play in (good_cycle, one_conflict, faults, a_filter_is_refused):
        traffic = Traffic()
        play(traffic)
        for minutes in (1, 41, 79, 81, 200, 3 * DAY):
            found = look(traffic, minutes).verdict
            now = traffic.now + minutes * MINUTE
            assert found.expected_next is not None
            assert found.overdue == (found.expected_next < now)
            assert (found.expected_next - traffic.sent[0].at) % INTERVAL == 0


def test_the_request_that_tells_most_is_the_one_that_is_the_matter() -> None:
    for play in (locked_out, one_conflict, a_filter_is_refused, the_probe_is_forbidden):
        traffic = Traffic()
        play(traffic)
        assert look(traffic).telling == traffic.sent[-1].id
    good = Traffic()
    good_cycle(good)
    assert look(good).telling is None


def test_the_catalogue_and_the_words_know_the_same_states() -> None:
    assert set(get_args(State)) == set(_TELLERS)
    assert set(get_args(State)) > SILENT | STALLED


def test_a_clock_that_was_set_back_does_not_make_a_cycle_without_end() -> None:
    traffic = Traffic()
    traffic.wait(365 * DAY)
    people(traffic, 3)
    traffic.now -= 365 * DAY * MINUTE
    people(traffic, 3)
    found = look(traffic)
    assert (found.verdict.state, found.verdict.going_on) == ("good", False)
    assert [each.began for each in found.cycles] == [traffic.sent[0].at, traffic.sent[len(traffic.sent) // 2].at]
    assert found.history.last_contact == traffic.now
    ahead = Traffic()
    good_cycle(ahead)
    assert not look(ahead, -DAY).verdict.going_on
