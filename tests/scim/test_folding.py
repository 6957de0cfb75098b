"""Caseless comparison: what people take for the same name is the same name."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.effort import examples
from tests.scim.strategies import texts
from vestibule.scim.evaluate import evaluate
from vestibule.scim.folding import fold
from vestibule.scim.path import parse_filter
from vestibule.scim.sorting import read_sort, sort_value
from vestibule.scim.user_schema import USER

SAME = [
    ("Ana", "aNA"),
    ("Zoë", "zoe\u0308"),
    ("Straße", "STRASSE"),
    ("ａｎａ＠ｘ", "ANA@x"),
    ("ｱﾅ", "アナ"),
    ("a\u3000b", "A b"),
    ("ΣΊΣΥΦΟΣ", "σίσυφος"),
    ("\u1fc3", "\u0397\u0345"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_a_name_is_the_same_in_whatever_case_width_or_composition(one: str, other: str) -> None:
    assert fold(one) == fold(other)
    assert evaluate(parse_filter(f'userName eq "{other}"', USER), {"userName": one})
    path = read_sort("userName", None, USER).path
    assert sort_value({"userName": one}, path) == sort_value({"userName": other}, path)


@pytest.mark.parametrize(("one", "other"), [("ana", "anna"), ("zoe", "zoë"), ("²", "2"), ("ﬀ", "g"), ("a b", "ab")])
def test_other_names_stay_others(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@examples(500)
@given(texts | st.text())
def test_folding_again_changes_nothing_and_no_form_of_a_text_is_another(text: str) -> None:
    folded = fold(text)
    assert fold(folded) == folded
    assert {fold(unicodedata.normalize(form, text)) for form in ("NFC", "NFD")} == {folded}
    assert fold(text.casefold()) == folded
