"""What `RelationalStore` keeps of the roll call; see `vestibule.store.roll_calls`."""

from collections.abc import Mapping, Sequence

from vestibule.model import Audit, Exchange, Member, Pending
from vestibule.store.engine import Engine
from vestibule.store.roll_calls import Account, ExpectedPerson, KeptExpectation, RollRecord, Whereabouts
from vestibule.store.sql import absences, expectations


class RelationalRollCalls:
    """The part of the store about the roll call, over an engine."""

    _engine: Engine

    async def begin_expectation(self, draft: KeptExpectation) -> None:
        """See RollCallStore."""
        await self._engine.write(draft.connection_id, lambda db: expectations.begin(db, draft))

    async def add_expected(self, connection_id: str, expectation_id: str, people: Sequence[ExpectedPerson]) -> None:
        """See RollCallStore."""
        await self._engine.write(
            connection_id, lambda db: expectations.add_people(db, connection_id, expectation_id, people)
        )

    async def settle_expectation(
        self, connection_id: str, expectation_id: str, audit: Audit, nested: Sequence[str] = ()
    ) -> KeptExpectation:
        """See RollCallStore."""
        return await self._engine.write(
            connection_id, lambda db: expectations.settle(db, connection_id, expectation_id, audit, nested)
        )

    async def give_up_expectation(self, connection_id: str, expectation_id: str) -> None:
        """See RollCallStore."""
        await self._engine.write(connection_id, lambda db: expectations.give_up(db, connection_id, expectation_id))

    async def forget_expectation(self, connection_id: str, group: str, audit: Audit) -> None:
        """See RollCallStore."""
        await self._engine.write(connection_id, lambda db: expectations.forget(db, connection_id, group, audit))

    async def expectation(self, connection_id: str, group: str) -> KeptExpectation:
        """See RollCallStore."""
        return await expectations.one(self._engine.reading, connection_id, group)

    async def expectations(self, connection_id: str) -> list[KeptExpectation]:
        """See RollCallStore."""
        return await expectations.of(self._engine.reading, connection_id)

    async def expectations_due(self, quiet_since: int, called_before: int, day_before: int) -> list[KeptExpectation]:
        """See RollCallStore."""
        return await expectations.due(self._engine.reading, quiet_since, called_before, day_before)

    async def people_to_explain(
        self, connection_id: str, expectation_id: str, group_id: str | None, after: str, limit: int
    ) -> tuple[list[ExpectedPerson], str | None]:
        """See RollCallStore."""
        return await absences.to_explain(self._engine.reading, connection_id, expectation_id, group_id, after, limit)

    async def expected_as(
        self, connection_id: str, expectation_id: str, accounts: Sequence[Account]
    ) -> list[ExpectedPerson]:
        """See RollCallStore."""
        return await absences.expected_as(self._engine.reading, connection_id, expectation_id, accounts)

    async def extra_members(
        self, connection_id: str, expectation_id: str, group_id: str, after: str, limit: int
    ) -> tuple[list[Member], str | None]:
        """See RollCallStore."""
        return await absences.surplus(self._engine.reading, connection_id, expectation_id, group_id, after, limit)

    async def members_after(self, connection_id: str, group_id: str, after: str, limit: int) -> list[Member]:
        """See RollCallStore."""
        return await absences.members_after(self._engine.reading, connection_id, group_id, after, limit)

    async def waiting_for(self, connection_id: str, group_id: str, limit: int) -> tuple[list[Pending], int]:
        """See RollCallStore."""
        return await absences.waiting_for(self._engine.reading, connection_id, group_id, limit)

    async def whereabouts(
        self, connection_id: str, group_id: str | None, people: Sequence[ExpectedPerson]
    ) -> Whereabouts:
        """See RollCallStore."""
        return await absences.whereabouts(self._engine.reading, connection_id, group_id, people)

    async def refusals(self, connection_id: str, resource_type: str, names: Sequence[str]) -> Mapping[str, Exchange]:
        """See RollCallStore."""
        return await absences.refusals(self._engine.reading, connection_id, resource_type, names)

    async def note_roll(
        self, seen: KeptExpectation, roll: RollRecord, last_called: int | None, audit: Audit | None
    ) -> bool:
        """See RollCallStore."""
        return await self._engine.write(
            seen.connection_id, lambda db: expectations.note_roll(db, seen, roll, last_called, audit)
        )

    async def rolls(self, connection_id: str, group: str | None, limit: int) -> list[RollRecord]:
        """See RollCallStore."""
        return await expectations.rolls(self._engine.reading, connection_id, group, limit)

    def groups_told(
        self, connection_id: str, user_name: str, external_id: str | None, groups: Sequence[str], *, complete: bool
    ) -> None:
        """See RollCallStore."""
        joins, leaves = expectations.told(connection_id, user_name, external_id, groups)
        self._engine.ride(connection_id, expectations.JOINS, joins)
        if complete:
            self._engine.ride(connection_id, expectations.LEAVES, leaves)
