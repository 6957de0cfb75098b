"""Ids, tokens, time and settings."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule import ids, settings
from vestibule.clock import rfc3339
from vestibule.settings import InvalidSettings
from vestibule.store.opening import InvalidUrl, open_store


def test_ids_sort_by_the_time_they_were_made() -> None:
    made = [ids.new_id("usr", 1_795_000_000_000_000 + step) for step in (0, 0, 1, 5_000, 1_000_000)]
    assert made == sorted(made)
    assert len(set(made)) == 5
    assert all(re.fullmatch(r"usr_[0-9a-hjkmnp-tv-z]{26}", each) for each in made)


def test_ids_follow_a_clock_that_was_set_back() -> None:
    """The log is sought by them: one hour in the future would hide an hour of it."""
    now = 1_795_000_000_000_000
    ids.new_id("usr", now + 3_600_000_000)
    assert ids.time_of(ids.new_id("usr", now)) == now
    # A clock that trembles does not make them go back.
    before = ids.new_id("usr", now)
    assert before < ids.new_id("usr", now - 1_000_000)


def test_a_token_tells_its_id_and_nothing_else() -> None:
    secret = ids.new_token(1_795_000_000_000_000)
    assert secret.text.startswith("vst_scim_")
    assert ids.token_id_of(secret.text) == secret.token_id
    assert secret.hash == ids.token_hash(secret.text)
    assert secret.text.encode() not in secret.hash


@given(st.integers(0, 84), st.characters(codec="ascii", min_codepoint=48, max_codepoint=122))
def test_a_mistyped_token_is_recognised_as_one(place: int, letter: str) -> None:
    text = ids.new_token(1_795_000_000_000_000).text
    place %= len(text)
    typo = text[:place] + letter + text[place + 1 :]
    assert (ids.token_id_of(typo) is not None) == (typo == text)


@given(st.text())
def test_no_text_but_a_token_is_a_token(text: str) -> None:
    assert ids.token_id_of(text) is None


def test_times_are_shown_as_rfc_3339() -> None:
    assert rfc3339(1_795_507_200_123_456) == "2026-11-24T08:00:00.123Z"


@pytest.mark.parametrize("url", ["mysql://me:secret-word@h/d", "sqlite://", "vestibule.db", "sqlite:///"])
def test_a_database_that_is_not_understood_is_told_without_its_password(url: str) -> None:
    with pytest.raises(InvalidUrl, match="sqlite:///PATH") as caught:
        open_store(url)
    assert "secret-word" not in str(caught.value)


def test_a_base_url_is_an_address_without_a_slash_behind() -> None:
    assert settings.read(base_url="https://v.example/").base_url == "https://v.example"
    with pytest.raises(InvalidSettings, match="http"):
        settings.read(base_url="v.example")


@pytest.mark.parametrize(
    "text", ['https://v.example/"x', "https://v.example/a b", "https://v.example/\\", "https://v\n"]
)
def test_a_base_url_that_would_break_the_json_it_is_spliced_into_is_refused(text: str) -> None:
    with pytest.raises(InvalidSettings, match="quotation marks"):
        settings.read(base_url=text)
