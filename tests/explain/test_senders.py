"""The exchanges of provisioning come from the engine or from programs of others, and are still what happens."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Tenant
from tests.explain import client_runs, engine_runs, log_runs, record_foreign, recorded
from tests.explain.record_provisioning import MADE, codes, noted
from tests.explain.sending import CLIENT, ENGINE, told_by
from vestibule.explain import SIGN_IN, explain
from vestibule.model import Exchange

FILES = sorted(file.stem for file in recorded.FOLDER.glob("*.json"))
SENT: dict[str, Callable[[Tenant], list[Exchange]]] = {**engine_runs.RUNS, **client_runs.RUNS}


def code_of(name: str) -> str:
    return name.partition(".")[0]


def test_each_code_is_told_of_an_exchange_with_a_sender_or_is_in_the_table_that_says_why_not() -> None:
    with_sender = {code_of(name) for name in FILES if recorded.sender(name)}
    assert {*codes(), *noted()} - with_sender == set(recorded.WITHOUT)


def test_what_has_no_sender_is_in_the_table_or_is_a_sign_in_or_a_text() -> None:
    def excused(name: str) -> bool:
        found = recorded.exchange(name)
        return code_of(name) in recorded.WITHOUT or found.resource_type == SIGN_IN or "entra_says" in found.facts

    provisioning = {*codes(), *noted()}
    assert [
        name for name in FILES if code_of(name) in provisioning and not recorded.sender(name) and not excused(name)
    ] == []


def test_a_sender_is_the_engine_a_client_or_a_server_that_others_wrote_and_has_a_version() -> None:
    others = {record_foreign.read(name)["sender"].partition(" ")[0] for name in record_foreign.EXAMPLES.values()}
    for name in FILES:
        if found := recorded.sender(name):
            assert found["name"] in {ENGINE.name, CLIENT.name, *others}, name
            assert found["version"][0].isdigit(), name


@pytest.mark.parametrize("code", record_foreign.EXAMPLES)
def test_the_answer_of_a_server_that_others_wrote_is_the_one_that_came(code: str) -> None:
    assert recorded.content(code) == record_foreign.example(code)


def shape(exchange: Exchange) -> dict[str, Any]:
    """What is the same each time, whatever the ids are."""
    story = explain(exchange)
    names = ("method", "path", "query", "status", "resource_type", "target", "scim_type", "error")
    return {
        **{name: unnamed(str(getattr(exchange, name))) for name in names},
        "facts": sorted(exchange.facts),
        "told": [story.code, *(each.code for each in story.notes)],
        "fixes": [unnamed(fix.label) for fix in story.fixes],
    }


def unnamed(text: str) -> str:
    """A text without what is made by chance: our ids, and the GUID that the engine's connection test asks for."""
    return re.sub(r"\b[a-z]{3}_[0-9a-z]{26}\b|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", text)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", SENT)
def test_what_the_engine_or_the_client_of_others_sends_today_is_told_as_it_was_recorded(
    tenant: Tenant, name: str
) -> None:
    assert shape(told_by(code_of(name), SENT[name](tenant))) == shape(recorded.exchange(name))


@pytest.mark.parametrize("name", log_runs.RUNS)
def test_what_the_engine_writes_into_its_log_today_is_told_as_it_was_recorded(name: str) -> None:
    assert log_runs.RUNS[name]() == recorded.exchange(name)


def test_a_file_has_the_sender_that_it_is_recorded_with() -> None:
    for name in MADE:
        sent_by = (recorded.sender(name) or {}).get("name")
        asked = CLIENT if name in client_runs.RUNS else ENGINE if code_of(name) not in recorded.WITHOUT else None
        assert sent_by == (asked.name if asked else None), name
