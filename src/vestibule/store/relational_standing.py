"""What `RelationalStore` keeps of groups that are read again and again; see `vestibule.store.standing`."""

from collections.abc import Sequence

from vestibule.model import Audit
from vestibule.store.db import Db
from vestibule.store.engine import Engine
from vestibule.store.sql import expectations, standing
from vestibule.store.sql.log import insert_audit
from vestibule.store.standing import GraphSource, StandingGroup


class RelationalStanding:
    """The part of the store about groups that are read again, over an engine."""

    _engine: Engine

    async def keep_standing(self, source: GraphSource, group: StandingGroup, audit: Audit) -> None:
        """See StandingStore."""
        await self._engine.write(source.connection_id, lambda db: standing.keep(db, source, group, audit))

    async def graph_source(self, connection_id: str) -> GraphSource:
        """See StandingStore."""
        return await standing.source(self._engine.reading, connection_id)

    async def standing_groups(self, connection_id: str) -> list[StandingGroup]:
        """See StandingStore."""
        return await standing.groups(self._engine.reading, connection_id)

    async def standing_group(self, connection_id: str, group: str) -> StandingGroup | None:
        """See StandingStore."""
        return await standing.group(self._engine.reading, connection_id, group)

    async def standing_due(self, now: int, tried_before: int) -> list[StandingGroup]:
        """See StandingStore."""
        return await standing.due(self._engine.reading, now, tried_before)

    async def claim_standing(self, group: StandingGroup, now: int, until: int) -> StandingGroup | None:
        """See StandingStore."""
        return await self._engine.write(group.connection_id, lambda db: standing.claim(db, group, now, until))

    async def note_standing(self, claimed: StandingGroup, after: StandingGroup, audit: Audit | None) -> bool:
        """See StandingStore."""
        return await self._engine.write(claimed.connection_id, lambda db: standing.note(db, claimed, after, audit))

    async def settle_standing(
        self,
        claimed: StandingGroup,
        after: StandingGroup,
        expectation_id: str,
        audit: Sequence[Audit],
        nested: Sequence[str],
    ) -> bool:
        """See StandingStore."""
        first, *others = audit

        async def settle(db: Db) -> bool:
            if not await standing.note(db, claimed, after, None):
                return False
            await expectations.settle(db, claimed.connection_id, expectation_id, first, nested)
            for each in others:
                await insert_audit(db, each)
            return True

        return await self._engine.write(claimed.connection_id, settle)

    async def is_as_current(self, connection_id: str, expectation_id: str, nested: Sequence[str]) -> bool:
        """See StandingStore."""
        return await expectations.is_as_current(self._engine.reading, connection_id, expectation_id, nested)

    async def forget_source(self, connection_id: str, audit: Audit) -> None:
        """See StandingStore."""
        await self._engine.write(connection_id, lambda db: standing.forget_source(db, connection_id, audit))
