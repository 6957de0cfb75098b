"""What goes wrong between engine and target, and how it ends."""

from dataclasses import replace

import httpx2
import pytest

from tests.rehearsal.target import FakeTarget, Killed, Ticking, error, run
from vestibule.entra.graph import Tenant, TenantGroup, TenantUser
from vestibule.entra.job import Job
from vestibule.entra.memory import JobSaved
from vestibule.rehearsal import InvalidState, Unreachable
from vestibule.rehearsal.state import State

MINUTE = 60_000_000


def user(number, **more):
    name = f"user{number}@x.com"
    return TenantUser(f"id{number}", name, attributes={"displayName": f"User {number}", "mail": name}, **more)


def tenant(people=6, **more):
    users = tuple(user(i, manager="id0" if i else None) for i in range(people))
    return Tenant(users, (TenantGroup("gid", "team", tuple(u.id for u in users)),), **more)


def codes(rehearsal):
    infos = [each["provisioningStatusInfo"]["errorInformation"] for each in rehearsal.log]
    return [each["errorCode"] for each in infos if each]


def missing(rehearsal):
    return {each["who"]: each["reason"] for each in rehearsal.as_json()["rollcall"]["groups"][0]["missing"]}


def members(target):
    return {
        group["displayName"]: {target.users[each]["userName"] for each in group["members"]}
        for group in target.groups.values()
    }


def stop_job(path):
    """As an admin who stops provisioning: only a job that does not run is restarted."""
    state = State.open(path)
    state.commit(JobSaved(replace(state.memory(Job("j", "t")).job, code="Paused")))
    state.close()


ALL_SIX = {"team": {f"user{i}@x.com" for i in range(6)}}


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_anywhere_and_resumed_neither_duplicates_nor_loses(tmp_path, when):
    whole = FakeTarget()
    run(tenant(), whole, batch=2)
    for stop in range(1, len(whole.engine_requests()) + 1):
        target, state = FakeTarget(), str(tmp_path / f"{when}{stop}.db")

        def die(request, target=target, stop=stop):
            if len(target.seen) == stop:
                raise Killed

        setattr(target, "hook" if when == "before" else "after", die)
        with pytest.raises(Killed):
            run(tenant(), target, state, batch=2)
        target.hook, target.after = lambda request: None, lambda request: None
        run(tenant(), target, state, batch=2)
        assert len(target.users) == 6
        assert members(target) == ALL_SIX
        assert sum(any(":manager" in key for key in each) for each in target.users.values()) == 5
        sent = len(target.seen)
        run(tenant(), target, state, batch=2)
        assert len(target.seen) == sent


def test_500s_in_the_middle_are_mended_in_the_next_cycle():
    target = FakeTarget()
    trouble = iter(range(1000))

    def flaky(request):
        return error(500, "oops") if request.method in ("POST", "PATCH") and next(trouble) % 3 == 1 else None

    target.hook = flaky
    first = run(tenant(), target, cycles=6)
    assert first.cycles[0].users["failed"] == 2
    assert "InternalServerError" in codes(first)
    assert members(target) == ALL_SIX
    assert first.cycles[-1].requests == 0


def test_409_stays_in_escrow_and_leaves_the_person_out_of_the_group():
    target = FakeTarget()
    target.hook = lambda r: error(409, "taken", scimType="uniqueness") if b"user3@x.com" in r.content else None
    done = run(tenant(), target, cycles=3)
    assert codes(done) == ["EntryConflict"] * 2
    assert "StatusCode: Conflict" in str(list(done.log))
    assert missing(done) == {"user3@x.com": "never_provisioned"}
    # Retried in the next cycle, then six hours after the first failure (2.6).
    assert [each.users["failed"] for each in done.cycles] == [1, 1, 0]


def test_an_escrow_waits_six_hours_after_its_second_failure(tmp_path):
    state, target, clock = str(tmp_path / "s.db"), FakeTarget(), Ticking()
    target.hook = lambda r: error(409, "taken") if r.method == "POST" and b"user3@" in r.content else None
    run(tenant(), target, state, clock=clock, cycles=2)
    target.hook = lambda r: None
    clock.time += 300 * MINUTE
    assert run(tenant(), target, state, clock=clock).cycles[0].requests == 0
    clock.time += 61 * MINUTE
    run(tenant(), target, state, clock=clock)
    assert members(target) == ALL_SIX


def test_two_matches_are_duplicate_target_entries():
    target = FakeTarget()
    target.add_user("user2@x.com")
    target.add_user("user2@x.com")
    assert codes(run(tenant(), target)) == ["DuplicateTargetEntries"]
    assert len(target.users) == 7


def test_two_equal_names_in_the_source_are_duplicate_source_entries():
    double = replace(user(7), user_principal_name="USER1@x.com")
    source = tenant()
    target = FakeTarget()
    assert codes(run(replace(source, users=(*source.users, double)), target)) == ["DuplicateSourceEntries"]


def test_a_cached_id_that_is_gone_is_an_invalid_anchor_until_a_restart(tmp_path):
    state, target = str(tmp_path / "s.db"), FakeTarget()
    run(tenant(), target, state)
    lost = next(i for i, each in target.users.items() if each["userName"] == "user2@x.com")
    del target.users[lost]
    target.groups[next(iter(target.groups))]["members"].discard(lost)
    source = tenant()
    changed = replace(source.users[2], attributes={**source.users[2].attributes, "jobTitle": "Boss"})
    source = replace(source, users=(*source.users[:2], changed, *source.users[3:]))
    broken = run(source, target, state)
    assert codes(broken) == ["InvalidAnchor"]
    assert missing(broken) == {"user2@x.com": "refused"} or missing(broken) == {"user2@x.com": "not_added"}
    stop_job(state)
    mended = run(source, target, state, restart="always")
    assert codes(mended) == []
    assert members(target) == ALL_SIX


def test_a_target_that_is_not_scim_quarantines_the_job_at_once(tmp_path):
    state, target, clock = str(tmp_path / "s.db"), FakeTarget(), Ticking()
    target.hook = lambda r: httpx2.Response(200, text="<html>Welcome</html>")
    done = run(tenant(), target, state, clock=clock)
    status = done.as_json()["job"]["status"]
    assert status["code"] == "Quarantine"
    assert status["quarantine"]["reason"] == "EncounteredQuarantineException"
    assert status["quarantine"]["error"]["code"] == "SystemForCrossDomainIdentityManagementServiceIncompatible"
    assert len(target.engine_requests()) == 1
    # It runs less and less often, and leaves quarantine by itself.
    again = run(tenant(), target, state, clock=clock, cycles=8)
    gaps = [(b.started - a.started) // MINUTE for a, b in zip(again.cycles, again.cycles[1:], strict=False)]
    assert gaps[0] == 80
    assert gaps[-1] == 24 * 60
    target.hook = lambda r: None
    well = run(tenant(), target, state, clock=clock)
    assert well.as_json()["job"]["status"]["code"] == "Active"
    assert members(target) == ALL_SIX


def test_a_wrong_token_quarantines():
    target = FakeTarget()
    target.hook = lambda r: error(401, "unknown token")
    done = run(tenant(), target)
    assert done.as_json()["job"]["status"]["quarantine"]["error"]["code"] == "Unauthorized"
    assert done.as_json()["rollcall"]["groups"][0]["missing"][0]["detail"] == "unknown token"


def test_a_target_that_vanishes_interrupts_the_cycle_and_is_met_again(tmp_path):
    state, target = str(tmp_path / "s.db"), FakeTarget()

    def vanish(request):
        if len(target.seen) > 10:
            raise httpx2.ConnectError("refused")

    target.hook = vanish
    done = run(tenant(40), target, state)
    assert done.cycles[0].status == "Interrupted"
    assert done.cycles[0].requests < 40
    target.hook = lambda r: None
    run(tenant(40), target, state)
    assert len(target.users) == len(next(iter(members(target).values()))) == 40


def test_a_slow_answer_is_a_timeout():
    target = FakeTarget()

    def slow(request):
        if b"user1@" in request.content:
            raise httpx2.ReadTimeout("slow")

    target.hook = slow
    assert codes(run(tenant(), target)) == ["Timeout"]


def test_nobody_there_is_unreachable():
    target = FakeTarget()

    def refuse(request):
        raise httpx2.ConnectError("Connection refused")

    target.hook = refuse
    with pytest.raises(Unreachable, match=r"https://app\.example/scim/v2"):
        run(tenant(), target)


def test_a_file_that_is_no_state_is_said_to_be_none(tmp_path):
    (tmp_path / "s.db").write_text("this is not a database, and longer than a header" * 20)
    with pytest.raises(InvalidState, match="not a state file"):
        run(tenant(), FakeTarget(), str(tmp_path / "s.db"))


def test_a_group_shown_with_members_that_were_excluded_is_refused():
    target = FakeTarget()
    target.add_group("team", {target.add_user("user0@x.com")})
    shown = {"totalResults": 1, "Resources": [{"id": "g2", "displayName": "team", "members": [{"value": "u1"}]}]}
    target.hook = lambda r: (
        httpx2.Response(200, json=shown)
        if r.url.path.endswith("/Groups") and b"excluded" in r.url.query and "user-agent" not in r.headers
        else None
    )
    assert codes(run(tenant(), target)) == [
        "SystemForCrossDomainIdentityManagementMultipleEntriesInResponse",
    ]


def test_disabled_people_are_not_created_and_the_roll_call_says_so():
    source = tenant(3)
    source = replace(source, users=(*source.users[:2], replace(source.users[2], enabled=False)))
    done = run(source, target := FakeTarget())
    assert len(target.users) == 2
    assert missing(done) == {"user2@x.com": "disabled_in_source"}


def test_unassigned_is_disabled_and_a_later_hard_delete_is_not_sent(tmp_path):
    state, target = str(tmp_path / "s.db"), FakeTarget()
    everyone = frozenset({"gid", *(f"id{i}" for i in range(6))})
    team = TenantGroup("gid", "team", ("id0",))
    source = replace(tenant(), groups=(team,), assigned=everyone)
    run(source, target, state)
    run(replace(source, assigned=everyone - {"id4"}), target, state)
    assert [u["userName"] for u in target.users.values() if not u["active"]] == ["user4@x.com"]
    sent = len(target.seen)
    run(replace(source, users=(*source.users[:4], source.users[5])), target, state)
    assert len(target.seen) == sent
    run(replace(source, users=source.users[:4]), target, state)
    assert "user5@x.com" not in {u["userName"] for u in target.users.values()}


def test_extra_people_and_people_lost_in_the_product_are_told():
    target = FakeTarget()
    target.add_group("team", {target.add_user("stranger@x.com")})
    row = run(tenant(), target).as_json()["rollcall"]["groups"][0]
    assert row["extra"] == [{"who": "stranger@x.com"}]
    assert (row["expected"], row["present"], row["missing"]) == (6, 7, [])


def test_progress_tells_phase_done_and_total():
    told = []
    run(tenant(), FakeTarget(), progress=lambda phase, done, total: told.append((phase, done, total)))
    assert told[0] == ("users", 1, 6)
    assert {each[0] for each in told} == {"users", "groups", "memberships", "managers", "rollcall"}
    assert all(done <= total for _, done, total in told)
