"""How Citus keeps the tables of a database, and how new ones are made where the others are spread over its nodes."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias

from vestibule.store import schema
from vestibule.store.tables import TENANT

Ask: TypeAlias = Callable[..., Awaitable[Sequence[Any]]]
"""Runs a statement with its values: `Db.rows`, or `fetch` of the driver's."""

_KINDS = (
    "SELECT c.relname AS name, CASE WHEN p.partmethod = 'h' THEN 'distributed' WHEN p.repmodel = 't' THEN 'reference' "
    "ELSE 'local' END AS kind FROM pg_dist_partition p JOIN pg_class c ON c.oid = p.logicalrelid "
    "WHERE c.relnamespace = current_schema()::regnamespace"
)
_BESIDE = "counters"
"""The table beside whose pieces those of all others lie."""


async def is_citus(ask: Ask) -> bool:
    """Whether the database is one of Citus'."""
    return bool(await ask("SELECT 1 FROM pg_extension WHERE extname = 'citus'"))


async def kinds(ask: Ask) -> dict[str, str]:
    """Which table is `distributed`, copied to each node (`reference`), or `local` to the coordinator."""
    return {row["name"]: row["kind"] for row in await ask(_KINDS)}


async def spread(link: Any, name: str, shards: int | None = None) -> None:
    """Cut a table into pieces by connection, all pieces of one connection on one node. `counters` comes first."""
    beside = "none" if name == _BESIDE else _BESIDE
    await link.execute(
        "SELECT create_distributed_table($1::text::regclass, $2, colocate_with := $3, shard_count := $4)",
        name, TENANT, beside, shards if name == _BESIDE else None,
    )  # fmt: skip


async def copy_to_all(link: Any, name: str) -> None:
    """Keep a small table on each node."""
    await link.execute("SELECT create_reference_table($1::text::regclass)", name)


async def in_one_session(link: Any) -> None:
    """What follows in this transaction reaches each node in one session, as the tables refer to each other."""
    await link.execute("SET LOCAL citus.multi_shard_modify_mode TO 'sequential'")


async def runner(link: Any) -> Callable[[str], Awaitable[None]]:
    """What runs the statements of a migration: in a database that is spread, a new table is spread, too."""
    if not await is_citus(link.fetch) or (await kinds(link.fetch)).get(_BESIDE) != "distributed":
        return lambda statement: link.execute(schema.on_postgres(statement))
    await in_one_session(link)

    async def run(statement: str) -> None:
        made = schema.apart(statement)
        if made is None:
            await link.execute(schema.on_postgres(statement))
            return
        name, bare, keys = made
        await link.execute(schema.on_postgres(bare))
        await (spread if TENANT in bare else copy_to_all)(link, name)
        for key in keys:
            await link.execute(f"ALTER TABLE {name} ADD {key}")

    return run
