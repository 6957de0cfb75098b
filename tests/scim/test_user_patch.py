"""PATCH on a user's document (RFC 7644 section 3.5.2)."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.effort import examples
from vestibule.scim.dialects import Notes
from vestibule.scim.errors import InvalidValue, Mutability, NoTarget
from vestibule.scim.patch import PATCH_SCHEMA, read_patch
from vestibule.scim.user_patch import apply, compile_user
from vestibule.scim.user_schema import CORE_USER, ENTERPRISE_USER

ANA: dict[str, Any] = {
    "schemas": [CORE_USER, ENTERPRISE_USER],
    "userName": "ana",
    "active": True,
    "name": {"givenName": "Ana", "familyName": "Lim"},
    "emails": [{"type": "work", "value": "a@w", "primary": True}, {"type": "home", "value": "a@h"}],
    ENTERPRISE_USER: {"department": "Sales", "manager": {"value": "usr_m", "$ref": "/Users/usr_m"}},
}


def patched(*operations: dict[str, Any], present: dict[str, Any] = ANA) -> dict[str, Any]:
    before = copy.deepcopy(present)
    body = {"schemas": [PATCH_SCHEMA], "Operations": list(operations)}
    result = apply(compile_user(read_patch(body, Notes()), "usr_1", Notes()), present)
    assert present == before
    return result


def replace(path: str | None, value: Any, op: str = "replace") -> dict[str, Any]:
    return {"op": op, "value": value} | ({"path": path} if path else {})


def remove(path: str, *value: Any) -> dict[str, Any]:
    return {"op": "remove", "path": path} | ({"value": value[0]} if value else {})


def test_a_sub_attribute_that_is_not_named_stays() -> None:
    assert patched(replace("name", {"givenName": "Eva"}))["name"] == {"givenName": "Eva", "familyName": "Lim"}


@pytest.mark.parametrize("nothing", [None, "", []])
def test_a_sub_attribute_that_is_named_with_nothing_goes_alone(nothing: Any) -> None:
    assert patched(replace("name", {"givenName": nothing}))["name"] == {"familyName": "Lim"}
    assert patched(replace(None, {"name": {"GivenName": nothing}}))["name"] == {"familyName": "Lim"}
    assert patched(replace("name.givenName", nothing))["name"] == {"familyName": "Lim"}


@pytest.mark.parametrize("nothing", [None, "", []])
def test_an_optional_attribute_written_with_nothing_goes(nothing: Any) -> None:
    assert "name" not in patched(replace("name", nothing))
    assert "emails" not in patched(replace("emails", nothing))
    assert "manager" not in patched(replace("manager", nothing))[ENTERPRISE_USER]


def test_what_we_do_not_know_or_write_ourselves_never_clears_the_rest() -> None:
    assert patched(replace("name", {"tea": "x"})) == ANA
    assert patched(replace("manager", {"displayName": "Boss"})) == ANA
    assert patched(replace("manager", {})) == ANA
    assert patched(replace(None, {"id": "usr_1", "meta": {}, "groups": [], "schemas": [], "tea": 1})) == ANA


def test_a_new_manager_does_not_keep_the_address_of_the_old() -> None:
    assert patched(replace("manager", "usr_n"))[ENTERPRISE_USER]["manager"] == {"value": "usr_n"}
    assert patched(replace("manager.value", "usr_n"))[ENTERPRISE_USER]["manager"] == {"value": "usr_n"}
    assert patched(replace("manager", {"value": "usr_m"})) == ANA


@pytest.mark.parametrize(
    "operation",
    [remove("manager"), remove("manager.value"), replace("manager.value", ""), replace("manager", {"value": None})],
)
def test_a_manager_without_value_is_no_manager(operation: dict[str, Any]) -> None:
    assert patched(operation)[ENTERPRISE_USER] == {"department": "Sales"}


def test_an_extension_is_written_and_removed_as_a_whole_under_its_urn() -> None:
    assert patched(replace(ENTERPRISE_USER, {"department": "IT"}))[ENTERPRISE_USER]["department"] == "IT"
    without = {key: value for key, value in ANA.items() if key != ENTERPRISE_USER} | {"schemas": [CORE_USER]}
    assert patched(remove(ENTERPRISE_USER)) == without
    assert patched(replace(None, {ENTERPRISE_USER: None})) == without
    assert patched(remove("department"), remove("manager")) == without


def test_adding_a_value_that_is_there_changes_nothing() -> None:
    assert patched(replace("emails", [{"value": "a@w", "type": "work"}], "add")) == ANA


def test_a_new_primary_takes_the_place_of_the_old() -> None:
    added = patched(replace("emails", [{"value": "n@w", "primary": True}], "add"))
    assert [each.get("primary") for each in added["emails"]] == [False, None, True]
    set_by_path = patched(replace('emails[type eq "home"].primary', True))
    assert [each.get("primary") for each in set_by_path["emails"]] == [False, True]


def test_removing_by_value_leaves_the_other_values() -> None:
    assert patched(remove("emails", [{"value": "a@h"}]))["emails"] == ANA["emails"][:1]
    assert patched(remove("emails", [])) == ANA
    assert "emails" not in patched(remove("emails"))
    assert patched(remove("emails", None)) == patched(remove("emails", "")) == ANA


def test_an_element_that_lost_its_value_is_gone() -> None:
    assert patched(remove('emails[type eq "work"].value'))["emails"] == ANA["emails"][1:]
    assert patched(replace('emails[type eq "work"].value', ""))["emails"] == ANA["emails"][1:]
    assert patched(replace('emails[type eq "work"]', None))["emails"] == ANA["emails"][1:]


def test_an_untouched_element_is_kept_however_little_it_says() -> None:
    present = ANA | {"roles": [{"display": "Reader"}, {"value": "w"}]}
    assert patched(replace('roles[value eq "w"].display', "W"), present=present)["roles"] == [
        {"display": "Reader"},
        {"value": "w", "display": "W"},
    ]


def test_an_element_that_only_says_what_it_is_for_is_not_kept_at_the_end() -> None:
    assert patched(replace('phoneNumbers[type eq "fax"].primary', True, "add")) == ANA


def test_nothing_written_to_nothing_makes_nothing() -> None:
    assert patched(replace('phoneNumbers[type eq "fax"].value', "")) == ANA


@pytest.mark.parametrize(
    "path",
    [
        'emails[value eq "x@y"].value',
        'emails[type eq "a" and type eq "b"].value',
        'emails[type ne "work" and value eq "z"].value',
    ],
)
def test_an_element_is_made_only_where_the_path_would_find_it_again(path: str) -> None:
    with pytest.raises(NoTarget):
        patched(replace(path, "n@w"))


def test_without_a_filter_all_elements_are_meant() -> None:
    assert [each["display"] for each in patched(replace("emails.display", "D"))["emails"]] == ["D", "D"]


def test_a_refused_request_changes_nothing_at_all() -> None:
    with pytest.raises(Mutability):
        patched(replace("title", "T"), replace("emails", []), remove("userName"))


@pytest.mark.parametrize("path", ["id", "meta", "groups", "manager.displayName"])
def test_what_the_server_writes_is_not_written_by_a_path(path: str) -> None:
    with pytest.raises(Mutability):
        patched(replace(path, "x"))


def test_another_users_id_in_the_value_is_refused() -> None:
    with pytest.raises(Mutability) as refusal:
        patched(replace("title", "T"), replace(None, {"id": "usr_2"}))
    assert refusal.value.facts["operation"] == 2


def test_active_may_be_removed_and_is_then_unsaid_not_true() -> None:
    """It is not required (RFC 7643 section 4.1.1); what an unsaid one means is the directory's to decide."""
    assert "active" not in patched(remove("active"), present=ANA | {"active": False})


def test_a_password_is_accepted_and_forgotten() -> None:
    notes = Notes()
    body = {"schemas": [PATCH_SCHEMA], "Operations": [replace("password", "s3cret")]}
    assert apply(compile_user(read_patch(body, notes), "usr_1", notes), ANA) == ANA
    assert list(notes.seen) == ["password_dropped"]


WRITES = st.lists(
    st.builds(
        replace,
        st.sampled_from(
            ["title", "name.givenName", "name", "emails", 'emails[type eq "work"].value', 'phoneNumbers[type eq "fax"].value']
            + ["active", "manager", "department", None]
        ),
        st.sampled_from(["x", "", None, True, "False", {"givenName": "G"}, {"value": "v"}, [{"value": "v", "type": "work"}], {"title": "T"}]),
        st.sampled_from(["add", "replace"]),
    ),
    min_size=1,
    max_size=3,
)  # fmt: skip


@examples(300)
@given(WRITES)
def test_operations_together_do_what_they_do_one_after_the_other(operations: list[dict[str, Any]]) -> None:
    """Where each of them is accepted alone; elements left without a value in between are dropped only at the end."""
    step = ANA
    try:
        for operation in operations:
            step = patched(operation, present=step)
    except (InvalidValue, NoTarget):
        return
    assert patched(*operations) == step


@examples(200)
@given(WRITES)
def test_a_replace_repeated_changes_nothing_more(operations: list[dict[str, Any]]) -> None:
    replaces = [operation | {"op": "replace"} for operation in operations[:1]]
    try:
        once = patched(*replaces)
    except (InvalidValue, NoTarget):
        return
    assert patched(*replaces, present=once) == once
