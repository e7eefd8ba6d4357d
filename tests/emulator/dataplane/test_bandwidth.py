"""The bandwidth limit, by a clock of our own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasync_emulator.dataplane.bandwidth import BURST_SECONDS, LONGEST_WAIT, Bandwidth
from tests.emulator.dataplane.locations import PATIENT

MIB = 2**20


class Time:
    """A clock that waiting moves on."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.limit = -1

    def clock(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        assert 0 < seconds <= LONGEST_WAIT
        self.now += seconds

    def bandwidth(self, limit: int) -> Bandwidth:
        self.limit = limit
        return Bandwidth(lambda: self.limit, self.wait, self.clock)


@PATIENT
@given(st.integers(1, 10**6), st.lists(st.tuples(st.integers(1, 10**6), st.floats(0, 5)), min_size=1, max_size=20))
def test_no_more_passes_than_the_limit_and_a_burst(limit: int, steps: list[tuple[int, float]]) -> None:
    time = Time()
    bandwidth = time.bandwidth(limit)
    begun, taken = time.now, 0
    for amount, idle in steps:
        time.now += idle
        bandwidth.take(min(amount, 3 * limit))
        assert taken <= limit * (time.now - begun + BURST_SECONDS) * 1.001 + 1
        taken += min(amount, 3 * limit)


def test_a_busy_sender_reaches_the_limit() -> None:
    time = Time()
    bandwidth = time.bandwidth(MIB)
    for _ in range(100):
        bandwidth.take(MIB // 4)
    assert time.now - 1000 == pytest.approx(99 / 4, rel=0.01)


def test_a_chunk_larger_than_a_second_s_worth_passes() -> None:
    time = Time()
    bandwidth = time.bandwidth(10)
    bandwidth.take(1000)
    bandwidth.take(1)
    assert time.now - 1000 == pytest.approx(100, rel=0.01)


@pytest.mark.parametrize("limit", [-1, 0])
def test_without_a_limit_nothing_waits(limit: int) -> None:
    time = Time()
    bandwidth = time.bandwidth(limit)
    for _ in range(10):
        bandwidth.take(10**12)
    assert time.now == 1000


def test_a_new_limit_counts_at_once() -> None:
    time = Time()
    waits = 0

    def lift(seconds: float) -> None:
        nonlocal waits
        waits += 1
        time.now += seconds
        time.limit = -1

    bandwidth = Bandwidth(lambda: time.limit, lift, time.clock)
    time.limit = 1
    bandwidth.take(10**6)
    bandwidth.take(10**6)
    assert waits == 1


def test_time_without_a_limit_is_not_saved_up() -> None:
    time = Time()
    bandwidth = time.bandwidth(-1)
    bandwidth.take(1)
    time.now += 3600
    time.limit = 100
    bandwidth.take(100)
    bandwidth.take(1)
    assert time.now - 1000 - 3600 == pytest.approx(1 - BURST_SECONDS, rel=0.02)


def test_waiting_can_be_ended() -> None:
    class StoppedError(Exception):
        pass

    def stop(_: float) -> None:
        raise StoppedError

    bandwidth = Bandwidth(lambda: 1, stop, lambda: 0.0)
    bandwidth.take(10)
    with pytest.raises(StoppedError):
        bandwidth.take(1)
