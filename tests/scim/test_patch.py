"""PATCH messages, and those on groups as changes of sets."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.effort import examples
from vestibule.scim.dialects import STRICT, Notes
from vestibule.scim.errors import InvalidPath, InvalidSyntax, InvalidValue, Mutability, NoTarget, ScimError
from vestibule.scim.patch import MAX_OPERATIONS, PATCH_SCHEMA, GroupChange, compile_group, read_patch

GROUP_ID = "grp_1"


def message(*operations: Any) -> dict[str, Any]:
    return {"schemas": [PATCH_SCHEMA], "Operations": list(operations)}


def compiled(*operations: Any) -> GroupChange:
    return compile_group(read_patch(message(*operations), Notes()), GROUP_ID, Notes())


def members(*ids: str) -> list[dict[str, str]]:
    return [{"value": each} for each in ids]


def test_keys_and_the_urn_are_read_caseless() -> None:
    body = {"SCHEMAS": [PATCH_SCHEMA.upper()], "operations": [{"OP": "ADD", "Path": "members", "VALUE": members("u1")}]}
    assert compile_group(read_patch(body, Notes()), GROUP_ID, Notes()) == GroupChange(add=frozenset({"u1"}))


@pytest.mark.parametrize(
    ("body", "error", "says"),
    [
        ([], InvalidSyntax, "JSON object"),
        ({"schemas": [PATCH_SCHEMA]}, InvalidSyntax, "Operations"),
        ({"schemas": [PATCH_SCHEMA], "Operations": []}, InvalidSyntax, "at least one"),
        ({"schemas": PATCH_SCHEMA, "Operations": [{}]}, InvalidSyntax, "schemas"),
        (message("x"), InvalidSyntax, "Operation 1"),
        (message({"op": "add", "path": "x", "value": 1}, {"op": "move"}), InvalidSyntax, "Operation 2"),
        (message({"op": 1}), InvalidSyntax, "add, replace or remove"),
        (message({"op": "add", "path": 1, "value": 1}), InvalidPath, "text"),
        (message({"op": "add", "path": "members"}), InvalidValue, "value"),
        (message({"op": "remove", "value": members("u")}), NoTarget, "path"),
        (message(*[{"op": "remove", "path": "x"}] * (MAX_OPERATIONS + 1)), InvalidSyntax, str(MAX_OPERATIONS)),
    ],
)
def test_what_is_no_patch_message_is_refused(body: Any, error: type[ScimError], says: str) -> None:
    with pytest.raises(error) as refusal:
        read_patch(body, Notes())
    assert says in refusal.value.detail


def test_removing_one_member_with_a_value_list_leaves_the_others() -> None:
    change = compiled({"op": "Remove", "path": "members", "value": members("u2")})
    assert after({"u1", "u2", "u3"}, change) == {"u1", "u3"}


@pytest.mark.parametrize(
    "operation", [{"op": "remove", "path": "members"}, {"op": "replace", "path": "members", "value": None}]
)
def test_removing_members_without_naming_any_empties_the_group(operation: dict[str, Any]) -> None:
    assert compiled(operation) == GroupChange(clear=True)


@pytest.mark.parametrize("nothing", [None, [], ""])
def test_a_removal_that_lost_its_value_empties_no_group(nothing: Any) -> None:
    """Who names nobody removes nobody; strictly a removal has no value at all."""
    operation = {"op": "remove", "path": "members", "value": nothing}
    assert compiled(operation) == GroupChange()
    notes = Notes(STRICT)
    with pytest.raises(InvalidValue):
        compile_group(read_patch(message(operation), notes), GROUP_ID, notes)


@pytest.mark.parametrize(
    ("where", "gone"),
    [
        ('value eq "a" and type eq "User"', {"a"}),
        ('type eq "user" and (value eq "a" or value eq "b")', {"a", "b"}),
        ('(value eq "a" and type eq "Group") or value eq "c"', {"a", "c"}),
        ('value eq "a" and value eq "a"', {"a"}),
        ('value eq "a" and value eq "b"', set[str]()),
    ],
)
def test_members_are_removed_by_any_filter_that_names_their_ids(where: str, gone: set[str]) -> None:
    assert compiled({"op": "remove", "path": f"members[{where}]"}) == GroupChange(remove=frozenset(gone))


def test_what_comes_after_emptying_counts() -> None:
    change = compiled(
        {"op": "add", "path": "members", "value": members("u1")},
        {"op": "replace", "path": "members", "value": members("u2", "u3")},
        {"op": "remove", "path": 'members[value eq "u3"]'},
    )
    assert after({"u1", "u4"}, change) == {"u2"}


def test_clearing_the_external_id_is_not_leaving_it() -> None:
    assert compiled({"op": "remove", "path": "externalId"}).external_id == ""
    assert compiled({"op": "replace", "path": "externalId", "value": None}).external_id == ""
    assert compiled({"op": "replace", "path": "displayName", "value": "n"}).external_id is None


@pytest.mark.parametrize(
    ("operation", "error"),
    [
        ({"op": "remove", "path": 'members[type eq "User"]'}, InvalidPath),
        ({"op": "remove", "path": 'members[not (value eq "u")]'}, InvalidPath),
        ({"op": "remove", "path": 'members[value ne "u"]'}, InvalidPath),
        ({"op": "remove", "path": 'members[value eq "u" or type eq "User"]'}, InvalidPath),
        ({"op": "remove", "path": 'members[type eq "User" and type eq "Group"]'}, InvalidPath),
        ({"op": "remove", "path": 'members[value eq "u"].type'}, InvalidPath),
        ({"op": "add", "path": 'members[value eq "u"]', "value": {"type": "User"}}, InvalidPath),
        ({"op": "replace", "path": 'members[value eq "u"]', "value": {"value": "v"}}, InvalidPath),
        ({"op": "replace", "path": 'members[value eq "u"].value', "value": "v"}, InvalidPath),
        ({"op": "replace", "path": "members.value", "value": "v"}, InvalidPath),
        ({"op": "replace", "path": "meta.created", "value": "v"}, Mutability),
        ({"op": "replace", "path": "displayName", "value": ["a", "b"]}, InvalidValue),
        ({"op": "replace", "value": "x"}, InvalidValue),
        ({"op": "replace", "path": "tea[x", "value": "x"}, InvalidPath),
    ],
)
def test_what_cannot_be_said_of_a_group_is_refused_with_the_operation(
    operation: dict[str, Any], error: type[ScimError]
) -> None:
    with pytest.raises(error) as refusal:
        compiled({"op": "add", "path": "members", "value": []}, operation)
    assert refusal.value.detail.startswith("Operation 2: ")
    assert refusal.value.facts["operation"] == 2
    if "members[" in operation.get("path", ""):
        assert '`members[value eq "id"]`' in refusal.value.detail


def test_a_thousand_members_in_one_operation_are_one_change() -> None:
    ids = [f"usr_{number}" for number in range(1000)]
    assert compiled({"op": "Add", "path": "members", "value": members(*ids)}).add == frozenset(ids)


# The law: a change applied once is the same as its operations applied one by one.

IDS = st.sampled_from(["u1", "u2", "u3", "u4"])
LISTS = st.lists(IDS, max_size=4)


def after(present: set[str], change: GroupChange) -> set[str]:
    """What the store does with a change (see GroupChange)."""
    kept = set() if change.clear else present
    return (kept - change.remove) | change.add


def step(present: set[str], operation: dict[str, Any]) -> set[str]:
    """What one operation does to a group: the model, written without any of the code under test."""
    path = operation.get("path") or ""
    if "[" in path:
        return present - {part.split('"')[0] for part in path.split('value eq "')[1:]}
    value: Any = operation.get("value")
    if not path:
        if "members" not in value:
            return present
        value = value["members"]
    named = {each["value"] for each in value or []}
    if operation["op"] == "add":
        return present | named
    if operation["op"] == "replace":
        return named
    return set() if "value" not in operation else present - named


OPERATIONS = st.one_of(
    st.builds(lambda op, ids: {"op": op, "path": "members", "value": members(*ids)}, st.sampled_from(["add", "replace", "remove"]), LISTS),
    st.builds(lambda one: {"op": "remove", "path": f'members[value eq "{one}"]'}, IDS),
    st.builds(lambda one, two: {"op": "remove", "path": f'members[value eq "{one}" or value eq "{two}"]'}, IDS, IDS),
    st.just({"op": "remove", "path": "members"}),
    st.builds(lambda op, ids: {"op": op, "value": {"members": members(*ids), "id": GROUP_ID}}, st.sampled_from(["add", "replace"]), LISTS),
    st.just({"op": "replace", "value": {"displayName": "n"}}),
)  # fmt: skip


@examples(300)
@given(st.sets(IDS), st.lists(OPERATIONS, min_size=1, max_size=6))
def test_a_compiled_change_does_what_its_operations_do_one_by_one(
    present: set[str], operations: list[dict[str, Any]]
) -> None:
    change = compiled(*operations)
    expected = set(present)
    for operation in operations:
        expected = step(expected, operation)
    assert after(present, change) == expected
    assert not change.add & change.remove
