"""What identity providers really send, and what comes of it."""

import copy
from dataclasses import asdict
from typing import Any

import pytest

from tests.scim.cases import Case, cases
from vestibule.scim.dialects import Notes
from vestibule.scim.errors import ScimError
from vestibule.scim.patch import GroupChange, compile_group, read_patch
from vestibule.scim.resource import read_group, read_user
from vestibule.scim.user_patch import apply, compile_user

ID = "res_1"


def outcome(case: Case, notes: Notes) -> dict[str, Any]:
    if case.method in ("POST", "PUT"):
        if case.resource_type == "User":
            return {"document": read_user(case.body, notes)}
        draft = read_group(case.body, notes)
        shown = asdict(draft) | {"members": list(draft.members) if draft.names_members else None}
        del shown["names_members"]
        return {"draft": shown}
    operations = read_patch(case.body, notes)
    if case.resource_type == "Group":
        return {"change": as_json(compile_group(operations, ID, notes))}
    assert case.present is not None
    return {"document": apply(compile_user(operations, ID, notes), case.present)}


def as_json(change: GroupChange) -> dict[str, Any]:
    return asdict(change) | {"add": sorted(change.add), "remove": sorted(change.remove)}


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_a_recorded_request_has_its_outcome_and_tolerates_exactly_what_is_noted(case: Case) -> None:
    """The outcome and the list of tolerated quirks are those that the recording states."""
    notes = Notes()
    before = copy.deepcopy((case.body, case.present))
    if "error" in case.expect:
        with pytest.raises(ScimError) as refusal:
            outcome(case, notes)
        assert refusal.value.kind == case.expect["error"]
        assert case.expect["says"] in refusal.value.detail
        assert str(refusal.value) == refusal.value.detail
        if case.expect["operation"] is not None:
            assert refusal.value.facts["operation"] == case.expect["operation"]
    else:
        assert outcome(case, notes) == case.expect
    assert sorted(notes.seen) == sorted(case.tolerated)
    assert (case.body, case.present) == before, "what came and what is stored are never written to"
