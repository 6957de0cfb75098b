"""scim2-server (PyPI): a SCIM core with storage in memory."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.peers.python_peer import gunicorn, version
from bench.target import Service, Traits

THREADS = 8


class Scim2Server:
    """Its WSGI application; the command of its own serves HTTP/1.0, one connection a request."""

    name = "scim2-server"

    @property
    def traits(self) -> Traits:
        """See Target."""
        return Traits(
            self.name,
            "memory",
            version("scim2-server"),
            "memory",
            f"its WSGI application, gunicorn gthread 1 x {THREADS}",
        )

    @asynccontextmanager
    async def start(self, scratch: Path) -> AsyncGenerator[Service]:
        """See Target."""
        with gunicorn("bench.peers.apps.scim2_wsgi:application", THREADS, "/v2", scratch, {}) as service:
            yield service
