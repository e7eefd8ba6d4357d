"""Places for which many wait: the urgent come first, and no share takes all. Belongs to one event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Protocol

from datamover_common.fairness import FairQueue, Lane, Shares, Taken, Urgency

urgency: ContextVar[Urgency] = ContextVar("urgency", default=Urgency.CHANGE)
"""How urgent the present work is, and with it all that is sent for it."""


SLOW_AFTER = 5.0
"""What answers at all nearly always answers sooner."""


class Pace(Protocol):
    """How fast a share may take places, by a monotonic clock in seconds."""

    def delay(self, now: float) -> float:
        """Return the seconds until a place may be taken."""

    def spend(self, now: float) -> None:
        """Count a place that is taken now."""


class Turns:
    """A number of places."""

    def __init__(
        self,
        places: int,
        tick: Callable[[], float] = time.monotonic,
        pace: Callable[[Hashable], Pace | None] = lambda _: None,
        slow_after: float = SLOW_AFTER,
    ) -> None:
        """`tick` is a monotonic clock, in seconds; a share without a pace takes places as fast as they are free.

        Shares that keep a place for more than `slow_after` seconds count as one.
        """
        self._shares = Shares(places, slow_after)
        self._tick = tick
        self._pace = pace
        self._waiting: FairQueue[asyncio.Future[Taken]] = FairQueue()
        self._timer: asyncio.TimerHandle | None = None

    def waiting(self, share: Hashable) -> int:
        """How many of a share wait."""
        return self._waiting.waiting(share)

    @asynccontextmanager
    async def place(self, lane: Lane) -> AsyncIterator[None]:
        """Wait for a place, and keep it while the context is open."""
        taken = await self.take(lane)
        try:
            yield
        finally:
            self.leave(taken)

    async def take(self, lane: Lane) -> Taken:
        """Wait for a place, and take it: who takes it leaves it."""
        admitted: asyncio.Future[Taken] = asyncio.get_running_loop().create_future()
        self._waiting.add(admitted, lane)
        self._admit()
        try:
            return await admitted
        except asyncio.CancelledError:
            if admitted.done() and not admitted.cancelled():
                self.leave(admitted.result())
            else:
                self._waiting.remove(admitted)
            raise

    def leave(self, taken: Taken) -> None:
        """Leave a place."""
        self._shares.give_back(taken, self._tick())
        self._admit()

    def _admit(self) -> None:
        now = self._tick()
        delays: list[float] = []

        def may(lane: Lane) -> bool:
            if not self._shares.may_take(lane, now):
                return False
            pace = self._pace(lane.share)
            delay = pace.delay(now) if pace is not None else 0.0
            if delay > 0:
                delays.append(delay)
            return delay <= 0

        while (found := self._waiting.take(may)) is not None:
            admitted, lane = found
            if admitted.cancelled():
                continue
            if (pace := self._pace(lane.share)) is not None:
                pace.spend(now)
            admitted.set_result(self._shares.take(lane, now))
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(min(delays), self._admit) if delays else None
