"""A long document is written as a short one would be."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.cli.long_json import written

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(VALUES, max_size=4), VALUES, VALUES)
def test_a_list_that_is_read_as_it_is_written_looks_as_if_it_had_been_there_whole(log, before, after):
    whole = {"cycles": before, "log": log, "rollcall": after}
    assert b"".join(written(whole | {"log": iter(log)})) == orjson.dumps(whole, option=orjson.OPT_INDENT_2)


@pytest.mark.parametrize("document", [{}, {"log": []}, {"a": "line\nend"}])
def test_short_documents_are_written_whole(document):
    assert b"".join(written(document)) == orjson.dumps(document, option=orjson.OPT_INDENT_2)


def test_no_more_than_one_element_is_read_before_it_is_written():
    read = []
    pieces = written({"log": (read.append(number) or number for number in range(3))})
    text = b""
    while b"1" not in text:
        text += next(pieces)
    assert (text, read) == (b'{\n  "log": [\n    0,\n    1', [0, 1])


def test_a_list_deep_in_the_document_is_written_row_by_row():
    rows = [{"who": str(number), "reason": "refused"} for number in range(100)]
    pieces = list(written({"rollcall": {"groups": [{"name": "g", "missing": rows, "extra": []}]}}))
    assert max(map(len, pieces)) < 100
