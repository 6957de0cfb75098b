"""The table of refusals is closed: every code is raised somewhere and tried by a test, and no other is raised."""

import ast
from pathlib import Path

from vestibule.oidc import errors
from vestibule.oidc.errors import CODES

SOURCE = Path(errors.__file__).parent
TESTS = Path(__file__).parent


def texts(files: list[Path]) -> set[str]:
    trees = [ast.parse(file.read_text()) for file in files]
    return {
        node.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def raised() -> set[str]:
    """The first argument of every `OidcError(…)` that is a plain text."""
    found: set[str] = set()
    for file in SOURCE.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "OidcError":
                found |= {str(each.value) for each in node.args if isinstance(each, ast.Constant)}
    return found


def test_no_code_is_raised_that_is_not_in_the_table() -> None:
    assert raised() <= set(CODES)


def test_every_code_is_used_in_the_source_and_tried_in_a_test() -> None:
    assert set(CODES) <= texts([each for each in SOURCE.glob("*.py") if each.name != "errors.py"])
    assert set(CODES) <= texts([each for each in TESTS.glob("*.py") if each.name != "test_errors.py"])


def test_every_code_is_told_in_a_sentence() -> None:
    assert all(sentence[0].isupper() and sentence.endswith(".") for sentence in CODES.values())
