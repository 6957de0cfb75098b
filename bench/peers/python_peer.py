"""Peers from PyPI: they are in the benchmark's own environment, from the hashed lock, and run under gunicorn."""

import importlib.metadata
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from bench.load import by_post
from bench.processes import Unavailable, free_port, serving
from bench.target import Service

ROOT = str(Path(__file__).parents[2])
HEADERS = {"Authorization": "Bearer bench"}


def version(package: str) -> str:
    """The installed version. Raises Unavailable when there is none."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError as error:
        raise Unavailable(f"{package} is not installed in this environment") from error


@contextmanager
def gunicorn(application: str, threads: int, base_path: str, scratch: Path, env: dict[str, str]) -> Generator[Service]:
    """A WSGI application served by one process with so many threads. Raises Unavailable."""
    port = free_port()
    arguments = [
        sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}", "--workers", "1",
        "--worker-class", "gthread", "--threads", str(threads), "--keep-alive", "60", "--timeout", "600",
        "--log-level", "warning",
    ]  # fmt: skip
    with serving(arguments, port, cwd=scratch, env={"PYTHONPATH": ROOT, **env}) as pid:
        yield Service(f"http://127.0.0.1:{port}{base_path}", HEADERS, (pid,), by_post)
