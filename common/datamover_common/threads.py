"""Threads for calls that block. Unlike the standard library's pool they never delay the process's exit."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class DaemonPool:
    """At most `size` daemon threads, started as work comes; work that waits is unbounded, its senders are not."""

    def __init__(self, size: int, name: str) -> None:
        """Make the pool without starting a thread; `size` is at least 1, and its threads are called after `name`."""
        self._name = name
        self._size = size
        self._idle = threading.Semaphore(0)
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._closed = False

    def submit(self, function: Callable[[], T]) -> Future[T]:
        """Run `function` in a thread of the pool.

        Raises:
            RuntimeError: the pool was closed.
        """
        future: Future[T] = Future()
        with self._lock:
            if self._closed:
                message = "the thread pool is closed"
                raise RuntimeError(message)
            self._work.put(lambda: _run(future, function))
            if len(self._threads) < self._size and not self._idle.acquire(blocking=False):
                thread = threading.Thread(target=self._serve, name=f"{self._name}-{len(self._threads)}", daemon=True)
                self._threads.append(thread)
                thread.start()
        return future

    def close(self) -> None:
        """Take no more work and let the threads end after what is queued; waits for nothing."""
        with self._lock:
            self._closed = True
            for _ in self._threads:
                self._work.put(None)

    def _serve(self) -> None:
        while (work := self._work.get()) is not None:
            work()
            # Drop the reference before waiting: it holds the last call's request and answer.
            del work
            self._idle.release()


def _run(future: Future[T], function: Callable[[], T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = function()
    except BaseException as error:  # noqa: BLE001 - the future carries it to the waiting caller
        future.set_exception(error)
    else:
        future.set_result(result)
