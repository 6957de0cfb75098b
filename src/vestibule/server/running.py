"""The service as processes: one, or several that share a port and a database."""

import gc
import socket
from functools import partial
from typing import Any, Final

import uvicorn
from uvicorn.supervisors import Multiprocess

from vestibule.server import logging
from vestibule.server.app import Service, served
from vestibule.settings import Settings

GARBAGE: Final = 20_000
"""After so many more objects than were freed the collector looks for circles."""


class PortInUse(Exception):
    """The address cannot be opened."""


def serve(settings: Settings, host: str, port: int, workers: int = 1) -> None:
    """Serve until a signal comes. Raises PortInUse."""
    config = uvicorn.Config(
        partial(_application, settings), host=host, port=port, factory=True, workers=workers, log_level="warning",
        access_log=False, server_header=False, lifespan="on", timeout_graceful_shutdown=30,
    )  # fmt: skip
    listening = _listen(host, port)
    with listening:
        if workers == 1:
            uvicorn.Server(config).run([listening])
        else:
            # The database is shared by what it is: each process opens it for itself.
            Multiprocess(config, [listening]).run()


def _listen(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = _address(host, port)
    listening = socket.socket(family, kind, protocol)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(address)
    except OSError as error:
        listening.close()
        raise PortInUse(str(error)) from error
    listening.set_inheritable(True)
    return listening


def _address(host: str, port: int) -> Any:
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except OSError as error:
        raise PortInUse(str(error)) from error


def _application(settings: Settings) -> Service:
    logging.configure()
    service = served(settings)
    # What is loaded by now stays; and what a request makes is freed without a collector, which need not look so often.
    gc.freeze()
    gc.set_threshold(GARBAGE)
    return service
