"""Which call to AWS goes out next: at each account's pace, the urgent first, and no account in the way of another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from datamover_common.fairness import FairQueue, Lane, Shares
from datamover_operator.aws.pacing import Pace
from datamover_operator.aws.ports import urgency


class Admission:
    """Admits calls of all accounts to a number of places. Belongs to one event loop."""

    def __init__(self, places: int, tick: Callable[[], float]) -> None:
        """`tick` is a monotonic clock, in seconds."""
        self._shares = Shares(places)
        self._tick = tick
        self._waiting: FairQueue[asyncio.Future[None]] = FairQueue()
        self._paces: dict[Hashable, Pace] = {}
        self._timer: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def place(self, lane: Lane, pace: Pace) -> AsyncIterator[None]:
        """Wait for a place, and keep it while the context is open."""
        admitted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._paces[lane.share] = pace
        self._waiting.add(admitted, lane)
        self._admit()
        try:
            await admitted
        except asyncio.CancelledError:
            if admitted.done() and not admitted.cancelled():
                self._leave(lane)
            else:
                self._waiting.remove(admitted)
            raise
        try:
            yield
        finally:
            self._leave(lane)

    def backlog(self, share: Hashable) -> float:
        """For how many seconds a share's calls wait that have not been admitted."""
        pace = self._paces.get(share)
        waiting = self._waiting.waiting(share)
        now = self._tick()
        return pace.held(now) + waiting / pace.rate(now) if pace is not None and waiting else 0.0

    def _leave(self, lane: Lane) -> None:
        self._shares.give_back(lane.share)
        self._admit()

    def _admit(self) -> None:
        now = self._tick()
        delays: list[float] = []

        def may(share: Hashable) -> bool:
            if not self._shares.may_take(share):
                return False
            delay = self._paces[share].delay(now)
            if delay > 0:
                delays.append(delay)
            return delay <= 0

        while (found := self._waiting.take(may)) is not None:
            admitted, lane = found
            if not admitted.cancelled():
                self._shares.take(lane.share)
                self._paces[lane.share].spend(now)
                admitted.set_result(None)
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(min(delays), self._admit) if delays else None


@dataclass(frozen=True, slots=True)
class Door:
    """The way of one account's calls through the admission; what shares the account shares its pace."""

    admission: Admission
    share: Hashable
    pace: Pace

    def open(self) -> AbstractAsyncContextManager[None]:
        """Wait for a place, as urgently as the present work is."""
        return self.admission.place(Lane(urgency.get(), self.share), self.pace)

    def backlog(self) -> float:
        """For how many seconds calls wait here."""
        return self.admission.backlog(self.share)
