"""The client secret is kept once; from then on the server itself reads who is expected, and the roll call tells."""

import base64
import json
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner

from tests.conftest import Vestibule, running
from tests.databases import ENGINES, edit, url_in
from tests.rollcall.graph_server import SECRET, Graph, serving, user
from vestibule.cli import main
from vestibule.server.rereading import Rereader

ID = "00000000-0000-4000-8000-000000000001"
KEY = b"k" * 32


@pytest.fixture
def graph() -> Generator[Graph]:
    made = Graph(groups={ID: ("All", [user(1), user(2)])})
    with serving(made):
        yield made


@pytest.fixture(params=ENGINES)
def server(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Vestibule]:
    """A whole server that looks for what is due ten times a second."""
    run = Rereader.run
    monkeypatch.setattr(Rereader, "run", lambda self: run(self, 0.1))
    url = url_in(tmp_path / "db", request.param)
    with (
        structlog.testing.capture_logs() as logged,
        running(url, secret_keys=(KEY,), allow_networks=("127.0.0.1/32",)) as made,
    ):
        yield made
    assert {each["event"] for each in logged} >= {"a group could not be read from Microsoft Graph"}
    assert SECRET not in str(logged)


def cli(server: Vestibule, *arguments: str, code: int = 0) -> Any:
    environment = {
        "VESTIBULE_DATABASE_URL": server.database, "VESTIBULE_BASE_URL": server.base_url,
        "VESTIBULE_ALLOW_NETWORKS": "127.0.0.1/32", "VESTIBULE_SECRET_KEYS": base64.b64encode(KEY).decode(),
    }  # fmt: skip
    done = CliRunner().invoke(main, [*arguments, "--json"], env=environment)
    assert done.exit_code == code, done.output
    assert SECRET not in done.output
    return json.loads(done.stdout)


def reading(server: Vestibule, connection_id: str, until: Callable[[Any], bool]) -> Any:
    """The group is due; its roll once it is as a test waits for."""
    edit(server.database, "UPDATE graph_groups SET due_at = 0")
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        (roll,) = cli(server, "rollcall", connection_id, code=1)["groups"]
        if until(roll):
            return roll
        time.sleep(0.1)
    raise AssertionError("the server did not read")


def test_the_server_reads_the_group_by_itself_and_tells_when_it_can_no_longer(
    server: Vestibule, graph: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection_id, secret = server.connection().id, tmp_path / "secret"
    secret.write_text(SECRET)
    clouds = ("--graph-url", f"{graph.url}/v1.0", "--login-url", graph.url)
    source = ("--graph", "acme.example", "--client-id", "app", "--client-secret-file", str(secret))
    cli(server, "rollcall", "expect", connection_id, "--group", "All", *source, *clouds, "--keep")
    graph.groups[ID] = ("Renamed", [user(1), user(2), user(3)])
    roll = reading(server, connection_id, lambda roll: roll["expected"] == 3)
    assert (roll["name"], roll["reading"]["fault"], roll["expectation"]["source"]) == ("All", None, "graph")
    with monkeypatch.context() as patched:
        expired = {"error": "invalid_client", "error_description": "AADSTS7000222: The client secret is expired."}
        patched.setattr(graph, "token", lambda form: (401, {}, expired))
        roll = reading(server, connection_id, lambda roll: roll["reading"]["fault"] is not None)
    assert (roll["expected"], "AADSTS7000222" in roll["reading"]["fault"]["sentence"]) == (3, True)
    found = cli(server, "doctor", connection_id, code=1)["findings"]
    assert "expected_list_stale" in {each["code"] for each in found}
    graph.groups[ID] = ("Renamed", [user(4)])
    assert reading(server, connection_id, lambda roll: roll["reading"]["fault"] is None)["expected"] == 1
    assert cli(server, "rollcall", "forget", connection_id, "--group", "All")["secret"] is True
