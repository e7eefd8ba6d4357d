"""Wait for conditions instead of sleeping."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
PATIENCE_S = 60.0
"""What takes a second takes half a minute beside twenty other processes."""


class _Deadline:
    """Decides after each vain attempt whether to go on, and tells what was seen last when not."""

    def __init__(self, what: str, timeout: float) -> None:
        self._what, self._timeout = what, timeout
        self._end = time.monotonic() + timeout

    def check(self, seen: object, failure: AssertionError | None) -> None:
        if time.monotonic() > self._end:
            last = f"last failure: {failure}" if failure is not None else f"last value: {seen!r}"
            raise AssertionError(f"Not within {self._timeout:g} s: {self._what}; {last}") from failure


def eventually(predicate: Callable[[], T], timeout: float = PATIENCE_S, *, what: str = "", interval: float = 0.05) -> T:
    """Call `predicate` until it returns something true, and return that.

    An AssertionError inside `predicate` counts as "not yet". After `timeout` seconds an AssertionError tells the last
    value or failure.
    """
    deadline = _Deadline(what or _name(predicate), timeout)
    while True:
        seen, failure = None, None
        try:
            if seen := predicate():
                return seen
        except AssertionError as error:
            failure = error
        deadline.check(seen, failure)
        time.sleep(interval)


async def eventually_async(
    predicate: Callable[[], Awaitable[T]], timeout: float = PATIENCE_S, *, what: str = "", interval: float = 0.05
) -> T:
    """Do as `eventually`, for a coroutine function."""
    deadline = _Deadline(what or _name(predicate), timeout)
    while True:
        seen, failure = None, None
        try:
            if seen := await predicate():
                return seen
        except AssertionError as error:
            failure = error
        deadline.check(seen, failure)
        await asyncio.sleep(interval)


def _name(predicate: object) -> str:
    return getattr(predicate, "__qualname__", repr(predicate))
