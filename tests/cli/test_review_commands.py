"""`conflict`, `hold` and `user` on the command line: what waits for an administrator's word."""

from pathlib import Path
from typing import Any

import pytest

from tests.cli.shell import Shell
from vestibule.scim import errors


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture
def connection_id(shell: Shell) -> str:
    return shell.connection()


# Conflicts


@pytest.fixture
def proposed(shell: Shell, connection_id: str) -> tuple[str, str]:
    """An account of the app's and one of the identity provider's with the same address."""
    app = shell.new_user(connection_id, "app@x", "app", emails=[{"value": "ana@x"}])
    return app, shell.new_user(connection_id, "ana@x", emails=[{"value": "ana@x"}], externalId="00u-ana")


def refused(shell: Shell, connection_id: str) -> str:
    """The id of an account whose userName the identity provider sends again, and is refused."""
    ana = shell.new_user(connection_id, "ana@x")
    with pytest.raises(errors.Uniqueness):
        shell.new_user(connection_id, "ANA@x")
    return ana


def the_conflict(shell: Shell, connection_id: str) -> dict[str, Any]:
    (found,) = shell.json("conflict", "list", connection_id)["conflicts"]
    return found


def test_a_proposal_is_listed_with_both_accounts(shell: Shell, connection_id: str, proposed: tuple[str, str]) -> None:
    app, ana = proposed
    conflict = the_conflict(shell, connection_id)
    at = conflict.pop("first_at"), conflict.pop("last_at")
    assert conflict == {
        "id": conflict["id"], "attribute": "emails", "value": "ana@x", "user_id": app, "other_id": ana,
        "incoming": {"userName": "ana@x", "externalId": "00u-ana"}, "state": "open", "requests": 1,
    }  # fmt: skip
    assert all(each.endswith("Z") for each in at)
    line = shell.text("conflict", "list", connection_id).strip()
    assert line == f"{conflict['id']}  open  {ana} (ana@x) has the e-mail ana@x of {app}"


def test_a_refused_account_is_listed_with_who_has_the_name(shell: Shell, connection_id: str) -> None:
    ana = refused(shell, connection_id)
    conflict = the_conflict(shell, connection_id)
    assert (conflict["attribute"], conflict["value"], conflict["user_id"]) == ("userName", "ANA@x", ana)
    assert (conflict["other_id"], conflict["requests"]) == (None, 1)
    line = shell.text("conflict", "list", connection_id)
    assert f"ANA@x was refused 1 times: {ana} has the userName ANA@x" in line


def test_linked_accounts_are_one(shell: Shell, connection_id: str, proposed: tuple[str, str]) -> None:
    app, ana = proposed
    group = shell.new_group(connection_id, "g", app)
    conflict_id = the_conflict(shell, connection_id)["id"]
    linked = shell.json("conflict", "link", connection_id, conflict_id)
    assert (linked["id"], linked["state"]) == (conflict_id, "linked")
    assert shell.members(connection_id, group) == {ana}
    with pytest.raises(errors.NotFound):
        shell.user(connection_id, app)
    assert shell.text("conflict", "list", connection_id).strip() == "No conflict."
    assert shell.json("conflict", "list", connection_id, "--all")["conflicts"] == [linked]


def test_linking_tells_what_comes_of_it(shell: Shell, connection_id: str, proposed: tuple[str, str]) -> None:
    app, ana = proposed
    told = shell.text("conflict", "link", connection_id, the_conflict(shell, connection_id)["id"])
    assert told.strip() == f"{ana} has the memberships of {app} now, which is gone."
    holder = shell.new_user(connection_id, "bob@x")
    with pytest.raises(errors.Uniqueness):
        shell.new_user(connection_id, "bob@X")
    told = shell.text("conflict", "link", connection_id, the_conflict(shell, connection_id)["id"])
    assert told.strip() == f"{holder} takes over what the identity provider sends next for 'bob@X'."
    assert shell.new_user(connection_id, "bob@X") == holder


def test_dismissed_accounts_stay(shell: Shell, connection_id: str, proposed: tuple[str, str]) -> None:
    conflict_id = the_conflict(shell, connection_id)["id"]
    told = shell.text("conflict", "dismiss", connection_id, conflict_id)
    assert told.strip() == f"{conflict_id} is dismissed; both accounts stay as they are."
    assert [shell.user(connection_id, each).active for each in proposed] == [True, True]
    (kept,) = shell.json("conflict", "list", connection_id, "--all")["conflicts"]
    assert kept["state"] == "dismissed"
    assert shell.json("conflict", "list", connection_id)["conflicts"] == []
    (audit,) = shell.directory(lambda directory: directory.store.audit(connection_id))
    assert (audit.action, audit.target) == ("conflict.dismissed", conflict_id)


@pytest.mark.parametrize("act", ["link", "dismiss"])
def test_a_conflict_that_is_none_or_was_decided_cannot_be_decided(
    shell: Shell, connection_id: str, proposed: tuple[str, str], act: str
) -> None:
    told = shell.refusal("conflict", act, connection_id, "cfl_none")
    assert f"no conflict cfl_none. `vestibule conflict list {connection_id}`" in told
    conflict_id = the_conflict(shell, connection_id)["id"]
    assert "no conflict" in shell.refusal("conflict", act, shell.connection(), conflict_id)
    assert "no conflict" in shell.refusal("conflict", act, "con_none", conflict_id)
    assert the_conflict(shell, connection_id)["state"] == "open"
    assert shell.json("conflict", "dismiss", connection_id, conflict_id)["state"] == "dismissed"
    assert f"{conflict_id} was dismissed already" in shell.refusal("conflict", act, connection_id, conflict_id)
    assert [shell.user(connection_id, each).active for each in proposed] == [True, True]


def test_a_proposal_of_whom_one_is_gone_can_only_be_dismissed(
    shell: Shell, connection_id: str, proposed: tuple[str, str]
) -> None:
    app, ana = proposed
    assert shell.leaves(connection_id, app) is None
    conflict_id = the_conflict(shell, connection_id)["id"]
    told = shell.refusal("conflict", "link", connection_id, conflict_id)
    assert f"{app} is no longer here; dismiss the conflict instead" in told
    assert the_conflict(shell, connection_id)["state"] == "open"
    assert shell.json("conflict", "dismiss", connection_id, conflict_id)["state"] == "dismissed"
    assert shell.user(connection_id, ana).user_name == "ana@x"


# Holds


@pytest.fixture
def held(shell: Shell, connection_id: str) -> str:
    """A group that was not emptied, because the connection holds such requests."""
    shell.json("connection", "set", connection_id, "--hold-emptied-group", "2")
    ids = [shell.new_user(connection_id, name) for name in ("a", "b")]
    group = shell.new_group(connection_id, "grp_all", *ids)
    assert not shell.empties(connection_id, group)
    return group


def the_hold(shell: Shell, connection_id: str) -> dict[str, Any]:
    (found,) = shell.json("hold", "list", connection_id)["holds"]
    return found


def test_a_hold_is_listed_with_what_it_keeps_back(shell: Shell, connection_id: str, held: str) -> None:
    hold = the_hold(shell, connection_id)
    assert all(hold.pop(each).endswith("Z") for each in ("first_at", "last_at"))
    assert hold == {
        "id": hold["id"], "guard": "emptied_group", "subject": held, "subject_name": "grp_all", "count": 2,
        "threshold": 2, "requests": 1, "state": "open", "approved_until": None,
    }  # fmt: skip
    assert not shell.empties(connection_id, held)
    assert the_hold(shell, connection_id)["requests"] == 2
    line = shell.text("hold", "list", connection_id).strip()
    assert line == f"{hold['id']}  open  2 requests would empty grp_all of its 2 members"


def test_held_deactivations_are_listed_without_a_subject(shell: Shell, connection_id: str) -> None:
    assert shell.text("hold", "list", connection_id).strip() == "Nothing is held."
    shell.json("connection", "set", connection_id, "--hold-deactivations", "1")
    one, two = (shell.new_user(connection_id, name) for name in ("a", "b"))
    assert (shell.leaves(connection_id, one), shell.leaves(connection_id, two)) == (None, "held")
    hold = the_hold(shell, connection_id)
    assert (hold["guard"], hold["subject"], hold["subject_name"]) == ("deactivations", None, None)
    assert "1 deactivations beyond 1" in shell.text("hold", "list", connection_id)
    shell.json("hold", "approve", connection_id, hold["id"])
    assert shell.leaves(connection_id, two) is None


def test_an_approved_hold_lets_through_and_a_refused_one_does_not(shell: Shell, connection_id: str, held: str) -> None:
    hold_id = the_hold(shell, connection_id)["id"]
    told = shell.text("hold", "refuse", connection_id, hold_id)
    assert told.strip() == f"{hold_id} is refused; such requests are still held."
    assert the_hold(shell, connection_id)["state"] == "refused"
    assert not shell.empties(connection_id, held)
    assert len(shell.members(connection_id, held)) == 2
    approved = shell.json("hold", "approve", connection_id, hold_id)
    assert (approved["state"], approved["approved_until"][-1]) == ("approved", "Z")
    assert shell.empties(connection_id, held)
    assert shell.members(connection_id, held) == set()
    told = shell.text("hold", "approve", connection_id, hold_id)
    assert told.startswith(f"{hold_id} is approved: until 2")
    assert "grp_all may be emptied or deleted. It is sent again by itself." in told
    audit = shell.directory(lambda directory: directory.store.audit(connection_id))
    actions = [each.action for each in audit if each.target == hold_id]
    assert actions == ["hold.approved", "hold.approved", "hold.refused"]


@pytest.mark.parametrize("act", ["approve", "refuse"])
def test_a_hold_that_is_none_cannot_be_decided(shell: Shell, connection_id: str, held: str, act: str) -> None:
    told = shell.refusal("hold", act, connection_id, "hld_none")
    assert f"no hold hld_none. `vestibule hold list {connection_id}`" in told
    hold_id = the_hold(shell, connection_id)["id"]
    assert "no hold" in shell.refusal("hold", act, shell.connection(), hold_id)
    assert the_hold(shell, connection_id)["state"] == "open"
    assert not shell.empties(connection_id, held)


@pytest.mark.parametrize("noun", ["conflict", "hold"])
def test_the_list_of_a_connection_that_is_none_is_refused(shell: Shell, connection_id: str, noun: str) -> None:
    assert "no connection con_none" in shell.refusal(noun, "list", "con_none")


# Protected accounts


def test_a_protected_account_is_kept_until_it_is_let_go(shell: Shell, connection_id: str) -> None:
    boss = shell.new_user(connection_id, "boss@x")
    assert shell.json("user", "protect", connection_id, boss) == {
        "id": boss, "user_name": "boss@x", "protected": True,
    }  # fmt: skip
    assert shell.text("user", "protect", connection_id, boss).strip() == "boss@x is protected."
    assert shell.leaves(connection_id, boss) == "protected"
    assert shell.user(connection_id, boss).protected is True
    assert shell.json("user", "unprotect", connection_id, boss)["protected"] is False
    assert shell.text("user", "unprotect", connection_id, boss).strip() == "boss@x is no longer protected."
    assert shell.leaves(connection_id, boss) is None


@pytest.mark.parametrize("act", ["protect", "unprotect"])
def test_nobody_can_be_protected_who_is_not_there(shell: Shell, connection_id: str, act: str) -> None:
    boss = shell.new_user(connection_id, "boss@x")
    for connection, user_id in ((connection_id, "usr_none"), (shell.connection(), boss), ("con_none", boss)):
        assert f"no user {user_id} in {connection}" in shell.refusal("user", act, connection, user_id)
    assert shell.user(connection_id, boss).protected is False


def test_a_protection_is_in_the_audit(shell: Shell, connection_id: str) -> None:
    boss = shell.new_user(connection_id, "boss@x")
    shell.json("user", "protect", connection_id, boss)
    shell.json("user", "unprotect", connection_id, boss)
    audit = shell.directory(lambda directory: directory.store.audit(connection_id))
    assert [each.target for each in audit] == [boss, boss]
