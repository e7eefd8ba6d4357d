"""Which call to AWS goes out next: at each account's pace, the urgent first, and no account in the way of another."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from datamover_common.fairness import Lane
from datamover_common.turns import Turns, urgency
from datamover_operator.aws.pacing import Pace


class Admission:
    """Admits calls of all accounts to a number of places. Belongs to one event loop."""

    def __init__(self, places: int, tick: Callable[[], float]) -> None:
        """`tick` is a monotonic clock, in seconds."""
        self._tick = tick
        self._paces: dict[Hashable, Pace] = {}
        self._turns = Turns(places, tick, self._paces.get)

    def place(self, lane: Lane, pace: Pace) -> AbstractAsyncContextManager[None]:
        """Wait for a place, and keep it while the context is open."""
        self._paces[lane.share] = pace
        return self._turns.place(lane)

    def backlog(self, share: Hashable) -> float:
        """For how many seconds a share's calls wait that have not been admitted."""
        pace = self._paces.get(share)
        waiting = self._turns.waiting(share)
        now = self._tick()
        return pace.held(now) + waiting / pace.rate(now) if pace is not None and waiting else 0.0


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
