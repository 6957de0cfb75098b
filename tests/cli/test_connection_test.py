"""`vestibule test scim` as an operator uses it: what is printed, the exit codes, where the token comes from."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner, Result

from tests.conftest import USER_SCOPES, Tenant, free_port
from tests.probe.foreign import Foreign
from vestibule.cli import main, matrix
from vestibule.probe import probe


def run(tenant: Tenant | None, *arguments: str, stdin: str | None = None) -> Result:
    database = ["--database", tenant.vestibule.database] if tenant else []
    return CliRunner().invoke(main, [*database, "test", "scim", *arguments], input=stdin)


def url_of(tenant: Tenant) -> str:
    return tenant.vestibule.scim_url(tenant.connection_id)


@pytest.mark.parametrize("mode", ["--canary", "--dry"])
def test_the_origin_story_is_told_in_80_columns_with_the_command_that_mends_it(tenant: Tenant, mode: str) -> None:
    token, text = tenant.vestibule.token(tenant.connection_id, USER_SCOPES)
    done = run(tenant, url_of(tenant), "--token", text, mode)
    assert done.exit_code == 1
    assert "Entra's own Test Connection is green here" in done.stdout
    assert "✗ get:groups lacked" in done.stdout
    assert max(len(line) for line in done.stdout.splitlines() if " " in line.strip()) <= 80
    command = done.stdout.partition("vestibule token grant")[2].partition("To do")[0].replace("\\\n", " ").split()
    assert command[0] == token.id
    assert command[1:] == [
        "--scope",
        "get:groups",
        "--scope",
        "post:groups",
        "--scope",
        "patch:groups",
        "--scope",
        "delete:groups",
    ]
    assert text not in done.output
    granted = CliRunner().invoke(main, ["--database", tenant.vestibule.database, "token", "grant", *command])
    assert granted.exit_code == 0
    assert run(tenant, url_of(tenant), "--token", text, mode).exit_code == 0


def test_the_token_comes_from_a_file_or_from_standard_input(tenant: Tenant, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(tenant.text + "\n")
    for arguments, stdin in (("--token-file", str(file)), None), (("--token-file", "-"), tenant.text + "\n"):
        done = run(tenant, url_of(tenant), *arguments, "--json", stdin=stdin)
        assert done.exit_code == 0, done.output
        document: Any = json.loads(done.stdout)
        assert (document["proven"], document["mode"], document["server"]) == (True, "canary", "vestibule")
        assert document["token_id"] == tenant.token.id


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "Give the token"),
        (["--token", "t", "--token-file", "-"], "Give the token"),
        (["--token", ""], "Copy it again"),
        (["--token", "t", "--token-file", "/nowhere"], "does not exist"),
    ],
)
def test_a_token_that_is_missing_or_given_twice_is_a_usage_error(arguments: list[str], told: str) -> None:
    done = run(None, "https://app.example/scim/v2", *arguments)
    assert (done.exit_code, told in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize("url", ["app.example", "http://[::1/x", "ftp://app.example/"])
def test_what_is_no_address_is_a_usage_error(url: str) -> None:
    done = run(None, url, "--token", "t")
    assert (done.exit_code, "no address" in done.stderr) == (2, True), done.stderr


def test_nobody_at_the_address_is_exit_3() -> None:
    done = run(None, f"http://127.0.0.1:{free_port()}/scim/v2", "--token", "t")
    assert (done.exit_code, done.stdout) == (3, "")
    assert "Nobody answers" in done.stderr


def test_a_dry_run_at_a_server_elsewhere_makes_no_database(tmp_path: Path, tenant: Tenant) -> None:
    missing = tmp_path / "none.db"
    done = CliRunner().invoke(
        main, ["--database", f"sqlite:///{missing}", "test", "scim", url_of(tenant), "--token", tenant.text, "--dry"]
    )
    assert done.exit_code == 0, done.output
    assert "Writing is not proven" in done.stdout
    assert not missing.exists()


def test_each_request_is_shown_when_asked_for(tenant: Tenant) -> None:
    done = run(tenant, url_of(tenant), "--token", tenant.text, "--verbose", "--json")
    assert "PATCH /Groups/grp_" in done.stderr
    assert json.loads(done.stdout)["proven"]


@pytest.mark.parametrize("url", ["https://app.example/scim/v2", "https://h/scim/v2/connections/con_none"])
def test_listening_is_for_connections_of_this_database(tenant: Tenant, url: str) -> None:
    done = run(tenant, url, "--listen")
    assert (done.exit_code, "no connection of this database" in done.stderr) == (2, True)


def test_listening_in_vain_is_a_finding(tenant: Tenant) -> None:
    done = run(tenant, url_of(tenant), "--listen", "--wait", "0.3")
    assert done.exit_code == 1
    assert "Press Test Connection" in done.stderr
    assert "No request came" in done.stdout
    as_json = run(tenant, url_of(tenant), "--listen", "--wait", "0.3", "--json")
    assert json.loads(as_json.stdout)["trouble"]["code"] == "no_test_seen"


def test_what_a_server_says_cannot_drive_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    server = Foreign()
    refusal = {"detail": "no\x1b[2J\x07 \x9b31m [bold]groups[/bold]"}
    server.before = lambda request: httpx2.Response(400, json=refusal) if "/Groups" in str(request.url) else None
    matrix.show(asyncio.run(probe("https://app.example/scim/v2", "t", transport=server.transport())))
    printed = capsys.readouterr().out
    assert "[bold]groups[/bold]" in printed
    assert not {"\x1b", "\x07", "\x9b"} & set(printed)
