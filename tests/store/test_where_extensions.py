"""Filters and orders over an extension schema of a connection's own: SQL as the reference."""

from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from tests.store.crowds import GROUPS, INSTANTS, Arena, Person, crowds, meant, texts
from tests.store.staging import HERE, a_user, ids_of, user_id
from tests.store.test_where import combined, comparisons, flags
from vestibule.clock import rfc3339
from vestibule.model import JsonObject
from vestibule.scim.errors import InvalidFilter
from vestibule.scim.extension import read_extension
from vestibule.scim.path import parse_filter
from vestibule.scim.schema import CORE_USER
from vestibule.scim.sorting import read_sort, sort_key, sort_value
from vestibule.scim.user_schema import USER

URN = "urn:ietf:params:scim:schemas:extension:Contoso:2.0:User"
SITE_PARTS = [
    {"name": "value"},
    {"name": "code", "caseExact": True},
    {"name": "floor", "type": "integer"},
    {"name": "open", "type": "boolean"},
    {"name": "since", "type": "dateTime"},
]
ATTRIBUTES: list[JsonObject] = [
    {"name": "badge"},
    {"name": "code", "caseExact": True},
    {"name": "cleared", "type": "boolean"},
    {"name": "level", "type": "integer"},
    {"name": "rate", "type": "decimal"},
    {"name": "since", "type": "dateTime"},
    {"name": "tags", "multiValued": True},
    {"name": "codes", "multiValued": True, "caseExact": True},
    {"name": "marks", "type": "integer", "multiValued": True},
    {"name": "answers", "type": "boolean", "multiValued": True},
    {"name": "sites", "type": "complex", "multiValued": True, "subAttributes": SITE_PARTS},
    {"name": "desk", "type": "complex", "subAttributes": SITE_PARTS},
    # The names of attributes that are not in the document, but of the core schema's.
    *({"name": name} for name in ("id", "userName", "active", "groups", "members", "meta")),
]
KIND = replace(USER, extensions=(*USER.extensions, read_extension({"id": URN, "attributes": ATTRIBUTES})))

TIMES = tuple(rfc3339(each) for each in INSTANTS)
NUMBERS = (0, 1, -1, 7, 10, 1_000_000_007)
RATES = (0.0, 0.5, 1, 1.0, -2.25, 1e10)
numbers, rates, times = st.sampled_from(NUMBERS), st.sampled_from(RATES), st.sampled_from(TIMES)


def some(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    """One to three of them."""
    return st.lists(values, min_size=1, max_size=3)


site_parts = {"value": texts, "code": texts, "floor": numbers, "open": st.booleans(), "since": times}
sites = st.fixed_dictionaries({}, optional=site_parts).filter(bool)
contents = st.fixed_dictionaries(
    {},
    optional={
        "badge": texts,
        "code": texts,
        "cleared": st.booleans(),
        "level": numbers,
        "rate": rates,
        "since": times,
        "tags": some(texts),
        "codes": some(texts),
        "marks": some(numbers),
        "answers": some(st.booleans()),
        "sites": some(sites),
        "desk": sites,
        "id": texts,
        "userName": texts,
        "active": texts,
    },
).filter(bool)
documents = st.fixed_dictionaries(
    {"schemas": st.just([CORE_USER, URN]), "active": st.booleans()}, optional={URN: contents}
)


def of_extension(*names: str) -> tuple[str, ...]:
    """Attributes of the extension with its URN."""
    return tuple(f"{URN}:{name}" for name in names)


def ordered(paths: tuple[str, ...], values: st.SearchStrategy[Any]) -> st.SearchStrategy[str]:
    """Of a number or a time with another one, or with nothing."""
    path, written = st.sampled_from(paths), values.map(lambda value: orjson.dumps(value).decode())
    return st.one_of(
        st.builds("{} {} {}".format, path, st.sampled_from(("eq", "ne", "gt", "ge", "lt", "le")), written),
        st.builds("{} {} null".format, path, st.sampled_from(("eq", "ne"))),
        st.builds("{} pr".format, path),
    )


within = st.recursive(
    comparisons(("value", "code")) | flags(("open",)) | ordered(("floor",), numbers) | ordered(("since",), times),
    combined,
    max_leaves=3,
)
WHOLE = of_extension("sites", "desk", "tags", "marks", "answers", "since", "cleared")
terms = st.one_of(
    comparisons((*of_extension("badge", "code", "tags", "codes", "sites.value", "sites.code"), "badge")),
    comparisons(of_extension("desk.value", "desk.code", "desk", "sites", "id", "userName", "active")),
    flags(of_extension("cleared", "answers", "sites.open", "desk.open")),
    ordered(of_extension("level", "marks", "sites.floor", "desk.floor"), numbers | rates),
    ordered(of_extension("rate"), numbers | rates),
    ordered(of_extension("since", "sites.since", "desk.since"), times),
    st.builds('{} {} "{}"'.format, st.sampled_from(of_extension("since")), st.sampled_from(("co", "sw", "ew")), times),
    st.sampled_from(WHOLE).map("{} pr".format),
    st.builds(f"{URN}:sites[{{}}]".format, within),
)
QUICKLY = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@QUICKLY
@given(crowd=crowds(documents=documents), asked=st.lists(st.recursive(terms, combined, max_leaves=4), min_size=1))
def test_extensions_are_filtered_as_by_the_reference(arena: Arena, crowd: list[Person], asked: list[str]) -> None:
    """Every type, single and in lists, plain and complex."""
    connection_id = arena.hold(crowd)
    for text in asked:
        wanted = meant(crowd, text, KIND)
        event("some found" if wanted else "none found")
        assert arena.matches(connection_id, text, KIND) == wanted, text


SORTED = of_extension("badge", "code", "cleared", "level", "rate", "since", "tags", "marks", "answers", "sites", "desk")


@QUICKLY
@given(
    crowd=crowds(most=6, documents=documents),
    path=st.sampled_from((*SORTED, *of_extension("sites.floor", "sites.open", "desk.since", "id", "active"))),
    way=st.sampled_from(("ascending", "descending")),
)
def test_extensions_are_sorted_as_by_the_reference(arena: Arena, crowd: list[Person], path: str, way: str) -> None:
    """Numbers as numbers, true after false, texts caseless unless they are exact."""
    sort = read_sort(path, way, KIND)
    keys = {each.user.id: sort_value(each.resource, sort.path) for each in crowd}
    wanted = sorted(keys, key=lambda each: sort_key(keys[each], each), reverse=sort.descending)
    page = arena.runner.run(arena.store.users(arena.hold(crowd), sort=sort))
    assert ids_of(page.items) == wanted
    assert list(page.keys) == [keys[each] for each in wanted]


def with_extension(**content: Any) -> list[Person]:
    """User 1 with such an extension, and user 2 with none."""
    return [Person(a_user(1, HERE, **{URN: content}), ()), Person(a_user(2), ())]


TWO_SITES = [{"value": "HQ", "floor": 1}, {"value": "Lab", "floor": 2}]


@pytest.mark.parametrize(
    ("content", "text", "found"),
    [
        ({"level": 10}, "level gt 9", [1]),
        ({"level": 1}, "level eq 1.0", [1]),
        ({"level": 1}, "level ne 1", [2]),
        ({"rate": 0.1}, "rate lt 1", [1]),
        ({"marks": [1, 10]}, "marks lt 2", [1]),
        ({"marks": [1, 10]}, "not (marks lt 2)", [2]),
        ({"answers": [False]}, "answers eq false", [1]),
        ({"answers": [False]}, "answers eq true", []),
        ({"cleared": False}, "cleared pr", [1]),
        ({"code": "Ab"}, f'{URN}:code eq "aB"', []),
        ({"badge": "Ab"}, f'{URN}:badge eq "aB"', [1]),
        ({"codes": ["Ab"]}, f'{URN}:codes co "b"', [1]),
        ({"sites": TWO_SITES}, 'sites[value eq "hq"]', [1]),
        ({"sites": TWO_SITES}, 'sites[floor gt 1].value eq "lab"', [1]),
        ({"sites": TWO_SITES}, 'sites[floor gt 1 and value eq "hq"]', []),
        ({"sites": TWO_SITES}, 'sites[not (value eq "hq")]', [1]),
        ({"desk": {"open": True}}, "desk.open eq true", [1]),
        ({"id": "x"}, f'{URN}:id eq "X"', [1]),
        ({"active": "no"}, f'{URN}:active eq "NO"', [1]),
        ({"members": "red"}, f'{URN}:members eq "RED"', [1]),
    ],
)
def test_tricky_filters_over_an_extension(arena: Arena, content: JsonObject, text: str, found: list[int]) -> None:
    """Types are kept apart, one element matches all, and a core attribute's name means the extension's."""
    crowd = with_extension(**content)
    wanted = [user_id(number) for number in found]
    assert meant(crowd, text, KIND) == wanted
    assert arena.matches(arena.hold(crowd), text, KIND) == wanted


@pytest.mark.parametrize(
    "text",
    [
        f'{URN}:since eq "2026-01-01T01:00:00+01:00"',
        f'{URN}:since le "2026-01-01T00:00:00.000Z"',
        f'not ({URN}:since gt "2025-12-31T23:30:00-01:00")',
        f'{URN}:sites[since eq "2026-01-01T00:00:00.000Z"]',
    ],
)
def test_a_time_of_an_extension_is_an_instant(arena: Arena, text: str) -> None:
    """However it is written, in the document and in the filter."""
    crowd = with_extension(since="2026-01-01T00:00:00Z", sites=[{"since": "2026-01-01T00:00:00Z"}])
    wanted = meant(crowd, text, KIND)
    assert user_id(1) in wanted
    assert arena.matches(arena.hold(crowd), text, KIND) == wanted


@pytest.mark.parametrize("text", ['{}:groups eq "red"', "{}:groups pr", "not ({}:groups eq null)"])
def test_an_extensions_attribute_may_be_called_groups(arena: Arena, text: str) -> None:
    """It has nothing to do with memberships."""
    crowd = [Person(a_user(1, HERE, **{URN: {"groups": "red"}}), ()), Person(a_user(2), (GROUPS[0],))]
    asked = text.format(URN)
    assert meant(crowd, asked, KIND) == [user_id(1)]
    assert arena.matches(arena.hold(crowd), asked, KIND) == [user_id(1)]


@pytest.mark.parametrize("name", ["groups", "meta"])
def test_a_list_may_be_sorted_by_an_extensions_attribute_of_any_name(arena: Arena, name: str) -> None:
    """It has nothing to do with the core schema's."""
    crowd = [Person(a_user(number, HERE, **{URN: {name: value}}), ()) for number, value in ((1, "b"), (2, "a"))]
    sort = read_sort(f"{URN}:{name}", None, KIND)
    page = arena.runner.run(arena.store.users(arena.hold(crowd), sort=sort))
    assert ids_of(page.items) == [user_id(2), user_id(1)]


@pytest.mark.parametrize("number", ["9223372036854775808", "-9223372036854775809", "99999999999999999999999"])
def test_a_number_too_large_for_the_database_is_refused(number: str) -> None:
    """Where the filter is read, with the position."""
    with pytest.raises(InvalidFilter) as refusal:
        parse_filter(f"level gt {number}", KIND)
    assert refusal.value.facts["position"] == 9
