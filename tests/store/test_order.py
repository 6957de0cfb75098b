"""The order of a list means what the reference says, and a walk by position meets everybody in it."""

from dataclasses import dataclass, replace
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, event, given
from hypothesis import strategies as st

from tests.effort import examples
from tests.store.crowds import GROUPS, INSTANTS, Arena, Person, crowds, texts
from tests.store.staging import HERE, LATER, a_group, a_user, groups_where, users_where
from vestibule.clock import rfc3339
from vestibule.model import Connection, Group, JsonObject, User
from vestibule.scim.cursor import Position
from vestibule.scim.errors import InvalidValue
from vestibule.scim.evaluate import evaluate
from vestibule.scim.filter_ast import Filter
from vestibule.scim.folding import fold
from vestibule.scim.group_schema import GROUP
from vestibule.scim.schema import COMMON, CORE_GROUP, ResourceType
from vestibule.scim.sorting import Sort, SortValue, read_sort, sort_key, sort_value
from vestibule.scim.user_schema import USER
from vestibule.store import Page, Unsupported

T = TypeVar("T", User, Group)


def every_path(kind: ResourceType) -> list[str]:
    """All attributes and sub-attributes of a resource type that a list can be asked to be sorted by."""
    found: list[str] = []
    for home in (None, *kind.extensions):
        prefix = f"{home.id}:" if home else ""
        for attribute in home.attributes if home else COMMON + kind.schema.attributes:
            subs = [f"{prefix}{attribute.name}.{sub.name}" for sub in attribute.sub_attributes]
            for path in (f"{prefix}{attribute.name}", *subs):
                try:
                    read_sort(path, None, kind)
                except InvalidValue:
                    continue
                found.append(path)
    return found


UNSORTED = ("groups", "groups.value", "groups.$ref", "groups.display", "groups.type", "meta.location", "meta.version")
UNSORTED_GROUPS = ("members", "members.value", "members.$ref", "members.type", "meta.location")
USER_PATHS = tuple(each for each in every_path(USER) if each not in UNSORTED)
GROUP_PATHS = ("id", "externalId", "displayName", "meta.created", "meta.lastModified", "meta.version")
ways = st.sampled_from(("ascending", "descending"))
sorts = st.none() | st.builds(lambda path, way: read_sort(path, way, USER), st.sampled_from(USER_PATHS), ways)
# What a crowd mostly has no value of would hardly be sorted otherwise.
filled = st.sampled_from(
    ("userName", "displayName", "title", "emails", "emails.type", "emails.primary", "roles.display", "active")
    + ("manager", "department", "meta.created", "meta.lastModified", "externalId", "profileUrl")
)
telling = st.none() | st.builds(lambda path, way: read_sort(path, way, USER), filled, ways)
settled = telling.filter(lambda sort: sort is None or str(sort.path) != "meta.lastModified")
"""By what does not change for those who stay when others go: a report whose manager goes is written anew."""


@dataclass(frozen=True, slots=True)
class Expected:
    """A list as it is meant to be: the ids in order, and the value that each is sorted by."""

    ids: list[str]
    keys: dict[str, SortValue]


def expected(resources: list[JsonObject], sort: Sort | None) -> Expected:
    """The reference: `sorted` with `sort_key`."""
    keys: dict[str, SortValue] = {each["id"]: sort_value(each, sort.path) if sort else None for each in resources}
    descending = sort is not None and sort.descending
    return Expected(sorted(keys, key=lambda each: sort_key(keys[each], each), reverse=descending), keys)


class Walker:
    """Asks an arena for pages of a connection's users."""

    def __init__(self, arena: Arena, crowd: list[Person]) -> None:
        self.arena = arena
        self.connection_id = arena.hold(crowd)
        self.resources = [each.resource for each in arena.kept(self.connection_id, crowd)]

    def page(self, sort: Sort | None, count: int, at: Position | None, where: Filter | None = None) -> Page[User]:
        """One page of at most `count`, from the beginning or from a position."""
        asked = self.arena.store.users(self.connection_id, where, 1, count, sort=sort, at=at)
        return self.arena.runner.run(asked)

    def delete(self, user_id: str) -> None:
        """Somebody goes."""
        self.arena.runner.run(self.arena.store.delete_user(self.connection_id, user_id, LATER))


def position(page: Page[T], index: int, *, before: bool = False) -> Position:
    """The place of a page's first (0) or last (-1) item, as a cursor has it."""
    return Position("User", page.items[index].id, page.keys[index] if page.keys else None, before)


@examples(200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(crowd=crowds(most=8), asked=st.lists(sorts | telling, min_size=1, max_size=12))
def test_a_list_is_in_the_order_of_the_reference(arena: Arena, crowd: list[Person], asked: list[Sort | None]) -> None:
    """By any attribute, in either direction; the keys are what the reference sorts by."""
    walker = Walker(arena, crowd)
    for sort in asked:
        wanted = expected(walker.resources, sort)
        page = walker.page(sort, 100, None)
        assert [each.id for each in page.items] == wanted.ids, sort
        assert list(page.keys) == ([wanted.keys[each] for each in wanted.ids] if sort else [])
        assert (page.total, page.more) == (len(crowd), False)
        event("several values" if len(set(wanted.keys.values())) > 1 else "one value")


@examples(150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(crowd=crowds(most=8), sort=telling, count=st.integers(1, 4), only_active=st.booleans())
def test_a_walk_by_position_meets_everybody_once_there_and_back(
    arena: Arena, crowd: list[Person], sort: Sort | None, count: int, only_active: bool
) -> None:
    """Whatever the size of a page and whatever is filtered; `more` says whether there is another page."""
    walker = Walker(arena, crowd)
    where = users_where("active eq true") if only_active else None
    wanted = expected([each for each in walker.resources if where is None or evaluate(where, each)], sort).ids
    page = walker.page(sort, count, None, where)
    there, back = [each.id for each in page.items], list[str]()
    while page.more:
        page = walker.page(sort, count, position(page, -1), where)
        assert 0 < len(page.items) <= count
        assert page.total == len(wanted)
        there += [each.id for each in page.items]
        assert page.more is (len(there) < len(wanted))
    assert there == wanted
    if not page.items:
        return
    page = walker.page(sort, count, position(page, -1, before=True), where)
    while page.items:
        back = [each.id for each in page.items] + back
        assert (page.total, page.more) == (len(wanted), len(back) < len(wanted) - 1)
        page = walker.page(sort, count, position(page, 0, before=True), where)
    assert back == wanted[:-1]


@examples(100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data(), crowd=crowds(most=8), sort=settled, count=st.integers(1, 3))
def test_a_walk_by_position_is_not_disturbed_by_those_who_go(
    arena: Arena, data: st.DataObject, crowd: list[Person], sort: Sort | None, count: int
) -> None:
    """Who stays is met once and in order, even when the one at whom a page ended is gone."""
    walker = Walker(arena, crowd)
    wanted = expected(walker.resources, sort).ids
    gone: set[str] = set()
    met: list[str] = []
    page = walker.page(sort, count, None)
    while page.items:
        met += [each.id for each in page.items]
        for user_id in data.draw(st.lists(st.sampled_from(wanted), unique=True, max_size=3)):
            if user_id not in gone:
                gone.add(user_id)
                walker.delete(user_id)
        page = walker.page(sort, count, position(page, -1))
    assert met == [each for each in wanted if each in met]
    assert set(met) >= set(wanted) - gone


def test_every_attribute_can_be_sorted_by_but_what_is_made_for_the_answer(arena: Arena) -> None:
    """Those are refused with their names, whatever the direction and the resource type."""
    assert {*USER_PATHS, *UNSORTED} == set(every_path(USER))
    assert len(USER_PATHS) > 60
    for kind, paths, asked in ((USER, UNSORTED, arena.store.users), (GROUP, UNSORTED_GROUPS, arena.store.groups)):
        for path in paths:
            for way in ("ascending", "descending"):
                with pytest.raises(Unsupported) as caught:
                    arena.runner.run(asked(HERE, sort=read_sort(path, way, kind)))
                assert caught.value.path.split(".")[0] == path.split(".")[0]


def test_who_has_no_value_comes_last_and_in_descending_order_first(arena: Arena) -> None:
    """Of several values the primary one counts, else the first; case does not."""
    ana = a_user(1, title="b", emails=[{"value": "z@x"}, {"value": "a@x", "primary": True}])
    ben = a_user(2, emails=[{"value": "B@x"}, {"value": "0@x"}])
    cem = a_user(3, title="B", emails=[{"type": "work", "primary": True}, {"value": "0@x"}])
    walker = Walker(arena, [Person(each, ()) for each in (ana, ben, cem)])
    for path, ascending in (("title", [1, 3, 2]), ("emails", [1, 2, 3]), ("emails.type", [3, 1, 2])):
        for way, order in (("ascending", ascending), ("descending", ascending[::-1])):
            page = walker.page(read_sort(path, way, USER), 10, None)
            assert [int(each.id[-1]) for each in page.items] == order, (path, way)
    assert walker.page(read_sort("title", None, USER), 10, None).keys == ("b", "b", None)


def group_resource(group: Group) -> JsonObject:
    """A group as it is shown, without members."""
    return {
        "schemas": [CORE_GROUP],
        "id": group.id,
        "displayName": group.display_name,
        "meta": {
            "resourceType": "Group",
            "created": rfc3339(group.created_at),
            "lastModified": rfc3339(group.updated_at),
            "version": f'W/"{group.version}"',
        },
        **({"externalId": group.external_id} if group.external_id else {}),
    }


@st.composite
def group_lists(draw: st.DrawFn) -> list[Group]:
    """Some groups with names of their own."""
    names = draw(st.lists(texts, min_size=1, max_size=6, unique_by=fold))
    numbers = draw(st.permutations(range(len(names))))
    instants = st.sampled_from(INSTANTS)
    return [
        replace(
            a_group(name, id=f"grp_{number}", external_id=draw(st.none() | st.just(f"{number % 3}{name}"))),
            version=draw(st.integers(1, 12)),
            created_at=draw(instants),
            updated_at=draw(instants),
        )
        for name, number in zip(names, numbers, strict=True)
    ]


@examples(100, deadline=None)
@given(groups=group_lists(), path=st.sampled_from(GROUP_PATHS), way=ways, count=st.integers(1, 3))
def test_groups_are_walked_in_the_order_of_the_reference(
    arena: Arena, groups: list[Group], path: str, way: str, count: int
) -> None:
    """Page by page from positions, with a filter that all match."""
    connection_id = f"con_g{next(arena.numbers)}"
    sort = read_sort(path, way, GROUP)
    wanted = expected([group_resource(each) for each in groups], sort)

    async def walk() -> list[str]:
        await arena.store.add_connection(Connection(connection_id, "ent_1", "okta", LATER))
        for each in groups:
            await arena.store.create_group(replace(each, connection_id=connection_id))
        where = groups_where("displayName pr")
        page = await arena.store.groups(connection_id, where, 1, count, sort=sort)
        met = list(page.items)
        while page.more:
            page = await arena.store.groups(connection_id, where, 1, count, sort=sort, at=position(page, -1))
            assert list(page.keys) == [wanted.keys[each.id] for each in page.items]
            met += page.items
        return [each.id for each in met]

    assert arena.runner.run(walk()) == wanted.ids


def test_an_empty_page_by_position_tells_what_follows(arena: Arena) -> None:
    """`count` 0 asks for the total only; after the last one there is nothing more."""
    people = [Person(a_user(number), (GROUPS[0],)) for number in range(3)]
    walker = Walker(arena, people)
    last = walker.page(None, 3, None)
    after, before = position(last, -1), position(last, 0, before=True)
    for at in (after, before):
        page = walker.page(None, 2, at)
        assert (page.total, page.items, page.more) == (3, (), False)
    page = walker.page(None, 0, position(last, 0))
    assert (page.total, page.items) == (3, ())
