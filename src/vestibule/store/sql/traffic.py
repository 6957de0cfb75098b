"""What was read of the log of a connection, and what of it is pruned."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import orjson

from vestibule import ids
from vestibule.store.answers import NotFound, Trace, Traffic
from vestibule.store.db import Db
from vestibule.store.sql.log import CLOCKS_DIFFER

ROW: Final = 600
"""About how many bytes an exchange takes beside its texts, in its row and in the indexes."""
_SIZE: Final = (
    f"{ROW} + length(path) + length(query) + length(facts) + coalesce(length(request_body), 0) "
    "+ coalesce(length(response_body), 0)"
)
_TRACE: Final = ", ".join(Trace._fields)


async def kept(db: Db, connection_id: str) -> Traffic:
    """What was read; nothing at first."""
    row = await db.row("SELECT read_to, bytes, document FROM traffic WHERE connection_id = $1", connection_id)
    return Traffic() if row is None else Traffic(*row)


async def unread(db: Db, connection_id: str, after_id: str, before: int | None, limit: int) -> tuple[list[Trace], int]:
    """The next exchanges after an id that came before an instant, and how many bytes they are."""
    until = "req_~" if before is None else ids.first_id("req", before)
    rows = await db.rows(
        f"SELECT {_TRACE}, {_SIZE} FROM exchanges WHERE connection_id = $1 AND id > $2 AND id < $3 "
        "ORDER BY id LIMIT $4",
        connection_id, after_id, until, limit,
    )  # fmt: skip
    loads = orjson.loads
    found = [Trace._make((*told, loads(facts))) for *told, facts, _ in rows]
    return found, sum(row[-1] for row in rows)


async def read_on(
    db: Db, connection_id: str, before: int, limit: int, fold: Callable[[str, Sequence[Trace]], str]
) -> int:
    """Read the next exchanges, and keep what becomes of the document."""
    before_it = await kept(db, connection_id)
    if before_it.read_to > ids.first_id("req", before + CLOCKS_DIFFER):
        # The clock was set back. What comes lies before what was read, and would be read when the clock is there again.
        await _keep(db, connection_id, replace(before_it, read_to=ids.first_id("req", before)))
        return 0
    found, size = await unread(db, connection_id, before_it.read_to, before, limit)
    if not found:
        return 0
    if not before_it.read_to and await db.row("SELECT 1 FROM connections WHERE id = $1", connection_id) is None:
        raise NotFound("connection", connection_id)
    document = fold(before_it.document, found)
    await _keep(db, connection_id, Traffic(found[-1].id, before_it.size + size, document))
    return len(found)


async def _keep(db: Db, connection_id: str, traffic: Traffic) -> None:
    await db.run(
        "INSERT INTO traffic (connection_id, read_to, bytes, document) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (connection_id) DO UPDATE SET read_to = excluded.read_to, bytes = excluded.bytes, "
        "document = excluded.document",
        connection_id, traffic.read_to, traffic.size, traffic.document,
    )  # fmt: skip


async def has_old(db: Db, connection_id: str, before: int, most: int) -> bool:
    """Whether there is anything to prune."""
    present = await kept(db, connection_id)
    if present.size > most:
        return True
    row = await db.row(
        "SELECT id FROM exchanges WHERE connection_id = $1 AND id <= $2 ORDER BY id LIMIT 1",
        connection_id, present.read_to,
    )  # fmt: skip
    return row is not None and row["id"] < ids.first_id("req", before)


async def prune(db: Db, connection_id: str, before: int, most: int, limit: int) -> int:
    """Delete the oldest that are too old or too much."""
    present = await kept(db, connection_id)
    rows = await db.rows(
        f"SELECT id, {_SIZE} AS size FROM exchanges WHERE connection_id = $1 AND id <= $2 ORDER BY id LIMIT $3",
        connection_id, present.read_to, limit,
    )  # fmt: skip
    end, size, gone = ids.first_id("req", before), present.size, list[str]()
    for row in rows:
        if row["id"] >= end and size <= most:
            break
        size -= row["size"]
        gone.append(row["id"])
    if gone:
        await db.run("DELETE FROM exchanges WHERE connection_id = $1 AND id <= $2", connection_id, gone[-1])
    # What is gone was all that was read: nothing is left, whatever was reckoned.
    left = 0 if len(rows) < limit and len(gone) == len(rows) else max(0, size)
    if left != present.size:
        await _keep(db, connection_id, Traffic(present.read_to, left, present.document))
    return len(gone)
