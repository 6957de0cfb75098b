"""A store by the URL of its database."""

from typing import Any

from vestibule.store.relational import RelationalStore
from vestibule.store.urls import InvalidUrl, no_driver, path_of

__all__ = ["InvalidUrl", "open_store"]


def open_store(url: str, *, upgrade: bool = False, pool_size: int | None = None) -> RelationalStore:
    """The store of `sqlite:///PATH` (`sqlite:////abs/path` for an absolute one) or `postgresql://…`.

    A database of an earlier version is refused, unless it is to be upgraded. Raises InvalidUrl, Unreachable,
    SchemaMismatch; of PostgreSQL only `Store.ready` tells.
    """
    path = path_of(url)
    if path is None:
        return _postgres(url, {"upgrade": upgrade} | ({} if pool_size is None else {"pool_size": pool_size}))
    from vestibule.store.sqlite import SqliteStore

    return SqliteStore.open(path, upgrade=upgrade)


def _postgres(url: str, options: dict[str, Any]) -> RelationalStore:
    try:
        from vestibule.store.postgres import PostgresStore
    except ImportError as error:
        raise no_driver() from error
    return PostgresStore.open(url, **options)
