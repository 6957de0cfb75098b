"""Laws of PATCH: what is compiled means what was sent, and no body is anything but answered or refused."""

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.effort import examples
from vestibule.scim.dialects import Notes
from vestibule.scim.errors import ScimError
from vestibule.scim.patch import PATCH_SCHEMA, compile_group, read_patch
from vestibule.scim.resource import read_group, read_user
from vestibule.scim.user_patch import apply, compile_user

_ids = st.sampled_from(["u1", "u2", "u3", "u4"])
_named = st.lists(_ids, max_size=3).map(lambda ids: [{"value": each} for each in ids])
_operations = st.one_of(
    st.builds(lambda value: {"op": "add", "path": "members", "value": value}, _named),
    st.builds(lambda value: {"op": "replace", "path": "members", "value": value}, _named),
    st.builds(lambda value: {"op": "Remove", "path": "members", "value": value}, _named),
    st.builds(lambda each: {"op": "remove", "path": f'members[value eq "{each}"]'}, _ids),
    st.just({"op": "remove", "path": "members"}),
    st.builds(lambda value: {"op": "replace", "value": {"members": value}}, _named),
)


def one_by_one(members: set[str], operations: list[dict[str, Any]]) -> set[str]:
    for operation in operations:
        path = operation.get("path", "")
        value = operation["value"]["members"] if not path else operation.get("value")
        ids = {each["value"] for each in value or []}
        if "[" in path:
            members = members - {path.split('"')[1]}
        elif operation["op"].lower() == "remove":
            members = members - ids if "value" in operation else set()
        else:
            members = (members if operation["op"] == "add" else set()) | ids
    return members


@examples(300)
@given(st.sets(_ids), st.lists(_operations, min_size=1, max_size=6))
def test_a_compiled_change_is_the_operations_one_by_one(members: set[str], operations: list[dict[str, Any]]) -> None:
    notes = Notes()
    change = compile_group(read_patch({"schemas": [PATCH_SCHEMA], "Operations": operations}, notes), "g", notes)
    after = (members & change.add if change.clear else members) - change.remove | change.add
    assert after == one_by_one(members, operations)
    assert not change.add & change.remove


_json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.floats(allow_nan=False), st.sampled_from(
        ["", "a", "True", "work", "add", "Replace", "remove", "members", "emails", 'emails[type eq "work"].value',
         "name.givenName", "active", "userName", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(
            ["op", "path", "value", "userName", "active", "emails", "name", "members", "displayName", "primary", "type",
             "externalId", "manager", "name.givenName", "givenName", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]),
            inner, max_size=5),
    ),
    max_leaves=12,
)  # fmt: skip


@examples(400)
@given(_json)
def test_no_body_is_anything_but_read_or_refused(body: Any) -> None:
    for read in (read_user, read_group):
        try:
            read(body, Notes())
        except ScimError as error:
            assert error.detail


@examples(400)
@given(st.lists(_json, min_size=1, max_size=3))
def test_no_operation_is_anything_but_applied_or_refused_and_a_refusal_changes_nothing(operations: list[Any]) -> None:
    before = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "ana",
        "active": True,
        "emails": [{"type": "work", "value": "a@b", "primary": True}],
    }
    kept = copy.deepcopy(before)
    notes = Notes()
    try:
        read = read_patch({"schemas": [PATCH_SCHEMA], "Operations": operations}, notes)
        change = compile_user(read, "usr_1", notes)
        once = apply(change, before)
        assert once["userName"]
    except ScimError as error:
        assert error.detail
    assert before == kept


@examples(200)
@given(
    st.sampled_from(["title", "displayName", "name.givenName", 'emails[type eq "work"].value', "active"]), st.booleans()
)
def test_replacing_twice_is_replacing_once(path: str, value: bool) -> None:
    notes = Notes()
    body = {"op": "replace", "path": path, "value": value if path == "active" else str(value)}
    change = compile_user(read_patch({"schemas": [PATCH_SCHEMA], "Operations": [body]}, notes), "usr_1", notes)
    once = apply(change, {"schemas": [], "userName": "ana", "active": True})
    assert apply(change, once) == once
