"""Ory Polis (npm: @boxyhq/saml-jackson): a key-value table and an index table over TypeORM, one row a membership."""

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

import orjson

from bench.load import by_post
from bench.peers.node_peer import installed, sqlite_driver, version
from bench.postgres import Postgres, fresh_database
from bench.processes import free_port, serving
from bench.target import Service, Traits

_PACKAGE = "@boxyhq/saml-jackson"


@dataclass(frozen=True, slots=True)
class Polis:
    """Its library behind Express, on PostgreSQL when there is one, else on SQLite. It never shows members."""

    postgres: Postgres | None

    @property
    def name(self) -> str:
        """See Target."""
        return "Ory Polis"

    @property
    def traits(self) -> Traits:
        """See Target."""
        installed()
        if self.postgres is None:
            sqlite_driver()
        store = f"PostgreSQL {self.postgres.version}" if self.postgres else "SQLite, as TypeORM opens it"
        return Traits(
            self.name,
            "durable",
            version(_PACKAGE),
            store,
            f"its library behind Express {version('express')}, one node process",
            takes_members_on_post=False,
            shows_members=False,
        )

    @asynccontextmanager
    async def start(self, scratch: Path) -> AsyncGenerator[Service]:
        """See Target."""
        if self.postgres is None:
            with _served(scratch, "sqlite", str(scratch / "polis.db"), ()) as service:
                yield service
            return
        beside = () if self.postgres.postmaster is None else (self.postgres.postmaster,)
        async with fresh_database(self.postgres, "polis_bench") as url:
            with _served(scratch, "postgres", _with_host(url), beside) as service:
                yield service


def _with_host(url: str) -> str:
    """A URL without a host, whose socket is in the query, is none to JavaScript; the query still decides."""
    parts = urlsplit(url)
    if parts.hostname:
        return url
    user = f"{parts.username}@" if parts.username else ""
    return urlunsplit((parts.scheme, f"{user}localhost", parts.path, parts.query, ""))


@contextmanager
def _served(
    scratch: Path, kind: Literal["sqlite", "postgres"], url: str, beside: tuple[int, ...]
) -> Generator[Service]:
    port, told = free_port(), scratch / "directory.json"
    script = installed() / "polis.mjs"
    with serving(["node", str(script), str(port), kind, url, str(told)], port, cwd=scratch) as pid:
        directory = orjson.loads(told.read_bytes())
        headers = {"Authorization": f"Bearer {directory['secret']}"}
        yield Service(f"http://127.0.0.1:{port}{directory['path']}", headers, (pid, *beside), by_post, member_batch=100)
