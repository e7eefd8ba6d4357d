"""The one queue: keys to reconcile, each at most once at a time.

Level-triggered, like client-go's workqueue: what is added while it waits is added once; what is added while it is
worked on is looked at again afterwards; a delay is replaced by an earlier one. The urgent come first, accounts in
turn, and one account's keys never occupy all workers.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from datamover_common.fairness import FairQueue, Lane, Shares, Taken, Urgency

K = TypeVar("K", bound=Hashable)

BASE_DELAY = 1.0
MAX_DELAY = 8.0
"""What passes by itself is over at most this much later, and a fifth, than it has to be."""
_SLOW_AFTER = 15.0
"""Seconds that a pass may take in an account that answers, also while thousands of its movers are made."""


def one_lane(_: object) -> Lane:
    """Have all keys wait in turn."""
    return Lane(Urgency.CHANGE, None)


class WorkQueue(Generic[K]):
    """Keys that wait for one of a number of workers."""

    def __init__(
        self, workers: int = 1, lane: Callable[[K], Lane] = one_lane, rng: random.Random | None = None
    ) -> None:
        """`lane` says where a key waits; `rng` spreads back-off delays."""
        self._ready: FairQueue[K] = FairQueue()
        self._shares = Shares(workers, _SLOW_AFTER)
        self._lane = lane
        self._working: dict[K, Taken] = {}
        self._again: set[K] = set()
        self._timers: dict[K, asyncio.TimerHandle] = {}
        self._failures: dict[K, int] = {}
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._rng = rng or random.Random()  # noqa: S311 - spreads load, guards nothing

    def __len__(self) -> int:
        """How many keys wait to be worked on now."""
        return len(self._ready) + len(self._again)

    def add(self, key: K) -> None:
        """Reconcile a key as soon as a worker is free."""
        if key in self._working:
            self._again.add(key)
            return
        self._ready.add(key, self._lane(key))
        self._wake_one()

    def is_wanted(self, key: K) -> bool:
        """Whether a key was added while it is being worked on: what the worker knows may be out of date."""
        return key in self._again

    def add_after(self, key: K, seconds: float) -> None:
        """Reconcile a key in some time, or earlier if it was scheduled earlier."""
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
        """Reconcile a key again after a delay that doubles with each retry in a row; return the delay in seconds."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        delay = min(MAX_DELAY, BASE_DELAY * 2.0 ** min(failures, 10)) * self._rng.uniform(0.8, 1.2)
        self.add_after(key, delay)
        return delay

    def succeeded(self, key: K) -> None:
        """The next retry of this key starts from the shortest delay again."""
        self._failures.pop(key, None)

    def forget(self, key: K) -> None:
        """Forget the key."""
        self._failures.pop(key, None)
        self._ready.remove(key)
        self._again.discard(key)
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()

    async def take(self) -> tuple[K, Lane]:
        """Wait for a key, drop its timer (it is looked at now); the caller must give it back with `done`."""
        loop = asyncio.get_running_loop()
        while (found := self._ready.take(lambda lane: self._shares.may_take(lane, loop.time()))) is None:
            waiter: asyncio.Future[None] = loop.create_future()
            self._waiters.append(waiter)
            try:
                await waiter
            except asyncio.CancelledError:
                if waiter.done() and not waiter.cancelled():
                    self._wake_one()  # what it was woken for is another's now
                raise
        key, lane = found
        self._working[key] = self._shares.take(lane, loop.time())
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()
        if self._ready:
            self._wake_one()  # a place that is left may have made room for several
        return key, lane

    def done(self, key: K) -> None:
        """The key has been worked on."""
        taken = self._working.pop(key, None)
        if taken is not None:
            self._shares.give_back(taken, asyncio.get_running_loop().time())
        if key in self._again:
            self._again.discard(key)
            self.add(key)
        self._wake_one()

    def _wake_one(self) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    def close(self) -> None:
        """Drop all timers."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _ring(self, key: K) -> None:
        self._timers.pop(key, None)
        self.add(key)
