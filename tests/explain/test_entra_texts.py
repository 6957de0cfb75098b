"""A text out of Entra is told by what it says, and never as something that it does not say."""

import pytest

from tests.explain import recorded
from tests.explain.entra_texts import EXAMPLES, TEXTS
from vestibule.explain import explain
from vestibule.explain.catalogue import entra_says
from vestibule.explain.outside import from_text


@pytest.mark.parametrize(("code", "words", "text"), [each[1:] for each in TEXTS], ids=[each[0] for each in TEXTS])
def test_a_pasted_text_is_told_by_what_it_says(code: str, words: str, text: str) -> None:
    found = from_text(text)
    assert found is not None
    told = explain(found)
    assert (told.code, words in f"{told.sentence} {told.why}") == (code, True), told
    assert told.fixes
    assert told.sentence.endswith(".")
    if not code.startswith(("entra_", "foreign_")):
        return
    assert not any("token list" in str(fix.command) for fix in told.fixes), "the application is not this one"


def test_what_was_asked_is_read_from_a_text_with_its_method() -> None:
    found = from_text("StatusCode: NotFound PATCH https://id.example/scim/v2/connections/con_1/Users/usr_1")
    assert found is not None
    assert (found.method, found.path) == ("PATCH", "https://id.example/scim/v2/connections/con_1/Users")


@pytest.mark.parametrize("break_", ["\r\n", "\n\n", "  \n"])
def test_how_the_lines_are_broken_changes_nothing(break_: str) -> None:
    for name, code, _, text in TEXTS:
        found = from_text(text.replace("\n", break_))
        assert found is not None, name
        assert explain(found).code == code, name


def test_each_word_of_entras_has_its_example_in_the_catalogue() -> None:
    assert set(EXAMPLES) == {entry.code for entry in entra_says.ENTRIES}
    for code, text in EXAMPLES.items():
        assert recorded.exchange(code) == from_text(text)


@pytest.mark.parametrize(
    "text",
    ["The meeting was in conflict with another.", "Timeouts are annoying", "HTTP/2 is enabled", "status: ok", "a conflict; 404 people"],
)  # fmt: skip
def test_a_text_that_says_nothing_of_the_kind_is_not_guessed_at(text: str) -> None:
    assert from_text(text) is None


def test_a_text_full_of_braces_costs_little() -> None:
    assert from_text("{" + "}" * 200_000) is None
