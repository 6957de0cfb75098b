"""A connection whose identity provider does what a test says, and the roll call of its groups."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from vestibule import ids
from vestibule.directory import Directory
from vestibule.model import Connection, Enterprise, Exchange
from vestibule.rollcall import ExpectedPerson, GroupRoll, keeping
from vestibule.rollcall.keeping import Taken, in_pages
from vestibule.scim.patch import GroupChange
from vestibule.scim.resource import GroupDraft
from vestibule.scim.schema import CORE_USER
from vestibule.store.sqlite import SqliteStore

T = TypeVar("T")
CON = "con_1"


@dataclass
class Clockwork:
    """A clock that is turned by hand, in microseconds; it ticks at each look."""

    at: int = 1_764_000_000_000_000

    def now(self) -> int:
        self.at += 1
        return self.at

    def pass_minutes(self, minutes: int) -> None:
        self.at += minutes * 60_000_000


@dataclass
class Stage:
    """One connection over a store."""

    store: SqliteStore
    clock: Clockwork = field(default_factory=Clockwork)

    @property
    def directory(self) -> Directory:
        return Directory(self.store, self.clock)

    async def user(self, name: str, origin: Any = "scim", **rest: Any) -> str:
        document = {"schemas": [CORE_USER], "userName": name, "active": True, **rest}
        return (await self.directory.create_user(CON, document, origin)).id

    async def group(self, name: str, *members: str, external_id: str | None = None, origin: Any = "scim") -> str:
        draft = GroupDraft(name, external_id, members)
        return (await self.directory.create_group(CON, draft, origin)).group.id

    async def change(self, group_id: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()) -> None:
        await self.directory.change_group(CON, group_id, GroupChange(add=frozenset(add), remove=frozenset(remove)))

    async def refused(self, kind: str, name: str, method: str, status: int, **rest: Any) -> str:
        """A refusal in the log; its id."""
        now = self.clock.now()
        exchange = Exchange(
            ids.request_id(now), CON, now, 1, method, f"/{kind}s", "", status, resource_type=kind, target=name, **rest
        )
        self.store.record(exchange)
        await self.store.flush()
        return exchange.id

    async def expect(self, group: str, *people: ExpectedPerson | str, source: Any = "list", **taken: Any) -> None:
        who = [ExpectedPerson(each) if isinstance(each, str) else each for each in people]
        await keeping.expect_people(self.store, self.clock, CON, group, in_pages(who), Taken(source, **taken))

    async def call(self, group: str, names: int | None = 1_000) -> GroupRoll:
        (roll,) = await keeping.call(self.store, self.clock, CON, [group], names)
        return roll

    async def due(self) -> list[GroupRoll]:
        """The rolls of all groups that are due; none may fail."""
        called = [each async for each in keeping.call_due(self.store, self.clock)]
        assert [each.fault for each in called if each.fault] == []
        return [each.roll for each in called if each.roll is not None]

    async def audit(self) -> list[tuple[str, Any]]:
        return [(each.action, each.detail) for each in await self.store.audit(CON)]


def play(work: Callable[[Stage], Awaitable[T]]) -> T:
    """Do something on a stage of its own."""

    async def run() -> T:
        store = SqliteStore.open(":memory:")
        try:
            await store.add_enterprise(Enterprise("ent_1", "Acme", 1))
            await store.add_connection(Connection(CON, "ent_1", "entra", 1))
            return await work(Stage(store))
        finally:
            await store.close()

    return asyncio.run(run())
