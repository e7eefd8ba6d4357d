"""Who comes next when many wait for few places: by urgency, and in turn among those who share.

Pure data structures for the work queue and for calls to AWS; nothing here waits or reads a clock.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable
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
        order = sorted(Urgency, reverse=self._turns % _PATIENCE == _PATIENCE - 1)
        for urgency in order:
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


class Shares:
    """Places that are taken, by share and urgency.

    One share never takes all: each has three quarters of what others leave. So it is with what is no run: it never
    takes the last quarter, for a run must not wait until something that takes long has ended.
    """

    def __init__(self, capacity: int) -> None:
        """All places are free; there is at least one."""
        self._all = _Places(capacity)
        self._patient = _Places(_most_of(capacity))

    def may_take(self, lane: Lane) -> bool:
        """Whether a place is free for what waits in this lane."""
        return all(each.may_take(lane.share) for each in self._taken_by(lane))

    def take(self, lane: Lane) -> None:
        """Take a place."""
        for each in self._taken_by(lane):
            each.take(lane.share)

    def give_back(self, lane: Lane) -> None:
        """Leave a place."""
        for each in self._taken_by(lane):
            each.give_back(lane.share)

    def _taken_by(self, lane: Lane) -> tuple[_Places, ...]:
        return (self._all,) if lane.urgency is Urgency.RUN else (self._all, self._patient)


class _Places:
    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._taken: Counter[Hashable] = Counter()
        self._total = 0

    def may_take(self, share: Hashable) -> bool:
        own = self._taken[share]
        left = self._capacity - (self._total - own)
        return self._total < self._capacity and own < _most_of(left)

    def take(self, share: Hashable) -> None:
        self._taken[share] += 1
        self._total += 1

    def give_back(self, share: Hashable) -> None:
        self._taken[share] -= 1
        self._total -= 1
        if not self._taken[share]:
            del self._taken[share]


def _most_of(places: int) -> int:
    return max(1, places * 3 // 4)
