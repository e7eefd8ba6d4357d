"""Which call to AWS goes out next: at each account's pace, the urgent first, and no account in the way of another."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial

from datamover_common.fairness import Lane, Taken
from datamover_common.turns import SLOW_AFTER, Turns, urgency
from datamover_operator.aws.pacing import Pace


class Admission:
    """Admits calls of all accounts to a number of places. Belongs to one event loop."""

    def __init__(self, places: int, tick: Callable[[], float], slow_after: float = SLOW_AFTER) -> None:
        """`tick` is a monotonic clock, in seconds; for `slow_after` see Turns."""
        self._tick = tick
        self._paces: dict[Hashable, Pace] = {}
        self._turns = Turns(places, tick, self._paces.get, slow_after)

    async def take(self, lane: Lane, pace: Pace) -> Taken:
        """Wait for a place, and take it."""
        self._paces[lane.share] = pace
        return await self._turns.take(lane)

    def leave(self, taken: Taken) -> None:
        """Leave a place."""
        self._turns.leave(taken)

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

    async def enter(self) -> Callable[[], None]:
        """Wait for a place, as urgently as the present work is; what is returned leaves it."""
        return partial(self.admission.leave, await self.admission.take(Lane(urgency.get(), self.share), self.pace))

    def backlog(self) -> float:
        """For how many seconds calls wait here."""
        return self.admission.backlog(self.share)
