"""A database of an earlier schema version, brought up to the present one: each step whole, or all as it was."""

from dataclasses import dataclass
from pathlib import Path

from vestibule.store import schema
from vestibule.store.answers import Unreachable
from vestibule.store.sqlite_file import open_file
from vestibule.store.urls import no_driver, path_of
from vestibule.store.whole import read_only


@dataclass(frozen=True, slots=True)
class Upgraded:
    """The schema versions before and after; there is none before where there was no database."""

    before: int | None
    after: int


async def upgrade(url: str, migrations: Path = schema.MIGRATIONS) -> Upgraded:
    """Upgrade a database, or make it where there is none. Raises InvalidUrl, Unreachable, SchemaMismatch."""
    path = path_of(url)
    before = await _version_of_postgres(url) if path is None else _version_of_file(path)
    try:
        if path is None:
            await _upgrade_postgres(url, migrations)
        else:
            open_file(path, upgrade=True, migrations=migrations).close()
    except Unreachable as error:
        if before is None:
            raise
        raise Unreachable(f"The upgrade from schema version {before} failed; nothing was changed. {error}") from error
    return Upgraded(before, schema.latest(migrations))


def _version_of_file(path: str) -> int | None:
    if not Path(path).is_file() or not Path(path).stat().st_size:
        return None
    with read_only(path) as (_, version):
        return version


async def _version_of_postgres(url: str) -> int | None:
    try:
        from vestibule.store.postgres_database import PostgresDatabase, connected, version_of
    except ImportError as error:
        raise no_driver() from error
    async with connected(PostgresDatabase(url)) as link:
        return await version_of(link)


async def _upgrade_postgres(url: str, migrations: Path) -> None:
    from vestibule.store.postgres_database import PostgresDatabase

    database = PostgresDatabase(url, upgrade=True, migrations=migrations)
    try:
        await database.pool()
    finally:
        await database.close()
