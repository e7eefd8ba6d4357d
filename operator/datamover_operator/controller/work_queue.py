"""The one queue: keys to look at, each at most once at a time.

Level-triggered, like client-go's workqueue: what is added while it waits is added once; what is added while it is
worked on is looked at once more afterwards; a delay is replaced by an earlier one.
"""

from __future__ import annotations

import asyncio
import random
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

BASE_DELAY = 1.0
MAX_DELAY = 60.0


class WorkQueue(Generic[K]):
    """Keys in the order in which they were added."""

    def __init__(self, rng: random.Random | None = None) -> None:
        """`rng` spreads back-off delays."""
        self._ready: OrderedDict[K, None] = OrderedDict()
        self._working: set[K] = set()
        self._again: set[K] = set()
        self._timers: dict[K, asyncio.TimerHandle] = {}
        self._failures: dict[K, int] = {}
        self._wakeup = asyncio.Event()
        self._rng = rng or random.Random()  # noqa: S311 - spreads load, guards nothing

    def __len__(self) -> int:
        """How many keys wait to be worked on now."""
        return len(self._ready) + len(self._again)

    def add(self, key: K) -> None:
        """Look at a key as soon as a worker is free."""
        if key in self._working:
            self._again.add(key)
            return
        self._ready[key] = None
        self._wakeup.set()

    def is_wanted(self, key: K) -> bool:
        """Whether a key was added while it is being worked on: what the worker knows may be out of date."""
        return key in self._again

    def add_after(self, key: K, seconds: float) -> None:
        """Look at a key in some time, or earlier if it was to be looked at earlier."""
        if seconds <= 0:
            self.add(key)
            return
        loop = asyncio.get_running_loop()
        timer = self._timers.get(key)
        if timer is not None and timer.when() <= loop.time() + seconds:
            return
        if timer is not None:
            timer.cancel()
        self._timers[key] = loop.call_later(seconds, self._ring, key)

    def retry(self, key: K) -> float:
        """Look at a key again after a delay that doubles with each retry in a row; return the delay in seconds."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        delay = min(MAX_DELAY, BASE_DELAY * 2.0 ** min(failures, 10)) * self._rng.uniform(0.8, 1.2)
        self.add_after(key, delay)
        return delay

    def succeeded(self, key: K) -> None:
        """The next retry of this key starts from the shortest delay again."""
        self._failures.pop(key, None)

    def forget(self, key: K) -> None:
        """The key means nothing any more."""
        self._failures.pop(key, None)
        self._ready.pop(key, None)
        self._again.discard(key)
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()

    async def take(self) -> K:
        """Wait for a key, drop its timer (it is looked at now); the caller must give it back with `done`."""
        while not self._ready:
            self._wakeup.clear()
            await self._wakeup.wait()
        key, _ = self._ready.popitem(last=False)
        self._working.add(key)
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()
        return key

    def done(self, key: K) -> None:
        """The key has been worked on."""
        self._working.discard(key)
        if key in self._again:
            self._again.discard(key)
            self.add(key)

    def close(self) -> None:
        """Drop all timers."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _ring(self, key: K) -> None:
        self._timers.pop(key, None)
        self.add(key)
