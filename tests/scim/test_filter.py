"""Filters: the grammar, and that a tree written out reads back the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.effort import examples
from vestibule.scim.errors import InvalidFilter, ScimError
from vestibule.scim.evaluate import evaluate, format_filter
from vestibule.scim.filter_ast import And, Compare, Filter, Not, Or, Present, ValuePath
from vestibule.scim.path import parse_filter, parse_path
from vestibule.scim.user_schema import USER

ANA = {
    "id": "usr_1",
    "userName": "Ana@Example.com",
    "active": True,
    "name": {"familyName": "O'Neil"},
    "emails": [{"type": "work", "value": "ana@w"}, {"type": "home", "value": "ana@h"}],
    "meta": {"created": "2026-01-01T00:00:00Z"},
}


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ('userName eq "ana@example.COM"', True),
        ('id eq "USR_1"', False),
        ('name.familyName eq "o\'neil"', True),
        ('userName eq "x" or active eq true and name.familyName pr', True),
        ('(userName eq "x" or active eq true) and title pr', False),
        ('emails[type eq "work" and value eq "ana@h"]', False),
        ('emails.type eq "work" and emails.value eq "ana@h"', True),
        ('emails[type eq "home"].value sw "ana"', True),
        ('not (active eq "False")', True),
        ("title eq null", True),
        ('title ne "Lead"', True),
        ('meta.created lt "2026-01-01T01:00:00+00:30"', True),
        ('urn:ietf:params:scim:schemas:core:2.0:User:userName ew ".com"', True),
        ('emails co "@H"', True),
        ('userName eq "caf\\u00e9"', False),
    ],
)
def test_a_filter_means_what_the_rfc_says(text: str, matches: bool) -> None:
    assert evaluate(parse_filter(text, USER), ANA) is matches


def test_and_binds_tighter_than_or() -> None:
    tree = parse_filter('title eq "a" or title eq "b" and title eq "c"', USER)
    assert isinstance(tree, Or)
    assert isinstance(tree.right, And)


@pytest.mark.parametrize(("text", "position"), [('userName eq "a', 12), ("userName xx 5", 9), ('shoe eq "5"', 0)])
def test_a_fault_is_shown_with_its_position(text: str, position: int) -> None:
    with pytest.raises(InvalidFilter) as caught:
        parse_filter(text, USER)
    assert caught.value.facts["position"] == position


_texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
_paths = st.sampled_from(
    ["userName", "id", "title", "name.givenName", "emails.value", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"]
)  # fmt: skip


def _compare(path: str, op: str, value: str) -> Filter:
    tree = parse_filter(f'{path} {op} "x"', USER)
    assert isinstance(tree, Compare)
    return Compare(tree.path, op, value)


_leaves = st.one_of(
    st.builds(_compare, _paths, st.sampled_from(["eq", "ne", "co", "sw", "ew", "gt", "le"]), _texts),
    st.sampled_from(["title pr", "active eq false", 'emails[type eq "work" and primary eq true]']).map(
        lambda text: parse_filter(text, USER)
    ),
)
trees = st.recursive(
    _leaves,
    lambda inner: st.one_of(st.builds(And, inner, inner), st.builds(Or, inner, inner), st.builds(Not, inner)),
    max_leaves=6,
)


@examples(200)
@given(trees)
def test_a_tree_written_out_reads_back_the_same(tree: Filter) -> None:
    assert parse_filter(format_filter(tree), USER) == tree


@examples(300)
@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(
    ["userName", "eq", '"a"', "and", "or", "not", "(", ")", "[", "]", "emails", ".value", "pr", "5", "null", "members"]
)).map(" ".join)))  # fmt: skip
def test_no_text_raises_anything_but_a_scim_error(text: str) -> None:
    for read in (parse_filter, parse_path):
        try:
            read(text, USER)
        except ScimError as error:
            assert error.detail


def test_the_names_of_a_tree_are_the_schemas_own() -> None:
    tree = parse_filter('EMAILS[TYPE EQ "work"]', USER)
    assert isinstance(tree, ValuePath)
    assert tree.path.name == "emails"
    assert isinstance(parse_filter("USERNAME PR", USER), Present)
