"""No code that a sign-in can end with is without its story, and no story of provisioning is told of a sign-in."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.claims import NOTES
from vestibule.explain import SIGN_IN, explain
from vestibule.explain.catalogue import sign_in
from vestibule.explain.catalogue.sign_in import notes
from vestibule.explain.catalogue.sign_in.address_unproven import code_of
from vestibule.model import Exchange
from vestibule.oidc import errors as oidc
from vestibule.saml import errors as saml
from vestibule.signin.proofs import Problem

SOURCE = Path(__file__).parents[3] / "src" / "vestibule"
NO_CODES = {"", "recipient_refused"}
"""Texts of `send_code` that are no codes of its own."""
OTHERWISE = {"server_fault": "sign_in_failed"}
BARE = ("sign_in_refused", "sign_in_failed")


def texts_in(node: ast.AST) -> Iterator[str]:
    """Every text in an expression, such as both of a choice between two."""
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value


def codes_in(tree: ast.AST) -> Iterator[str]:
    """The codes of `Refused("…")`, of `LoginRefused(status, "…")`, and of what is recorded as `visit.error`."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="Refused"), args=[code, *_]):
                yield from texts_in(code)
            case ast.Call(func=ast.Name(id="LoginRefused"), args=[_, code, *_]):
                yield from texts_in(code)
            case ast.Assign(targets=[ast.Attribute(attr="error")], value=ast.Constant(value=str(code))):
                yield code
            case ast.FunctionDef() | ast.AsyncFunctionDef() if node.name == "send_code":
                yield from (code for each in ast.walk(node) if isinstance(each, ast.Return) for code in texts_in(each))
            case _:
                continue


def refusals() -> list[str]:
    files = [file for where in ("signin", "server/sign_on") for file in (SOURCE / where).rglob("*.py")]
    return sorted({code for file in files for code in codes_in(ast.parse(file.read_text()))} - NO_CODES)


def codes() -> list[str]:
    problems = get_args(Problem)
    found = [*saml.CODES, *oidc.CODES, *refusals(), *problems, *map(code_of, problems)]
    return list(dict.fromkeys(found))


def refused(code: str, **facts: Any) -> Exchange:
    return Exchange(
        "req_1", "con_1", 0, 0, "POST", "/sso/saml/con_1/acs", "", 403,
        resource_type=SIGN_IN, target="ana@example.com", error=code, facts={"protocol": "saml", "idp": "entra"} | facts,
    )  # fmt: skip


def test_the_refusals_of_admission_and_server_are_found_in_their_source() -> None:
    admission = {"person_deactivated", "subject_matches_nobody", "not_provisioned", "claim_missing", "identity_other"}
    server = {
        "request_unknown",
        "sign_on_disabled",
        "email_unproven",
        "approval_pending",
        "mail_not_set_up",
        "mail_failed",
    }
    assert admission | server <= set(refusals())


@pytest.mark.parametrize("code", codes())
def test_every_code_has_a_story_of_its_own(code: str) -> None:
    told = explain(refused(code))
    assert told.code in (code, code_of(code), OTHERWISE.get(code))
    assert told.sentence.endswith(".")
    assert told.why.endswith((".", "”."))
    assert told.fixes
    assert told.end_user


@pytest.mark.parametrize("code", NOTES)
def test_every_note_is_told_and_as_but_of_who_came_in_unless_it_is_light(code: str) -> None:
    assert set(notes.TELLERS) == set(NOTES)
    exchange = Exchange(
        "req_1", "con_1", 0, 0, "POST", "/acs", "", 303, resource_type=SIGN_IN, target="ana@example.com",
        facts={"idp": "okta", "protocol": "saml", "notes": [{"code": code, "facts": {}}]},
    )  # fmt: skip
    told = explain(exchange)
    assert told.code == "signed_in"
    assert (", but " in told.sentence) == (code not in notes.LIGHT)
    assert ("Also: " in told.why) == (code in notes.LIGHT)


FACTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    [
        "expected", "received", "found", "seconds", "skew", "notes", "tried", "candidate", "looked_for", "message",
        "aadsts", "not_after", "not_before", "idp", "protocol", "attribute", "nearest", "detail", "need", "got", "reason",
        "encrypted_to", "allowed", "error", "match", "linked", "parked", "resource_type", "quirk",
    ]
)  # fmt: skip


@given(
    st.sampled_from([None, "nonsense", "held", "conflict", *codes()]),
    st.sampled_from([200, 303, 400, 401, 403, 404, 409, 412, 429, 500, 503]),
    st.dictionaries(NAMES, FACTS, max_size=6),
)
def test_a_sign_in_is_told_by_its_own_stories_whatever_the_facts(
    code: str | None, status: int, facts: dict[str, Any]
) -> None:
    exchange = Exchange(
        "req_1", "con_1", 0, 0, "POST", "/acs", "", status, resource_type=SIGN_IN, error=code, facts=facts
    )
    told = explain(exchange)
    known = {each for entry in sign_in.ENTRIES for each in entry.codes or (entry.code,)}
    assert told.code in known
    assert told.end_user


@pytest.mark.parametrize("code", ["nonsense", "unexplained"])
def test_a_code_that_nobody_knows_is_told_as_it_is(code: str) -> None:
    assert explain(refused(code)).code in BARE
