"""What adding one member costs by the size of the group, beside what one durable commit costs on this machine.

Run: python bench/add_member.py. In process, without HTTP; figures are medians in milliseconds.
"""

import asyncio
import os
import statistics
import tempfile
import time
from pathlib import Path

from vestibule import connections
from vestibule.clock import SystemClock
from vestibule.directory import Directory
from vestibule.scim.dialects import Notes
from vestibule.scim.patch import PATCH_SCHEMA, compile_group, read_patch
from vestibule.scim.resource import GroupDraft
from vestibule.store.sqlite import SqliteStore

SIZES = (100, 1_000, 10_000)
REPEATS = 50


def commit_floor(folder: str) -> float:
    """Median of a 4 KiB append and its flush to the disk."""
    took: list[float] = []
    with (Path(folder) / "floor").open("wb", buffering=0) as file:
        for _ in range(REPEATS):
            started = time.perf_counter()
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - started)
    return statistics.median(took) * 1_000


async def add_one(directory: Directory, connection_id: str, group_id: str, user_id: str) -> float:
    """Entra's own request shape, from the body to the commit."""
    body = {"schemas": [PATCH_SCHEMA], "Operations": [{"op": "Add", "path": "members", "value": [{"value": user_id}]}]}
    started = time.perf_counter()
    notes = Notes()
    await directory.change_group(connection_id, group_id, compile_group(read_patch(body, notes), group_id, notes))
    return (time.perf_counter() - started) * 1_000


async def run(folder: str) -> None:
    """Make the people and the groups, then measure."""
    store, clock = SqliteStore.open(f"{folder}/bench.db"), SystemClock()
    directory = Directory(store, clock)
    enterprise = await connections.create_enterprise(store, clock, "Bench")
    connection = await connections.create_connection(store, clock, enterprise.id, "entra")
    people: list[str] = []
    for start in range(0, max(SIZES) + REPEATS, 500):
        made = (
            directory.create_user(connection.id, {"schemas": [], "userName": f"user{number}", "active": True})
            for number in range(start, start + 500)
        )
        people += [user.id for user in await asyncio.gather(*made)]
    print(f"one durable write of 4 KiB     {commit_floor(folder):6.2f} ms")
    for size in SIZES:
        group = await directory.create_group(connection.id, GroupDraft(f"g{size}", None, tuple(people[:size])))
        took = [await add_one(directory, connection.id, group.group.id, each) for each in people[size : size + REPEATS]]
        print(f"add one member to {size:>6} of them {statistics.median(took):6.2f} ms")
    await store.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        asyncio.run(run(scratch))
