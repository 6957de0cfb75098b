"""Cursors (RFC 9865): they lead back to the place they were made for, and nothing else does."""

import base64
import contextlib
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.scim.cursor import CURSOR_TIMEOUT, Position, read_cursor, write_cursor
from vestibule.scim.errors import ExpiredCursor, InvalidCursor

KEY = bytes(range(32))
NOW = 1_800_000_000_000_000
SECOND = 1_000_000
HERE = Position("User", "usr_1", "müller")
UNRESERVED = re.compile(r"[A-Za-z0-9._~-]+")

_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
positions = st.builds(
    Position,
    st.sampled_from(["User", "Group"]),
    _texts,
    st.none() | _texts | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
)


@given(positions, _texts, st.integers(0, 2**52))
def test_a_cursor_reads_back_to_its_place_and_needs_no_escape_in_a_url(place: Position, query: str, now: int) -> None:
    text = write_cursor(KEY, query, place, now)
    assert UNRESERVED.fullmatch(text)
    back = read_cursor(KEY, query, text, now)
    assert back == place
    assert type(back.value) is type(place.value)


@given(positions, st.data())
def test_a_changed_cursor_leads_nowhere_else(place: Position, data: st.DataObject) -> None:
    text = write_cursor(KEY, "q", place, NOW)
    at = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"))
    changed = text[:at] + letter + text[at + 1 :]
    try:
        assert read_cursor(KEY, "q", changed, NOW) == place
        # The last letter of base64 has bits that mean nothing; all others are signed.
        assert changed == text or at == len(text) - 1
    except InvalidCursor:
        assert changed != text


@given(positions, st.data())
def test_a_cursor_cut_short_or_made_longer_is_refused(place: Position, data: st.DataObject) -> None:
    text = write_cursor(KEY, "q", place, NOW)
    cut = text[: data.draw(st.integers(0, len(text) - 1))]
    for other in (cut, text + "AAAA", "AAAA" + text):
        with pytest.raises(InvalidCursor):
            read_cursor(KEY, "q", other, NOW)


@given(_texts)
def test_a_text_that_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursor):
        read_cursor(KEY, "q", text, NOW)


@pytest.mark.parametrize("text", ["", "%%%", "AAAA", "A" * 5, "a" * 10_000, "=", "é", "\0", "W10"])
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursor):
        read_cursor(KEY, "", text, NOW)


@given(_texts, _texts)
def test_a_cursor_of_another_query_is_refused(query: str, other: str) -> None:
    text = write_cursor(KEY, query, HERE, NOW)
    if query == other:
        assert read_cursor(KEY, other, text, NOW) == HERE
        return
    with pytest.raises(InvalidCursor):
        read_cursor(KEY, other, text, NOW)


def test_a_place_has_one_cursor_and_no_other_spelling_of_it() -> None:
    places = [Position("User", "usr_" + "x" * more, None) for more in range(3)]
    for text in (write_cursor(KEY, "q", each, NOW) for each in places):
        spelled = [text[:-1] + last for last in string.ascii_letters + string.digits + "-_"] + [text + "=", text + "=="]
        good: list[str] = []
        for each in spelled:
            with contextlib.suppress(InvalidCursor):
                read_cursor(KEY, "q", each, NOW)
                good.append(each)
        assert good == [text]


def test_a_cursor_under_another_key_is_refused() -> None:
    text = write_cursor(bytes(32), "q", HERE, NOW)
    with pytest.raises(InvalidCursor):
        read_cursor(KEY, "q", text, NOW)


def test_a_cursor_is_good_for_the_announced_time_and_no_longer() -> None:
    text = write_cursor(KEY, "q", HERE, NOW)
    assert read_cursor(KEY, "q", text, NOW + CURSOR_TIMEOUT * SECOND) == HERE
    with pytest.raises(ExpiredCursor):
        read_cursor(KEY, "q", text, NOW + (CURSOR_TIMEOUT + 1) * SECOND)


def test_a_forged_cursor_is_forged_however_old() -> None:
    text = write_cursor(bytes(32), "q", HERE, NOW)
    with pytest.raises(InvalidCursor):
        read_cursor(KEY, "q", text, NOW * 2)


def test_the_time_of_making_is_signed_too() -> None:
    later = NOW + 2 * CURSOR_TIMEOUT * SECOND
    old, new = (write_cursor(KEY, "q", HERE, when) for when in (NOW, later))
    old_bytes, new_bytes = (base64.urlsafe_b64decode(each + "=" * (-len(each) % 4)) for each in (old, new))
    assert old_bytes[16:] != new_bytes[16:]
    spliced = base64.urlsafe_b64encode(old_bytes[:16] + new_bytes[16:]).rstrip(b"=").decode()
    with pytest.raises(InvalidCursor):
        read_cursor(KEY, "q", spliced, later)
