"""Every code of a sign-in is told from a recorded exchange, and the document tells every one of them."""

import json
from typing import Any

import pytest

from tests.explain import record, recorded
from vestibule.explain import explain

SECRETIVE = 4
"""Values shorter than this are in every text."""


def values(of: Any) -> set[str]:
    if isinstance(of, dict):
        return {each for value in of.values() for each in values(value)}
    if isinstance(of, list):
        return {each for value in of for each in values(value)}
    return {of} if isinstance(of, str) and len(of) > SECRETIVE else set()


def test_every_code_is_made_by_what_refuses_it() -> None:
    assert set(record.codes()) == set(record.MADE)


@pytest.mark.parametrize("code", record.codes())
def test_a_sign_in_is_told_by_its_code(code: str) -> None:
    told = explain(recorded.exchange(code))
    assert told.code == code
    assert told.sentence.endswith(".")
    assert told.end_user
    json.dumps(told.as_json())


@pytest.mark.parametrize("code", record.codes())
def test_the_person_at_the_door_is_told_no_value(code: str) -> None:
    exchange = recorded.exchange(code)
    said = explain(exchange).end_user or ""
    names = values(dict(exchange.facts)) | {exchange.connection_id, exchange.target or exchange.id}
    assert [each for each in names - {"email", "address", "admin"} if each in said] == []
    assert not any(mark in said for mark in ("`", "<", "://", "@"))


def test_the_document_tells_every_code() -> None:
    assert record.DOCUMENT.read_text() == record.document()
