"""Whatever comes, the answer is a value or a ScimError: never a crash, never a change by half."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.effort import examples
from tests.scim.strategies import json_objects, json_values, messages, paths_as_text, texts
from vestibule.scim.dialects import Notes
from vestibule.scim.errors import ScimError
from vestibule.scim.group_schema import GROUP
from vestibule.scim.patch import compile_group, read_patch
from vestibule.scim.path import parse_filter, parse_path
from vestibule.scim.resource import read_group, read_user
from vestibule.scim.user_patch import apply, compile_user
from vestibule.scim.user_schema import ENTERPRISE_USER, USER

DOCUMENT = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE_USER],
    "userName": "ana",
    "active": True,
    "emails": [{"type": "work", "value": "a@b", "primary": True}, {"value": "c@d"}],
    ENTERPRISE_USER: {"manager": {"value": "usr_2"}},
}
pieces = st.sampled_from(
    ["userName", "emails", "[", "]", "(", ")", "not", "and", "or", "eq", "gt", "pr", '"a"', "true", "null", "1e9", "."]
    + [".value", "name.", f"{ENTERPRISE_USER}:manager", ENTERPRISE_USER, '"', "\\", "members", '"\\ud800"']
)
filter_like = st.lists(pieces | texts, max_size=12).map(" ".join) | texts


@examples(300)
@given(filter_like)
def test_no_text_breaks_the_filter_reader(text: str) -> None:
    try:
        parse_filter(text, USER)
    except ScimError as error:
        assert error.kind == "invalid_filter"
        assert 0 <= error.facts["position"] <= len(text)


@examples(200)
@given(filter_like | paths_as_text)
def test_no_text_breaks_the_path_reader(text: str) -> None:
    try:
        parse_path(text, GROUP)
    except ScimError as error:
        assert error.kind == "invalid_path"


@examples(200)
@given(json_objects | json_values)
def test_no_body_breaks_the_reading_of_a_user_and_reading_it_again_changes_nothing(body: Any) -> None:
    try:
        document = read_user(body, Notes())
    except ScimError:
        return
    assert read_user(document, Notes()) == document


@examples(100)
@given(json_objects)
def test_no_body_breaks_the_reading_of_a_group(body: Any) -> None:
    try:
        assert read_group(body, Notes()).display_name.strip()
    except ScimError:
        pass


@examples(100)
@given(json_objects | json_values)
def test_no_body_breaks_the_reading_of_a_patch(body: Any) -> None:
    try:
        assert read_patch(body, Notes())
    except ScimError:
        pass


@examples(400)
@given(messages)
def test_no_patch_breaks_a_user(body: Any) -> None:
    """A PATCH gives a document that is whole, or refuses; the present document is never written to."""
    before = copy.deepcopy(DOCUMENT)
    try:
        after = apply(compile_user(read_patch(body, Notes()), "usr_1", Notes()), DOCUMENT)
    except ScimError:
        return
    finally:
        assert before == DOCUMENT
    assert after["userName"].strip()
    assert isinstance(after.get("active", True), bool)
    for name, value in after.items():
        assert value not in ([], {}, "", None), name
        if isinstance(value, list) and name != "schemas":
            assert sum(each.get("primary") is True for each in value) <= 1


@examples(200)
@given(messages)
def test_no_patch_breaks_a_group(body: Any) -> None:
    try:
        change = compile_group(read_patch(body, Notes()), "grp_1", Notes())
    except ScimError:
        return
    assert not change.add & change.remove
    assert change.display_name is None or change.display_name.strip()


def nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("name", ["userName", "name", "emails", "active", "manager", ENTERPRISE_USER, "schemas"])
def test_a_body_nested_a_thousand_deep_is_refused_not_a_crash(name: str) -> None:
    """orjson reads 1,024 levels; nothing here recurses with them."""
    body = {"userName": "u", name: nested(1000)}
    try:
        read_user(body, Notes())
    except ScimError as error:
        assert error.kind == "invalid_value"
    with pytest.raises(ScimError):
        read_patch({"schemas": nested(1000), "Operations": nested(1000)}, Notes())
    with pytest.raises(ScimError):
        read_patch(nested(1000), Notes())


def test_core_schemas_nested_in_each_other_are_left_out() -> None:
    value: Any = {"title": "T"}
    for _ in range(900):
        value = {USER.schema.id: value}
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [{"op": "add", "value": value}]}
    assert apply(compile_user(read_patch(body, Notes()), "usr_1", Notes()), DOCUMENT) == DOCUMENT


@pytest.mark.parametrize(
    "text",
    [
        "(" * 4000 + "id pr" + ")" * 4000,
        "(" * 41 + "id pr" + ")" * 41,
        "not (" * 300 + "id pr" + ")" * 300,
        " and ".join(["id pr"] * 201),
        'userName eq "' + "x" * 9000 + '"',
    ],
    ids=["brackets", "one bracket too many", "nots", "terms", "length"],
)
def test_a_filter_beyond_the_bounds_is_refused(text: str) -> None:
    with pytest.raises(ScimError) as refusal:
        parse_filter(text, USER)
    assert refusal.value.kind == "invalid_filter"
    assert len(refusal.value.detail) < 600
