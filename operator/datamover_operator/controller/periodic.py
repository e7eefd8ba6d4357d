"""Periodic visits to all accounts; a slow one (throttled, out of reach) delays no other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterable, MutableMapping
from typing import Any


async def run_periodically(
    interval: float, accounts: Callable[[], Iterable[str]], visit: Callable[[str], Coroutine[Any, Any, None]]
) -> None:
    """Visit every account every `interval` seconds, unless its last visit is still running; until cancelled.

    An exception in a visit ends all of them.
    """
    visits: dict[str, asyncio.Task[None]] = {}
    async with asyncio.TaskGroup() as group:
        while True:
            await asyncio.sleep(interval)
            visits = {name: task for name, task in visits.items() if not task.done()}
            for name in accounts():
                if name not in visits:
                    visits[name] = group.create_task(visit(name), name=f"visit to {name}")


def keep_only(accounts: Collection[str], *remembered: MutableMapping[str, Any]) -> None:
    """Drop what is remembered of other accounts than these: there may be new ones, with new names, for ever."""
    for each in remembered:
        for name in each.keys() - accounts:
            del each[name]
