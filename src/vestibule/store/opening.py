"""A store by the URL of its database."""

from typing import Any

from vestibule.store import Store
from vestibule.store.answers import StoreError
from vestibule.store.urls import POSTGRES, SQLITE, without_password


class InvalidUrl(StoreError):
    """A database URL that names no database; the message says how one looks."""


def open_store(url: str, *, upgrade: bool = False, pool_size: int | None = None) -> Store:
    """The store of `sqlite:///PATH` (`sqlite:////abs/path` for an absolute one) or `postgresql://…`.

    A database of an earlier version is refused, unless it is to be upgraded. Raises InvalidUrl, Unreachable,
    SchemaMismatch; of PostgreSQL only `Store.ready` tells.
    """
    if url.startswith(SQLITE) and len(url) > len(SQLITE):
        from vestibule.store.sqlite import SqliteStore

        return SqliteStore.open(url.removeprefix(SQLITE), upgrade=upgrade)
    if url.startswith(POSTGRES):
        return _postgres(url, {"upgrade": upgrade} | ({} if pool_size is None else {"pool_size": pool_size}))
    raise InvalidUrl(
        f"The database {without_password(url)!r} is not understood: write sqlite:///PATH, for example "
        "sqlite:///vestibule.db, or postgresql://user:password@host/name (--database or VESTIBULE_DATABASE_URL)."
    )


def _postgres(url: str, options: dict[str, Any]) -> Store:
    try:
        from vestibule.store.postgres import PostgresStore
    except ImportError as error:
        raise InvalidUrl("The driver of PostgreSQL is not installed: pip install 'vestibule[postgres]'.") from error
    return PostgresStore.open(url, **options)
