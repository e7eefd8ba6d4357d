"""Tasks that do their part all the time: they end only when they are cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager

GiveUp = Callable[[BaseException], None]
"""Is told when a part has failed by a mistake of ours: nobody would notice otherwise."""


def begin(work: Coroutine[None, None, None], name: str, give_up: GiveUp) -> asyncio.Task[None]:
    """Do the work from now on; who begins it cancels it."""
    task = asyncio.create_task(work, name=name)

    def tell(ended: asyncio.Task[None]) -> None:
        if not ended.cancelled() and (error := ended.exception()) is not None:
            give_up(error)

    task.add_done_callback(tell)
    return task


@asynccontextmanager
async def owned(work: Coroutine[None, None, None], name: str, give_up: GiveUp) -> AsyncIterator[None]:
    """Do the work beside what is done within; cancel it at the end."""
    task = begin(work, name, give_up)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
