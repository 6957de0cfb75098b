"""URLs of databases: which kinds there are, and how one is shown."""

from vestibule.store.answers import StoreError

SQLITE = "sqlite:///"
POSTGRES = ("postgresql://", "postgres://")


class InvalidUrl(StoreError):
    """A database URL that names no database; the message says how one looks."""


def path_of(url: str) -> str | None:
    """The path of an SQLite database's file; None for a database of PostgreSQL's. Raises InvalidUrl."""
    if url.startswith(SQLITE) and len(url) > len(SQLITE):
        return url.removeprefix(SQLITE)
    if url.startswith(POSTGRES):
        return None
    raise InvalidUrl(
        f"The database {without_password(url)!r} is not understood: write sqlite:///PATH, for example "
        "sqlite:///vestibule.db, or postgresql://user:password@host/name (--database or VESTIBULE_DATABASE_URL)."
    )


def no_driver() -> InvalidUrl:
    """What is told where PostgreSQL's driver is missing."""
    return InvalidUrl("The driver of PostgreSQL is not installed: pip install 'vestibule[postgres]'.")


def without_password(url: str) -> str:
    """A URL as it may be shown."""
    head, at, tail = url.rpartition("@")
    scheme, divider, user = head.partition("://")
    return f"{scheme}{divider}{user.partition(':')[0]}@{tail}" if at else url
