"""The ceilings of the house: files of 400 lines, functions of 40, no room without a purpose in its name."""

import ast
import tomllib
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "vestibule"
FILES = sorted(SOURCE.rglob("*.py"))
LONGER_FUNCTIONS = {"entry": "one provisioning log entry is one flat JSON object"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SOURCE)))
def test_a_file_and_its_functions_stay_short(file: Path) -> None:
    text = file.read_text()
    assert len(text.splitlines()) <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name not in LONGER_FUNCTIONS:
            assert (node.end_lineno or 0) - node.lineno < 42, node.name


def test_the_scim_library_may_import_nothing_else_of_ours() -> None:
    contracts = tomllib.loads((SOURCE.parent.parent / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
    (alone,) = (each for each in contracts if each["id"] == "library")
    ours = {
        f"vestibule.{path.stem}" for path in SOURCE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert set(alone["forbidden_modules"]) == ours - {"vestibule.__init__", "vestibule.scim"}


def test_no_file_is_named_after_nothing() -> None:
    assert not {file.stem for file in FILES} & {"utils", "util", "helpers", "common", "manager", "misc", "impl", "base"}
