"""The demo's servers, each in a process of its own, as anybody would start them."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import Final

import httpx2

from vestibule.cli.session import UNREACHABLE, fail

LOG_DELAY: Final = 0.25
"""So many seconds after an answer the server has written what its log has of it, and some."""


def await_log() -> None:
    """Let the server's log come to what was answered before."""
    time.sleep(LOG_DELAY)


@contextlib.contextmanager
def serving(name: str, arguments: list[str], ready: str, log: Path) -> Generator[None]:
    """Run `vestibule ARGUMENTS` until the block ends, beginning it when the URL `ready` answers 200.

    What the process says goes to a file; `name` is what it is called when it does not start.
    """
    with log.open("wb") as said:
        process = subprocess.Popen([sys.executable, "-m", "vestibule", *arguments], stderr=said)  # noqa: S603 -- our own interpreter
    try:
        _until_ready(process, name, ready, log)
        yield
    finally:
        process.terminate()
        process.wait(10)


def _until_ready(process: subprocess.Popen[bytes], name: str, ready: str, log: Path) -> None:
    with httpx2.Client(trust_env=False, timeout=1) as client:
        for _ in range(400):
            if process.poll() is not None:
                fail(f"{name} did not start: {log.read_text().strip()}", UNREACHABLE)
            with contextlib.suppress(httpx2.TransportError):
                if client.get(ready).status_code == 200:
                    return
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.05)
    fail(f"{name} does not answer at {ready.rpartition('/')[0]}.", UNREACHABLE)
