"""Who comes next when many wait for few places: by urgency, and in turn among those who share.

Pure data structures for the work queue and for calls to AWS; nothing here waits or reads a clock.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass
from enum import IntEnum
from typing import Generic, NamedTuple, TypeVar

K = TypeVar("K", bound=Hashable)

_PATIENCE = 8
"""Of so many turns one goes to the least urgent that waits: nothing waits forever behind what is more urgent."""


class Urgency(IntEnum):
    """How soon something has to happen; the lower comes first."""

    RUN = 0
    """Somebody waits for a transfer."""
    CHANGE = 1
    """A spec is new or has changed, or an object is being deleted."""
    CHECK = 2
    """A check, with nothing known to be wrong."""


_URGENT_FIRST = tuple(Urgency)
_LEAST_FIRST = _URGENT_FIRST[::-1]


class Lane(NamedTuple):
    """Where something waits: how urgent it is, and with whom it shares (an account, say)."""

    urgency: Urgency
    share: Hashable


class FairQueue(Generic[K]):
    """Keys that wait, each in one lane."""

    def __init__(self) -> None:
        """Nothing waits."""
        self._lanes: dict[Urgency, OrderedDict[Hashable, OrderedDict[K, None]]] = {
            each: OrderedDict() for each in Urgency
        }
        self._where: dict[K, Lane] = {}
        self._turns = 0

    def __len__(self) -> int:
        """How many wait."""
        return len(self._where)

    def __contains__(self, key: K) -> bool:
        """Whether it waits."""
        return key in self._where

    def waiting(self, share: Hashable) -> int:
        """How many of a share wait."""
        return sum(len(lanes.get(share, ())) for lanes in self._lanes.values())

    def add(self, key: K, lane: Lane) -> None:
        """Let a key wait; one that waits already moves where its lane is another."""
        known = self._where.get(key)
        if known == lane:
            return
        if known is not None:
            self.remove(key)
        self._where[key] = lane
        self._lanes[lane.urgency].setdefault(lane.share, OrderedDict())[key] = None

    def remove(self, key: K) -> None:
        """Let a key wait no longer."""
        lane = self._where.pop(key, None)
        if lane is not None:
            shares = self._lanes[lane.urgency]
            del shares[lane.share][key]
            if not shares[lane.share]:
                del shares[lane.share]

    def take(self, may: Callable[[Lane], bool]) -> tuple[K, Lane] | None:
        """Take the next key whose lane may have a turn now; None where there is none."""
        for urgency in _LEAST_FIRST if self._turns % _PATIENCE == _PATIENCE - 1 else _URGENT_FIRST:
            for share, keys in self._lanes[urgency].items():
                if may(Lane(urgency, share)):
                    return self._taken(next(iter(keys)))
        return None

    def _taken(self, key: K) -> tuple[K, Lane]:
        lane = self._where[key]
        self._turns += 1
        self._lanes[lane.urgency].move_to_end(lane.share)
        self.remove(key)
        return key, lane


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """A place that is taken: by what waited in this lane, since this moment (seconds of a monotonic clock)."""

    lane: Lane
    since: float


class Shares:
    """Places that are taken, by share and urgency.

    One share never takes all: each has three quarters of what others leave. So it is with what is no run: it never
    takes the last quarter, for a run must not wait until something that takes long has ended. And so it is with all
    slow shares together (whose last place was kept for long, or is): a hundred dead accounts leave others a quarter.
    """

    def __init__(self, capacity: int, slow_after: float) -> None:
        """All places are free; there is at least one. A share is slow that keeps one for more than so many seconds."""
        self._slow_after = slow_after
        self._taken: dict[Taken, None] = {}
        self._slow: set[Hashable] = set()
        self._all = _Places(capacity, self._slow)
        self._patient = _Places(_most_of(capacity), self._slow)

    def may_take(self, lane: Lane, now: float) -> bool:
        """Whether a place is free for what waits in this lane."""
        for taken in self._taken:  # the oldest first
            if now - taken.since <= self._slow_after:
                break
            self._judge(taken.lane.share, is_slow=True)
        return all(each.may_take(lane.share) for each in self._taken_by(lane))

    def take(self, lane: Lane, now: float) -> Taken:
        """Take a place; it is given back with what is returned."""
        for each in self._taken_by(lane):
            each.take(lane.share)
        taken = Taken(lane, now)
        self._taken[taken] = None
        return taken

    def give_back(self, taken: Taken, now: float) -> None:
        """Leave a place."""
        del self._taken[taken]
        share = taken.lane.share
        for each in self._taken_by(taken.lane):
            each.give_back(share)
        self._judge(share, is_slow=now - taken.since > self._slow_after)

    def _judge(self, share: Hashable, *, is_slow: bool) -> None:
        if is_slow == (share in self._slow):
            return
        for each in (self._all, self._patient):
            each.move(share, is_slow=is_slow)
        if is_slow:
            self._slow.add(share)
        else:
            self._slow.discard(share)

    def _taken_by(self, lane: Lane) -> tuple[_Places, ...]:
        return (self._all,) if lane.urgency is Urgency.RUN else (self._all, self._patient)


class _Places:
    def __init__(self, capacity: int, slow: Collection[Hashable]) -> None:
        self._capacity = capacity
        self._slow = slow
        self._taken: Counter[Hashable] = Counter()
        self._total = 0
        self._taken_by_slow = 0

    def may_take(self, share: Hashable) -> bool:
        own = self._taken_by_slow if share in self._slow else self._taken[share]
        left = self._capacity - (self._total - own)
        return self._total < self._capacity and own < _most_of(left)

    def take(self, share: Hashable) -> None:
        self._count(share, 1)

    def give_back(self, share: Hashable) -> None:
        self._count(share, -1)
        if not self._taken[share]:
            del self._taken[share]

    def move(self, share: Hashable, *, is_slow: bool) -> None:
        """Count the share among the slow ones from now on, or no longer."""
        self._taken_by_slow += self._taken[share] if is_slow else -self._taken[share]

    def _count(self, share: Hashable, change: int) -> None:
        self._taken[share] += change
        self._total += change
        if share in self._slow:
            self._taken_by_slow += change


def _most_of(places: int) -> int:
    return max(1, places * 3 // 4)
