"""What is looked for in the log, as it is written."""

import pytest

from vestibule.log import BadSearch, read_instant, read_outcome
from vestibule.outcome import LABELS, OUTCOMES, outcome_of

NOW = 1_795_600_000_000_000
MINUTE = 60_000_000


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("90s", NOW - 90_000_000),
        ("40m", NOW - 40 * MINUTE),
        ("2h", NOW - 120 * MINUTE),
        ("7d", NOW - 7 * 1_440 * MINUTE),
        ("4w", NOW - 28 * 1_440 * MINUTE),
        ("2026-11-24", 1_795_478_400_000_000),
        ("2026-11-24T08:00", 1_795_507_200_000_000),
        ("2026-11-24T08:00:00Z", 1_795_507_200_000_000),
        ("2026-11-24T10:00:00.25+02:00", 1_795_507_200_250_000),
        ("999999999w", 0),
        ("0001-01-01T00:00:00+14:00", 0),
        ("9999-12-31T23:59:59.999999-14:00", 253_402_351_199_999_999),
    ],
)
def test_a_time_is_an_instant_or_so_long_ago(text: str, instant: int) -> None:
    assert read_instant(text, NOW) == instant


@pytest.mark.parametrize("text", ["", "yesterday", "7", "d", "-2h", "2026-13-01", "24.11.2026", "99999999999d"])
def test_what_is_no_time_is_refused_with_how_to_write_one(text: str) -> None:
    with pytest.raises(BadSearch, match="2026-11-24"):
        read_instant(text, NOW)


def test_an_outcome_is_known_by_its_word_and_by_its_label() -> None:
    assert [read_outcome(each) for each in LABELS.values()] == list(OUTCOMES)
    assert [read_outcome(each.upper().replace("_", "-")) for each in OUTCOMES] == list(OUTCOMES)
    with pytest.raises(BadSearch, match="done, no_change, held"):
        read_outcome("ok")


@pytest.mark.parametrize(
    ("status", "error", "facts", "outcome"),
    [
        (200, None, {}, "done"),
        (204, None, {"changed": True}, "done"),
        (204, None, {"changed": False}, "no_change"),
        (204, None, {"changed": False, "parked": ["x"]}, "parked"),
        (201, None, {"manager_parked": True}, "parked"),
        (403, "held", {"hold": "hld_1"}, "held"),
        (303, "approval_pending", {}, "held"),
        (200, "email_unproven", {}, "held"),
        (401, "unauthorized", {}, "blocked"),
        (200, "email_code_wrong", {}, "blocked"),
        (429, "too_many", {}, "blocked"),
        (500, "internal", {}, "failed"),
        (503, "unavailable", {"changed": False}, "failed"),
    ],
)
def test_an_exchange_has_one_outcome(status: int, error: str | None, facts: dict[str, object], outcome: str) -> None:
    assert outcome_of(status, error, facts) == outcome
