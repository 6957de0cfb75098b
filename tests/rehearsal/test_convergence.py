"""Two tenants, one after the other, by incremental cycles: the target ends as the second one."""

import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.effort import examples
from tests.rehearsal.target import URN, FakeTarget, run
from vestibule.entra.graph import Tenant, TenantGroup, TenantUser

PEOPLE = [f"p{i}" for i in range(6)]
MODES = st.sampled_from(["", "?aadOptscim062020"])
GROUPS = ["g0", "g1", "g2"]


@st.composite
def tenants(draw, *, disabling):
    """Everybody in the tenant is in scope; names may change, people and groups come and go."""
    present = draw(st.sets(st.sampled_from(PEOPLE), min_size=1))
    users = []
    for ident in sorted(present):
        boss = draw(st.sampled_from([None, *sorted(present - {ident})]))
        attributes = {"displayName": draw(st.sampled_from(["Zoë", "O'Neill", 'Quo"te'])), "mailNickname": ident}
        if draw(st.booleans()):
            attributes |= {"mail": draw(st.sampled_from(["a@x.com", "b@x.com"])), "department": "HR"}
        upn = f"{ident}{draw(st.sampled_from(['', '+new', chr(39)]))}@x.com"
        users.append(TenantUser(ident, upn, manager=boss, attributes=attributes))
    members = st.sets(st.sampled_from(sorted(present)))
    groups = tuple(
        TenantGroup(ident, ident + draw(st.sampled_from(["", " new"])), tuple(draw(members)))
        for ident in draw(st.sets(st.sampled_from(GROUPS)))
    )
    if disabling:
        users = [replace(each, enabled=draw(st.booleans())) for each in users]
    return Tenant(tuple(users), groups)


@examples(60, deadline=None)
@given(
    tenants(disabling=False),
    tenants(disabling=True),
    st.sampled_from(["", "?aadOptscim062020"]),
    st.sampled_from([1, 2, 100]),
)
def test_incremental_cycles_leave_the_target_equal_to_the_second_tenant(first, second, mode, batch):
    target = FakeTarget()
    with tempfile.TemporaryDirectory() as folder:
        state = str(Path(folder) / "state.db")
        run(first, target, state, mode, batch=batch)
        run(second, target, state, mode, batch=batch)
        sent = len(target.seen)
        run(second, target, state, mode, batch=batch)
        assert len(target.seen) == sent
    before = {each.id for each in first.users}
    there = {each.user_name: each for each in second.users if each.enabled or each.id in before}
    ids = {each["userName"]: ident for ident, each in target.users.items()}
    assert set(ids) == set(there)
    of = {each.id: ids[name] for name, each in there.items()}
    for name, source in there.items():
        shown = target.users[ids[name]]
        assert shown["active"] is source.enabled
        # Nulls never flow, so only what the source has must be there; a disabled person is still updated.
        wanted = {
            "displayName": source.attributes["displayName"],
            'emails[type eq "work"].value': source.attributes.get("mail"),
        }
        assert all(shown[path] == value for path, value in wanted.items() if value)
        if source.enabled:
            assert shown.get(f"{URN}:manager") == of.get(source.manager) or source.manager not in of
    assert {each["displayName"]: each["members"] for each in target.groups.values()} == {
        each.display_name: {of[m] for m in each.members if m in of} for each in second.groups
    }
