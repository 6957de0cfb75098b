"""The statements that an operation cannot do without, on our own tables, with rows copied from what the server wrote.

They are as many and as large as the server's own: a write brings its row of the log, a user its address and its count.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from bench.people import external_id, user_name
from bench.world import KnownGroup, World

Row: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement with `$n` placeholders and its values."""

    sql: str
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Work:
    """An operation by the plain driver: the statements of its `n`th call, and whether they write."""

    op: str
    statements: Callable[[int], list[Statement]]
    writes: bool = False
    left: Callable[[], int] | None = None
    """How often it can still be done, when that has an end."""


@dataclass(frozen=True, slots=True)
class Samples:
    """A row of each table as the server wrote it; `logs` by method and resource type."""

    connection: Row
    user: Row
    email: Row | None
    member: Row
    logs: Mapping[tuple[str, str], Row]

    @property
    def connection_id(self) -> str:
        """The connection that all of it belongs to."""
        return str(self.user["connection_id"])


def insert(table: str, row: Row, **changed: Any) -> Statement:
    """The insertion of a row like another one."""
    values = {**row, **changed}
    places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
    return Statement(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places})", tuple(values.values()))


_USER = "SELECT * FROM users WHERE connection_id = $1 AND "
_GROUP = "SELECT * FROM groups WHERE connection_id = $1 AND "
_PAGE = "SELECT * FROM users WHERE connection_id = $1 AND id > $2 ORDER BY id LIMIT 100"
_GROUPS_OF = (
    "SELECT m.user_id, g.id, g.display_name FROM members m "
    "JOIN groups g ON g.connection_id = m.connection_id AND g.id = m.group_id WHERE m.connection_id = $1 AND m.user_id "
)
_MEMBERS = (
    "SELECT m.user_id, u.user_name FROM members m JOIN users u ON u.connection_id = m.connection_id "
    "AND u.id = m.user_id WHERE m.connection_id = $1 AND m.group_id = $2 ORDER BY m.user_id"
)


def user_reads(samples: Samples, world: World) -> list[Work]:
    """Of one user, by each of its keys, with the groups that it is in; and pages of 100."""
    tenant, ordered = samples.connection_id, sorted(world.ids)
    last = len(ordered) - 101

    def by(column: str, value: Callable[[int], str]) -> Callable[[int], list[Statement]]:
        def statements(number: int) -> list[Statement]:
            person = world.pick(number)
            return [
                Statement(f"{_USER}{column} = $2", (tenant, value(person))),
                Statement(f"{_GROUPS_OF}= $2", (tenant, world.ids[person])),
            ]

        return statements

    def page(first: Callable[[int], int]) -> Callable[[int], list[Statement]]:
        return lambda number: _page(tenant, ordered, first(number))

    return [
        Work("get_user", by("id", lambda person: world.ids[person])),
        Work("filter_userName", by("user_name_ci", user_name)),
        Work("filter_externalId", by("external_id", external_id)),
        Work("filter_userName_miss", lambda number: [Statement(f"{_USER}user_name_ci = $2", (tenant, f"no.{number}"))]),
        Work("list_100_first", page(lambda _: 0)),
        Work("list_100_last", page(lambda _: last)),
        Work("list_100_walk", page(lambda number: number * 100 % (last + 1))),
        Work("list_100_cursor", page(lambda number: number * 100 % (last + 1))),
    ]


def _page(tenant: str, ordered: Sequence[str], first: int) -> list[Statement]:
    """A page after the `first`th id, and the groups of all who are on it."""
    shown = ordered[first + 1 : first + 101]
    places = ", ".join(f"${number}" for number in range(2, len(shown) + 2))
    return [
        Statement(_PAGE, (tenant, ordered[first])),
        Statement(f"{_GROUPS_OF}IN ({places})", (tenant, *shown)),
    ]


def user_writes(samples: Samples, world: World, serial: Callable[[], str]) -> list[Work]:
    """Create one, and change one; each with its row of the log. `serial` makes what is in no key yet."""
    tenant = samples.connection_id
    place = "connections SET" if "user_count" in samples.connection else "counters SET"
    key = "id" if "user_count" in samples.connection else "connection_id"
    counted = f"UPDATE {place} user_count = user_count + 1 WHERE {key} = $1"

    def create(_: int) -> list[Statement]:
        name = f"plain.{serial()}@bench.example.com"
        fresh = f"usr_{name}"
        made = [insert("users", samples.user, id=fresh, user_name=name, user_name_ci=name, external_id=name)]
        if samples.email is not None:
            made.append(insert("user_emails", samples.email, user_id=fresh, value_ci=name))
        return [*made, Statement(counted, (tenant,)), *_logged(samples, ("POST", "User"), fresh, serial)]

    def change(number: int) -> list[Statement]:
        person = world.ids[world.pick(number)]
        update = (
            "UPDATE users SET active = $1, version = version + 1, document = $2 WHERE connection_id = $3 AND id = $4"
        )
        return [
            Statement(f"{_USER}id = $2", (tenant, person)),
            Statement(update, (number % 2, samples.user["document"], tenant, person)),
            *_logged(samples, ("PATCH", "User"), person, serial),
        ]

    return [Work("post_user", create, writes=True), Work("patch_active", change, writes=True)]


def group_works(samples: Samples, group: KnownGroup, serial: Callable[[], str]) -> list[Work]:
    """Of one group: read it in three ways, add one member, take one out."""
    outside, inside = list(group.outside), list[str]()
    here = (samples.connection_id, group.id)
    count = (
        "UPDATE groups SET member_count = member_count + $1, version = version + 1 WHERE connection_id = $2 AND id = $3"
    )
    leave = "DELETE FROM members WHERE connection_id = $1 AND group_id = $2 AND user_id = $3"

    def add(_: int) -> list[Statement]:
        inside.append(outside.pop())
        return [
            insert("members", samples.member, group_id=group.id, user_id=inside[-1]),
            Statement(count, (1, *here)),
            *_logged(samples, ("PATCH", "Group"), group.id, serial),
        ]

    def remove(_: int) -> list[Statement]:
        outside.append(inside.pop())
        return [
            Statement(leave, (*here, outside[-1])),
            Statement(count, (-1, *here)),
            *_logged(samples, ("PATCH", "Group"), group.id, serial),
        ]

    by_id = Statement(f"{_GROUP}id = $2", here)
    return [
        Work(
            f"filter_group_{group.size}",
            lambda _: [Statement(f"{_GROUP}display_name_ci = $2", (here[0], group.name.casefold()))],
        ),
        Work(f"get_group_{group.size}", lambda _: [by_id]),
        Work(f"get_group_members_{group.size}", lambda _: [by_id, Statement(_MEMBERS, here)]),
        Work(f"patch_add_{group.size}", add, writes=True, left=lambda: len(outside)),
        Work(f"patch_remove_{group.size}", remove, writes=True, left=lambda: len(inside)),
    ]


def log_row(samples: Samples, serial: Callable[[], str]) -> list[Work]:
    """The row of the log that a read brings; nothing when reads are not in the log."""
    kinds = [kind for kind in samples.logs if kind[0] == "GET"]
    return [Work("log_row", lambda _: _logged(samples, kinds[0], None, serial), writes=True)] if kinds else []


def _logged(
    samples: Samples, kind: tuple[str, str], resource_id: str | None, serial: Callable[[], str]
) -> list[Statement]:
    row = samples.logs.get(kind)
    if row is None:
        return []
    changed = {} if resource_id is None else {"resource_id": resource_id}
    return [insert("exchanges", row, id=f"req_{serial()}", **changed)]
