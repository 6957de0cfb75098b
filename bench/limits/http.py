"""The empty HTTP server under the same load: the limit of the HTTP stack, or of the load generator itself."""
# A check or a call need not look at all that it is given.
# ruff: noqa: ARG002

import sys
from pathlib import Path

from bench.calls import Answer, Call
from bench.figures import Figure
from bench.load import by_post
from bench.loader import measure
from bench.ops import Op
from bench.people import create_person
from bench.processes import free_port, serving
from bench.target import Service
from bench.world import World


class EmptyGet(Op):
    """A GET that is answered with nothing."""

    name = "empty_get"

    def call(self, worker: int, number: int) -> Call:
        return Call("GET", "/Users/usr_01")

    def wrong(self, call: Call, answer: Answer) -> str:
        return ""


class EmptyPost(EmptyGet):
    """A POST of a user that is read and answered with nothing."""

    name = "empty_post"

    def call(self, worker: int, number: int) -> Call:
        return create_person(number)


async def empty_http(scratch: Path, connections: list[int], seconds: float) -> list[Figure]:
    """Both, at each number of connections. uvicorn with uvloop and httptools, raw ASGI, one process."""
    port = free_port()
    arguments = [
        sys.executable, "-m", "uvicorn", "bench.empty:app", "--port", str(port), "--loop", "uvloop",
        "--http", "httptools", "--no-access-log", "--log-level", "error", "--lifespan", "off",
    ]  # fmt: skip
    root = str(Path(__file__).parents[2])
    with serving(arguments, port, cwd=scratch, env={"PYTHONPATH": root}) as pid:
        service = Service(f"http://127.0.0.1:{port}", {"Authorization": "Bearer x"}, (pid,), by_post)
        world = World(["usr_01"])
        return [
            await measure(op, service, count, seconds)
            for op in (EmptyGet(world), EmptyPost(world))
            for count in connections
        ]
