"""The commands that explanations give can be typed: each is one of the command line's, with options that it has."""

import re
import shlex
from pathlib import Path

import click
import pytest

from tests.explain import recorded
from vestibule.cli import main
from vestibule.explain import explain

FILES = sorted(recorded.FOLDER.glob("*.json"))


def commands(file: Path) -> list[str]:
    told = explain(recorded.exchange(file.stem))
    return [fix.command for fix in told.fixes if fix.command]


def fault(text: str) -> str | None:
    """What is wrong with a command, None if it could be run."""
    program, *words = shlex.split(text)
    found: click.Command = main
    while isinstance(found, click.Group) and words:
        unsaid = getattr(found, "unsaid", None)
        if words[0] not in found.commands and unsaid is None:
            break
        found = found.commands[words.pop(0) if words[0] in found.commands else str(unsaid)]
    if program != "vestibule" or isinstance(found, click.Group):
        return f"no such command: {text}"
    options = {name for each in found.params for name in (*each.opts, *each.secondary_opts)}
    unknown = [word for word in words if re.match(r"--[a-z]", word) and word not in options]
    return f"unknown {unknown} in: {text}" if unknown else None


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_commands_of_an_explanation_exist(file: Path) -> None:
    assert [wrong for each in commands(file) if (wrong := fault(each))] == []
