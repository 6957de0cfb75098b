"""A server in processes of its own, so that it can be killed."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator

import httpx2

from tests.conftest import Vestibule, free_port


class Process:
    """`vestibule serve` over a database; it may be killed and started again under the same address."""

    def __init__(self, database: str, workers: int = 1) -> None:
        self.database, self.workers, self.port = database, workers, free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.vestibule = Vestibule(self.base_url, database)
        self.start()

    def start(self) -> None:
        """Return when it is ready."""
        arguments = ["--port", str(self.port), "--workers", str(self.workers), "--database", self.database]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "vestibule", "serve", *arguments], stderr=subprocess.DEVNULL, start_new_session=True
        )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if httpx2.get(f"{self.base_url}/readyz", trust_env=False).status_code == 200:
                    return
            except httpx2.TransportError:
                time.sleep(0.05)
        raise AssertionError("the server did not start")

    def kill(self) -> None:
        """All of its processes at once, without a word."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextlib.contextmanager
def serving(database: str, workers: int = 1) -> Generator[Process]:
    """A server for as long as the `with` lasts."""
    made = Process(database, workers)
    try:
        yield made
    finally:
        made.kill()
