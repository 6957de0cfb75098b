"""The filters of SQLite mean what the reference evaluator says, for whatever users and filters there are."""

import asyncio
import itertools
from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, event, given
from hypothesis import strategies as st

from tests.effort import examples
from tests.store.staging import AT, HERE, a_group, a_user, groups_where, ids_of, two_connections, user_id, users_where
from vestibule.clock import rfc3339
from vestibule.model import Connection, User
from vestibule.scim.errors import InvalidFilter
from vestibule.scim.evaluate import evaluate
from vestibule.scim.schema import CORE_USER, ENTERPRISE_USER
from vestibule.store import Rules, Unsupported
from vestibule.store.sqlite import SqliteStore

TEXTS = (
    *("ana", "Ana", "ana@x", "Straße", "STRASSE", "ZOE\u0308", "zoë", "İ", "ﬁn", "FIN", "a%a", "a_a", "aXa"),
    *("\\", "a'b", '"', "😀a", " ", "{}", "[]", "null", "true", "1", "?1"),
)
TYPES = ("work", "Work", "home", "other")
PARKING = Rules(park=True)
GROUPS = ("grp_1", "grp_2", "grp_none")
INSTANTS = tuple(AT + step * 1_000 for step in (-1_000, -1, 0, 1, 60_000))
TEXT_OPERATORS = ("eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le")
TEXT_PATHS = (
    *("id", "userName", "externalId", "displayName", "title", "profileUrl", "name.familyName", "emails.value"),
    *("emails.type", "roles.value", "roles.display", f"{ENTERPRISE_USER}:department", "schemas"),
    *(f"{ENTERPRISE_USER}:manager.value", f"{ENTERPRISE_USER}:manager.displayName", "photos.value"),
)
FLAG_PATHS = ("active", "emails.primary", "roles.primary")
WHOLE_PATHS = ("name", "emails", "roles", "groups", f"{ENTERPRISE_USER}:manager", "photos")
LISTS = ("emails", "roles")

texts = st.sampled_from(TEXTS)


def with_either(one: str, other: str) -> st.SearchStrategy[dict[str, Any]]:
    """An object of two attributes with one of them or both, never empty: that is the normal form that is kept."""
    return st.one_of(
        st.fixed_dictionaries({one: texts}, optional={other: texts}), st.fixed_dictionaries({other: texts})
    )


elements = st.one_of(
    st.fixed_dictionaries(
        {"value": texts}, optional={"type": st.sampled_from(TYPES), "primary": st.booleans(), "display": texts}
    ),
    st.fixed_dictionaries({"type": st.sampled_from(TYPES)}, optional={"primary": st.booleans(), "display": texts}),
)
# Nobody is named so: a manager who is somebody by another name would be given the id.
managers = with_either("value", "displayName").map(
    lambda each: each | ({"value": f"m {each['value']}"} if "value" in each else {})
)
extensions = st.fixed_dictionaries({"department": texts}, optional={"manager": managers}) | st.builds(
    lambda manager: {"manager": manager}, managers
)
documents = st.fixed_dictionaries(
    {"schemas": st.sampled_from(([CORE_USER], [CORE_USER, ENTERPRISE_USER])), "active": st.booleans()},
    optional={
        "externalId": texts,
        "displayName": texts,
        "title": texts,
        "profileUrl": texts,
        "name": with_either("familyName", "givenName"),
        "emails": st.lists(elements, min_size=1, max_size=3),
        "roles": st.lists(elements, min_size=1, max_size=2),
        "photos": st.lists(elements, min_size=1, max_size=2),
        ENTERPRISE_USER: extensions,
    },
)


@dataclass(frozen=True, slots=True)
class Person:
    """A user as it is kept, and the same as a resource for the evaluator."""

    user: User
    groups: tuple[str, ...]

    @property
    def resource(self) -> dict[str, Any]:
        """The document with what is kept apart from it."""
        groups = [{"value": each, "display": each.upper(), "type": "direct"} for each in self.groups]
        return orjson.loads(self.user.document) | {
            "id": self.user.id,
            "meta": {
                "resourceType": "User",
                "created": rfc3339(self.user.created_at),
                "lastModified": rfc3339(self.user.updated_at),
            },
            **({"groups": groups} if groups else {}),
        }


@st.composite
def crowds(draw: st.DrawFn) -> list[Person]:
    """Up to four users with names of their own."""
    names = draw(st.lists(texts, min_size=1, max_size=4, unique_by=str.casefold))
    crowd: list[Person] = []
    for number, name in enumerate(names):
        document = {"userName": name} | draw(documents)
        if any(each.user.external_id == document.get("externalId") for each in crowd):
            document.pop("externalId", None)
        user = replace(
            a_user(number, HERE, **document),
            created_at=draw(st.sampled_from(INSTANTS)),
            updated_at=draw(st.sampled_from(INSTANTS)),
        )
        crowd.append(Person(user, tuple(draw(st.lists(st.sampled_from(GROUPS[:2]), unique=True)))))
    return crowd


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


class Arena:
    """One database for all examples, a fresh connection for each."""

    def __init__(self) -> None:
        self.store = SqliteStore.open(":memory:")
        self.runner = asyncio.Runner()
        self.numbers = itertools.count()
        self.runner.run(two_connections(self.store))

    def close(self) -> None:
        """Let go of it."""
        self.runner.run(self.store.close())
        self.runner.close()

    def hold(self, crowd: list[Person]) -> str:
        """Keep these users and their groups in a connection of their own; its id."""
        connection_id = f"con_{next(self.numbers):06d}"
        self.runner.run(self._hold(connection_id, crowd))
        return connection_id

    async def _hold(self, connection_id: str, crowd: list[Person]) -> None:
        await self.store.add_connection(Connection(connection_id, "ent_1", "entra", AT))
        for person in crowd:
            await self.store.create_user(replace(person.user, connection_id=connection_id), PARKING)
        for group in GROUPS[:2]:
            members = [each.user.id for each in crowd if group in each.groups]
            await self.store.create_group(a_group(group.upper(), connection_id, group), members)

    def matches(self, connection_id: str, text: str) -> list[str]:
        """The ids that the store finds. Raises Unsupported."""
        return self.runner.run(self._matches(connection_id, text))

    async def _matches(self, connection_id: str, text: str) -> list[str]:
        page = await self.store.users(connection_id, users_where(text))
        assert page.total == len(page.items)
        counted = await self.store.users(connection_id, users_where(text), 1, 0)
        assert (counted.total, counted.items) == (page.total, ())
        return ids_of(page.items)


@pytest.fixture(scope="module")
def arena() -> Generator[Arena]:
    """Made once: the examples do not see each other's connections."""
    made = Arena()
    yield made
    made.close()


def meant(crowd: list[Person], text: str) -> list[str]:
    """The ids that the reference evaluator finds."""
    return [each.user.id for each in crowd if evaluate(users_where(text), each.resource)]


@examples(250, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(crowd=crowds(), asked=st.lists(filters, min_size=1, max_size=25))
def test_sql_answers_as_the_reference_evaluator_does(arena: Arena, crowd: list[Person], asked: list[str]) -> None:
    """Any users, any filter; one that cannot be said in SQL is refused, never answered by half."""
    connection_id = arena.hold(crowd)
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
