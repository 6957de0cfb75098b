"""The table of codes and the code that refuses are one: nothing is raised that is not in it, nothing is in it for nothing."""

import ast
from pathlib import Path

from vestibule.saml import errors
from vestibule.saml.errors import CODES, SamlError

FOLDER = Path(errors.__file__).parent
TREES = [ast.parse(path.read_text()) for path in sorted(FOLDER.glob("*.py")) if path.name != "errors.py"]
SAID_BY_THE_STORE = {"replay"}


def test_every_code_that_is_raised_is_in_the_table() -> None:
    calls = [node for tree in TREES for node in ast.walk(tree) if isinstance(node, ast.Call)]
    raised = {
        str(call.args[0].value)
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id == "SamlError" and isinstance(call.args[0], ast.Constant)
    }
    assert len(raised) > 50
    assert raised <= set(CODES)


def test_every_code_of_the_table_is_raised() -> None:
    constants = {node.value for tree in TREES for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    assert set(CODES) - constants == SAID_BY_THE_STORE


def test_every_code_has_a_meaning_in_one_sentence_or_two() -> None:
    for code, meaning in CODES.items():
        assert code == code.lower()
        assert meaning.endswith(".")
        assert str(SamlError(code)) == meaning
