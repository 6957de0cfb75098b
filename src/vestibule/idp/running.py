"""The provider as a process."""

import socket

import uvicorn
from starlette.types import ASGIApp


class PortInUse(Exception):
    """The address cannot be opened."""


def serve(app: ASGIApp, host: str, port: int) -> None:
    """Serve until a signal comes. Raises PortInUse."""
    try:
        listening = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise PortInUse(str(error)) from error
    config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False, ws="none", lifespan="off")
    with listening:
        uvicorn.Server(config).run([listening])
