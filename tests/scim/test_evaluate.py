"""What a filter means, and that it can be written down again."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.effort import examples
from tests.scim.strategies import filters
from vestibule.scim.evaluate import evaluate, format_filter, sought_name
from vestibule.scim.filter_ast import Filter
from vestibule.scim.path import parse_filter
from vestibule.scim.user_schema import ENTERPRISE_USER, USER

ANA: dict[str, Any] = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE_USER],
    "id": "usr_A",
    "externalId": "Ext",
    "userName": "Ana@Contoso.com",
    "active": False,
    "name": {"familyName": "Straße"},
    "emails": [{"type": "work", "value": "ana@contoso.com"}, {"type": "home", "value": "ana@home.org"}],
    ENTERPRISE_USER: {"manager": {"value": "usr_M"}, "department": "Sales"},
    "meta": {"created": "2026-01-01T00:00:00.5Z", "resourceType": "User"},
}


@pytest.mark.parametrize(
    "text",
    [
        'userName eq "ANA@contoso.COM"',
        'name.familyName eq "STRASSE"',
        'id eq "usr_A"',
        "active eq false",
        "active pr",
        'emails[type eq "work" and value ew "contoso.com"]',
        'emails[type eq "work"].value eq "ana@contoso.com"',
        'emails.type eq "home"',
        'emails ne "ana@home.org"',
        'manager eq "usr_M"',
        'id eq "usr_A" and manager eq "usr_M"',
        'department sw "sa"',
        "title eq null",
        "not (title pr)",
        "title ne null or id ne null",
        'title ne "x"',
        'userName gt "ana"',
        'meta.created gt "2026-01-01T00:00:00Z"',
        'meta.created eq "2026-01-01T01:00:00.500+01:00"',
        'meta.created le "2026-01-01T00:00:00.50Z"',
        f'schemas eq "{ENTERPRISE_USER}"',
        "name pr",
        'userName co "contoso" and (title pr or active eq false)',
    ],
)
def test_ana_matches(text: str) -> None:
    assert evaluate(parse_filter(text, USER), ANA)


@pytest.mark.parametrize(
    "text",
    [
        'id eq "USR_A"',
        'externalId eq "ext"',
        'manager eq "usr_m"',
        'emails[type eq "work" and value eq "ana@home.org"]',
        'phoneNumbers[type eq "work"]',
        'title eq ""',
        'title sw ""',
        'title lt "z"',
        "active eq true",
        "userName eq null",
        "title pr",
        'meta.created lt "2026-01-01T00:00:00Z"',
        'not (userName eq "ana@contoso.com")',
    ],
)
def test_ana_does_not_match(text: str) -> None:
    assert not evaluate(parse_filter(text, USER), ANA)


def test_one_element_must_match_the_whole_value_path() -> None:
    """`emails.type eq … and emails.value eq …` may be met by two elements, a value path by one only."""
    loose = parse_filter('emails.type eq "work" and emails.value eq "ana@home.org"', USER)
    strict = parse_filter('emails[type eq "work" and value eq "ana@home.org"]', USER)
    assert evaluate(loose, ANA)
    assert not evaluate(strict, ANA)


@examples(100)
@given(filters)
def test_a_filter_written_down_reads_back_the_same(tree: Filter) -> None:
    assert parse_filter(format_filter(tree), USER) == tree


@examples(60)
@given(filters, st.sampled_from([ANA, {}, {"userName": "a", "emails": [{}], ENTERPRISE_USER: {}}]))
def test_every_filter_has_an_answer_and_not_is_its_opposite(tree: Filter, resource: dict[str, Any]) -> None:
    text = format_filter(tree)
    assert evaluate(parse_filter(f"not ({text})", USER), resource) is not evaluate(tree, resource)


def test_a_long_chain_reads_back_though_brackets_are_bounded() -> None:
    tree = parse_filter(" and ".join(["title pr"] * 200), USER)
    assert parse_filter(format_filter(tree), USER) == tree


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('userName eq "ana"', "ana"),
        ('active eq true and userName eq "ana"', "ana"),
        ('userName sw "ana"', None),
        ('not (userName eq "ana")', None),
        ('userName eq "ana" or id pr', None),
    ],
)
def test_the_name_sought_is_told_only_where_one_is_sought(text: str, name: str | None) -> None:
    assert sought_name(parse_filter(text, USER), "userName") == name
