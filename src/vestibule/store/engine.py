"""An engine: where statements run, and how writes are put together. `RelationalStore` says what is read and written."""

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeAlias, TypeVar

from vestibule.store.db import Db, Transaction

T = TypeVar("T")
Write: TypeAlias = Callable[[Transaction], Coroutine[Any, Any, T]]
"""A write as a function of the connection that it runs on. It may be called more than once; the last time counts."""


class Engine(Protocol):
    """One database, SQLite or PostgreSQL."""

    @property
    def reading(self) -> Db:
        """For reads outside of a write: each statement sees all that was answered before it began."""
        ...

    async def ready(self) -> None:
        """Return when the database can be worked with. Raises Unreachable, SchemaMismatch."""
        ...

    def write(self, connection_id: str, work: Write[T]) -> Awaitable[T]:
        """Do `work` in a transaction, and return what it returns after a durable commit.

        The writes of one connection are done one after the other, whichever process they come from; those that
        wait share a transaction, and each fails alone. Raises what `work` raises, and Unreachable.
        """
        ...

    def snapshot(self) -> AbstractAsyncContextManager[Transaction]:
        """For long reads beside everything else: all see the state at the beginning, and nobody waits for them."""
        ...

    def ride(self, connection_id: str, sql: str, values: Sequence[Any]) -> None:
        """Run one statement soon, without anybody who waits; what it raises is logged and dropped."""
        ...

    async def flush(self) -> None:
        """Return when everything that rides is on disk. Raises Unreachable when it could not be written."""
        ...

    async def close(self) -> None:
        """Write what is queued and let go of the database."""
        ...
