"""The origin's story, told by the engine against an independent target."""

from collections import Counter

from tests.rehearsal.target import FakeTarget, run
from vestibule.entra.company import already_in_product, company

ALL = "grp_all@example.com"


def product(tenant):
    target = FakeTarget()
    known = {target.add_user(name) for name in already_in_product(tenant)}
    target.add_group(ALL, known)
    target.add_group("grp_corporate_sre_base@example.com")
    target.scopes = {"users"}
    return target


def call(rehearsal, name=ALL):
    return next(each for each in rehearsal.as_json()["rollcall"]["groups"] if each["name"] == name)


def test_groups_refused_pause_the_initial_sync_and_after_the_grant_269_are_present(tmp_path):
    tenant, state = company(), str(tmp_path / "engine.db")
    target = product(tenant)
    first = run(tenant, target, state)
    document = first.as_json()
    assert document["cycles"][0]["status"] == "Initial sync paused"
    assert document["job"]["status"]["code"] == "Paused"
    assert document["job"]["status"]["escrowsPruned"] is True
    assert document["cycles"][0]["users"] == {
        "created": 261, "updated": 0, "linked": 21, "disabled": 0, "deleted": 0, "skipped": 8, "failed": 0,
    }  # fmt: skip
    assert document["cycles"][0]["groups"]["failed"] == 6
    row = call(first)
    assert (row["expected"], row["present"], len(row["missing"])) == (269, None, 269)
    assert row["missing"][0]["reason"] == "refused"
    assert row["missing"][0]["detail"] == "Insufficient scope"
    failed = next(e for e in first.log if e["provisioningStatusInfo"]["status"] == "failure")
    reason = failed["provisioningStatusInfo"]["errorInformation"]["reason"]
    assert failed["provisioningStatusInfo"]["errorInformation"]["errorCode"] == "EntrySynchronizationError"
    assert reason.startswith(f"Failed to match an entry in the source and target systems Group '{ALL}'\nResource:\n")
    assert 'Groups?excludedAttributes=members&filter=displayName+eq+"grp_all%40example.com"\n' in reason
    assert "Response Status Code: 403\nResponse Content:\n{" in reason

    # A paused job sends nothing, and the stored roll call is told again.
    sent = len(target.seen)
    assert call(run(tenant, target, state)) == row
    assert len(target.seen) == sent

    target.scopes.add("groups")
    second = run(tenant, target, state, restart="always")
    assert second.as_json()["cycles"][0]["status"] == "Completed"
    assert second.as_json()["job"]["status"]["code"] == "Active"
    for row in second.as_json()["rollcall"]["groups"]:
        assert (row["present"], row["missing"], row["extra"]) == (row["expected"], [], [])
    assert call(second)["expected"] == 269
    assert len(target.users) == 282
    assert second.cycles[0].users["created"] == 0

    sent = len(target.seen)
    third = run(tenant, target, state, cycles=3)
    assert len(target.seen) == sent
    assert [each.requests for each in third.cycles] == [0, 0, 0]
    assert third.cycles[1].started - third.cycles[0].started == 40 * 60 * 1_000_000


def test_the_order_is_probe_users_groups_memberships_managers():
    target = FakeTarget()
    tenant = company(people=30)
    run(tenant, target)
    sent = [f"{r.method} {r.url.path.split('/')[3]}" for r in target.seen if "user-agent" not in r.headers]
    assert sent[:3] == ["GET Users", "GET Users", "POST Users"]
    first_group = sent.index("GET Groups")
    assert "POST Users" not in sent[first_group:]
    patches = [each for each in sent[first_group:] if each.startswith("PATCH")]
    assert patches == ["PATCH Groups"] * 6 + ["PATCH Users"] * Counter(patches)["PATCH Users"]
    assert Counter(patches)["PATCH Users"] == sum(1 for u in tenant.users if u.manager)


def test_both_modes_and_any_batch_end_with_the_same_target():
    ends = []
    for mode, batch in (("", 100), ("?aadOptscim062020", 1), ("?aadOptscim062020", 1000)):
        tenant = company(people=40)
        target = FakeTarget()
        for name in already_in_product(tenant)[:5]:
            target.add_user(name)
        run(tenant, target, mode=mode, batch=batch)
        assert all("aadOptscim" not in str(r.url) for r in target.seen)
        ends.append((target.users, target.groups))
    assert ends[0] == ends[1] == ends[2]
