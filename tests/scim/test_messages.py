"""List queries, list answers and versions."""

import json

import pytest

from vestibule.scim.errors import InvalidValue, PreconditionFailed
from vestibule.scim.messages import MAX_COUNT, ListQuery, etag, expected_version, list_response, read_list_query


@pytest.mark.parametrize(
    ("parameters", "query"),
    [
        ({}, ListQuery(1, 100, None)),
        ({"startIndex": "0", "count": "-3"}, ListQuery(1, 0, None)),
        ({"startIndex": "-5", "count": "0"}, ListQuery(1, 0, None)),
        ({"startIndex": "11", "count": "5", "filter": "x"}, ListQuery(11, 5, "x")),
        ({"count": "100000", "startIndex": ""}, ListQuery(1, MAX_COUNT, None)),
        ({"aadOptscim062020": "", "sortBy": "userName"}, ListQuery(1, 100, None, "userName")),
    ],
)
def test_too_small_is_the_least_and_too_large_the_most(parameters: dict[str, str], query: ListQuery) -> None:
    assert read_list_query(parameters) == query


@pytest.mark.parametrize("text", ["x", "1.5", "1e3", "1_0", "9" * 5000, " "])
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
