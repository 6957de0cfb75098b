"""Token buckets: never fewer than was promised, never more than the burst beyond it, in a bounded memory."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from vestibule.server.buckets import SECONDS, Buckets, limit_of

SECOND = 1_000_000
STEPS = st.lists(st.integers(0, 2 * SECOND), min_size=1, max_size=200)


def drain(buckets: Buckets, key: str, rate: int, now: int) -> int:
    """How many are let through at one instant."""
    limit, count = limit_of(rate), 0
    while not buckets.take(key, limit, now):
        count += 1
    return count


@given(st.integers(1, 50), STEPS)
def test_it_lets_through_what_a_bucket_that_is_filled_drop_by_drop_would(rate: int, steps: list[int]) -> None:
    buckets, limit = Buckets(), limit_of(rate)
    drop = Fraction(SECOND // rate, SECOND)
    now, level, filled = 0, Fraction(limit.burst), 0
    for step in steps:
        now += step
        level = min(Fraction(limit.burst), level + Fraction(now - filled, SECOND) / drop)
        filled = now
        through = level >= 1
        wait = buckets.take("con_1", limit, now)
        assert (wait == 0) == through
        if through:
            level -= 1
        else:
            # The wait is exact: not a microsecond before.
            assert buckets.take("con_1", limit, now + wait - 1)
            assert not buckets.take("con_1", limit, now + wait)
            now, filled, level = now + wait, now + wait, Fraction(0)


@given(st.integers(1, 1_000_000))
def test_the_rate_is_never_less_than_it_says(rate: int) -> None:
    limit = limit_of(rate)
    assert rate * limit.interval <= SECOND
    assert limit.burst == rate * SECONDS


def test_a_burst_and_then_the_rate() -> None:
    buckets = Buckets()
    assert drain(buckets, "con_1", 10, 0) == 300
    assert drain(buckets, "con_1", 10, SECOND) == 10
    assert drain(buckets, "con_2", 10, SECOND) == 300
    assert drain(buckets, "con_1", 10, 3_600 * SECOND) == 300


def test_a_clock_that_is_set_back_shuts_nobody_out() -> None:
    buckets = Buckets()
    drain(buckets, "con_1", 10, 3_600 * SECOND)
    assert drain(buckets, "con_1", 10, 0) == 0
    assert drain(buckets, "con_1", 10, SECOND) == 10


def test_another_limit_counts_at_once() -> None:
    buckets = Buckets()
    drain(buckets, "con_1", 1, 0)
    assert drain(buckets, "con_1", 100, SECOND) == 100
    drain(buckets, "con_1", 1_000, 2 * SECOND)
    assert drain(buckets, "con_1", 1, 3 * SECOND) == 1


def test_what_counts_many_times_empties_the_bucket_and_makes_no_debt() -> None:
    buckets, limit = Buckets(), limit_of(10)
    assert not buckets.take("con_1", limit, 0)
    buckets.take_more("con_1", limit, 0, 100)
    assert drain(buckets, "con_1", 10, 0) == 199
    buckets.take_more("con_1", limit, 0, 10**6)
    assert drain(buckets, "con_1", 10, SECOND) == 10


def test_memory_is_bounded_and_who_is_in_use_is_not_forgotten() -> None:
    buckets, limit = Buckets(most=100), limit_of(1)
    drain(buckets, "con_busy", 1, 0)
    for number in range(10_000):
        buckets.take(f"stranger {number}", limit, number)
        if number % 50 == 0:
            assert buckets.take("con_busy", limit, number)
    assert len(buckets._young) + len(buckets._old) <= 202
