"""Every statement of the store names the connection, so that none can reach into another one."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import vestibule.store.sql

FOLDER = Path(vestibule.store.sql.__file__).parent
SHARED = {"schema_version", "enterprises", "connections", "keys", "domains"}
"""What belongs to no connection."""
READS_OR_WRITES = re.compile(r"\b(FROM|UPDATE|INTO|JOIN) (\{\w*\.?\w+\}|\w+)")


def texts_of(tree: ast.AST) -> Iterator[str]:
    """The string constants of a module, with `{name}` for what is put into them; not the parts of other ones."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else f"{{{ast.unparse(part.value)}}}"
                for part in node.values
                if isinstance(part, ast.Constant | ast.FormattedValue)
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def statements(file: Path) -> list[str]:
    """What begins as SQL does; constants that are parts of a longer text are those of that text."""
    found = [
        each for each in texts_of(ast.parse(file.read_text())) if re.match(r"(SELECT|UPDATE|DELETE|INSERT) ", each)
    ]
    return [each for each in found if not any(each != other and other.startswith(each) for other in found)]


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.py")), ids=lambda file: file.stem)
def test_a_statement_names_the_connection(file: Path) -> None:
    for statement in statements(file):
        tables = {match[2] for match in READS_OR_WRITES.finditer(statement)} - SHARED
        if tables and not re.match("INSERT INTO .* VALUES", statement):
            assert "connection_id" in statement, statement


def test_the_statements_are_found() -> None:
    """The test above would be green if it saw none."""
    assert sum(len(statements(file)) for file in FOLDER.glob("*.py")) > 60
