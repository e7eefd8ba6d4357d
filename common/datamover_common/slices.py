"""Goes through thousands of items without keeping the event loop from anything else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

T = TypeVar("T")

SLICE = 50
"""Items between two turns for others: to unpack and read so many objects takes about 10 ms."""


async def in_slices(items: Iterable[T]) -> AsyncIterator[T]:
    """Yield the items; whatever else is due has its turn after every few of them.

    Meanwhile anything may have changed: what the items were taken from is better looked up again.
    """
    for number, item in enumerate(items):
        if number and number % SLICE == 0:
            await asyncio.sleep(0)
        yield item
