"""Vestibule as a user starts it: `vestibule serve`; enterprise, connection and token are made by its commands."""

import struct
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from bench.load import by_bulk, by_post, by_size
from bench.postgres import Postgres, fresh_database
from bench.processes import Unavailable, command, free_port, serving
from bench.session import Session
from bench.target import Load, Service, Traits

MEMBER_BATCH = 10_000
_VESTIBULE = str(Path(sys.executable).with_name("vestibule"))


@dataclass(frozen=True, slots=True)
class OnSqlite:
    """Vestibule on its embedded database. `way` names one of `WAYS`."""

    way: str | None = None

    @property
    def name(self) -> str:
        """See Target."""
        return "Vestibule on SQLite"

    @property
    def traits(self) -> Traits:
        """See Target."""
        return _traits(self.name, "SQLite, WAL, synchronous=FULL")

    @asynccontextmanager
    async def start(self, scratch: Path) -> AsyncGenerator[Service]:
        """See Target."""
        path = scratch / "vestibule.db"
        async with _served(scratch, f"sqlite:///{path}", self.way, (), _commits(path)) as service:
            yield service


@dataclass(frozen=True, slots=True)
class OnPostgres:
    """Vestibule on a PostgreSQL, whose processes are weighed with it when they are on this machine."""

    postgres: Postgres
    way: str | None = None

    @property
    def name(self) -> str:
        """See Target."""
        return "Vestibule on PostgreSQL"

    @property
    def traits(self) -> Traits:
        """See Target."""
        return _traits(self.name, f"PostgreSQL {self.postgres.version}")

    @asynccontextmanager
    async def start(self, scratch: Path) -> AsyncGenerator[Service]:
        """See Target."""
        beside = () if self.postgres.postmaster is None else (self.postgres.postmaster,)
        async with (
            fresh_database(self.postgres, "vestibule_bench") as url,
            _served(scratch, url, self.way, beside, None) as service,
        ):
            yield service


def _traits(name: str, store: str) -> Traits:
    version = command([_VESTIBULE, "--version"], cwd=Path.cwd(), what="vestibule").split()[-1]
    return Traits(name, "ours", version, store, "`vestibule serve`, one process", cursors=True)


async def by_import(_session: Session, _count: int, _budget: float) -> list[str]:
    """The place for Vestibule's own import of NDJSON: `people.person(n)` a line, then the ids by a walk over /Users."""
    raise Unavailable("vestibule has no import of NDJSON yet")


WAYS: dict[str | None, Load] = {"post": by_post, "bulk": by_bulk, "import": by_import}
"""The ways of `--load`; without one the size decides."""


@asynccontextmanager
async def _served(
    scratch: Path, database: str, way: str | None, beside: tuple[int, ...], commits: Callable[[], int] | None
) -> AsyncGenerator[Service]:
    def administer(*arguments: str) -> dict[str, Any]:
        said = command(
            [_VESTIBULE, *arguments, "--database", database, "--json"], cwd=scratch, what=" ".join(arguments)
        )
        return orjson.loads(said)

    port = free_port()
    arguments = [_VESTIBULE, "serve", "--port", str(port), "--database", database]
    enterprise = administer("enterprise", "create", "Bench")
    connection = administer("connection", "create", enterprise["id"], "--idp", "entra")
    token = administer("token", "create", connection["id"], "--all-scopes")
    with serving(arguments, port, cwd=scratch) as pid:
        yield Service(
            base_url=f"http://127.0.0.1:{port}/scim/v2/connections/{connection['id']}",
            headers={"Authorization": f"Bearer {token['token']}"},
            roots=(pid, *beside),
            load=WAYS.get(way, by_size),
            load_how=way or "",
            member_batch=MEMBER_BATCH,
            commits=commits,
            database=database,
        )


def _commits(path: Path) -> Callable[[], int]:
    """A counter of SQLite's transactions: the wal-index, which all processes share, counts what was committed."""
    index = path.with_name(f"{path.name}-shm")

    def read() -> int:
        with index.open("rb") as file:
            return int(struct.unpack("=3I", file.read(12))[2])

    return read
