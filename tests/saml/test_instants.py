"""Times of SAML: read exactly or refused, written as everybody reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.saml.keys import NOW, SECOND
from vestibule.saml.errors import SamlError
from vestibule.saml.instants import duration_of, instant_of, written


@given(st.integers(-60_000_000_000, 250_000_000_000))
def test_what_is_written_is_read_again(seconds: int) -> None:
    if seconds > -30_000_000_000:  # years of four digits
        assert instant_of(written(seconds * SECOND), "x") == seconds * SECOND


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-24T08:00:00Z", NOW),
        ("2026-11-24T10:00:00+02:00", NOW),
        ("2026-11-24T08:00:00.5Z", NOW + SECOND // 2),
        ("2026-11-24T08:00:00.1234567Z", NOW + 123_456),
    ],
)
def test_a_time_is_read(text: str, instant: int) -> None:
    assert instant_of(text, "x") == instant


@pytest.mark.parametrize(
    "text",
    ["", "2026-11-24", "2026-11-24T08:00:00", "2026-11-24 08:00:00Z", "2026-13-24T08:00:00Z", "2026-11-24T24:00:00Z",
     "2026-11-24T08:00:60Z", "20261124T080000Z", "2026-11-24T08:00:00Z\n", "٢٠٢٦-11-24T08:00:00Z", "2026-11-24T08:00:00+24:00"],
)  # fmt: skip
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(SamlError) as refusal:
        instant_of(text, "NotBefore")
    assert (refusal.value.code, refusal.value.facts["what"]) == ("bad_time", "NotBefore")


def test_durations_of_metadata_are_read() -> None:
    wanted = {"PT1H": 3_600, "P1D": 86_400, "P1DT2H3M4.5S": 93_784, "PT0S": 0}
    assert {text: duration_of(text) for text in wanted} == {text: each * SECOND for text, each in wanted.items()}
    assert [duration_of(text) for text in ("", "P", "PT", "1H", "P1Y", "-PT1H", "P1DT", "PT1H\n")] == [None] * 8
