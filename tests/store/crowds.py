"""Users for the tests of filters and of orders: any documents, and the same as resources for the reference."""

import asyncio
import itertools
from dataclasses import dataclass, replace
from typing import Any

import orjson
from hypothesis import strategies as st

from tests.store.staging import AT, HERE, a_group, a_user, ids_of, two_connections
from vestibule.clock import rfc3339
from vestibule.model import Connection, User
from vestibule.scim.evaluate import evaluate
from vestibule.scim.filter_ast import Filter
from vestibule.scim.folding import fold
from vestibule.scim.group_schema import GROUP
from vestibule.scim.path import parse_filter
from vestibule.scim.schema import CORE_USER, ENTERPRISE_USER, ResourceType
from vestibule.scim.user_schema import USER
from vestibule.store import Rules
from vestibule.store.opening import open_store

TEXTS = (
    *("ana", "Ana", "ana@x", "Straße", "STRASSE", "ZOE\u0308", "zoë", "İ", "ﬁn", "FIN", "a%a", "a_a", "aXa"),
    *("\\", "a'b", '"', "😀a", " ", "{}", "[]", "null", "true", "1", "?1"),
)
TYPES = ("work", "Work", "home", "other")
PARKING = Rules(park=True)
GROUPS = ("grp_1", "grp_2", "grp_none")
INSTANTS = tuple(AT + step * 1_000 for step in (-1_000, -1, 0, 1, 60_000))
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
managers = with_either("value", "displayName")
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
                "version": f'W/"{self.user.version}"',
            },
            **({"groups": groups} if groups else {}),
        }


@st.composite
def crowds(draw: st.DrawFn, most: int = 4, documents: st.SearchStrategy[dict[str, Any]] = documents) -> list[Person]:
    """A few users with names of their own."""
    names = draw(st.lists(texts, min_size=1, max_size=most, unique_by=fold))
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


class Arena:
    """One database for all examples, a fresh connection for each."""

    def __init__(self, database: str) -> None:
        self.store = open_store(database)
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

    def kept(self, connection_id: str, crowd: list[Person]) -> list[Person]:
        """The same users as they are kept: one who came later may be the manager that another one named."""
        return [replace(each, user=self.runner.run(self.store.user(connection_id, each.user.id))) for each in crowd]

    def matches(self, connection_id: str, text: str, kind: ResourceType = USER) -> list[str]:
        """The ids that the store finds. Raises Unsupported."""
        return self.runner.run(self._matches(connection_id, parse_filter(text, kind, others=(GROUP,))))

    async def _matches(self, connection_id: str, where: Filter) -> list[str]:
        page = await self.store.users(connection_id, where)
        assert page.total == len(page.items)
        counted = await self.store.users(connection_id, where, 1, 0)
        assert (counted.total, counted.items) == (page.total, ())
        return ids_of(page.items)


def meant(crowd: list[Person], text: str, kind: ResourceType = USER) -> list[str]:
    """The ids that the reference evaluator finds."""
    where = parse_filter(text, kind, others=(GROUP,))
    return [each.user.id for each in crowd if evaluate(where, each.resource)]
