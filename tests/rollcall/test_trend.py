"""Each roll call is told with the cycle that it came after."""

import pytest

from vestibule.cycles import Run
from vestibule.rollcall.trend import cycle_before, roll_json
from vestibule.store.roll_calls import RollRecord

CYCLES = (
    Run("req_a", "req_b", 100, 200, number=1),
    Run("req_c", "req_d", 300, 310),
    Run("req_e", "req_f", 400, 500, number=2),
)


@pytest.mark.parametrize(
    ("at", "number"), [(0, None), (99, None), (100, 1), (250, 1), (305, 1), (399, 1), (400, 2), (9_000, 2)]
)
def test_it_is_the_newest_cycle_that_had_begun_and_no_mere_test_of_the_connection(at: int, number: int | None) -> None:
    found = cycle_before(CYCLES, at)
    assert (found.number if found else None) == number
    told = roll_json(RollRecord("con_1", "Sales", at, 2, 1, 1, 0, {"not_added": 1}), found)
    assert told["cycle"] == (None if number is None else {"id": "cyc_a" if number == 1 else "cyc_e", "number": number})
