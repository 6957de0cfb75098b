"""List queries, list answers and versions."""

import json
from typing import Any

import pytest

from vestibule.scim.dialects import STRICT, Notes
from vestibule.scim.errors import InvalidCount, InvalidSyntax, InvalidValue, PreconditionFailed
from vestibule.scim.messages import (
    MAX_COUNT,
    SEARCH_SCHEMA,
    ListQuery,
    etag,
    expected_version,
    is_unchanged,
    list_response,
    names_version,
    read_list_query,
    read_search,
)


@pytest.mark.parametrize(
    ("parameters", "query"),
    [
        ({}, ListQuery(1, 100, None)),
        ({"startIndex": "0", "count": "-3"}, ListQuery(1, 0, None)),
        ({"startIndex": "-5", "count": "0"}, ListQuery(1, 0, None)),
        ({"startIndex": "11", "count": "5", "filter": "x"}, ListQuery(11, 5, "x")),
        ({"count": "100000", "startIndex": ""}, ListQuery(1, MAX_COUNT, None)),
        ({"count": "9" * 5000, "startIndex": "+007"}, ListQuery(7, MAX_COUNT, None)),
        ({"count": "-" + "9" * 5000, "startIndex": "9" * 16}, ListQuery(10**15, 0, None)),
        ({"aadOptscim062020": "", "sortBy": "userName"}, ListQuery(1, 100, None, "userName")),
    ],
)
def test_too_small_is_the_least_and_too_large_the_most(parameters: dict[str, str], query: ListQuery) -> None:
    assert read_list_query(parameters) == query


@pytest.mark.parametrize("text", ["x", "1.5", "1e3", "1_0", "٣", "1٣", "-", "+", " "])
def test_what_is_no_whole_number_is_refused(text: str) -> None:
    for name in ("startIndex", "count"):
        with pytest.raises(InvalidValue) as refusal:
            read_list_query({name: text})
        assert refusal.value.facts["attribute"] == name


def test_an_empty_list_is_still_a_list() -> None:
    answer = json.loads(list_response(0, [], start_index=1))
    assert answer["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:ListResponse"]
    assert (answer["totalResults"], answer["Resources"], answer["itemsPerPage"]) == (0, [], 0)


def test_a_page_counts_itself_and_all_matches() -> None:
    answer = json.loads(list_response(12, iter([b'{"id":"a"}', b'{"id":"b"}']), start_index=11))
    assert (answer["totalResults"], answer["startIndex"], answer["itemsPerPage"]) == (12, 11, 2)
    assert [each["id"] for each in answer["Resources"]] == ["a", "b"]


def test_a_version_is_a_weak_tag_that_reads_back() -> None:
    assert etag(7) == 'W/"7"'
    assert expected_version(etag(7)) == 7
    assert expected_version(' "7" ') == 7


@pytest.mark.parametrize("header", [None, "*", " * "])
def test_without_a_tag_any_version_will_do(header: str | None) -> None:
    assert expected_version(header) is None


@pytest.mark.parametrize("header", ["7", 'W/"x"', "", '"7" or so'])
def test_a_foreign_tag_never_matches(header: str) -> None:
    with pytest.raises(PreconditionFailed):
        expected_version(header)


@pytest.mark.parametrize(
    ("header", "present", "expected"),
    [
        ('W/"1", W/"2"', 2, 2),
        ('W/"1", W/"2"', 1, 1),
        ('W/"1",W/"2"', 2, 2),
        ('"x", W/"2"', 2, 2),
        ('"a,b", W/"2"', 2, 2),
        ('W/"1"', 5, 1),
        ("*", 5, None),
    ],
)
def test_of_several_tags_the_present_one_will_do(header: str, present: int, expected: int | None) -> None:
    assert expected_version(header, present) == expected


def test_several_tags_without_the_present_one_expect_a_version_that_is_not_there() -> None:
    assert expected_version('W/"1", W/"2"', 3) in (1, 2)
    with pytest.raises(PreconditionFailed):
        expected_version('"x", "y"', 3)


@pytest.mark.parametrize("tag", ['W/"07"', '"007"', 'W/"٧"'])
def test_a_tag_is_compared_letter_by_letter(tag: str) -> None:
    assert not is_unchanged(tag, etag(7))
    assert not names_version(tag, 7)
    with pytest.raises(PreconditionFailed):
        expected_version(tag)


@pytest.mark.parametrize(
    ("header", "unchanged"),
    [
        (None, False), ('W/"7"', True), ('"7"', True), ("*", True), (" * ", True), ('W/"6", W/"7"', True),
        ('"x",W/"7" ', True), ('W/"8"', False), ('W/"77"', False), ("7", False), ("", False), ('"x"', False),
    ],
)  # fmt: skip
def test_if_none_match_names_the_present_version_or_not(header: str | None, unchanged: bool) -> None:
    assert is_unchanged(header, etag(7)) is unchanged
    assert names_version(header, 7) is unchanged


def test_a_tag_tells_what_is_shown_beside_a_version_and_still_names_the_version() -> None:
    alone, staff, people = etag(7), etag(7, ["grp_1 staff"]), etag(7, ["grp_1 people"])
    assert len({alone, staff, people}) == 3
    assert etag(7, ["grp_1 staff"]) == staff
    assert (is_unchanged(staff, staff), is_unchanged(staff, people), is_unchanged(staff, alone)) == (True, False, False)
    assert (names_version(staff, 7), expected_version(staff), expected_version(people)) == (True, 7, 7)


def test_a_cursor_may_be_empty_and_is_not_made_up() -> None:
    assert read_list_query({}).cursor is None
    assert read_list_query({"startIndex": "3"}).cursor is None
    assert read_list_query({"cursor": ""}) == ListQuery(1, 100, None, cursor="")
    assert read_list_query({"cursor": "abc", "count": "-1"}) == ListQuery(1, 0, None, cursor="abc")


def test_both_ways_of_paging_at_once_are_refused() -> None:
    for cursor in ("", "abc"):
        with pytest.raises(InvalidValue) as refusal:
            read_list_query({"cursor": cursor, "startIndex": "1"})
        assert refusal.value.facts["attribute"] == "cursor"


def test_a_count_that_is_none_has_its_own_name_where_a_cursor_is_used() -> None:
    with pytest.raises(InvalidCount):
        read_list_query({"cursor": "", "count": "many"})
    with pytest.raises(InvalidValue):
        read_list_query({"count": "many"})


def test_a_list_is_the_same_list_only_with_the_same_filter_sort_and_scope() -> None:
    same = ListQuery(1, 5, "f", "userName", "descending", "abc")
    assert same.identity("c", "User") == ListQuery(9, 50, "f", "userName", "DESCENDING", "").identity("c", "User")
    others = [
        same.identity("c", "Group"),
        same.identity("d", "User"),
        ListQuery(1, 5, "g", "userName", "descending").identity("c", "User"),
        ListQuery(1, 5, "f", "title", "descending").identity("c", "User"),
        ListQuery(1, 5, "f", "userName").identity("c", "User"),
        ListQuery(1, 5, None, "userName", "descending").identity("c", "User"),
    ]
    assert len({same.identity("c", "User"), *others}) == 7


def test_a_search_is_read_as_the_parameters_of_a_get() -> None:
    body = {
        "schemas": [SEARCH_SCHEMA.upper()],
        "attributes": ["userName", "name.givenName"],
        "excludedAttributes": None,
        "FILTER": "title pr",
        "sortBy": "userName",
        "sortOrder": "descending",
        "startIndex": 11,
        "count": 0,
    }
    assert read_search(body, Notes()) == {
        "attributes": "userName,name.givenName",
        "filter": "title pr",
        "sortBy": "userName",
        "sortOrder": "descending",
        "startIndex": "11",
        "count": "0",
    }


def test_a_search_may_begin_with_an_empty_cursor() -> None:
    assert read_search({"schemas": [SEARCH_SCHEMA], "cursor": ""}, Notes()) == {"cursor": ""}
    assert read_search({"schemas": [SEARCH_SCHEMA], "cursor": None}, Notes()) == {}


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"schemas": SEARCH_SCHEMA},
        {"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"]},
        *(
            {"schemas": [SEARCH_SCHEMA], **wrong}
            for wrong in (
                {"count": True}, {"count": 1.5}, {"count": [1]}, {"startIndex": {}}, {"filter": ["a"]},
                {"attributes": [1]}, {"excludedAttributes": {"a": 1}}, {"cursor": False}, {"sortBy": ["userName"]},
            )
        ),
    ],
)  # fmt: skip
def test_what_is_no_search_is_refused(body: Any) -> None:
    with pytest.raises(InvalidSyntax):
        read_search(body, Notes())


def test_a_stranger_in_a_search_is_noted_or_refused_by_dialect() -> None:
    body = {"schemas": [SEARCH_SCHEMA], "shoeSize": 43, "count": 3}
    notes = Notes()
    assert read_search(body, notes) == {"count": "3"}
    assert "unknown_attribute" in notes.seen
    with pytest.raises(InvalidSyntax):
        read_search(body, Notes(STRICT))


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({}, set[str]()),
        ({"start_index": 1}, {"startIndex"}),
        ({"next_cursor": "n"}, {"nextCursor"}),
        ({"next_cursor": "n", "previous_cursor": "p"}, {"nextCursor", "previousCursor"}),
    ],
)
def test_a_list_tells_only_of_the_paging_that_was_asked_for(given: dict[str, Any], shown: set[str]) -> None:
    answer = json.loads(list_response(5, [b"{}"], **given))
    assert answer.keys() - {"schemas", "totalResults", "itemsPerPage", "Resources"} == shown
    assert None not in answer.values()
