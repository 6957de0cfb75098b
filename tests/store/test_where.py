"""The filters of both engines mean what the reference evaluator says, for whatever users and filters there are."""

import asyncio
from dataclasses import replace

import orjson
import pytest
from hypothesis import HealthCheck, event, given
from hypothesis import strategies as st

from tests.effort import examples
from tests.store.crowds import GROUPS, INSTANTS, PARKING, Arena, Person, crowds, meant, texts
from tests.store.staging import AT, HERE, a_group, a_user, groups_where, ids_of, two_connections, user_id
from vestibule.clock import rfc3339
from vestibule.scim.errors import InvalidFilter
from vestibule.scim.schema import ENTERPRISE_USER
from vestibule.store import Unsupported
from vestibule.store.sqlite import SqliteStore

TEXT_OPERATORS = ("eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le")
TEXT_PATHS = (
    *("id", "userName", "externalId", "displayName", "title", "profileUrl", "name.familyName", "emails.value"),
    *("emails.type", "roles.value", "roles.display", f"{ENTERPRISE_USER}:department", "schemas"),
    *(f"{ENTERPRISE_USER}:manager.value", f"{ENTERPRISE_USER}:manager.displayName", "photos.value"),
)
FLAG_PATHS = ("active", "emails.primary", "roles.primary")
WHOLE_PATHS = ("name", "emails", "roles", "groups", f"{ENTERPRISE_USER}:manager", "photos")
LISTS = ("emails", "roles")


def quoted(text: str) -> str:
    """A literal of a filter."""
    return orjson.dumps(text).decode()


literals = st.one_of(texts, texts.map(lambda text: text[:2]), texts.map(lambda text: text[-1:]), st.just(""))


def comparisons(paths: tuple[str, ...]) -> st.SearchStrategy[str]:
    """Of a text with a text, or with nothing."""
    path = st.sampled_from(paths)
    return st.one_of(
        st.builds("{} {} {}".format, path, st.sampled_from(TEXT_OPERATORS), literals.map(quoted)),
        st.builds("{} {} null".format, path, st.sampled_from(("eq", "ne"))),
        st.builds("{} pr".format, path),
    )


def flags(paths: tuple[str, ...]) -> st.SearchStrategy[str]:
    """Of true and false, also as Entra writes them."""
    values = st.sampled_from(("true", "false", '"True"', "null"))
    return st.builds("{} {} {}".format, st.sampled_from(paths), st.sampled_from(("eq", "ne")), values)


def combined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """And, or, not."""
    return st.one_of(
        st.builds("({}) and ({})".format, inner, inner),
        st.builds("({}) or ({})".format, inner, inner),
        st.builds("not ({})".format, inner),
    )


within = st.recursive(comparisons(("value", "type", "display")) | flags(("primary",)), combined, max_leaves=3)
terms = st.one_of(
    comparisons(TEXT_PATHS),
    flags(FLAG_PATHS),
    st.sampled_from(WHOLE_PATHS).map("{} pr".format),
    st.builds("{}[{}]".format, st.sampled_from(LISTS), within),
    st.builds('emails[type eq "work"].value {} {}'.format, st.sampled_from(TEXT_OPERATORS), literals.map(quoted)),
    st.builds('groups.value eq "{}"'.format, st.sampled_from(GROUPS)),
    st.builds('groups[value eq "{}"]'.format, st.sampled_from(GROUPS)),
    st.builds(
        '{} {} "{}"'.format,
        st.sampled_from(("meta.created", "meta.lastModified")),
        st.sampled_from(("eq", "ne", "gt", "ge", "lt", "le")),
        st.sampled_from(INSTANTS).map(rfc3339),
    ),
)
filters = st.recursive(terms, combined, max_leaves=5)


@examples(250, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(crowd=crowds(), asked=st.lists(filters, min_size=1, max_size=25))
def test_sql_answers_as_the_reference_evaluator_does(arena: Arena, crowd: list[Person], asked: list[str]) -> None:
    """Any users, any filter; one that cannot be said in SQL is refused, never answered by half."""
    connection_id = arena.hold(crowd)
    crowd = arena.kept(connection_id, crowd)
    for text in asked:
        try:
            wanted = meant(crowd, text)
            found = arena.matches(connection_id, text)
        except (InvalidFilter, Unsupported) as error:
            event(type(error).__name__)
        else:
            event("compared, some found" if wanted else "compared, none found")
            assert found == wanted, text


ANA = Person(
    a_user(
        1,
        HERE,
        userName="Ana.Straße@example.com",
        externalId="Ab",
        displayName="100% Ana_B",
        title='O\'Neil "x" \\ ?1',
        emails=[
            {"type": "work", "value": "Ana@Work.example"},
            {"type": "home", "value": "ana@home.example", "primary": True},
        ],
        name={"familyName": "Çelik"},
        **{ENTERPRISE_USER: {"department": "R&D", "manager": {"value": "usr_00002"}}},
    ),
    ("grp_1",),
)
BEN = Person(a_user(2, userName="ben", active=False, roles=[{"value": "admin"}]), ())
BOTH = [user_id(1), user_id(2)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Case: caseless by the Unicode casefold, but for ids.
        ('userName eq "ANA.STRASSE@EXAMPLE.COM"', [1]),
        ('userName sw "ana.strass"', [1]),
        ('name.familyName eq "çELIK"', [1]),
        ('externalId eq "ab"', []),
        ('externalId eq "Ab"', [1]),
        ('externalId co "b"', [1]),
        ('userName gt "ANB"', [2]),
        # % and _ are letters like others, and so is what SQL and JSON have a use for.
        ('displayName co "%"', [1]),
        ('displayName co "_"', [1]),
        ('displayName sw "1%"', []),
        ('displayName ew "a_b"', [1]),
        ('displayName ew "a%b"', []),
        ('displayName ew "and 100% ana_b"', []),
        ('title eq "o\'neil \\"X\\" \\\\ ?1"', [1]),
        # The empty text is in every text, and equal to none.
        ('title co ""', [1]),
        ('title sw ""', [1]),
        ('title ew ""', [1]),
        ('title eq ""', []),
        ('title ne ""', [1, 2]),
        # What is absent equals null, differs from all else, and is in no order.
        ("title eq null", [2]),
        ("title ne null", [1]),
        ('title ne "x"', [1, 2]),
        ('title gt "a"', [1]),
        ('not (title gt "a")', [2]),
        ('not (externalId eq "Ab")', [2]),
        ("title pr", [1]),
        ("name pr", [1]),
        ("emails pr", [1]),
        ("groups pr", [1]),
        ("emails.primary eq null", [2]),
        # Some one value matches; in brackets some one element matches all.
        ('emails.value eq "ANA@WORK.EXAMPLE"', [1]),
        ('emails eq "ana@work.example"', [1]),
        ('emails.type ne "work"', [1, 2]),
        ('not (emails.type eq "work")', [2]),
        ('emails[type eq "work"].value eq "ana@work.EXAMPLE"', [1]),
        ('emails[type eq "home"].value eq "ana@work.example"', []),
        ('emails[type eq "home" and primary eq true]', [1]),
        ('emails[type eq "work" and primary eq true]', []),
        ('emails[primary eq "True"]', [1]),
        ('emails[type eq "work" and not (primary eq true)]', [1]),
        ('roles[value eq "ADMIN"]', [2]),
        ("active eq true", [1]),
        ('active eq "False"', [2]),
        ("active ne true", [2]),
        # Kept apart from the document: ids, groups, times.
        (f'id eq "{user_id(1)}" or userName eq "BEN"', [1, 2]),
        (f'id eq "{user_id(1).upper()}"', []),
        ('groups.value eq "grp_1"', [1]),
        ('not (groups.value eq "grp_1")', [2]),
        ('groups[value eq "grp_1"]', [1]),
        (f'meta.created eq "{rfc3339(AT)}"', [1, 2]),
        (f'meta.created gt "{rfc3339(AT)}"', []),
        (f'meta.lastModified ge "{rfc3339(AT).replace("Z", "+00:00")}"', [1, 2]),
        (f'meta.lastModified lt "{rfc3339(AT).replace("Z", "-01:00")}"', [1, 2]),
        # Extensions, by URN and bare.
        (f'{ENTERPRISE_USER}:department eq "r&d"', [1]),
        ('department eq "r&d"', [1]),
        ('manager eq "usr_00002"', [1]),
        ('manager.value eq "USR_00002"', []),
    ],
)
def test_tricky_filters(arena: Arena, text: str, expected: list[int]) -> None:
    """Each has been, or could well be, answered wrongly by someone; the evaluator agrees."""
    ids = [user_id(number) for number in expected]
    assert meant([ANA, BEN], text) == ids
    assert arena.matches(arena.hold([ANA, BEN]), text) == ids


def test_a_time_is_compared_as_it_is_shown(arena: Arena) -> None:
    """Answers show milliseconds: who asks for what is newer than the last answer does not get that one again."""
    person = replace(ANA, user=replace(ANA.user, updated_at=AT + 123_456))
    shown = rfc3339(AT + 123_456)
    for op, expected in (("eq", [user_id(1)]), ("gt", []), ("ge", [user_id(1)]), ("le", [user_id(1)]), ("lt", [])):
        text = f'meta.lastModified {op} "{shown}"'
        assert meant([person], text) == expected
        assert arena.matches(arena.hold([person]), text) == expected, text


@pytest.mark.parametrize(
    "text", ['groups[value eq "grp_1" or display eq "x"]', 'meta.location eq "x"', "meta.location pr"]
)
def test_what_cannot_be_answered_in_full_is_refused(arena: Arena, text: str) -> None:
    """With words that name the attribute, or with the right answer; never with half a one."""
    try:
        found = arena.matches(arena.hold([ANA, BEN]), text)
    except Unsupported as error:
        assert "groups" in str(error) or "meta" in str(error)
    else:
        assert found == meant([ANA, BEN], text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('displayName eq "GROSSE KUNDEN"', ["grp_1"]),
        ('displayName ne "große kunden"', ["grp_2"]),
        ('displayName co "E K"', ["grp_1"]),
        ('externalId eq "Ab"', ["grp_1"]),
        ('externalId eq "ab"', []),
        ("externalId eq null", ["grp_2"]),
        ('members eq "usr_00001"', ["grp_1"]),
        ('members.value eq "usr_00001"', ["grp_1"]),
        ('members[value eq "usr_00001"]', ["grp_1"]),
        ('not (members eq "usr_00001")', ["grp_2"]),
        ("members pr", ["grp_1"]),
        ('id eq "grp_1" and members eq "usr_00002"', []),
        (f'meta.created ge "{rfc3339(AT)}" and id sw "grp"', ["grp_1", "grp_2"]),
    ],
)
def test_filters_on_groups(text: str, expected: list[str]) -> None:
    """What identity providers ask of groups."""

    async def play() -> list[str]:
        store = SqliteStore.open(":memory:")
        await two_connections(store)
        for person in (ANA, BEN):
            await store.create_user(person.user, PARKING)
        await store.create_group(a_group("Große Kunden", external_id="Ab"), [user_id(1)])
        await store.create_group(a_group("Sales", id="grp_2"))
        found = ids_of((await store.groups(HERE, groups_where(text))).items)
        await store.close()
        return found

    assert asyncio.run(play()) == expected
