"""Groups that are read from Microsoft Graph again and again, and with what."""

from typing import Any

import orjson

from vestibule.model import Audit
from vestibule.scim.folding import fold
from vestibule.store.answers import NotFound
from vestibule.store.db import Db, Row
from vestibule.store.sql.log import insert_audit
from vestibule.store.sql.rows import prefixed
from vestibule.store.standing import GraphSource, ReadFault, StandingGroup

_SOURCE = "connection_id, tenant, client_id, secret, graph_url, login_url, kept_at"
_GROUP = "connection_id, group_name, graph_id, read_at, tried_at, due_at, failing_since, fault"


async def keep(db: Db, source: GraphSource, group: StandingGroup, entry: Audit) -> None:
    """Keep a source and a group of it."""
    current = await db.row(
        "SELECT 1 FROM expectations WHERE connection_id = $1 AND group_ci = $2 AND state = 'current' "
        "AND source = 'graph' AND external_id = $3",
        group.connection_id, fold(group.group), group.graph_id,
    )  # fmt: skip
    if current is None:
        raise NotFound("expectation", group.group)
    await db.run(
        f"INSERT INTO graph_sources ({_SOURCE}) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (connection_id) "
        "DO UPDATE SET tenant = excluded.tenant, client_id = excluded.client_id, secret = excluded.secret, "
        "graph_url = excluded.graph_url, login_url = excluded.login_url, kept_at = excluded.kept_at",
        source.connection_id, source.tenant, source.client_id, source.secret, source.graph_url, source.login_url,
        source.kept_at,
    )  # fmt: skip
    await db.run(
        "UPDATE graph_groups SET due_at = $2 WHERE connection_id = $1 AND failing_since IS NOT NULL",
        source.connection_id, group.read_at,
    )  # fmt: skip
    await db.run(
        "DELETE FROM graph_groups WHERE connection_id = $1 AND group_ci = $2", group.connection_id, fold(group.group)
    )
    await db.run(
        f"INSERT INTO graph_groups (group_ci, {_GROUP}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        fold(group.group), group.connection_id, group.group, group.graph_id, group.read_at, group.tried_at,
        group.due_at, group.failing_since, _fault(group),
    )  # fmt: skip
    await insert_audit(db, entry)


async def source(db: Db, connection_id: str) -> GraphSource:
    """What a connection's groups are read with."""
    row = await db.row(f"SELECT {_SOURCE} FROM graph_sources WHERE connection_id = $1", connection_id)
    if row is None:
        raise NotFound("graph source", connection_id)
    return GraphSource(**dict(row))


async def groups(db: Db, connection_id: str) -> list[StandingGroup]:
    """Those of a connection by name."""
    rows = await db.rows(f"SELECT {_GROUP} FROM graph_groups WHERE connection_id = $1 ORDER BY group_ci", connection_id)
    return [_of(row) for row in rows]


async def group(db: Db, connection_id: str, name: str) -> StandingGroup | None:
    """One of a connection."""
    row = await db.row(
        f"SELECT {_GROUP} FROM graph_groups WHERE connection_id = $1 AND group_ci = $2", connection_id, fold(name)
    )
    return None if row is None else _of(row)


async def due(db: Db, now: int, tried_before: int) -> list[StandingGroup]:
    """Those of all connections that are due."""
    rows = await db.rows(
        f"SELECT {prefixed('s', _GROUP)} FROM graph_groups s "
        "LEFT JOIN groups g ON g.connection_id = s.connection_id AND g.display_name_ci = s.group_ci "
        "LEFT JOIN groups x ON x.connection_id = s.connection_id AND x.external_id = s.graph_id "
        "WHERE s.due_at <= $1 OR (s.failing_since IS NULL AND s.tried_at <= $2 "
        "AND coalesce(g.updated_at, x.updated_at, 0) > s.tried_at) ORDER BY s.due_at, s.connection_id, s.group_ci",
        now, tried_before,
    )  # fmt: skip
    return [_of(row) for row in rows]


async def claim(db: Db, wanted: StandingGroup, now: int, until: int) -> StandingGroup | None:
    """Put off when a group is due, unless another one has."""
    row = await db.row(
        "UPDATE graph_groups SET tried_at = $5, due_at = $6 WHERE connection_id = $1 AND group_ci = $2 "
        f"AND tried_at = $3 AND due_at = $4 RETURNING {_GROUP}",
        wanted.connection_id, fold(wanted.group), wanted.tried_at, wanted.due_at, now, until,
    )  # fmt: skip
    return None if row is None else _of(row)


async def note(db: Db, claimed: StandingGroup, after: StandingGroup, entry: Audit | None) -> bool:
    """Keep what a read came to, while the claim holds."""
    noted = await db.run(
        "UPDATE graph_groups SET read_at = $5, due_at = $6, failing_since = $7, fault = $8 "
        "WHERE connection_id = $1 AND group_ci = $2 AND tried_at = $3 AND due_at = $4",
        claimed.connection_id, fold(claimed.group), claimed.tried_at, claimed.due_at, after.read_at, after.due_at,
        after.failing_since, _fault(after),
    )  # fmt: skip
    if noted and entry is not None:
        await insert_audit(db, entry)
    return bool(noted)


async def forget_source(db: Db, connection_id: str, entry: Audit) -> None:
    """Forget what is read with, and read nothing again."""
    await db.run("DELETE FROM graph_groups WHERE connection_id = $1", connection_id)
    if not await db.run("DELETE FROM graph_sources WHERE connection_id = $1", connection_id):
        raise NotFound("graph source", connection_id)
    await insert_audit(db, entry)


async def end(db: Db, connection_id: str, group_ci: str, but: str | None = None) -> None:
    """Read a group no more, unless it is the one with this Object ID; the secret goes with the last one."""
    await db.run(
        "DELETE FROM graph_groups WHERE connection_id = $1 AND group_ci = $2 AND graph_id <> coalesce($3, '')",
        connection_id, group_ci, but,
    )  # fmt: skip
    await db.run(
        "DELETE FROM graph_sources WHERE connection_id = $1 "
        "AND NOT EXISTS (SELECT 1 FROM graph_groups g WHERE g.connection_id = $1)",
        connection_id,
    )


def _fault(group: StandingGroup) -> str | None:
    return None if group.fault is None else orjson.dumps(group.fault.as_json()).decode()


def _of(row: Row) -> StandingGroup:
    values: dict[str, Any] = dict(row)
    fault = values.pop("fault")
    told = None if fault is None else ReadFault(**orjson.loads(fault))
    return StandingGroup(group=values.pop("group_name"), fault=told, **values)
