"""URLs of databases: which kinds there are, and how one is shown."""

SQLITE = "sqlite:///"
POSTGRES = ("postgresql://", "postgres://")


def without_password(url: str) -> str:
    """A URL as it may be shown."""
    head, at, tail = url.rpartition("@")
    scheme, divider, user = head.partition("://")
    return f"{scheme}{divider}{user.partition(':')[0]}@{tail}" if at else url
