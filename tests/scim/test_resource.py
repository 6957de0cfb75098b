"""Reading Users and Groups: one normal form, and refusals that name the attribute."""

from typing import Any

import pytest

from vestibule.scim.dialects import Notes
from vestibule.scim.errors import InvalidSyntax, InvalidValue, ScimError
from vestibule.scim.resource import MAX_TEXT, GroupDraft, read_group, read_user, read_value
from vestibule.scim.schema import Attribute
from vestibule.scim.user_schema import CORE_USER, ENTERPRISE_USER


def user(**attributes: Any) -> dict[str, Any]:
    return read_user({"userName": "u", **attributes}, Notes())


def test_schemas_follow_from_the_content_not_from_what_was_announced() -> None:
    assert user(schemas=[CORE_USER, ENTERPRISE_USER])["schemas"] == [CORE_USER]
    assert user(**{ENTERPRISE_USER: {"department": "x"}})["schemas"] == [CORE_USER, ENTERPRISE_USER]
    assert user(**{ENTERPRISE_USER: {"department": ""}}) == user()


def test_a_user_is_active_unless_it_is_said_otherwise() -> None:
    assert user()["active"] is True
    assert user(active=None)["active"] is True
    assert user(ACTIVE="fAlSe")["active"] is False


def test_an_extensions_attributes_are_merged_from_wherever_they_stand() -> None:
    body = {f"{ENTERPRISE_USER.upper()}:Department": "D", ENTERPRISE_USER: {"division": "V"}, "costCenter": "C"}
    assert user(**body)[ENTERPRISE_USER] == {"department": "D", "division": "V", "costCenter": "C"}


def test_what_the_server_writes_is_ignored() -> None:
    assert user(id="x", meta={"version": "1"}, groups=[{"value": "g"}]) == user()


@pytest.mark.parametrize(
    ("attributes", "attribute"),
    [
        ({"userName": ""}, "userName"),
        ({"userName": "  "}, "userName"),
        ({"userName": 5}, "userName"),
        ({"userName": ["a", "b"]}, "userName"),
        ({"active": "yes"}, "active"),
        ({"active": 1}, "active"),
        ({"title": True}, "title"),
        ({"name": "Ana"}, "name"),
        ({"name": {"givenName": {}, "familyName": 3}}, "name.familyName"),
        ({"emails": [{"value": "a", "primary": "maybe"}]}, "emails.primary"),
        ({"emails": 7}, "emails"),
        ({"emails": [["a"]]}, "emails"),
        ({"addresses": ["Street 1"]}, "addresses"),
        ({"manager": [{"value": "a"}, {"value": "b"}]}, "manager"),
        ({ENTERPRISE_USER: "x"}, ENTERPRISE_USER),
        ({"title": "x" * (MAX_TEXT + 1)}, "title"),
        ({"title": "a\0b"}, "title"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_the_attributes_name(
    attributes: dict[str, Any], attribute: str
) -> None:
    with pytest.raises(InvalidValue) as refusal:
        user(**attributes)
    assert refusal.value.facts["attribute"] == attribute
    assert attribute in refusal.value.detail


def test_what_came_is_told_beside_what_was_due() -> None:
    with pytest.raises(InvalidValue) as refusal:
        user(active="yes")
    assert refusal.value.detail == "`active` must be true or false, not the text 'yes'."


@pytest.mark.parametrize("body", [None, [], "x", 5, True])
def test_a_body_that_is_no_object_is_invalid_syntax(body: Any) -> None:
    for read in (read_user, read_group):
        with pytest.raises(InvalidSyntax):
            read(body, Notes())


def test_a_group_is_a_name_an_external_id_and_ids() -> None:
    body = {
        "DisplayName": "Sales",
        "externalId": "e",
        "members": [{"VALUE": "u2", "$ref": None}, "u1", {"value": "u2"}],
    }
    assert read_group(body, Notes()) == GroupDraft("Sales", "e", ("u2", "u1"))


@pytest.mark.parametrize(
    "member", [None, {}, {"value": None}, {"value": ""}, {"display": "x"}, {"value": 7}, 7, "", [], ["u"]]
)
def test_a_member_without_an_id_is_refused_not_passed_over(member: Any) -> None:
    """A list of such members would otherwise read as an empty one, and empty the group."""
    with pytest.raises(ScimError) as refusal:
        read_group({"displayName": "g", "members": [{"value": "u1"}, member]}, Notes())
    assert refusal.value.kind == "invalid_value"
    assert "members no. 2" in refusal.value.detail


@pytest.mark.parametrize(("value", "read"), [("42", 42), ("-7", -7), (5, 5)])
def test_a_number_is_read_from_digits(value: Any, read: int) -> None:
    assert read_value(value, Attribute("weight", "integer"), "weight", Notes()) == read


def test_digits_in_a_text_are_noted() -> None:
    notes = Notes()
    read_value("42", Attribute("weight", "integer"), "weight", notes)
    assert list(notes.seen) == ["integer_string"]


@pytest.mark.parametrize("value", [True, "x", 1.5, "1" * 30, "٣"])
def test_what_is_no_whole_number_is_refused(value: Any) -> None:
    with pytest.raises(InvalidValue):
        read_value(value, Attribute("weight", "integer"), "weight", Notes())


def test_a_time_is_checked() -> None:
    attribute = Attribute("since", "dateTime")
    assert read_value("2026-01-01T00:00:00Z", attribute, "since", Notes()) == "2026-01-01T00:00:00Z"
    with pytest.raises(InvalidValue):
        read_value("yesterday", attribute, "since", Notes())
