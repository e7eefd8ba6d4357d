"""A short queue in which each peer has its turn: who asks much waits longer, and delays no others."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from typing import Generic, TypeVar

T = TypeVar("T")


class CrowdedError(Exception):
    """Too many of this peer's wait already."""


class Turns(Generic[T]):
    """Holds at most `most` items, and `most_of_one` of each peer; the peer with most of them gives way to others."""

    def __init__(self, most: int, most_of_one: int) -> None:
        """Hold nothing yet."""
        self._most = most
        self._most_of_one = most_of_one
        self._waiting: OrderedDict[str, deque[T]] = OrderedDict()
        self._count = 0
        self._wake = asyncio.Event()

    def add(self, peer: str, item: T) -> T | None:
        """Add a peer's item; return the one that had to give way, if any. Raises CrowdedError."""
        its = len(self._waiting.get(peer, ()))
        if its >= self._most_of_one:
            raise CrowdedError
        given_way = self._make_room(its) if self._count >= self._most else None
        self._waiting.setdefault(peer, deque()).append(item)
        self._count += 1
        self._wake.set()
        return given_way

    async def next(self) -> T:
        """Wait for an item, and take it out: each peer's in turn, its oldest first."""
        while not self._count:
            self._wake.clear()
            await self._wake.wait()
        peer, items = self._waiting.popitem(last=False)
        item = items.popleft()
        self._count -= 1
        if items:
            self._waiting[peer] = items
        return item

    def _make_room(self, newcomer_has: int) -> T:
        peer, items = max(self._waiting.items(), key=lambda each: len(each[1]))
        if len(items) <= newcomer_has:
            raise CrowdedError
        self._count -= 1
        given_way = items.pop()
        if not items:
            del self._waiting[peer]
        return given_way
