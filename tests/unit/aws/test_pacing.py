"""The token bucket: in order, never faster than allowed, slower after a throttle, and back again."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamover_operator.aws.pacing import Limits, Pace


def departures(pace: Pace, arrivals: Iterable[float]) -> list[float]:
    """When calls leave that arrive then and wait for each other."""
    left: list[float] = []
    for arrival in arrivals:
        now = max(arrival, left[-1] if left else arrival)
        while (delay := pace.delay(now)) > 0:
            now += delay
        pace.spend(now)
        left.append(now)
    return left


def test_a_burst_goes_at_once_and_the_rest_in_order_at_the_rate() -> None:
    pace = Pace(rate=10, burst=3, now=100.0)
    assert departures(pace, [100.0] * 5) == pytest.approx([100, 100, 100, 100.1, 100.2])


def test_a_pause_fills_the_bucket_to_its_burst_only() -> None:
    pace = Pace(rate=10, burst=3, now=0.0)
    departures(pace, [0.0] * 3)
    assert departures(pace, [1000.0] * 4) == pytest.approx([1000, 1000, 1000, 1000.1])


def test_a_throttle_halves_the_rate_and_spends_the_burst() -> None:
    pace = Pace(rate=10, burst=3, now=0.0)
    pace.throttled(0.0)
    assert pace.rate(0.0) == pytest.approx(5)
    assert departures(pace, [0.0]) == pytest.approx([0.2], rel=0.01)


def test_throttles_of_calls_that_were_in_flight_together_count_once() -> None:
    pace = Pace(rate=10, burst=3, now=0.0)
    for late in (0.0, 0.3, 0.9):
        pace.throttled(late)
    assert pace.rate(0.9) == pytest.approx(5, rel=0.1)


def test_the_rate_recovers_within_a_minute_without_a_throttle() -> None:
    pace = Pace(rate=10, burst=3, now=0.0)
    pace.throttled(0.0)
    assert pace.rate(15.0) == pytest.approx(7.5)
    assert pace.rate(60.0) == 10


def test_many_throttles_never_stop_an_account() -> None:
    pace = Pace(rate=10, burst=3, now=0.0)
    for second in range(50):
        pace.throttled(second * 1.01)
    assert pace.rate(50.0) >= 0.2


@given(st.floats(1, 1000), st.lists(st.floats(0, 20), max_size=80))
def test_however_often_aws_has_throttled_the_next_call_leaves_within_ten_seconds(
    rate: float, gaps: list[float]
) -> None:
    pace, throttles = Pace(rate, burst=3, now=0.0), list(accumulate(gaps, initial=0.0))
    for at in throttles:
        pace.throttled(at)
    (left,) = departures(pace, [throttles[-1]])
    assert left - throttles[-1] <= 10


@given(st.lists(st.floats(0, 5), max_size=60), st.floats(1, 50), st.integers(1, 10))
def test_no_window_ever_holds_more_than_burst_and_rate_allow(gaps: list[float], rate: float, burst: int) -> None:
    left = departures(Pace(rate, burst, 0.0), accumulate(gaps))
    for first in range(len(left)):
        for last in range(first, len(left)):
            window = left[last] - left[first]
            assert last - first + 1 <= burst + rate * window + 1e-6 * len(left) + 1e-9


@pytest.mark.parametrize(("threads", "expected"), [(1, 1), (2, 1), (24, 18)])
def test_one_account_never_takes_all_threads_where_there_are_several(threads: int, expected: int) -> None:
    assert Limits(threads=threads).per_account == expected


def test_nothing_leaves_before_the_time_that_aws_has_told() -> None:
    pace = Pace(rate=10, burst=3, now=0.0)
    pace.hold(5.0)
    pace.hold(2.0)
    assert departures(pace, [0.0, 0.0]) == pytest.approx([5, 5])
