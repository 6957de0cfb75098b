"""Filters and PATCH paths as trees (RFC 7644 sections 3.4.2.2 and 3.5.2)."""

import pytest

from vestibule.scim.dialects import STRICT, Notes
from vestibule.scim.errors import InvalidFilter, InvalidPath
from vestibule.scim.evaluate import evaluate, format_filter
from vestibule.scim.filter_ast import And, Compare, Not, Or, Present, ValuePath
from vestibule.scim.group_schema import GROUP
from vestibule.scim.path import parse_filter, parse_path
from vestibule.scim.user_schema import ENTERPRISE_USER, USER


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        ('USERNAME EQ "a"', 'userName eq "a"'),
        ('urn:ietf:params:scim:schemas:core:2.0:User:userName eq "a"', 'userName eq "a"'),
        ('URN:ietf:params:scim:schemas:core:2.0:user:Name.FamilyName sw "a"', 'name.familyName sw "a"'),
        ('manager eq "m"', f'{ENTERPRISE_USER}:manager.value eq "m"'),
        ('department eq "d"', f'{ENTERPRISE_USER}:department eq "d"'),
        ('emails co "@b"', 'emails.value co "@b"'),
        ('active eq "True"', "active eq true"),
        ('active eq "false"', "active eq false"),
        ('roles[primary eq "True"]', "roles[primary eq true]"),
        ('emails[type eq "work"].value eq "a@b"', 'emails[type eq "work" and value eq "a@b"]'),
        ("title pr or title pr and id pr", "title pr or (title pr and id pr)"),
        ("not (title pr) and id pr", "(not (title pr)) and (id pr)"),
        ('userName eq "\\u00e9\\n\\"\\\\"', 'userName eq "é\\n\\"\\\\"'),
        ('  userName   eq\t"a" ', 'userName eq "a"'),
        ("title eq NULL", "title eq null"),
    ],
)
def test_two_spellings_are_one_tree(text: str, same_as: str) -> None:
    assert parse_filter(text, USER) == parse_filter(same_as, USER)


def test_and_binds_closer_than_or_and_not_closer_than_both() -> None:
    tree = parse_filter("title pr or not (id pr) and active eq true", USER)
    assert isinstance(tree, Or)
    assert isinstance(tree.left, Present)
    assert isinstance(tree.right, And)
    assert isinstance(tree.right.left, Not)


def test_members_mean_their_value() -> None:
    tree = parse_filter('id eq "g" and members eq "u"', GROUP)
    assert isinstance(tree, And)
    assert isinstance(tree.right, Compare)
    assert str(tree.right.path) == "members.value"
    assert tree.right.path.parent is not None
    inside = parse_filter('members[value eq "u"]', GROUP)
    assert isinstance(inside, ValuePath)
    assert isinstance(inside.filter, Compare)
    assert (inside.filter.path.name, inside.filter.path.sub) == ("value", None)


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("", 0, "empty"),
        (" ", 0, "empty"),
        ("userName eq 'zoe'", 12, "quotation marks"),
        ("(", 1, "name was expected"),
        ("RANDOMCAPS", 0, "RANDOMCAPS"),
        ('shoeSize eq "43"', 0, "shoeSize"),
        ('name.shoeSize eq "43"', 0, "shoeSize"),
        ('name eq "x"', 5, "sub-attributes"),
        ("userName", 8, "operator"),
        ('userName is "x"', 9, "operator"),
        ("userName eq", 11, "value was expected"),
        ("userName eq true", 12, "quotation marks"),
        ('userName eq "x', 12, "not closed"),
        ('userName gt "\\x"', 12, "JSON string"),
        ('userName eq "\\x" and active pr', 12, "JSON string"),
        ('userName eq "x" and', 19, "name was expected"),
        ('userName eq "x" userName', 16, "not expected"),
        ('(userName eq "x"', 16, ")"),
        ("active gt true", 10, "gt"),
        ('active co "tr"', 10, "true or false"),
        ("active eq 1", 10, "true or false"),
        ("title gt null", 9, "null"),
        ('meta.created gt "yesterday"', 16, "2026"),
        ('meta.created gt "2026-01-01"', 16, "2026"),
        ('emails[shoe eq "x"]', 7, "shoe"),
        ('emails[type eq "work"', 21, "]"),
        ('emails[type eq "work"].shoe eq "x"', 22, "shoe"),
        ('userName[type eq "work"]', 0, "takes no"),
        ("not userName pr", 4, "("),
        ('emails[emails[type eq "x"]]', 7, "emails"),
    ],
)
def test_a_fault_is_told_with_its_position(text: str, position: int, says: str) -> None:
    with pytest.raises(InvalidFilter) as refusal:
        parse_filter(text, USER)
    assert refusal.value.facts["position"] == position
    assert says in refusal.value.detail
    assert 'userName eq "ana@example.com"' in refusal.value.detail


@pytest.mark.parametrize(
    ("text", "uri", "attribute", "where", "sub"),
    [
        ("active", None, "active", None, None),
        ("NAME.givenname", None, "name", None, "givenName"),
        ('emails[type eq "work"]', None, "emails", 'type eq "work"', None),
        ('addresses[type eq "other"].Formatted', None, "addresses", 'type eq "other"', "formatted"),
        ("manager", ENTERPRISE_USER, "manager", None, None),
        (f"{ENTERPRISE_USER}:manager.value", ENTERPRISE_USER, "manager", None, "value"),
        ("emails.value", None, "emails", None, "value"),
    ],
)
def test_a_path_leads_to_attribute_elements_and_sub_attribute(
    text: str, uri: str | None, attribute: str, where: str | None, sub: str | None
) -> None:
    path = parse_path(text, USER)
    assert (path.uri, path.attribute.name) == (uri, attribute)
    assert (format_filter(path.filter) if path.filter else None) == where
    assert (path.sub.name if path.sub else None) == sub


@pytest.mark.parametrize("text", ["", "tea", "name.tea", "emails[", 'emails[type eq "w"].tea', "title x", '"title"'])
def test_a_path_that_leads_nowhere_is_an_invalid_path(text: str) -> None:
    with pytest.raises(InvalidPath):
        parse_path(text, USER)


@pytest.mark.parametrize(
    ("text", "meant", "quirk"),
    [
        ("userName sw O", 'userName sw "O"', "unquoted_literal"),
        ("userName eq 5", 'userName eq "5"', "unquoted_literal"),
        ("meta.Created gt 2015-10-10T14:38:21.8617979-07:00", 'meta.created gt "2015-10-10T14:38:21.8617979-07:00"',
         "unquoted_literal"),
        ('displayName eq "The "A" team"', 'displayName eq "The \\"A\\" team"', "unescaped_text"),
        ('userName eq "CORP\\ana"', 'userName eq "CORP\\\\ana"', "unescaped_text"),
        ('roles[primary eq "True"]', "roles[primary eq true]", "boolean_string"),
    ],
)  # fmt: skip
def test_what_a_sender_must_have_meant_is_read_and_noted_where_the_dialect_allows(
    text: str, meant: str, quirk: str
) -> None:
    notes = Notes()
    assert parse_filter(text, USER, notes) == parse_filter(meant, USER, Notes(STRICT))
    assert list(notes.seen) == [quirk]
    with pytest.raises(InvalidFilter):
        parse_filter(text, USER, Notes(STRICT))


@pytest.mark.parametrize(
    "text",
    ['userName eq "a" or userName eq "b"c"', 'displayName eq "a" "b" and title eq "c"', 'emails[value eq "a"b"]'],
)
def test_a_quotation_mark_too_many_is_not_guessed_at_where_it_could_mean_two_things(text: str) -> None:
    with pytest.raises(InvalidFilter):
        parse_filter(text, USER)


def test_an_attribute_of_another_type_of_the_query_is_one_without_a_value() -> None:
    filter_ = parse_filter("members pr or not (emails.value eq null)", GROUP, others=(USER,))
    assert not evaluate(filter_, {"displayName": "Sales", "emails": [{"value": "a@b"}]})
    with pytest.raises(InvalidFilter):
        parse_filter("shoeSize pr", GROUP, others=(USER,))
