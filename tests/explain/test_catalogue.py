"""Each entry of the catalogue tells one recorded exchange; no refusal of the server goes unexplained."""

import re
from pathlib import Path

import pytest

from tests.explain import record_provisioning, recorded
from vestibule.explain import ENTRIES, NOTES, TRAFFIC, explain
from vestibule.explain.answer import from_answer
from vestibule.explain.outside import from_text
from vestibule.fixing import OPERATIONS
from vestibule.model import Exchange
from vestibule.scim import errors

PROMISED = (
    "scope_missing", "token_unknown", "token_expired", "token_of_other_directory", "wrong_path", "filter_invalid",
    "filter_no_match_will_create", "user_conflict_username", "user_conflict_email_existing_account",
    "group_conflict_displayname", "member_unresolved_parked", "nested_group_member", "patch_path_invalid",
    "patch_remove_all_guarded", "schema_value_type", "email_missing", "email_is_upn", "domain_not_allowed",
    "deactivated_in_directory", "no_change", "rate_limited", "payload_too_large", "dialect_legacy", "manager_shape",
    "no_traffic_yet", "stalled_after_failures",
)  # fmt: skip
FILES = sorted(recorded.FOLDER.glob("*.json"))


def read(file: Path) -> Exchange:
    return recorded.exchange(file.stem)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_recorded_exchange_is_told_by_its_entry(file: Path) -> None:
    story = explain(read(file))
    told = {each.code: each for each in (story, *story.notes)}[file.stem.split(".")[0]]
    assert told.sentence.endswith(".")
    assert told.why.endswith(".")
    if read(file).status >= 400:
        assert story.fixes


def test_every_entry_has_a_recorded_exchange() -> None:
    codes = {code for entry in (*ENTRIES, *NOTES) for code in entry.codes or (entry.code,)}
    assert codes <= {file.stem.split(".")[0] for file in FILES}


def test_each_code_that_was_promised_is_told() -> None:
    codes = {code for entry in (*ENTRIES, *NOTES) for code in entry.codes or (entry.code,)}
    assert codes.issuperset(PROMISED)


def test_the_document_tells_every_code_of_provisioning() -> None:
    assert record_provisioning.DOCUMENT.read_text() == record_provisioning.document()


def test_what_can_be_done_is_an_operation_of_the_house() -> None:
    named = {fix.do.operation for file in FILES for fix in explain(read(file)).every_fix() if fix.do}
    # Which sign-in waits is known to the server alone, so that no recorded admission names one.
    assert named == set(OPERATIONS) - {"approve_sign_in", "refuse_sign_in"}


def kinds() -> list[type[errors.ScimError]]:
    found, todo = [], [errors.ScimError]
    while todo:
        kind = todo.pop()
        todo += kind.__subclasses__()
        found.append(kind)
    return [kind for kind in found if kind is not errors.ScimError]


TOLD: dict[type[errors.ScimError], str] = {
    errors.InvalidFilter: "filter_invalid",
    errors.TooMany: "query_too_large",
    errors.Uniqueness: "user_conflict_username",
    errors.Mutability: "schema_value_type",
    errors.InvalidSyntax: "message_invalid",
    errors.InvalidPath: "patch_path_invalid",
    errors.NoTarget: "patch_path_invalid",
    errors.InvalidValue: "schema_value_type",
    errors.UnknownMembers: "member_unresolved",
    errors.UnknownManager: "member_unresolved",
    errors.DomainNotAllowed: "domain_not_allowed",
    errors.TooManyRequests: "rate_limited",
    errors.InvalidCursor: "paging_invalid",
    errors.ExpiredCursor: "paging_invalid",
    errors.InvalidCount: "paging_invalid",
    errors.Unauthorized: "token_unknown",
    errors.InsufficientScope: "scope_missing",
    errors.Forbidden: "not_allowed",
    errors.Held: "held_for_approval",
    errors.Protected: "account_protected",
    errors.NotFound: "wrong_path",
    errors.MethodNotAllowed: "wrong_path",
    errors.Conflict: "bulk_circle",
    errors.PreconditionFailed: "version_changed",
    errors.PayloadTooLarge: "payload_too_large",
    errors.UnsupportedMediaType: "message_invalid",
    errors.Internal: "server_fault",
    errors.Unavailable: "server_fault",
    errors.NotImplementedHere: "wrong_path",
}


def test_no_refusal_is_left_out_and_none_is_made_beside_them() -> None:
    assert set(TOLD) == set(kinds())
    server = Path(__file__).parents[2] / "src" / "vestibule" / "server"
    made = {
        name
        for file in (
            "recorder.py",
            "scim.py",
            "resources.py",
            "listing.py",
            "bulk.py",
            "authorize.py",
            "call.py",
            "pace.py",
        )
        for name in re.findall(r"(?:raise |return |, )([A-Z]\w+)\(", (server / file).read_text())
    }
    others = {
        "Answer",
        "Call",
        "Exchange",
        "Unauthorized",
        "Mapping",
        "Projection",
        "PayloadTooLarge",
        "Resources",
        "Listing",
        "Bulk",
    }
    assert made - {kind.__name__ for kind in kinds()} <= others


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_every_refusal_that_the_server_can_give_is_explained(kind: type[errors.ScimError]) -> None:
    facts = {"detail": "It was refused.", "reason": "unknown"}
    if kind is errors.InsufficientScope:
        facts |= {"got": ["get:users"], "need": ["get:groups"]}  # type: ignore[operator]
    exchange = Exchange(
        "req_1", "con_1", 0, 0, "GET", "/Users", "", kind.status,
        resource_type="User", scim_type=kind.scim_type, error=kind.kind, facts=facts,
    )  # fmt: skip
    assert explain(exchange).code == TOLD[kind]


def test_the_bare_answer_of_a_foreign_server_is_explained() -> None:
    body = b'{"got":["get:users"],"need":[{"selection":["get:groups"]}],"detail":"Insufficient scope","status":"403"}'
    told = explain(from_answer(403, body))
    assert told.code == "scope_missing"
    assert "TOKEN_ID" in (told.fixes[0].command or "")


@pytest.mark.parametrize("text", ["", "hello", "{", "status 99", '{"status": "none"}', "{}" * 50])
def test_a_text_without_an_answer_is_not_guessed_at(text: str) -> None:
    assert from_text(text) is None


@pytest.mark.parametrize("mended", [False, True])
def test_of_a_stalled_run_whose_cause_is_mended_only_the_button_is_left(mended: bool) -> None:
    facts = {"state": "quarantine", "sentence": "It stopped.", "press": "Restart", "mended": mended, "request": "req_1"}
    told = explain(Exchange("", "con_1", 0, 0, "", "", "", 0, resource_type=TRAFFIC, facts=facts))
    assert (told.code, told.sentence) == ("stalled_after_failures", "It stopped.")
    assert [each.command for each in told.fixes] == ([None] if mended else ["vestibule explain req_1", None])
