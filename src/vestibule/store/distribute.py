"""Spread a database over the nodes of Citus, if it is one that can be."""

from dataclasses import dataclass

from vestibule.store.answers import Declined
from vestibule.store.urls import no_driver, path_of


@dataclass(frozen=True, slots=True)
class Distributed:
    """The tables that were spread over the nodes, and those that were copied to each; none that were so already."""

    distributed: tuple[str, ...]
    reference: tuple[str, ...]


async def distribute(url: str, shards: int | None = None) -> Distributed:
    """All tables or none; `shards` is how many pieces each is cut into, Citus' default if it is not said.

    Raises Declined where there are no nodes, InvalidUrl, Unreachable, SchemaMismatch.
    """
    if path_of(url) is not None:
        raise Declined(
            "SQLite is one file on one machine, and cannot be spread over nodes. `vestibule db backup` and `restore` "
            "move it to a PostgreSQL database with Citus."
        )
    try:
        from vestibule.store import citus
    except ImportError as error:
        raise no_driver() from error
    return Distributed(*await citus.distribute(url, shards))
