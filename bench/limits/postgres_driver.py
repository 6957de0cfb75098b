"""The plain driver of PostgreSQL: one asyncpg connection, statements of one kind sent together."""
# asyncpg is installed in the benchmark's own environment only, so the type checker does not see it.
# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from bench.limits.statements import Row, Statement


class AsyncpgDriver:
    """See `driver.Driver`. It has an event loop of its own, so it is used from a thread without one."""

    store = "PostgreSQL"

    def __init__(self, url: str, postmaster: int | None = None) -> None:
        import asyncpg

        self.roots: tuple[int, ...] = () if postmaster is None else (postmaster,)
        self._loop = asyncio.new_event_loop()
        self._connection: Any = self._loop.run_until_complete(asyncpg.connect(url))

    def rows(self, sql: str, *values: Any) -> list[Row]:
        """See Driver."""
        return [dict(row) for row in self._loop.run_until_complete(self._connection.fetch(sql, *values))]

    def worded(self, statement: Statement) -> Statement:
        """See Driver."""
        return statement

    def read(self, statements: Iterable[Statement]) -> None:
        """See Driver."""
        self._loop.run_until_complete(self._read(statements))

    def commit(self, operations: Sequence[Sequence[Statement]]) -> None:
        """See Driver."""
        self._loop.run_until_complete(self._commit(operations))

    def close(self) -> None:
        """Let go of the connection."""
        self._loop.run_until_complete(self._connection.close())
        self._loop.close()

    async def _read(self, statements: Iterable[Statement]) -> None:
        for each in statements:
            await self._connection.fetch(each.sql, *each.values)

    async def _commit(self, operations: Sequence[Sequence[Statement]]) -> None:
        """Statements of the same text go as one `executemany`, which needs one round trip."""
        kinds: dict[str, list[tuple[Any, ...]]] = {}
        for statements in operations:
            for each in statements:
                kinds.setdefault(each.sql, []).append(each.values)
        async with self._connection.transaction():
            for sql, values in kinds.items():
                if len(values) == 1:
                    await self._connection.fetch(sql, *values[0])
                else:
                    await self._connection.executemany(sql, values)
