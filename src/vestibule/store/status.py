"""How a database stands: its engine, its schema, how much is in it, and on Citus what lies on which node."""

import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from vestibule.store import citus_schema, schema
from vestibule.store.db import Transaction
from vestibule.store.sql.canaries import uncanny
from vestibule.store.tables import Table, tables
from vestibule.store.whole import Whole, whole

if TYPE_CHECKING:
    from vestibule.store.citus import Node


@dataclass(frozen=True, slots=True)
class Status:
    """Sizes in bytes. `sizes` are those of the tables with their indexes, where the engine tells them."""

    engine: Literal["sqlite", "postgresql", "citus"]
    server: str
    schema_version: int
    known_version: int
    """The schema version that this Vestibule works with."""
    size: int
    counts: dict[str, int]
    """As they are kept, not counted anew: connections, users, groups, and members of groups."""
    sizes: dict[str, int] = field(default_factory=dict[str, int])
    sessions: int | None = None
    max_sessions: int | None = None
    kinds: dict[str, str] = field(default_factory=dict[str, str])
    """On Citus: which table is `distributed`, copied to each node (`reference`), or `local` to the coordinator."""
    nodes: "tuple[Node, ...]" = ()
    """On Citus."""


async def status(url: str) -> Status:
    """Of a database of any schema version. Raises InvalidUrl, Unreachable, SchemaMismatch when it is not ours."""
    async with whole(url) as found:
        known = tables(found.version) if found.version <= schema.latest() else tables()
        counts = await _counts(found.db)
        if found.path is not None:
            return _of_file(found, found.path, counts)
        return await _of_server(found, known, counts)


async def _counts(db: Transaction) -> dict[str, int]:
    row = await db.row(
        "SELECT (SELECT count(*) FROM enterprises), (SELECT count(*) FROM connections), "
        "(SELECT sum(user_count) FROM counters), (SELECT sum(group_count) FROM counters), "
        f"(SELECT sum(member_count) FROM groups WHERE {uncanny('groups')})"
    )
    names = ("enterprises", "connections", "users", "groups", "members")
    return {name: int(value or 0) for name, value in zip(names, row, strict=True)}


def _of_file(found: Whole, path: str, counts: dict[str, int]) -> Status:
    files = (Path(path), Path(f"{path}-wal"))
    size = sum(each.stat().st_size for each in files if each.exists())
    server = f"SQLite {sqlite3.sqlite_version}"
    return Status("sqlite", server, found.version, schema.latest(), size, counts)


async def _of_server(found: Whole, known: tuple[Table, ...], counts: dict[str, int]) -> Status:
    db, names = found.db, [each.name for each in known]
    server = await db.row(
        "SELECT current_setting('server_version'), current_setting('max_connections')::int, "
        "(SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()), "
        "(SELECT extversion FROM pg_extension WHERE extname = 'citus')"
    )
    kinds: dict[str, str] = {}
    nodes: tuple[Node, ...] = ()
    if server[3] is not None:
        from vestibule.store import citus

        kinds, nodes = await citus_schema.kinds(db.rows), await citus.nodes(db.rows)
    sizes = {name: await _size(db, name, spread=kinds.get(name) == "distributed") for name in names}
    return Status(
        engine="postgresql" if server[3] is None else "citus",
        server=f"PostgreSQL {server[0]}" + (f", Citus {server[3]}" if server[3] is not None else ""),
        schema_version=found.version,
        known_version=schema.latest(),
        size=sum(sizes.values()),
        counts=counts,
        sizes=sizes,
        sessions=server[2],
        max_sessions=server[1],
        kinds=kinds,
        nodes=nodes,
    )


async def _size(db: Transaction, name: str, *, spread: bool) -> int:
    function = "citus_total_relation_size" if spread else "pg_total_relation_size"
    row = await db.row(f"SELECT {function}(CAST(CAST($1 AS TEXT) AS regclass))", name)
    return int(row[0] or 0)
