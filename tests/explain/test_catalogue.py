"""Each entry of the catalogue tells one recorded exchange; no refusal of the server goes unexplained."""

import json
from pathlib import Path

import pytest

from vestibule.explain import ENTRIES, explain
from vestibule.explain.outside import from_answer, from_text
from vestibule.model import Exchange
from vestibule.scim import errors

FOLDER = Path(__file__).parent / "exchanges"
FILES = sorted(FOLDER.glob("*.json"))


def read(file: Path) -> Exchange:
    return Exchange(**json.loads(file.read_text()))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_recorded_exchange_is_told_by_its_entry(file: Path) -> None:
    told = explain(read(file))
    assert told.code == file.stem
    assert told.sentence.endswith(".")
    assert told.why.endswith(".")
    if read(file).status >= 400:
        assert told.fixes


def test_every_entry_has_a_recorded_exchange() -> None:
    assert {entry.code for entry in ENTRIES} <= {file.stem for file in FILES}


def kinds() -> list[type[errors.ScimError]]:
    found, todo = [], [errors.ScimError]
    while todo:
        kind = todo.pop()
        todo += kind.__subclasses__()
        found.append(kind)
    return [kind for kind in found if kind is not errors.ScimError]


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_every_refusal_that_the_server_can_give_is_explained(kind: type[errors.ScimError]) -> None:
    facts = {"detail": "It was refused.", "reason": "unknown"}
    if kind is errors.InsufficientScope:
        facts |= {"got": ["get:users"], "need": ["get:groups"]}  # type: ignore[operator]
    exchange = Exchange(
        "req_1", "con_1", 0, 0, "GET", "/Users", "", kind.status,
        resource_type="User", scim_type=kind.scim_type, error=kind.kind, facts=facts,
    )  # fmt: skip
    assert explain(exchange).code not in ("unexplained", "done")


def test_the_bare_answer_of_a_foreign_server_is_explained() -> None:
    body = b'{"got":["get:users"],"need":[{"selection":["get:groups"]}],"detail":"Insufficient scope","status":"403"}'
    told = explain(from_answer(403, body))
    assert told.code == "scope_missing"
    assert "TOKEN_ID" in (told.fixes[0].command or "")


@pytest.mark.parametrize("text", ["", "hello", "{", "status 99", '{"status": "none"}', "{}" * 50])
def test_a_text_without_an_answer_is_not_guessed_at(text: str) -> None:
    assert from_text(text) is None
