"""Citus: the tables of connections spread over its nodes by connection, the small shared ones copied to each node.

The store's statements name the connection, so each is answered by the node that has it; nothing else changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import asyncpg

from vestibule.store.answers import Declined
from vestibule.store.citus_schema import Ask, copy_to_all, in_one_session, is_citus, kinds, spread
from vestibule.store.postgres_database import MIGRATION_LOCK, PostgresDatabase, connected
from vestibule.store.tables import tables

Names: TypeAlias = tuple[str, ...]
_FOREIGN_KEYS = (
    "SELECT t.relname AS table, k.conname AS name, pg_get_constraintdef(k.oid) AS definition FROM pg_constraint k "
    "JOIN pg_class t ON t.oid = k.conrelid JOIN pg_class r ON r.oid = k.confrelid "
    "WHERE k.contype = 'f' AND t.relnamespace = current_schema()::regnamespace "
    "AND (t.relname = ANY($1) OR r.relname = ANY($1))"
)


@dataclass(frozen=True, slots=True)
class Node:
    """A node, how many pieces of our tables it has, and their size in bytes."""

    address: str
    shards: int
    size: int


async def nodes(ask: Ask) -> tuple[Node, ...]:
    """What lies on which node."""
    rows = await ask(
        "SELECT s.nodename || ':' || s.nodeport, count(*), sum(s.shard_size) FROM pg_catalog.citus_shards s "
        "JOIN pg_class c ON c.oid = s.table_name WHERE c.relnamespace = current_schema()::regnamespace "
        "GROUP BY 1 ORDER BY 1"
    )
    return tuple(Node(row[0], row[1], int(row[2] or 0)) for row in rows)


async def distribute(url: str, shards: int | None = None) -> tuple[Names, Names]:
    """See `vestibule.store.distribute`: the tables that were spread, and those that were copied to each node."""
    database = PostgresDatabase(url)
    try:
        await database.pool()
    finally:
        await database.close()
    async with connected(database) as link:
        if not await is_citus(link.fetch):
            raise Declined(
                f"{database.shown} is one PostgreSQL, not a coordinator of Citus, so there are no nodes to spread the "
                "tables over; nothing was changed. CREATE EXTENSION citus makes it one."
            )
        try:
            async with link.transaction():
                return await _distribute(link, shards)
        except asyncpg.PostgresError as error:
            raise Declined(f"Citus refused, and nothing was changed: {error}") from error


async def _distribute(link: Any, shards: int | None) -> tuple[Names, Names]:
    await link.execute("SELECT pg_advisory_xact_lock($1)", MIGRATION_LOCK)
    present = await kinds(link.fetch)
    shared = ["schema_version", *(each.name for each in tables() if each.shared)]
    reference = [name for name in shared if present.get(name) != "reference"]
    spreading = [each.name for each in tables() if not each.shared and present.get(each.name) != "distributed"]
    todo = reference + spreading
    if not todo:
        return (), ()
    await in_one_session(link)
    # A server that writes meanwhile waits.
    await link.execute(f"LOCK TABLE {', '.join(todo)} IN ACCESS EXCLUSIVE MODE")
    # They may refer to each other only when all are where they belong.
    keys = await link.fetch(_FOREIGN_KEYS, todo)
    for key in keys:
        await link.execute(f"ALTER TABLE {key['table']} DROP CONSTRAINT {key['name']}")
    before = await _counts(link, todo)
    for name in reference:
        await copy_to_all(link, name)
    for name in spreading:
        await spread(link, name, shards)
    if await _counts(link, todo) != before:
        raise Declined("Rows were lost on the way to the nodes, so nothing was changed.")
    for name in todo:
        # What was copied to the nodes is still here, where nobody sees it.
        await link.execute("SELECT truncate_local_data_after_distributing_table($1::text::regclass)", name)
    for key in keys:
        await link.execute(f"ALTER TABLE {key['table']} ADD CONSTRAINT {key['name']} {key['definition']}")
    return tuple(spreading), tuple(reference)


async def _counts(link: Any, names: Sequence[str]) -> list[int]:
    return [await link.fetchval(f"SELECT count(*) FROM {name}") for name in names]
