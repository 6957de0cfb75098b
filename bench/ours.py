"""Vestibule as a user starts it: `vestibule serve`; enterprise, connection and token are made by its commands."""

import asyncio
import struct
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from bench.load import by_bulk, by_post, by_size
from bench.people import person
from bench.postgres import Postgres, fresh_database
from bench.processes import command, free_port, serving
from bench.session import Session
from bench.target import Load, Service, Traits
from vestibule.store import schema
from vestibule.store.lines import KINDS

MEMBER_BATCH = 10_000
AT = 1_795_507_200_000_000
"""When the people of an import were made: an instant in microseconds."""
ASKED_FOR = frozenset({"token", "exchange"})
"""What an export has only when it is asked for."""
UNLIMITED = {"VESTIBULE_SCIM_RATE": "1000000"}
"""Requests are counted as ever, and none is too many: it is the server that is measured, not its limit."""
VESTIBULE = str(Path(sys.executable).with_name("vestibule"))
"""The program."""


@dataclass(frozen=True, slots=True)
class OnSqlite:
    """Vestibule on its embedded database. `way` names one of `WAYS`, `program` begins the command of its server."""

    way: str | None = None
    program: tuple[str, ...] = (VESTIBULE,)

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
        async with _served(scratch, f"sqlite:///{path}", self.way, (), _commits(path), self.program) as service:
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
    version = command([VESTIBULE, "--version"], cwd=Path.cwd(), what="vestibule").split()[-1]
    return Traits(name, "ours", version, store, "`vestibule serve`, one process", cursors=True)


def by_import(administer: Callable[..., dict[str, Any]], scratch: Path, connection: dict[str, Any]) -> Load:
    """The load that writes people as an export of a connection and has `vestibule connection import` read it."""

    async def load(_session: Session, count: int, _budget: float) -> list[str]:
        ids = [f"usr_{number:026d}" for number in range(count)]
        file = scratch / "people.ndjson"
        await asyncio.to_thread(_write_export, file, connection["id"], ids)
        enterprise, place = connection["enterprise_id"], connection["id"]
        await asyncio.to_thread(
            administer, "connection", "import", str(file), "--enterprise", enterprise, "--as", place
        )
        file.unlink()
        return ids

    return load


def _write_export(file: Path, connection_id: str, ids: list[str]) -> None:
    made = {"origin": "scim", "version": 1, "created_at": AT, "updated_at": AT, "protected": False}
    header: dict[str, Any] = {
        "kind": "header", "format": 1, "schema_version": schema.latest(), "export": f"exp_{len(ids):026d}",
        "exported_at": AT, "connection": {"id": connection_id, "idp": "entra", "created_at": AT},
        "counts": {kind.name: len(ids) if kind.name == "user" else 0 for kind in KINDS if kind.name not in ASKED_FOR},
    }  # fmt: skip
    with file.open("wb") as out:
        out.write(orjson.dumps(header) + b"\n" + orjson.dumps({"kind": "settings", "settings": {}}) + b"\n")
        for number, user_id in enumerate(ids):
            line: dict[str, Any] = {"kind": "user", "id": user_id, "active": True, **made, "document": person(number)}
            out.write(orjson.dumps(line) + b"\n")


WAYS: dict[str | None, Load] = {"post": by_post, "bulk": by_bulk}
"""The ways of `--load` that go over HTTP; without one the size decides."""


@asynccontextmanager
async def _served(
    scratch: Path,
    database: str,
    way: str | None,
    beside: tuple[int, ...],
    commits: Callable[[], int] | None,
    program: tuple[str, ...] = (VESTIBULE,),
) -> AsyncGenerator[Service]:
    def administer(*arguments: str) -> dict[str, Any]:
        said = command([VESTIBULE, *arguments, "--database", database, "--json"], cwd=scratch, what=" ".join(arguments))
        return orjson.loads(said)

    def load(way: str | None) -> Load:
        return by_import(administer, scratch, connection) if way == "import" else WAYS.get(way, by_size)

    port = free_port()
    arguments = [*program, "serve", "--port", str(port), "--database", database]
    enterprise = administer("enterprise", "create", "Bench")
    connection = administer("connection", "create", enterprise["id"], "--idp", "entra")
    token = administer("token", "create", connection["id"], "--all-scopes")
    with serving(arguments, port, cwd=scratch, env=UNLIMITED) as pid:
        yield Service(
            base_url=f"http://127.0.0.1:{port}/scim/v2/connections/{connection['id']}",
            headers={"Authorization": f"Bearer {token['token']}"},
            roots=(pid, *beside),
            load=load(way),
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
