"""Every complaint thread of the reference has its test."""

import ast
import re
from pathlib import Path

NAME = re.compile(r"test_complaint_(\d\d)_\w+")


def complaints() -> dict[str, ast.FunctionDef]:
    """The tests of this folder that are named after a complaint."""
    return {
        node.name: node
        for file in sorted(Path(__file__).parent.glob("test_*.py"))
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and NAME.fullmatch(node.name)
    }


def test_all_33_complaints_have_a_test_that_names_its_thread() -> None:
    tests = complaints()
    assert {int(name.split("_")[2]) for name in tests} == set(range(1, 34))
    assert [name for name, node in tests.items() if not ast.get_docstring(node)] == []
