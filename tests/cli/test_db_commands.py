"""`vestibule db …`: the database as a whole, from a terminal."""

import json
import sqlite3
import stat
from contextlib import closing
from typing import Any

import pytest

from tests.cli.shell import Shell
from tests.databases import ENGINES, url_in
from tests.store.released.load import RELEASED, load_released
from vestibule.store import schema


def edit(shell: Shell, statement: str) -> None:
    with closing(sqlite3.connect(shell.folder / "cli.db")) as db, db:
        db.execute(statement)


def test_a_database_of_an_earlier_version_says_what_to_do_and_is_upgraded(shell: Shell) -> None:
    """The words of the refusal are the commands that mend it."""
    version = RELEASED[0]
    load_released(f"sqlite:///{shell.folder}/cli.db", version)
    refused = shell.run("enterprise", "list")
    assert refused.exit_code == 3
    assert "run `vestibule db upgrade` (after a `vestibule db backup`)" in refused.stderr
    status = shell.run("db", "status", "--json")
    assert json.loads(status.stdout)["schema_version"] == version
    assert "vestibule db upgrade" in status.stderr
    assert shell.json("db", "backup", str(shell.folder / "before"))["schema_version"] == version
    assert shell.text("db", "upgrade") == f"Upgraded from schema version {version} to {schema.latest()}.\n"
    assert shell.json("db", "upgrade") == {"before": schema.latest(), "after": schema.latest(), "upgraded": False}
    assert "already" in shell.text("db", "upgrade")
    assert [each["name"] for each in shell.json("enterprise", "list")["enterprises"]] == ["Contoso"]


@pytest.mark.parametrize("engine", ENGINES)
def test_status_tells_what_is_in_it(shell: Shell, engine: str) -> None:
    database = ("--database", url_in(shell.folder / "db", engine))
    shell.json("connection", "create", shell.json("enterprise", "create", "Acme", *database)["id"], *database)
    told = shell.json("db", "status", *database)
    assert (told["engine"], told["schema_version"]) == (engine, schema.latest())
    assert told["counts"] == {"enterprises": 1, "connections": 1, "users": 0, "groups": 0, "members": 0}
    assert told["size"] > 0
    assert (told["sessions"] is None) is (engine == "sqlite")
    text = shell.text("db", "status", *database)
    assert f"schema version {schema.latest()}" in text
    assert "1 connections, 0 users" in text


def test_status_makes_no_database(shell: Shell) -> None:
    for command in ("status", "verify"):
        done = shell.run("db", command)
        assert (done.exit_code, done.stdout) == (3, "")
        assert "There is no database" in done.stderr
    assert list(shell.folder.iterdir()) == []


@pytest.mark.parametrize("engine", ENGINES)
def test_a_backup_is_restored_into_an_empty_database_only(shell: Shell, con: str, engine: str) -> None:
    token = shell.json("token", "create", con, "--all-scopes")
    file, there = shell.folder / "backup", url_in(shell.folder / "there", engine)
    done = shell.run("db", "backup", str(file), "--json")
    copied = json.loads(done.stdout)
    assert (copied["rows"]["users"], copied["rows"]["members"], copied["file"]) == (3, 3, str(file))
    assert "hashes of tokens" in done.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert shell.json("db", "restore", str(file), "--database", there)["rows"] == copied["rows"]
    assert [each["id"] for each in shell.json("token", "list", con, "--database", there)["tokens"]] == [token["id"]]
    again = shell.run("db", "restore", str(file), "--database", there)
    assert (again.exit_code, again.stdout) == (2, "")
    assert "not empty" in again.stderr
    assert shell.run("db", "verify", "--database", there).exit_code == 0


def test_the_help_says_that_a_backup_holds_secrets(shell: Shell) -> None:
    assert "keep it as safe as the database" in " ".join(shell.text("db", "backup", "--help").split())


def test_verify_leaves_with_1_while_something_is_wrong(shell: Shell, con: str) -> None:
    assert shell.text("db", "verify") == "Checked 3 users, 3 members, 1 groups: no findings.\n"
    edit(shell, "UPDATE groups SET member_count = 5")
    edit(shell, "UPDATE users SET version = 0 WHERE user_name = 'user1@example.com'")
    done = shell.run("db", "verify")
    assert done.exit_code == 1
    assert "2 findings." in done.stdout
    assert f"{con} grp_" in done.stdout
    assert "it counts 5 members, and has 3" in done.stdout
    mended = shell.run("db", "verify", "--repair", "--json")
    told: Any = json.loads(mended.stdout)
    assert (mended.exit_code, told["left"]) == (1, 1)
    assert {kind: (each["count"], each["repaired"]) for kind, each in told["findings"].items()} == {
        "version": (1, 0), "member_count": (1, 1),
    }  # fmt: skip
    edit(shell, "UPDATE users SET version = 1 WHERE version = 0")
    assert shell.json("db", "verify") == {"checked": told["checked"], "findings": {}, "left": 0}


def test_verify_lists_so_many_of_a_kind(shell: Shell, con: str) -> None:
    edit(shell, "UPDATE users SET version = 0")
    text = shell.run("db", "verify", "--limit", "2").stdout
    assert text.count(f"\n  {con} usr_") == 2
    assert "… and 1 more" in text


def test_one_machine_is_not_distributed(shell: Shell, con: str) -> None:
    assert "one file on one machine" in shell.refusal("db", "distribute")
    assert con in shell.text("connection", "list")


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["restore", "nowhere"], 2, "does not exist"),
        (["backup", "/nowhere/at/all"], 2, "cannot be written"),
        (["upgrade", "--database", "mysql://h"], 2, "sqlite:///PATH"),
        (["backup", "x", "--database", "mysql://h"], 2, "sqlite:///PATH"),
        (["status", "--database", "postgresql://me:secret-word@127.0.0.1:9/none"], 3, "cannot be opened"),
        (["distribute", "--database", "postgresql://me:secret-word@127.0.0.1:9/none"], 3, "cannot be opened"),
        (["upgrade", "--database", "postgresql://me:secret-word@127.0.0.1:9/none"], 3, "cannot be opened"),
    ],
)
def test_bad_input_is_told_and_leaves_with_its_code(
    shell: Shell, con: str, arguments: list[str], code: int, told: str
) -> None:
    assert con
    done = shell.run("db", *arguments)
    assert (done.exit_code, done.stdout) == (code, ""), done.output
    assert told in done.stderr
    assert "secret-word" not in done.output
