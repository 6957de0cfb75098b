"""What the command line says of itself, and of what was given to the wrong place."""

from pathlib import Path
from typing import Any

import click
import pytest

from tests.cli.shell import Shell
from vestibule.cli import main
from vestibule.cli.listing import SECTIONS, Listing


def commands(group: click.Group, name: str = "vestibule") -> dict[str, click.Command]:
    found: dict[str, click.Command] = {}
    for each, command in group.commands.items():
        found[f"{name} {each}"] = command
        if isinstance(command, click.Group):
            found |= commands(command, f"{name} {each}")
    return found


def test_every_command_stands_in_one_section() -> None:
    named = [name for _, names in SECTIONS for name in names]
    assert sorted(named) == sorted(main.commands)


def test_no_listing_cuts_a_sentence_off(shell: Shell) -> None:
    groups = ["", *(name.partition(" ")[2] for name, each in commands(main).items() if isinstance(each, click.Group))]
    for group in groups:
        told = shell.text(*group.split(), "--help")
        assert [line for line in told.splitlines() if line.startswith("  ") and line.rstrip().endswith("...")] == [], (
            group
        )
    assert all(isinstance(each, Listing) for each in commands(main).values() if isinstance(each, click.Group))


def test_ids_have_one_name_in_all_usage_lines() -> None:
    """An argument is CONNECTION_ID everywhere, not CON here and there."""
    arguments: dict[str, set[str]] = {}
    for command in commands(main).values():
        for each in command.params:
            if isinstance(each, click.Argument) and (each.name or "").endswith("_id"):
                arguments.setdefault(each.name or "", set()).add(
                    (each.metavar or (each.name or "").upper()).strip("[]")
                )
    arguments.pop("domain_id")  # may be the domain itself, and is called so
    assert {name: shown for name, shown in arguments.items() if shown != {name.upper()}} == {}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("log", "{usr}"), "is the id of a user; what is due here is that of a connection, con_…"),
        (("doctor", "{tok}"), "is the id of a token; what is due here is that of a connection, con_…"),
        (("token", "grant", "{con}", "--all-scopes"), "is the id of a connection; what is due here is that of a token"),
        (("explain", "{con}"), "is the id of a connection; what is due here is that of a request, req_…"),
        (("log", "con_x"), "There is no connection con_x. `vestibule connection list` shows those that exist."),
    ],
    ids=str,
)
def test_an_id_of_another_kind_is_told_as_that(shell: Shell, words: tuple[str, ...], said: str) -> None:
    given: dict[str, Any] = {"con": shell.connection()}
    given["usr"] = shell.new_user(given["con"], "ana@example.com")
    given["tok"] = shell.json("token", "create", given["con"], "--all-scopes")["id"]
    assert said in shell.refusal(*(each.format_map(given) for each in words))


def test_a_database_that_is_not_there_is_named_and_not_made(shell: Shell, tmp_path: Path) -> None:
    done = shell.run("connection", "list")
    assert done.exit_code == 3
    assert f"There is no database {tmp_path / 'cli.db'}." in done.stderr
    assert not (tmp_path / "cli.db").exists()
    shell.json("enterprise", "create", "Acme")
    assert shell.text("connection", "list") == "No connection yet: vestibule connection create ENTERPRISE_ID\n"
