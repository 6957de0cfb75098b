"""`sortBy` and `sortOrder` (RFC 7644 section 3.4.2.3), without a database."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.scim.errors import InvalidValue
from vestibule.scim.group_schema import GROUP
from vestibule.scim.schema import ENTERPRISE_USER
from vestibule.scim.sorting import SortValue, read_sort, sort_key, sort_value
from vestibule.scim.user_schema import USER


def value_of(resource: dict[str, Any], sort_by: str) -> SortValue:
    return sort_value(resource, read_sort(sort_by, None, USER).path)


@pytest.mark.parametrize(
    ("sort_by", "uri", "name", "sub"),
    [
        ("userName", None, "userName", None),
        ("USERNAME", None, "userName", None),
        (" userName ", None, "userName", None),
        ("urn:ietf:params:scim:schemas:core:2.0:User:userName", None, "userName", None),
        ("name.familyName", None, "name", "familyName"),
        ("emails", None, "emails", "value"),
        ("emails.type", None, "emails", "type"),
        ("meta.lastModified", None, "meta", "lastModified"),
        ("id", None, "id", None),
        (f"{ENTERPRISE_USER}:department", ENTERPRISE_USER, "department", None),
        (f"{ENTERPRISE_USER}:manager.displayName", ENTERPRISE_USER, "manager", "displayName"),
    ],
)
def test_an_attribute_is_found_whatever_its_spelling(sort_by: str, uri: str | None, name: str, sub: str | None) -> None:
    path = read_sort(sort_by, None, USER).path
    assert (path.uri, path.name, path.sub) == (uri, name, sub)


@pytest.mark.parametrize(
    "sort_by", ["shoeSize", "name", "name.shoeSize", "addresses", "userName.x", "meta", "members", "."]
)
def test_what_is_no_attribute_or_has_no_order_is_refused(sort_by: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        read_sort(sort_by, None, USER)
    assert refusal.value.facts["attribute"] == "sortBy"


def test_each_type_has_its_own_attributes() -> None:
    assert read_sort("displayName", None, GROUP).path.name == "displayName"
    with pytest.raises(InvalidValue):
        read_sort("userName", None, GROUP)


@pytest.mark.parametrize(
    ("order", "descending"),
    [
        (None, False),
        ("", False),
        ("ascending", False),
        ("Ascending", False),
        ("descending", True),
        ("DESCENDING", True),
    ],
)
def test_ascending_unless_descending_is_asked_for(order: str | None, descending: bool) -> None:
    assert read_sort("userName", order, USER).descending is descending


@pytest.mark.parametrize("order", ["asc", "desc", "down", "true"])
def test_another_order_is_refused(order: str) -> None:
    with pytest.raises(InvalidValue, match="sortOrder"):
        read_sort("userName", order, USER)


@pytest.mark.parametrize(
    ("resource", "sort_by", "value"),
    [
        ({"userName": "ÄnnA"}, "userName", "änna"),
        ({"externalId": "AbC"}, "externalId", "AbC"),
        ({"active": False}, "active", 0),
        ({"active": True}, "active", 1),
        ({}, "title", None),
        ({"title": ""}, "title", None),
        ({"name": {"givenName": "A"}}, "name.familyName", None),
        ({"emails": [{"value": "B"}, {"value": "A", "primary": True}]}, "emails", "a"),
        ({"emails": [{"value": "B"}, {"value": "A"}]}, "emails.value", "b"),
        ({"emails": [{"value": "B", "primary": False}, {"value": "A", "primary": False}]}, "emails", "b"),
        ({"emails": [{"type": "work", "value": "B"}, {"primary": True, "value": "A"}]}, "emails.type", None),
        ({"emails": []}, "emails", None),
        ({ENTERPRISE_USER: {"department": "Sales"}}, f"{ENTERPRISE_USER}:department", "sales"),
        ({"department": "core"}, f"{ENTERPRISE_USER}:department", None),
    ],
)
def test_a_resource_is_sorted_by(resource: dict[str, Any], sort_by: str, value: SortValue) -> None:
    assert value_of(resource, sort_by) == value


def test_times_are_in_the_order_of_time() -> None:
    texts = ["2024-01-01T00:30:00+02:00", "2023-12-31T23:00:00Z", "2024-01-01T00:00:00.000Z", "2024-01-01T00:00:00.5Z"]
    values = [value_of({"meta": {"created": text}}, "meta.created") for text in texts]
    assert None not in values
    assert values == sorted(values, key=lambda each: each or 0)


_values = st.none() | st.text(max_size=3)
_rows = st.lists(st.tuples(_values, st.text(max_size=3)), unique_by=lambda row: row[1], max_size=12)


@given(_rows)
def test_those_without_a_value_are_last_ascending_and_first_descending(rows: list[tuple[SortValue, str]]) -> None:
    ascending = sorted(rows, key=lambda row: sort_key(*row))
    valued = [row for row in ascending if row[0] is not None]
    assert ascending[: len(valued)] == valued
    assert valued == sorted(valued, key=lambda row: (str(row[0]), row[1]))
    assert sorted(rows, key=lambda row: sort_key(*row), reverse=True) == ascending[::-1]


@given(st.lists(st.integers() | st.floats(allow_nan=False) | st.none(), max_size=10))
def test_numbers_are_in_the_order_of_numbers(values: list[SortValue]) -> None:
    ordered = sorted(values, key=lambda each: sort_key(each, ""))
    numbers = [each for each in ordered if each is not None]
    assert numbers == sorted(each for each in values if isinstance(each, int | float))
