"""SCIMMY (npm) behind its Express routers: a library without a store, here over a Map of ours."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.load import by_post
from bench.peers.node_peer import installed, version
from bench.peers.python_peer import HEADERS
from bench.processes import free_port, serving
from bench.target import Service, Traits


class Scimmy:
    """Its routers on Express 4; under Express 5 they do not see `startIndex` and `count`."""

    name = "scimmy-routers"

    @property
    def traits(self) -> Traits:
        """See Target."""
        installed()
        return Traits(
            self.name,
            "memory",
            f"{version('scimmy-routers')} (scimmy {version('scimmy')}, Express {version('express')})",
            "memory: a Map with indexes for userName, externalId and displayName (ours)",
            "one node process",
        )

    @asynccontextmanager
    async def start(self, scratch: Path) -> AsyncGenerator[Service]:
        """See Target."""
        port = free_port()
        script = installed() / "scimmy.mjs"
        with serving(["node", str(script), str(port)], port, cwd=scratch) as pid:
            yield Service(f"http://127.0.0.1:{port}/scim", HEADERS, (pid,), by_post)
