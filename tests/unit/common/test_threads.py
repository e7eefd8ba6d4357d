"""The pool: bounded, lazy, and no obstacle to the process's exit."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from datamover_common.threads import DaemonPool


def test_results_and_exceptions_come_back() -> None:
    pool = DaemonPool(2, "work")
    assert pool.submit(lambda: 42).result(timeout=10) == 42
    failing = pool.submit(lambda: 1 // 0)
    assert isinstance(failing.exception(timeout=10), ZeroDivisionError)
    pool.close()


def test_no_more_threads_than_allowed_and_an_idle_one_is_used_again() -> None:
    pool = DaemonPool(3, "work")
    running, go = threading.Semaphore(0), threading.Event()

    def work() -> str:
        running.release()
        go.wait(10)
        return threading.current_thread().name

    futures = [pool.submit(work) for _ in range(9)]
    for _ in range(3):
        assert running.acquire(timeout=10)
    assert not running.acquire(blocking=False)
    go.set()
    assert len({future.result(timeout=10) for future in futures}) == 3
    pool.close()


def test_one_call_after_another_needs_one_thread() -> None:
    pool = DaemonPool(8, "work")
    names = set()
    for _ in range(20):
        names.add(pool.submit(lambda: threading.current_thread().name).result(timeout=10))
        assert pool._idle.acquire(timeout=10)
        pool._idle.release()
    assert len(names) == 1
    pool.close()


def test_cancelled_work_is_not_begun() -> None:
    pool = DaemonPool(1, "work")
    go, begun = threading.Event(), threading.Event()
    first = pool.submit(lambda: go.wait(10))
    second = pool.submit(begun.set)
    assert second.cancel()
    go.set()
    first.result(timeout=10)
    pool.submit(lambda: None).result(timeout=10)
    assert not begun.is_set()
    pool.close()


def test_a_closed_pool_ends_its_threads_and_takes_nothing() -> None:
    pool = DaemonPool(1, "work")
    pool.submit(lambda: None).result(timeout=10)
    pool.close()
    pool._threads[0].join(timeout=10)
    assert not pool._threads[0].is_alive()
    with pytest.raises(RuntimeError, match="closed"):
        pool.submit(lambda: None)


def test_a_call_that_hangs_does_not_keep_the_process() -> None:
    program = """
import threading
from datamover_common.threads import DaemonPool
begun = threading.Event()
DaemonPool(1, "work").submit(lambda: (begun.set(), threading.Event().wait()))
begun.wait()
"""
    done = subprocess.run([sys.executable, "-c", program], timeout=60, check=False)
    assert done.returncode == 0
