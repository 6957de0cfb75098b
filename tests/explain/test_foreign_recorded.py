"""Answers of servers and proxies that others wrote, as they came: each is told as what it was."""

import json
from typing import Any

import pytest

from tests.explain import recorded
from tests.explain.record_foreign import EXAMPLES, FOLDER, exchange, read
from vestibule.explain import explain
from vestibule.explain.catalogue import foreign

TOLD = {
    "foreign_accepted": {"polis/case_of_op"},
    "foreign_conflict": {
        "better-auth/taken", "django-scim2/taken", "django-scim2-server/taken", "polis/taken", "scim2-server/taken",
        "scimmy/taken",
    },
    "foreign_fault": {"better-auth/store_failed", "scimmy/filter"},
    "foreign_forbidden": {"better-auth/scope", "canaille/permission"},
    "foreign_not_found": {
        "better-auth/missing", "better-auth/wrong_path", "canaille/missing", "canaille/wrong_path",
        "django-scim2/missing", "django-scim2/id_is_no_number", "django-scim2/wrong_path",
        "django-scim2-server/missing", "nginx/empty_site", "nginx/post_to_a_page", "polis/missing",
        "scim2-server/missing", "scimmy/missing",
    },
    "foreign_redirected": {"caddy/to_https", "nginx/to_https", "nginx/to_sign_in"},
    "foreign_refused": {
        "better-auth/filter", "canaille/attribute_required", "django-scim2/filter", "django-scim2/not_implemented",
        "django-scim2/not_json", "django-scim2-server/address", "django-scim2-server/filter", "scim2-server/filter",
        "scim2-server/not_json", "scim2-server/schema", "scimmy/active_as_text",
    },
    "foreign_throttled": {"haproxy/limit", "nginx/limit_req"},
    "foreign_too_large": {"nginx/small_bodies"},
    "foreign_unauthorized": {
        "better-auth/no_token", "better-auth/token_ended", "caddy/password", "canaille/no_token", "canaille/token_ended",
        "django-scim2/no_token", "django-scim2-server/token_unknown", "nginx/password", "polis/token_unknown",
        "scimmy/no_token",
    },
    "foreign_unavailable": {
        "caddy/upstream_down", "haproxy/upstream_down", "haproxy/upstream_slow", "nginx/shut", "nginx/upstream_down",
        "nginx/upstream_slow",
    },
    "foreign_web_page": {"canaille/media_type", "nginx/denied", "nginx/page_of_an_app"},
}  # fmt: skip
DOCUMENTED = {
    "foreign_licences": "only applications that sell seats answer so, and none of them can be run here; it is told of the "
    "error that Salesforce documents",
}
"""What no server or proxy at hand can be made to answer, and why; `test_foreign` has the documented shapes."""
CASES = [(code, name) for code, names in TOLD.items() for name in sorted(names)]


@pytest.mark.parametrize(("code", "name"), CASES, ids=[name for _, name in CASES])
def test_an_answer_that_came_is_told_as_what_it_was(code: str, name: str) -> None:
    record = read(name)
    told = explain(exchange(record))
    assert told.code == code
    assert record["sender"].startswith(name.partition("/")[0] + " ")
    assert told.fixes
    assert not any(fix.command for fix in told.fixes), "our commands reach no server of others"
    for words in said(record):
        assert words in told.sentence


def said(record: dict[str, Any]) -> list[str]:
    """The words of an error of SCIM's, which are to be told."""
    if "json" not in record["headers"].get("content-type", "") or not record["body"].startswith("{"):
        return []
    detail = json.loads(record["body"]).get("detail")
    return [" ".join(detail.split()).rstrip(".")] if detail else []


def test_every_record_is_told_and_every_code_has_one_or_a_reason() -> None:
    assert {f"{file.parent.name}/{file.stem}" for file in FOLDER.glob("*/*.json")} == {name for _, name in CASES}
    assert set(TOLD).isdisjoint(DOCUMENTED)
    assert {entry.code for entry in foreign.ENTRIES} == set(TOLD) | set(DOCUMENTED)


def test_the_examples_of_the_catalogue_are_records() -> None:
    assert set(EXAMPLES) == set(TOLD)
    for code, name in EXAMPLES.items():
        assert recorded.exchange(code) == exchange(read(name))
