"""Several things at a time."""

from __future__ import annotations

import threading

import pytest

from datasync_emulator.dataplane.parallel import in_parallel


def test_every_item_is_done_once() -> None:
    done: list[int] = []
    in_parallel(iter(range(1000)), done.append, 4)
    assert sorted(done) == list(range(1000))


def test_several_are_under_way_at_a_time() -> None:
    meeting = threading.Barrier(3, timeout=60)

    def work(_: int) -> None:
        meeting.wait()

    in_parallel(range(3), work, 3)


def test_the_first_failure_stops_the_rest_and_is_raised() -> None:
    begun: list[int] = []

    def work(item: int) -> None:
        begun.append(item)
        if item == 5:
            raise KeyError(item)

    with pytest.raises(KeyError):
        in_parallel(range(10**6), work, 1)
    assert begun == list(range(6))


def test_no_thread_is_left() -> None:
    before = threading.active_count()
    in_parallel(range(10), lambda _: None, 4)
    assert threading.active_count() == before
