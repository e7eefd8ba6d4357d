"""Several things at a time, with nothing left running."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")


def in_parallel(items: Iterable[T], work: Callable[[T], None], workers: int) -> None:
    """Call `work` with every item, `workers` at a time, in the order of the items.

    Returns when all calls have ended. The first exception stops the rest from being begun, and is raised.
    """
    remaining = iter(items)
    lock = threading.Lock()
    failed = threading.Event()

    def drain() -> None:
        while not failed.is_set():
            with lock:
                try:
                    item = next(remaining)
                except StopIteration:
                    return
            try:
                work(item)
            except BaseException:
                failed.set()
                raise

    with ThreadPoolExecutor(workers, thread_name_prefix="copy") as pool:
        results = [pool.submit(drain) for _ in range(workers)]
    for result in results:
        result.result()
