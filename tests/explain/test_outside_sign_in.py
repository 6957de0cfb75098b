"""What people paste: error pages of identity providers, and what Entra's provisioning log says in words of its own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.explain import explain
from vestibule.explain.aadsts import AADSTS, meant_by, numbers_in
from vestibule.explain.outside import from_text

PUBLISHED = [
    "50011",
    "700016",
    "50105",
    "50020",
    "50034",
    "750054",
    "75005",
    "75003",
    "75008",
    "75011",
    "75016",
    "76021",
    "76026",
    "501241",
    "50146",
    "50107",
    "90015",
    "900236",
    "500113",
    "900971",
    "53003",
    "650056",
]


@pytest.mark.parametrize("number", AADSTS)
def test_every_number_is_told_with_what_it_means_and_what_mends_it(number: str) -> None:
    found = from_text(f"Message: AADSTS{number}: something went wrong.\r\nTrace ID: 1-2-3")
    assert found is not None
    told = explain(found)
    assert told.code not in ("sign_in_refused", "signed_in")
    assert f"AADSTS{number}" in told.sentence + told.why
    assert told.fixes
    assert told.end_user


def test_the_numbers_of_a_test_sign_in_are_all_known() -> None:
    assert [each for each in PUBLISHED if meant_by(each) is None] == []


def test_a_number_that_is_not_known_is_told_as_it_is() -> None:
    found = from_text("AADSTS987654: A thing that nobody has heard of.")
    assert found is not None
    told = explain(found)
    assert "A thing that nobody has heard of" in told.sentence
    assert told.code == "idp_status"


def test_numbers_are_found_once_and_in_order() -> None:
    assert numbers_in("AADSTS50011, aadsts 75011 and AADSTS50011") == ("50011", "75011")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("EntrySynchronizationError\nFailed to match an entry in the source and target systems Group 'grp_all'\nInsufficient scope", "scope_missing"),
        ("EntryExportAdd failed. StatusCode: Conflict Message: Processing of the HTTP request resulted in an exception. User 'ana@example.com'", "foreign_conflict"),
        ("StatusCode: BadRequest Message: Processing failed. Web Response: {\"status\":\"400\",\"scimType\":\"invalidValue\",\"detail\":\"`active` is a boolean.\"}", "foreign_refused"),
        ("You appear to have entered invalid credentials. Please confirm you are using the correct information.", "entra_credentials"),
        ("errorCode: InternalServerError", "foreign_fault"),
        ("Error 400: redirect_uri_mismatch", "idp_error"),
        ("An error occurred. MSIS7007: The requested relying party trust is unspecified or unsupported.", "idp_status"),
        ("We are sorry...\nInvalid parameter: redirect_uri", "idp_status"),
    ],
    ids=lambda each: each[:30],
)  # fmt: skip
def test_a_text_of_an_identity_provider_is_explained(text: str, code: str) -> None:
    found = from_text(text)
    assert found is not None
    assert explain(found).code == code


def test_the_scope_that_entra_means_is_that_of_the_object_it_names() -> None:
    found = from_text(
        "Failed to match an entry in the source and target systems User 'ana@example.com'. Insufficient scope"
    )
    assert found is not None
    assert "get:users" in explain(found).sentence


@pytest.mark.parametrize(
    "text",
    [
        '{"status": {"errorCode": 50105, "failureReason": "Your administrator has configured the application"}}',
        "Sign-in error code\n50105\nFailure reason\nYour administrator has configured the application",
        "HTTP status: 400\nAADSTS50105: Your administrator has configured the application",
    ],
    ids=["JSON", "page", "with a status"],
)
def test_an_entry_of_entras_sign_in_logs_is_told_by_its_number(text: str) -> None:
    found = from_text(text)
    assert found is not None
    assert explain(found).code == "not_assigned"


@given(st.text())
def test_any_text_is_read_or_not_and_nothing_breaks(text: str) -> None:
    found = from_text(text)
    assert found is None or explain(found).sentence
