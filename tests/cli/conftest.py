"""A command line over a database of the test's own, and a connection with people in it."""

from pathlib import Path

import pytest

from tests.cli.shell import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture
def con(shell: Shell) -> str:
    """A connection with three users in one group."""
    connection_id = shell.connection()
    people = [shell.new_user(connection_id, f"user{number}@example.com") for number in range(3)]
    shell.new_group(connection_id, "Sales", *people)
    return connection_id
