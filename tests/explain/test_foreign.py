"""Answers of other servers are told by what they mean, with whose they are and their own words."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.explain import detail_for, explain
from vestibule.explain.catalogue import foreign
from vestibule.explain.foreign import BY_CODE, from_foreign
from vestibule.model import Exchange

ERROR = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"]}
ANSWERS: list[tuple[int, Any, str, str]] = [
    # Auth0: the origin story's own shape.
    (403, {**ERROR, "status": "403", "detail": "Insufficient scope", "got": ["get:users"],
           "need": [{"selection": ["get:groups"]}]}, "scope_missing", "it lacks get:groups"),
    (401, {"statusCode": 401, "error": "Unauthorized", "message": "Expired token"}, "foreign_unauthorized", "Expired token"),
    # AWS IAM Identity Center.
    (400, {**ERROR, "status": "400", "detail": "Request is unparsable, syntactically incorrect, or violates schema.",
           "exceptionRequestId": "7b", "timeStamp": "2026-11-24"}, "foreign_refused", "AWS IAM Identity Center refused"),
    (409, {**ERROR, "status": "409", "detail": "Duplicate", "scimType": "uniqueness", "exceptionRequestId": "7b"},
     "foreign_conflict", "AWS"),
    # GitHub.
    (404, {"message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404"},
     "foreign_not_found", "GitHub has nothing at this address. It says: “Not Found”."),
    (403, {"message": "API rate limit exceeded for user ID 1.", "documentation_url": "https://docs.github.com/rest"},
     "foreign_throttled", "GitHub"),
    (403, {"message": "Resource not accessible", "documentation_url": "d"}, "foreign_forbidden", "GitHub"),
    # Slack.
    (401, {"Errors": {"description": "invalid_authentication", "code": 401}}, "foreign_unauthorized", "Slack does not accept"),
    (404, {"Errors": {"description": "user_not_found", "code": 404}}, "foreign_not_found", "user_not_found"),
    # Salesforce, by REST and by SCIM 1.1.
    (401, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}], "foreign_unauthorized",
     "“Session expired or invalid” (INVALID_SESSION_ID)"),
    (403, [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}], "foreign_throttled", "Salesforce"),
    (400, [{"message": "license limit exceeded", "errorCode": "LICENSE_LIMIT_EXCEEDED"}], "foreign_licences", "Salesforce"),
    (400, [{"message": "Duplicate Username.", "errorCode": "DUPLICATE_USERNAME"}], "foreign_conflict", "Salesforce"),
    (409, {"Errors": [{"description": "Duplicate", "code": "409"}]}, "foreign_conflict", "A server of SCIM 1.1"),
    # Okta.
    (401, {"errorCode": "E0000011", "errorSummary": "Invalid token provided", "errorCauses": []},
     "foreign_unauthorized", "(E0000011)"),
    (400, {"errorCode": "E0000001", "errorSummary": "Api validation failed: login",
           "errorCauses": [{"errorSummary": "login: An object with this field already exists"}]},
     "foreign_refused", "already exists"),
    (429, {"errorCode": "E0000047", "errorSummary": "API call exceeded rate limit"}, "foreign_throttled", "Okta"),
    # Keycloak.
    (409, {"errorMessage": "User exists with same username"}, "foreign_conflict", "Keycloak has this user"),
    (401, {"error": "HTTP 401 Unauthorized"}, "foreign_unauthorized", "HTTP 401"),
    # A server on Django's REST framework, as authentik is.
    (403, {"detail": "Authentication credentials were not provided."}, "foreign_unauthorized", "credentials were not provided"),
    (403, {"detail": "Invalid token."}, "foreign_unauthorized", "Invalid token"),
    (403, {"detail": "You do not have permission to perform this action."}, "foreign_forbidden", "do not have permission"),
    # RFC 6750, RFC 9457, RFC 7644.
    (400, {"error": "invalid_token", "error_description": "The token has expired"}, "foreign_unauthorized", "has expired"),
    (403, {"error": "insufficient_scope"}, "foreign_forbidden", "insufficient_scope"),
    (503, {"type": "about:blank", "title": "Down for repair", "status": 503}, "foreign_unavailable", "Down for repair"),
    (400, {**ERROR, "status": "400", "scimType": "invalidValue", "detail": "title is too long"}, "foreign_refused",
     "“title is too long” (invalidValue)"),
    (400, {**ERROR, "status": "400", "scimType": "uniqueness", "detail": "taken"}, "foreign_conflict", "taken"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "code", "words"), ANSWERS, ids=lambda each: str(each)[:40])
def test_an_answer_is_told_by_what_it_means(status: int, body: Any, code: str, words: str) -> None:
    told = explain(from_foreign(status, json.dumps(body).encode(), "POST", "/Users"))
    assert (told.code, words in told.sentence) == (code, True), told.sentence
    assert told.sentence.endswith(".")
    assert told.fixes
    assert told.code == "scope_missing" or not any(fix.command for fix in told.fixes)


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (200, b"<!DOCTYPE html><title>Sign in</title>", "foreign_web_page"),
        (403, b"<html><body>Request blocked</body></html>", "foreign_web_page"),
        (302, b"<html><title>302 Found</title></html>", "foreign_redirected"),
        (501, b"", "foreign_refused"),
        (503, b"", "foreign_unavailable"),
        (507, b"<html></html>", "foreign_fault"),
        (302, b"", "foreign_redirected"),
        (401, b"", "foreign_unauthorized"),
        (405, b"Method Not Allowed", "foreign_refused"),
        (500, b"Internal Server Error", "foreign_fault"),
        (418, b"null", "foreign_refused"),
        (400, b'"just words"', "foreign_refused"),
        (400, b"[]", "foreign_refused"),
        (200, b"{}", "foreign_accepted"),
        (204, b"", "foreign_accepted"),
    ],
)
def test_what_is_no_error_object_is_told_by_its_status(status: int, body: bytes, code: str) -> None:
    assert explain(from_foreign(status, body)).code == code


def test_an_answer_of_a_vestibule_is_told_as_such() -> None:
    body = {**ERROR, "status": "409", "detail": "The user … https://x.example/e/req_06fdm3v7q5wrn9w2fz1m8m3h1c"}
    assert explain(from_foreign(409, json.dumps(body).encode())).code == "user_conflict_username"


def test_every_meaning_has_its_story() -> None:
    meanings = {entry.code.removeprefix("foreign_") for entry in foreign.ENTRIES}
    assert set(BY_CODE.values()) <= meanings
    assert len(meanings) == len(foreign.ENTRIES) == 13


def test_their_words_are_shown_on_one_line_and_steer_no_terminal() -> None:
    told = explain(from_foreign(400, json.dumps({"detail": "a\n\x1b[31mb" + "c" * 9_999}).encode()))
    assert "“a [31mbccc" in told.sentence
    assert len(told.sentence) < 700


@given(st.integers(200, 599), st.binary(max_size=60) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["Errors", "detail", "error", "errorSummary", "errorCauses", "message", "need", "got", "scimType",
                         "errorCode", "description", "exceptionRequestId"]), inner, max_size=4),
    max_leaves=8).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_any_answer_is_told(status: int, body: bytes) -> None:
    assert explain(from_foreign(status, body)).sentence


@pytest.mark.parametrize("reason", ["expired", "revoked", "missing", "unknown"])
def test_which_401_of_a_vestibules_it_was_is_told_from_its_answer(reason: str) -> None:
    made = Exchange(
        "req_06fdm3v7q5wrn9w2fz1m8m3h1c", "con_1", 0, 0, "GET", "/Users", "", 401,
        resource_type="User", error="unauthorized", facts={"reason": reason},
    )  # fmt: skip
    told = explain(made)
    detail = detail_for(told, f"https://x.example/e/{made.id}")
    path = "https://x.example/scim/v2/connections/con_06fdm3v7q5/Users"
    again = explain(from_foreign(401, json.dumps({**ERROR, "detail": detail}).encode(), "GET", path))
    assert (again.code, again.code) == (told.code, f"token_{reason}")
    bare = explain(from_foreign(401, json.dumps({**ERROR, "detail": detail}).encode()))
    for told_again, named in ((again, "con_06fdm3v7q5"), (bare, "CONNECTION_ID")):
        for command in (fix.command for fix in told_again.fixes if fix.command):
            assert named in command or "TOKEN_ID" in command, command
