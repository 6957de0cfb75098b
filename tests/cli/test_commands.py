"""The command line: documents on standard output, words on standard error, exit codes that mean something."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from vestibule.cli import main
from vestibule.entra.company import company
from vestibule.entra.tenant import write_json


class Shell:
    def __init__(self, folder: Path) -> None:
        self.environment = {
            "VESTIBULE_DATABASE_URL": f"sqlite:///{folder}/cli.db",
            "VESTIBULE_BASE_URL": "https://vestibule.example",
        }

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(main, list(arguments), env=self.environment)

    def json(self, *arguments: str) -> Any:
        done = self.run(*arguments, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture
def connection_id(shell: Shell) -> str:
    return shell.json("connection", "create", shell.json("enterprise", "create", "Acme")["id"])["id"]


def test_a_connection_tells_its_tenant_url(shell: Shell) -> None:
    enterprise = shell.json("enterprise", "create", "Acme")
    made = shell.json("connection", "create", enterprise["id"], "--idp", "okta")
    assert made["scim_base_url"] == f"https://vestibule.example/scim/v2/connections/{made['id']}"
    assert made["enterprise_id"] == enterprise["id"]
    assert shell.json("connection", "list", enterprise["id"])["connections"] == [made]
    assert shell.json("enterprise", "list")["enterprises"] == [enterprise]


def test_a_token_is_shown_once_and_never_listed(shell: Shell, connection_id: str) -> None:
    made = shell.json("token", "create", connection_id, "--all-scopes", "--expires-in-days", "30")
    listed = shell.run("token", "list", connection_id, "--json")
    assert made["token"].startswith("vst_scim_")
    assert made["token"] not in listed.output
    assert json.loads(listed.stdout)["tokens"][0]["state"] == "active"
    assert made["warning"] is None


def test_a_token_without_group_scopes_warns_in_plain_words(shell: Shell, connection_id: str) -> None:
    done = shell.run("token", "create", connection_id, "--scope", "get:users")
    assert "cannot" not in done.stdout
    assert "Warning: This token can sync users but not groups" in done.stderr


def test_two_tokens_are_active_at_most_and_rotation_has_no_gap(shell: Shell, connection_id: str) -> None:
    first = shell.json("token", "create", connection_id, "--all-scopes")
    second = shell.json("token", "rotate", first["id"])
    assert second["scopes"] == first["scopes"]
    third = shell.run("token", "create", connection_id, "--all-scopes")
    assert (third.exit_code, "Revoke" in third.stderr) == (2, True)
    assert shell.json("token", "revoke", first["id"])["state"] == "revoked"
    assert shell.run("token", "grant", first["id"], "--scope", "get:groups").exit_code == 2
    shell.json("token", "create", connection_id, "--all-scopes")


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["token", "create", "con_none", "--all-scopes"], 2, "no connection con_none"),
        (["token", "create", "{con}", "--scope", "get:gruops"], 2, "Unknown scope 'get:gruops'"),
        (["token", "create", "{con}"], 2, "at least one scope"),
        (["token", "grant", "tok_none", "--scope", "get:groups"], 2, "no token tok_none"),
        (["connection", "create", "ent_none"], 2, "no enterprise ent_none"),
        (["connection", "create", "ent_none", "--idp", "myspace"], 2, "myspace"),
        (["group", "create", "con_none", "g"], 2, "no connection con_none"),
        (["explain", "req_none"], 2, "No request req_none"),
        (["explain"], 2, "Give a request id"),
        (["log", "con_none"], 2, "no connection con_none"),
        (["rollcall", "{con}"], 2, "Say who is expected"),
        (["rollcall", "{con}", "--group", "grp"], 2, "NAME=NUMBER"),
        (["rollcall", "{con}", "--expected", "/nowhere.csv"], 2, "/nowhere.csv"),
        (["enterprise", "create", " "], 2, "needs a name"),
        (["enterprise", "list", "--database", "mysql://h"], 2, "sqlite:///PATH"),
        (
            ["enterprise", "list", "--database", "sqlite:////nowhere/at/all.db"],
            3,
            "There is no database /nowhere/at/all.db",
        ),
        (["enterprise", "create", "A", "--database", "sqlite:////nowhere/at/all.db"], 3, "cannot be opened"),
    ],
)
def test_bad_input_is_told_and_leaves_with_its_code(
    shell: Shell, connection_id: str, arguments: list[str], code: int, told: str
) -> None:
    done = shell.run(*(each.replace("{con}", connection_id) for each in arguments))
    assert done.exit_code == code, done.output
    assert told in done.stderr
    assert done.stdout == ""


def test_a_group_is_made_once(shell: Shell, connection_id: str) -> None:
    made = shell.json("group", "create", connection_id, "grp", "--member", "a@b", "--member", "A@B", "--member", "c@d")
    assert (made["members"], made["origin"]) == (2, "app")
    again = shell.run("group", "create", connection_id, "GRP")
    assert (again.exit_code, "displayName" in again.stderr) == (2, True)
    assert shell.json("group", "list", connection_id)["groups"] == [made]


def test_a_number_is_called_against_who_is_present(shell: Shell, connection_id: str) -> None:
    shell.json("group", "create", connection_id, "grp", "--member", "a@b")
    done = shell.run("rollcall", connection_id, "--group", "grp=3", "--json")
    (roll,) = json.loads(done.stdout)["groups"]
    assert done.exit_code == 1
    assert (roll["expected"], roll["present"], roll["missing"][0]["count"]) == (3, 1, 2)
    assert shell.run("rollcall", connection_id, "--group", "grp=1").exit_code == 0


def test_a_list_is_called_with_a_reason_for_each(shell: Shell, connection_id: str, tmp_path: Path) -> None:
    shell.json("group", "create", connection_id, "grp", "--member", "a@b", "--member", "extra@b")
    shell.json("group", "create", connection_id, "others", "--member", "known@b")
    expected = tmp_path / "expected.csv"
    expected.write_text("group,userName\ngrp,A@B\ngrp,known@b\ngrp,never@b\n")
    done = shell.run("rollcall", connection_id, "--expected", str(expected), "--json")
    (roll,) = json.loads(done.stdout)["groups"]
    assert {each["who"]: each["reason"] for each in roll["missing"]} == {
        "known@b": "not_added",
        "never@b": "never_provisioned",
    }
    assert [(each["who"], each["reason"]) for each in roll["extra"]] == [
        ("extra@b", "added by the app, not expected by the identity provider")
    ]
    table = shell.run("rollcall", connection_id, "--expected", str(expected))
    assert "not balanced" in table.stdout
    assert "never@b" in table.stdout


def test_a_malformed_source_is_told_with_its_line(shell: Shell, connection_id: str, tmp_path: Path) -> None:
    source = tmp_path / "source.json"
    source.write_text('{"users": [\n  {"id": "1",}\n]}')
    done = shell.run("rollcall", connection_id, "--expected", str(source))
    assert done.exit_code == 2
    assert "source.json" in done.stderr
    assert "line 2" in done.stderr


def test_a_target_that_nobody_serves_is_unreachable(shell: Shell, tmp_path: Path) -> None:
    source = tmp_path / "source.json"
    source.write_text(write_json(company(people=30)), encoding="utf-8")
    done = shell.run("rehearse", "--source", str(source), "--target", "http://127.0.0.1:9/scim/v2", "--token", "t")
    assert done.exit_code == 3
    assert "http://127.0.0.1:9/scim/v2" in done.stderr


def test_the_demo_ends_with_a_balanced_roll_call(shell: Shell) -> None:
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-m", "vestibule", "demo", "--exit"], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    before, _, after = done.stdout.partition("6. One command grants")
    row = "grp_all@example.com"
    counts = [line.split()[1:5] for line in done.stdout.splitlines() if line.startswith(row + " ")]
    assert counts == [["269", "21", "248", "0"], ["269", "269", "0", "0"]]
    assert "Initial sync paused" in before
    assert "Initial sync paused" not in after
    assert "248 missing, refused" in before
    assert "could not sign in: the e-mail claim holds the text `user.email` itself" in after


def test_a_state_file_of_another_program_is_refused_untouched(shell: Shell, connection_id: str, tmp_path: Path) -> None:
    source = tmp_path / "source.json"
    source.write_text(write_json(company(people=30)), encoding="utf-8")
    database = tmp_path / "cli.db"
    before = database.read_bytes()
    done = shell.run(
        "rehearse", "--source", str(source), "--target", "http://127.0.0.1:9/x", "--token", "t", "--state", str(database)
    )  # fmt: skip
    assert done.exit_code == 2, done.output
    assert "cli.db" in done.stderr
    assert database.read_bytes() == before
