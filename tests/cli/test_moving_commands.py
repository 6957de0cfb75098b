"""`vestibule connection export` and `import`: a move, as an operator makes it."""

import json
import stat

import pytest
from click.testing import CliRunner

from tests.cli.shell import Shell
from tests.databases import ENGINES, url_in
from vestibule.cli import main


def other_enterprise(shell: Shell, *database: str) -> str:
    return shell.json("enterprise", "create", "Acme", *database)["id"]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_connection_moves_with_its_ids_and_tokens(shell: Shell, con: str, engine: str) -> None:
    token, file = shell.json("token", "create", con, "--all-scopes"), shell.folder / "moved.ndjson"
    told = shell.json("connection", "export", con, str(file), "--with-tokens")
    assert (told["counts"]["user"], told["counts"]["token"], told["connection_id"]) == (3, 1, con)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    there = ("--database", url_in(shell.folder / "there", engine))
    enterprise = other_enterprise(shell, *there)
    done = shell.json("connection", "import", str(file), "--enterprise", enterprise, *there)
    assert (done["connection_id"], done["counts"], done["lines_before"]) == (con, told["counts"], 1)
    assert shell.json("group", "list", con, *there) == shell.json("group", "list", con)
    assert shell.json("token", "list", con, *there)["tokens"][0]["id"] == token["id"]
    assert shell.run("db", "verify", *there).exit_code == 0
    again = shell.text("connection", "import", str(file), "--enterprise", enterprise, *there)
    assert "nothing was changed" in again


def test_a_copy_gets_another_id_and_no_token(shell: Shell, con: str) -> None:
    file = shell.folder / "moved.ndjson"
    shell.text("connection", "export", con, str(file))
    enterprise = other_enterprise(shell)
    told = shell.text("connection", "import", str(file), "--enterprise", enterprise, "--as", "con_copy")
    assert "Next: vestibule token create con_copy" in told
    assert shell.json("group", "list", "con_copy") == shell.json("group", "list", con)


def test_standard_output_and_input_take_the_lines(shell: Shell, con: str) -> None:
    """So that a move may go through a pipe, with nothing written on the way."""
    done = shell.run("connection", "export", con, "-")
    lines = done.stdout.splitlines()
    assert [json.loads(each)["kind"] for each in lines[:3]] == ["header", "settings", "user"]
    assert "3 user lines" in done.stderr
    enterprise, environment = other_enterprise(shell), {"VESTIBULE_DATABASE_URL": f"sqlite:///{shell.folder}/cli.db"}
    arguments = ["connection", "import", "-", "--enterprise", enterprise, "--as", "con_copy"]
    piped = CliRunner().invoke(main, arguments, input=done.stdout, env=environment)
    assert piped.exit_code == 0, piped.output
    assert shell.json("group", "list", "con_copy") == shell.json("group", "list", con)


def test_a_file_that_was_cut_short_is_told_and_goes_on_when_it_is_whole(shell: Shell, con: str) -> None:
    file, cut = shell.folder / "moved.ndjson", shell.folder / "cut.ndjson"
    shell.text("connection", "export", con, str(file))
    lines = file.read_bytes().splitlines(keepends=True)
    cut.write_bytes(b"".join(lines[:4]))
    enterprise = other_enterprise(shell)
    arguments = ("--enterprise", enterprise, "--as", "con_copy")
    assert f"ends after 4 of {len(lines)} lines" in shell.refusal("connection", "import", str(cut), *arguments)
    assert "It went on after line 4." in shell.text("connection", "import", str(file), *arguments)
    assert shell.run("db", "verify").exit_code == 0


def test_an_export_that_fails_leaves_no_file(shell: Shell, con: str) -> None:
    assert con
    assert "no connection con_none" in shell.refusal("connection", "export", "con_none", str(shell.folder / "x"))
    assert "cannot be written" in shell.refusal("connection", "export", con, "/nowhere/at/all")
    assert not list(shell.folder.glob("x*"))


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"", "not the header"), (b"{}\n", "not the header"), (b"\xff\xfe", "not the header")],
)
def test_what_is_no_export_is_refused(shell: Shell, con: str, content: bytes, told: str) -> None:
    assert con
    file = shell.folder / "file"
    file.write_bytes(content)
    assert told in shell.refusal("connection", "import", str(file), "--enterprise", other_enterprise(shell))


def test_a_connection_with_people_of_its_own_is_not_imported_into(shell: Shell, con: str) -> None:
    file = shell.folder / "moved.ndjson"
    shell.text("connection", "export", con, str(file))
    enterprise = shell.json("enterprise", "list")["enterprises"][0]["id"]
    assert f"{con} has users already" in shell.refusal("connection", "import", str(file), "--enterprise", enterprise)
